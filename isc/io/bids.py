"""Where every file of a study and of its derivatives lies: the only place where BIDS names are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from isc.io.layout.names import BidsError, Entities, check_label, inside

ENTITY_ORDER = ("sub", "ses", "task", "tracksys", "run", "recording", "desc")
FACE_RECORDING = "face"


@dataclass(frozen=True)
class FileKind:
    """Where a kind of file lies, how its name ends, and what its label ``desc-`` means.

    Of a derivative without `desc`, the caller gives the label.
    """

    folder: str
    suffix: str
    extension: str
    desc: str | None = None
    meaning: str = ""
    recording: str | None = None
    tracksys: str | None = None


GROUP = "group"
_TRACKED = "face landmarks as tracked, in pixels of the video"
_ALIGNED = "face landmarks without head movement, in inter-ocular distances"
_BLENDSHAPES = "strength of 52 facial movements in each frame"
_QUALITY = "quality of the recording and of the tracking"
_PEAKS = "emotional peaks that the participant reported by key press"
_HEADPOSE = "position and rotation of the head in each frame"
_FRAMES = "pictures of the participant with the tracked points, written on request and with consent only"
_VERTICES = "aligned landmarks of all participants on one clock"
_GIVEN = "recordings of all participants on one clock, as they were given"
PRODUCTS: Mapping[str, FileKind] = MappingProxyType(
    {
        "landmarks_tracked": FileKind("beh", "landmarks", ".zarr", "tracked", _TRACKED, FACE_RECORDING),
        "landmarks_aligned": FileKind("beh", "landmarks", ".zarr", "aligned", _ALIGNED, FACE_RECORDING),
        "blendshapes": FileKind("beh", "physio", ".tsv.gz", "blendshapes", _BLENDSHAPES, FACE_RECORDING),
        "quality": FileKind("beh", "beh", ".tsv", "qc", _QUALITY),
        "peaks": FileKind("beh", "events", ".tsv", "peaks", _PEAKS),
        "headpose": FileKind("motion", "motion", ".tsv", "headpose", _HEADPOSE, tracksys="face"),
        "headpose_channels": FileKind("motion", "channels", ".tsv", "headpose", _HEADPOSE, tracksys="face"),
        "frames": FileKind("figures", "qc", ".json", "frames", _FRAMES),
        "mesh": FileKind("beh", "mesh", ".nc"),
        "cube": FileKind(GROUP, "cube", ".zarr", "vertices", _VERTICES),
        "given_cube": FileKind(GROUP, "cube", ".nc", "given", _GIVEN),
        "tisc": FileKind(GROUP, "tisc", ".nc"),
        "null": FileKind(GROUP, "null", ".nc"),
        "thresholds": FileKind(GROUP, "thresholds", ".json"),
        "agreement": FileKind(GROUP, "agreement", ".tsv"),
        "association": FileKind(GROUP, "association", ".tsv"),
        "calibration": FileKind(GROUP, "calibration", ".tsv"),
        "classification": FileKind(GROUP, "classification", ".tsv"),
        "confusion": FileKind(GROUP, "confusion", ".tsv"),
        "subject_accuracy": FileKind(GROUP, "accuracy", ".tsv"),
        "informative_pairs": FileKind(GROUP, "pairs", ".tsv"),
        "classification_report": FileKind(GROUP, "report", ".json"),
        "report": FileKind(GROUP, "report", ".json", "files", "files of the report, with their checksums"),
    }
)
RAW_FILES: Mapping[str, FileKind] = MappingProxyType(
    {
        "video": FileKind("beh", "video", ".mp4", recording=FACE_RECORDING),
        "video_sidecar": FileKind("beh", "video", ".json", recording=FACE_RECORDING),
        "events": FileKind("beh", "events", ".tsv"),
        "rating": FileKind("beh", "physio", ".tsv.gz", recording="intensity"),
        "scans": FileKind("", "scans", ".tsv"),
    }
)
ROOT_FILES: Mapping[str, str] = MappingProxyType(
    {
        "report": "report.html",
        "explorer": "explore.html",
        "classification": "classification.html",
        "log": "logs/run.jsonl",
        "forgotten": "logs/forgotten.json",
        "hashes": "logs/hashes.json",
        "settings": "code/settings.toml",
    }
)


def raw_path(root: Path, kind: str, entities: Entities, *, extension: str | None = None) -> Path:
    """Path of a file of the raw study.

    Parameters
    ----------
    root : Path
        The study.
    kind : {"video", "video_sidecar", "events", "rating", "scans"}
        A key of `RAW_FILES`.
    entities : Entities
        With a subject. Task and run do not occur in the name of the scans table.
    extension : str, optional
        Of the video, when it is not ``.mp4``.

    Returns
    -------
    Path
        Nothing needs to be there.

    Raises
    ------
    BidsError
        When the kind is unknown, the subject is missing, or the path leaves `root` through a link.

    Examples
    --------
    >>> raw_path(Path("study"), "events", Entities(task="film", subject="01")).as_posix()
    'study/sub-01/beh/sub-01_task-film_events.tsv'
    """
    described = _known(kind, RAW_FILES)
    named = {"sub": entities.subject, "ses": entities.session}
    if kind != "scans":
        named |= {"task": entities.task, "run": entities.run, "recording": described.recording}
    name = _file_name(named, described.suffix, extension or described.extension)
    return inside(root, root / _subject_folder(entities, kind) / described.folder / name)


def derivative_path(root: Path, product: str, entities: Entities, *, desc: str | None = None) -> Path:
    """Path of a derivative.

    Parameters
    ----------
    root : Path
        The derivative data set, such as ``study/derivatives/isc``.
    product : str
        A key of `PRODUCTS`.
    entities : Entities
        For products of the group, without a subject.
    desc : str, optional
        Needed by the products whose `FileKind` has none, such as `window_label` gives it; refused by the others.

    Returns
    -------
    Path
        Nothing needs to be there.

    Raises
    ------
    BidsError
        When the product is unknown, `desc` or the subject is missing or too much, or the path leaves `root`
        through a link.

    Examples
    --------
    >>> film = Entities(task="film", run="01")
    >>> derivative_path(Path("isc"), "tisc", film, desc=window_label(5.0)).as_posix()
    'isc/group/task-film_run-01_desc-win5000ms_tisc.nc'
    """
    kind = _known(product, PRODUCTS)
    if (desc is None) == (kind.desc is None):
        need = "needs a desc label" if desc is None else f"has desc-{kind.desc}, not a label of the caller"
        raise BidsError(f"product {product!r} {need}")
    if kind.folder == GROUP and entities.subject is not None:
        raise BidsError(f"product {product!r} belongs to the group; give Entities without a subject")
    named = {"sub": entities.subject, "ses": entities.session, "task": entities.task, "run": entities.run}
    named |= {"tracksys": kind.tracksys, "recording": kind.recording}
    named["desc"] = kind.desc or check_label(str(desc), of="desc")
    name = _file_name(named, kind.suffix, kind.extension)
    above = root if kind.folder == GROUP else root / _subject_folder(entities, product)
    return inside(root, above / kind.folder / name)


def figures_folder(root: Path, *, subject: str | None = None) -> Path:
    """Folder of the figures of one participant, or of the group.

    Parameters
    ----------
    root : Path
        The derivative data set.
    subject : str, optional
        Label without ``sub-``; None for the group.

    Returns
    -------
    Path
        Nothing needs to be there.

    Raises
    ------
    BidsError
        When the label breaks the rule or the path leaves `root` through a link.

    Examples
    --------
    >>> figures_folder(Path("isc"), subject="01").as_posix()
    'isc/sub-01/figures'
    """
    owner = GROUP if subject is None else f"sub-{check_label(subject, of='subject')}"
    return inside(root, root / owner / "figures")


def root_path(root: Path, name: str) -> Path:
    """Path of a file at the top of a derivative data set.

    Parameters
    ----------
    root : Path
        The derivative data set.
    name : {"report", "explorer", "classification", "log", "forgotten", "hashes", "settings"}
        A key of `ROOT_FILES`.

    Returns
    -------
    Path
        Nothing needs to be there.

    Raises
    ------
    BidsError
        When the name is unknown or the path leaves `root` through a link.

    Examples
    --------
    >>> root_path(Path("isc"), "log").as_posix()
    'isc/logs/run.jsonl'
    """
    if name not in ROOT_FILES:
        raise BidsError(f"no file {name!r} at the top of a data set; known: {', '.join(ROOT_FILES)}")
    return inside(root, root / ROOT_FILES[name])


def participant_page(root: Path, subject: str) -> Path:
    """Page about one participant's recording, at the top of the derivative data set.

    Parameters
    ----------
    root : Path
        The derivative data set.
    subject : str
        Label without ``sub-``.

    Returns
    -------
    Path
        Nothing needs to be there.

    Examples
    --------
    >>> participant_page(Path("isc"), "01").as_posix()
    'isc/sub-01.html'
    """
    return inside(root, root / f"sub-{check_label(subject, of='participant')}.html")


def window_label(window: float) -> str:
    """Label of a window length in seconds; BIDS labels have no decimal point.

    Parameters
    ----------
    window : float
        Seconds; kept to the millisecond.

    Returns
    -------
    str
        A label for ``desc-``.

    Examples
    --------
    >>> window_label(5.0), window_label(1.66)
    ('win5000ms', 'win1660ms')
    """
    return f"win{round(window * 1000)}ms"


def _known(kind: str, kinds: Mapping[str, FileKind]) -> FileKind:
    if kind not in kinds:
        raise BidsError(f"no kind of file is called {kind!r}; known: {', '.join(kinds)}")
    return kinds[kind]


def _subject_folder(entities: Entities, kind: str) -> str:
    if entities.subject is None:
        raise BidsError(f"{kind!r} belongs to one participant; give Entities with a subject")
    session = "" if entities.session is None else f"/ses-{entities.session}"
    return f"sub-{entities.subject}{session}"


def _file_name(labels: Mapping[str, str | None], suffix: str, extension: str) -> str:
    given = [f"{key}-{labels[key]}" for key in ENTITY_ORDER if labels.get(key) is not None]
    return "_".join([*given, suffix]) + extension

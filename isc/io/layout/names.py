"""BIDS names taken apart and checked: labels, entities, sidecars, and paths that stay in their folder."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LABEL = re.compile(r"[A-Za-z0-9]+")


class BidsError(ValueError):
    """A name or data set that breaks the rules of BIDS or of this study."""


@dataclass(frozen=True)
class Entities:
    """What a recording is called: labels of letters and digits, without ``sub-``, ``task-`` and so on.

    Attributes
    ----------
    task : str
        The film.
    subject, session, run : str, optional
        `subject` is None for products of the whole group.

    Raises
    ------
    BidsError
        When a label has other characters than a-z, A-Z, 0-9, or the run is no number.

    Examples
    --------
    >>> Entities(task="film", subject="01")
    Entities(task='film', subject='01', session=None, run=None)
    """

    task: str
    subject: str | None = None
    session: str | None = None
    run: str | None = None

    def __post_init__(self) -> None:
        """Refuse labels that break the rule."""
        for name, label in vars(self).items():
            if label is not None:
                check_label(label, of=name)
        if self.run is not None and not self.run.isdecimal():
            raise BidsError(f"run label {self.run!r} must be a number such as 01 (rule of BIDS)")


@dataclass(frozen=True)
class BidsName:
    """A file name taken apart: entities in the order of the name, suffix, extension with its dot."""

    entities: Mapping[str, str]
    suffix: str
    extension: str


def check_label(label: str, *, of: str) -> str:
    """Return a label of letters and digits as it is, refuse any other.

    Parameters
    ----------
    label : str
        What stands after the dash of an entity.
    of : str
        What the error calls it.

    Returns
    -------
    str
        The same label.

    Raises
    ------
    BidsError
        When the label is no text of a-z, A-Z, 0-9; a path (``..``, ``/``) never is.

    Examples
    --------
    >>> check_label("win5000ms", of="desc")
    'win5000ms'
    """
    if not (isinstance(label, str) and LABEL.fullmatch(label)):
        raise BidsError(f"{of} label {label!r} must consist of letters a-z, A-Z and digits only (rule of BIDS)")
    return label


def participant_label(participant_id: str) -> str:
    """Label of a participant from the first column of participants.tsv.

    Parameters
    ----------
    participant_id : str
        ``sub-<label>``.

    Returns
    -------
    str
        Without ``sub-``.

    Raises
    ------
    BidsError
        When it does not begin with ``sub-`` or the label breaks the rule.

    Examples
    --------
    >>> participant_label("sub-01")
    '01'
    """
    if not (isinstance(participant_id, str) and participant_id.startswith("sub-")):
        raise BidsError(f"participant_id {participant_id!r} must read sub-<label>, such as sub-01")
    return check_label(participant_id.removeprefix("sub-"), of="participant")


def parse_name(name: str) -> BidsName:
    """Take a BIDS file name apart.

    Parameters
    ----------
    name : str
        Without folders.

    Returns
    -------
    BidsName
        Entities, suffix and extension.

    Raises
    ------
    BidsError
        When the name is not ``key-label_..._suffix.extension`` with labels of letters and digits, or a key repeats.

    Examples
    --------
    >>> parse_name("sub-01_task-film_events.tsv")
    BidsName(entities={'sub': '01', 'task': 'film'}, suffix='events', extension='.tsv')
    """
    stem, dot, extension = name.partition(".")
    *parts, suffix = stem.split("_")
    entities: dict[str, str] = {}
    for part in parts:
        key, dash, label = part.partition("-")
        if not (dash and LABEL.fullmatch(key) and LABEL.fullmatch(label)) or key in entities:
            raise BidsError(
                f"{name!r} is no BIDS name: {part!r} must be key-label, of letters a-z, A-Z and digits, each key once"
            )
        entities[key] = label
    if not LABEL.fullmatch(suffix):
        raise BidsError(f"{name!r} is no BIDS name: it must end in _suffix.extension, such as _events.tsv")
    return BidsName(entities, suffix, dot + extension)


def sidecar_path(path: Path) -> Path:
    """Path of the JSON file that describes a file.

    Parameters
    ----------
    path : Path
        Any file; all its extensions are replaced.

    Returns
    -------
    Path
        In the same folder.

    Examples
    --------
    >>> sidecar_path(Path("sub-01_task-film_desc-blendshapes_physio.tsv.gz")).name
    'sub-01_task-film_desc-blendshapes_physio.json'
    """
    return path.with_name(path.name.partition(".")[0] + ".json")


def bids_uri(path: Path, root: Path, *, dataset: str = "") -> str:
    """BIDS URI of a file, as the ``Sources`` of a sidecar have it.

    Parameters
    ----------
    path, root : Path
        The file, and the data set it lies in.
    dataset : str
        Name of that data set in ``DatasetLinks`` (``raw``); empty for the data set of the sidecar itself.

    Returns
    -------
    str
        ``bids:<dataset>:<path below root>``.

    Examples
    --------
    >>> bids_uri(Path("study/sub-01/sub-01_scans.tsv"), Path("study"), dataset="raw")
    'bids:raw:sub-01/sub-01_scans.tsv'
    """
    return f"bids:{dataset}:{path.relative_to(root).as_posix()}"


def inside(root: Path, path: Path) -> Path:
    """Return `path` as it is when it lies below `root` after all links are followed.

    Parameters
    ----------
    root, path : Path
        Neither needs to exist.

    Returns
    -------
    Path
        `path`, links not followed.

    Raises
    ------
    BidsError
        When it does not.

    Examples
    --------
    >>> inside(Path("study"), Path("study/sub-01")).as_posix()
    'study/sub-01'
    """
    if not path.resolve().is_relative_to(root.resolve()):
        raise BidsError(f"{path.name} leads outside the folder {root.resolve().name}; paths must stay under it")
    return path

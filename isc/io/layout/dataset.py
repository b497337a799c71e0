"""Files at the top of a raw data set and of the derivatives: who, what, with which version, and what to ignore."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from isc.io.bids import PRODUCTS, raw_path
from isc.io.files.atomic import write_bytes
from isc.io.files.sidecars import column_descriptions, sidecar_for
from isc.io.files.text import MISSING, read_json, write_json, write_tsv
from isc.io.layout.names import BidsError, Entities, check_label, participant_label, sidecar_path

BIDS_VERSION = "1.10.0"
FACES = "faces"
PIPELINE = "isc"  # BIDS wants the name of the pipeline in the folder below derivatives/
DESCRIPTION_FILE = "dataset_description.json"
RAW_LINK = "raw"  # what BIDS URIs in our sidecars call the raw data set
# Face videos are BIDS extension proposal 47, not yet part of the standard.
RAW_IGNORED = ("*_video.mp4", "*_video.mov", "*_video.avi", "*_video.mkv", "*_video.json")
# Folders without a slash: the validator would report the folder itself otherwise.
DERIVATIVE_IGNORED = (
    "*.html",
    "figures",
    "group",
    "*.zarr",
    "*_landmarks.json",
    "*_mesh.*",
    "*_physio.*",
    "*_motion.*",
)
TOP_FILES = ("README.md", ".bidsignore", "descriptions.tsv", "descriptions.json")  # beside the description
PERSONAL_DATA = (
    "Face landmarks, blendshapes and head pose identify people: treat them as personal data, as the videos are. "
    "Do not share them without the consent of the participants."
)
SHARE = "no"  # until somebody with the consent of every participant writes otherwise
RAW_README = """# {name}

Face videos and key presses of {n_participant} participants who watched: {tasks}.

- `sub-*/beh/*_recording-face_video.*` the participant's face
- `sub-*/beh/*_events.tsv` key presses; `start` and `stop` mark the film on the clock of the log
- `sub-*/sub-*_scans.tsv` where the film starts on each file's own clock (`stimulus_onset`, s)

{personal_data}
"""
DERIVATIVE_README = """# {name}

Made by isc {version} from the raw data set in `{raw}`. Every file has a JSON sidecar that explains its columns or
variables and lists parameters, seed, software versions and SHA-256 of inputs, model and of the file itself; a file
whose sidecar is missing or disagrees is not read.

- `sub-*/beh` landmarks (zarr), blendshapes, quality and reported peaks of each participant; `sub-*/motion` head pose
- `group` cube, synchrony, null, thresholds, agreement and their association
- of labelled clips: `sub-*/beh/*_mesh.nc` the face of each, `group` how well their expressions are told apart
- `report.html`, `explore.html`, `sub-*.html`, `logs/run.jsonl`, `code/settings.toml`

{personal_data}
"""

CUBE_README = """# {name}

Made by isc {version} from a cube in `{raw}`: recordings of all participants on one clock, which a script of the study
made. Every file has a JSON sidecar that explains its variables and lists parameters, seed, software versions and
SHA-256 of inputs and of the file itself; a file whose sidecar is missing or disagrees is not read.

- `group` the cube as it was given, synchrony, null and thresholds
- `report.html`, `logs/run.jsonl`, `code/settings.toml`

The cube holds recordings of people: treat it as they agreed to.
"""


def write_raw_dataset(
    root: Path,
    participants: pd.DataFrame,
    *,
    name: str,
    tasks: Sequence[str],
    logged: Sequence[str] | None = None,
    authors: Sequence[str] = (),
) -> None:
    """Write the files at the top of a raw data set.

    Parameters
    ----------
    root : Path
        The study.
    participants : DataFrame
        Column ``participant_id`` (``sub-01``) first; other columns are kept, and explained in participants.json
        where the data dictionary knows them.
    name : str
        Of the study.
    tasks : sequence of str
        Labels of the films.
    logged : sequence of str, optional
        Films with key logs (default: all): only their events are described, since BIDS refuses a description of
        files that nobody has.
    authors : sequence of str
        Who made the data set.

    Raises
    ------
    BidsError
        When a label breaks the rule or participant_id is missing.
    DerivativeError
        When a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> write_raw_dataset(root, pd.DataFrame({"participant_id": ["sub-01"]}), name="Demo", tasks=["film"])
    >>> sorted(path.name for path in root.iterdir())[:3]
    ['.bidsignore', 'CHANGES', 'README.md']
    """
    if participants.empty or participants.columns[0] != "participant_id":
        raise BidsError("participants need the first column participant_id with at least one row, such as sub-01")
    for participant in participants["participant_id"]:
        participant_label(participant)
    described: dict[str, Any] = {"Name": name, "BIDSVersion": BIDS_VERSION, "DatasetType": "raw"}
    write_json(described | ({"Authors": list(authors)} if authors else {}), root / DESCRIPTION_FILE)
    text = {"name": name, "tasks": ", ".join(tasks), "n_participant": len(participants)}
    _write_text(RAW_README.format(**text, personal_data=PERSONAL_DATA), root / "README.md")
    _write_text("1.0.0\n  - First version.\n", root / "CHANGES")
    _write_text("\n".join(RAW_IGNORED) + "\n", root / ".bidsignore")
    write_tsv(participants, root / "participants.tsv")
    write_json(column_descriptions("participants", list(participants.columns)), root / "participants.json")
    for task in tasks if logged is None else logged:
        events = column_descriptions("events", ["onset", "duration", "trial_type", "key"])
        write_json(events, root / f"task-{check_label(task, of='task')}_events.json")


def write_scans(root: Path, entities: Entities, stimulus_onset: Mapping[Path, float | None]) -> None:
    """Write the scans table of a participant: where the film starts on each file's own clock.

    Parameters
    ----------
    root : Path
        The study.
    entities : Entities
        Participant and session; task and run are not part of the name.
    stimulus_onset : mapping of Path to float or None
        Seconds by file (videos, key logs); None when unknown.

    Raises
    ------
    BidsError
        When the participant is missing.
    DerivativeError
        When a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> root, film = Path(tempfile.mkdtemp()), Entities(task="film", subject="01")
    >>> write_scans(root, film, {raw_path(root, "video", film): 2.0})
    >>> raw_path(root, "scans", film).read_text().splitlines()[1].split()
    ['beh/sub-01_task-film_recording-face_video.mp4', 'n/a', '2.0']
    """
    path = raw_path(root, "scans", entities)
    table = pd.DataFrame(
        {
            "filename": [file.relative_to(path.parent).as_posix() for file in stimulus_onset],
            "acq_time": MISSING,
            "stimulus_onset": pd.Series(list(stimulus_onset.values()), dtype=float),
        }
    )
    write_tsv(table, path)
    write_json(column_descriptions("scans", list(table.columns)), sidecar_path(path))


def write_derivative_dataset(
    root: Path, *, raw: Path, version: str, descriptions: Mapping[str, str] | None = None, of: str = FACES
) -> None:
    """Write the files at the top of the derivatives.

    Parameters
    ----------
    root : Path
        The derivative data set, usually ``<raw>/derivatives/isc``.
    raw : Path
        The raw data set; stored as a path relative to `root`.
    version : str
        Of this package.
    descriptions : mapping of str to str, optional
        What the ``desc-`` labels of the caller mean, such as those of `isc.io.bids.window_label`.
    of : str
        What was recorded: faces, or the features of a cube (``channels``).

    Raises
    ------
    BidsError
        When `root` lies in a folder ``derivatives`` and its name does not contain isc, as BIDS wants it; when it holds
        files that are not ours (`check_output_folder`).
    DerivativeError
        When a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> raw = Path(tempfile.mkdtemp())
    >>> write_derivative_dataset(raw / "derivatives" / "isc", raw=raw, version="1.0")
    >>> read_json(raw / "derivatives" / "isc" / "dataset_description.json")["DatasetLinks"]
    {'raw': '../..'}
    """
    place = root.resolve()
    if place.parent.name == "derivatives" and PIPELINE not in place.name:
        raise BidsError(f"a folder in derivatives/ must be called {PIPELINE} or {PIPELINE}-<variant>, not {place.name}")
    check_output_folder(root)
    link = Path(os.path.relpath(raw.resolve(), place)).as_posix()
    name = f"{_name_of(raw)}: synchrony of {of}"
    write_json(_derivative_description(name, link, version, of), root / DESCRIPTION_FILE)
    text = {"name": name, "version": version, "raw": link}
    readme = DERIVATIVE_README if of == FACES else CUBE_README
    _write_text(readme.format(**text, personal_data=PERSONAL_DATA), root / "README.md")
    _write_text("\n".join(DERIVATIVE_IGNORED) + "\n", root / ".bidsignore")
    write_tsv(_description_table(descriptions or {}), root / "descriptions.tsv")
    write_json(sidecar_for("descriptions"), root / "descriptions.json")


def check_output_folder(root: Path) -> None:
    """Refuse to write derivatives over another data set, such as the raw study itself.

    Parameters
    ----------
    root : Path
        Where derivatives are to be written; it need not exist.

    Raises
    ------
    BidsError
        When its dataset_description.json is not that of derivatives of isc, or when there is none and files lie
        there that would be overwritten.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> check_output_folder(root)
    >>> write_raw_dataset(root, pd.DataFrame({"participant_id": ["sub-01"]}), name="Demo", tasks=["film"])
    >>> check_output_folder(root)
    Traceback (most recent call last):
    isc.io.layout.names.BidsError: ... holds a data set that isc did not make; give a folder of its own for ...
    """
    advice = f"give a folder of its own for the derivatives, such as BIDS_DIR/derivatives/{PIPELINE}"
    path = root / DESCRIPTION_FILE
    if path.is_file():
        makers = read_json(path).get("GeneratedBy", [])
        if not any(isinstance(maker, dict) and maker.get("Name") == PIPELINE for maker in makers):
            raise BidsError(f"{root.resolve().name} holds a data set that isc did not make; {advice}")
        return
    found = [name for name in TOP_FILES if (root / name).exists()]
    if found:
        raise BidsError(f"{root.resolve().name} holds {', '.join(found)}, which would be overwritten; {advice}")


def linked_raw(root: Path) -> Path:
    """Raw data set that a derivative data set was made from.

    Parameters
    ----------
    root : Path
        The derivative data set.

    Returns
    -------
    Path

    Raises
    ------
    BidsError
        When `root` is not a derivative data set of ours.

    Examples
    --------
    >>> linked_raw(Path("no-such-folder"))
    Traceback (most recent call last):
    isc.io.layout.names.BidsError: no-such-folder is no derivative data set of isc: ...
    """
    path = root / DESCRIPTION_FILE
    link = read_json(path).get("DatasetLinks", {}).get(RAW_LINK) if path.is_file() else None
    if link is None:
        raise BidsError(
            f"{root.name} is no derivative data set of isc: {DESCRIPTION_FILE} with a link to the raw data is missing"
        )
    return root / link


def _name_of(raw: Path) -> str:
    path = raw / DESCRIPTION_FILE
    return str(read_json(path).get("Name", raw.resolve().name)) if path.is_file() else raw.resolve().name


def _derivative_description(name: str, link: str, version: str, of: str) -> dict[str, Any]:
    made = f"landmarks, t-ISC and its inference. {PERSONAL_DATA}" if of == FACES else "t-ISC and its inference."
    made_by = {"Name": PIPELINE, "Version": version, "Description": f"Inter-subject synchrony of {of}: {made}"}
    described = {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [made_by],
        "SourceDatasets": [{"URL": link}],
        "DatasetLinks": {RAW_LINK: link},
        "Share": SHARE,
    }
    return described | ({"PersonalData": PERSONAL_DATA} if of == FACES else {})


def _description_table(given: Mapping[str, str]) -> pd.DataFrame:
    """Meaning of every ``desc-`` label, ours and the caller's."""
    known = {kind.desc: kind.meaning for kind in PRODUCTS.values() if kind.desc is not None}
    rows = known | {check_label(label, of="desc"): meaning for label, meaning in given.items()}
    return pd.DataFrame({"desc_id": [f"desc-{label}" for label in rows], "description": list(rows.values())})


def _write_text(text: str, path: Path) -> None:
    write_bytes(path, text.encode())

"""The table that says which files of a lab folder belong to whom: read, and checked whole before anything is done."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from isc.io.files.text import MISSING
from isc.io.layout.names import BidsError, Entities, inside, participant_label
from isc.io.layout.participant_columns import column_fault
from isc.io.layout.raw_study import VIDEO_EXTENSIONS
from isc.io.logs.cells import TableError, read_cells
from isc.study import StudyError

FILES = ("video", "key_log", "rating")
KNOWN = ("participant_id", "session", "task", "run", *FILES, *(f"{name}_onset" for name in FILES))
NEEDED = ("participant_id", "video", "video_onset")
SEPARATORS = {".tsv": "\t", ".csv": ","}
FORBIDDEN = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True)
class LabRecording:
    """One row of the table.

    Attributes
    ----------
    line : int
        Of the table.
    entities : Entities
    files : mapping of str to Path
        ``video`` and, where given, ``key_log`` and ``rating``.
    onsets : mapping of str to float or None
        Start of the film on the clock of each file, s; None where the table says n/a.
    columns : mapping of str to str
        What goes to participants.tsv.
    """

    line: int
    entities: Entities
    files: Mapping[str, Path]
    onsets: Mapping[str, float | None]
    columns: Mapping[str, str]

    @property
    def name(self) -> str:
        """Participant, such as ``sub-01``."""
        return f"sub-{self.entities.subject}"


def read_lab_table(
    path: Path, lab_folder: Path, *, task: str | None, clean_labels: bool
) -> tuple[list[LabRecording], list[str]]:
    """Recordings of a lab folder as its table names them, and everything in it that is unclear.

    Parameters
    ----------
    path : Path
        Tab-separated (.tsv) or comma-separated (.csv), UTF-8; columns as `isc import --help` tells.
    lab_folder : Path
        Paths in the table are relative to it.
    task : str, optional
        Film of the rows, where the table has no column ``task``.
    clean_labels : bool
        Drop what BIDS forbids in labels instead of refusing it.

    Returns
    -------
    recordings : list of LabRecording
        The rows without a fault.
    faults : list of str
        One sentence each.

    Raises
    ------
    StudyError
        When the table cannot be read at all, or lacks a column.
    """
    rows = _rows(path)
    faults: list[str] = []
    recordings = []
    for line, row in rows.items():
        found: list[str] = []
        recording = _recording(row, line, lab_folder, task, clean_labels, found)
        faults += [f"line {line}: {fault}" for fault in found]
        if recording is not None and not found:
            recordings.append(recording)
    faults += _collisions(recordings, rows)
    return recordings, faults


def _rows(path: Path) -> dict[int, dict[str, str]]:
    """Rows of the table by the line on which they end; blanks around texts are left out."""
    if path.suffix.lower() not in SEPARATORS:
        raise StudyError(f"{path.name} must be a tab-separated .tsv or a comma-separated .csv")
    try:
        cells = read_cells(path, delimiter=SEPARATORS[path.suffix.lower()])
    except OSError as error:
        raise StudyError(f"{path.name} cannot be read: {error.strerror}") from error
    except TableError as error:
        raise StudyError(str(error)) from error
    cells.columns = [str(name).strip() for name in cells.columns]
    _check_header(path, list(cells.columns))
    if cells.empty:
        raise StudyError(f"{path.name}: has no row; write one a recording")
    return {int(line): {name: str(text).strip() for name, text in row.items()} for line, row in cells.iterrows()}


def _check_header(path: Path, header: list[str]) -> None:
    absent = [name for name in NEEDED if name not in header]
    if absent:
        raise StudyError(f"{path.name} needs column {', '.join(absent)}; it has {', '.join(header)}")
    for name in header:
        near = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.85)
        if name not in KNOWN and near and near[0] not in header:
            raise StudyError(
                f"{path.name}: is column {name!r} meant to be {near[0]!r}? rename it, or call it otherwise"
            )


def _recording(
    row: Mapping[str, str], line: int, lab_folder: Path, task: str | None, clean: bool, faults: list[str]
) -> LabRecording | None:
    files = {name: path for name in FILES if (path := _file(row, name, lab_folder, faults)) is not None}
    onsets = {name: _onset(row, name, faults) for name in FILES if row.get(name, MISSING) not in ("", MISSING)}
    columns = {name: text or MISSING for name, text in row.items() if name not in KNOWN}
    faults += filter(None, (column_fault(name, text) for name, text in columns.items()))
    try:
        entities = _entities(row, task, _cleaned if clean else _as_it_is)
    except BidsError as error:
        hint = "; --clean-labels drops other characters" if "participant" in str(error) and not clean else ""
        faults.append(f"{error}{hint}")
        return None
    return LabRecording(line, entities, files, onsets, columns)


def _entities(row: Mapping[str, str], task: str | None, label: Callable[[str], str]) -> Entities:
    subject = participant_label(label(row["participant_id"]))
    optional = {name: row[name] for name in ("session", "run") if row.get(name, MISSING) not in ("", MISSING)}
    film = row.get("task", MISSING)
    if film in ("", MISSING):
        film = task or ""
    if not film:
        raise BidsError("no film is named: add a column task, or give --task-id")
    return Entities(film, subject, optional.get("session"), optional.get("run"))


def _as_it_is(participant: str) -> str:
    return participant


def _cleaned(participant: str) -> str:
    return "sub-" + FORBIDDEN.sub("", participant.removeprefix("sub-"))


def _file(row: Mapping[str, str], name: str, lab_folder: Path, faults: list[str]) -> Path | None:
    """Path of a file that a row names; None where it says n/a or something is wrong with it."""
    text = row.get(name, MISSING)
    if text == MISSING and name != "video":
        return None
    if text in ("", MISSING):
        faults.append(f"{name} is empty; name the file" + ("" if name == "video" else ", or write n/a"))
        return None
    given = PurePosixPath(text)
    if given.is_absolute() or ".." in given.parts or "\\" in text:
        faults.append(f"{name} {text!r} must be a path below LAB_FOLDER, with / and without '..'")
        return None
    path = lab_folder / given
    fault = _unusable(path, name, lab_folder)
    if fault:
        faults.append(f"{name} {text!r} {fault}")
        return None
    return path


def _unusable(path: Path, name: str, lab_folder: Path) -> str:
    if not path.is_file():
        names = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, names, n=1)
        return "does not exist" + (f"; is it {near[0]!r}?" if near else "")
    try:
        inside(lab_folder, path)
    except BidsError:
        return "leads outside LAB_FOLDER through a link; copy the file there"
    if name == "video" and path.suffix.lower() not in VIDEO_EXTENSIONS:
        return f"must end in {', '.join(VIDEO_EXTENSIONS)}"
    return "is empty (0 bytes)" if path.stat().st_size == 0 else ""


def _onset(row: Mapping[str, str], name: str, faults: list[str]) -> float | None:
    text = row.get(f"{name}_onset", "")
    if text == MISSING:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        said = "is empty" if not text else f"{text!r} is no number"
        faults.append(f"{name}_onset {said}; give seconds on the clock of the file (decimal point), or n/a")
        return None
    return value


def _collisions(recordings: list[LabRecording], rows: dict[int, dict[str, str]]) -> list[str]:
    """What several rows claim together."""
    runs = _gathered((r.entities, r.line) for r in recordings)
    files = _gathered((path.resolve(), r.line) for r in recordings for path in r.files.values())
    labels = _gathered((r.name, rows[r.line]["participant_id"]) for r in recordings)
    columns = _gathered(((r.name, name), text) for r in recordings for name, text in r.columns.items())
    faults = [
        f"lines {_listed(lines)} are the same run of sub-{entities.subject}; number them in column run"
        for entities, lines in runs.items()
    ]
    faults += [f"lines {_listed(lines)} name the same file {path.name}" for path, lines in files.items()]
    faults += [f"{' and '.join(given)} both become {name}; rename one" for name, given in labels.items()]
    faults += [f"{name} has several values of {column}: {_listed(t)}" for (name, column), t in columns.items()]
    return faults


def _gathered(claims: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """Different claimants of each thing that has more than one."""
    found: dict[Any, set[Any]] = {}
    for thing, claimant in claims:
        found.setdefault(thing, set()).add(claimant)
    return {thing: sorted(claimants) for thing, claimants in found.items() if len(claimants) > 1}


def _listed(items: list[Any]) -> str:
    return ", ".join(map(str, items))

"""What all corpora share: the files of a folder, a row for each readable name, a reason for each other file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

VIDEOS = (".mp4", ".avi", ".flv", ".mov", ".mkv", ".webm", ".mpg", ".wmv")
Row = dict[str, object]


class Corpus(NamedTuple):
    """What was found in a folder.

    Attributes
    ----------
    clips : DataFrame
        Columns clip, subject, label, take, path (relative to the folder) and what else the corpus says.
    problems : DataFrame
        Columns path, problem: files that are not in `clips`, and why.
    """

    clips: pd.DataFrame
    problems: pd.DataFrame


class UnreadableNameError(ValueError):
    """A file's name does not follow the rules of its corpus; the message says how."""


def code_of(name: str, code: str, codes: Mapping[str, object]) -> object:
    """What a code stands for, or an error that lists the codes that exist."""
    if code not in codes:
        raise UnreadableNameError(f"{name} {code} is not one of {', '.join(map(str, codes))}")
    return codes[code]


def read_names(folder: Path, read: Callable[[Path], Row]) -> Corpus:
    """A row for every video whose name can be read; every other file is a problem."""
    rows: list[Row] = []
    problems: list[Row] = []
    for path in files_in(folder):
        place = path.relative_to(folder).as_posix()
        try:
            if path.suffix.lower() not in VIDEOS:
                raise UnreadableNameError(f"not a video ({', '.join(VIDEOS)})")
            rows.append({"clip": path.stem} | read(path) | {"path": place})
        except UnreadableNameError as fault:
            problems.append({"path": place, "problem": str(fault)})
    return as_corpus(rows, problems, folder)


def files_in(folder: Path) -> list[Path]:
    """All files in a folder and below, sorted, without hidden ones.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Returns
    -------
    list of Path

    Raises
    ------
    ValueError
        When there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> files_in(Path(tempfile.mkdtemp()))
    []
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder.name!r}; give the folder of the corpus")
    found = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def as_corpus(rows: list[Row], problems: list[Row], folder: Path) -> Corpus:
    """Tables from rows; clips that share a name become problems, for nobody could tell them apart.

    Parameters
    ----------
    rows, problems : list of dict
        Rows of both tables.
    folder : Path
        Named in the error.

    Returns
    -------
    Corpus

    Raises
    ------
    ValueError
        When no clip is left.

    Examples
    --------
    >>> rows = [{"clip": "a", "path": "1/a.mp4"}, {"clip": "a", "path": "2/a.mp4"}, {"clip": "b", "path": "b.mp4"}]
    >>> as_corpus(rows, [], Path("x")).problems["path"].tolist()
    ['2/a.mp4']
    """
    clips = pd.DataFrame(rows)
    listed = pd.DataFrame(problems, columns=["path", "problem"])
    if len(clips):
        twice = clips["clip"].duplicated()
        repeats = pd.DataFrame({"path": clips["path"][twice], "problem": "another file has the same name"})
        clips, listed = clips[~twice].reset_index(drop=True), pd.concat([listed, repeats], ignore_index=True)
    if not len(clips):
        first = (
            f"; the first of {len(listed)} problems: {listed['path'][0]}: {listed['problem'][0]}" if len(listed) else ""
        )
        raise ValueError(f"no clip of this corpus was found in folder {folder.name!r}{first}")
    return Corpus(clips, listed)

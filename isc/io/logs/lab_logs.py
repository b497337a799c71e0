"""Key logs as PsychoPy, E-Prime and other programs write them, read through a mapping file."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from isc.io.log_mapping import LogMapping
from isc.io.logs.cells import TableError, read_cells, read_text
from isc.io.logs.film_clock import PRESS, SECONDS_IN, START, STOP, KeyLogError, check_order, numbers_of

NOTHING = ("", "None", "n/a", "[]", "NULL")  # how programs write that no key was pressed
FRAME_START, FRAME_END = "*** LogFrame Start ***", "*** LogFrame End ***"
ATTRIBUTE = re.compile(r"\s*([^:]+):\s?(.*)")
ESCAPED = re.compile(r"\{([^{}]+)\}")  # E-Prime writes {SPACE}


def read_lab_log(path: Path, mapping: LogMapping) -> pd.DataFrame:
    r"""All key presses of a log, and the markers of the film, on the clock of the log.

    Parameters
    ----------
    path : Path
    mapping : LogMapping

    Returns
    -------
    DataFrame
        Columns ``onset`` (s), ``duration`` (0), ``trial_type`` (press, start, stop), ``key``; the index is the line.
        Repeated rows count once.

    Raises
    ------
    KeyLogError
        When a column is absent, keys and times do not pair, a time is no number or goes back, or the film has no or
        several starts.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "log.csv")
    >>> _ = path.write_text("name,t\ntrigger,10\nspace,12.5\n")
    >>> mapping = LogMapping(format="table", units="s", key="name", time="t", start_key="trigger")
    >>> read_lab_log(path, mapping)[["onset", "trial_type"]].values.tolist()
    [[12.5, 'press'], [10.0, 'start']]
    """
    cells = _cells(path, mapping)
    _check_columns(path, cells, mapping)
    keys = _pressed(path, _selected(path, cells, mapping.where), mapping)
    check_order(path.name, keys["onset"])
    keys = keys.drop_duplicates()
    marks = {START: mapping.start_key, STOP: mapping.stop_key}
    is_mark = keys["key"].isin([name for name in marks.values() if name is not None])
    rows = [keys[~is_mark].assign(trial_type=PRESS)]
    for kind, source in ((START, mapping.film_start), (STOP, mapping.film_stop)):
        if marks[kind] is not None:
            rows.append(_marked(path, keys[keys["key"] == marks[kind]], kind, str(marks[kind])))
        elif source is not None:
            time = _film_time(path, _selected(path, cells, mapping.film_where), source, mapping)
            rows.append(pd.DataFrame({"onset": [time], "key": [np.nan], "trial_type": [kind]}))
    events = pd.concat([part for part in rows if len(part)])
    return events.assign(duration=0.0)[["onset", "duration", "trial_type", "key"]]


def _cells(path: Path, mapping: LogMapping) -> pd.DataFrame:
    try:
        if mapping.format == "eprime":
            return _frames(path)
        return read_cells(path, delimiter=mapping.delimiter, skip_lines=mapping.skip_lines)
    except TableError as error:
        raise KeyLogError(str(error)) from error


def _frames(path: Path) -> pd.DataFrame:
    """LogFrames of an E-Prime text log, one row each; the index is the line on which a frame ends."""
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    frame: dict[str, str] | None = None
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if line.strip() == FRAME_START:
            frame = {}
        elif line.strip() == FRAME_END and frame is not None:
            rows.append(frame)
            lines.append(number)
            frame = None
        elif frame is not None and (found := ATTRIBUTE.fullmatch(line)):
            frame[found[1].strip()] = found[2].strip()
    if frame is not None or not rows:
        what = "ends inside a LogFrame" if frame is not None else "has no LogFrame"
        raise KeyLogError(f"{path.name} {what}; give the whole text log of E-Prime (.txt, not .edat)")
    return pd.DataFrame(rows, index=lines, dtype=object).fillna("")


def _check_columns(path: Path, cells: pd.DataFrame, mapping: LogMapping) -> None:
    film = [name for name in (mapping.film_start, mapping.film_stop) if isinstance(name, str)]
    named = [mapping.key, mapping.time, mapping.time_zero, *film, *mapping.where, *mapping.film_where]
    missing = [name for name in named if name is not None and name not in cells.columns]
    if missing:
        found = ", ".join(map(str, cells.columns))
        raise KeyLogError(f"{path.name} has no column {', '.join(missing)}, which the mapping names; found {found}")


def _selected(path: Path, cells: pd.DataFrame, where: Mapping[str, str]) -> pd.DataFrame:
    """Rows with these texts in these columns."""
    kept = np.ones(len(cells), dtype=bool)
    for column, text in where.items():
        kept &= (cells[column] == text).to_numpy()
    if len(cells) and not kept.any():
        raise KeyLogError(f"{path.name} has no row where {dict(where)}; check the mapping")
    return cells[kept]


def _pressed(path: Path, cells: pd.DataFrame, mapping: LogMapping) -> pd.DataFrame:
    """Key and time (s on the log's clock) of every press; a cell may hold lists of both."""
    pressed = cells[~cells[mapping.key].str.strip().isin(NOTHING)]
    found = []
    for line, row in pressed.iterrows():
        names, times = _listed(row[mapping.key]), _listed(row[mapping.time])
        if len(names) != len(times):
            raise KeyLogError(
                f"{path.name}, line {line}: {len(names)} keys in {mapping.key} but {len(times)} times in "
                f"{mapping.time}; store all keys, or the times of the same ones"
            )
        zero = row[mapping.time_zero] if mapping.time_zero else "0"
        found += [(line, name, time, zero) for name, time in zip(names, times, strict=True)]
    table = pd.DataFrame(found, columns=["line", "key", mapping.time, "zero"], dtype=object).set_index("line")
    onset = _seconds(path, table[mapping.time], mapping)
    onset += _seconds(path, table["zero"].rename(mapping.time_zero), mapping)
    return pd.DataFrame({"onset": onset, "key": [_plain(name) for name in table["key"]]})


def _seconds(path: Path, cells: pd.Series, mapping: LogMapping) -> pd.Series:
    return numbers_of(path.name, cells, decimal=mapping.decimal) * SECONDS_IN[mapping.units]


def _listed(cell: str) -> list[str]:
    """What PsychoPy wrote as a Python list, or the one value of the cell."""
    if not cell.strip().startswith("["):
        return [cell.strip()]
    try:
        return [str(value) for value in ast.literal_eval(cell.strip())]
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return [cell.strip()]  # a key that is called [


def _plain(name: str) -> str:
    escaped = ESCAPED.fullmatch(name)
    return escaped[1].lower() if escaped else name


def _marked(path: Path, keys: pd.DataFrame, kind: str, name: str) -> pd.DataFrame:
    if kind == START and keys.empty:
        raise KeyLogError(f"{path.name} has no key {name!r}, which the mapping names as the start of the film")
    return keys.assign(trial_type=kind)


def _film_time(path: Path, cells: pd.DataFrame, source: str | float, mapping: LogMapping) -> float:
    """The one time in a column (s), or the time that the mapping gives."""
    if not isinstance(source, str):
        return float(source) * SECONDS_IN[mapping.units]
    given = cells.loc[~cells[source].str.strip().isin(NOTHING), source]
    times = _seconds(path, given, mapping).unique()
    if times.size != 1:
        raise KeyLogError(
            f"{path.name}: {source} holds {times.size} different times; one film a log, so choose its row by film_where"
        )
    return float(times[0])

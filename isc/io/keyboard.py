"""Key presses from BIDS events tables and the logs of other programs: one row a press, seconds from stimulus onset."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from isc.io.files.text import MISSING, read_tsv
from isc.io.layout.metadata import inherited_metadata
from isc.io.log_mapping import LogMapping, read_log_mapping
from isc.io.logs.cells import TableError
from isc.io.logs.film_clock import (
    PRESS,
    ROUNDING,
    SECONDS_IN,
    START,
    STOP,
    KeyLogError,
    check_duration,
    check_order,
    film_of,
    inside_film,
    numbers_of,
)
from isc.io.logs.lab_logs import read_lab_log

DEFAULT_MERGE = 1.0  # s
AUTO_REPEAT = 0.05  # s; a held key repeats faster than this (20 Hz), no finger does


def read_key_log(
    path: str | Path,
    *,
    duration: float | None = None,
    merge: float = DEFAULT_MERGE,
    stimulus_onset: float | None = None,
    mapping: str | Path | LogMapping | None = None,
) -> pd.DataFrame:
    r"""Key presses of one participant during the film.

    Rows of ``trial_type`` ``press`` are presses (every row, in a table without this column); ``start`` and ``stop``
    mark the film on the clock of the log. The JSON sidecar, own or inherited, may give ``Units`` of ``onset`` (s or
    ms; s without one). Duplicated rows count once.

    Parameters
    ----------
    path : path
        A BIDS ``_events.tsv``: tab-separated, columns ``onset`` and optionally ``duration``, ``trial_type``, ``key``;
        or, with a mapping, the log of another program.
    duration : float, optional
        Length of the film in seconds; by default from the start to the stop marker. Presses outside of the film, or
        after the stop marker, are dropped with a warning.
    merge : float
        Presses that follow one another by less than this (s) are one press, whatever the keys; so is a held key,
        which repeats at 20 Hz or more.
    stimulus_onset : float, optional
        Start of the film on the clock of the log (s), for logs without a start marker; 0 by default.
    mapping : path or LogMapping, optional
        How the log of PsychoPy, E-Prime or another program is to be read: a TOML or JSON file, see
        `isc.io.log_mapping.LogMapping`. Its ``press`` says which keys count.

    Returns
    -------
    DataFrame
        Columns ``onset`` (s from stimulus onset, increasing), ``duration`` (s, to the end of the last press that was
        merged into it), ``trial_type`` (press), ``key`` (of the first; NaN when unknown), ``n_row`` (rows of the log
        that it stands for). attrs: ``valid`` is False when the log is missing (no presses and not both markers, so
        that nobody knows whether the participant took part) and ``reason`` says why; ``start`` and ``stop`` bound, in s
        from stimulus onset, the time that the log covers (``stop`` None when unknown); ``n_dropped`` counts the presses
        outside.

    Raises
    ------
    KeyLogError
        When the table cannot be read as it stands, a time is no number, the units are unknown, times go back
        (clock restarted or rows unsorted), markers repeat or contradict, or the presses do not fit the film's length.
    ValueError
        When `duration` is not positive or `merge` is negative.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "sub-01_task-film_events.tsv")
    >>> rows = [("onset", "trial_type", "key"), ("5", "start", "n/a"), ("7.5", "press", "space")]
    >>> _ = path.write_text("".join("\t".join(row) + "\n" for row in rows))
    >>> read_key_log(path, duration=60)[["onset", "key"]].values.tolist()
    [[2.5, 'space']]
    """
    path = Path(path)
    check_duration(duration)
    _check_merge(merge)
    mapping = read_log_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    events = read_events(path, mapping)
    film = film_of(path.name, events, duration, stimulus_onset)
    presses = events[events["trial_type"] == PRESS]
    if mapping is not None and mapping.press:
        presses = presses[presses["key"].isin(mapping.press)]
    inside = inside_film(path.name, presses, film)
    table = _merged(inside.assign(onset=inside["onset"] - film.zero), max(merge, AUTO_REPEAT))
    valid = len(presses) > 0 or film.marked
    table.attrs = {
        "valid": valid,
        "reason": "" if valid else "no presses and no start and stop markers",
        "start": 0.0,
        "stop": film.length,
        "n_dropped": len(presses) - len(inside),
    }
    return table


def _check_merge(merge: float) -> None:
    if not (np.isfinite(merge) and merge >= 0):
        raise ValueError(f"merge must be 0 or more, in seconds; given {merge}")


def read_events(path: Path, mapping: LogMapping | None) -> pd.DataFrame:
    r"""Presses and markers of a log on its own clock.

    Parameters
    ----------
    path : Path
        A BIDS events table, or with a mapping any log.
    mapping : LogMapping or None

    Returns
    -------
    DataFrame
        Columns ``onset`` and ``duration`` (s), ``trial_type``, ``key``; the index is the line of the file.

    Raises
    ------
    KeyLogError
        As `read_key_log`.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "x_events.tsv")
    >>> _ = path.write_text("onset\tkey\n7.5\tspace\n")
    >>> read_events(path, None).values.tolist()
    [[7.5, 0.0, 'press', 'space']]
    """
    if mapping is not None:
        return read_lab_log(path, mapping)
    try:
        cells, metadata = read_tsv(path), inherited_metadata(path)
    except TableError as error:
        raise KeyLogError(str(error)) from error
    if cells.columns.empty:  # a file of 0 bytes: nothing was logged
        cells = pd.DataFrame(columns=["onset"], dtype=object)
    if "onset" not in cells.columns:
        raise KeyLogError(f"{path.name} needs a tab-separated column onset; found {', '.join(cells.columns)!r}")
    cells = _known_rows(path, cells.drop_duplicates())
    events = pd.DataFrame({"onset": _seconds(path, cells["onset"], metadata)}, index=cells.index)
    events["duration"] = 0.0
    if "duration" in cells.columns:
        events["duration"] = _seconds(path, cells["duration"].replace(MISSING, "0"), metadata)
    events["trial_type"] = cells["trial_type"] if "trial_type" in cells.columns else PRESS
    events["key"] = cells["key"].replace(MISSING, np.nan) if "key" in cells.columns else np.nan
    check_order(path.name, events["onset"])
    return events


def _known_rows(path: Path, cells: pd.DataFrame) -> pd.DataFrame:
    """Rows that are presses or markers; other trial types belong to other programs."""
    if "trial_type" not in cells.columns or cells.empty:
        return cells
    known = cells["trial_type"].isin([PRESS, START, STOP])
    if not known.any():
        found = ", ".join(sorted(set(cells["trial_type"])))
        raise KeyLogError(f"{path.name} has no trial_type {PRESS}, {START} or {STOP}; found {found}")
    return cells[known]


def _seconds(path: Path, cells: pd.Series, metadata: Mapping[str, Any]) -> pd.Series:
    described = metadata.get(str(cells.name), {})
    unit = described.get("Units", "s") if isinstance(described, Mapping) else "s"
    if not isinstance(unit, str) or unit not in SECONDS_IN:
        raise KeyLogError(f"{path.name}: Units of {cells.name} are {unit!r} in the sidecar; write s or ms")
    return numbers_of(path.name, cells) * SECONDS_IN[unit]


def _merged(presses: pd.DataFrame, gap: float) -> pd.DataFrame:
    """One row for presses that follow one another by less than `gap` seconds."""
    onset = presses["onset"].to_numpy(float)
    first = np.diff(onset, prepend=-np.inf) >= gap - ROUNDING
    burst = np.cumsum(first)
    end = (presses["onset"] + presses["duration"]).groupby(burst).max().to_numpy(float)
    rows = pd.Series(burst).groupby(burst).size().to_numpy()
    table = pd.DataFrame({"onset": np.maximum(onset[first], 0.0), "duration": end - onset[first]})
    return table.assign(trial_type=PRESS, key=presses["key"].to_numpy()[first], n_row=rows.astype(np.int64))

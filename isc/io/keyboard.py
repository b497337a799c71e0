"""Key presses from BIDS events tables: one row a press, in seconds from stimulus onset."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from isc.io.bids_metadata import inherited_metadata
from isc.io.text import MISSING, TableError, read_tsv

PRESS, START, STOP = "press", "start", "stop"  # levels of trial_type
DEFAULT_MERGE = 1.0  # s
AUTO_REPEAT = 0.05  # s; a held key repeats faster than this (20 Hz), no finger does
SAME_TIME = 0.01  # s; by which two notes of one moment may differ
ROUNDING = 1e-6  # s; by which sums of decimal times miss
FAR_OUTSIDE = 100  # times the film's length: no stray press is so late, but a log in milliseconds is
SECONDS_IN = {"s": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3}


class KeyLogError(ValueError):
    """A key log that cannot be read without guessing."""


class _Film(NamedTuple):
    """The film on the clock of the log, in s; `end` None when neither a stop marker nor the duration is known."""

    zero: float
    end: float | None
    marked: bool


def read_key_log(
    path: str | Path,
    *,
    duration: float | None = None,
    merge: float = DEFAULT_MERGE,
    stimulus_onset: float | None = None,
) -> pd.DataFrame:
    r"""Key presses of one participant during the film.

    Rows of ``trial_type`` ``press`` are presses (every row, in a table without this column); ``start`` and ``stop``
    mark the film on the clock of the log. The JSON sidecar, own or inherited, may give ``Units`` of ``onset`` (s or
    ms; s without one). Duplicated rows count once.

    Parameters
    ----------
    path : path
        A BIDS ``_events.tsv``: tab-separated, columns ``onset`` and optionally ``duration``, ``trial_type``, ``key``.
    duration : float, optional
        Length of the film in seconds; by default from the start to the stop marker. Presses outside of the film, or
        after the stop marker, are dropped with a warning.
    merge : float
        Presses that follow one another by less than this (s) are one press, whatever the keys; so is a held key,
        which repeats at 20 Hz or more.
    stimulus_onset : float, optional
        Start of the film on the clock of the log (s), for logs without a start marker; 0 by default.

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
    _check_parameters(duration, merge)
    events = _events(path)
    film = _film(path, events, duration, stimulus_onset)
    presses = events[events["trial_type"] == PRESS]
    inside = _inside(path, presses, film)
    table = _merged(inside.assign(onset=inside["onset"] - film.zero), max(merge, AUTO_REPEAT))
    valid = len(presses) > 0 or film.marked
    table.attrs = {
        "valid": valid,
        "reason": "" if valid else "no presses and no start and stop markers",
        "start": 0.0,
        "stop": None if film.end is None else film.end - film.zero,
        "n_dropped": len(presses) - len(inside),
    }
    return table


def _check_parameters(duration: float | None, merge: float) -> None:
    if duration is not None and not (np.isfinite(duration) and duration > 0):
        raise ValueError(f"duration must be positive, in seconds; given {duration}")
    if not (np.isfinite(merge) and merge >= 0):
        raise ValueError(f"merge must be 0 or more, in seconds; given {merge}")


def _events(path: Path) -> pd.DataFrame:
    """Presses and markers: onset and duration in s on the log's own clock, trial_type, key; index = line."""
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
    _check_order(path, events["onset"])
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
    if unit not in SECONDS_IN:
        raise KeyLogError(f"{path.name}: Units of {cells.name} are {unit!r} in the sidecar; write s or ms")
    values = pd.to_numeric(cells, errors="coerce").astype(float)
    wrong = ~np.isfinite(values)
    if wrong.any():
        line = values.index[wrong][0]
        raise KeyLogError(
            f"{path.name}, line {line}: {cells.name} {cells[line]!r} is no number; "
            "write times with a decimal point and no thousands separator"
        )
    return values * SECONDS_IN[unit]


def _check_order(path: Path, onset: pd.Series) -> None:
    back = np.flatnonzero(np.diff(onset) < 0)
    if back.size:
        line, before, after = onset.index[back[0] + 1], onset.iloc[back[0]], onset.iloc[back[0] + 1]
        raise KeyLogError(
            f"{path.name}, line {line}: onset goes back from {before:g} s to {after:g} s; the clock restarted or the "
            "rows are unsorted: split the log, or sort it by onset if the clock ran on"
        )


def _film(path: Path, events: pd.DataFrame, duration: float | None, stimulus_onset: float | None) -> _Film:
    """Film on the clock of the log, from the markers, the duration and the onset given."""
    start, stop = _marker(path, events, START), _marker(path, events, STOP)
    if start is not None and stop is not None and stop <= start:
        raise KeyLogError(f"{path.name}: the stop marker ({stop:g} s) does not follow the start marker ({start:g} s)")
    if start is not None and stimulus_onset is not None and abs(start - stimulus_onset) > SAME_TIME:
        raise KeyLogError(
            f"{path.name}: the film starts at {start:g} s by the start marker, but at {stimulus_onset:g} s by "
            "stimulus_onset; keep the right one"
        )
    zero = start if start is not None else stimulus_onset or 0.0
    ends = [end for end in (stop, None if duration is None else zero + duration) if end is not None]
    return _Film(zero, min(ends, default=None), start is not None and stop is not None)


def _marker(path: Path, events: pd.DataFrame, kind: str) -> float | None:
    times = events.loc[events["trial_type"] == kind, "onset"]
    if len(times) > 1:
        raise KeyLogError(f"{path.name} has {len(times)} {kind} markers; keep one film a log")
    return float(times.iloc[0]) if len(times) else None


def _inside(path: Path, presses: pd.DataFrame, film: _Film) -> pd.DataFrame:
    """Presses during the film; a warning counts the others."""
    onset = presses["onset"]
    end = np.inf if film.end is None else film.end
    inside = presses[(onset >= film.zero - ROUNDING) & (onset <= end + ROUNDING)]
    length = end - film.zero
    if len(presses) and (inside.empty or (onset - film.zero).max() > FAR_OUTSIDE * length):
        raise KeyLogError(
            f"{path.name}: presses from {onset.iloc[0] - film.zero:g} to {onset.iloc[-1] - film.zero:g} s after the "
            f"stimulus onset do not fit a film of {length:g} s; give the Units of onset (s or ms) in the sidecar"
        )
    dropped = len(presses) - len(inside)
    if dropped:
        warnings.warn(
            f"{path.name}: {dropped} of {len(presses)} presses lie outside of the film (0 to {length:g} s); dropped",
            stacklevel=3,
        )
    return inside


def _merged(presses: pd.DataFrame, gap: float) -> pd.DataFrame:
    """One row for presses that follow one another by less than `gap` seconds."""
    onset = presses["onset"].to_numpy(float)
    first = np.diff(onset, prepend=-np.inf) >= gap - ROUNDING
    burst = np.cumsum(first)
    end = (presses["onset"] + presses["duration"]).groupby(burst).max().to_numpy(float)
    rows = pd.Series(burst).groupby(burst).size().to_numpy()
    table = pd.DataFrame({"onset": np.maximum(onset[first], 0.0), "duration": end - onset[first]})
    return table.assign(trial_type=PRESS, key=presses["key"].to_numpy()[first], n_row=rows.astype(np.int64))

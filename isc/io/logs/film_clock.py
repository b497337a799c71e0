"""The film on the clock of a log: where it starts and ends, and which notes lie inside."""

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd

PRESS, START, STOP = "press", "start", "stop"  # levels of trial_type
LONGEST_FILM = 7 * 24 * 3600.0  # s; a later stop marker is a time of day, or a log in another unit
SAME_TIME = 0.01  # s; by which two notes of one moment may differ
ROUNDING = 1e-6  # s; by which sums of decimal times miss
FAR_OUTSIDE = 100  # times the film's length: no stray press is so late, but a log in milliseconds is
SECONDS_IN = {"s": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3}


class KeyLogError(ValueError):
    """A log or rating that cannot be read without guessing."""


class Film(NamedTuple):
    """The film on the clock of the log, in s; `end` None when neither a stop marker nor the duration is known."""

    zero: float
    end: float | None
    marked: bool

    @property
    def length(self) -> float | None:
        """Seconds from the start to the end."""
        return None if self.end is None else self.end - self.zero


def check_duration(duration: float | None) -> None:
    """Raise ValueError unless the length of the film is positive or unknown."""
    if duration is not None and not (np.isfinite(duration) and duration > 0):
        raise ValueError(f"duration must be positive, in seconds; given {duration}")


def film_of(name: str, events: pd.DataFrame, duration: float | None, stimulus_onset: float | None) -> Film:
    """Film on the clock of the log, from the markers, the duration and the onset given.

    Parameters
    ----------
    name : str
        Name of the file, for errors.
    events : DataFrame
        Columns ``onset`` (s on the clock of the log) and ``trial_type``.
    duration, stimulus_onset : float or None
        Length of the film and its start on the clock of the log (s), where the user gives them.

    Returns
    -------
    Film

    Raises
    ------
    KeyLogError
        When markers repeat, are in the wrong order, a week apart, or contradict `stimulus_onset`.

    Examples
    --------
    >>> events = pd.DataFrame({"onset": [5.0, 65.0], "trial_type": ["start", "stop"]})
    >>> film_of("log", events, None, None).length
    60.0
    """
    start, stop = _marker(name, events, START), _marker(name, events, STOP)
    if start is not None and stop is not None and stop <= start:
        raise KeyLogError(f"{name}: the stop marker ({stop:g} s) does not follow the start marker ({start:g} s)")
    if start is not None and stimulus_onset is not None and abs(start - stimulus_onset) > SAME_TIME:
        raise KeyLogError(
            f"{name}: the film starts at {start:g} s by the start marker, but at {stimulus_onset:g} s by "
            "stimulus_onset; keep the right one"
        )
    zero = start if start is not None else stimulus_onset or 0.0
    if stop is not None and stop - zero > LONGEST_FILM:
        raise KeyLogError(f"{name}: the film would last {stop - zero:g} s, more than a week; give the Units of onset")
    ends = [end for end in (stop, None if duration is None else zero + duration) if end is not None]
    return Film(zero, min(ends, default=None), start is not None and stop is not None)


def _marker(name: str, events: pd.DataFrame, kind: str) -> float | None:
    times = events.loc[events["trial_type"] == kind, "onset"]
    if len(times) > 1:
        raise KeyLogError(f"{name} has {len(times)} {kind} markers; keep one film a log")
    return float(times.iloc[0]) if len(times) else None


def inside_film(name: str, rows: pd.DataFrame, film: Film, *, what: str = "presses") -> pd.DataFrame:
    """Rows during the film; a warning counts the others.

    Parameters
    ----------
    name : str
        Name of the file, for errors.
    rows : DataFrame
        Column ``onset``, s on the clock of the log.
    film : Film
    what : str
        The user's word for the rows.

    Returns
    -------
    DataFrame
        The rows inside, as they are.

    Raises
    ------
    KeyLogError
        When none fits, or one lies so far outside that the units must be wrong.

    Examples
    --------
    >>> inside_film("log", pd.DataFrame({"onset": [7.0]}), Film(5.0, 65.0, True))
       onset
    0    7.0
    """
    onset = rows["onset"]
    end = np.inf if film.end is None else film.end
    inside = rows[(onset >= film.zero - ROUNDING) & (onset <= end + ROUNDING)]
    length = end - film.zero
    if len(rows) and (inside.empty or (onset - film.zero).max() > FAR_OUTSIDE * length):
        raise KeyLogError(
            f"{name}: {what} from {onset.min() - film.zero:g} to {onset.max() - film.zero:g} s after the "
            f"stimulus onset do not fit a film of {length:g} s; give the Units of onset (s or ms) in the sidecar, or "
            "units in the mapping"
        )
    dropped = len(rows) - len(inside)
    if dropped:
        warnings.warn(
            f"{name}: {dropped} of {len(rows)} {what} lie outside of the film (0 to {length:g} s); dropped",
            stacklevel=4,
        )
    return inside


def numbers_of(name: str, cells: pd.Series, *, decimal: str = ".") -> pd.Series:
    """Numbers in the cells of a column; the index holds the lines of the file.

    Parameters
    ----------
    name : str
        Name of the file, for errors.
    cells : Series of str
        Its name is the column's.
    decimal : str
        Sign between units and tenths.

    Returns
    -------
    Series of float

    Raises
    ------
    KeyLogError
        When a cell is no finite number.

    Examples
    --------
    >>> numbers_of("log.csv", pd.Series(["1,5"], name="t"), decimal=",").tolist()
    [1.5]
    """
    text = cells if decimal == "." else cells.astype(str).str.replace(decimal, ".", regex=False)
    values = pd.to_numeric(text, errors="coerce").astype(float)
    wrong = ~np.isfinite(values)
    if wrong.any():
        line = values.index[wrong][0]
        raise KeyLogError(
            f"{name}, line {line}: {cells.name} {cells[wrong].iloc[0]!r} is no number; "
            "write times with a decimal point and no thousands separator"
        )
    return values


def check_order(name: str, onset: pd.Series) -> None:
    """Raise KeyLogError when times go back: the clock restarted or rows are unsorted."""
    back = np.flatnonzero(np.diff(onset) < 0)
    if back.size:
        line, before, after = onset.index[back[0] + 1], onset.iloc[back[0]], onset.iloc[back[0] + 1]
        raise KeyLogError(
            f"{name}, line {line}: onset goes back from {before:g} s to {after:g} s; the clock restarted or the "
            "rows are unsorted: split the log, or sort it by onset if the clock ran on"
        )

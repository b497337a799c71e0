"""Continuous ratings of one rater: BIDS physio and stim tables, and tables with a time column or a rate."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.files.text import MISSING
from isc.io.layout.metadata import inherited_metadata, sidecar_number
from isc.io.layout.names import BidsError, parse_name
from isc.io.logs.cells import TableError, read_cells, read_text
from isc.io.logs.film_clock import (
    FAR_OUTSIDE,
    LONGEST_FILM,
    SECONDS_IN,
    KeyLogError,
    check_duration,
    check_order,
    numbers_of,
)

HEADERLESS = ("_physio.tsv", "_physio.tsv.gz", "_stim.tsv", "_stim.tsv.gz")
SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
NO_RATING = (MISSING, "", "NaN", "nan", "NA")
FEWEST_SAMPLES = 2
GRID_ROUNDING = 1e-6  # s


def read_ratings(
    path: str | Path,
    *,
    column: str | None = None,
    time: str | None = None,
    units: str = "s",
    rate: float | None = None,
    duration: float | None = None,
    stimulus_onset: float = 0.0,
    max_gap: float | None = None,
    delimiter: str | None = None,
) -> xr.DataArray:
    r"""Continuous rating of one rater, as a slider, dial or joystick gives it.

    Three forms: a BIDS ``_physio`` or ``_stim`` table (``.tsv`` or ``.tsv.gz`` without header; rate, start and columns
    stand in its JSON sidecar); a table with a `time` column; a table without one, and a `rate`.

    Parameters
    ----------
    path : path
        UTF-8 or UTF-16, ``.gz`` allowed. Missing values are ``n/a``, ``NaN`` or empty.
    column : str, optional
        Column of the rating; may be left out where the table has only one beside the time.
    time : str, optional
        Column of the times on the clock of the recording.
    units : {"s", "ms"}
        Of `time`.
    rate : float, optional
        Samples per second. Without `time`: of the table. With `time`: of the result, for ratings that were noted when
        they changed or unevenly; the last value holds until the next.
    duration : float, optional
        Length of the film, s. Samples before its start and after its end are dropped, with a warning.
    stimulus_onset : float
        Start of the film on the clock of the recording, s.
    max_gap : float, optional
        With `time` and `rate`: a value holds for at most this long (s), then the rating is missing.
    delimiter : str, optional
        Separator; by default a comma in ``.csv``, a tab in ``.tsv`` and ``.txt``.

    Returns
    -------
    DataArray ``rating``, dim (time,), float64
        ``time`` in seconds from stimulus onset, scalar coordinate ``subject`` (``sub-01`` of a BIDS name, else the
        name without ending), attrs ``rate_hz`` and, where the sidecar has them, ``units``. NaN = no rating.
        `find_peaks` takes it as it is; `stack_subjects` puts several on one clock.

    Raises
    ------
    KeyLogError
        When the table or its sidecar cannot be read, a column is absent or not named, a cell is no number, times go
        back or repeat with different values, or the samples do not fit the film (milliseconds taken for seconds).
    ValueError
        When duration, rate or max_gap is not positive, or units is neither s nor ms.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "sub-01.csv")
    >>> _ = path.write_text("t,joy\n0,50\n100,60\n200,60\n")
    >>> rating = read_ratings(path, time="t", units="ms")
    >>> rating.values.tolist(), rating.time.values.tolist()
    ([50.0, 60.0, 60.0], [0.0, 0.1, 0.2])
    """
    path = Path(path)
    _check_options(units, rate, duration, max_gap)
    try:
        if path.name.endswith(HEADERLESS):
            rating = _bids_rating(path, column)
        elif time is not None:
            rating = _timed_rating(_table(path, delimiter), path, column, time, SECONDS_IN[units])
        else:
            rating = _even_rating(_table(path, delimiter), path, column, rate)
    except TableError as error:
        raise KeyLogError(str(error)) from error
    rating = rating.assign_coords(time=rating["time"] - stimulus_onset)
    rating = _within_film(path, rating, duration)
    if time is not None and rate is not None:
        rating = _held(rating, rate, duration, max_gap)
    rating["time"].attrs["units"] = "s"
    return rating.assign_coords(subject=subject_of(path)).rename("rating")


def subject_of(path: Path) -> str:
    """Participant in a BIDS name (``sub-01``), else the name without its endings."""
    stem = path.name.split(".")[0]
    try:
        return f"sub-{parse_name(path.name).entities['sub']}"
    except (BidsError, KeyError):
        return stem


def _table(path: Path, delimiter: str | None) -> pd.DataFrame:
    ending = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if delimiter is None and ending not in SEPARATORS:
        raise KeyLogError(f"{path.name}: give the delimiter; only .csv, .tsv and .txt have a usual one")
    return read_cells(path, delimiter=delimiter or SEPARATORS[ending])


def _bids_rating(path: Path, column: str | None) -> xr.DataArray:
    """Rating of a headerless table whose sidecar holds SamplingFrequency, StartTime and Columns."""
    metadata = inherited_metadata(path)
    missing = [name for name in ("SamplingFrequency", "StartTime", "Columns") if name not in metadata]
    if missing:
        raise KeyLogError(f"{path.name} has no header, so its JSON sidecar must give {', '.join(missing)}")
    rate, start, names = _timing(path, metadata)
    rows = [line.split("\t") for line in read_text(path).splitlines() if line]
    wrong = [number for number, row in enumerate(rows, start=1) if len(row) != len(names)]
    if wrong:
        raise KeyLogError(
            f"{path.name}, line {wrong[0]}: {len(rows[wrong[0] - 1])} fields, but {len(names)} Columns in the sidecar"
        )
    cells = pd.DataFrame(rows, columns=names, index=range(1, len(rows) + 1), dtype=object)
    name = _chosen(path, cells, column)
    seconds = start + np.arange(len(cells)) / rate
    described = metadata.get(name, {})
    units = {"units": described["Units"]} if isinstance(described, dict) and "Units" in described else {}
    return _labelled(_values(path, cells[name]), seconds, rate).assign_attrs(units)


def _timing(path: Path, metadata: Mapping[str, Any]) -> tuple[float, float, list[str]]:
    """Rate (Hz), start (s) and columns that a sidecar gives."""
    rate, start = (sidecar_number(path, metadata, key) for key in ("SamplingFrequency", "StartTime"))
    names = metadata["Columns"]
    if rate <= 0:
        raise KeyLogError(f"{path.name}: SamplingFrequency must be positive, in Hz; given {rate}")
    texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not texts or len(set(names)) < len(names):
        raise KeyLogError(f"{path.name}: Columns in the sidecar must be a list of different names")
    return rate, start, names


def _even_rating(cells: pd.DataFrame, path: Path, column: str | None, rate: float | None) -> xr.DataArray:
    if rate is None:
        found = ", ".join(map(str, cells.columns))
        raise KeyLogError(f"{path.name}: give the column of the times, or the rate of the samples; found {found}")
    return _labelled(_values(path, cells[_chosen(path, cells, column)]), np.arange(len(cells)) / rate, rate)


def _timed_rating(cells: pd.DataFrame, path: Path, column: str | None, time: str, second: float) -> xr.DataArray:
    """Rating of a table with times; `second` is the unit of the times."""
    if time not in cells.columns:
        raise KeyLogError(f"{path.name} has no column {time}; found {', '.join(map(str, cells.columns))}")
    rows = cells.drop_duplicates()
    name = _chosen(path, rows.drop(columns=time), column)
    seconds = numbers_of(path.name, rows[time]) * second
    check_order(path.name, seconds)
    twice = np.flatnonzero(np.diff(seconds) == 0)
    if twice.size:
        line = seconds.index[twice[0] + 1]
        raise KeyLogError(f"{path.name}, line {line}: two ratings at {seconds[line]:g} s; keep the right one")
    rate = 1 / float(np.median(np.diff(seconds))) if len(seconds) >= FEWEST_SAMPLES else np.nan
    return _labelled(_values(path, rows[name]), seconds.to_numpy(), rate)


def _chosen(path: Path, cells: pd.DataFrame, column: str | None) -> str:
    found = ", ".join(map(str, cells.columns))
    if column is None and len(cells.columns) != 1:
        raise KeyLogError(f"{path.name} has the columns {found}; name the one of the rating")
    if column is not None and column not in cells.columns:
        raise KeyLogError(f"{path.name} has no column {column}; found {found}")
    return column or str(cells.columns[0])


def _values(path: Path, cells: pd.Series) -> np.ndarray:
    given = ~cells.str.strip().isin(NO_RATING)
    values = np.full(len(cells), np.nan)
    values[given.to_numpy()] = numbers_of(path.name, cells[given])
    return values


def _labelled(values: np.ndarray, seconds: np.ndarray, rate: float) -> xr.DataArray:
    return xr.DataArray(values, dims="time", coords={"time": seconds}, attrs={"rate_hz": float(rate)})


def _within_film(path: Path, rating: xr.DataArray, duration: float | None) -> xr.DataArray:
    """Samples during the film; those of a log in another unit would lie far outside."""
    time = rating["time"].values
    if duration is None:
        return rating
    inside = (time >= -GRID_ROUNDING) & (time <= duration + GRID_ROUNDING)
    if time.size and (not inside.any() or time[-1] > FAR_OUTSIDE * duration):
        raise KeyLogError(
            f"{path.name}: samples from {time[0]:g} to {time[-1]:g} s do not fit a film of {duration:g} s; give the "
            "right units of the time (s or ms) or stimulus_onset"
        )
    if not inside.all():
        text = f"{(~inside).sum()} of {inside.size} samples lie outside of the film (0 to {duration:g} s); dropped"
        warnings.warn(f"{path.name}: {text}", stacklevel=3)
    return rating[inside]


def _held(rating: xr.DataArray, rate: float, duration: float | None, max_gap: float | None) -> xr.DataArray:
    """The rating at an even rate from the start of the film: each value until the next, NaN before the first."""
    time = rating["time"].values
    stop = duration if duration is not None else (time[-1] if time.size else 0.0)
    if stop > LONGEST_FILM:
        raise KeyLogError(f"the rating lasts until {stop:g} s, more than a week; give the units of the times (s or ms)")
    even = np.arange(int(np.floor(stop * rate + GRID_ROUNDING)) + (duration is None)) / rate
    last = np.searchsorted(time, even + GRID_ROUNDING, side="right") - 1
    age = np.where(last >= 0, even - time[np.maximum(last, 0)], np.inf) if time.size else np.full(even.size, np.inf)
    known = age <= (np.inf if max_gap is None else max_gap + GRID_ROUNDING)
    known &= last >= 0
    values = np.full(even.size, np.nan)
    values[known] = rating.values[last[known]]
    return _labelled(values, even, rate)


def _check_options(units: str, rate: float | None, duration: float | None, max_gap: float | None) -> None:
    check_duration(duration)
    if units not in ("s", "ms"):
        raise ValueError(f"units must be s or ms; given {units!r}")
    for name, value in (("rate", rate), ("max_gap", max_gap)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be positive; given {value}")

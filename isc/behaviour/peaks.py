"""Peaks of continuous ratings, one table row a peak. Key presses need nothing from here: they are peaks."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

COLUMNS = ["subject", "onset", "duration", "height", "prominence"]
METHODS = ("local_maxima", "at_maximum")
UNEVEN = 0.5  # share of the median sampling interval; a sample was lost or doubled beyond it


def find_peaks(
    rating: xr.DataArray,
    *,
    prominence: float = 1.0,
    distance: float = 2.5,
    method: str = "local_maxima",
    maximum: float | None = None,
) -> pd.DataFrame:
    """Peaks of each rater's continuous rating.

    Parameters
    ----------
    rating : DataArray, dims (time,) or (subject, time)
        Intensity in any unit; ``time`` in seconds from stimulus onset, evenly sampled. A (time,) rating names its rater
        in a scalar coordinate ``subject``. NaN = no rating: peaks are sought in each finite stretch, whose first and
        last sample are never peaks.
    prominence : float
        Smallest prominence of a local maximum, in standard deviations of that rater's whole rating.
    distance : float
        Smallest time between two local maxima of a rater, seconds; the higher one stays. Half a window is a good one.
    method : {"local_maxima", "at_maximum"}
        ``"local_maxima"``: maxima of the z-scored rating by prominence and distance (``scipy.signal.find_peaks``).
        ``"at_maximum"``: each stretch of time spent at the top of the scale (``prominence`` and ``distance`` unused).
    maximum : float, optional
        Top of the scale for ``"at_maximum"``, in the unit of the rating (100, say). By default the largest value that
        the rater used.

    Returns
    -------
    DataFrame
        Columns ``subject`` (str), ``onset`` (s), ``duration`` (s; 0 for a local maximum), ``height`` (unit of the
        rating), ``prominence`` (standard deviations; NaN for ``"at_maximum"``), sorted by subject, then onset. A rater
        whose rating is missing or has no peak has no row; ``valid_intervals`` tells the two apart. The settings are
        in ``attrs``.

    Raises
    ------
    ValueError
        Wrong dims, uneven times, unknown method, or settings that are not positive.

    Examples
    --------
    >>> time = np.arange(0, 20, 0.1)
    >>> rating = xr.DataArray(np.exp(-((time - 8) ** 2)), dims="time", coords={"time": time, "subject": "sub-01"})
    >>> find_peaks(rating)[["subject", "onset"]].values.tolist()
    [['sub-01', 8.0]]
    """
    _check_settings(prominence, distance, method)
    rows = _with_subjects(rating)
    rate = 1 / _sampling_interval(rows["time"].values)
    found = []
    for subject, values in zip(rows["subject"].values, rows.values.astype(float), strict=True):
        top = np.nanmax(values, initial=-np.inf) if maximum is None else maximum
        for stretch in _finite_stretches(values):
            if method == "at_maximum":
                peaks = _at_maximum(values[stretch], top, rate)
            else:
                peaks = _local_maxima(values[stretch], np.nanstd(values), prominence, distance * rate)
            onset = rows["time"].values[stretch][peaks.pop("sample")]
            found.append(pd.DataFrame({"subject": str(subject), "onset": onset, **peaks}))
    return _table(found, method=method, prominence_sd=prominence, distance_s=distance, maximum=maximum)


def valid_intervals(rating: xr.DataArray) -> pd.DataFrame:
    """Stretches of time in which each rater gave a rating: who can be counted, and when.

    Parameters
    ----------
    rating : DataArray, dims (time,) or (subject, time)
        As for ``find_peaks``; NaN = no rating.

    Returns
    -------
    DataFrame
        Columns ``subject``, ``start``, ``stop`` (s), one row a finite stretch; the last sample lasts one sampling
        interval. The ``raters`` of ``peak_agreement``.

    Raises
    ------
    ValueError
        Wrong dims or uneven times.

    Examples
    --------
    >>> rating = xr.DataArray([1.0, 2.0, np.nan, 3.0], dims="time", coords={"time": [0, 1, 2, 3], "subject": "sub-01"})
    >>> valid_intervals(rating).values.tolist()
    [['sub-01', 0.0, 2.0], ['sub-01', 3.0, 4.0]]
    """
    rows = _with_subjects(rating)
    time = rows["time"].values.astype(float)
    interval = _sampling_interval(time)
    found = [
        (str(subject), time[stretch][0], time[stretch][-1] + interval)
        for subject, values in zip(rows["subject"].values, rows.values.astype(float), strict=True)
        for stretch in _finite_stretches(values)
    ]
    return pd.DataFrame(found, columns=["subject", "start", "stop"])


def _local_maxima(values: np.ndarray, spread: float, prominence: float, distance: float) -> dict[str, np.ndarray]:
    """Maxima of one finite stretch; `spread` is the rater's standard deviation, `distance` in samples."""
    from scipy import signal

    scored = values / spread if np.ptp(values) > 0 else np.zeros(values.size)
    sample, found = signal.find_peaks(scored, prominence=prominence, distance=max(1.0, distance))
    return {
        "sample": sample,
        "duration": np.zeros(sample.size),
        "height": values[sample],
        "prominence": found["prominences"],
    }


def _at_maximum(values: np.ndarray, maximum: float, rate: float) -> dict[str, np.ndarray]:
    """Runs of samples at or above the maximum in one finite stretch; each sample lasts one sampling interval."""
    edges = np.diff((values >= maximum).astype(np.int8), prepend=0, append=0)
    first, after = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return {
        "sample": first,
        "duration": (after - first) / rate,
        "height": np.array([values[a:b].max() for a, b in zip(first, after, strict=True)]),
        "prominence": np.full(first.size, np.nan),
    }


def _finite_stretches(values: np.ndarray) -> Iterator[slice]:
    edges = np.diff(np.isfinite(values).astype(np.int8), prepend=0, append=0)
    for first, after in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        yield slice(first, after)


def _table(found: list[pd.DataFrame], **settings: str | float | None) -> pd.DataFrame:
    rows = [table for table in found if len(table)]
    peaks = pd.concat(rows)[COLUMNS] if rows else pd.DataFrame(columns=COLUMNS)
    peaks = peaks.astype({name: float for name in COLUMNS[1:]}).sort_values(["subject", "onset"], ignore_index=True)
    peaks.attrs.update({name: value for name, value in settings.items() if value is not None})
    return peaks


def _with_subjects(rating: xr.DataArray) -> xr.DataArray:
    """Rating as (subject, time)."""
    if set(rating.dims) not in ({"time"}, {"subject", "time"}):
        raise ValueError(
            f"rating must have dims (time) or (subject, time), not {rating.dims}; select one quantity first"
        )
    if not {"time", "subject"} <= set(rating.coords):
        raise ValueError(
            f"rating needs the coordinates time (s) and subject, it has {sorted(map(str, rating.coords))}; "
            "assign them with rating.assign_coords(...)"
        )
    if "subject" not in rating.dims:
        rating = rating.expand_dims("subject")
    return rating.transpose("subject", "time")


def _sampling_interval(time: np.ndarray) -> float:
    intervals = np.diff(time.astype(float))
    typical = float(np.median(intervals)) if intervals.size else 0.0
    if typical <= 0 or (np.abs(intervals - typical) > UNEVEN * typical).any():
        raise ValueError(
            "rating must be evenly sampled over at least two times; "
            f"its intervals run from {intervals.min(initial=np.inf):.3g} to {intervals.max(initial=-np.inf):.3g} s; "
            "resample it first, NaN where nothing was recorded"
        )
    return typical


def _check_settings(prominence: float, distance: float, method: str) -> None:
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, not {method!r}")
    if not (prominence > 0 and distance > 0):
        raise ValueError(
            f"prominence (sd) and distance (s) must be positive, not {prominence} and {distance}; use 1.0 and 2.5"
        )

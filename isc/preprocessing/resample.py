"""Change of rate without aliasing, and recordings of several people on one clock."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

MAX_GAP = 0.5  # seconds; longer stretches without data stay missing
ANTI_ALIAS_ORDER = 8  # Butterworth, run forwards and backwards
ANTI_ALIAS_CUT = 0.8  # share of the new Nyquist frequency
ONE_SAMPLE = 1.5  # sampling intervals: two samples so close are neighbours, however slow the recording (fMRI)
SAME_TIME = 1e-6  # seconds by which two equal times may differ: rates have ten digits
BLOCK_SAMPLES = 2**22  # of series that are resampled at a time: 32 MiB in each of some ten float64 copies
SLOWER = 0.98  # a new rate below this share of the old one calls for the anti-alias filter


def resample(x: xr.DataArray, *, rate: float, max_gap: float = MAX_GAP) -> xr.DataArray:
    """Series at an even rate, on time points that are multiples of 1 / rate seconds.

    Samples are interpolated linearly between their own time stamps (a variable frame rate is normal for phones and
    action cameras). When the new rate is lower, frequencies above 0.8 of the new Nyquist frequency are removed
    first. Stretches without data longer than `max_gap` stay NaN; shorter ones are bridged.

    Parameters
    ----------
    x : DataArray with dim ``time`` (seconds, strictly increasing)
        Any other dims. NaN marks missing samples.
    rate : float
        New rate, Hz.
    max_gap : float
        Seconds. Neighbouring samples of a slow recording (a TR of 2 s) are no gap.

    Returns
    -------
    DataArray, float32, same dims
        attrs ``rate_hz`` is the new rate. Every point lies within the recording: nothing is extrapolated.

    Raises
    ------
    ValueError
        When the rate is not positive or time does not increase strictly.

    Examples
    --------
    >>> x = xr.DataArray(np.arange(31.0), dims="time", coords={"time": np.arange(31) / 30})
    >>> resample(x, rate=10).sizes["time"]
    11
    """
    if not (np.isfinite(rate) and rate > 0):
        raise ValueError(f"rate must be positive, in Hz; given {rate}")
    time = x["time"].values
    first, last = np.ceil(time[0] * rate - 1e-9), np.floor(time[-1] * rate + 1e-9)
    return onto_clock(x, np.arange(first, last + 1) / rate, max_gap=max_gap).assign_attrs(rate_hz=float(rate))


def onto_clock(x: xr.DataArray, clock: np.ndarray, *, max_gap: float = MAX_GAP) -> xr.DataArray:
    """Series at the time points of `clock`; NaN where samples are missing for longer than `max_gap`.

    Parameters
    ----------
    x : DataArray with dim ``time`` (seconds, strictly increasing)
        Coords along time are dropped.
    clock : ndarray, shape (n_time,), seconds
        Evenly spaced new time points.
    max_gap : float
        Seconds.

    Returns
    -------
    DataArray, float32, dims of `x`

    Raises
    ------
    ValueError
        When time does not increase strictly or has fewer than two samples.

    Examples
    --------
    >>> x = xr.DataArray([0.0, 1.0], dims="time", coords={"time": [0.0, 0.1]})
    >>> onto_clock(x, np.array([0.0, 0.05, 0.1, 0.15])).values.tolist()
    [0.0, 0.5, 1.0, nan]
    """
    time = x["time"].values.astype(np.float64)
    if time.size < 2 or not (np.diff(time) > 0).all():
        raise ValueError("time must have at least two samples and increase strictly; sort it and drop duplicates")
    values = np.moveaxis(x.values, x.get_axis_num("time"), 0)
    flat = values.reshape(time.size, -1)
    result = np.empty((clock.size, flat.shape[1]), dtype=np.float32)
    width = max(1, BLOCK_SAMPLES // time.size)
    for pattern, columns in gap_patterns(flat):
        for block in np.split(columns, range(width, columns.size, width)):
            result[:, block] = _interpolate(time, flat[:, block].astype(np.float64), pattern, clock, max_gap)
    new = np.moveaxis(result.reshape(clock.size, *values.shape[1:]), 0, x.get_axis_num("time"))
    coords = {k: v for k, v in x.coords.items() if "time" not in v.dims}
    return xr.DataArray(new, dims=x.dims, coords={**coords, "time": clock}, name=x.name, attrs=x.attrs)


def gap_patterns(flat: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (finite (time,), columns) for each distinct pattern of missing samples: usually one, a lost face."""
    finite = np.isfinite(flat)
    if (finite == finite[:, :1]).all():
        yield finite[:, 0], np.arange(flat.shape[1])
        return
    patterns, inverse = np.unique(finite, axis=1, return_inverse=True)
    for k in range(patterns.shape[1]):
        yield patterns[:, k], np.flatnonzero(inverse.ravel() == k)


def _interpolate(
    time: np.ndarray, values: np.ndarray, finite: np.ndarray, clock: np.ndarray, max_gap: float
) -> np.ndarray:
    """Columns that share one pattern of missing samples, on the new clock; NaN in long gaps and outside."""
    if finite.sum() < 2:
        return np.full((clock.size, values.shape[1]), np.nan)
    known, samples = time[finite], values[finite]
    old_rate, new_rate = 1 / np.median(np.diff(time)), _rate(clock)
    if new_rate < SLOWER * old_rate:
        known, samples = _low_pass(known, samples, old_rate, new_rate)
    right = np.clip(np.searchsorted(known, clock), 1, known.size - 1)
    left = right - 1
    share = ((clock - known[left]) / (known[right] - known[left]))[:, None]
    result = samples[left] * (1 - share) + samples[right] * share
    result[_missing(time[finite], clock, max(max_gap, ONE_SAMPLE / old_rate))] = np.nan
    return result


def _missing(known: np.ndarray, clock: np.ndarray, max_gap: float) -> np.ndarray:
    """Time points outside the known samples, or inside a gap longer than `max_gap`."""
    right = np.searchsorted(known, clock, side="left")
    after, before = known[np.clip(right, 0, known.size - 1)], known[np.clip(right - 1, 0, known.size - 1)]
    hit = np.minimum(abs(after - clock), abs(clock - before)) <= SAME_TIME
    inside = (right > 0) & (right < known.size)
    gap = after - before
    return ~hit & (~inside | (gap > max_gap))


def _rate(clock: np.ndarray) -> float:
    return np.inf if clock.size < 2 else (clock.size - 1) / (clock[-1] - clock[0])


def _low_pass(
    known: np.ndarray, samples: np.ndarray, old_rate: float, new_rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Series on an even grid at the old rate, without what the new rate cannot carry (zero phase)."""
    from scipy.interpolate import make_interp_spline
    from scipy.signal import butter, sosfiltfilt

    grid = known[0] + np.arange(int((known[-1] - known[0]) * old_rate) + 1) / old_rate
    even = make_interp_spline(known, samples, k=1)(grid)
    sections = butter(ANTI_ALIAS_ORDER, ANTI_ALIAS_CUT * new_rate / old_rate, output="sos")
    padding = min(grid.size - 1, round(3 * old_rate / new_rate) * ANTI_ALIAS_ORDER)
    return grid, sosfiltfilt(sections, even, axis=0, padlen=padding)

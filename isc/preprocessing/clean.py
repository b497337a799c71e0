"""Series made ready for correlation: gaps, frequency bands, envelopes, confounds, scale."""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr

from isc.cube import UNEVEN_TOLERANCE, sampling_rate
from isc.kernels.nulls.analytic import analytic_signal, bridge_gaps
from isc.preprocessing.resample import MAX_GAP, gap_patterns, onto_clock

FILTER_ORDER = 4  # Butterworth, run forwards and backwards: 8 in effect
PADDING = 3  # periods of the lowest frequency by which the ends are mirrored
BLOCK_VALUES = 2**22  # float64 values filtered at a time: bounds the memory of the copies
FLAT = 1e-12  # standard deviation, as a share of the largest value, below which a series is constant


def fill_gaps(x: xr.DataArray, *, max_gap: float = MAX_GAP) -> xr.DataArray:
    """Series whose short gaps are bridged by straight lines.

    Parameters
    ----------
    x : DataArray with dim ``time`` (seconds, strictly increasing)
        Any other dims. NaN marks missing samples.
    max_gap : float
        Longest stretch, in seconds from the last sample before to the first one after, that is bridged. Longer ones
        and the ends stay NaN.

    Returns
    -------
    DataArray, same dims and coords, float32

    Raises
    ------
    ValueError
        When there is no dim ``time`` or it does not increase strictly.

    Examples
    --------
    >>> x = xr.DataArray([0.0, np.nan, 2.0, np.nan], dims="time", coords={"time": np.arange(4) / 10})
    >>> fill_gaps(x, max_gap=0.5).values.tolist()
    [0.0, 1.0, 2.0, nan]
    """
    _check_time(x)
    filled = onto_clock(x, x["time"].values.astype(np.float64), max_gap=max_gap)
    return x.copy(data=filled.values).assign_attrs(max_gap_s=float(max_gap))


def bandpass(x: xr.DataArray, *, low: float | None = None, high: float | None = None) -> xr.DataArray:
    """Series with the frequencies between `low` and `high` only, without delay (zero phase).

    A Butterworth filter of order 4 runs forwards and backwards (scipy.signal.sosfiltfilt); gain at the edges is 0.5.
    Gaps are bridged by straight lines for the filter and are NaN again in the result: near them the result leans on
    the bridge for about one period of `low`.

    Parameters
    ----------
    x : DataArray with dim ``time`` (seconds, evenly spaced)
        Any other dims. NaN is missing.
    low, high : float, optional
        Hz. Without `low` it is a low-pass filter, without `high` a high-pass.

    Returns
    -------
    DataArray, same dims and coords, float32
        attrs ``low_hz``, ``high_hz`` where given.

    Raises
    ------
    ValueError
        When neither edge is given, they are out of order or beyond half the rate, or time is uneven.

    Examples
    --------
    >>> seconds = np.arange(500) / 100
    >>> slow, fast = np.sin(2 * np.pi * seconds), np.sin(2 * np.pi * 20 * seconds)
    >>> x = xr.DataArray(slow + fast, dims="time", coords={"time": seconds})
    >>> bool(abs(bandpass(x, high=5) - slow)[50:-50].max() < 0.05)
    True
    """
    from scipy.signal import butter, sosfiltfilt

    rate = _even_rate(x)
    edges = _edges(low, high, rate)
    kind = "lowpass" if low is None else "highpass" if high is None else "bandpass"
    sections = butter(FILTER_ORDER, edges if len(edges) == 2 else edges[0], btype=kind, fs=rate, output="sos")
    padding = min(x.sizes["time"] - 1, int(np.ceil(PADDING * rate / min(edges))))
    result = _over_time(x, lambda rows: sosfiltfilt(sections, rows, axis=1, padlen=padding))
    given = {"low_hz": low, "high_hz": high}
    return result.assign_attrs({name: float(edge) for name, edge in given.items() if edge is not None})


def _edges(low: float | None, high: float | None, rate: float) -> list[float]:
    edges = [float(edge) for edge in (low, high) if edge is not None]
    if not edges:
        raise ValueError("give low, high or both, in Hz")
    if not (0 < edges[0] <= edges[-1] < rate / 2) or (len(edges) == 2 and edges[0] == edges[1]):
        raise ValueError(
            f"a band needs 0 < low < high < {rate / 2:g} Hz, half the rate of the series; given low={low}, high={high}"
        )
    return edges


def envelope(x: xr.DataArray, *, bands: Mapping[str, tuple[float, float]] | None = None) -> xr.DataArray:
    """Amplitude over time: the modulus of the analytic signal (Hilbert transform), for each band.

    Parameters
    ----------
    x : DataArray with dim ``time`` (seconds, evenly spaced)
        Any other dims. NaN is missing and stays NaN (see `bandpass`).
    bands : mapping of name to (low, high), optional
        Hz; `x` is filtered to each (`bandpass`). Without bands, `x` must be narrow-band already: the envelope of a
        broad signal has no meaning.

    Returns
    -------
    DataArray, float32, unit of `x`
        Dims of `x`, with dim ``band`` last (coords ``low_hz``, ``high_hz``) where bands are given.

    Raises
    ------
    ValueError
        When a band does not fit the rate, or time is uneven.

    Examples
    --------
    >>> seconds = np.arange(1000) / 100
    >>> swell = 1 + 0.5 * np.sin(2 * np.pi * 0.5 * seconds)
    >>> x = xr.DataArray(swell * np.sin(2 * np.pi * 10 * seconds), dims="time", coords={"time": seconds})
    >>> alpha = envelope(x, bands={"alpha": (8, 12)}).sel(band="alpha")
    >>> bool(abs(alpha - swell)[100:-100].max() < 0.05)
    True
    """
    if bands is None:
        _even_rate(x)
        return _over_time(x, lambda rows: np.abs(analytic_signal(rows)))
    parts = [envelope(bandpass(x, low=low, high=high)) for low, high in bands.values()]
    joined = xr.concat([part.drop_attrs(deep=False) for part in parts], dim=xr.Variable("band", list(bands)))
    edges = np.array(list(bands.values()), dtype=np.float64)
    coords = {"low_hz": ("band", edges[:, 0], {"units": "Hz"}), "high_hz": ("band", edges[:, 1], {"units": "Hz"})}
    return joined.transpose(*x.dims, "band").assign_coords(coords).assign_attrs(x.attrs).rename(x.name)


def regress_out(x: xr.DataArray, confounds: xr.DataArray) -> xr.DataArray:
    """What a straight sum of confounds and a constant does not explain (residuals of least squares).

    Parameters
    ----------
    x : DataArray with dim ``time``
        Any other dims; with dim ``subject``, each subject is fitted alone.
    confounds : DataArray with dim ``time`` and at most one other dim beside ``subject``
        Head pose, motion parameters, ... on the time points of `x`. With dim ``subject``, in the order of `x`.

    Returns
    -------
    DataArray, same dims and coords as `x`, float32
        NaN where `x` or a confound is, and for series with too few samples to fit. The residuals have mean 0.

    Raises
    ------
    ValueError
        When times or subjects of the two differ, or confounds have further dims.

    Examples
    --------
    >>> time = {"time": np.arange(4.0)}
    >>> nod = xr.DataArray([0.0, 1.0, 0.0, -1.0], dims="time", coords=time)
    >>> smile = xr.DataArray([1.0, 0.0, -1.0, 0.0], dims="time", coords=time)
    >>> bool(abs(regress_out(smile + 3 * nod + 5, nod) - smile).max() < 1e-6)
    True
    """
    _check_confounds(x, confounds)
    if "subject" in x.dims:
        parts = [
            regress_out(x.isel(subject=k), confounds.isel(subject=k) if "subject" in confounds.dims else confounds)
            for k in range(x.sizes["subject"])
        ]
        stacked = np.stack([part.values for part in parts], axis=x.get_axis_num("subject"))
        return x.copy(data=stacked)
    values = np.moveaxis(x.values.astype(np.float64), x.get_axis_num("time"), 0)
    residuals = _residuals(values.reshape(x.sizes["time"], -1), _design(confounds))
    return x.copy(data=np.moveaxis(residuals.reshape(values.shape), 0, x.get_axis_num("time")).astype(np.float32))


def _design(confounds: xr.DataArray) -> np.ndarray:
    """Constant and standardised confounds (time, regressor); a constant confound adds nothing."""
    columns = confounds.transpose("time", ...).values.astype(np.float64).reshape(confounds.sizes["time"], -1)
    known = np.isfinite(columns).all(axis=1)
    if not known.any():
        return np.full((columns.shape[0], 1), np.nan)
    spread = columns[known].std(axis=0)
    scaled = (columns - columns[known].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.column_stack([np.where(known, 1.0, np.nan), scaled])


def _residuals(values: np.ndarray, design: np.ndarray) -> np.ndarray:
    result = np.full(values.shape, np.nan)
    usable = np.isfinite(design).all(axis=1)
    for finite, columns in gap_patterns(values):
        rows = np.flatnonzero(finite & usable)
        if rows.size > design.shape[1]:
            block = values[np.ix_(rows, columns)]
            fit, *_ = np.linalg.lstsq(design[rows], block, rcond=None)
            result[np.ix_(rows, columns)] = block - design[rows] @ fit
    return result


def zscore(x: xr.DataArray) -> xr.DataArray:
    """Series of mean 0 and standard deviation 1 over time.

    Parameters
    ----------
    x : DataArray with dim ``time``
        Any other dims. NaN is left out and stays NaN.

    Returns
    -------
    DataArray, same dims and coords, float32, unit 1
        A constant series has no scale: it becomes NaN.

    Raises
    ------
    ValueError
        When there is no dim ``time``.

    Examples
    --------
    >>> zscore(xr.DataArray([1.0, 3.0], dims="time")).values.tolist()
    [-1.0, 1.0]
    """
    if "time" not in x.dims:
        raise ValueError(f"dim time is needed; given {tuple(map(str, x.dims))}")
    values = x.astype(np.float64)
    centred = values - values.mean("time")
    spread = (centred**2).mean("time") ** 0.5
    moving = spread > FLAT * abs(values).max("time")
    result = (centred / spread.where(moving)).transpose(*x.dims)
    return x.copy(data=result.values.astype(np.float32)).assign_attrs(units="1")


def _over_time(x: xr.DataArray, change: Callable[[np.ndarray], np.ndarray]) -> xr.DataArray:
    """`change` applied to (series, time) without gaps, block by block; gaps are NaN again after."""
    moved = np.moveaxis(x.values, x.get_axis_num("time"), -1)
    rows = moved.reshape(-1, x.sizes["time"])
    result = np.full(rows.shape, np.nan, dtype=np.float32)
    size = max(1, BLOCK_VALUES // x.sizes["time"])
    for first in range(0, rows.shape[0], size):
        block = rows[first : first + size]
        known = np.isfinite(block)
        some = np.flatnonzero(known.any(axis=1))
        if some.size:
            changed = change(bridge_gaps(block[some]))
            result[first + some] = np.where(known[some], changed, np.nan)
    return x.copy(data=np.moveaxis(result.reshape(moved.shape), -1, x.get_axis_num("time")))


def _check_time(x: xr.DataArray) -> None:
    if "time" not in x.dims or "time" not in x.coords:
        raise ValueError(f"dim time with a coordinate in seconds is needed; given {tuple(map(str, x.dims))}")


def _even_rate(x: xr.DataArray) -> float:
    """Rate of a series whose time points are even enough for a filter."""
    _check_time(x)
    interval = np.diff(x["time"].values.astype(np.float64))
    if interval.size < 1 or not (abs(interval / interval.mean() - 1) <= UNEVEN_TOLERANCE).all():
        raise ValueError("filters need evenly spaced, increasing time; use isc.resample first")
    return sampling_rate(x)


def _check_confounds(x: xr.DataArray, confounds: xr.DataArray) -> None:
    for array, name in ((x, "x"), (confounds, "confounds")):
        if "time" not in array.dims:
            raise ValueError(f"{name} needs dim time; given {tuple(map(str, array.dims))}")
    further = [dim for dim in confounds.dims if dim not in ("time", "subject")]
    if len(further) > 1 or ("subject" in confounds.dims and "subject" not in x.dims):
        raise ValueError(
            f"confounds may have time, one further dim, and subject where x has it; given {dict(confounds.sizes)}"
        )
    for dim in ("time", "subject"):
        if dim in confounds.dims and not _same_labels(x, confounds, dim):
            raise ValueError(f"x and confounds differ along {dim}; put both on one clock and in one order first")


def _same_labels(x: xr.DataArray, y: xr.DataArray, dim: str) -> bool:
    if x.sizes[dim] != y.sizes[dim]:
        return False
    if dim not in x.coords or dim not in y.coords:
        return True
    if dim == "time":
        return bool(np.allclose(x[dim].values, y[dim].values, rtol=0, atol=1e-6))
    return bool(np.array_equal(x[dim].values.astype(str), y[dim].values.astype(str)))

"""Inter-subject phase synchrony: how alike people's instantaneous phases are, sample by sample or in windows."""

import warnings
from collections.abc import Iterator
from typing import Literal

import numpy as np
import xarray as xr

from isc.kernels.nulls.analytic import analytic_signal, bridge_gaps
from isc.synchrony.features.series import FeatureSeries, as_series
from isc.synchrony.surrogate.whole_subjects import Move, WholeScheme, whole_subjects
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, Windows, sliding_windows, window_coords

Measure = Literal["consistency", "resultant"]
MEASURES = ("consistency", "resultant")
MIN_VALID = 0.8  # share of a window's samples that need two subjects
BLOCK_BYTES = 128 * 2**20  # of complex phasors at a time


def phase_synchrony(
    cube: xr.DataArray,
    *,
    window: float | None = DEFAULT_WINDOW,
    step: float = DEFAULT_STEP,
    measure: Measure = "consistency",
    min_valid: float = MIN_VALID,
) -> xr.DataArray:
    """Similarity of the subjects' instantaneous phases, averaged over sliding windows.

    The phase is the angle of the analytic signal (Hilbert transform over the whole recording). It has a meaning for
    narrow bands only: filter first, ``isc.phase_synchrony(isc.bandpass(cube, low=8, high=12))``.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        Band-limited series. NaN is missing: the subject is left out of that sample.
    window : float or None
        Seconds; None gives every sample a window of its own, the resolution for which phases are used.
    step : float
        Seconds; without meaning when `window` is None.
    measure : {"consistency", "resultant"}
        With R the length of the mean of n unit phasors: ``consistency`` is (n R^2 - 1) / (n - 1), the mean over
        dyads of the cosine of their phase difference, 0 by chance for any n; ``resultant`` is R itself, 1 / sqrt(n)
        and more by chance.
    min_valid : float
        Share of a window's samples that need at least two subjects; below it the result is NaN.

    Returns
    -------
    DataArray ``phase_synchrony``, dims (window, feature dims), float32, unit 1
        Coords of the windows as in `isc.temporal_isc`; ``n_subject`` (window, feature): fewest subjects in any of the
        samples used.

    Raises
    ------
    TypeError, ValueError
        When the cube or a parameter cannot be used.

    References
    ----------
    Glerean et al. 2012, Brain Connect 2:91-101, doi:10.1089/brain.2011.0068 (inter-subject phase synchronization).
    Vinck et al. 2010, NeuroImage 51:112-122, doi:10.1016/j.neuroimage.2010.01.073 (pairwise phase consistency).

    Examples
    --------
    >>> seconds = np.arange(400) / 40
    >>> wave = np.sin(2 * np.pi * 2 * seconds)
    >>> cube = xr.DataArray([wave, wave, wave], dims=("subject", "time"), coords={"time": seconds})
    >>> phase_synchrony(cube, window=5, step=5).values.round(3).tolist()
    [1.0, 1.0]
    """
    series, windows = _prepare(cube, window, step, measure, min_valid)
    parts = [_in_windows(phasors, windows, measure, min_valid) for phasors in _phasors(series)]
    values, count = (np.concatenate(pair, axis=1) for pair in zip(*parts, strict=True))
    shape = (windows.starts.size, *series.shape)
    coords = {**series.coords, **window_coords(windows, onset=series.onset)}
    coords["n_subject"] = xr.Variable(("window", *series.dims), count.reshape(shape), {"units": "1"})
    return xr.DataArray(
        values.reshape(shape).astype(np.float32),
        dims=("window", *series.dims),
        coords=coords,
        name="phase_synchrony",
        attrs={**_attrs(windows, window, step, measure), "n_subject": cube.sizes["subject"]},
    )


def phase_null(
    cube: xr.DataArray,
    *,
    window: float | None = DEFAULT_WINDOW,
    step: float = DEFAULT_STEP,
    measure: Measure = "consistency",
    min_valid: float = MIN_VALID,
    scheme: WholeScheme = "circular_shift",
    block: float | None = None,
    n_surrogates: int = 1000,
    seed: int = 0,
    scope: Literal["recording", "window"] = "recording",
) -> xr.DataArray:
    """Smallest and largest phase synchrony of surrogate subjects, for `isc.p_values` and `isc.thresholds`.

    Draws, refusals and attrs are those of `isc.null_extremes` for the same scheme and seed.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        As in `phase_synchrony`, as are all options up to `min_valid`; at least three subjects.
    window : float or None
    step : float
    measure : {"consistency", "resultant"}
    min_valid : float
    scheme : {"circular_shift", "sign_flip", "block"}
        What happens to each subject's phases, the same for all features: they are shifted by one random amount, turned
        by half a cycle or not, or cut into blocks in random order.
    block : float, optional
        For ``block``: seconds, at least a window; the window by default.
    n_surrogates : int
        Surrogate data sets; fewer where there are fewer patterns of signs.
    seed : int
        The same seed gives the same numbers for any order of subjects.
    scope : {"recording", "window"}
        Extremes over features and windows, or over features in each window.

    Returns
    -------
    DataArray ``null``, dims (surrogate, extreme) or (surrogate, extreme, window), float64

    Raises
    ------
    ValueError
        When an option is not known, the scheme says nothing about the recording, or there are fewer than three
        subjects.

    Warns
    -----
    UserWarning
        With three or four subjects.

    References
    ----------
    Nichols & Holmes 2002, Hum Brain Mapp 15:1-25, doi:10.1002/hbm.1058 (maximum statistic).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cube = xr.DataArray(rng.normal(size=(5, 200)), dims=("subject", "time"), coords={"time": np.arange(200) / 20})
    >>> phase_null(cube, n_surrogates=5).dims
    ('surrogate', 'extreme')
    """
    if scope not in ("recording", "window"):
        raise ValueError(f"scope must be recording or window; given {scope!r}")
    series, windows = _prepare(cube, window, step, measure, min_valid)
    chosen = whole_subjects(cube, windows, scheme=scheme, block=block, n_surrogates=n_surrogates, seed=seed)
    if "caution" in chosen.attrs:
        warnings.warn(str(chosen.attrs["caution"]), UserWarning, stacklevel=2)
    extremes = np.stack([np.full((chosen.n_surrogates, windows.starts.size), v) for v in (np.inf, -np.inf)], axis=1)
    for phasors in _phasors(series):
        ordered = phasors[chosen.order]
        for k in range(chosen.n_surrogates):
            values, _ = _in_windows(_moved(ordered, chosen.move(k)), windows, measure, min_valid)
            values = values.astype(np.float32)  # as the observed ones are, so that equal values are ties
            extremes[k, 0] = np.fmin(extremes[k, 0], np.fmin.reduce(values, axis=1))
            extremes[k, 1] = np.fmax(extremes[k, 1], np.fmax.reduce(values, axis=1))
    extremes[~np.isfinite(extremes)] = np.nan
    coords = {"extreme": ["min", "max"], **window_coords(windows, onset=series.onset)}
    null = xr.DataArray(extremes, dims=("surrogate", "extreme", "window"), coords=coords, name="null")
    if scope == "recording":
        ends = [np.fmin.reduce(extremes[:, 0], axis=1), np.fmax.reduce(extremes[:, 1], axis=1)]
        null = null.isel(window=0, drop=True).drop_vars(["time", "start", "stop", "start_sample"], errors="ignore")
        null = null.copy(data=np.stack(ends, axis=1))
    return null.assign_attrs({**_attrs(windows, window, step, measure), **chosen.attrs, "scope": scope})


def _prepare(
    cube: xr.DataArray, window: float | None, step: float, measure: str, min_valid: float
) -> tuple[FeatureSeries, Windows]:
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}; given {measure!r}")
    if not 0 < min_valid <= 1:
        raise ValueError(f"min_valid is a share between 0 and 1; given {min_valid}")
    series = as_series(cube, space="axes")
    n_time = cube.sizes["time"]
    if window is None:
        return series, Windows(np.arange(n_time), 1, series.rate)
    return series, sliding_windows(n_time, rate=series.rate, window=window, step=step)


def _phasors(series: FeatureSeries) -> Iterator[np.ndarray]:
    """Unit phasors (subject, time, feature), 0 where missing, for one block of features after the other."""
    n_subject, n_time, n_feature, _ = series.values.shape
    size = max(1, BLOCK_BYTES // (16 * n_subject * n_time))
    for first in range(0, n_feature, size):
        values = series.values[:, :, first : first + size, 0]
        rows = np.moveaxis(values, 1, 2).reshape(-1, n_time)
        known = np.isfinite(rows)
        moving = np.flatnonzero(known.any(axis=1))
        phasors = np.zeros(rows.shape, dtype=np.complex64)
        signal = analytic_signal(bridge_gaps(rows[moving]))
        length = np.abs(signal)
        some = length > np.finfo(np.float32).eps * length.max(axis=1, keepdims=True, initial=0.0)
        phasors[moving] = np.where(some & known[moving], signal / np.where(some, length, 1.0), 0)
        yield np.moveaxis(phasors.reshape(n_subject, values.shape[2], n_time), 2, 1)


def _moved(phasors: np.ndarray, move: Move) -> np.ndarray:
    """Phasors of a surrogate."""
    return np.stack([move.of(k, one) for k, one in enumerate(phasors)])


def _in_windows(phasors: np.ndarray, windows: Windows, measure: str, min_valid: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean over each window's samples (window, feature), and the fewest subjects in one of them."""
    count = (phasors != 0).sum(axis=0)
    usable = count >= 2
    length = np.abs(phasors.sum(axis=0, dtype=np.complex128))
    n = np.where(usable, count, 2)
    each = (length**2 / n - 1) / (n - 1) if measure == "consistency" else length / n
    total = _window_sums(np.where(usable, each, 0.0), windows)
    samples = _window_sums(usable.astype(np.float64), windows)
    enough = samples >= min_valid * windows.length
    values = np.where(enough, total / np.maximum(samples, 1), np.nan)
    fewest = np.stack(
        [np.where(usable, count, count.max() + 1)[s : s + windows.length].min(axis=0) for s in windows.starts]
    )
    return values, np.where(enough, fewest, 0)


def _window_sums(x: np.ndarray, windows: Windows) -> np.ndarray:
    """Sums (window, feature) of values (time, feature) over every window."""
    running = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0)])
    return running[windows.starts + windows.length] - running[windows.starts]


def _attrs(windows: Windows, window: float | None, step: float, measure: str) -> dict[str, float | str | int]:
    one = 1 / windows.rate
    return {
        "units": "1",
        "long_name": "inter-subject phase synchrony",
        "measure": measure,
        "window_s": one if window is None else float(window),
        "step_s": one if window is None else float(step),
        "window_samples": windows.length,
        "rate_hz": windows.rate,
    }

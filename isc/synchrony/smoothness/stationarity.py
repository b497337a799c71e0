"""Does smoothness change during the recording, for everybody at the same time? Then a circular shift cannot hold.

The integrated autocorrelation time of a single window is too noisy to tell: windows of 150 samples of one stationary
process differ by a factor of four. So the lag-1 autocorrelation is used, averaged over features and subjects, and
its changes are compared with those that remain when every subject's course is shifted by itself.
"""

from typing import NamedTuple

import numpy as np

from isc.kernels.nulls import surrogates
from isc.windows import Windows

N_SHIFTS = 199  # chance courses; the smallest p is 1 / 200
LARGEST_LAG1 = 1 - 1e-6  # a straight line has lag-1 autocorrelation 1 but for the ends
MAX_WINDOWS = 100  # looked at for the deviation of r by chance, evenly chosen
FEWEST_COURSE_WINDOWS = 6  # below, the shifts of a course are too few to tell chance from change


class Smoothness(NamedTuple):
    """Smoothness in every window.

    Attributes
    ----------
    lag1 : ndarray, shape (window,)
        Lag-1 autocorrelation within the window, mean over subjects and features.
    time : ndarray, shape (window,)
        Autocorrelation time (1 + lag1) / (1 - lag1) in samples, as of a first-order autoregression: geometric mean
        over subjects and features. Centring a window makes it too short for smooth series, in all windows alike.
    ratio : float
        Largest over smallest time.
    p : float
        Of changes that subjects share: how often courses shifted subject by subject vary as much in the mean. NaN
        for fewer than six windows.
    """

    lag1: np.ndarray
    time: np.ndarray
    ratio: float
    p: float


def smoothness(series: np.ndarray, windows: Windows, *, keys: np.ndarray, seed: int = 0) -> Smoothness:
    """How smooth series are in every window, and whether that changes for everybody at once.

    Parameters
    ----------
    series : ndarray, shape (subject, time, feature)
        Windows of a series that are not complete, or flat, are left out.
    windows : Windows
    keys : ndarray of uint64, shape (subject,)
        From `isc.kernels.nulls.surrogates.subject_keys`: results do not depend on the order of subjects.
    seed : int
        Of the shifts.

    Returns
    -------
    Smoothness

    Examples
    --------
    >>> from isc.windows import sliding_windows
    >>> white = np.random.default_rng(0).normal(size=(8, 1500, 4))
    >>> keys = surrogates.subject_keys("abcdefgh")
    >>> found = smoothness(white, sliding_windows(1500, rate=30.0), keys=keys)
    >>> bool(abs(found.time.mean() - 1) < 0.1), bool(found.ratio < 2)
    (True, True)
    """
    lag1, course = [], []
    for subject in series:
        within = _lag1(subject.T, windows)
        lag1.append(finite_mean(within, axis=0))
        course.append(finite_mean(_log_time(within), axis=0))
    mean = finite_mean(np.stack(course), axis=0)
    known = mean[np.isfinite(mean)]
    ratio = float(np.exp(known.max() - known.min())) if known.size else np.nan
    return Smoothness(
        finite_mean(np.stack(lag1), axis=0), np.exp(mean), ratio, _shared_change(np.stack(course), keys, seed)
    )


def _lag1(series: np.ndarray, windows: Windows) -> np.ndarray:
    """Lag-1 autocorrelation (feature, window) of series (feature, time), each window about its own mean."""
    x = series.astype(np.float64)
    x = x - finite_mean(x, axis=-1)[:, None]
    complete = np.isfinite(x)
    x = np.where(complete, x, 0.0)
    first, last, n = windows.starts, windows.starts + windows.length, windows.length
    sums, squares, products = _running(x), _running(x * x), _running(x[:, :-1] * x[:, 1:])
    mean = (sums[:, last] - sums[:, first]) / n
    power = squares[:, last] - squares[:, first] - n * mean**2
    ends = 2 * n * mean - x[:, first] - x[:, last - 1]  # every sample but the first, and but the last
    lagged = products[:, last - 1] - products[:, first] - mean * ends + (n - 1) * mean**2
    usable = (_running(complete)[:, last] - _running(complete)[:, first] == n) & (power > 1e-9 * squares[:, -1:])
    return np.where(usable, lagged / np.where(usable, power, 1.0), np.nan)


def _running(values: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, 2, ... values."""
    return np.pad(np.cumsum(values, axis=-1, dtype=np.float64), ((0, 0), (1, 0)))


def _log_time(lag1: np.ndarray) -> np.ndarray:
    r = np.clip(lag1, -LARGEST_LAG1, LARGEST_LAG1)
    return np.log((1 + r) / (1 - r))


def _shared_change(course: np.ndarray, keys: np.ndarray, seed: int) -> float:
    """P of the variance over windows of the mean course (subject, window) under one shift a subject."""
    known = np.isfinite(course).any(axis=1)
    course, keys = course[known], keys[known]
    n_subject, n_window = course.shape
    if n_window < FEWEST_COURSE_WINDOWS or n_subject < 2:
        return np.nan
    observed = np.nanvar(finite_mean(course, axis=0))
    beyond = 0
    for number in range(N_SHIFTS):
        shifts = surrogates.uniform_shifts(seed, number, keys, n_window)
        places = (np.arange(n_window) + shifts[:, None]) % n_window
        beyond += bool(np.nanvar(finite_mean(np.take_along_axis(course, places, axis=1), axis=0)) >= observed)
    return (beyond + 1) / (N_SHIFTS + 1)


def chance_deviation(series: np.ndarray, windows: Windows) -> float:
    """Standard deviation of r between two unrelated people in one window, from the smoothness within windows.

    For independent x and y of zero mean ``var r = sum_st E[x_s x_t / sum x^2] E[y_s y_t / sum y^2]``; with a(k) the
    mean of ``sum_t x_t x_(t+k) / sum x^2`` over windows that is ``1 / L + 2 sum_k a(k)^2 / (L - k)``. Unlike
    Bartlett's formula it counts what centring a window takes out of slow series.

    Parameters
    ----------
    series : ndarray, shape (subject, time, feature)
        Windows that are not complete, or flat, are left out.
    windows : Windows

    Returns
    -------
    float
        The root mean square over features; NaN when no window is complete.

    References
    ----------
    Bartlett 1946, J R Stat Soc Suppl 8:27-41, doi:10.2307/2983611.

    Examples
    --------
    >>> from isc.windows import sliding_windows
    >>> white = np.random.default_rng(0).normal(size=(8, 1500, 4))
    >>> round(float(chance_deviation(white, sliding_windows(1500, rate=30.0)) * np.sqrt(149)), 1)
    1.0
    """
    n, step = windows.length, max(1, -(-windows.starts.size // MAX_WINDOWS))
    lags = np.arange(1, n)
    total, count = np.zeros((series.shape[2], n - 1)), np.zeros((series.shape[2], 1))
    for start in windows.starts[::step]:
        x = np.moveaxis(series[:, start : start + n], 1, 2).astype(np.float64)
        x = x - x.mean(axis=-1, keepdims=True)
        power = (x**2).sum(axis=-1)
        usable = power > 1e-12 * (np.abs(series[:, start]) ** 2) * n  # neither flat nor NaN
        spectrum = np.abs(np.fft.rfft(np.where(usable[..., None], x, 0.0), 2 * n)) ** 2
        product = np.fft.irfft(spectrum, 2 * n)[..., 1:n]
        total += (product / np.where(usable, power, 1.0)[..., None]).sum(axis=0)
        count += usable.sum(axis=0)[:, None]
    known = count[:, 0] > 0
    variance = 1 / n + 2 * ((total[known] / count[known]) ** 2 / (n - lags)).sum(axis=1)
    return float(np.sqrt(variance.mean())) if known.any() else np.nan


def finite_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean of what is finite; NaN where nothing is."""
    count = np.isfinite(values).sum(axis=axis)
    total = np.where(np.isfinite(values), values, 0.0).sum(axis=axis, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)

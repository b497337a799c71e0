"""Windows laid end to end, each without its own straight line."""

import numpy as np
from numba import njit

MINIMUM_FOR_A_LINE = 3  # finite samples; fewer leave nothing once a line is taken out


@njit(nogil=True, cache=True, error_model="numpy")
def _detrend(samples: np.ndarray, result: np.ndarray) -> None:
    """Least-squares line through the finite samples taken out, in float64; NaN stays NaN."""
    count, mean_t, mean_x = 0, 0.0, 0.0
    for t in range(samples.size):
        if np.isfinite(samples[t]):
            count += 1
            mean_t += t
            mean_x += samples[t]
    if count < MINIMUM_FOR_A_LINE:
        result[:] = np.nan
        return
    mean_t, mean_x = mean_t / count, mean_x / count
    power, product, energy = 0.0, 0.0, 0.0
    for t in range(samples.size):
        if np.isfinite(samples[t]):
            power += (t - mean_t) ** 2
            product += (t - mean_t) * (samples[t] - mean_x)
            energy += (samples[t] - mean_x) ** 2
    slope = product / power
    straight = energy - slope * product <= 1e-10 * energy  # nothing but a line: flat once it is gone
    for t in range(samples.size):
        value = 0.0 if straight else samples[t] - mean_x - slope * (t - mean_t)
        result[t] = value if np.isfinite(samples[t]) else np.nan


@njit(nogil=True, cache=True, error_model="numpy")
def _fill_windows(series: np.ndarray, starts: np.ndarray, length: int, result: np.ndarray) -> None:
    for f in range(series.shape[0]):
        for c in range(series.shape[1]):
            for s in range(series.shape[2]):
                for k in range(starts.size):
                    samples = series[f, c, s, starts[k] : starts[k] + length]
                    _detrend(samples, result[f, c, s, k * length : (k + 1) * length])


def detrended_windows(series: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Samples of every window without the window's linear trend, window after window.

    Parameters
    ----------
    series : ndarray of float32, shape (feature, component, subject, time)
    starts : ndarray of int64, shape (window,)
    length : int
        Samples in a window.

    Returns
    -------
    ndarray of float32, shape (feature, component, subject, window * length)
        Window k lies at ``k * length``. NaN where the sample was not finite; a window that is a straight line
        becomes zeros, which every statistic treats as flat.

    Examples
    --------
    >>> line = np.arange(6, dtype=np.float32).reshape(1, 1, 1, 6)
    >>> detrended_windows(line, np.array([0, 2]), 4).ravel().tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    starts = np.ascontiguousarray(starts, dtype=np.int64)
    result = np.empty((*series.shape[:3], starts.size * length), dtype=np.float32)
    _fill_windows(series, starts, length, result)
    return result

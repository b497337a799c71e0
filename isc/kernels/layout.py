"""From the order people store (time outside) to the order kernels read (time inside)."""

from typing import Any

import numpy as np
from numba import njit

TIME_TILE, FEATURE_TILE = 64, 16


@njit(nogil=True, error_model="numpy", cache=True)
def _first_finite(values: Any) -> float:
    """First finite value of a series; 0 when there is none."""
    for t in range(values.size):
        if np.isfinite(values[t]):
            return float(values[t])
    return 0.0


@njit(nogil=True, error_model="numpy", cache=True)
def _relayout(values: Any, series: Any) -> None:
    """series (feature, component, subject, time) = values (subject, time, feature, component) less their first."""
    n_subject, n_time, n_feature, n_component = values.shape
    origin = np.empty((FEATURE_TILE, n_component))
    for s in range(n_subject):
        for f0 in range(0, n_feature, FEATURE_TILE):
            f1 = min(f0 + FEATURE_TILE, n_feature)
            for f in range(f0, f1):
                for c in range(n_component):
                    origin[f - f0, c] = _first_finite(values[s, :, f, c])
            for t0 in range(0, n_time, TIME_TILE):
                t1 = min(t0 + TIME_TILE, n_time)
                for f in range(f0, f1):
                    for c in range(n_component):
                        for t in range(t0, t1):
                            series[f, c, s, t] = np.float32(values[s, t, f, c] - origin[f - f0, c])


def relayout(values: np.ndarray) -> np.ndarray:
    """Series in the order the kernels read, each less its first finite value.

    The subtraction is done in float64 before the values are rounded to float32, so that an offset of 1e8 costs no
    precision; a correlation does not change by it.

    Parameters
    ----------
    values : ndarray, shape (subject, time, feature, component)
        Any real dtype, byte order and strides. NaN stays NaN.

    Returns
    -------
    ndarray of float32, shape (feature, component, subject, time), C order

    Examples
    --------
    >>> relayout(1e8 + np.arange(3.0).reshape(1, 3, 1, 1)).ravel().tolist()
    [0.0, 1.0, 2.0]
    """
    kind = np.float32 if values.dtype == np.float16 else values.dtype.newbyteorder("=")
    native = values.astype(kind, copy=False)
    n_subject, n_time, n_feature, n_component = values.shape
    series = np.empty((n_feature, n_component, n_subject, n_time), dtype=np.float32)
    _relayout(native, series)
    return series

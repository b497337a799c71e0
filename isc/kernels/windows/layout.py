"""From the order people store (time outside) to the order kernels read (time inside)."""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.vectors.simd import FAST, LANES, load, transpose
from isc.kernels.windows.plan import in_threads

TIME_TILE = 512  # samples transposed at a time: long runs of writes cost a fifth less than runs of 64
LOOKS = 15  # samples among which a typical value is sought


@njit(nogil=True, error_model="numpy", cache=True)
def typical_values(values: Any, origin: Any) -> None:
    """A typical value of every series, values (time, series) to origin (series,); 0 when nothing is finite."""
    # The lower median of the finite values among fifteen samples, else the first finite value: a first sample may be an
    # outlier, and float32 would have no digits left for the small differences between numbers so far from it.
    n_time = values.shape[0]
    step, sorted_values = max(1, n_time // LOOKS), np.empty(LOOKS, values.dtype)
    for k in range(values.shape[1]):
        count = 0
        for look in range(min(LOOKS, n_time)):
            value = values[look * step, k]
            if np.isfinite(value):
                place = count
                while place > 0 and sorted_values[place - 1] > value:
                    sorted_values[place] = sorted_values[place - 1]
                    place -= 1
                sorted_values[place] = value
                count += 1
        origin[k] = sorted_values[(count - 1) // 2] if count else first_finite(values[:, k])


@njit(nogil=True, error_model="numpy", cache=True)
def first_finite(series: Any) -> Any:
    """First finite value of a series, 0 when there is none."""
    for value in series:
        if np.isfinite(value):
            return value
    return series.dtype.type(0)


@njit(**FAST)
def _transpose_whole(values: Any, origin: Any, shape: Any, begin: int, pitch: int, series: Any) -> None:
    """Whole 8 x 8 tiles of values, flat, into series (series, subject, time), flat.

    shape is (subjects, samples, series, subject). The sample t of series k lies at ``begin + t * pitch + k``.
    """
    n_subject, n_time, n_series, s = shape
    for t0 in range(0, n_time - n_time % LANES, TIME_TILE):
        t1 = min(t0 + TIME_TILE, n_time - n_time % LANES)
        for k in range(0, n_series - n_series % LANES, LANES):
            shift = load(origin, k)
            for t in range(t0, t1, LANES):
                spot = (k * n_subject + s) * n_time + t
                transpose(values, begin + t * pitch + k, pitch, shift, series, spot, n_subject * n_time)


@njit(nogil=True, error_model="numpy", cache=True)
def _transpose_rest(values: Any, origin: Any, series: Any, first_time: int, first_series: int) -> None:
    """Scalar copy of values (time, series) to series (series, time) from a time or a series number on."""
    for k in range(values.shape[1]):
        for t in range(0 if k >= first_series else first_time, values.shape[0]):
            series[k, t] = np.float32(values[t, k] - origin[k])


def relayout(
    values: np.ndarray,
    *,
    features: slice = slice(None),
    out: np.ndarray | None = None,
    n_threads: int = 1,
) -> np.ndarray:
    """Series in the order the kernels read, each less a typical value of its own.

    The subtraction is done before the values are rounded to float32, so that an offset of 1e8 costs no precision; a
    correlation does not change by it.

    Parameters
    ----------
    values : ndarray, shape (subject, time, feature, component)
        Any real dtype, byte order and strides; float32 in C order is the quick case.
    features : slice
        Features to lay out; the others are not read.
    out : ndarray of float32, optional
        Where to write; at least as many values, flat.
    n_threads : int
        Subjects are shared out among threads.

    Returns
    -------
    ndarray of float32, shape (feature, component, subject, time), C order
        A view of `out` where it is given.

    Examples
    --------
    >>> relayout(1e8 + np.arange(3.0).reshape(1, 3, 1, 1)).ravel().tolist()
    [-1.0, 0.0, 1.0]
    """
    first, last, _ = features.indices(values.shape[2])
    kind = np.float32 if values.dtype.kind == "f" and values.dtype.itemsize <= 4 else np.float64
    if not (values.dtype == kind and values.flags.c_contiguous):
        values, first, last = np.ascontiguousarray(values[:, :, first:last], dtype=kind), 0, last - first
    n_subject, n_time, n_all, n_component = values.shape
    begin, n_series = first * n_component, (last - first) * n_component
    flat = np.empty(n_subject * n_time * n_series, np.float32) if out is None else out[: n_subject * n_time * n_series]
    matrix = values.reshape(n_subject, n_time, n_all * n_component)[:, :, begin : begin + n_series]
    whole = (n_time - n_time % LANES, n_series - n_series % LANES) if kind is np.float32 else (0, 0)

    def run(s: int) -> None:
        origin, pitch = np.zeros(n_series + LANES, dtype=kind), n_all * n_component
        typical_values(matrix[s], origin)
        if kind is np.float32:
            shape = (n_subject, n_time, n_series, s)
            _transpose_whole(values.reshape(-1), origin, shape, s * n_time * pitch + begin, pitch, flat)
        _transpose_rest(matrix[s], origin, flat.reshape(n_series, n_subject, n_time)[:, s], *whole)

    in_threads(run, [(s,) for s in range(n_subject)], n_threads)
    return flat.reshape(last - first, n_component, n_subject, n_time)

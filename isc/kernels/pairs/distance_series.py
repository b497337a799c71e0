"""Distances of some vertex pairs as stored series, where a statistic needs whole series."""

from typing import Any

import numpy as np
from numba import njit

TIME_TILE = 64  # frames whose landmarks stay in cache while pairs pass


def distance_series(landmarks: np.ndarray, vertex_a: np.ndarray, vertex_b: np.ndarray) -> np.ndarray:
    """Distances of some vertex pairs as series.

    Parameters
    ----------
    landmarks : ndarray, shape (subject, time, vertex, axis)
    vertex_a, vertex_b : ndarray of int, shape (pair,)

    Returns
    -------
    ndarray of float32, shape (pair, 1, subject, time)

    Examples
    --------
    >>> points = np.array([[[[0.0, 0.0], [3.0, 4.0]]]])
    >>> distance_series(points, np.array([0]), np.array([1])).ravel().tolist()
    [5.0]
    """
    series = np.empty((len(vertex_a), 1, *landmarks.shape[:2]), dtype=np.float32)
    _fill(landmarks, np.asarray(vertex_a, dtype=np.int64), np.asarray(vertex_b, dtype=np.int64), series)
    return series


@njit(nogil=True, error_model="numpy", cache=True)
def _fill(landmarks: Any, vertex_a: Any, vertex_b: Any, series: Any) -> None:  # pragma: no cover - compiled
    n_subject, n_time, _, n_axis = landmarks.shape
    for s in range(n_subject):
        for first in range(0, n_time, TIME_TILE):
            stop = min(first + TIME_TILE, n_time)
            for p in range(vertex_a.size):
                a, b = vertex_a[p], vertex_b[p]
                for t in range(first, stop):
                    square = 0.0
                    for axis in range(n_axis):
                        gap = np.float64(landmarks[s, t, a, axis]) - np.float64(landmarks[s, t, b, axis])
                        square += gap * gap
                    series[p, 0, s, t] = np.sqrt(square)

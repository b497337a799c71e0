"""Correlation matrices of vertex distances, formed in cache from landmarks packed for a few windows at a time."""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.pairs.packing import PackedWindows
from isc.kernels.subjects.exact import MATRIX, exact_windows
from isc.kernels.subjects.matrices import correlation_windows, make_products
from isc.kernels.vectors.simd import FAST, LANES
from isc.kernels.windows.plan import make_workspace
from isc.kernels.windows.sources import fill_distances

Arrays = tuple[np.ndarray, np.ndarray]


def packed_matrices(chunk: PackedWindows, first: np.ndarray, second: np.ndarray, least: int) -> Arrays:
    """Correlation matrices of some pairs in the windows of a chunk, on one thread.

    Parameters
    ----------
    chunk : PackedWindows
    first, second : ndarray of int, shape (pair,)
        Positions among the packed vertices.
    least : int
        Fewest finite samples of a subject in a window.

    Returns
    -------
    value : ndarray of float32, shape (pair, window, subject, subject)
    n_subject : ndarray of int32, shape (pair, window)
    """
    n, n_window = chunk.shape[0], chunk.plan.starts.size
    value = np.empty((first.size, n_window, n, n), dtype=np.float32)
    count = np.empty((first.size, n_window), dtype=np.int32)
    work = make_workspace(chunk.plan, np.array([0, n_window]), 1, n)
    _matrices(
        chunk.packed, chunk.stride, chunk.shape, first, second, chunk.plan, least, work, make_products(work, n), value,
        count,
    )  # fmt: skip
    for pair in np.flatnonzero((count < 0).any(axis=1)):
        _repair(chunk, int(first[pair]), int(second[pair]), least, value[pair], count[pair])
    return value, count


@njit(**FAST)
def _matrices(
    packed: Any,
    stride: int,
    shape: Any,
    vertex_a: Any,
    vertex_b: Any,
    plan: Any,
    least: int,
    work: Any,
    extra: Any,
    value: Any,
    count: Any,
) -> None:
    n_window = plan.starts.size
    n_time = plan.starts[n_window - 1] + plan.length - plan.starts[0]
    for p in range(vertex_a.size):
        fill_distances(packed, shape, stride, vertex_a[p], vertex_b[p], n_time, work)
        correlation_windows(plan, 0, n_window, least, (1, shape[0]), work, extra, value[p], count[p])


def _repair(chunk: PackedWindows, a: int, b: int, least: int, value: np.ndarray, count: np.ndarray) -> None:
    """Windows of a pair that the fast path marked with -1, by the exact one."""
    n, n_axis = chunk.shape
    marked = np.flatnonzero(count < 0)
    points = chunk.packed[:-LANES].reshape(-1, n, n_axis, chunk.stride)
    gap = points[a].astype(np.float64) - points[b]
    series = np.sqrt((gap**2).sum(axis=1))[None].astype(np.float32)
    result, n_subject = np.empty((marked.size, n * n), np.float32), np.empty(marked.size, np.int32)
    source = np.zeros(n, np.int64), np.empty((n, 0), np.int32)
    starts = chunk.plan.starts[marked] - chunk.plan.starts[0]
    exact_windows(series, starts, chunk.plan.length, source, least, MATRIX, result, n_subject)
    value[marked], count[marked] = result.reshape(-1, n, n), n_subject

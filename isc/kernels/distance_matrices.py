"""Correlation matrices of vertex distances, formed in cache from landmarks packed for a few windows at a time."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from isc.kernels.exact import MATRIX, exact_windows
from isc.kernels.matrices import correlation_windows, make_products
from isc.kernels.plan import Plan, in_threads, make_workspace, plan_windows, row_stride, slice_plan
from isc.kernels.simd import FAST, LANES
from isc.kernels.sources import fill_distances, pack_landmarks

Arrays = tuple[np.ndarray, np.ndarray]
NEAR = 8  # second vertices that stay in cache while first vertices pass
CHUNK_WINDOWS = 16  # windows whose landmarks are packed at a time: 107 MB for 21 people and 468 vertices


class PackedWindows(NamedTuple):
    """Landmarks of a few windows, and the windows.

    Attributes
    ----------
    packed : ndarray of float32, flat (vertex, subject, axis, stride)
    stride : int
    shape : tuple of int
        (subject, axis).
    plan : Plan
        Of these windows; sample 0 of the packed rows is the first sample of the first window.
    windows : slice
        Their numbers among all windows.
    """

    packed: np.ndarray
    stride: int
    shape: tuple[int, int]
    plan: Plan
    windows: slice


def in_mesh_order(places: np.ndarray) -> Arrays:
    """First and second vertices of pairs in the order that keeps second vertices in cache.

    Parameters
    ----------
    places : ndarray of int, shape (2, pair)

    Returns
    -------
    first, second : ndarray of int, shape (pair,)
    """
    order = np.lexsort((places[1], places[0], places[1] // NEAR))
    return np.ascontiguousarray(places[0][order]), np.ascontiguousarray(places[1][order])


def packed_windows(
    landmarks: np.ndarray,
    used: np.ndarray,
    starts: np.ndarray,
    length: int,
    source: Arrays,
    n_threads: int,
) -> Iterator[PackedWindows]:
    """Yield the landmarks of 16 windows after the other.

    Parameters
    ----------
    landmarks : ndarray of float32, shape (subject, time, vertex, axis)
    used : ndarray of int, shape (vertex,)
        Vertices to pack.
    starts : ndarray of int, shape (window,)
    length : int
    source : tuple of ndarray
        Shifts and frames from `isc.kernels.correlation.read_source`.
    n_threads : int
        Subjects are shared out among threads.

    Yields
    ------
    PackedWindows
    """
    plan = plan_windows(starts, length)
    n_subject, n_time, _, n_axis = landmarks.shape
    shifts, mixed = source
    for begin in range(0, plan.starts.size, CHUNK_WINDOWS):
        part = slice_plan(plan, begin, min(begin + CHUNK_WINDOWS, plan.starts.size))
        first, last = int(part.starts[0]), int(part.starts[-1]) + part.length
        stride = row_stride(last - first)
        packed = np.zeros(used.size * n_subject * n_axis * stride + LANES, dtype=np.float32)
        inside = np.arange(first, last)

        def pack(s: int, inside: np.ndarray = inside, stride: int = stride, packed: np.ndarray = packed) -> None:
            frames = mixed[s, inside] if mixed.size else ((inside + shifts[s]) % n_time).astype(np.int32)
            pack_landmarks(landmarks, s, frames, used, stride, packed)

        in_threads(pack, [(s,) for s in range(n_subject)], n_threads)
        yield PackedWindows(packed, stride, (n_subject, n_axis), part, slice(begin, begin + part.starts.size))


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

"""Windowed correlation between subjects of the distances between vertices, which are never stored.

The mean over dyads forms the distances of a few windows in the cache of the processor, from landmarks packed for these
windows. The other statistics form the series of a few pairs at a time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from isc.kernels import correlation
from isc.kernels.correlation import Arrays, Others, least_samples, read_source
from isc.kernels.distance_matrices import PackedWindows, packed_matrices, packed_windows
from isc.kernels.distance_series import distance_series
from isc.kernels.pairwise import pairwise_windows
from isc.kernels.plan import Plan, in_threads, make_workspace, plan_windows, row_stride, slice_plan, tiles
from isc.kernels.simd import FAST, LANES
from isc.kernels.sources import fill_distances, pack_landmarks

CHUNK_WINDOWS = 16  # windows whose landmarks are packed at a time: bounds memory, 107 MB for 21 people and 468 vertices
PAIR_TILE = 1024  # pairs a task of a thread
NEAR = 8  # second vertices that stay in cache while first vertices pass
MATRIX_PAIRS = 64  # pairs whose matrices are formed at a time
SERIES_PAIRS = 256  # pairs whose series are formed at a time where they have to be


def pairwise_mean_of_distances(
    landmarks: np.ndarray,
    vertex_a: np.ndarray,
    vertex_b: np.ndarray,
    starts: np.ndarray,
    length: int,
    *,
    shifts: np.ndarray | None = None,
    frames: np.ndarray | None = None,
    min_valid: float = 0.8,
    n_threads: int = 1,
) -> Arrays:
    """Mean over all dyads of the correlation of vertex distances in every window.

    Parameters
    ----------
    landmarks : ndarray of float32, shape (subject, time, vertex, axis)
        NaN where a face was lost.
    vertex_a, vertex_b : ndarray of int, shape (pair,)
        In any order; quickest where pairs of the same vertices stand together.
    starts : ndarray of int, shape (window,)
    length : int
    shifts : ndarray of int, shape (subject,), optional
    frames : ndarray of int, shape (subject, n), optional
    min_valid : float
    n_threads : int
        As in `isc.kernels.correlation.pairwise_mean`, as are all options.

    Returns
    -------
    value : ndarray of float32, shape (pair, window)
    n_subject : ndarray of int32, shape (pair, window)

    Examples
    --------
    >>> face = np.random.default_rng(0).normal(size=(1, 40, 3, 3)).astype(np.float32)
    >>> both = np.concatenate([face, 2 * face])
    >>> pairwise_mean_of_distances(both, np.array([0, 1]), np.array([1, 2]), np.array([0]), 40)[0].round(3).tolist()
    [[1.0], [1.0]]
    """
    plan, least = plan_windows(starts, length), least_samples(min_valid, length)
    used, places = np.unique(np.stack([vertex_a, vertex_b]), return_inverse=True)
    places = places.reshape(2, -1)
    order = np.lexsort((places[1], places[0], places[1] // NEAR))
    value = np.empty((len(vertex_a), plan.starts.size), dtype=np.float32)
    count = np.empty(value.shape, dtype=np.int32)
    source = read_source(landmarks.shape[0], shifts, frames)
    for begin, end in tiles(plan.starts.size, CHUNK_WINDOWS):
        part = slice_plan(plan, begin, end)
        packed, stride = _pack(landmarks, used, part, source, n_threads)
        shape = (landmarks.shape[0], landmarks.shape[3])
        results = value[:, begin:end], count[:, begin:end]
        _run_chunk(packed, stride, shape, places, order, part, least, results, n_threads)
    return value, count


def _pack(
    landmarks: np.ndarray, used: np.ndarray, part: Plan, source: Arrays, n_threads: int
) -> tuple[np.ndarray, int]:
    """Landmarks of the windows of a plan, flat (vertex, subject, axis, stride), and the stride."""
    n_subject, n_time, _, n_axis = landmarks.shape
    shifts, mixed = source
    first, last = int(part.starts[0]), int(part.starts[-1]) + part.length
    stride = row_stride(last - first)
    packed = np.zeros(used.size * n_subject * n_axis * stride + LANES, dtype=np.float32)

    def pack(s: int) -> None:
        frames = (
            mixed[s, first:last] if mixed.size else ((np.arange(first, last) + shifts[s]) % n_time).astype(np.int32)
        )
        pack_landmarks(landmarks, s, frames, used, stride, packed)

    in_threads(pack, [(s,) for s in range(n_subject)], n_threads)
    return packed, stride


def _run_chunk(
    packed: np.ndarray,
    stride: int,
    shape: tuple[int, int],
    places: np.ndarray,
    order: np.ndarray,
    part: Plan,
    least: int,
    results: Arrays,
    n_threads: int,
) -> None:
    """All pairs of one chunk of windows, tile by tile, into results (pair, window of the chunk)."""
    edges = np.array([0, part.starts.size])

    def run(first: int, last: int) -> None:
        work = make_workspace(part, edges, 1, shape[0])
        _pairs(packed, stride, shape, places[0], places[1], order[first:last], part, least, work, *results)

    in_threads(run, tiles(order.size, PAIR_TILE), n_threads)


@njit(**FAST)
def _pairs(
    packed: Any,
    stride: int,
    shape: Any,
    vertex_a: Any,
    vertex_b: Any,
    pairs: Any,
    plan: Any,
    least: int,
    work: Any,
    value: Any,
    count: Any,
) -> None:
    """Windows of some pairs; value and count are (pair, window)."""
    n_time = plan.starts[-1] + plan.length - plan.starts[0]
    for p in pairs:
        fill_distances(packed, shape, stride, vertex_a[p], vertex_b[p], n_time, work)
        pairwise_windows(plan, 0, plan.starts.size, least, (1, shape[0]), work, value[p], count[p])


def leave_one_out_of_distances(
    landmarks: np.ndarray,
    vertex_a: np.ndarray,
    vertex_b: np.ndarray,
    starts: np.ndarray,
    length: int,
    *,
    shifts: np.ndarray | None = None,
    frames: np.ndarray | None = None,
    others: Others = "surrogate",
    other_starts: np.ndarray | None = None,
    min_valid: float = 0.8,
    n_threads: int = 1,
) -> Arrays:
    """Correlation of each subject's vertex distances with the mean of the others' in every window.

    Parameters
    ----------
    landmarks : ndarray of float32, shape (subject, time, vertex, axis)
    vertex_a, vertex_b : ndarray of int, shape (pair,)
    starts : ndarray of int, shape (window,)
    length : int
    shifts : ndarray of int, shape (subject,), optional
    frames : ndarray of int, shape (subject, n), optional
    others : {"surrogate", "observed"}
    other_starts : ndarray of int, shape (window,), optional
    min_valid : float
    n_threads : int
        As in `isc.kernels.correlation.leave_one_out`, as are all options.

    Returns
    -------
    value : ndarray of float32, shape (pair, subject, window)
    n_subject : ndarray of int32, shape (pair, window)

    Examples
    --------
    >>> face = np.random.default_rng(0).normal(size=(1, 40, 3, 3)).astype(np.float32)
    >>> both = np.concatenate([face, 2 * face])
    >>> leave_one_out_of_distances(both, np.array([0]), np.array([1]), np.array([0]), 40)[0].round(3).tolist()
    [[[1.0], [1.0]]]
    """
    how: dict[str, Any] = {"shifts": shifts, "frames": frames, "others": others, "other_starts": other_starts}
    how |= {"min_valid": min_valid, "n_threads": n_threads}
    return _by_series(correlation.leave_one_out, landmarks, vertex_a, vertex_b, starts, length, how)


def correlation_matrices_of_distances(
    landmarks: np.ndarray,
    vertex_a: np.ndarray,
    vertex_b: np.ndarray,
    starts: np.ndarray,
    length: int,
    *,
    shifts: np.ndarray | None = None,
    frames: np.ndarray | None = None,
    min_valid: float = 0.8,
    n_threads: int = 1,
) -> Arrays:
    """Correlation of every subject's vertex distances with every other's in every window.

    Parameters
    ----------
    landmarks : ndarray of float32, shape (subject, time, vertex, axis)
    vertex_a, vertex_b : ndarray of int, shape (pair,)
    starts : ndarray of int, shape (window,)
    length : int
    shifts : ndarray of int, shape (subject,), optional
    frames : ndarray of int, shape (subject, n), optional
    min_valid : float
    n_threads : int
        As in `isc.kernels.correlation.correlation_matrices`, as are all options.

    Returns
    -------
    value : ndarray of float32, shape (pair, window, subject, subject)
    n_subject : ndarray of int32, shape (pair, window)

    Examples
    --------
    >>> face = np.random.default_rng(0).normal(size=(1, 40, 3, 3)).astype(np.float32)
    >>> both = np.concatenate([face, 2 * face])
    >>> correlation_matrices_of_distances(both, np.array([0]), np.array([1]), np.array([0]), 40)[0].round(3).tolist()
    [[[[1.0, 1.0], [1.0, 1.0]]]]
    """
    source, least = read_source(landmarks.shape[0], shifts, frames), least_samples(min_valid, length)
    used, places = np.unique(np.stack([vertex_a, vertex_b]), return_inverse=True)
    first, second = np.ascontiguousarray(places.reshape(2, -1))
    n = landmarks.shape[0]
    value = np.empty((len(vertex_a), len(starts), n, n), dtype=np.float32)
    count = np.empty(value.shape[:2], dtype=np.int32)
    for chunk in packed_windows(landmarks, used, starts, length, source, n_threads):

        def run(begin: int, end: int, chunk: PackedWindows = chunk) -> None:
            found = packed_matrices(chunk, first[begin:end], second[begin:end], least)
            value[begin:end, chunk.windows], count[begin:end, chunk.windows] = found

        in_threads(run, tiles(len(vertex_a), MATRIX_PAIRS), n_threads)
    return value, count


def _by_series(
    statistic: Callable[..., Arrays],
    landmarks: np.ndarray,
    vertex_a: np.ndarray,
    vertex_b: np.ndarray,
    starts: np.ndarray,
    length: int,
    how: dict[str, Any],
) -> Arrays:
    """A statistic of the distance series of a few pairs at a time."""
    values, counts = [], []
    for first, last in tiles(len(vertex_a), SERIES_PAIRS):
        series = distance_series(landmarks, vertex_a[first:last], vertex_b[first:last])
        value, count = statistic(series, starts, length, **how)
        values.append(value)
        counts.append(count)
    return np.concatenate(values), np.concatenate(counts)

"""Windowed correlation between subjects of the distances between vertices, which are never stored.

The mean over dyads forms the distances of a few windows in the cache of the processor, from landmarks packed for these
windows. The other statistics form the series of a few pairs at a time.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numba import njit

from isc.kernels import correlation
from isc.kernels.correlation import Arrays, Others, least_samples, read_source
from isc.kernels.dyads.pairwise import pairwise_windows
from isc.kernels.pairs.distance_matrices import packed_matrices
from isc.kernels.pairs.distance_series import distance_series
from isc.kernels.pairs.packing import PackedWindows, mesh_order, packed_windows
from isc.kernels.vectors.simd import FAST
from isc.kernels.windows.plan import in_threads, make_workspace, tiles
from isc.kernels.windows.sources import fill_distances

PAIR_TILE = 1024  # pairs a task of a thread
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
    value = np.empty((len(vertex_a), len(starts)), dtype=np.float32)
    count = np.empty(value.shape, dtype=np.int32)
    how: dict[str, Any] = {"shifts": shifts, "frames": frames, "min_valid": min_valid, "n_threads": n_threads}
    for windows, *part in pairwise_chunks_of_distances(landmarks, vertex_a, vertex_b, starts, length, **how):
        value[:, windows], count[:, windows] = part
        del part  # before the next ones are made
    return value, count


def pairwise_chunks_of_distances(
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
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """What `pairwise_mean_of_distances` gives, a few windows after the other: memory does not grow with the windows.

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
        As in `isc.kernels.correlation.pairwise_mean`, as are all options.

    Yields
    ------
    windows : slice
    value : ndarray of float32, shape (pair, window)
    n_subject : ndarray of int32, shape (pair, window)

    Examples
    --------
    >>> face = np.random.default_rng(0).normal(size=(2, 90, 3, 3)).astype(np.float32)
    >>> parts = pairwise_chunks_of_distances(face, np.array([0, 1]), np.array([1, 2]), np.arange(20), 40)
    >>> [(windows, value.shape) for windows, value, _ in parts]
    [(slice(0, 16, None), (2, 16)), (slice(16, 20, None), (2, 4))]
    """
    least, source = least_samples(min_valid, length), read_source(landmarks.shape[0], shifts, frames)
    used, places = np.unique(np.stack([vertex_a, vertex_b]), return_inverse=True)
    first, second = np.ascontiguousarray(places.reshape(2, -1))
    order = mesh_order(first, second)
    for chunk in packed_windows(landmarks, used, starts, length, source, n_threads):
        n_window = chunk.plan.starts.size
        value = np.empty((order.size, n_window), dtype=np.float32)
        count = np.empty(value.shape, dtype=np.int32)

        def run(
            begin: int, end: int, chunk: PackedWindows = chunk, value: np.ndarray = value, count: np.ndarray = count
        ) -> None:
            work = make_workspace(chunk.plan, np.array([0, chunk.plan.starts.size]), 1, chunk.shape[0])
            layout = (chunk.packed, chunk.shape, chunk.stride)
            _pairs(layout, first, second, order[begin:end], chunk.plan, least, work, value, count)

        in_threads(run, tiles(order.size, PAIR_TILE), n_threads)
        windows = chunk.windows
        del chunk, run  # before the next chunk is packed: two at a time would double the memory
        yield windows, value, count
        del value, count


@njit(**FAST)
def _pairs(
    layout: Any, vertex_a: Any, vertex_b: Any, pairs: Any, plan: Any, least: int, work: Any, value: Any, count: Any
) -> None:
    """Windows of some pairs; value and count are (pair, window)."""
    packed, shape, stride = layout
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
    how: dict[str, Any] = {"shifts": shifts, "frames": frames, "others": others}
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
        del chunk, run  # before the next chunk is packed: two at a time would double the memory
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

"""Landmarks of a few windows packed so that distances are formed from two sequential streams."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from isc.kernels.vectors.simd import LANES
from isc.kernels.windows.plan import Plan, in_threads, plan_windows, row_stride, slice_plan
from isc.kernels.windows.sources import pack_landmarks

Arrays = tuple[np.ndarray, np.ndarray]
NEAR = 8  # second vertices that stay in cache while first vertices pass
CHUNK_WINDOWS = 16  # windows packed at a time: their distances stay in cache
CHUNK_BYTES = 112 * 2**20  # packed at a time, unless one window needs more: 16 windows of 21 people and 468 vertices


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


def mesh_order(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Order of vertex pairs that keeps second vertices in cache.

    Parameters
    ----------
    first, second : ndarray of int, shape (pair,)

    Returns
    -------
    ndarray of int, shape (pair,)

    Examples
    --------
    >>> mesh_order(np.array([0, 0, 1]), np.array([1, 9, 2])).tolist()
    [0, 2, 1]
    """
    return np.lexsort((second, first, second // NEAR))


def packed_windows(
    landmarks: np.ndarray,
    used: np.ndarray,
    starts: np.ndarray,
    length: int,
    source: Arrays,
    n_threads: int,
) -> Iterator[PackedWindows]:
    """Yield the landmarks of a few windows after the other.

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
    for begin, end in _chunks(plan, CHUNK_BYTES // (4 * used.size * n_subject * n_axis)):
        part = slice_plan(plan, begin, end)
        first, last = int(part.starts[0]), int(part.starts[-1]) + part.length
        stride = row_stride(last - first)
        packed = np.zeros(used.size * n_subject * n_axis * stride + LANES, dtype=np.float32)
        inside = np.arange(first, last)

        def pack(s: int, inside: np.ndarray = inside, stride: int = stride, packed: np.ndarray = packed) -> None:
            frames = mixed[s, inside] if mixed.size else ((inside + shifts[s]) % n_time).astype(np.int32)
            pack_landmarks(landmarks, s, frames, used, stride, packed)

        in_threads(pack, [(s,) for s in range(n_subject)], n_threads)
        yield PackedWindows(packed, stride, (n_subject, n_axis), part, slice(begin, begin + part.starts.size))
        del packed, pack  # before the next chunk is packed: two at a time would double the memory


def _chunks(plan: Plan, n_time: int) -> list[tuple[int, int]]:
    """Runs of at most 16 windows that span at most `n_time` samples, at least one window each."""
    edges = [0]
    while edges[-1] < plan.starts.size:
        begin = edges[-1]
        fits = int(np.searchsorted(plan.starts, plan.starts[begin] + n_time - plan.length, "right"))
        edges.append(min(max(fits, begin + 1), begin + CHUNK_WINDOWS, plan.starts.size))
    return list(zip(edges[:-1], edges[1:], strict=True))

"""Where the rows of a workspace come from: stored series, shifted or shuffled, or distances formed from landmarks.

Compiled only. No copy of a shifted or shuffled study is ever made.
"""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.vectors.simd import FAST, LANES, load, multiply_add, square_root, store

TIME_TILE = 16  # frames packed at a time: the landmarks of a frame lie far apart


@njit(**FAST)
def copy_row(source: Any, begin: int, n_time: int, rows: Any, place: int) -> None:
    """rows[place : place+n_time] = source[begin : begin+n_time]."""
    full = n_time - n_time % LANES
    for t in range(0, full, LANES):
        store(rows, place + t, load(source, begin + t))
    for t in range(full, n_time):
        rows[place + t] = source[begin + t]


@njit(**FAST)
def fill_shifted(feature: Any, shifts: Any, begin: int, n_time: int, work: Any) -> None:
    """Rows = feature (component, subject, time) read from ``begin + shifts[subject]``, wrapping at the end."""
    n_component, n_subject, n_total = feature.shape
    for c in range(n_component):
        for s in range(n_subject):
            origin = (begin + shifts[s]) % n_total
            before = min(n_time, n_total - origin)
            place = (c * n_subject + s) * work.stride
            copy_row(feature[c, s], origin, before, work.rows, place)
            if before < n_time:
                copy_row(feature[c, s], 0, n_time - before, work.rows, place + before)


@njit(**FAST)
def fill_rows(feature: Any, begin: int, n_time: int, work: Any) -> None:
    """Rows = feature (component, subject, time) from sample `begin`."""
    n_subject = feature.shape[1]
    for c in range(feature.shape[0]):
        for s in range(n_subject):
            copy_row(feature[c, s], begin, n_time, work.rows, (c * n_subject + s) * work.stride)


@njit(**FAST)
def read_frames(feature: Any, frames: Any, mixed: Any) -> None:
    """Fill mixed (component, subject, n) = feature (component, subject, time) at frames (subject, n).

    A subject's whole row stays in the second-level cache meanwhile.
    """
    for c in range(feature.shape[0]):
        for s in range(feature.shape[1]):
            source, order, target = feature[c, s], frames[s], mixed[c, s]
            for t in range(order.size):
                target[t] = source[np.uint32(order[t])]


@njit(**FAST)
def fill_distances(packed: Any, shape: Any, stride: int, i: int, j: int, n_time: int, work: Any) -> None:
    """Rows = Euclidean distance of vertices i and j; packed is (vertex, subject, axis, stride), flat.

    shape is (subject, axis).
    """
    n_subject, n_axis = shape
    for s in range(n_subject):
        p, q, place = (i * n_subject + s) * n_axis * stride, (j * n_subject + s) * n_axis * stride, s * work.stride
        for t in range(0, n_time, LANES):
            gap = load(packed, p + t) - load(packed, q + t)
            square = gap * gap
            for axis in range(1, n_axis):
                gap = load(packed, p + t + axis * stride) - load(packed, q + t + axis * stride)
                square = multiply_add(gap, gap, square)
            store(work.rows, place + t, square_root(square))


@njit(nogil=True, error_model="numpy", cache=True)
def pack_landmarks(landmarks: Any, subject: int, frames: Any, used: Any, stride: int, packed: Any) -> None:
    """Landmarks (subject, time, vertex, axis) of a subject at `frames` (n_time,) into `packed`, vertices `used` only.

    `packed` is flat, in the order (vertex, subject, axis, stride).
    """
    n_subject, _, _, n_axis = landmarks.shape
    for first in range(0, frames.size, TIME_TILE):
        stop = min(TIME_TILE, frames.size - first)
        for k in range(used.size):
            for axis in range(n_axis):
                place = ((k * n_subject + subject) * n_axis + axis) * stride + first
                for u in range(stop):
                    packed[place + u] = landmarks[subject, frames[first + u], used[k], axis]

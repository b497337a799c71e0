"""Samples of sixteen features brought side by side, a chunk of windows at a time: the order ``(sample, row, feature)``.

They come from series or straight from a cube with time outside; a row is a component of a subject. What two chunks
of a cube share is moved, not read again. Compiled only.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from isc.kernels.vectors.simd import FAST
from isc.kernels.vectors.simd import LANES as PARTS
from isc.kernels.vectors.wide import (
    WIDE,
    ask_for,
    between,
    larger,
    load_wide,
    smaller,
    splat_wide,
    store_wide,
    transpose_wide,
)
from isc.kernels.windows.moments import ZERO
from isc.kernels.windows.plan import Plan

AHEAD = 64  # samples of a series: how long before they are read they are asked for
FRAMES_AHEAD = 8  # of a cube with time outside
GROUP = 6 * PARTS  # samples whose squares `isc.kernels.dyads.pairwise` adds together
ALL = 2**WIDE - 1  # lanes
AT_ONCE = 8  # samples whose weighted sums are formed together


class Chunk(NamedTuple):
    """Scratch memory of one thread for a chunk of windows, all arrays flat, sixteen lanes an entry.

    ``samples``: (tile of features, sample, row), ``size`` values a tile. ``head``, ``offset``, ``spread``: (tile, block
    modulo slots, row), as in `isc.kernels.windows.plan.Workspace`; a window has at most ``slots`` blocks. ``centre``
    (window, row), ``weight`` (window, subject), ``curve`` (window, sample): of two windows at a time; the curve is the
    weighted sum over the subjects. ``parts``: partial sums. ``power`` (window, component). ``place`` (row,): where the
    next chunk begins, `isc.kernels.dyads.ahead`.
    """

    samples: np.ndarray
    size: int
    slots: int
    head: np.ndarray
    offset: np.ndarray
    spread: np.ndarray
    centre: np.ndarray
    weight: np.ndarray
    curve: np.ndarray
    parts: np.ndarray
    power: np.ndarray
    place: np.ndarray


def make_chunk(plan: Plan, edges: np.ndarray, n_component: int, n_subject: int, n_tile: int = 1) -> Chunk:
    """Scratch memory large enough for every chunk of a plan, of `n_tile` times sixteen features."""
    n_row = n_component * n_subject
    slots, size = int((plan.stop - plan.first).max()), chunk_samples(plan, edges) * n_row
    moments = n_tile * slots * n_row
    entries = (n_tile * size, moments, moments, moments, 2 * n_row, 2 * n_subject)
    arrays = [_aligned(WIDE * n) for n in (*entries, 2 * (plan.length + GROUP), PARTS, 2 * n_component)]
    return Chunk(arrays[0], WIDE * size, slots, *arrays[1:], np.zeros(n_row, dtype=np.int64))


def chunk_samples(plan: Plan, edges: np.ndarray) -> int:
    """Samples that the longest chunk has room for: its own, and what whole vectors write beyond them."""
    begin, last = edges[:-1], edges[1:] - 1
    return int((plan.starts[last] + plan.length - plan.starts[begin]).max()) + 2 * WIDE


def _aligned(size: int) -> np.ndarray:
    """Zeros that begin a cache line."""
    buffer = np.zeros(size + WIDE, dtype=np.float32)
    first = -(buffer.ctypes.data // 4) % WIDE
    return buffer[first : first + size]


@njit(**FAST)
def keep_samples(first: int, stop: int, n_row: int, n_tile: int, chunk: Any) -> None:
    """Move samples first .. stop - 1 of the chunk to its beginning."""
    if first == 0:
        return
    for tile in range(n_tile):
        target, source = tile * chunk.size, tile * chunk.size + first * n_row * WIDE
        for place in range(0, (stop - first) * n_row * WIDE, WIDE):
            store_wide(chunk.samples, target + place, load_wide(chunk.samples, source + place))


@njit(**FAST)
def put_series(flat: Any, feature: int, shape: Any, shifts: Any, begin: int, ends: Any, chunk: Any) -> None:
    """Samples first .. last - 1 = ends of a chunk that begins at `begin`, of sixteen features.

    flat is (feature, component, subject, time), shape (component, subject, time). Up to a whole vector more is read.
    """
    n_component, n_subject, n_time = shape
    n_row = n_component * n_subject
    for row in range(n_row):
        here, origin = (feature * n_row + row) * n_time, (begin + ends[0] + shifts[row % n_subject]) % n_time
        for spot in range((ends[0] * n_row + row) * WIDE, ends[1] * n_row * WIDE, n_row * WIDE * WIDE):
            if origin + WIDE <= n_time:
                transpose_wide(flat, here + origin, n_row * n_time, AHEAD, chunk.samples, spot, n_row * WIDE)
                origin = origin + WIDE if origin + WIDE < n_time else 0
                continue
            for at in range(spot, spot + n_row * WIDE * WIDE, n_row * WIDE):
                for k in range(WIDE):
                    chunk.samples[at + k] = flat[here + k * n_row * n_time + origin]
                origin = origin + 1 if origin + 1 < n_time else 0


@njit(**FAST)
def put_values(flat: Any, features: Any, shape: Any, origin: Any, begin: int, ends: Any, chunk: Any) -> None:
    """Samples first .. last - 1 = ends of a chunk that begins at `begin`, less origin (subject, feature).

    flat is (subject, time, feature), as is shape; features is (first, last), sixteen after sixteen to a tile each;
    the last sixteen of all may begin among those before.
    """
    n_subject, n_time, n_feature = shape
    spot = ends[0] * n_subject * WIDE
    for t in range(begin + ends[0], begin + ends[1]):
        for s in range(n_subject):
            place, target = (s * n_time + t) * n_feature, spot
            for tile in range(features[0], features[1], WIDE):
                f = min(tile, n_feature - WIDE)
                ask_for(flat, place + f + FRAMES_AHEAD * n_feature)
                value = load_wide(flat, place + f) - load_wide(origin, s * n_feature + f)
                store_wide(chunk.samples, target, value)
                target += chunk.size
            spot += WIDE


@njit(**FAST)
def middle_abreast(flat: Any, step: int, looks: Any, missing: Any, origin: Any) -> None:
    """Middle of the samples of a series that are `step` values apart, an odd number, into origin (series,).

    `looks` (sample, lane) is scratch memory. ``missing[k]`` says that not all are finite for series 16 k .. 16 k + 15.
    """
    infinite, n_look = splat_wide(np.float32(np.inf)), looks.size // WIDE
    for tile in range(missing.size):
        lanes = ALL
        for look in range(n_look):
            value = load_wide(flat, look * step + tile * WIDE)
            lanes &= between(splat_wide(ZERO) - infinite, value, infinite)
            for place in range(0, look * WIDE, WIDE):
                other = load_wide(looks, place)
                store_wide(looks, place, smaller(other, value))
                value = larger(other, value)
            store_wide(looks, look * WIDE, value)
        store_wide(origin, tile * WIDE, load_wide(looks, n_look // 2 * WIDE))
        missing[tile] = lanes != ALL

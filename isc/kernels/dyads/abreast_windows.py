"""Mean pairwise correlation of sixteen features abreast in windows whose samples lie side by side. Compiled only.

The operations of `isc.kernels.windows.moments` and `isc.kernels.dyads.pairwise` in the same order, so the numbers are
the same bit for bit. A window of a feature with a gap or a flat subject is marked, for those kernels to compute.
"""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.dyads.abreast_samples import ALL
from isc.kernels.dyads.abreast_sums import keep_power, wide_curves
from isc.kernels.vectors.simd import FAST
from isc.kernels.vectors.simd import LANES as PARTS
from isc.kernels.vectors.wide import (
    WIDE,
    between,
    load_wide,
    multiply_add_wide,
    splat_wide,
    square_root_wide,
    store_wide,
)
from isc.kernels.windows.moments import FLAT, ONE, ZERO

# Sum of squares of a window from which on it is left to the others. A value x beyond 1e15 in a window of n samples, n
# below 16,384 as it has to be to be computed here, makes the sum of squares and the squared mean at least x**2 / n.
LOUD = np.float32(1e24)


@njit(**FAST)
def _add(samples: Any, place: int, first: Any, sums: Any, squares: Any) -> Any:
    """Sums and sums of squares with one more sample less `first`."""
    value = load_wide(samples, place) - first
    return sums + value, multiply_add_wide(value, value, squares)


@njit(**FAST)
def row_sums(samples: Any, place: int, pitch: int, size: int) -> Any:  # noqa: C901  # seven remainders
    """First sample, and the sums of x - first and of its square in the order of `windows.moments.block_sums`."""
    first = load_wide(samples, place)
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = splat_wide(ZERO)
    q0 = q1 = q2 = q3 = q4 = q5 = q6 = q7 = splat_wide(ZERO)
    for _ in range(size // PARTS):
        s0, q0 = _add(samples, place, first, s0, q0)
        s1, q1 = _add(samples, place + pitch, first, s1, q1)
        s2, q2 = _add(samples, place + 2 * pitch, first, s2, q2)
        s3, q3 = _add(samples, place + 3 * pitch, first, s3, q3)
        s4, q4 = _add(samples, place + 4 * pitch, first, s4, q4)
        s5, q5 = _add(samples, place + 5 * pitch, first, s5, q5)
        s6, q6 = _add(samples, place + 6 * pitch, first, s6, q6)
        s7, q7 = _add(samples, place + 7 * pitch, first, s7, q7)
        place += PARTS * pitch
    left = size % PARTS
    if left > 0:
        s0, q0 = _add(samples, place, first, s0, q0)
    if left > 1:
        s1, q1 = _add(samples, place + pitch, first, s1, q1)
    if left > 2:
        s2, q2 = _add(samples, place + 2 * pitch, first, s2, q2)
    if left > 3:
        s3, q3 = _add(samples, place + 3 * pitch, first, s3, q3)
    if left > 4:
        s4, q4 = _add(samples, place + 4 * pitch, first, s4, q4)
    if left > 5:
        s5, q5 = _add(samples, place + 5 * pitch, first, s5, q5)
    if left > 6:
        s6, q6 = _add(samples, place + 6 * pitch, first, s6, q6)
    sums = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    return first, sums, ((q0 + q1) + (q2 + q3)) + ((q4 + q5) + (q6 + q7))


@njit(**FAST)
def wide_moments(slot: int, size: int, place: int, n_row: int, chunk: Any) -> None:
    """Head, offset and spread of every row over the block that begins at `place`."""
    inverse = splat_wide(np.float32(1 / size))
    for row in range(n_row):
        first, sums, squares = row_sums(chunk.samples, place + row * WIDE, n_row * WIDE, size)
        offset, here = sums * inverse, (slot * n_row + row) * WIDE
        store_wide(chunk.head, here, first)
        store_wide(chunk.offset, here, offset)
        store_wide(chunk.spread, here, squares - sums * offset)


@njit(**FAST)
def wide_merge(plan: Any, window: int, row: int, n_row: int, tile: int, chunk: Any) -> Any:
    """Mean and centred sum of squares of a row over a window, as in `isc.kernels.windows.moments.merge_blocks`."""
    first, stop, pitch = plan.first[window], plan.stop[window], n_row * WIDE
    lap = chunk.slots * pitch
    begin, end = tile * lap + (first % chunk.slots) * pitch + row * WIDE, (tile + 1) * lap
    base, shift, place = load_wide(chunk.head, begin), splat_wide(ZERO), begin
    for b in range(first, stop):
        mean = (load_wide(chunk.head, place) - base) + load_wide(chunk.offset, place)
        shift = multiply_add_wide(mean, splat_wide(np.float32(plan.block_size[b])), shift)
        place = place + pitch if place + pitch < end else place + pitch - lap
    shift, squares, place = shift * splat_wide(np.float32(1 / plan.length)), splat_wide(ZERO), begin
    for b in range(first, stop):
        deviation = (load_wide(chunk.head, place) - base) + load_wide(chunk.offset, place) - shift
        weighted = deviation * splat_wide(np.float32(plan.block_size[b]))
        squares = squares + multiply_add_wide(deviation, weighted, load_wide(chunk.spread, place))
        place = place + pitch if place + pitch < end else place + pitch - lap
    return base + shift, squares


@njit(**FAST)
def wide_weights(plan: Any, window: int, shape: Any, tile: int, place: int, chunk: Any) -> int:
    """Centres of the rows and weights of the subjects in a window; returns the lanes where all subjects are valid.

    They go to place number 0 or 1 of the two windows of a chunk.
    """
    n_component, n_subject = shape
    centres, weights = place * n_component * n_subject * WIDE, place * n_subject * WIDE
    lanes, least = ALL, splat_wide(np.float32(FLAT * plan.length))
    for s in range(n_subject):
        power = flat = splat_wide(ZERO)
        for c in range(n_component):
            row = c * n_subject + s
            centre, squares = wide_merge(plan, window, row, n_component * n_subject, tile, chunk)
            store_wide(chunk.centre, centres + row * WIDE, centre)
            power, flat = power + squares, flat + centre * centre
        lanes &= between(least * flat, power, splat_wide(LOUD) - flat)
        store_wide(chunk.weight, weights + s * WIDE, splat_wide(ONE) / square_root_wide(power))
    return lanes


@njit(**FAST)
def put_result(feature: int, window: int, lanes: int, shape: Any, powers: int, chunk: Any, out: Any) -> None:
    """Mean correlations of sixteen features in a window, as in `dyads.pairwise`; -1 subjects where not valid."""
    value, count = out
    n_component, n_subject = shape
    n_dyad = n_subject * (n_subject - 1) // 2
    for k in range(WIDE):
        power = 0.0
        for c in range(n_component):
            power += chunk.power[powers + c * WIDE + k]
        summed = max((power - n_subject) / 2, -0.5 * n_subject)
        value[feature + k, window] = np.float32(min(summed / n_dyad, 1.0))
        count[feature + k, window] = n_subject if lanes >> k & 1 else -1


@njit(**FAST)
def new_blocks(plan: Any, window: int, done: int, base: int, n_row: int, tile: int, chunk: Any) -> int:
    """Moments of the blocks of a window that are not computed yet, the first being `done`; returns the next block."""
    for b in range(max(done, plan.first[window]), plan.stop[window]):
        place = tile * chunk.size + (plan.block_start[b] - base) * n_row * WIDE
        wide_moments(tile * chunk.slots + b % chunk.slots, plan.block_size[b], place, n_row, chunk)
    return max(done, plan.stop[window])


@njit(**FAST)
def windows_abreast(
    plan: Any, windows: Any, shape: Any, tile: int, feature: int, chunk: Any, out: Any, flat: Any, ahead: Any
) -> None:
    """Windows first .. last - 1 = windows of sixteen features, whose samples are those of `tile`, after those before.

    shape is (component, subject). Values and numbers of subjects go to out (feature, window) from row `feature` on.
    Meanwhile flat is asked for what comes after, unless ahead (`isc.kernels.dyads.ahead.Ahead`) is None.
    """
    n_row, base = shape[0] * shape[1], plan.starts[windows[0]]
    done, w = plan.stop[windows[0] - 1] if windows[0] else 0, windows[0]
    while w < windows[1]:
        done = new_blocks(plan, w, done, base, n_row, tile, chunk)
        lanes = other = wide_weights(plan, w, shape, tile, 0, chunk)
        step = plan.starts[w + 1] - plan.starts[w] if w + 1 < windows[1] else plan.length
        both = step < plan.length
        if both:
            done = new_blocks(plan, w + 1, done, base, n_row, tile, chunk)
            other = wide_weights(plan, w + 1, shape, tile, 1, chunk)
        place = tile * chunk.size + (plan.starts[w] - base) * n_row * WIDE
        for c in range(shape[0]):
            wide_curves(place, (plan.length, min(step, plan.length)), c, shape, chunk, flat, ahead, w - windows[0])
            keep_power(plan.length, c, both, chunk)
        put_result(feature, w, lanes, shape, 0, chunk, out)
        if both:
            put_result(feature, w + 1, other, shape, shape[0] * WIDE, chunk, out)
        w += 2 if both else 1

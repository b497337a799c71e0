"""Means and sums of squares of blocks, merged into windows (Chan, Golub & LeVeque 1983), and who is valid there.

Every function reads rows of a `Workspace`; ``c`` counts components, ``s`` subjects. Compiled only.
"""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.vectors.simd import (
    FAST,
    LANES,
    first_lane,
    keep_first,
    load,
    multiply_add,
    prefetch,
    splat,
    store,
    totals,
)

AHEAD = 128  # samples: how long before it is read a row is asked for
ZERO, ONE = np.float32(0), np.float32(1)
FLAT = 1e-12  # squared relative standard deviation below which a subject counts as flat


@njit(**FAST)
def block_sums(rows: Any, begin: int, size: int) -> Any:
    """First sample, and eight partial sums of x - first and of its square, over rows[begin:begin+size]."""
    first = first_lane(load(rows, begin))
    shift, sums, squares = splat(first), splat(ZERO), splat(ZERO)
    full = size - size % LANES
    for t in range(begin, begin + full, 2 * LANES):
        prefetch(rows, t + AHEAD)
    for t in range(begin, begin + full, LANES):
        value = load(rows, t) - shift
        sums = sums + value
        squares = multiply_add(value, value, squares)
    if full < size:
        value = keep_first(load(rows, begin + full) - shift, size - full)
        sums = sums + value
        squares = multiply_add(value, value, squares)
    return first, sums, squares


@njit(**FAST)
def block_moments(work: Any, n_component: int, n_subject: int, begin: int, size: int, slot: int) -> None:
    """Head, offset and spread of every component and subject over one block, into row `slot`."""
    inverse = splat(np.float32(1 / size))
    for c in range(n_component):
        row = slot * work.centre.size + c * work.padded
        for s in range(n_subject):
            first, sums, squares = block_sums(work.rows, (c * n_subject + s) * work.stride + begin, size)
            work.head[row + s] = first
            store(work.lanes, 2 * LANES * s, sums)
            store(work.lanes, 2 * LANES * s + LANES, squares)
        for s in range(0, n_subject, LANES):
            sums = totals(work.lanes, 2 * LANES * s, 2 * LANES)
            squares = totals(work.lanes, 2 * LANES * s + LANES, 2 * LANES)
            offset = sums * inverse
            store(work.offset, row + s, offset)
            store(work.spread, row + s, squares - sums * offset)


@njit(**FAST)
def new_moments(
    plan: Any, window: int, done: int, origin: int, n_component: int, n_subject: int, work: Any, base: int = 0
) -> int:
    """Moments of the blocks of `window` that are not computed yet; returns the next block.

    Block `origin` begins at `base` of every row.
    """
    first_sample = plan.block_start[origin] - base
    for b in range(done, plan.stop[window]):
        begin = plan.block_start[b] - first_sample
        block_moments(work, n_component, n_subject, begin, plan.block_size[b], b - origin)
    return max(done, plan.stop[window])


@njit(**FAST)
def merge_blocks(plan: Any, window: int, origin: int, work: Any) -> None:
    """Window mean and centred sum of squares of every component and subject, into centre and weight."""
    width, first, stop = work.centre.size, plan.first[window], plan.stop[window]
    inverse = splat(np.float32(1 / plan.length))
    for s in range(0, width, LANES):
        base, shift = load(work.head, (first - origin) * width + s), splat(ZERO)
        for b in range(first, stop):
            place = (b - origin) * width + s
            mean = (load(work.head, place) - base) + load(work.offset, place)
            shift = multiply_add(mean, splat(np.float32(plan.block_size[b])), shift)
        shift, squares = shift * inverse, splat(ZERO)
        for b in range(first, stop):
            place = (b - origin) * width + s
            deviation = (load(work.head, place) - base) + load(work.offset, place) - shift
            weighted = deviation * splat(np.float32(plan.block_size[b]))
            squares = squares + multiply_add(deviation, weighted, load(work.spread, place))
            store(work.deviation, (b - first) * width + s, deviation)
        centre = base + shift
        store(work.centre, s, centre)
        store(work.residual, s, shift - (centre - base))
        store(work.weight, s, squares)


@njit(**FAST)
def subject_power(plan: Any, n_component: int, s: int, work: Any) -> Any:
    """Sum of squares of a subject over its components; zero when it is flat, not finite when a sample is not."""
    power, flat = ZERO, ZERO
    for c in range(n_component):
        centre = work.centre[c * work.padded + s]
        power += work.weight[c * work.padded + s]
        flat += centre * centre
    if power <= np.float32(FLAT * plan.length) * flat:
        return ZERO
    return power


@njit(**FAST)
def lacks_some(plan: Any, begin: int, least: int, n_component: int, n_subject: int, s: int, work: Any) -> bool:
    """Whether a subject misses samples of the window but has enough to be read pairwise-complete."""
    count = 0
    for t in range(begin, begin + plan.length):
        value = ZERO
        for c in range(n_component):
            value += work.rows[(c * n_subject + s) * work.stride + t] * ZERO
        count += value == ZERO
    return least <= count < plan.length


@njit(**FAST)
def keep_valid(plan: Any, begin: int, least: int, n_component: int, n_subject: int, work: Any) -> Any:
    """Move valid subjects to the front of centre, residual, weight and place of every component.

    Returns how many, and how many miss some samples only: those are listed in gapped.
    """
    count, n_gapped = 0, 0
    for s in range(n_subject):
        power = subject_power(plan, n_component, s, work)
        if not power < np.inf:
            if lacks_some(plan, begin, least, n_component, n_subject, s, work):
                work.gapped[n_gapped] = s
                n_gapped += 1
        elif power > ZERO:
            for c in range(n_component):
                source, target = c * work.padded + s, c * work.padded + count
                work.centre[target], work.residual[target] = work.centre[source], work.residual[source]
                work.weight[target], work.place[target] = power, (c * n_subject + s) * work.stride
            count += 1
    return count, n_gapped

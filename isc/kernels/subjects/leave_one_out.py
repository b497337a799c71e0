"""Each subject with the mean of the others in O(subjects) a sample: others = (sum over subjects) - own.

Compiled only. Where the others nearly cancel, the subtraction would cost precision: such windows are marked for the
exact path.
"""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.vectors.simd import FAST, LANES, keep_first, load, multiply_add, splat, square_root, store, totals
from isc.kernels.windows.moments import FLAT, ONE, ZERO, merge_blocks, new_moments
from isc.kernels.windows.sources import fill_shifted, read_frames
from isc.kernels.windows.validity import keep_or_mark

AT_ONCE = 4 * LANES  # samples; four vectors in flight hide the latency of the addition
CANCELLED = 1e-4  # share of all subjects' power below which the sum of the others is mostly rounding


@njit(**FAST)
def sum_four(begin: int, first: int, last: int, base: Any, place: int, work: Any) -> None:
    """curve[place : place+32] = base + sum over entries first .. last - 1 of x - centre, from sample `begin`."""
    a = b = c = d = base
    for k in range(first, last):
        row, centre = work.place[k] + begin, splat(work.centre[k])
        a = a + (load(work.rows, row) - centre)
        b = b + (load(work.rows, row + 8) - centre)
        c = c + (load(work.rows, row + 16) - centre)
        d = d + (load(work.rows, row + 24) - centre)
    store(work.curve, place, a)
    store(work.curve, place + 8, b)
    store(work.curve, place + 16, c)
    store(work.curve, place + 24, d)


@njit(**FAST)
def sum_one(begin: int, first: int, last: int, base: Any, work: Any) -> Any:
    """Eight samples of `sum_four`."""
    value = base
    for k in range(first, last):
        value = value + (load(work.rows, work.place[k] + begin) - splat(work.centre[k]))
    return value


@njit(**FAST)
def sum_subjects(begin: int, length: int, first: int, last: int, curve: int, work: Any) -> None:
    """Sum over the subjects of a component of x - mean, into curve; zero up to a whole vector beyond the window."""
    residual, t = ZERO, 0
    for k in range(first, last):
        residual += work.residual[k]
    base = splat(-residual)
    while t + AT_ONCE <= length:
        sum_four(begin + t, first, last, base, curve + t, work)
        t += AT_ONCE
    while t < length:
        value = sum_one(begin + t, first, last, base, work)
        store(work.curve, curve + t, keep_first(value, length - t))
        t += LANES


@njit(**FAST)
def against_others(begin: int, length: int, k: int, curve: int, squares: Any, products: Any, work: Any) -> Any:
    """Sums over time of others**2 and of others * own for entry k, added to the partial sums given."""
    centre, residual = splat(work.centre[k]), splat(work.residual[k])
    place, full = work.place[k] + begin, length - length % LANES
    more_squares, more_products, t = splat(ZERO), splat(ZERO), 0
    while t + 2 * LANES <= full:
        own = (load(work.rows, place + t) - centre) - residual
        others = load(work.curve, curve + t) - own
        squares, products = multiply_add(others, others, squares), multiply_add(others, own, products)
        own = (load(work.rows, place + t + LANES) - centre) - residual
        others = load(work.curve, curve + t + LANES) - own
        more_squares = multiply_add(others, others, more_squares)
        more_products = multiply_add(others, own, more_products)
        t += 2 * LANES
    while t < length:
        own = keep_first((load(work.rows, place + t) - centre) - residual, length - t)
        others = load(work.curve, curve + t) - own
        squares, products = multiply_add(others, others, squares), multiply_add(others, own, products)
        t += LANES
    return squares + more_squares, products + more_products


@njit(**FAST)
def least_power(length: int, n_component: int, count: int, work: Any) -> Any:
    """Sum of squares of the others at or below which they may be flat or rounding only."""
    power, flat = ZERO, ZERO
    for k in range(count):
        power += work.weight[k]
    for c in range(n_component):
        level = ZERO
        for k in range(c * work.padded, c * work.padded + count):
            level += abs(work.centre[k])
        flat += level * level
    return max(np.float32(CANCELLED) * power, np.float32(FLAT * length) * flat)


@njit(**FAST)
def other_sums(begin: int, length: int, n_component: int, count: int, work: Any) -> None:
    """Partial sums over time and components of others**2 and of others * own, into lanes."""
    stretch = work.curve.size // n_component
    for c in range(n_component):
        sum_subjects(begin, length, c * work.padded, c * work.padded + count, c * stretch, work)
    for k in range(count):
        squares, products = splat(ZERO), splat(ZERO)
        for c in range(n_component):
            squares, products = against_others(begin, length, c * work.padded + k, c * stretch, squares, products, work)
        store(work.lanes, 2 * LANES * k, squares)
        store(work.lanes, 2 * LANES * k + LANES, products)


@njit(**FAST)
def other_correlations(begin: int, length: int, n_component: int, count: int, work: Any) -> bool:
    """Correlation of every valid subject with the mean of the others, into centre; False where rounding may rule."""
    least = least_power(length, n_component, count, work)
    other_sums(begin, length, n_component, count, work)
    for k in range(0, count, LANES):
        squares = totals(work.lanes, 2 * LANES * k, 2 * LANES)
        products = totals(work.lanes, 2 * LANES * k + LANES, 2 * LANES)
        store(work.residual, k, squares)
        store(work.centre, k, products / square_root(squares) / square_root(load(work.weight, k)))
    enough = True
    for k in range(count):
        enough &= work.residual[k] > least
    return enough


@njit(**FAST)
def leave_one_out_windows(
    plan: Any, begin: int, end: int, least: int, shape: Any, work: Any, result: Any, n_valid: Any
) -> None:
    """Leave-one-out correlations (subject, window) of windows begin .. end - 1; rows begin at starts[begin].

    shape is (component, subject). n_valid is -1 where the exact path has to be taken.
    """
    n_component, n_subject = shape
    origin, first_sample = plan.first[begin], plan.starts[begin]
    done = origin
    for w in range(begin, end):
        done = new_moments(plan, w, done, origin, n_component, n_subject, work)
        merge_blocks(plan, w, origin, work)
        start = plan.starts[w] - first_sample
        count = keep_or_mark(plan, start, least, shape, work)
        for s in range(n_subject):
            result[s, w] = np.nan
        if count >= 2:
            if other_correlations(start, plan.length, n_component, count, work):
                for k in range(count):
                    result[work.place[k] // work.stride, w] = min(max(work.centre[k], -ONE), ONE)
            else:
                count = -1
        n_valid[w] = count


@njit(**FAST)
def leave_one_out_series(
    series: Any, features: Any, source: Any, mixed: Any, plan: Any, edges: Any, least: int, work: Any, out: Any
) -> None:
    """Windows of features begin .. end - 1 = features, chunk by chunk; out is (value, count).

    source is (shifts, frames); mixed (component, subject, n) is scratch memory for the series at frames.
    """
    shifts, frames = source
    value, count = out
    shape = (series.shape[1], series.shape[2])
    for f in range(features[0], features[1]):
        feature = series[f]
        if frames.size:
            read_frames(series[f], frames, mixed)
            feature = mixed
        for c in range(edges.size - 1):
            begin, end = edges[c], edges[c + 1]
            sample = plan.starts[begin]
            fill_shifted(feature, shifts, sample, plan.starts[end - 1] + plan.length - sample, work)
            leave_one_out_windows(plan, begin, end, least, shape, work, value[f], count[f])

"""Mean pairwise correlation of a window in O(subjects): r = (|sum_s z_s|^2 - n) / (n (n - 1)). Compiled only."""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.dyads.gapped import gapped_pairs
from isc.kernels.vectors.simd import FAST, LANES, keep_first, load, multiply_add, splat, square_root, store, total
from isc.kernels.windows.moments import ONE, ZERO, keep_valid, merge_blocks, new_moments

AT_ONCE = 6 * LANES  # samples; six vectors in flight hide the latency of the multiply-add


@njit(**FAST)
def six_vectors(begin: int, left: int, first: int, last: int, work: Any) -> Any:
    """Squares of the weighted sum over subjects at 48 samples from `begin`, of which `left` belong to the window."""
    a = b = c = d = e = f = splat(ZERO)
    for k in range(first, last):
        place, centre, weight = work.place[k] + begin, splat(work.centre[k]), splat(work.weight[k])
        a = multiply_add(load(work.rows, place) - centre, weight, a)
        b = multiply_add(load(work.rows, place + 8) - centre, weight, b)
        c = multiply_add(load(work.rows, place + 16) - centre, weight, c)
        d = multiply_add(load(work.rows, place + 24) - centre, weight, d)
        e = multiply_add(load(work.rows, place + 32) - centre, weight, e)
        f = multiply_add(load(work.rows, place + 40) - centre, weight, f)
    f = keep_first(f, left - 40)
    return multiply_add(a, a, multiply_add(b, b, c * c)) + multiply_add(d, d, multiply_add(e, e, f * f))


@njit(**FAST)
def one_vector(begin: int, left: int, first: int, last: int, work: Any) -> Any:
    """Squares of the weighted sum over subjects at 8 samples from `begin`, of which `left` belong to the window."""
    a = splat(ZERO)
    for k in range(first, last):
        a = multiply_add(load(work.rows, work.place[k] + begin) - splat(work.centre[k]), splat(work.weight[k]), a)
    a = keep_first(a, left)
    return a * a


@njit(**FAST)
def summed_power(begin: int, length: int, first: int, last: int, work: Any) -> Any:
    """Sum over time of (sum over entries first .. last - 1 of weight * (x - centre))**2."""
    power, stop, t = splat(ZERO), begin + length, begin
    while t + AT_ONCE - LANES < stop:
        power = power + six_vectors(t, stop - t, first, last, work)
        t += AT_ONCE
    while t < stop:
        power = power + one_vector(t, stop - t, first, last, work)
        t += LANES
    return total(power)


@njit(**FAST)
def summed_correlation(begin: int, length: int, n_component: int, count: int, work: Any) -> float:
    """Sum over dyads of the correlations of subjects without gaps: (|sum_s z_s|^2 - n) / 2."""
    power = 0.0
    for c in range(n_component):
        first = c * work.padded
        for k in range(first, first + count, LANES):
            store(work.weight, k, splat(ONE) / square_root(load(work.weight, k)))
        power += summed_power(begin, length, first, first + count, work)
    return (power - count) / 2


@njit(**FAST)
def window_mean(plan: Any, begin: int, least: int, shape: Any, work: Any) -> Any:
    """Mean correlation of the window at `begin` in the rows, and how many subjects it has; NaN below two."""
    count, n_gapped = keep_valid(plan, begin, least, shape[0], shape[1], work)
    summed, n_dyad = 0.0, count * (count - 1) // 2
    if count > 1:
        summed = summed_correlation(begin, plan.length, shape[0], count, work)
        summed = max(summed, -0.5 * count)
    if n_gapped:
        more, n_more, kept = gapped_pairs(begin, plan.length, shape, count, n_gapped, work)
        summed, n_dyad, count = summed + more, n_dyad + n_more, count + kept
    if n_dyad == 0:
        return np.float32(np.nan), count
    return np.float32(min(summed / n_dyad, 1.0)), count


@njit(**FAST)
def pairwise_windows(
    plan: Any, begin: int, end: int, least: int, shape: Any, work: Any, result: Any, n_valid: Any, base: int = 0
) -> None:
    """Mean correlation and number of subjects of windows begin .. end - 1; rows have starts[begin] at `base`.

    shape is (component, subject).
    """
    n_component, n_subject = shape
    origin, first_sample = plan.first[begin], plan.starts[begin] - base
    done = origin
    for w in range(begin, end):
        done = new_moments(plan, w, done, origin, n_component, n_subject, work, base)
        merge_blocks(plan, w, origin, work)
        result[w], n_valid[w] = window_mean(plan, plan.starts[w] - first_sample, least, shape, work)

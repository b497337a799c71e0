"""Who counts in a window of leave-one-out or of matrices, and which windows need the exact path. Compiled only."""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.vectors.simd import FAST
from isc.kernels.windows.moments import ZERO, subject_power


@njit(**FAST)
def misses_some(begin: int, length: int, least: int, shape: Any, s: int, work: Any) -> bool:
    """Whether a subject misses samples of the window but has at least `least`."""
    n_component, n_subject = shape
    count = 0
    for t in range(begin, begin + length):
        value = ZERO
        for c in range(n_component):
            value += work.rows[(c * n_subject + s) * work.stride + t] * ZERO
        count += value == ZERO
    return least <= count < length


@njit(**FAST)
def weigh_subjects(plan: Any, begin: int, least: int, shape: Any, work: Any) -> int:
    """Sum of squares over components of every subject, zero for those left out, into weight; returns how many count.

    -1 when a subject misses some samples only, so that the exact path has to be taken.
    """
    count = 0
    for s in range(shape[1]):
        power = subject_power(plan, shape[0], s, work)
        if not power < np.inf:
            if misses_some(begin, plan.length, least, shape, s, work):
                return -1
            power = ZERO
        work.weight[s] = power
        count += power > ZERO
    return count


@njit(**FAST)
def keep_or_mark(plan: Any, begin: int, least: int, shape: Any, work: Any) -> int:
    """Move the subjects that count to the front of centre, residual and place of every component, and of weight.

    Returns how many; -1 where the exact path has to be taken.
    """
    n_component, n_subject = shape
    if weigh_subjects(plan, begin, least, shape, work) < 0:
        return -1
    count = 0
    for s in range(n_subject):
        if work.weight[s] > ZERO:
            work.weight[count] = work.weight[s]
            for c in range(n_component):
                source, target = c * work.padded + s, c * work.padded + count
                work.centre[target], work.residual[target] = work.centre[source], work.residual[source]
                work.place[target] = (c * n_subject + s) * work.stride
            count += 1
    return count

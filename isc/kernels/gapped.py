"""Correlations of subjects who miss some samples of a window, on complete pairs of samples, in float64. Compiled only.

shape is (component, subject) throughout.
"""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.simd import FAST

FLAT = 1e-12  # squared relative standard deviation below which a subject counts as flat


@njit(**FAST)
def hide_incomplete(begin: int, length: int, s: int, shape: Any, work: Any) -> None:
    """Set samples of subject s that miss one component to NaN in all."""
    for t in range(begin, begin + length):
        value = np.float32(0)
        for c in range(shape[0]):
            value += work.rows[(c * shape[1] + s) * work.stride + t] * np.float32(0)
        if value != np.float32(0):
            for c in range(shape[0]):
                work.rows[(c * shape[1] + s) * work.stride + t] = np.nan


@njit(**FAST)
def moves(begin: int, length: int, s: int, shape: Any, work: Any) -> bool:
    """Whether the finite samples of subject s are not flat."""
    power, flat = 0.0, 0.0
    for c in range(shape[0]):
        row, count, mean = (c * shape[1] + s) * work.stride, 0, 0.0
        for t in range(begin, begin + length):
            if np.isfinite(work.rows[row + t]):
                count += 1
                mean += work.rows[row + t]
        mean /= max(count, 1)
        for t in range(begin, begin + length):
            if np.isfinite(work.rows[row + t]):
                power += (work.rows[row + t] - mean) ** 2
        flat += FLAT * mean * mean * count
    return power > flat


@njit(**FAST)
def common_means(begin: int, length: int, a: int, b: int, shape: Any, work: Any) -> Any:
    """Means of two rows over the samples where both are finite, and the number of these samples."""
    mean_a, mean_b, count = 0.0, 0.0, 0
    for t in range(begin, begin + length):
        x, y = work.rows[a + t], work.rows[b + t]
        if np.isfinite(x + y):
            mean_a += x
            mean_b += y
            count += 1
    return mean_a / max(count, 1), mean_b / max(count, 1), count


@njit(**FAST)
def pair_correlation(begin: int, length: int, first: int, second: int, shape: Any, work: Any) -> float:
    """Correlation of two subjects over the samples that both have; NaN where either is flat there."""
    product, power_a, power_b, flat_a, flat_b = 0.0, 0.0, 0.0, 0.0, 0.0
    for c in range(shape[0]):
        a, b = (c * shape[1] + first) * work.stride, (c * shape[1] + second) * work.stride
        mean_a, mean_b, count = common_means(begin, length, a, b, shape, work)
        for t in range(begin, begin + length):
            x, y = work.rows[a + t] - mean_a, work.rows[b + t] - mean_b
            if np.isfinite(x + y):
                product += x * y
                power_a += x * x
                power_b += y * y
        flat_a += FLAT * mean_a * mean_a * count
        flat_b += FLAT * mean_b * mean_b * count
    if not (power_a > flat_a and power_b > flat_b):
        return np.nan
    return min(max(product / np.sqrt(power_a) / np.sqrt(power_b), -1.0), 1.0)


@njit(**FAST)
def gapped_pairs(begin: int, length: int, shape: Any, n_whole: int, n_gapped: int, work: Any) -> Any:
    """Sum and number of correlations of dyads with a gapped subject, and the number of gapped subjects kept."""
    kept = 0
    for k in range(n_gapped):
        hide_incomplete(begin, length, work.gapped[k], shape, work)
        if moves(begin, length, work.gapped[k], shape, work):
            work.gapped[kept] = work.gapped[k]
            kept += 1
    summed, n_dyad = 0.0, 0
    for k in range(kept):
        for other in range(n_whole + k):
            subject = work.place[other] // work.stride if other < n_whole else work.gapped[other - n_whole]
            value = pair_correlation(begin, length, work.gapped[k], subject, shape, work)
            if not np.isnan(value):
                summed += value
                n_dyad += 1
    return summed, n_dyad, kept

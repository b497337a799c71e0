"""Correlations of subjects who miss some samples of a window, on complete pairs of samples, in float64. Compiled only.

shape is (component, subject) throughout.
"""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.vectors.simd import FAST

FLAT = 1e-12  # squared relative standard deviation below which a subject counts as flat


@njit(**FAST)
def mark_present(begin: int, length: int, s: int, mark: int, shape: Any, work: Any) -> None:
    """present[mark : mark+length] = whether subject s has all components of a sample."""
    for t in range(length):
        value = np.float32(0)
        for c in range(shape[0]):
            value += work.rows[(c * shape[1] + s) * work.stride + begin + t] * np.float32(0)
        work.present[mark + t] = value == np.float32(0)


@njit(**FAST)
def moves(begin: int, length: int, s: int, mark: int, shape: Any, work: Any) -> bool:
    """Whether the samples that subject s has are not flat."""
    power, flat = 0.0, 0.0
    for c in range(shape[0]):
        row, count, mean = (c * shape[1] + s) * work.stride + begin, 0, 0.0
        for t in range(length):
            if work.present[mark + t]:
                count += 1
                mean += work.rows[row + t]
        mean /= max(count, 1)
        for t in range(length):
            if work.present[mark + t]:
                power += (work.rows[row + t] - mean) ** 2
        flat += FLAT * mean * mean * count
    return power > flat


@njit(**FAST)
def common_means(length: int, a: int, b: int, marks: Any, work: Any) -> Any:
    """Means of the rows at a and b over the samples that are present in both, and the number of these samples."""
    mean_a, mean_b, count = 0.0, 0.0, 0
    for t in range(length):
        if work.present[marks[0] + t] and work.present[marks[1] + t]:
            mean_a += work.rows[a + t]
            mean_b += work.rows[b + t]
            count += 1
    return mean_a / max(count, 1), mean_b / max(count, 1), count


@njit(**FAST)
def pair_correlation(begin: int, length: int, subjects: Any, marks: Any, shape: Any, work: Any) -> float:
    """Correlation of two subjects over the samples that both have; NaN where either is flat there."""
    product, power_a, power_b, flat_a, flat_b = 0.0, 0.0, 0.0, 0.0, 0.0
    for c in range(shape[0]):
        a = (c * shape[1] + subjects[0]) * work.stride + begin
        b = (c * shape[1] + subjects[1]) * work.stride + begin
        mean_a, mean_b, count = common_means(length, a, b, marks, work)
        for t in range(length):
            if work.present[marks[0] + t] and work.present[marks[1] + t]:
                x, y = work.rows[a + t] - mean_a, work.rows[b + t] - mean_b
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
    """Sum and number of correlations of dyads with a gapped subject, and the number of gapped subjects kept.

    The marks of gapped subject k begin at present[k * length]; after those of all subjects stand the marks of a
    subject who has every sample.
    """
    kept = 0
    for k in range(n_gapped):
        mark_present(begin, length, work.gapped[k], kept * length, shape, work)
        if moves(begin, length, work.gapped[k], kept * length, shape, work):
            work.gapped[kept] = work.gapped[k]
            kept += 1
    summed, n_dyad = 0.0, 0
    for k in range(kept):
        for other in range(n_whole + k):
            subject, mark = work.place[other] // work.stride, shape[1] * length
            if other >= n_whole:
                subject, mark = work.gapped[other - n_whole], (other - n_whole) * length
            value = pair_correlation(begin, length, (work.gapped[k], subject), (k * length, mark), shape, work)
            if not np.isnan(value):
                summed += value
                n_dyad += 1
    return summed, n_dyad, kept

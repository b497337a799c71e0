"""Windows in which some subject misses samples: exact float64 statistics on complete pairs of samples.

These functions are slow and are called only for the windows that need them. They take
``samples (component, subject, length)`` float64 with NaN where a subject has no value, and
``kept (subject,)`` bool.
"""

import math

import numpy as np
from numba import njit

RELATIVE_FLATNESS = 1e-6  # a standard deviation below this share of the mean is rounding, not movement

_EXACT = {"nogil": True, "error_model": "numpy", "cache": True}


@njit(**_EXACT)
def hide_incomplete(samples):
    """Set every component to NaN where any component of a subject is not finite."""
    n_component, n_subject, length = samples.shape
    for s in range(n_subject):
        for t in range(length):
            total = 0.0
            for c in range(n_component):
                total += samples[c, s, t]
            if not math.isfinite(total):
                for c in range(n_component):
                    samples[c, s, t] = np.nan


@njit(**_EXACT)
def centred_power(samples, subject):
    """Finite samples of a subject, its centred sum of squares, and the sum of squares that counts as flat."""
    n_component, _, length = samples.shape
    power, flat, count = 0.0, 0.0, 0
    for c in range(n_component):
        total, count = 0.0, 0
        for t in range(length):
            if not math.isnan(samples[c, subject, t]):
                total += samples[c, subject, t]
                count += 1
        mean = total / count if count else 0.0
        flat += (RELATIVE_FLATNESS * mean) ** 2 * count
        for t in range(length):
            if not math.isnan(samples[c, subject, t]):
                power += (samples[c, subject, t] - mean) ** 2
    return count, power, flat


@njit(**_EXACT)
def mark_kept(samples, least, kept):
    """Mark subjects with at least `least` finite samples that are not flat; returns how many."""
    total = 0
    for s in range(samples.shape[1]):
        count, power, flat = centred_power(samples, s)
        kept[s] = count >= least and power > flat
        total += kept[s]
    return total


@njit(**_EXACT)
def complete_correlation(first, second):
    """Correlation of two series (component, length) over the samples where both are finite.

    NaN where either is flat on those samples. Covariances are summed over components.
    """
    n_component, length = first.shape
    product, power_first, power_second, flat_first, flat_second = 0.0, 0.0, 0.0, 0.0, 0.0
    for c in range(n_component):
        mean_first, mean_second, count = complete_means(first[c], second[c])
        flat_first += (RELATIVE_FLATNESS * mean_first) ** 2 * count
        flat_second += (RELATIVE_FLATNESS * mean_second) ** 2 * count
        for t in range(length):
            a, b = first[c, t] - mean_first, second[c, t] - mean_second
            if not math.isnan(a + b):
                product += a * b
                power_first += a * a
                power_second += b * b
    if not (power_first > flat_first and power_second > flat_second):
        return np.nan
    return min(max(product / math.sqrt(power_first) / math.sqrt(power_second), -1.0), 1.0)


@njit(**_EXACT)
def complete_means(first, second):
    """Means of two series (length,) over the samples where both are finite, and their number."""
    total_first, total_second, count = 0.0, 0.0, 0
    for t in range(first.size):
        if not math.isnan(first[t] + second[t]):
            total_first += first[t]
            total_second += second[t]
            count += 1
    if count == 0:
        return np.nan, np.nan, count
    return total_first / count, total_second / count, count


@njit(**_EXACT)
def complete_matrix(samples, kept, matrix):
    """Pairwise-complete correlations of the kept subjects, matrix (subject, subject); NaN for the others."""
    n_subject = samples.shape[1]
    for a in range(n_subject):
        matrix[a, a] = 1.0 if kept[a] else np.nan
        for b in range(a):
            value = np.nan
            if kept[a] and kept[b]:
                value = complete_correlation(samples[:, a], samples[:, b])
            matrix[a, b] = matrix[b, a] = value


@njit(**_EXACT)
def complete_pairwise_mean(samples, kept):
    """Mean of the pairwise-complete correlations that exist; NaN where there is none."""
    total, count = 0.0, 0
    for a in range(samples.shape[1]):
        for b in range(a):
            if kept[a] and kept[b]:
                value = complete_correlation(samples[:, a], samples[:, b])
                if not math.isnan(value):
                    total += value
                    count += 1
    return total / count if count else np.nan


@njit(**_EXACT)
def share_level(samples, kept):
    """Move every kept subject to the mean of all their means: a gap must not make the mean of the others jump."""
    n_component, n_subject, length = samples.shape
    means = np.zeros(n_subject)
    for c in range(n_component):
        level, n_kept = 0.0, 0
        for s in range(n_subject):
            if kept[s]:
                means[s] = mean_present(samples[c, s])
                level += means[s]
                n_kept += 1
        for s in range(n_subject):
            if kept[s]:
                for t in range(length):
                    samples[c, s, t] += level / n_kept - means[s]


@njit(**_EXACT)
def mean_present(series):
    """Mean of the values of a series that are there; 0 where there is none."""
    total, count = 0.0, 0
    for value in series:
        if not math.isnan(value):
            total += value
            count += 1
    return total / count if count else 0.0


@njit(**_EXACT)
def mean_of_others(samples, kept, subject, mean):
    """Mean over the kept subjects but one of the values present at each time, into mean (component, length)."""
    n_component, n_subject, length = samples.shape
    for c in range(n_component):
        for t in range(length):
            total, count = 0.0, 0
            for s in range(n_subject):
                if s != subject and kept[s] and not math.isnan(samples[c, s, t]):
                    total += samples[c, s, t]
                    count += 1
            mean[c, t] = total / count if count else np.nan


@njit(**_EXACT)
def complete_leave_one_out(own, kept_own, samples, kept, mean, value):
    """Each kept subject's own series with the mean of the other subjects' samples, into value (subject,).

    `own` is `samples` for the observed statistic, and a surrogate for its null. mean (component,
    length) is scratch memory. NaN for the subjects left out.
    """
    for s in range(own.shape[1]):
        value[s] = np.nan
        if kept_own[s]:
            mean_of_others(samples, kept, s, mean)
            value[s] = complete_correlation(own[:, s], mean)

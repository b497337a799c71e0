"""Statistics of the kernels written as plainly as their definitions, in float64: slow, and the judge of the fast ones.

Series are (feature, component, subject, time). A subject's sample is missing when any of its components is not finite.
"""

import math

import numpy as np

FLAT = 1e-6  # standard deviation, as a share of the mean, at or below which a series counts as flat


def read(series, shifts=None, frames=None):
    """Series in float64, every subject's samples shifted or taken at frames; missing samples are NaN."""
    series = np.array(series, dtype=np.float64)
    if frames is not None:
        series = np.take_along_axis(series, np.asarray(frames)[None, None], axis=-1)
    elif shifts is not None:
        series = np.stack([np.roll(series[:, :, s], -shift, axis=-1) for s, shift in enumerate(shifts)], axis=2)
    missing = ~np.isfinite(series).all(axis=1, keepdims=True)
    return np.where(missing, np.nan, series)


def distances(landmarks, vertex_a, vertex_b):
    """Series (pair, 1, subject, time) of Euclidean distances; landmarks are (subject, time, vertex, axis)."""
    landmarks = np.asarray(landmarks, dtype=np.float64)
    gap = landmarks[:, :, vertex_a] - landmarks[:, :, vertex_b]
    return np.moveaxis(np.sqrt((gap**2).sum(axis=-1)), -1, 0)[:, None]


def is_flat(samples):
    """Whether samples (component, time) without gaps do not move."""
    mean = samples.mean(axis=-1, keepdims=True)
    return ((samples - mean) ** 2).sum() <= samples.shape[-1] * ((FLAT * mean) ** 2).sum()


def correlation(first, second):
    """Correlation of two series (component, time) over the samples that both have; NaN where either is flat."""
    both = np.isfinite(first + second).all(axis=0)
    if not both.any() or is_flat(first[:, both]) or is_flat(second[:, both]):
        return np.nan
    first, second = (x[:, both] - x[:, both].mean(axis=-1, keepdims=True) for x in (first, second))
    return (first * second).sum() / math.sqrt((first**2).sum() * (second**2).sum())


def kept_subjects(window, min_valid):
    """Subjects of a window (component, subject, time) that have enough samples and are not flat."""
    least = max(math.ceil(min_valid * window.shape[-1] - 1e-9), 2)
    present = np.isfinite(window).all(axis=0)
    enough = [s for s in range(window.shape[1]) if present[s].sum() >= least]
    return [s for s in enough if not is_flat(window[:, s, present[s]])]


def correlation_matrices(series, starts, length, *, shifts=None, frames=None, min_valid=0.8):
    """Values (feature, window, subject, subject) and numbers of subjects (feature, window)."""
    series = read(series, shifts, frames)
    n_feature, _, n_subject, _ = series.shape
    value = np.full((n_feature, len(starts), n_subject, n_subject), np.nan)
    count = np.zeros(value.shape[:2], dtype=int)
    for f, w in np.ndindex(*count.shape):
        window = series[f, :, :, starts[w] : starts[w] + length]
        kept = kept_subjects(window, min_valid)
        count[f, w] = len(kept)
        for a in kept:
            value[f, w, a, a] = 1
            for b in kept:
                if b < a:
                    value[f, w, a, b] = value[f, w, b, a] = correlation(window[:, a], window[:, b])
    return value, count


def pairwise_mean(series, starts, length, **options):
    """Values and numbers of subjects (feature, window): mean of the correlations of all dyads."""
    matrices, count = correlation_matrices(series, starts, length, **options)
    dyads = matrices[..., *np.triu_indices(matrices.shape[-1], 1)]
    exists = np.isfinite(dyads)
    total = np.where(exists, dyads, 0).sum(axis=-1)
    return np.where(exists.any(axis=-1), total / np.maximum(exists.sum(axis=-1), 1), np.nan), count


def leave_one_out(series, starts, length, *, shifts=None, frames=None, others="surrogate", min_valid=0.8):
    """Values (feature, subject, window) and numbers of subjects (feature, window)."""
    own = read(series, shifts, frames)
    rest = read(series) if others == "observed" else own
    value = np.full((own.shape[0], own.shape[2], len(starts)), np.nan)
    count = np.zeros((own.shape[0], len(starts)), dtype=int)
    for f, w in np.ndindex(*count.shape):
        part = slice(starts[w], starts[w] + length)
        kept, kept_rest = (kept_subjects(x[f, :, :, part], min_valid) for x in (own, rest))
        count[f, w] = len(kept)
        for s in kept:
            other = rest[f, :, [k for k in kept_rest if k != s], part]
            if len(other):
                value[f, s, w] = correlation(own[f, :, s, part], mean_of_present(at_one_level(other)))
    return value, count


def at_one_level(samples):
    """Samples (subject, ..., time) of everybody moved to the mean of their means, so that a gap makes no jump."""
    present = np.isfinite(samples)
    total = np.where(present, samples, 0).sum(axis=-1, keepdims=True)
    mean = total / np.maximum(present.sum(axis=-1, keepdims=True), 1)
    some = present.any(axis=-1, keepdims=True)
    level = np.where(some, mean, 0).sum(axis=0) / np.maximum(some.sum(axis=0), 1)
    return samples - mean + level


def mean_of_present(samples):
    """Mean over the first dim of the values that are there; NaN where there is none."""
    present = np.isfinite(samples)
    total = np.where(present, samples, 0).sum(axis=0)
    return np.where(present.any(axis=0), total / np.maximum(present.sum(axis=0), 1), np.nan)

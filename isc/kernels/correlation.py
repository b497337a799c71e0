"""Step 1: plain windowed correlation (being replaced by the fast kernels; signatures are final)."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

from isc.kernels.gaps import (
    complete_leave_one_out,
    complete_matrix,
    complete_pairwise_mean,
    hide_incomplete,
    mark_kept,
)


@njit(nogil=True, cache=True)
def _fill(feature, shifts, frames, start, samples):
    n_component, n_subject, length = samples.shape
    n_time = feature.shape[2]
    for s in range(n_subject):
        for t in range(length):
            k = frames[s, start + t] if frames.size else (start + t + shifts[s]) % n_time
            for c in range(n_component):
                samples[c, s, t] = feature[c, s, k]
    hide_incomplete(samples)


@njit(nogil=True, cache=True)
def _feature(feature, starts, length, shifts, frames, least, estimator, fixed, result, n_subject):
    n = feature.shape[1]
    samples = np.empty((feature.shape[0], n, length))
    others = np.empty((feature.shape[0], n, length))
    mean = np.empty((feature.shape[0], length))
    kept, kept_others = np.empty(n, np.bool_), np.empty(n, np.bool_)
    row, matrix = np.empty(n), np.empty((n, n))
    none = np.zeros(n, np.int64)
    for w in range(starts.size):
        _fill(feature, shifts, frames, starts[w], samples)
        n_subject[w] = mark_kept(samples, least, kept)
        if estimator == 0:
            result[w, 0] = complete_pairwise_mean(samples, kept)
        elif estimator == 1:
            if fixed:
                _fill(feature, none, frames[:, :0], starts[w], others)
                mark_kept(others, least, kept_others)
            else:
                others[:], kept_others[:] = samples, kept
            complete_leave_one_out(samples, kept, others, kept_others, mean, row)
            result[w] = row
        else:
            complete_matrix(samples, kept, matrix)
            result[w] = matrix.ravel()


def _run(series, starts, length, shifts, frames, min_valid, n_threads, estimator, width, fixed=False):
    n_feature, _, n_subject, _ = series.shape
    starts = np.ascontiguousarray(starts, dtype=np.int64)
    shifts = np.zeros(n_subject, np.int64) if shifts is None else np.asarray(shifts, dtype=np.int64)
    frames = np.empty((n_subject, 0), np.int32) if frames is None else np.ascontiguousarray(frames, dtype=np.int32)
    least = max(math.ceil(min_valid * length - 1e-9), 2)
    result = np.empty((n_feature, starts.size, width), dtype=np.float32)
    count = np.empty((n_feature, starts.size), dtype=np.int32)
    with ThreadPoolExecutor(n_threads) as pool:
        list(
            pool.map(
                lambda f: _feature(
                    series[f], starts, length, shifts, frames, least, estimator, fixed, result[f], count[f]
                ),
                range(n_feature),
            )
        )
    return result, count


def pairwise_mean(series, starts, length, *, shifts=None, frames=None, min_valid=0.8, n_threads=1):
    """Mean pairwise correlation (feature, window) and n_subject (feature, window)."""
    value, count = _run(series, starts, length, shifts, frames, min_valid, n_threads, 0, 1)
    return value[:, :, 0], count


def leave_one_out(series, starts, length, *, shifts=None, frames=None, others="surrogate", min_valid=0.8, n_threads=1):
    """Each subject with the mean of the others (feature, subject, window) and n_subject (feature, window).

    ``others="observed"``: the mean is of the others' observed series, only the left-out subject is randomised.
    """
    value, count = _run(
        series, starts, length, shifts, frames, min_valid, n_threads, 1, series.shape[2], others == "observed"
    )
    return np.ascontiguousarray(value.transpose(0, 2, 1)), count


def correlation_matrices(series, starts, length, *, shifts=None, frames=None, min_valid=0.8, n_threads=1):
    """Correlation matrices (feature, window, subject, subject) and n_subject (feature, window)."""
    n = series.shape[2]
    value, count = _run(series, starts, length, shifts, frames, min_valid, n_threads, 2, n * n)
    return value.reshape(*value.shape[:2], n, n), count

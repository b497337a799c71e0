"""Windows computed one by one in float64 on complete pairs of samples: the slow, exact path."""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.subjects.gaps import (
    complete_leave_one_out,
    complete_matrix,
    complete_pairwise_mean,
    hide_incomplete,
    mark_kept,
    share_level,
)

PAIRWISE, LEAVE_ONE_OUT, MATRIX = 0, 1, 2  # statistics of `exact_windows`
EXACT: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": True}


@njit(**EXACT)
def read_window(feature: Any, shifts: Any, frames: Any, start: int, samples: Any) -> None:
    """Samples (component, subject, length) of a window, shifted or at `frames` (subject, time) if it has any."""
    n_component, n_subject, length = samples.shape
    n_time = feature.shape[2]
    for s in range(n_subject):
        for t in range(length):
            k = frames[s, start + t] if frames.size else (start + t + shifts[s]) % n_time
            for c in range(n_component):
                samples[c, s, t] = feature[c, s, k]
    hide_incomplete(samples)


@njit(**EXACT)
def exact_windows(
    feature: Any,
    starts: Any,
    length: int,
    source: Any,
    least: int,
    statistic: int,
    result: Any,
    n_subject: Any,
) -> None:
    """Statistic and number of subjects of the windows of one feature (component, subject, time).

    source is (shifts (subject,), frames (subject, time or 0)); result is (window, 1, n or n * n by the statistic).
    """
    shifts, frames = source
    n = feature.shape[1]
    samples, mean = np.empty((feature.shape[0], n, length)), np.empty((feature.shape[0], length))
    kept, row, matrix = np.empty(n, np.bool_), np.empty(n), np.empty((n, n))
    for w in range(starts.size):
        read_window(feature, shifts, frames, starts[w], samples)
        n_subject[w] = mark_kept(samples, least, kept)
        if statistic == PAIRWISE:
            result[w, 0] = complete_pairwise_mean(samples, kept)
        elif statistic == LEAVE_ONE_OUT:
            share_level(samples, kept)
            complete_leave_one_out(samples, kept, samples, kept, mean, row)
            result[w] = row
        else:
            complete_matrix(samples, kept, matrix)
            result[w] = matrix.ravel()

"""Windowed correlation between subjects of stored series: mean over dyads, leave-one-out, full matrices.

The mean over dyads takes O(subjects) a sample; dyads with a subject who misses some samples of a window are read on
complete pairs of samples. Results do not depend on the number of threads: a window is always computed from its own
samples, in the same order.
"""

import math
from typing import Any, Literal

import numpy as np
from numba import njit

from isc.kernels.dyads.pairwise import pairwise_windows
from isc.kernels.dyads.quick import quick_series, whole_features
from isc.kernels.subjects.exact import LEAVE_ONE_OUT, MATRIX
from isc.kernels.subjects.others import leave_one_out_of_observed
from isc.kernels.subjects.tiled import fast_windows
from isc.kernels.vectors.simd import FAST, LANES
from isc.kernels.windows.plan import chunk_edges, in_threads, make_workspace, plan_windows
from isc.kernels.windows.sources import fill_rows, fill_shifted, read_frames

Arrays = tuple[np.ndarray, np.ndarray]
Others = Literal["surrogate", "observed"]
FEATURE_TILE = 16  # features a task of a thread
SPARE = 8 * LANES  # samples beyond a window that whole vectors may read


def pairwise_mean(
    series: np.ndarray,
    starts: np.ndarray,
    length: int,
    *,
    shifts: np.ndarray | None = None,
    frames: np.ndarray | None = None,
    min_valid: float = 0.8,
    n_threads: int = 1,
    abreast: bool = True,
) -> Arrays:
    """Mean over all dyads of the correlation in every window.

    ``mean r = (|sum_s z_s|^2 - n) / (n (n - 1))`` with z centred and of unit norm over all components.

    Parameters
    ----------
    series : ndarray of float32, shape (feature, component, subject, time), C order
        Covariances and variances are summed over components. A sample that misses one component is missing.
    starts : ndarray of int, shape (window,)
        First samples, ascending; ``starts[-1] + length`` at most the number of samples.
    length : int
        Samples in a window, at least 2.
    shifts : ndarray of int, shape (subject,), optional
        Sample t of subject s is read at ``(t + shifts[s]) % time``.
    frames : ndarray of int, shape (subject, n), optional
        Sample t of subject s is read at ``frames[s, t]``.
    min_valid : float
        A subject with a smaller share of finite samples is left out of a window, as is a flat one.
    n_threads : int
    abreast : bool
        Compute sixteen features at a time where that can be done; the numbers are the same.

    Returns
    -------
    value : ndarray of float32, shape (feature, window)
        NaN with fewer than two subjects.
    n_subject : ndarray of int32, shape (feature, window)

    Examples
    --------
    >>> wave = np.sin(np.arange(60, dtype=np.float32))
    >>> value, count = pairwise_mean(np.stack([wave, wave, -wave])[None, None], np.array([0, 30]), 30)
    >>> value.round(3).tolist(), count.tolist()
    ([[-0.3330000042915344, -0.3330000042915344]], [[3, 3]])
    """
    plan = plan_windows(starts, length)
    least = least_samples(min_valid, length)
    source = read_source(series.shape[2], shifts, frames)
    n_feature, n_component, n_subject, n_time = series.shape
    edges = chunk_edges(plan, n_component * n_subject)
    value = np.empty((n_feature, plan.starts.size), dtype=np.float32)
    count = np.empty(value.shape, dtype=np.int32)
    start = source[0] % n_time

    flat, readable = series.reshape(-1), n_feature - 1 - SPARE // (n_component * n_subject * n_time)

    def run(first: int, last: int) -> None:
        work = make_workspace(plan, edges, n_component, n_subject)
        if frames is None and shifts is None:
            inside = max(first, min(last, readable))
            shape = (n_component, n_subject)
            in_place = work._replace(rows=flat, stride=n_time)
            _stored_series(shape, first, inside, plan, edges, least, in_place, value, count)
            _series(series, inside, last, start, plan, edges, least, work, value, count)
        elif frames is None:
            _series(series, first, last, start, plan, edges, least, work, value, count)
        else:
            mixed = np.empty((1, n_component, *source[1].shape), dtype=np.float32)
            _shuffled_series(series, first, last, source[1], mixed, plan, edges, least, work, value, count)

    abreast &= frames is None and n_subject > 1
    whole = whole_features(n_feature, n_component * n_subject, length) if abreast else 0
    quick_series(series, plan, start, whole, (value, count), n_threads)
    in_threads(run, runs_left(count, whole), n_threads)
    return value, count


def runs_left(count: np.ndarray, whole: int, size: int = FEATURE_TILE) -> list[tuple[int, int]]:
    """Runs (begin, end) of `size` features at most that the quick path left: marked -1 somewhere, or after `whole`."""
    left = np.append(np.flatnonzero((count[:whole] < 0).any(axis=1)), np.arange(whole, count.shape[0]))
    cuts = np.flatnonzero(np.diff(left) != 1) + 1
    parts = [part[k : k + size] for part in np.split(left, cuts) for k in range(0, part.size, size)]
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]


@njit(**FAST)
def _stored_series(
    shape: Any, first: int, last: int, plan: Any, edges: Any, least: int, work: Any, value: Any, count: Any
) -> None:
    """Windows of features first .. last - 1 read where they are stored: the rows of work are the series themselves."""
    size = shape[0] * shape[1] * work.stride
    for f in range(first, last):
        for c in range(edges.size - 1):
            begin, end = edges[c], edges[c + 1]
            base = f * size + plan.starts[begin]
            pairwise_windows(plan, begin, end, least, shape, work, value[f], count[f], base)


@njit(**FAST)
def _series(
    series: Any,
    first: int,
    last: int,
    shifts: Any,
    plan: Any,
    edges: Any,
    least: int,
    work: Any,
    value: Any,
    count: Any,
) -> None:
    """Windows of features first .. last - 1, chunk by chunk."""
    shape = (series.shape[1], series.shape[2])
    for f in range(first, last):
        for c in range(edges.size - 1):
            begin, end = edges[c], edges[c + 1]
            sample = plan.starts[begin]
            fill_shifted(series[f], shifts, sample, plan.starts[end - 1] + plan.length - sample, work)
            pairwise_windows(plan, begin, end, least, shape, work, value[f], count[f])


@njit(**FAST)
def _shuffled_series(
    series: Any,
    first: int,
    last: int,
    frames: Any,
    mixed: Any,
    plan: Any,
    edges: Any,
    least: int,
    work: Any,
    value: Any,
    count: Any,
) -> None:
    """As `_series`, of the series read at frames; mixed (1, component, subject, n) is scratch memory."""
    for f in range(first, last):
        read_frames(series[f], frames, mixed[0])
        for c in range(edges.size - 1):
            begin, end = edges[c], edges[c + 1]
            sample = plan.starts[begin]
            fill_rows(mixed[0], sample, plan.starts[end - 1] + plan.length - sample, work)
            pairwise_windows(plan, begin, end, least, (mixed.shape[1], mixed.shape[2]), work, value[f], count[f])


def least_samples(min_valid: float, length: int) -> int:
    """Fewest finite samples that a subject needs in a window."""
    return max(math.ceil(min_valid * length - 1e-9), 2)


def read_source(n_subject: int, shifts: np.ndarray | None, frames: np.ndarray | None) -> Arrays:
    """Shifts (subject,) int64 and frames (subject, n) int32; zeros and n = 0 where there are none."""
    moved = np.zeros(n_subject, np.int64) if shifts is None else np.asarray(shifts, dtype=np.int64)
    mixed = np.empty((n_subject, 0), np.int32) if frames is None else np.ascontiguousarray(frames, dtype=np.int32)
    return moved, mixed


def leave_one_out(
    series: np.ndarray,
    starts: np.ndarray,
    length: int,
    *,
    shifts: np.ndarray | None = None,
    frames: np.ndarray | None = None,
    others: Others = "surrogate",
    min_valid: float = 0.8,
    n_threads: int = 1,
) -> Arrays:
    """Correlation of each subject with the mean of the others in every window.

    Parameters
    ----------
    series : ndarray of float32, shape (feature, component, subject, time), C order
        As are all options, in `pairwise_mean`.
    starts : ndarray of int, shape (window,)
    length : int
    shifts : ndarray of int, shape (subject,), optional
    frames : ndarray of int, shape (subject, n), optional
    others : {"surrogate", "observed"}
        Whether the mean is taken over shifted or shuffled subjects as well, or over the observed ones, as for a lag.
    min_valid : float
    n_threads : int

    Returns
    -------
    value : ndarray of float32, shape (feature, subject, window)
        NaN for subjects left out of a window.
    n_subject : ndarray of int32, shape (feature, window)

    Examples
    --------
    >>> wave = np.sin(np.arange(30, dtype=np.float32))
    >>> leave_one_out(np.stack([wave, wave, -wave])[None, None], np.array([0]), 30)[0].round(2).ravel().tolist()
    [nan, nan, -1.0]
    """
    source, least = read_source(series.shape[2], shifts, frames), least_samples(min_valid, length)
    if others == "observed" and (shifts is not None or frames is not None):
        return leave_one_out_of_observed(series, starts, length, source, least, n_threads)
    shape = (series.shape[2], len(starts))
    return fast_windows(series, plan_windows(starts, length), source, least, LEAVE_ONE_OUT, shape, n_threads)


def correlation_matrices(
    series: np.ndarray,
    starts: np.ndarray,
    length: int,
    *,
    shifts: np.ndarray | None = None,
    frames: np.ndarray | None = None,
    min_valid: float = 0.8,
    n_threads: int = 1,
) -> Arrays:
    """Correlation of every subject with every other in every window.

    Parameters
    ----------
    series : ndarray of float32, shape (feature, component, subject, time), C order
        As are all options, in `pairwise_mean`.
    starts : ndarray of int, shape (window,)
    length : int
    shifts : ndarray of int, shape (subject,), optional
    frames : ndarray of int, shape (subject, n), optional
    min_valid : float
    n_threads : int

    Returns
    -------
    value : ndarray of float32, shape (feature, window, subject, subject)
        Diagonal 1; NaN for subjects left out of a window.
    n_subject : ndarray of int32, shape (feature, window)

    Examples
    --------
    >>> wave = np.sin(np.arange(30, dtype=np.float32))
    >>> correlation_matrices(np.stack([wave, -wave])[None, None], np.array([0]), 30)[0].round(2).tolist()
    [[[[1.0, -1.0], [-1.0, 1.0]]]]
    """
    n = series.shape[2]
    source, least = read_source(n, shifts, frames), least_samples(min_valid, length)
    return fast_windows(series, plan_windows(starts, length), source, least, MATRIX, (len(starts), n, n), n_threads)

"""A left-out subject read at other times, with the mean of the observed others: leave-one-out with a lag.

The others are the sum over all subjects, made once, less the own observed series. Windows in which anybody misses a
sample, or in which the others nearly cancel, take the exact path in float64.
"""

from typing import Any

import numpy as np
from numba import njit

from isc.kernels.subjects.exact import EXACT, read_window
from isc.kernels.subjects.gaps import complete_correlation, mark_kept, share_level
from isc.kernels.subjects.leave_one_out import CANCELLED
from isc.kernels.vectors.simd import FAST, LANES, keep_first, load, multiply_add, splat, total
from isc.kernels.windows.moments import FLAT, ZERO
from isc.kernels.windows.plan import in_threads, row_stride, tiles
from isc.kernels.windows.sources import copy_row

Arrays = tuple[np.ndarray, np.ndarray]
FEATURE_TILE = 16  # features a task of a thread


def leave_one_out_of_observed(
    series: np.ndarray,
    starts: np.ndarray,
    length: int,
    source: Arrays,
    least: int,
    n_threads: int,
) -> Arrays:
    """Correlation of each moved subject with the mean of the observed others in every window.

    Parameters
    ----------
    series : ndarray of float32, shape (feature, component, subject, time), C order
    starts : ndarray of int, shape (window,)
        First samples of the windows.
    length : int
    source : tuple of ndarray
        Shifts and frames from `isc.kernels.correlation.read_source`.
    least : int
        Fewest finite samples of a subject in a window.
    n_threads : int

    Returns
    -------
    value : ndarray of float32, shape (feature, subject, window)
    n_subject : ndarray of int32, shape (feature, window)
        Moved subjects that count.
    """
    n_feature, n_component, n_subject, n_time = series.shape
    shifts, frames = source
    windows = np.asarray(starts, dtype=np.int64), length
    value = np.empty((n_feature, n_subject, windows[0].size), dtype=np.float32)
    count = np.empty((n_feature, windows[0].size), dtype=np.int32)
    stride, moved_stride = row_stride(n_time), row_stride(frames.shape[1] or n_time)
    n_row = n_component * n_subject

    def run(first: int, last: int) -> None:
        scratch = tuple(np.zeros(size, np.float32) for size in (n_row * stride, n_component * stride))
        moved, sums = np.zeros(n_row * moved_stride, np.float32), np.empty((4, n_subject), np.float32)
        work = (*scratch, moved, sums, stride, moved_stride)
        for f in range(first, last):
            _fill(series[f], shifts % n_time, frames, work)
            _windows(series.shape[1:], windows, work, value[f], count[f])
            marked = np.flatnonzero(count[f] < 0)
            if marked.size:
                _exact(series[f], marked, windows, source, least, value[f], count[f])

    in_threads(run, tiles(n_feature, FEATURE_TILE), n_threads)
    return value, count


@njit(**FAST)
def _fill(feature: Any, shifts: Any, frames: Any, work: Any) -> None:
    """Observed rows, their sum over subjects, and moved rows of one feature (component, subject, time)."""
    still, summed, moved, _, stride, moved_stride = work
    n_component, n_subject, n_time = feature.shape
    for c in range(n_component):
        for t in range(n_time):
            level = 0.0
            for s in range(n_subject):
                level += feature[c, s, t]
            summed[c * stride + t] = level
        for s in range(n_subject):
            row = c * n_subject + s
            copy_row(feature[c, s], 0, n_time, still, row * stride)
            if frames.size:
                order, place = frames[s], row * moved_stride
                for t in range(order.size):
                    moved[place + t] = feature[c, s, np.uint32(order[t])]
            else:
                before = n_time - shifts[s]
                copy_row(feature[c, s], shifts[s], before, moved, row * moved_stride)
                copy_row(feature[c, s], 0, shifts[s], moved, row * moved_stride + before)


@njit(**FAST)
def _row_mean(rows: Any, place: int, length: int) -> Any:
    """First sample, and mean less first sample, of rows[place : place + length]."""
    head = rows[place]
    first, sums = splat(head), splat(ZERO)
    for t in range(0, length, LANES):
        sums = sums + keep_first(load(rows, place + t) - first, length - t)
    return head, total(sums) / np.float32(length)


@njit(**FAST)
def _products(length: int, own: int, observed: int, curve: int, work: Any) -> Any:
    """Sums of squares of others, own and observed, of others * own, and means, over one window and component."""
    still, summed, moved = work[0], work[1], work[2]
    own_head, own_mean = _row_mean(moved, own, length)
    head, mean = _row_mean(still, observed, length)
    sum_head, sum_mean = _row_mean(summed, curve, length)
    others, power, product, spread = splat(ZERO), splat(ZERO), splat(ZERO), splat(ZERO)
    for t in range(0, length, LANES):
        x = keep_first((load(still, observed + t) - splat(head)) - splat(mean), length - t)
        o = keep_first((load(summed, curve + t) - splat(sum_head)) - splat(sum_mean), length - t) - x
        y = keep_first((load(moved, own + t) - splat(own_head)) - splat(own_mean), length - t)
        others = multiply_add(o, o, others)
        power = multiply_add(y, y, power)
        product = multiply_add(o, y, product)
        spread = multiply_add(x, x, spread)
    return total(others), total(power), total(product), total(spread), own_head + own_mean, head + mean


@njit(**FAST)
def _subject_sums(shape: Any, w: int, s: int, windows: Any, work: Any) -> Any:
    """Others', own and cross sums of a subject over components into sums; own flatness, observed spread and level."""
    starts, length = windows
    sums, stride, moved_stride = work[3], work[4], work[5]
    others, power, product, spread, flat, level = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
    for c in range(shape[0]):
        row = c * shape[1] + s
        own, observed = row * moved_stride + starts[w], row * stride + starts[w]
        a, b, d, e, mean, place = _products(length, own, observed, c * stride + starts[w], work)
        others, power, product, spread = others + a, power + b, product + d, spread + e
        flat += np.float32(FLAT) * mean * mean * np.float32(length)
        level += abs(place)
    sums[0, s], sums[1, s], sums[2, s], sums[3, s] = others, power, product, flat
    return spread, level


@njit(**FAST)
def _windows(shape: Any, windows: Any, work: Any, value: Any, count: Any) -> None:
    """Windows of a feature; count is -1 where the exact path has to be taken."""
    n_subject, length, sums = shape[1], windows[1], work[3]
    for w in range(windows[0].size):
        spread, level = ZERO, ZERO
        for s in range(n_subject):
            own_spread, own_level = _subject_sums(shape, w, s, windows, work)
            spread, level = spread + own_spread, level + own_level
        least = max(np.float32(CANCELLED) * spread, np.float32(FLAT * length) * level * level)
        kept = 0
        for s in range(n_subject):
            others, power, product, flat = sums[0, s], sums[1, s], sums[2, s], sums[3, s]
            if not (others > least and others < np.inf and power < np.inf and spread < np.inf):
                kept = -1
                break
            value[s, w] = np.nan
            if power > flat:
                value[s, w] = min(max(product / np.sqrt(others) / np.sqrt(power), np.float32(-1)), np.float32(1))
                kept += 1
        count[w] = kept


@njit(**EXACT)
def _exact(
    feature: Any, marked: Any, windows: Any, source: Any, least: int, value: Any, count: Any
) -> None:  # pragma: no cover - compiled
    """Marked windows of one feature in float64, on the samples that are there."""
    starts, length = windows
    shifts, frames = source
    n_component, n, _ = feature.shape
    samples, observed = np.empty((n_component, n, length)), np.empty((n_component, n, length))
    kept, kept_observed = np.empty(n, np.bool_), np.empty(n, np.bool_)
    summed, present, mean = np.empty((n_component, length)), np.empty(length), np.empty((n_component, length))
    for w in marked:
        read_window(feature, shifts, frames, starts[w], samples)
        count[w] = mark_kept(samples, least, kept)
        read_window(feature, np.zeros(n, np.int64), frames[:, :0], starts[w], observed)
        mark_kept(observed, least, kept_observed)
        share_level(observed, kept_observed)
        _sum_present(observed, kept_observed, summed, present)
        for s in range(n):
            value[s, w] = np.nan
            if kept[s]:
                _mean_of_others(observed, kept_observed[s], s, summed, present, mean)
                value[s, w] = complete_correlation(samples[:, s], mean)


@njit(**EXACT)
def _sum_present(samples: Any, kept: Any, summed: Any, present: Any) -> None:
    """Sum over the kept subjects of the values that are there, and how many they are, at every sample."""
    summed[:], present[:] = 0, 0
    for s in range(samples.shape[1]):
        for t in range(samples.shape[2]):
            if kept[s] and not np.isnan(samples[0, s, t]):
                present[t] += 1
                for c in range(samples.shape[0]):
                    summed[c, t] += samples[c, s, t]


@njit(**EXACT)
def _mean_of_others(samples: Any, own_kept: bool, s: int, summed: Any, present: Any, mean: Any) -> None:
    """Mean over all but subject s at every sample; NaN where nobody is left."""
    for t in range(samples.shape[2]):
        own = own_kept and not np.isnan(samples[0, s, t])
        left = present[t] - own
        for c in range(samples.shape[0]):
            mean[c, t] = (summed[c, t] - (samples[c, s, t] if own else 0.0)) / left if left > 0 else np.nan

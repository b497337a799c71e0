"""The mean over dyads sixteen features at a time, where windows are short enough for the caches of a processor."""

from collections.abc import Iterator

import numpy as np

from isc.kernels.dyads.abreast import series_abreast, values_abreast
from isc.kernels.dyads.abreast_samples import chunk_samples, make_chunk, middle_abreast
from isc.kernels.vectors.wide import WIDE
from isc.kernels.windows.layout import LOOKS, typical_values
from isc.kernels.windows.plan import Plan, chunk_edges, in_threads, tiles

Arrays = tuple[np.ndarray, np.ndarray]
SERIES_BYTES = 700 * 2**10  # of sixteen features' samples brought to the kernel's order at a time
VALUES_BYTES = 400 * 2**10  # likewise, from a cube with time outside
LONGEST = 2**18  # samples of sixteen features in a window: longer ones do not stay in a cache
READ_BYTES = 8 * 2**20  # a thread's chunks of the features it reads together, in long runs of a frame
TASKS = 4  # of a thread: few, for each needs memory of its own
TAME = 1e14  # a value beyond it is looked at: less than any that is an error, see `abreast_windows.LOUD`
MOST = 0.5  # share of features with gaps above which a task goes on one feature at a time


def whole_features(n_feature: int, n_row: int, length: int) -> int:
    """How many of the features can be computed sixteen at a time; 0 where their windows do not fit into a cache."""
    return n_feature - n_feature % WIDE if WIDE * n_row * length <= LONGEST else 0


def quick_series(series: np.ndarray, plan: Plan, shifts: np.ndarray, n_whole: int, out: Arrays, n_threads: int) -> None:
    """Fill in the first `n_whole` features of out (value, count), (feature, window); count -1 where not computed."""
    n_component, n_subject, n_time = series.shape[1:]
    edges = chunk_edges(plan, n_component * n_subject * WIDE, SERIES_BYTES)
    flat = series.reshape(-1)

    def run(first: int, last: int) -> None:
        chunk = make_chunk(plan, edges, n_component, n_subject)
        shape = (n_component, n_subject, n_time)
        for part in _while_worthwhile(first, last, WIDE, out[1]):
            series_abreast(flat, shape, part, shifts, plan, edges, chunk, out)

    in_threads(run, tiles(n_whole, _task_size(n_whole, WIDE, n_threads)), n_threads)


def tiles_at_once(n_value: int, n_feature: int, n_threads: int) -> int:
    """Times sixteen features that a thread reads together: as many as the last cache holds, but work for all threads.

    n_value is the number of values of a feature in a chunk.
    """
    return max(min(READ_BYTES // (4 * WIDE * n_value), n_feature // (2 * WIDE * n_threads)), 1)


def typical_abreast(values: np.ndarray, origin: np.ndarray) -> None:
    """`windows.layout.typical_values` of float32 values (time, series) in C order, sixteen series at a time."""
    n_time, n_series = values.shape
    whole = n_series - n_series % WIDE if n_time >= LOOKS else 0
    missing = np.zeros(whole // WIDE, dtype=np.bool_)
    middle_abreast(values.reshape(-1), n_time // LOOKS * n_series, np.zeros(LOOKS * WIDE, np.float32), missing, origin)
    for first in (*np.flatnonzero(missing) * WIDE, whole):
        last = n_series if first == whole else first + WIDE
        typical_values(values[:, first:last], origin[first:last])


def quick_values(values: np.ndarray, plan: Plan, n_whole: int, out: Arrays, n_threads: int) -> bool:
    """As `quick_series`, of float32 values (subject, time, feature) in C order.

    Returns whether all windows were computed and no value of theirs is infinite or beyond ten times `TAME`.
    """
    n_subject, _, n_feature = values.shape
    edges = chunk_edges(plan, n_subject * WIDE, VALUES_BYTES)
    n_tile = tiles_at_once(chunk_samples(plan, edges) * n_subject, n_whole, n_threads)
    flat, origin = values.reshape(-1), np.zeros((n_subject, n_feature), dtype=np.float32)
    in_threads(typical_abreast, list(zip(values, origin, strict=True)), n_threads)

    def run(first: int, last: int) -> None:
        chunk = make_chunk(plan, edges, 1, n_subject, n_tile)
        for part in _while_worthwhile(first, last, n_tile * WIDE, out[1]):
            values_abreast(flat, values.shape, part, origin.reshape(-1), plan, edges, chunk, out)

    in_threads(run, tiles(n_whole, _task_size(n_whole, n_tile * WIDE, n_threads)), n_threads)
    return bool(np.abs(origin).max() < TAME and out[1][:n_whole].min() >= 0)


def _while_worthwhile(first: int, last: int, unit: int, count: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield (begin, end) of `unit` features, until most of the first ones had to be left: then all others are, too."""
    for begin, end in tiles(last - first, unit):
        yield first + begin, first + end
        if begin == 0 and (count[first : first + end] < 0).any(axis=1).mean() > MOST:
            count[first + end : last] = -1
            return


def _task_size(n_feature: int, unit: int, n_threads: int) -> int:
    """Features a task of a thread, whole units."""
    n_task = 1 if n_threads == 1 else TASKS * n_threads
    return max(-(-n_feature // (n_task * unit)), 1) * unit

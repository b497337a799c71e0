"""Leave-one-out and matrices of all features: tiles of features in threads, and the exact path where it is needed."""

import numpy as np

from isc.kernels.subjects.exact import MATRIX, exact_windows
from isc.kernels.subjects.leave_one_out import leave_one_out_series
from isc.kernels.subjects.matrices import correlation_series, make_products
from isc.kernels.windows.plan import Plan, chunk_edges, in_threads, make_workspace, tiles

Arrays = tuple[np.ndarray, np.ndarray]
FEATURE_TILE = 16  # features a task of a thread


def fast_windows(
    series: np.ndarray,
    plan: Plan,
    source: Arrays,
    least: int,
    statistic: int,
    shape: tuple[int, ...],
    n_threads: int,
) -> Arrays:
    """Statistic (feature, *shape) of all windows by the fast path, tiles of features in threads, repaired."""
    n_feature, n_component, n_subject, n_time = series.shape
    edges = chunk_edges(plan, n_component * n_subject)
    out = np.empty((n_feature, *shape), np.float32), np.empty((n_feature, plan.starts.size), np.int32)
    used = (np.where(source[1].size, 0, source[0] % n_time), source[1])

    def run(first: int, last: int) -> None:
        work = make_workspace(plan, edges, n_component, n_subject)
        mixed = np.empty((n_component, *source[1].shape), dtype=np.float32)
        common = (series, (first, last), used, mixed, plan, edges, least, work)
        if statistic == MATRIX:
            correlation_series(*common, make_products(work, n_subject), out)
        else:
            leave_one_out_series(*common, out)
        for feature in range(first, last):
            _repair(series[feature], plan, source, least, statistic, out[0][feature], out[1][feature])

    in_threads(run, tiles(n_feature, FEATURE_TILE), n_threads)
    return out


def _repair(
    feature: np.ndarray, plan: Plan, source: Arrays, least: int, statistic: int, value: np.ndarray, count: np.ndarray
) -> None:
    """Windows of a feature that the fast path marked with -1, by the exact one."""
    marked = np.flatnonzero(count < 0)
    if not marked.size:
        return
    n = feature.shape[1]
    result = np.empty((marked.size, n * n if statistic == MATRIX else n), np.float32)
    n_subject = np.empty(marked.size, np.int32)
    exact_windows(feature, plan.starts[marked], plan.length, source, least, statistic, result, n_subject)
    count[marked] = n_subject
    if statistic == MATRIX:
        value[marked] = result.reshape(-1, n, n)
    else:
        value[:, marked] = result.T

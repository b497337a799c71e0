"""Mean pairwise correlation of sixteen features abreast, a feature a lane: no remainders, no sums across lanes.

Compiled only.
"""

from typing import Any

from numba import njit

from isc.kernels.abreast_samples import keep_samples, put_series, put_values
from isc.kernels.abreast_windows import windows_abreast
from isc.kernels.simd import FAST
from isc.kernels.wide import WIDE


@njit(**FAST)
def series_abreast(
    flat: Any, shape: Any, features: Any, shifts: Any, plan: Any, edges: Any, chunk: Any, out: Any
) -> None:
    """Windows of features first .. last - 1 = features, whole sixteens, of flat (feature, component, subject, time).

    shape is (component, subject, time); a sample is read `shifts` (subject,) later, wrapping at the end.
    """
    for f in range(features[0], features[1], WIDE):
        for c in range(edges.size - 1):
            begin, last = plan.starts[edges[c]], edges[c + 1] - 1
            n_sample = plan.starts[last] + plan.length - begin
            put_series(flat, f, shape, shifts, begin, n_sample, chunk)
            windows_abreast(plan, (edges[c], edges[c + 1]), (shape[0], shape[1]), 0, f, chunk, out)


@njit(**FAST)
def values_abreast(
    flat: Any, shape: Any, features: Any, origin: Any, plan: Any, edges: Any, chunk: Any, out: Any
) -> None:
    """Windows of features first .. last - 1 = features of flat (subject, time, feature), at least sixteen in all.

    shape is (subject, time, feature); origin (subject, feature) is subtracted.
    """
    n_tile, before, stop = (features[1] - features[0] + WIDE - 1) // WIDE, 0, 0
    for c in range(edges.size - 1):
        begin = plan.starts[edges[c]]
        kept = max(stop - begin, 0)
        if kept:
            keep_samples(begin - before, stop - before, shape[0], n_tile, chunk)
        before, stop = begin, plan.starts[edges[c + 1] - 1] + plan.length
        put_values(flat, features, shape, origin, begin, (kept, stop - begin), chunk)
        for tile in range(n_tile):
            feature = min(features[0] + tile * WIDE, shape[2] - WIDE)
            windows_abreast(plan, (edges[c], edges[c + 1]), (1, shape[0]), tile, feature, chunk, out)

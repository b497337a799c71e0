"""Mean pairwise correlation of sixteen features abreast, a feature a lane: no remainders, no sums across lanes.

Compiled only.
"""

from typing import Any

from numba import njit

from isc.kernels.dyads.abreast_samples import keep_samples, put_series, put_values
from isc.kernels.dyads.abreast_windows import windows_abreast
from isc.kernels.dyads.ahead import series_ahead
from isc.kernels.vectors.simd import FAST
from isc.kernels.vectors.wide import WIDE


@njit(**FAST)
def series_abreast(
    flat: Any, shape: Any, features: Any, shifts: Any, plan: Any, edges: Any, chunk: Any, out: Any
) -> None:
    """Windows of features first .. last - 1 = features, whole sixteens, of flat (feature, component, subject, time).

    shape is (component, subject, time); a sample is read `shifts` (subject,) later, wrapping at the end.
    """
    n_row = shape[0] * shape[1]
    for f in range(features[0], features[1], WIDE):
        before = stop = 0
        for c in range(edges.size - 1):
            begin, last = chunk_span(plan, edges, c)
            kept = keep_common(before, begin, stop, n_row, 1, chunk)
            put_series(flat, f, shape, shifts, begin, (kept, last - begin), chunk)
            before, stop = begin, last
            following, span = next_span(plan, edges, c, stop)
            n_window = edges[c + 1] - edges[c]
            ahead = series_ahead(flat, f + following * WIDE, shape, shifts, span, n_window, chunk.place)
            windows_abreast(plan, (edges[c], edges[c + 1]), shape[:2], 0, f, chunk, out, flat, ahead)


@njit(**FAST)
def values_abreast(
    flat: Any, shape: Any, features: Any, origin: Any, plan: Any, edges: Any, chunk: Any, out: Any
) -> None:
    """Windows of features first .. last - 1 = features of flat (subject, time, feature), at least sixteen in all.

    shape is (subject, time, feature); origin (subject, feature) is subtracted.
    """
    n_tile, before, stop = (features[1] - features[0] + WIDE - 1) // WIDE, 0, 0
    for c in range(edges.size - 1):
        begin, last = chunk_span(plan, edges, c)
        kept = keep_common(before, begin, stop, shape[0], n_tile, chunk)
        put_values(flat, features, shape, origin, begin, (kept, last - begin), chunk)
        before, stop = begin, last
        for tile in range(n_tile):
            feature = min(features[0] + tile * WIDE, shape[2] - WIDE)
            windows_abreast(plan, (edges[c], edges[c + 1]), (1, shape[0]), tile, feature, chunk, out, flat, None)


@njit(**FAST)
def chunk_span(plan: Any, edges: Any, c: int) -> Any:
    """First sample of a chunk of windows, and the one after its last."""
    return plan.starts[edges[c]], plan.starts[edges[c + 1] - 1] + plan.length


@njit(**FAST)
def next_span(plan: Any, edges: Any, c: int, stop: int) -> Any:
    """Whether the next chunk is the first of the next features (1, else 0), and which samples it still has to read."""
    if c + 2 == edges.size:
        return 1, chunk_span(plan, edges, 0)
    begin, last = chunk_span(plan, edges, c + 1)
    return 0, (max(begin, stop), last)


@njit(**FAST)
def keep_common(before: int, begin: int, stop: int, n_row: int, n_tile: int, chunk: Any) -> int:
    """Move what a chunk from `begin` shares with one of samples before .. stop - 1; returns how many samples."""
    kept = max(stop - begin, 0)
    if kept:
        keep_samples(begin - before, stop - before, n_row, n_tile, chunk)
    return kept

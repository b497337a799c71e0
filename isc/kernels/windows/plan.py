"""Windows cut into blocks at the union of their edges, and the scratch memory that a thread needs for them."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from isc.kernels.vectors.simd import LANES

LONGEST_BLOCK = 64  # samples; bounds the rounding error of one-pass moments to 64 float32 units
ROW_BYTES = 256 * 1024  # rows of one chunk of windows: half of a second-level cache
FEWEST_WINDOWS = 4  # of a chunk, whatever its size: the overlap between chunks is computed twice


class Plan(NamedTuple):
    """Windows and the blocks between their edges.

    Window k begins at ``starts[k]``, has ``length`` samples and is exactly the blocks ``first[k] .. stop[k] - 1``,
    which begin at ``block_start`` and have ``block_size`` samples.
    """

    starts: np.ndarray
    length: int
    block_start: np.ndarray
    block_size: np.ndarray
    first: np.ndarray
    stop: np.ndarray


class Workspace(NamedTuple):
    """Scratch memory of one thread, all arrays flat.

    Row r = component * n_subject + subject holds samples at ``rows[r * stride:]``. Per block and (component, padded
    subject): ``head`` (first sample), ``offset`` (mean less head, kept apart so that a large mean costs no precision),
    ``spread`` (centred sum of squares), ``deviation`` (block less window mean). ``lanes``: partial sums. ``centre``,
    ``residual``, ``weight``, ``place``: window mean, what its rounding left out, weight and row offset of the valid
    subjects, one stretch of ``padded`` entries a component. ``gapped``: subjects who miss some samples,
    and ``present``: which they have, then the marks of a subject without gaps. ``curve``: sum of the subjects
    (leave-one-out).
    """

    rows: np.ndarray
    stride: int
    padded: int
    head: np.ndarray
    offset: np.ndarray
    spread: np.ndarray
    deviation: np.ndarray
    lanes: np.ndarray
    centre: np.ndarray
    residual: np.ndarray
    weight: np.ndarray
    place: np.ndarray
    gapped: np.ndarray
    present: np.ndarray
    curve: np.ndarray


def plan_windows(starts: np.ndarray, length: int) -> Plan:
    """Plan for ascending starts: time cut at the union of window edges, long blocks divided evenly.

    Parameters
    ----------
    starts : ndarray of int, shape (window,)
        Ascending, not negative.
    length : int
        At least 2 samples.

    Returns
    -------
    Plan

    Examples
    --------
    >>> plan = plan_windows(np.array([0, 4]), 6)
    >>> plan.block_start.tolist(), plan.block_size.tolist(), plan.first.tolist(), plan.stop.tolist()
    ([0, 4, 6], [4, 2, 4], [0, 1], [2, 3])
    """
    starts = np.ascontiguousarray(starts, dtype=np.int64)
    stops = starts + length
    edges = np.unique(np.concatenate([starts, stops]))
    begin, size = edges[:-1], np.diff(edges)
    used = np.searchsorted(starts, begin, "right") > np.searchsorted(stops, begin, "right")
    begin, size = begin[used], size[used]
    pieces = -(-size // LONGEST_BLOCK)
    piece = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begin, size, pieces = (np.repeat(values, pieces) for values in (begin, size, pieces))
    block_start = begin + piece * size // pieces
    block_stop = begin + (piece + 1) * size // pieces
    first = np.searchsorted(block_start, starts)
    stop = np.searchsorted(block_stop, stops) + 1
    return Plan(starts, int(length), block_start, block_stop - block_start, first, stop)


def slice_plan(plan: Plan, begin: int, end: int) -> Plan:
    """Plan of windows begin .. end - 1 only."""
    low, high = plan.first[begin], plan.stop[begin:end].max()
    return Plan(
        plan.starts[begin:end],
        plan.length,
        plan.block_start[low:high],
        plan.block_size[low:high],
        plan.first[begin:end] - low,
        plan.stop[begin:end] - low,
    )


def chunk_edges(plan: Plan, n_row: int, n_byte: int = ROW_BYTES) -> np.ndarray:
    """Window numbers that cut the plan into chunks whose rows stay in cache (at least four windows each)."""
    limit = max(n_byte // (4 * n_row), 1)
    edges = [0]
    while edges[-1] < plan.starts.size:
        begin = edges[-1]
        fits = np.searchsorted(plan.starts, plan.starts[begin] + limit - plan.length, "right")
        edges.append(int(min(max(fits, begin + FEWEST_WINDOWS), plan.starts.size)))
    return np.array(edges, dtype=np.int64)


def row_stride(n_time: int) -> int:
    """Row length in samples: whole vectors, one spare, never a multiple of 1 KiB (cache sets)."""
    stride = n_time + -n_time % LANES + LANES
    return stride + LANES if stride % 256 == 0 else stride


def make_workspace(plan: Plan, edges: np.ndarray, n_component: int, n_subject: int) -> Workspace:
    """Workspace large enough for every chunk of the plan."""
    begin, last = edges[:-1], edges[1:] - 1
    n_time = int((plan.starts[last] + plan.length - plan.starts[begin]).max())
    n_block = int((plan.stop[last] - plan.first[begin]).max())
    stride = row_stride(n_time)
    padded = n_subject + -n_subject % LANES
    width = n_component * padded
    sizes = [n_component * n_subject * stride + 8 * LANES] + [n_block * width] * 4 + [2 * LANES * padded] + [width] * 3
    rows, head, offset, spread, deviation, lanes, centre, residual, weight = (
        np.zeros(size, dtype=np.float32) for size in sizes
    )
    place, gapped = np.zeros(width, dtype=np.int64), np.zeros(n_subject, dtype=np.int64)
    present = np.ones((n_subject + 1) * plan.length, dtype=np.bool_)
    curve = np.zeros(n_component * row_stride(plan.length), dtype=np.float32)
    return Workspace(
        rows,
        stride,
        padded,
        head,
        offset,
        spread,
        deviation,
        lanes,
        centre,
        residual,
        weight,
        place,
        gapped,
        present,
        curve,
    )


def in_threads(function: Callable[..., Any], tasks: Sequence[tuple], n_threads: int) -> list:
    """Call ``function(*task)`` for every task on `n_threads` threads; results in the order of the tasks."""
    if n_threads == 1:
        return [function(*task) for task in tasks]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(lambda task: function(*task), tasks))


def in_order(function: Callable[..., Any], tasks: Sequence[tuple], n_threads: int) -> Iterator[Any]:
    """As `in_threads`, but yield the results one by one and work a few tasks ahead only: memory stays bounded."""
    if n_threads == 1:
        yield from (function(*task) for task in tasks)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        ahead: deque[Future] = deque()
        for task in tasks:
            ahead.append(pool.submit(function, *task))
            if len(ahead) > 2 * n_threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def tiles(n: int, size: int) -> list[tuple[int, int]]:
    """Pairs (begin, end) that cover 0 .. n - 1."""
    return [(begin, min(begin + size, n)) for begin in range(0, n, size)]

"""Correlation matrices of windows: every frame is multiplied once, in its block, and blocks are merged per window.

With c a block's centred samples and d its mean less the window's, the covariance of a window is
``sum_b (c_i . c_j)_b + n_b d_ib d_jb``. Compiled only, but for the scratch memory.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from isc.kernels.vectors.simd import FAST, LANES, keep_first, load, multiply_add, splat, store, totals
from isc.kernels.windows.moments import ONE, ZERO, block_moments, merge_blocks
from isc.kernels.windows.plan import LONGEST_BLOCK, Workspace
from isc.kernels.windows.sources import fill_shifted, read_frames
from isc.kernels.windows.validity import weigh_subjects


class Products(NamedTuple):
    """Scratch memory of one thread besides its `Workspace`, all arrays flat.

    ``centred`` (padded subject, LONGEST_BLOCK): samples of a block and component less their mean. ``gram`` (block,
    subject, padded subject): products summed over the block and the components. ``row`` (padded subject,).
    """

    centred: np.ndarray
    gram: np.ndarray
    row: np.ndarray


def make_products(work: Workspace, n_subject: int) -> Products:
    """Products to match a workspace; gram has one row to spare, written when the number of subjects is odd."""
    n_block = work.head.size // work.centre.size
    sizes = (work.padded * LONGEST_BLOCK, n_block * n_subject * work.padded + work.padded, work.padded)
    return Products(*[np.zeros(size, dtype=np.float32) for size in sizes])


@njit(**FAST)
def centre_block(component: int, n_subject: int, begin: int, size: int, slot: int, work: Any, centred: Any) -> None:
    """Samples of a block and component less their mean, zero up to a whole vector beyond the block."""
    for s in range(n_subject):
        place = (component * n_subject + s) * work.stride + begin
        moment = slot * work.centre.size + component * work.padded + s
        head, offset = splat(work.head[moment]), splat(work.offset[moment])
        for t in range(0, size, LANES):
            value = (load(work.rows, place + t) - head) - offset
            store(centred, s * LONGEST_BLOCK + t, keep_first(value, size - t))


@njit(**FAST)
def eight_products(centred: Any, size: int, i: int, j: int, lanes: Any, first: int) -> None:
    """Products of subjects i, i+1 with subjects j .. j+3 over a block, eight partial sums each, from lanes[first]."""
    a = b = c = d = e = f = g = h = splat(ZERO)
    p, q, n = i * LONGEST_BLOCK, j * LONGEST_BLOCK, LONGEST_BLOCK
    for t in range(0, size, LANES):
        own, next_own = load(centred, p + t), load(centred, p + n + t)
        other = load(centred, q + t)
        a, e = multiply_add(other, own, a), multiply_add(other, next_own, e)
        other = load(centred, q + n + t)
        b, f = multiply_add(other, own, b), multiply_add(other, next_own, f)
        other = load(centred, q + 2 * n + t)
        c, g = multiply_add(other, own, c), multiply_add(other, next_own, g)
        other = load(centred, q + 3 * n + t)
        d, h = multiply_add(other, own, d), multiply_add(other, next_own, h)
    for k, vector in enumerate((a, b, c, d)):
        store(lanes, first + LANES * k, vector)
    for k, vector in enumerate((e, f, g, h)):
        store(lanes, first + LANES * (k + 8), vector)


@njit(**FAST)
def block_products(component: int, n_subject: int, size: int, slot: int, work: Any, extra: Any) -> None:
    """Add the products of a component to gram[slot, i, j] for j from i rounded down to 8."""
    for i in range(0, n_subject, 2):
        for j in range(i - i % LANES, n_subject, LANES):
            place = (slot * n_subject + i) * work.padded + j
            eight_products(extra.centred, size, i, j, work.lanes, 0)
            eight_products(extra.centred, size, i, j + 4, work.lanes, 4 * LANES)
            for k in range(2):
                products = totals(work.lanes, 8 * LANES * k, LANES)
                if component > 0:
                    products = products + load(extra.gram, place + k * work.padded)
                store(extra.gram, place + k * work.padded, products)


@njit(**FAST)
def new_products(plan: Any, window: int, done: int, origin: int, shape: Any, work: Any, extra: Any) -> int:
    """Moments and products of the blocks of `window` that are not computed yet; returns the next block."""
    n_component, n_subject = shape
    for b in range(done, plan.stop[window]):
        begin, size = plan.block_start[b] - plan.block_start[origin], plan.block_size[b]
        block_moments(work, n_component, n_subject, begin, size, b - origin)
        for c in range(n_component):
            centre_block(c, n_subject, begin, size, b - origin, work, extra.centred)
            block_products(c, n_subject, size, b - origin, work, extra)
    return max(done, plan.stop[window])


@njit(**FAST)
def merge_row(plan: Any, window: int, origin: int, shape: Any, i: int, work: Any, extra: Any) -> None:
    """Covariances (times length) of subject i with subjects j from i rounded down to 8, into row."""
    n_component, n_subject = shape
    first = plan.first[window]
    for j in range(i - i % LANES, n_subject, LANES):
        value = splat(ZERO)
        for b in range(first, plan.stop[window]):
            value = value + load(extra.gram, ((b - origin) * n_subject + i) * work.padded + j)
            size = np.float32(plan.block_size[b])
            for c in range(n_component):
                place = (b - first) * work.centre.size + c * work.padded
                own = splat(work.deviation[place + i] * size)
                value = multiply_add(load(work.deviation, place + j), own, value)
        store(extra.row, j, value)


@njit(**FAST)
def fill_matrix(plan: Any, window: int, origin: int, shape: Any, work: Any, extra: Any, matrix: Any) -> None:
    """Correlations of one window, matrix (subject, subject); NaN for the subjects left out."""
    n_subject = shape[1]
    for s in range(n_subject):
        power = work.weight[s]
        work.weight[s] = ONE / np.sqrt(power) if power > ZERO else np.float32(np.nan)
    for i in range(n_subject):
        merge_row(plan, window, origin, shape, i, work, extra)
        own = work.weight[i]
        matrix[i, i] = ONE if own > ZERO else own
        for j in range(i + 1, n_subject):
            value = extra.row[j] * own * work.weight[j]
            value = min(max(value, -ONE), ONE) if value == value else value
            matrix[i, j] = value
            matrix[j, i] = value


@njit(**FAST)
def correlation_windows(
    plan: Any, begin: int, end: int, least: int, shape: Any, work: Any, extra: Any, result: Any, n_valid: Any
) -> None:
    """Matrices (window, subject, subject) of windows begin .. end - 1; rows begin at starts[begin].

    shape is (component, subject). n_valid is -1 where the exact path has to be taken.
    """
    origin, first_sample = plan.first[begin], plan.starts[begin]
    done = origin
    for w in range(begin, end):
        done = new_products(plan, w, done, origin, shape, work, extra)
        merge_blocks(plan, w, origin, work)
        n_valid[w] = weigh_subjects(plan, plan.starts[w] - first_sample, least, shape, work)
        if n_valid[w] >= 0:
            fill_matrix(plan, w, origin, shape, work, extra, result[w])


@njit(**FAST)
def correlation_series(
    series: Any,
    features: Any,
    source: Any,
    mixed: Any,
    plan: Any,
    edges: Any,
    least: int,
    work: Any,
    extra: Any,
    out: Any,
) -> None:
    """Windows of features begin .. end - 1 = features, chunk by chunk; out is (value, count).

    source is (shifts, frames); mixed (component, subject, n) is scratch memory for the series at frames.
    """
    shifts, frames = source
    value, count = out
    shape = (series.shape[1], series.shape[2])
    for f in range(features[0], features[1]):
        feature = series[f]
        if frames.size:
            read_frames(series[f], frames, mixed)
            feature = mixed
        for c in range(edges.size - 1):
            begin, end = edges[c], edges[c + 1]
            sample = plan.starts[begin]
            fill_shifted(feature, shifts, sample, plan.starts[end - 1] + plan.length - sample, work)
            correlation_windows(plan, begin, end, least, shape, work, extra, value[f], count[f])

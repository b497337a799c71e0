"""Mean pairwise correlation of sixteen features abreast, a feature a lane: no remainders, no sums across lanes.

The operations of `isc.kernels.moments` and `isc.kernels.pairwise` in the same order, so the numbers are the same bit
for bit. A window of a feature with a gap or a flat subject is marked, for those kernels to compute. Compiled only.

The samples of a chunk of windows are first brought to the order ``(sample, row, feature)``, from series or straight
from a cube with time outside; a row is a component of a subject.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from isc.kernels.moments import FLAT, ONE, ZERO
from isc.kernels.plan import Plan
from isc.kernels.simd import FAST
from isc.kernels.simd import LANES as PARTS
from isc.kernels.wide import (
    WIDE,
    ask_for,
    between,
    larger,
    load_wide,
    multiply_add_wide,
    smaller,
    splat_wide,
    square_root_wide,
    store_wide,
    transpose_wide,
)

AHEAD = 256  # samples of a series: how long before they are read they are asked for
FRAMES_AHEAD = 8  # of a cube with time outside
GROUP = 6 * PARTS  # samples whose squares `isc.kernels.pairwise` adds together
AT_ONCE = 8  # samples whose weighted sums are formed together
ALL = 2**WIDE - 1  # lanes


class Chunk(NamedTuple):
    """Scratch memory of one thread for a chunk of windows, all arrays flat, sixteen lanes an entry.

    ``samples``: (tile of features, sample, row), ``size`` values a tile. ``head``, ``offset``, ``spread``: (block
    modulo slots, row), as in `isc.kernels.plan.Workspace`; a window has at most ``slots`` blocks. ``centre`` (row,),
    ``weight`` (subject,), ``curve`` (sample of the window,): weighted sum over the subjects. ``parts``: partial sums.
    ``power`` (component,).
    """

    samples: np.ndarray
    size: int
    slots: int
    head: np.ndarray
    offset: np.ndarray
    spread: np.ndarray
    centre: np.ndarray
    weight: np.ndarray
    curve: np.ndarray
    parts: np.ndarray
    power: np.ndarray


def make_chunk(plan: Plan, edges: np.ndarray, n_component: int, n_subject: int, n_tile: int = 1) -> Chunk:
    """Scratch memory large enough for every chunk of a plan, of `n_tile` times sixteen features."""
    begin, last, n_row = edges[:-1], edges[1:] - 1, n_component * n_subject
    n_time = int((plan.starts[last] + plan.length - plan.starts[begin]).max())
    slots, size = int((plan.stop - plan.first).max()), (n_time + 2 * WIDE) * n_row
    entries = (n_tile * size, slots * n_row, slots * n_row, slots * n_row, n_row, n_subject)
    arrays = [_aligned(WIDE * n) for n in (*entries, plan.length + GROUP, PARTS, n_component)]
    return Chunk(arrays[0], WIDE * size, slots, *arrays[1:])


def _aligned(size: int) -> np.ndarray:
    """Zeros that begin a cache line."""
    buffer = np.zeros(size + WIDE, dtype=np.float32)
    first = -(buffer.ctypes.data // 4) % WIDE
    return buffer[first : first + size]


@njit(**FAST)
def put_series(flat: Any, feature: int, shape: Any, shifts: Any, begin: int, n_sample: int, chunk: Any) -> None:
    """Samples from `begin` of sixteen features of flat (feature, component, subject, time).

    shape is (component, subject, time). Up to a whole vector more is read.
    """
    n_component, n_subject, n_time = shape
    n_row = n_component * n_subject
    for row in range(n_row):
        here, origin = (feature * n_row + row) * n_time, (begin + shifts[row % n_subject]) % n_time
        for spot in range(row * WIDE, n_sample * n_row * WIDE, n_row * WIDE * WIDE):
            if origin + WIDE <= n_time:
                transpose_wide(flat, here + origin, n_row * n_time, AHEAD, chunk.samples, spot, n_row * WIDE)
                origin = origin + WIDE if origin + WIDE < n_time else 0
                continue
            for at in range(spot, spot + n_row * WIDE * WIDE, n_row * WIDE):
                for k in range(WIDE):
                    chunk.samples[at + k] = flat[here + k * n_row * n_time + origin]
                origin = origin + 1 if origin + 1 < n_time else 0


@njit(**FAST)
def put_values(flat: Any, features: Any, shape: Any, origin: Any, begin: int, n_sample: int, chunk: Any) -> None:
    """Samples from `begin` of some features of flat (subject, time, feature), less origin (subject, feature).

    shape is (subject, time, feature); features is (first, last), whole sixteens, one after the other to a tile each.
    """
    n_subject, n_time, n_feature = shape
    spot = 0
    for t in range(begin, begin + n_sample):
        for s in range(n_subject):
            place, target = (s * n_time + t) * n_feature, spot
            ask_for(flat, place + features[1] - 1 + FRAMES_AHEAD * n_feature)
            for f in range(features[0], features[1], WIDE):
                ask_for(flat, place + f + FRAMES_AHEAD * n_feature)
                value = load_wide(flat, place + f) - load_wide(origin, s * n_feature + f)
                store_wide(chunk.samples, target, value)
                target += chunk.size
            spot += WIDE


@njit(**FAST)
def middle_abreast(flat: Any, step: int, looks: Any, missing: Any, origin: Any) -> None:
    """Middle of the samples of a series that are `step` values apart, an odd number, into origin (series,).

    `looks` (sample, lane) is scratch memory. ``missing[k]`` says that not all are finite for series 16 k .. 16 k + 15.
    """
    infinite, n_look = splat_wide(np.float32(np.inf)), looks.size // WIDE
    for tile in range(missing.size):
        lanes = ALL
        for look in range(n_look):
            value = load_wide(flat, look * step + tile * WIDE)
            lanes &= between(splat_wide(ZERO) - infinite, value, infinite)
            for place in range(0, look * WIDE, WIDE):
                other = load_wide(looks, place)
                store_wide(looks, place, smaller(other, value))
                value = larger(other, value)
            store_wide(looks, look * WIDE, value)
        store_wide(origin, tile * WIDE, load_wide(looks, n_look // 2 * WIDE))
        missing[tile] = lanes != ALL


@njit(**FAST)
def _add(samples: Any, place: int, first: Any, sums: Any, squares: Any) -> Any:
    """Sums and sums of squares with one more sample less `first`."""
    value = load_wide(samples, place) - first
    return sums + value, multiply_add_wide(value, value, squares)


@njit(**FAST)
def row_sums(samples: Any, place: int, pitch: int, size: int) -> Any:  # noqa: C901  # seven remainders
    """First sample, and the sums of x - first and of its square in the order of `isc.kernels.moments.block_sums`."""
    first = load_wide(samples, place)
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = splat_wide(ZERO)
    q0 = q1 = q2 = q3 = q4 = q5 = q6 = q7 = splat_wide(ZERO)
    for _ in range(size // PARTS):
        s0, q0 = _add(samples, place, first, s0, q0)
        s1, q1 = _add(samples, place + pitch, first, s1, q1)
        s2, q2 = _add(samples, place + 2 * pitch, first, s2, q2)
        s3, q3 = _add(samples, place + 3 * pitch, first, s3, q3)
        s4, q4 = _add(samples, place + 4 * pitch, first, s4, q4)
        s5, q5 = _add(samples, place + 5 * pitch, first, s5, q5)
        s6, q6 = _add(samples, place + 6 * pitch, first, s6, q6)
        s7, q7 = _add(samples, place + 7 * pitch, first, s7, q7)
        place += PARTS * pitch
    left = size % PARTS
    if left > 0:
        s0, q0 = _add(samples, place, first, s0, q0)
    if left > 1:
        s1, q1 = _add(samples, place + pitch, first, s1, q1)
    if left > 2:
        s2, q2 = _add(samples, place + 2 * pitch, first, s2, q2)
    if left > 3:
        s3, q3 = _add(samples, place + 3 * pitch, first, s3, q3)
    if left > 4:
        s4, q4 = _add(samples, place + 4 * pitch, first, s4, q4)
    if left > 5:
        s5, q5 = _add(samples, place + 5 * pitch, first, s5, q5)
    if left > 6:
        s6, q6 = _add(samples, place + 6 * pitch, first, s6, q6)
    sums = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    return first, sums, ((q0 + q1) + (q2 + q3)) + ((q4 + q5) + (q6 + q7))


@njit(**FAST)
def wide_moments(slot: int, size: int, place: int, n_row: int, chunk: Any) -> None:
    """Head, offset and spread of every row over the block that begins at `place`."""
    inverse = splat_wide(np.float32(1 / size))
    for row in range(n_row):
        first, sums, squares = row_sums(chunk.samples, place + row * WIDE, n_row * WIDE, size)
        offset, here = sums * inverse, (slot * n_row + row) * WIDE
        store_wide(chunk.head, here, first)
        store_wide(chunk.offset, here, offset)
        store_wide(chunk.spread, here, squares - sums * offset)


@njit(**FAST)
def wide_merge(plan: Any, window: int, row: int, n_row: int, chunk: Any) -> Any:
    """Mean and centred sum of squares of a row over a window, as in `isc.kernels.moments.merge_blocks`."""
    first, stop, pitch = plan.first[window], plan.stop[window], n_row * WIDE
    begin, end = (first % chunk.slots) * pitch + row * WIDE, chunk.slots * pitch
    base, shift, place = load_wide(chunk.head, begin), splat_wide(ZERO), begin
    for b in range(first, stop):
        mean = (load_wide(chunk.head, place) - base) + load_wide(chunk.offset, place)
        shift = multiply_add_wide(mean, splat_wide(np.float32(plan.block_size[b])), shift)
        place = place + pitch if place + pitch < end else place + pitch - end
    shift, squares, place = shift * splat_wide(np.float32(1 / plan.length)), splat_wide(ZERO), begin
    for b in range(first, stop):
        deviation = (load_wide(chunk.head, place) - base) + load_wide(chunk.offset, place) - shift
        weighted = deviation * splat_wide(np.float32(plan.block_size[b]))
        squares = squares + multiply_add_wide(deviation, weighted, load_wide(chunk.spread, place))
        place = place + pitch if place + pitch < end else place + pitch - end
    return base + shift, squares


@njit(**FAST)
def wide_weights(plan: Any, window: int, shape: Any, chunk: Any) -> int:
    """Centres of the rows and weights of the subjects in a window; returns the lanes where all subjects are valid."""
    n_component, n_subject = shape
    lanes, least = ALL, splat_wide(np.float32(FLAT * plan.length))
    for s in range(n_subject):
        power = flat = splat_wide(ZERO)
        for c in range(n_component):
            row = c * n_subject + s
            centre, squares = wide_merge(plan, window, row, n_component * n_subject, chunk)
            store_wide(chunk.centre, row * WIDE, centre)
            power, flat = power + squares, flat + centre * centre
        lanes &= between(least * flat, power, splat_wide(np.float32(np.inf)))
        store_wide(chunk.weight, s * WIDE, splat_wide(ONE) / square_root_wide(power))
    return lanes


@njit(**FAST)
def wide_sums(place: int, first: int, n_subject: int, pitch: int, spot: int, chunk: Any) -> None:
    """Weighted sums over a component's subjects, whose rows begin at `first`, at eight samples, into the curve."""
    a = b = c = d = e = f = g = h = splat_wide(ZERO)
    for s in range(n_subject):
        at = place + s * WIDE
        centre, weight = load_wide(chunk.centre, first + s * WIDE), load_wide(chunk.weight, s * WIDE)
        a = multiply_add_wide(load_wide(chunk.samples, at) - centre, weight, a)
        b = multiply_add_wide(load_wide(chunk.samples, at + pitch) - centre, weight, b)
        c = multiply_add_wide(load_wide(chunk.samples, at + 2 * pitch) - centre, weight, c)
        d = multiply_add_wide(load_wide(chunk.samples, at + 3 * pitch) - centre, weight, d)
        e = multiply_add_wide(load_wide(chunk.samples, at + 4 * pitch) - centre, weight, e)
        f = multiply_add_wide(load_wide(chunk.samples, at + 5 * pitch) - centre, weight, f)
        g = multiply_add_wide(load_wide(chunk.samples, at + 6 * pitch) - centre, weight, g)
        h = multiply_add_wide(load_wide(chunk.samples, at + 7 * pitch) - centre, weight, h)
    store_wide(chunk.curve, spot, a)
    store_wide(chunk.curve, spot + WIDE, b)
    store_wide(chunk.curve, spot + 2 * WIDE, c)
    store_wide(chunk.curve, spot + 3 * WIDE, d)
    store_wide(chunk.curve, spot + 4 * WIDE, e)
    store_wide(chunk.curve, spot + 5 * WIDE, f)
    store_wide(chunk.curve, spot + 6 * WIDE, g)
    store_wide(chunk.curve, spot + 7 * WIDE, h)


@njit(**FAST)
def wide_curve(place: int, length: int, first: int, n_subject: int, n_row: int, chunk: Any) -> None:
    """Weighted sum over a component's subjects at every sample of the window at `place`; zeros beyond."""
    for t in range(0, length, AT_ONCE):
        wide_sums(place + t * n_row * WIDE, first, n_subject, n_row * WIDE, t * WIDE, chunk)
    for t in range(length, length + GROUP):
        store_wide(chunk.curve, t * WIDE, splat_wide(ZERO))


@njit(**FAST)
def wide_power(length: int, chunk: Any) -> Any:
    """Sum of squares of the curve, in the order of `isc.kernels.pairwise.summed_power`."""
    for part in range(PARTS):
        power, t = splat_wide(ZERO), part * WIDE
        stop, step = (length + part) * WIDE, PARTS * WIDE
        while t + 5 * step < stop:
            a, b, c = load_wide(chunk.curve, t), load_wide(chunk.curve, t + step), load_wide(chunk.curve, t + 2 * step)
            d, e = load_wide(chunk.curve, t + 3 * step), load_wide(chunk.curve, t + 4 * step)
            f = load_wide(chunk.curve, t + 5 * step)
            low = multiply_add_wide(a, a, multiply_add_wide(b, b, c * c))
            power = power + (low + multiply_add_wide(d, d, multiply_add_wide(e, e, f * f)))
            t += 6 * step
        while t < stop:
            a = load_wide(chunk.curve, t)
            power = power + a * a
            t += step
        store_wide(chunk.parts, part * WIDE, power)
    for width in (4, 2, 1):
        for part in range(width):
            at, other = part * WIDE, (part + width) * WIDE
            store_wide(chunk.parts, at, load_wide(chunk.parts, at) + load_wide(chunk.parts, other))
    return load_wide(chunk.parts, 0)


@njit(**FAST)
def wide_means(place: int, length: int, shape: Any, chunk: Any) -> None:
    """Sums of squares over time of the weighted sum over subjects, every component, of the window at `place`."""
    n_component, n_subject = shape
    for c in range(n_component):
        first = c * n_subject * WIDE
        wide_curve(place + first, length, first, n_subject, n_component * n_subject, chunk)
        store_wide(chunk.power, c * WIDE, wide_power(length, chunk))


@njit(**FAST)
def put_result(feature: int, window: int, lanes: int, shape: Any, chunk: Any, out: Any) -> None:
    """Mean correlations of sixteen features in a window, as in `isc.kernels.pairwise`; -1 subjects where not valid."""
    value, count = out
    n_component, n_subject = shape
    n_dyad = n_subject * (n_subject - 1) // 2
    for k in range(WIDE):
        power = 0.0
        for c in range(n_component):
            power += chunk.power[c * WIDE + k]
        summed = max((power - n_subject) / 2, -0.5 * n_subject)
        value[feature + k, window] = np.float32(min(summed / n_dyad, 1.0))
        count[feature + k, window] = n_subject if lanes >> k & 1 else -1


@njit(**FAST)
def windows_abreast(plan: Any, windows: Any, shape: Any, tile: int, feature: int, chunk: Any, out: Any) -> None:
    """Windows first .. last - 1 = windows of sixteen features, whose samples are those of `tile`.

    shape is (component, subject). Values and numbers of subjects go to out (feature, window) from row `feature` on.
    """
    n_row, base, done = shape[0] * shape[1], plan.starts[windows[0]], plan.first[windows[0]]
    for w in range(windows[0], windows[1]):
        for b in range(done, plan.stop[w]):
            place = tile * chunk.size + (plan.block_start[b] - base) * n_row * WIDE
            wide_moments(b % chunk.slots, plan.block_size[b], place, n_row, chunk)
        done = max(done, plan.stop[w])
        lanes = wide_weights(plan, w, shape, chunk)
        wide_means(tile * chunk.size + (plan.starts[w] - base) * n_row * WIDE, plan.length, shape, chunk)
        put_result(feature, w, lanes, shape, chunk, out)


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
    """Windows of features first .. last - 1 = features, whole sixteens, of flat (subject, time, feature).

    shape is (subject, time, feature); origin (subject, feature) is subtracted.
    """
    for c in range(edges.size - 1):
        begin, last = plan.starts[edges[c]], edges[c + 1] - 1
        n_sample = plan.starts[last] + plan.length - begin
        put_values(flat, features, shape, origin, begin, n_sample, chunk)
        for f in range(features[0], features[1], WIDE):
            tile = (f - features[0]) // WIDE
            windows_abreast(plan, (edges[c], edges[c + 1]), (1, shape[0]), tile, f, chunk, out)

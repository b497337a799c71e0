"""Weighted sums over the subjects of sixteen features abreast, of two overlapping windows at a time. Compiled only.

Samples come from the second-level cache no faster than they are added up: what two windows share is read once. Each
window has the sums that it would have by itself, bit for bit.
"""

from typing import Any

from numba import njit

from isc.kernels.dyads.abreast_samples import AT_ONCE, GROUP
from isc.kernels.dyads.ahead import lines_of
from isc.kernels.vectors.simd import FAST
from isc.kernels.vectors.simd import LANES as PARTS
from isc.kernels.vectors.wide import WIDE, ask_for, load_wide, multiply_add_wide, splat_wide, store_wide
from isc.kernels.windows.moments import ZERO


@njit(**FAST)
def _put(curve: Any, spot: int, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any) -> None:
    """Eight samples of a curve."""
    store_wide(curve, spot, a)
    store_wide(curve, spot + WIDE, b)
    store_wide(curve, spot + 2 * WIDE, c)
    store_wide(curve, spot + 3 * WIDE, d)
    store_wide(curve, spot + 4 * WIDE, e)
    store_wide(curve, spot + 5 * WIDE, f)
    store_wide(curve, spot + 6 * WIDE, g)
    store_wide(curve, spot + 7 * WIDE, h)


@njit(**FAST)
def _ask(flat: Any, line: int, n_line: int) -> None:
    """Ask for cache lines one after the other."""
    for _ in range(n_line):
        ask_for(flat, line)
        line += WIDE


@njit(**FAST)
def _share(ahead: Any, when: Any) -> Any:
    """Where the lines begin that are asked for in a stretch of samples, beyond those of `Chunk.place`, and how many.

    when is (number of the window in its chunk, windows at a time, number of the stretch).
    """
    number, n_window, stretch = when
    n_line = lines_of(n_window * ahead.share) if stretch < WIDE else 0
    return number * ahead.share + stretch * ahead.feature, n_line


@njit(**FAST)
def sums_of_one(place: int, rows: Any, pitch: int, spot: int, chunk: Any, flat: Any, ahead: Any, when: Any) -> None:
    """Weighted sums over subjects at eight samples, in one window, into the curve.

    rows is (first of chunk.centre, first of chunk.weight, number of subjects, first of chunk.place). Meanwhile flat is
    asked for what comes after (`_share`), unless ahead is None.
    """
    line = n_line = 0
    if ahead is not None:
        line, n_line = _share(ahead, when)
    a = b = c = d = e = f = g = h = splat_wide(ZERO)
    for s in range(rows[2]):
        at = place + s * WIDE
        if ahead is not None:
            _ask(flat, chunk.place[rows[3] + s] + line, n_line)
        centre, weight = load_wide(chunk.centre, rows[0] + s * WIDE), load_wide(chunk.weight, rows[1] + s * WIDE)
        a = multiply_add_wide(load_wide(chunk.samples, at) - centre, weight, a)
        b = multiply_add_wide(load_wide(chunk.samples, at + pitch) - centre, weight, b)
        c = multiply_add_wide(load_wide(chunk.samples, at + 2 * pitch) - centre, weight, c)
        d = multiply_add_wide(load_wide(chunk.samples, at + 3 * pitch) - centre, weight, d)
        e = multiply_add_wide(load_wide(chunk.samples, at + 4 * pitch) - centre, weight, e)
        f = multiply_add_wide(load_wide(chunk.samples, at + 5 * pitch) - centre, weight, f)
        g = multiply_add_wide(load_wide(chunk.samples, at + 6 * pitch) - centre, weight, g)
        h = multiply_add_wide(load_wide(chunk.samples, at + 7 * pitch) - centre, weight, h)
    _put(chunk.curve, spot, a, b, c, d, e, f, g, h)


@njit(**FAST)
def _add_to_both(value: Any, centre: Any, weight: Any, other: Any, weight_b: Any, sums: Any, sums_b: Any) -> Any:
    """Sums of two windows with one more sample."""
    return multiply_add_wide(value - centre, weight, sums), multiply_add_wide(value - other, weight_b, sums_b)


@njit(**FAST)
def sums_of_two(
    place: int, rows: Any, next_: Any, pitch: int, spots: Any, chunk: Any, flat: Any, ahead: Any, when: Any
) -> None:
    """As `sums_of_one`, in two windows: next_ is (first of chunk.centre, first of chunk.weight) of the second."""
    line = n_line = 0
    if ahead is not None:
        line, n_line = _share(ahead, when)
    a = b = c = d = e = f = g = h = splat_wide(ZERO)
    i = j = k = m = n = o = p = q = splat_wide(ZERO)
    for s in range(rows[2]):
        at = place + s * WIDE
        if ahead is not None:
            _ask(flat, chunk.place[rows[3] + s] + line, n_line)
        u, v = load_wide(chunk.centre, rows[0] + s * WIDE), load_wide(chunk.weight, rows[1] + s * WIDE)
        x, y = load_wide(chunk.centre, next_[0] + s * WIDE), load_wide(chunk.weight, next_[1] + s * WIDE)
        a, i = _add_to_both(load_wide(chunk.samples, at), u, v, x, y, a, i)
        b, j = _add_to_both(load_wide(chunk.samples, at + pitch), u, v, x, y, b, j)
        c, k = _add_to_both(load_wide(chunk.samples, at + 2 * pitch), u, v, x, y, c, k)
        d, m = _add_to_both(load_wide(chunk.samples, at + 3 * pitch), u, v, x, y, d, m)
        e, n = _add_to_both(load_wide(chunk.samples, at + 4 * pitch), u, v, x, y, e, n)
        f, o = _add_to_both(load_wide(chunk.samples, at + 5 * pitch), u, v, x, y, f, o)
        g, p = _add_to_both(load_wide(chunk.samples, at + 6 * pitch), u, v, x, y, g, p)
        h, q = _add_to_both(load_wide(chunk.samples, at + 7 * pitch), u, v, x, y, h, q)
    _put(chunk.curve, spots[0], a, b, c, d, e, f, g, h)
    _put(chunk.curve, spots[1], i, j, k, m, n, o, p, q)


@njit(**FAST)
def wide_curves(
    place: int, sizes: Any, component: int, shape: Any, chunk: Any, flat: Any, ahead: Any, number: int
) -> None:
    """Weighted sums over a component's subjects at every sample of a window at `place` and of the next one.

    sizes is (samples of a window, samples to the next one); where these are equal there is no next one. Zeros follow
    each curve. shape is (component, subject); the window is the k-th = number of its chunk.
    """
    (length, step), n_row, n_subject = sizes, shape[0] * shape[1], shape[1]
    reach, pitch, first = (length + GROUP) * WIDE, n_row * WIDE, component * n_subject
    rows = (first * WIDE, 0, n_subject, first)
    next_ = ((n_row + first) * WIDE, n_subject * WIDE)
    n_window, stretch = 2 if step < length else 1, 0
    for t in range(0, step, AT_ONCE):
        when = (number, n_window, stretch)
        sums_of_one(place + t * pitch + rows[0], rows, pitch, t * WIDE, chunk, flat, ahead, when)
        stretch += 1
    for t in range(step, length, AT_ONCE):
        when, spots = (number, n_window, stretch), (t * WIDE, reach + (t - step) * WIDE)
        sums_of_two(place + t * pitch + rows[0], rows, next_, pitch, spots, chunk, flat, ahead, when)
        stretch += 1
    if step < length:
        rows_b = (next_[0], next_[1], n_subject, first)
        for t in range(length, length + step, AT_ONCE):
            when, spot = (number, n_window, stretch), reach + (t - step) * WIDE
            sums_of_one(place + t * pitch + rows[0], rows_b, pitch, spot, chunk, flat, ahead, when)
            stretch += 1
    for t in range(length, length + GROUP):
        store_wide(chunk.curve, t * WIDE, splat_wide(ZERO))
        store_wide(chunk.curve, reach + t * WIDE, splat_wide(ZERO))


@njit(**FAST)
def keep_power(length: int, component: int, both: bool, chunk: Any) -> None:
    """Sums of squares of the curves of one window or both, into power (window, component)."""
    n_component = chunk.power.size // (2 * WIDE)
    store_wide(chunk.power, component * WIDE, wide_power(0, length, chunk))
    if both:
        power = wide_power((length + GROUP) * WIDE, length, chunk)
        store_wide(chunk.power, (n_component + component) * WIDE, power)


@njit(**FAST)
def wide_power(begin: int, length: int, chunk: Any) -> Any:
    """Sum of squares of the curve at `begin`, in the order of `isc.kernels.dyads.pairwise.summed_power`."""
    for part in range(PARTS):
        power, t = splat_wide(ZERO), begin + part * WIDE
        stop, step = begin + (length + part) * WIDE, PARTS * WIDE
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

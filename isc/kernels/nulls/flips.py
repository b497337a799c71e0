"""Sums of correlations under many flips of signs, by tables of partial sums.

A flip multiplies each dyad's correlation by the signs of its two subjects and adds up. Subjects are put into groups of
three; for two groups there are 32 sums of their dyads that signs can make, whatever the flip. These are computed once
for a window, so that a flip of 21 subjects is 21 additions instead of 210 multiplications: the method of four Russians
(Arlazarov, Dinic, Kronrod & Faradzev 1970), and the flips need no structure of their own.

Eight windows are computed side by side, always in the same order: a value does not depend on its neighbours.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from isc.kernels.vectors.simd import FAST, LANES, load, multiply_add, splat, store
from isc.kernels.windows.moments import ONE, ZERO

GROUP = 3  # subjects a group: 32 sums a table, 21 KB for all tables of 21 subjects and eight windows
CELLS = 2 * LANES  # windows side by side: two vectors share each table index


class FlipTables(NamedTuple):
    """Which terms each table adds up, with which signs, and which entry of it every flip takes.

    Attributes
    ----------
    terms : ndarray of int64, shape (member,)
        Terms of all tables, one table after the other.
    first : ndarray of int64, shape (table + 1,)
        Where the members of each table begin.
    signs : ndarray of float32, shape (entry, member)
        Sign of the member in each entry of its table.
    entries : ndarray of int64, shape (flip, table)
    """

    terms: np.ndarray
    first: np.ndarray
    signs: np.ndarray
    entries: np.ndarray


def dyad_tables(flips: np.ndarray) -> FlipTables:
    """Tables for sums over dyads a < b of sign_a sign_b r_ab; the terms are a * subjects + b.

    Parameters
    ----------
    flips : ndarray, shape (flip, subject)
        Values -1 and 1.

    Returns
    -------
    FlipTables

    Examples
    --------
    >>> tables = dyad_tables(np.array([[1, 1, -1, 1]]))
    >>> tables.terms.tolist(), tables.entries.tolist()
    ([1, 2, 3, 6, 7, 11], [[2]])
    """
    n = flips.shape[1]
    groups = [np.arange(k, min(k + GROUP, n)) for k in range(0, n, GROUP)]
    joined = [(i, j) for i in range(len(groups)) for j in range(i + 1, len(groups))] or [(0, 0)]
    dyads, subjects = [], []
    for i, j in joined:
        both = np.unique(np.concatenate([groups[i], groups[j]]))
        first, second = (both[index] for index in np.triu_indices(both.size, 1))
        # dyads inside a group belong to its table with the next group, those of the last group to the last table
        across = ~np.isin(first, groups[i]) | ~np.isin(second, groups[i])
        across &= ~np.isin(first, groups[j]) | ~np.isin(second, groups[j])
        own = np.isin(first, groups[i]) & np.isin(second, groups[i]) & (j <= i + 1)
        last = np.isin(first, groups[j]) & np.isin(second, groups[j]) & ((i, j) == joined[-1])
        kept = across | own | last
        dyads.append(np.stack([first[kept], second[kept]]))
        subjects.append(both)
    return _tables(dyads, subjects, flips, n)


def _tables(dyads: list[np.ndarray], subjects: list[np.ndarray], flips: np.ndarray, n: int) -> FlipTables:
    """Entry k of a table has the sign of its first subject 1, and bit s - 1 of k for its s-th subject."""
    width = max(both.size for both in subjects) - 1
    patterns = 1 - 2 * (np.arange(2**width)[:, None] >> np.arange(-1, width) & 1)
    patterns[:, 0] = 1
    signs, entries = [], []
    for pairs, both in zip(dyads, subjects, strict=True):
        a, b = np.searchsorted(both, pairs)
        signs.append(patterns[:, a] * patterns[:, b])
        relative = flips[:, both[1:]] * flips[:, both[:1]] < 0  # flipping all of a table changes nothing
        entries.append(relative @ (1 << np.arange(both.size - 1)))
    first = np.cumsum([0, *[pairs.shape[1] for pairs in dyads]])
    terms = np.concatenate([pairs[0] * n + pairs[1] for pairs in dyads])
    return FlipTables(terms, first, np.concatenate(signs, axis=1).astype(np.float32), np.stack(entries, axis=1))


def flipped_means(values: np.ndarray, tables: FlipTables) -> np.ndarray:
    """Mean over the terms of every flip, for every window.

    Parameters
    ----------
    values : ndarray of float32, shape (cell, value)
        Correlations of a window; the terms of `tables` are positions in a row. NaN terms are left out.
    tables : FlipTables

    Returns
    -------
    ndarray of float32, shape (flip, cell)
        NaN where a window has no term.

    Examples
    --------
    >>> matrix = np.float32([[[1, 0.5, 0.1], [0.5, 1, 0.3], [0.1, 0.3, 1]]])
    >>> flipped_means(matrix.reshape(1, 9), dyad_tables(np.array([[1, 1, 1], [1, 1, -1]]))).round(6).tolist()
    [[0.30000001192092896], [0.03333299979567528]]
    """
    n_cell, n_table = values.shape[0], tables.first.size - 1
    means = np.empty((tables.entries.shape[0], n_cell), dtype=np.float32)
    n_entry = tables.signs.shape[0]
    offsets = np.ascontiguousarray((tables.entries + np.arange(n_table) * n_entry) * CELLS)
    panel = np.empty(tables.terms.size * CELLS, dtype=np.float32)
    sums = np.empty(n_table * n_entry * CELLS, dtype=np.float32)
    scale, edge = np.empty(CELLS, dtype=np.float32), np.empty(CELLS, dtype=np.float32)
    signs = np.ascontiguousarray(tables.signs.T).reshape(-1)
    scratch = panel, sums, scale, edge
    _flip_cells(np.ascontiguousarray(values), tables.terms, tables.first, signs, offsets, scratch, means.reshape(-1))
    return means


@njit(**FAST)
def _fill_panel(values: Any, terms: Any, begin: int, count: int, scratch: Any) -> None:
    """Terms of 16 windows side by side, zero where they are missing, and one over the number of terms."""
    panel, scale = scratch[0], scratch[2]
    for c in range(CELLS):
        present = 0
        if c < count:
            for k in range(terms.size):
                value = values[begin + c, terms[k]]
                there = value == value
                panel[k * CELLS + c] = value if there else ZERO
                present += there
        else:
            for k in range(terms.size):
                panel[k * CELLS + c] = ZERO
        scale[c] = ONE / np.float32(present) if present else np.float32(np.nan)


@njit(**FAST)
def _fill_tables(first: Any, signs: Any, n_entry: int, scratch: Any) -> None:
    """All sums that signs can make of each table's terms; signs is (member, entry), flat."""
    panel, sums = scratch[0], scratch[1]
    for table in range(first.size - 1):
        for entry in range(0, n_entry, 2):
            a = b = c = d = splat(ZERO)
            for k in range(first[table], first[table + 1]):
                one, other = load(panel, k * CELLS), load(panel, k * CELLS + LANES)
                sign, next_sign = splat(signs[k * n_entry + entry]), splat(signs[k * n_entry + entry + 1])
                a, b = multiply_add(one, sign, a), multiply_add(other, sign, b)
                c, d = multiply_add(one, next_sign, c), multiply_add(other, next_sign, d)
            place = (table * n_entry + entry) * CELLS
            store(sums, place, a)
            store(sums, place + LANES, b)
            store(sums, place + CELLS, c)
            store(sums, place + CELLS + LANES, d)


@njit(**FAST)
def _flip_cells(values: Any, terms: Any, first: Any, signs: Any, offsets: Any, scratch: Any, means: Any) -> None:
    """Means (flip, cell), flat, 16 windows at a time."""
    sums, scale, edge = scratch[1], scratch[2], scratch[3]
    n_cell, n_table, n_entry = values.shape[0], first.size - 1, signs.size // terms.size
    for begin in range(0, n_cell, CELLS):
        count = min(CELLS, n_cell - begin)
        _fill_panel(values, terms, begin, count, scratch)
        _fill_tables(first, signs, n_entry, scratch)
        low, high = load(scale, 0), load(scale, LANES)
        for flip in range(offsets.shape[0]):
            a = b = splat(ZERO)
            for table in range(n_table):
                place = offsets[flip, table]
                a = a + load(sums, place)
                b = b + load(sums, place + LANES)
            if count == CELLS:
                store(means, flip * n_cell + begin, a * low)
                store(means, flip * n_cell + begin + LANES, b * high)
            else:
                store(edge, 0, a * low)
                store(edge, LANES, b * high)
                for c in range(count):
                    means[flip * n_cell + begin + c] = edge[c]

"""Sign flips: one pass over the data gives the correlations of all dyads, and every flip is a sum of them.

With R the correlations of a window, flipping the signs e of the subjects turns the mean over dyads into
``sum_{a<b} e_a e_b R_ab / n_dyad``. Leave-one-out has no such sum: the mean of the others is flipped with them, so that
it is computed anew from the flipped series. (``mean_s e_s r_s`` would take the r of different subjects for independent;
they share dyads, and the null would be too narrow by the root of two.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from isc.kernels.correlation import least_samples, read_source
from isc.kernels.nulls import surrogates as draws
from isc.kernels.nulls.flips import FlipTables, dyad_tables, flipped_means
from isc.kernels.pairs.distance_matrices import packed_matrices
from isc.kernels.pairs.packing import PackedWindows, mesh_order, packed_windows
from isc.kernels.windows.plan import in_order, in_threads, tiles
from isc.synchrony.features.blocks import Block
from isc.synchrony.features.distance_block import DistanceBlock
from isc.synchrony.statistic.estimate import dyad_indices, summarise
from isc.synchrony.surrogate.design import Design

PIECE_BYTES = 2 * 2**20  # of values made at a time: they are folded while they are in cache


@dataclass(frozen=True)
class FlippedSigns:
    """Values of sign-flip surrogates.

    Attributes
    ----------
    design : Design
    exact : bool
        Surrogates are all patterns of signs that differ from the observed one, instead of random ones.
    """

    design: Design
    exact: bool

    @property
    def at_once(self) -> int:
        """All: the data are read once for all of them."""
        return 2**31

    def draw(self, surrogates: range) -> np.ndarray:
        """Signs (surrogate, subject)."""
        if self.exact:
            return sign_patterns(np.arange(surrogates.start, surrogates.stop) + 1, self.design.keys.size)
        return draws.signs(self.design.seed, surrogates, self.design.keys)

    def values(self, block: Block, features: slice, drawn: np.ndarray) -> np.ndarray:
        """Values (surrogate, feature, window)."""
        summary = self.design.statistic.summary
        if self.design.statistic.estimator == "leave_one_out":
            return self._left_out(block.series_of(slice(None)), drawn)
        if summary != "mean":
            terms = self.design.compute_terms(block)
            return np.stack([summarise(terms * row[:, None, None], summary) for row in sign_products(drawn)])
        return np.concatenate([values for _, values in self._in_tiles(block, dyad_tables(drawn))], axis=1)

    def _left_out(self, series: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Values of flipped series (feature, component, subject, time): the others of a subject are flipped as well."""

        def run(k: int) -> np.ndarray:
            return self.design.compute_other(series * drawn[k, :, None])

        return np.stack(in_threads(run, [(k,) for k in range(len(drawn))], self.design.n_threads))

    def observed(self, block: Block) -> np.ndarray:
        """Observed values (feature, window): the flip that flips nobody."""
        nobody = np.ones((1, self.design.keys.size), np.float32)
        return self.values(block, slice(0, block.n_feature), nobody)[0]

    @property
    def streams(self) -> bool:
        """Whether `pieces` can be used: means over dyads only."""
        return self.design.statistic.estimator == "pairwise" and self.design.statistic.summary == "mean"

    def pieces(self, block: Block, drawn: Any) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """Yield (surrogates, windows, values (surrogate, feature, window)) of means, small enough for the cache."""
        tables = dyad_tables(drawn)
        if isinstance(block, DistanceBlock) and self.design.detrend is None:
            for windows, values in self._of_distances(block, tables):
                yield slice(None), windows, values
        else:
            for _, values in self._in_tiles(block, tables):
                yield slice(None), slice(None), values

    def _tile_size(self, tables: FlipTables, n_window: int) -> int:
        """Features whose matrices and values fit into a piece."""
        return max(1, PIECE_BYTES // (4 * n_window * max(tables.entries.shape[0], self.design.keys.size**2)))

    def _in_tiles(self, block: Block, tables: FlipTables) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (features of the block, values), a few features to a thread."""
        n_window = self.design.windows.starts.size

        def run(first: int, last: int) -> tuple[slice, np.ndarray]:
            rows = self.design.compute_rows(block.of_features(slice(first, last)))
            values = flipped_means(rows.reshape(-1, rows.shape[-1]), tables)
            return slice(first, last), values.reshape(-1, last - first, n_window)

        size = self._tile_size(tables, n_window)
        yield from in_order(run, tiles(block.n_feature, size), self.design.n_threads)

    def _of_distances(self, block: DistanceBlock, tables: FlipTables) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (windows, values) of pairs in the order of their vertices; landmarks are packed once."""
        design = self.design
        n_flip, least = tables.entries.shape[0], least_samples(design.min_valid, design.windows.length)
        used, places = np.unique(np.stack([block.vertex_a, block.vertex_b]), return_inverse=True)
        first, second = np.ascontiguousarray(places.reshape(2, -1)[:, mesh_order(*places.reshape(2, -1))])
        still = read_source(block.n_subject, None, None)
        starts, length = design.windows.starts, design.windows.length
        for chunk in packed_windows(block.landmarks, used, starts, length, still, design.n_threads):
            n_window = chunk.plan.starts.size

            def run(begin: int, end: int, chunk: PackedWindows = chunk, n_window: int = n_window) -> np.ndarray:
                matrices, _ = packed_matrices(chunk, first[begin:end], second[begin:end], least)
                values = flipped_means(matrices.reshape((end - begin) * n_window, -1), tables)
                return values.reshape(n_flip, end - begin, n_window)

            size = self._tile_size(tables, n_window)
            windows = chunk.windows
            for values in in_order(run, tiles(block.n_feature, size), design.n_threads):
                yield windows, values
            del chunk, run, values  # before the next chunk is packed: two at a time would double the memory


def sign_patterns(numbers: np.ndarray, n_subject: int) -> np.ndarray:
    """Patterns of signs: bit s of the number says that subject s is flipped, counted from the last subject.

    Pattern 0 flips nobody. A pattern and its opposite give the same correlations, so that the numbers below 2**(n-1),
    which never flip the first subject, are all of them.

    Parameters
    ----------
    numbers : ndarray of int, shape (surrogate,)
    n_subject : int

    Returns
    -------
    ndarray of float32, shape (surrogate, subject)

    Examples
    --------
    >>> sign_patterns(np.arange(4), 3).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, 1.0], [1.0, -1.0, -1.0]]
    """
    bits = np.asarray(numbers, dtype=np.int64)[:, None] >> np.arange(n_subject - 1, -1, -1) & 1
    return (1 - 2 * bits).astype(np.float32)


def n_sign_patterns(n_subject: int) -> int:
    """How many patterns of signs change the correlations between subjects, the observed one not counted.

    Parameters
    ----------
    n_subject : int

    Returns
    -------
    int

    Examples
    --------
    >>> n_sign_patterns(4)
    7
    """
    return 2 ** (n_subject - 1) - 1


def sign_products(signs: np.ndarray) -> np.ndarray:
    """Product of the two signs of every dyad.

    Parameters
    ----------
    signs : ndarray, shape (surrogate, subject)

    Returns
    -------
    ndarray, shape (surrogate, dyad)

    Examples
    --------
    >>> sign_products(np.array([[1.0, 1.0, -1.0]])).tolist()
    [[1.0, -1.0, -1.0]]
    """
    first, second = dyad_indices(signs.shape[1])
    return signs[:, first] * signs[:, second]

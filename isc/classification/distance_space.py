"""One Gram matrix of all clips: from it every neighbour, principal component, curve and permutation is index work.

Squared distances between clips are g_ii + g_jj - 2 g_ij of the Gram matrix G of the centred features, whatever the
folds; principal components of the training clips of a fold are eigenvectors of their block of G.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from isc.classification.clips import clip_table
from isc.classification.gram_blocks import add_up, block_grams, smallest
from isc.classification.space_inputs import (
    centring_matrix,
    check_finite,
    checked_blocks,
    pairs_of,
    reference_clips,
    source_of,
)

Reference = Literal["template", "grand_mean", "subject_mean", "subject_neutral"]
ROW_FEATURES = 8192  # features read at a time where a few clips are compared exactly
SINGLE_TOLERANCE = 2e-6  # of the sum of both squared norms: ten times the error of a single-precision Gram matrix
LANCZOS_FROM = 500  # training clips; below, all eigenvalues are quicker
DTYPES: dict[str, type] = {"single": np.float32, "double": np.float64}


class DistanceSpace:
    """Clips as points whose coordinates are the distances of vertex pairs (or any given features).

    Parameters
    ----------
    data : DataArray, dims (clip, vertex, space) or (clip, feature)
        Meshes from `isc.classification.features.clip_meshes`: the features are pair distances, computed in blocks
        and never stored. Or features as they are. Coords ``subject`` and ``label`` along ``clip``. No NaN.
    pairs : (array of int, array of int) or VertexPairs, optional
        Both vertices of every pair; by default all pairs of the first 468 vertices.
    reference : {"template", "grand_mean", "subject_mean", "subject_neutral"}
        What is subtracted from each clip's features. A template or the mean of all clips moves all points alike and
        leaves every distance as it is; the mean of the subject's own clips, or of those labelled `neutral`, takes
        the shape of the face out. It looks at unlabelled clips (or neutral ones) of the person who is tested.
    neutral : str
        Label of the neutral clips; they stay in the space.
    scale : {"none", "interocular"}
        Unit of the meshes; "interocular": each clip's own distance of the outer eye corners.
    blocks : sequence of str, optional
        Name of a block for every pair or feature, such as its region: a Gram matrix a block, which add up.
    precision : {"single", "double"}
        Of the products. Features are centred in float64 before they are rounded; block sums are float64. With
        "single" neighbours nearer to one another than its error are compared anew in float64: they are the same.
    max_memory : float
        Bytes that the Gram matrices may take.

    Attributes
    ----------
    clips : DataFrame
        A row a clip.
    gram : ndarray of float64, shape (clip, clip)
        Products of the centred features.
    grams : dict of str to ndarray
        The same for each block; empty without blocks.

    Raises
    ------
    TypeError, ValueError
        When dims differ, values are not finite, a choice is not known, a subject has no neutral clip, or memory would
        not suffice.

    Examples
    --------
    >>> faces = np.random.default_rng(0).normal(size=(4, 5, 3))
    >>> coords = {"subject": ("clip", list("1122")), "label": ("clip", ["happy", "sad"] * 2)}
    >>> space = DistanceSpace(xr.DataArray(faces, dims=("clip", "vertex", "space"), coords=coords))
    >>> space.gram.shape, space.n_feature
    ((4, 4), 10)
    """

    def __init__(
        self,
        data: xr.DataArray,
        *,
        pairs: Any = None,
        reference: Reference = "template",
        neutral: str = "neutral",
        scale: Literal["none", "interocular"] = "none",
        blocks: Sequence[str] | None = None,
        precision: Literal["single", "double"] = "single",
        max_memory: float = 4e9,
    ) -> None:
        if precision not in DTYPES:
            raise ValueError(f"precision must be 'single' or 'double'; given {precision!r}")
        self.clips = clip_table(data)
        check_finite(data, self.clips["clip"].to_numpy())
        self.vertex_a, self.vertex_b = pairs_of(data, pairs)
        self._source = source_of(data, self.vertex_a, self.vertex_b, scale)
        self._positions = np.arange(self._source.n_clip)
        self._used: np.ndarray | None = None
        self._reference = reference_clips(self.clips, reference, neutral)
        self.n_feature, self.reference, self.precision = self._source.n_feature, reference, precision
        self.names = checked_blocks(blocks, self.n_feature)
        self._check_memory(max_memory)
        grams = block_grams(self._source, self.names, DTYPES[precision])
        centring = centring_matrix(self._reference)
        referred = grams if centring is None else {name: centring @ g @ centring.T for name, g in grams.items()}
        self.gram = add_up(list(referred.values()))
        self.grams = referred if self.names is not None else {}

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.clips)

    def _check_memory(self, max_memory: float) -> None:
        n_block = 1 if self.names is None else len(set(self.names)) + 1
        needed = 8.0 * n_block * len(self) ** 2
        if needed > max_memory:
            raise ValueError(
                f"{n_block} Gram matrices of {len(self)} clips need {needed / 1e9:.1f} GB and max_memory is "
                f"{max_memory / 1e9:.1f} GB; give fewer blocks or more memory"
            )

    def select(self, keep: Sequence[int] | np.ndarray) -> "DistanceSpace":
        """The same space with some of the clips; nothing is computed anew.

        Parameters
        ----------
        keep : array of bool (clip,) or of int
            The clips to keep.

        Returns
        -------
        DistanceSpace
            References stay those of the whole space.
        """
        index = np.arange(len(self))[np.asarray(keep)]
        part = self._copy()
        part.clips = self.clips.iloc[index].reset_index(drop=True)
        part._positions = self._positions[index]
        part.gram = self.gram[np.ix_(index, index)]
        part.grams = {name: gram[np.ix_(index, index)] for name, gram in self.grams.items()}
        return part

    def restrict(self, names: Sequence[str]) -> "DistanceSpace":
        """The space of some blocks only: the sum of their Gram matrices.

        Parameters
        ----------
        names : sequence of str
            Names of blocks.

        Returns
        -------
        DistanceSpace

        Raises
        ------
        ValueError
            When the space has no such block.
        """
        unknown = [name for name in names if name not in self.grams]
        if unknown or not len(names):
            raise ValueError(f"the blocks of this space are {sorted(self.grams) or 'none'}; given {list(names)}")
        part = self._copy()
        part.gram = add_up([self.grams[name] for name in names])
        part.grams = {name: self.grams[name] for name in names}
        part._used = np.flatnonzero(np.isin(np.asarray(self.names), names))
        return part

    def _copy(self) -> "DistanceSpace":
        twin = object.__new__(DistanceSpace)
        twin.__dict__.update(self.__dict__)
        return twin

    @property
    def used(self) -> np.ndarray:
        """Positions of the features that count: all, or those of the blocks kept by `restrict`."""
        return np.arange(self.n_feature) if self._used is None else self._used

    def rows(self, clips: np.ndarray, first: int, last: int) -> np.ndarray:
        """Features of some clips less their reference, in float64.

        Parameters
        ----------
        clips : ndarray of int
            Positions in this space.
        first, last : int
            Range of features.

        Returns
        -------
        ndarray of float64, shape (clip, feature)
        """
        places = self._positions[np.atleast_1d(clips)]
        own = self._source.rows(places, first, last)
        if self._reference is None:
            return own
        groups: dict[bytes, np.ndarray] = {}
        for row, place in enumerate(places):
            members = self._reference[place]
            if members.tobytes() not in groups:
                groups[members.tobytes()] = self._source.rows(members, first, last).mean(axis=0)
            own[row] -= groups[members.tobytes()]
        return own

    def squared_distances(self, clips: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Squared distances between clips from the Gram matrix.

        Parameters
        ----------
        clips, others : ndarray of int
            Positions in this space.

        Returns
        -------
        ndarray of float64, shape (clips, others)
        """
        own = np.diag(self.gram)
        return np.maximum(own[clips][:, None] + own[others] - 2 * self.gram[np.ix_(clips, others)], 0)

    def exact_squared_distances(self, clip: int, others: np.ndarray) -> np.ndarray:
        """Squared distances of a clip to some others, from the features in float64.

        Parameters
        ----------
        clip : int
            Position in this space.
        others : ndarray of int
            Positions in this space.

        Returns
        -------
        ndarray of float64, shape (others,)
        """
        total, chosen = np.zeros(len(others)), np.zeros(self.n_feature, dtype=bool)
        chosen[self.used] = True
        for first in range(0, self.n_feature, ROW_FEATURES):
            last = min(first + ROW_FEATURES, self.n_feature)
            values = self.rows(np.concatenate([[clip], others]), first, last)[:, chosen[first:last]]
            total += ((values[1:] - values[0]) ** 2).sum(axis=1)
        return total

    def nearest(self, test: np.ndarray, train: np.ndarray, k: int = 1) -> np.ndarray:
        """The k nearest training clips of every test clip; among equals those that come first in `train`.

        Parameters
        ----------
        test, train : ndarray of int
            Positions in this space.
        k : int
            Number of neighbours, at most that of the training clips.

        Returns
        -------
        ndarray of int, shape (test, k)
            Positions in this space, the nearest first.

        Raises
        ------
        ValueError
            When there are fewer training clips than neighbours.
        """
        if not 1 <= k <= len(train):
            raise ValueError(f"{k} neighbours were asked for and there are {len(train)} training clips")
        distance = self.squared_distances(test, train)
        found = smallest(distance, k)
        if self.precision == "single":
            self._settle(distance, test, train, found)
        return train[found]

    def _settle(self, distance: np.ndarray, test: np.ndarray, train: np.ndarray, found: np.ndarray) -> None:
        """Order anew in float64 the candidates that single precision cannot tell apart."""
        own, k = np.diag(self.gram), found.shape[1]
        error = SINGLE_TOLERANCE * (own[test] + own[train].max())
        limit = np.take_along_axis(distance, found[:, -1:], axis=1)[:, 0] + error
        close = distance <= limit[:, None]
        gaps = np.diff(np.take_along_axis(distance, found, axis=1), axis=1) <= error[:, None]
        for row in np.flatnonzero((close.sum(axis=1) > k) | gaps.any(axis=1)):
            candidates = np.flatnonzero(close[row])
            exact = self.exact_squared_distances(test[row], train[candidates])
            found[row] = candidates[np.lexsort((candidates, exact))[:k]]

    def components(self, train: np.ndarray, clips: np.ndarray, n_component: int) -> np.ndarray:
        """Scores of clips on the principal components of the training clips, from their block of the Gram matrix.

        Parameters
        ----------
        train, clips : ndarray of int
            Positions in this space.
        n_component : int
            Fewer than training clips.

        Returns
        -------
        ndarray of float64, shape (clips, component)
            The component with the largest variance first; signs are arbitrary.

        Raises
        ------
        ValueError
            When there are not more training clips than components, or they do not vary in so many directions.
        """
        basis, variance = self.component_weights(train, n_component)
        block = self.gram[np.ix_(train, train)]
        mean = block.mean(axis=0)
        between = self.gram[np.ix_(clips, train)]
        centred = between - between.mean(axis=1, keepdims=True) - mean + mean.mean()
        return centred @ (basis / np.sqrt(variance))

    def component_weights(self, train: np.ndarray, n_component: int) -> tuple[np.ndarray, np.ndarray]:
        """Principal components of the training clips as weights of these clips, and their sums of squares.

        Parameters
        ----------
        train : ndarray of int
            Positions in this space.
        n_component : int
            Fewer than training clips.

        Returns
        -------
        basis : ndarray, shape (train, component)
            Orthonormal columns.
        sum_of_squares : ndarray, shape (component,)
        """
        n = len(train)
        if not 1 <= n_component < n:
            raise ValueError(f"{n_component} components need more than {n_component} training clips; there are {n}")
        block = self.gram[np.ix_(train, train)]
        mean = block.mean(axis=0)
        centred = block - mean - mean[:, None] + mean.mean()
        size, basis = _largest_eigenpairs(centred, n_component)
        if size[0] <= 1e-12 * size[-1]:
            rank = int((size > 1e-12 * size[-1]).sum())
            raise ValueError(f"the training clips vary in {rank} directions only; ask for at most {rank} components")
        return basis[:, ::-1], size[::-1]


def _largest_eigenpairs(matrix: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k largest eigenvalues, ascending, and their eigenvectors; by Lanczos' method where the matrix is large."""
    from scipy.linalg import eigh
    from scipy.sparse.linalg import eigsh

    n = len(matrix)
    if n < LANCZOS_FROM or k > n // 10:
        return eigh(matrix, subset_by_index=(n - k, n - 1))
    start = np.random.default_rng(0).standard_normal(n)  # fixed: the same matrix gives the same bits
    size, basis = eigsh(matrix, k, which="LA", v0=start)  # to machine precision
    order = np.argsort(size)
    return size[order], basis[:, order]

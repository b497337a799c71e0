"""Blocks of features that the kernels can read: stored series, or distances formed on the way.

Both kinds answer to the same three statistics, so the observed value and every null run through the same code.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr

from isc.kernels import correlation
from isc.kernels.unlaid import is_readable, pairwise_mean_of_values
from isc.kernels.windows.layout import relayout
from isc.synchrony.features.distance_block import DistanceBlock, read_later
from isc.synchrony.features.series import FeatureLabels, FeatureSeries, Space, as_landmarks, as_series, feature_labels
from isc.synchrony.pairs import VertexPairs

PAIRS_PER_BLOCK = 16384  # results of a block stay small whatever the number of pairs


class Block(Protocol):
    """Features that can be correlated between subjects in windows; see `isc.kernels` for the arguments."""

    @property
    def n_subject(self) -> int:
        """Number of subjects."""

    @property
    def n_time(self) -> int:
        """Number of samples."""

    @property
    def n_feature(self) -> int:
        """Number of features."""

    def pairwise_mean(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean over dyads (feature, window) and number of subjects (feature, window)."""

    def leave_one_out(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Each subject with the mean of the others (feature, subject, window) and number of subjects."""

    def correlation_matrices(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Subject x subject matrices (feature, window, subject, subject) and number of subjects."""

    def of_subjects(self, subjects: np.ndarray) -> "Block":
        """The block with these subjects only, in this order."""

    def of_features(self, features: slice) -> "Block":
        """The block with these features only; nothing is copied."""

    def with_lagged(self, lag: int) -> "Block":
        """The block with every subject a second time, read `lag` samples later; missing beyond the recording."""

    def series_of(self, features: slice) -> np.ndarray:
        """Series (feature, component, subject, time) of some features, float32."""


@dataclass(frozen=True)
class SeriesBlock:
    """Stored series (feature, component, subject, time), float32."""

    series: np.ndarray

    @property
    def n_subject(self) -> int:
        """Number of subjects."""
        return self.series.shape[2]

    @property
    def n_time(self) -> int:
        """Number of samples."""
        return self.series.shape[3]

    @property
    def n_feature(self) -> int:
        """Number of features."""
        return self.series.shape[0]

    def series_of(self, features: slice) -> np.ndarray:
        """Series of some features."""
        return self.series[features]

    def pairwise_mean(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean over dyads."""
        return correlation.pairwise_mean(self.series, starts, length, **how)

    def leave_one_out(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Each subject with the mean of the others."""
        return correlation.leave_one_out(self.series, starts, length, **how)

    def correlation_matrices(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Subject x subject matrices."""
        return correlation.correlation_matrices(self.series, starts, length, **how)

    def of_subjects(self, subjects: np.ndarray) -> "SeriesBlock":
        """The block with these subjects only."""
        return SeriesBlock(np.ascontiguousarray(self.series[:, :, subjects]))

    def of_features(self, features: slice) -> "SeriesBlock":
        """The block with these features only."""
        return SeriesBlock(self.series[features])

    def with_lagged(self, lag: int) -> "SeriesBlock":
        """The block with every subject a second time, read `lag` samples later."""
        return SeriesBlock(np.concatenate([self.series, read_later(self.series, lag, axis=3)], axis=2))


@dataclass(frozen=True)
class UnlaidBlock(SeriesBlock):
    """Series that lie in a cube with time outside; only the mean over dyads can be had of them."""

    screen: Callable[[], None] | None = None

    def pairwise_mean(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean over dyads."""
        values = self.series.transpose(2, 3, 0, 1)
        return pairwise_mean_of_values(values, starts, length, screen=self.screen, **how)


def series_parts(block: Block, size: int) -> Iterator[tuple[slice, "SeriesBlock"]]:
    """Yield (features, stored series) of a block, `size` features at a time; distances are formed."""
    for first in range(0, block.n_feature, size):
        part = slice(first, min(first + size, block.n_feature))
        yield part, SeriesBlock(block.series_of(part))


@dataclass(frozen=True)
class Features:
    """All features of an analysis: how many, how they are labelled, and the blocks to compute them in."""

    series: FeatureSeries
    pairs: VertexPairs | None = None

    @property
    def n_feature(self) -> int:
        """Number of features: vertices, or pairs when pairs are given."""
        return self.series.n_feature if self.pairs is None else len(self.pairs)

    @property
    def dims(self) -> tuple[str, ...]:
        """Feature dims of the result."""
        return self.series.dims if self.pairs is None else ("pair",)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the feature dims."""
        return self.series.shape if self.pairs is None else (len(self.pairs),)

    @property
    def coords(self) -> dict[str, xr.Variable]:
        """Coordinates of the feature dims."""
        return self.series.coords if self.pairs is None else self.pairs.coords()

    @property
    def n_block(self) -> int:
        """How many blocks `blocks` yields."""
        return self.series.n_block if self.pairs is None else -(-len(self.pairs) // PAIRS_PER_BLOCK)

    def blocks(
        self, n_threads: int = 1, *, n_pair: int = PAIRS_PER_BLOCK, unlaid: bool = False
    ) -> Iterator[tuple[slice, Block]]:
        """Yield (features, block), bounded in memory, of `n_pair` pairs; a block is valid until the next one.

        With `unlaid`, when only the mean over dyads is asked for, a cube that can be is read where it lies.
        """
        if self.pairs is None:
            if unlaid and is_readable(self.series.values):
                series = self.series.values.transpose(2, 3, 0, 1)
                yield slice(0, self.n_feature), UnlaidBlock(series, self.series.screen)
                return
            for features, series in self.series.blocks(n_threads):
                yield features, SeriesBlock(series)
            return
        landmarks = as_landmarks(self.series.values)
        for first in range(0, len(self.pairs), n_pair):
            pairs = slice(first, min(first + n_pair, len(self.pairs)))
            yield pairs, DistanceBlock(landmarks, self.pairs.vertex_a[pairs], self.pairs.vertex_b[pairs])

    def block_of(self, features: slice) -> Block:
        """Any run of features as one block, whatever it takes."""
        if self.pairs is None:
            return SeriesBlock(relayout(self.series.values, features=features))
        landmarks = as_landmarks(self.series.values)
        return DistanceBlock(landmarks, self.pairs.vertex_a[features], self.pairs.vertex_b[features])


def select_features(
    cube: xr.DataArray, *, space: Space = "vector", pairs: VertexPairs | None = None, unlaid: bool = False
) -> Features:
    """Features of a cube: its own, or the distances of vertex pairs.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...); with `pairs` (subject, time, vertex, space)
    space : see `isc.temporal_isc`
        Not used with `pairs`: a distance has no direction.
    pairs : VertexPairs, optional
    unlaid : bool
        The blocks will be read with `unlaid` only: what the kernel sees anyway is not searched for bad values first.

    Returns
    -------
    Features

    Raises
    ------
    ValueError
        When the cube is not usable, or `pairs` do not fit its vertices.
    """
    if pairs is None:
        return Features(as_series(cube, space=space, late=unlaid))
    _check_pairs(cube, pairs)
    return Features(as_series(cube, space="vector"), pairs)


def labels_of(cube: xr.DataArray, *, space: Space = "vector", pairs: VertexPairs | None = None) -> FeatureLabels:
    """Labels of the features that `select_features` gives, known without reading a value.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...); with `pairs` (subject, time, vertex, space)
    space : see `isc.temporal_isc`
    pairs : VertexPairs, optional

    Returns
    -------
    FeatureLabels

    Raises
    ------
    ValueError
        When the cube is not usable, or `pairs` do not fit its vertices.
    """
    labels = feature_labels(cube, space=space)
    if pairs is None:
        return labels
    _check_pairs(cube, pairs)
    return labels._replace(dims=("pair",), shape=(len(pairs),), coords=pairs.coords())


def _check_pairs(cube: xr.DataArray, pairs: VertexPairs) -> None:
    missing = {"vertex", "space"} - set(cube.dims)
    if missing or cube.ndim != 4:
        raise ValueError(
            f"vertex pairs need a cube of landmarks with dims subject, time, vertex and space; given {cube.dims}"
        )
    largest = int(max(pairs.vertex_a.max(), pairs.vertex_b.max()))
    if largest >= cube.sizes["vertex"]:
        raise ValueError(f"pair vertex {largest} is outside the cube's {cube.sizes['vertex']} vertices")

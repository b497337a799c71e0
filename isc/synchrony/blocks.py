"""Blocks of features that the kernels can read: stored series, or distances formed on the way.

Both kinds answer to the same three statistics, so the observed value and every null run through the same code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr

from isc.kernels import correlation, distances
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.series import FeatureSeries, Space, as_series

PAIRS_PER_BLOCK = 16384  # results of a block stay small whatever the number of pairs


class Block(Protocol):
    """Features that can be correlated between subjects in windows; see `isc.kernels` for the arguments."""

    def pairwise_mean(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean over dyads (feature, window) and number of subjects (feature, window)."""

    def leave_one_out(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Each subject with the mean of the others (feature, subject, window) and number of subjects."""

    def correlation_matrices(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Subject x subject matrices (feature, window, subject, subject) and number of subjects."""


@dataclass(frozen=True)
class SeriesBlock:
    """Stored series (feature, component, subject, time), float32."""

    series: np.ndarray

    def pairwise_mean(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean over dyads."""
        return correlation.pairwise_mean(self.series, starts, length, **how)

    def leave_one_out(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Each subject with the mean of the others."""
        return correlation.leave_one_out(self.series, starts, length, **how)

    def correlation_matrices(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Subject x subject matrices."""
        return correlation.correlation_matrices(self.series, starts, length, **how)


@dataclass(frozen=True)
class DistanceBlock:
    """Distances between vertices of landmarks (subject, time, vertex, axis), formed inside the kernel."""

    landmarks: np.ndarray
    vertex_a: np.ndarray
    vertex_b: np.ndarray

    def pairwise_mean(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean over dyads."""
        return distances.pairwise_mean_of_distances(
            self.landmarks, self.vertex_a, self.vertex_b, starts, length, **how
        )

    def leave_one_out(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Each subject with the mean of the others."""
        return distances.leave_one_out_of_distances(
            self.landmarks, self.vertex_a, self.vertex_b, starts, length, **how
        )

    def correlation_matrices(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Subject x subject matrices."""
        return distances.correlation_matrices_of_distances(
            self.landmarks, self.vertex_a, self.vertex_b, starts, length, **how
        )


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

    def blocks(self) -> Iterator[tuple[slice, Block]]:
        """Yield (features, block), bounded in memory."""
        if self.pairs is None:
            for features, series in self.series.blocks():
                yield features, SeriesBlock(series)
            return
        landmarks = np.ascontiguousarray(self.series.values, dtype=np.float32)
        for first in range(0, len(self.pairs), PAIRS_PER_BLOCK):
            pairs = slice(first, min(first + PAIRS_PER_BLOCK, len(self.pairs)))
            yield pairs, DistanceBlock(landmarks, self.pairs.vertex_a[pairs], self.pairs.vertex_b[pairs])


def select_features(cube: xr.DataArray, *, space: Space = "vector", pairs: VertexPairs | None = None) -> Features:
    """Features of a cube: its own, or the distances of vertex pairs.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...); with `pairs` (subject, time, vertex, space)
    space : see `isc.temporal_isc`
        Not used with `pairs`: a distance has no direction.
    pairs : VertexPairs, optional

    Returns
    -------
    Features

    Raises
    ------
    ValueError
        When the cube is not usable, or `pairs` do not fit its vertices.
    """
    if pairs is None:
        return Features(as_series(cube, space=space))
    missing = {"vertex", "space"} - set(cube.dims)
    if missing or cube.ndim != 4:
        raise ValueError(
            f"vertex pairs need a cube of landmarks with dims subject, time, vertex and space; given {cube.dims}"
        )
    largest = int(max(pairs.vertex_a.max(), pairs.vertex_b.max()))
    if largest >= cube.sizes["vertex"]:
        raise ValueError(f"pair vertex {largest} is outside the cube's {cube.sizes['vertex']} vertices")
    return Features(as_series(cube, space="vector"), pairs)

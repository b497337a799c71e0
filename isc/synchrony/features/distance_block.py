"""Distances between vertices as a block of features: formed inside the kernels, never stored."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isc.kernels.pairs import distances
from isc.kernels.pairs.distance_series import distance_series


@dataclass(frozen=True)
class DistanceBlock:
    """Distances between vertices of landmarks (subject, time, vertex, axis), formed inside the kernel."""

    landmarks: np.ndarray
    vertex_a: np.ndarray
    vertex_b: np.ndarray

    @property
    def n_subject(self) -> int:
        """Number of subjects."""
        return self.landmarks.shape[0]

    @property
    def n_time(self) -> int:
        """Number of samples."""
        return self.landmarks.shape[1]

    @property
    def n_feature(self) -> int:
        """Number of vertex pairs."""
        return int(self.vertex_a.size)

    def series_of(self, features: slice) -> np.ndarray:
        """Distance series of some pairs."""
        return distance_series(self.landmarks, self.vertex_a[features], self.vertex_b[features])

    def pairwise_mean(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean over dyads."""
        return distances.pairwise_mean_of_distances(self.landmarks, self.vertex_a, self.vertex_b, starts, length, **how)

    def leave_one_out(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Each subject with the mean of the others."""
        return distances.leave_one_out_of_distances(self.landmarks, self.vertex_a, self.vertex_b, starts, length, **how)

    def correlation_matrices(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Subject x subject matrices."""
        return distances.correlation_matrices_of_distances(
            self.landmarks, self.vertex_a, self.vertex_b, starts, length, **how
        )

    def of_subjects(self, subjects: np.ndarray) -> "DistanceBlock":
        """The block with these subjects only."""
        return DistanceBlock(np.ascontiguousarray(self.landmarks[subjects]), self.vertex_a, self.vertex_b)

    def of_features(self, features: slice) -> "DistanceBlock":
        """The block with these vertex pairs only."""
        return DistanceBlock(self.landmarks, self.vertex_a[features], self.vertex_b[features])

    def with_lagged(self, lag: int) -> "DistanceBlock":
        """The block with every subject a second time, read `lag` samples later."""
        both = np.concatenate([self.landmarks, read_later(self.landmarks, lag, axis=1)])
        return DistanceBlock(both, self.vertex_a, self.vertex_b)


def read_later(values: np.ndarray, lag: int, *, axis: int) -> np.ndarray:
    """Sample t of the result is sample t + lag; NaN beyond the recording.

    Parameters
    ----------
    values : ndarray
    lag : int
        Samples; not zero.
    axis : int
        Axis of time.

    Returns
    -------
    ndarray, shape of `values`

    Examples
    --------
    >>> read_later(np.array([1.0, 2.0, 3.0]), 1, axis=0).tolist()
    [2.0, 3.0, nan]
    """
    moved = np.roll(values, -lag, axis=axis)
    beyond = [slice(None)] * values.ndim
    beyond[axis] = slice(-lag, None) if lag > 0 else slice(None, -lag)
    moved[tuple(beyond)] = np.nan
    return moved

"""Blocks whose windows have lost their linear trend before they are correlated."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from isc.kernels.detrend import detrended_windows
from isc.synchrony.features.blocks import Block, SeriesBlock

BLOCK_BYTES = 64 * 2**20  # of detrended windows held at a time


@dataclass(frozen=True)
class DetrendedBlock:
    """A block seen through windows that are detrended one by one; overlapping windows share no samples any more."""

    block: Block

    @property
    def n_subject(self) -> int:
        """Number of subjects."""
        return self.block.n_subject

    @property
    def n_time(self) -> int:
        """Number of samples of the recording."""
        return self.block.n_time

    @property
    def n_feature(self) -> int:
        """Number of features."""
        return self.block.n_feature

    def pairwise_mean(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean over dyads."""
        return self._by_parts("pairwise_mean", starts, length, how)

    def leave_one_out(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Each subject with the mean of the others."""
        return self._by_parts("leave_one_out", starts, length, how)

    def correlation_matrices(self, starts: np.ndarray, length: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Subject x subject matrices."""
        return self._by_parts("correlation_matrices", starts, length, how)

    def of_subjects(self, subjects: np.ndarray) -> "DetrendedBlock":
        """The block with these subjects only."""
        return DetrendedBlock(self.block.of_subjects(subjects))

    def of_features(self, features: slice) -> "DetrendedBlock":
        """The block with these features only."""
        return DetrendedBlock(self.block.of_features(features))

    def with_lagged(self, lag: int) -> "DetrendedBlock":
        """The block with every subject a second time, read `lag` samples later."""
        return DetrendedBlock(self.block.with_lagged(lag))

    def series_of(self, features: slice) -> np.ndarray:
        """Series of some features before detrending."""
        return self.block.series_of(features)

    def _by_parts(
        self, statistic: str, starts: np.ndarray, length: int, how: dict[str, Any]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Run a statistic on the detrended windows of a few features at a time."""
        if how.get("others", "surrogate") != "surrogate":
            raise ValueError("detrend='linear' does not go together with lags")
        shifts, frames = how.pop("shifts", None), how.pop("frames", None)
        end_to_end = np.arange(starts.size, dtype=np.int64) * length
        values, counts = [], []
        for features in self._parts(starts.size * length):
            series = rearranged(self.block.series_of(features), shifts, frames)
            part = SeriesBlock(detrended_windows(series, starts, length))
            value, count = getattr(part, statistic)(end_to_end, length, **how)
            values.append(value)
            counts.append(count)
        return np.concatenate(values), np.concatenate(counts)

    def _parts(self, n_sample: int) -> Iterator[slice]:
        size = max(1, BLOCK_BYTES // (4 * self.n_subject * n_sample))
        for first in range(0, self.n_feature, size):
            yield slice(first, min(first + size, self.n_feature))


def rearranged(series: np.ndarray, shifts: np.ndarray | None, frames: np.ndarray | None) -> np.ndarray:
    """Series (feature, component, subject, time) read at shifted or shuffled samples of each subject.

    Parameters
    ----------
    series : ndarray
    shifts : ndarray of int, shape (subject,), optional
    frames : ndarray of int, shape (subject, time), optional

    Returns
    -------
    ndarray, shape of `series`

    Examples
    --------
    >>> rearranged(np.arange(3.0).reshape(1, 1, 1, 3), np.array([1]), None).ravel().tolist()
    [1.0, 2.0, 0.0]
    """
    if shifts is None and frames is None:
        return series
    n_time = series.shape[-1]
    if frames is None:
        frames = (np.arange(n_time) + np.asarray(shifts)[:, None]) % n_time
    return np.ascontiguousarray(np.take_along_axis(series, np.asarray(frames)[None, None].astype(np.int64), axis=-1))

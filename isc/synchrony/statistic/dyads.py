"""Subject x subject correlations of every cell, in blocks of features that fit into memory.

Whatever resamples, exchanges or weighs subjects needs the data once: the rest is a product with these matrices.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from isc.synchrony.features.blocks import Block, Features, select_features
from isc.synchrony.features.series import Space
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.statistic.estimate import dyad_indices
from isc.synchrony.statistic.windowed import prepared
from isc.synchrony.temporal import MIN_VALID, thread_count
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, Windows, sliding_windows, window_coords

MATRIX_BYTES = 32 * 2**20  # of matrices held at a time
VALUE_BYTES = 32 * 2**20  # of values under all weightings held at a time


class Cells:
    """Features and windows of an analysis of dyads, and the options of its correlations."""

    def __init__(
        self,
        cube: xr.DataArray,
        *,
        window: float = DEFAULT_WINDOW,
        step: float = DEFAULT_STEP,
        space: Space = "vector",
        detrend: str | None = None,
        pairs: VertexPairs | None = None,
        min_valid: float = MIN_VALID,
        n_threads: int | None = None,
    ) -> None:
        if detrend not in (None, "linear"):
            raise ValueError(f"detrend must be None or linear; given {detrend!r}")
        if not 0 < min_valid <= 1:
            raise ValueError(f"min_valid is a share between 0 and 1; given {min_valid}")
        self.features: Features = select_features(cube, space=space, pairs=pairs)
        rate = self.features.series.rate
        self.windows: Windows = sliding_windows(cube.sizes["time"], rate=rate, window=window, step=step)
        self.detrend = detrend
        self.how: dict[str, Any] = {"min_valid": min_valid, "n_threads": thread_count(n_threads)}
        self.seconds = {"window_s": float(window), "step_s": float(step)}

    def blocks(self) -> Iterator[tuple[slice, Block]]:
        """Yield (features, block) whose matrices fit into memory."""
        for features, block in self.features.blocks(self.how["n_threads"]):
            size = max(1, MATRIX_BYTES // (4 * block.n_subject**2 * self.windows.starts.size))
            for first in range(0, block.n_feature, size):
                part = slice(first, min(first + size, block.n_feature))
                yield slice(features.start + part.start, features.start + part.stop), block.of_features(part)

    def dyads(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (features, correlations (cell, dyad)), cells in the order (feature, window); NaN where missing."""
        for features, block in self.blocks():
            starts, length = self.windows.starts, self.windows.length
            matrix, _ = prepared(block, self.detrend).correlation_matrices(starts, length, **self.how)
            first, second = dyad_indices(block.n_subject)
            yield features, matrix[..., first, second].reshape(-1, first.size)

    def labelled(self, values: np.ndarray, name: str) -> xr.DataArray:
        """Values (feature, window) on the dims and coords of `isc.temporal_isc`."""
        coords = {**self.features.coords, **window_coords(self.windows, onset=self.features.series.onset)}
        shaped = values.T.reshape(values.shape[1], *self.features.shape)
        return xr.DataArray(
            shaped, dims=("window", *self.features.dims), coords=coords, name=name, attrs={"units": "1"}
        )

    def attrs(self) -> dict[str, str | int | float]:
        """Windows and options, for the attrs of a result."""
        return {
            **self.seconds,
            "window_samples": self.windows.length,
            "rate_hz": self.windows.rate,
            "detrend": self.detrend or "none",
            "min_valid": self.how["min_valid"],
        }


def few_cells(values: np.ndarray, n_result: int) -> Iterator[np.ndarray]:
    """Rows of values, as many at a time as have results that fit into memory.

    Parameters
    ----------
    values : ndarray, shape (cell, ...)
    n_result : int
        Results of a cell, float64.

    Yields
    ------
    ndarray

    Examples
    --------
    >>> [len(part) for part in few_cells(np.zeros((5, 2)), VALUE_BYTES // 16)]
    [2, 2, 1]
    """
    size = max(1, VALUE_BYTES // (8 * n_result))
    for first in range(0, len(values), size):
        yield values[first : first + size]


def weighted_means(dyads: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over dyads under many weightings, missing dyads left out.

    Parameters
    ----------
    dyads : ndarray, shape (cell, dyad)
        NaN where a dyad is missing.
    weights : ndarray, shape (weighting, dyad)
        Not negative.

    Returns
    -------
    ndarray of float64, shape (cell, weighting)
        NaN where no dyad of positive weight is known.

    Examples
    --------
    >>> weighted_means(np.array([[0.2, 0.4], [0.2, np.nan]]), np.array([[1.0, 1.0], [0.0, 2.0]])).round(3).tolist()
    [[0.3, 0.4], [0.2, nan]]
    """
    known = np.isfinite(dyads)
    total = np.where(known, dyads, 0.0).astype(np.float64) @ weights.T
    if known.all() and weights.any(axis=1).all():
        return total / weights.sum(axis=1)
    weight = known.astype(np.float64) @ weights.T
    return np.divide(total, weight, out=np.full(total.shape, np.nan), where=weight > 0)

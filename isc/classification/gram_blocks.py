"""Gram matrices block by block, and the smallest values of their rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from isc.classification.sources import FeatureSource

BLOCK_BYTES = 32e6  # of features that exist at a time


def smallest(distance: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k smallest values of each row, the smallest first, the earlier one among equals.

    Parameters
    ----------
    distance : ndarray, shape (row, column)
        No NaN.
    k : int
        At most the number of columns.

    Returns
    -------
    ndarray of int, shape (row, k)

    Examples
    --------
    >>> smallest(np.array([[3.0, 1.0, 1.0]]), 2).tolist()
    [[1, 2]]
    """
    if k == 1:
        return distance.argmin(axis=1)[:, None]
    return np.argsort(distance, axis=1, kind="stable")[:, :k]


def block_grams(source: FeatureSource, names: Sequence[str] | np.ndarray | None, dtype: type) -> dict[str, np.ndarray]:
    """Gram matrix of the centred features of each block, one block of columns at a time.

    Parameters
    ----------
    source : FeatureSource
        Where the features come from.
    names : sequence of str, optional
        Block of every feature; by default one block, named "".
    dtype : type
        Of the products; sums over blocks of columns are float64.

    Returns
    -------
    dict of str to ndarray of float64, shape (clip, clip)

    Examples
    --------
    >>> from isc.classification.sources import Matrix
    >>> block_grams(Matrix(np.array([[1.0], [3.0]])), None, np.float64)[""].tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    width = max(1, int(BLOCK_BYTES // (source.n_clip * np.dtype(dtype).itemsize)))
    every = np.zeros(source.n_feature, dtype=int) if names is None else pd.factorize(np.asarray(names))[0]
    labels = [""] if names is None else list(pd.unique(np.asarray(names)))
    grams = {str(label): np.zeros((source.n_clip, source.n_clip)) for label in labels}
    for first in range(0, source.n_feature, width):
        last = min(first + width, source.n_feature)
        columns, members = source.block(first, last, dtype), every[first:last]
        for number in np.unique(members):
            part = columns if len(labels) == 1 else np.ascontiguousarray(columns[members == number])
            # numpy gives the product of a matrix with its own transpose to the symmetric routine: half the work
            grams[str(labels[number])] += part.T @ part
    return grams


def add_up(grams: list[np.ndarray]) -> np.ndarray:
    """Sum of matrices; a single one is not copied."""
    if len(grams) == 1:
        return grams[0]
    total = np.zeros_like(grams[0])
    for gram in grams:
        total += gram
    return total

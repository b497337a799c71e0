"""Distances of vertex pairs over many faces, a block of pairs at a time, ready to be multiplied by BLAS."""

from typing import Any

import numpy as np
from numba import njit

ROWS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": True}


@njit(fastmath={"reassoc"}, **ROWS)
def _mean(row: Any) -> float:
    """Mean of a row; sums may be reordered, NaN stays NaN."""
    total = 0.0
    for value in row:
        total += value
    return total / row.size


@njit(**ROWS)
def _distances(points: Any, a: int, b: int, row: Any) -> None:
    """Distance of vertices a and b in every face, points (vertex, axis, face), in float64."""
    for c in range(row.size):
        row[c] = 0.0
    for axis in range(points.shape[1]):
        first, second = points[a, axis], points[b, axis]
        for c in range(row.size):
            gap = np.float64(first[c]) - np.float64(second[c])
            row[c] += gap * gap
    for c in range(row.size):
        row[c] = np.sqrt(row[c])


@njit(**ROWS)
def centred_distances(points: Any, vertex_a: Any, vertex_b: Any, out: Any) -> None:
    """Fill out (pair, face) with the distances of some pairs less their mean over the faces.

    The distance and its mean are float64; only the difference is rounded to the type of `out`, so that a Gram matrix
    in float32 keeps what distinguishes the faces.

    Parameters
    ----------
    points : ndarray, shape (vertex, axis, face)
    vertex_a, vertex_b : ndarray of int, shape (pair,)
    out : ndarray of float32 or float64, shape (pair, face)

    Examples
    --------
    >>> faces = np.array([[[0.0, 0.0]], [[1.0, 3.0]]])
    >>> out = np.empty((1, 2))
    >>> centred_distances(faces, np.array([0]), np.array([1]), out)
    >>> out.tolist()
    [[-1.0, 1.0]]
    """
    row = np.empty(points.shape[2], dtype=np.float64)
    for p in range(vertex_a.size):
        _distances(points, vertex_a[p], vertex_b[p], row)
        mean = _mean(row)
        target = out[p]
        for c in range(row.size):
            target[c] = row[c] - mean


@njit(**ROWS)
def best_of_first(distance: Any, order: Any, sizes: Any, nearest: Any) -> None:
    """Nearest training clip among the first n of an order, for all n at once.

    Parameters
    ----------
    distance : ndarray of float64, shape (test, train)
    order : ndarray of int, shape (train,)
        Columns of `distance` in the order in which they are learnt.
    sizes : ndarray of int, shape (size,), increasing
        Numbers of clips learnt, 1 to train.
    nearest : ndarray of int, shape (size, test)
        Filled with columns of `distance`; among equals the one learnt first.

    Examples
    --------
    >>> nearest = np.empty((2, 1), dtype=np.int64)
    >>> best_of_first(np.array([[3.0, 1.0, 2.0]]), np.array([0, 2, 1]), np.array([1, 3]), nearest)
    >>> nearest.ravel().tolist()
    [0, 1]
    """
    for t in range(distance.shape[0]):
        row, best, lowest, s = distance[t], order[0], np.inf, 0
        for n in range(sizes[-1]):
            if row[order[n]] < lowest:
                best, lowest = order[n], row[order[n]]
            if n + 1 == sizes[s]:
                nearest[s, t] = best
                s += 1


@njit(**ROWS)
def agreement_of_labels(labels: Any, nearest: Any, confusion: Any) -> None:
    """Count (labelling, true class, class of the nearest) for many labellings of the same clips.

    Parameters
    ----------
    labels : ndarray of int, shape (labelling, clip)
    nearest : ndarray of int, shape (repeat, clip)
        Position of the clip that decides; -1 where a clip was not tested.
    confusion : ndarray of int64, shape (labelling, class, class)
        Counts are added to it.

    Examples
    --------
    >>> counts = np.zeros((1, 2, 2), dtype=np.int64)
    >>> agreement_of_labels(np.array([[0, 1]]), np.array([[1, 0]]), counts)
    >>> counts[0].tolist()
    [[0, 1], [1, 0]]
    """
    for m in range(labels.shape[0]):
        for r in range(nearest.shape[0]):
            for c in range(nearest.shape[1]):
                if nearest[r, c] >= 0:
                    confusion[m, labels[m, c], labels[m, nearest[r, c]]] += 1

"""Clusters of neighbouring cells above a threshold, as arrays: runs of windows, and runs joined over features.

A run is found without a graph; runs of neighbouring features are joined when they share a window. That gives the
connected components of the lattice (features x windows) without ever storing the edges of its cells.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


class Runs(NamedTuple):
    """Unbroken runs of windows above a threshold.

    Attributes
    ----------
    cells : ndarray of int, shape (cell,)
        Positions above the threshold in the flat array of values, ascending.
    run : ndarray of int, shape (cell,)
        Number of the run that each belongs to, from 0.
    mass : ndarray of float64, shape (run,)
        Sum of what exceeds the threshold.
    """

    cells: np.ndarray
    run: np.ndarray
    mass: np.ndarray


def find_runs(values: np.ndarray, threshold: float) -> Runs:
    """Runs along the last axis of what is above a threshold.

    Parameters
    ----------
    values : ndarray, shape (..., window)
        NaN is never above, so it ends a run.
    threshold : float

    Returns
    -------
    Runs

    Examples
    --------
    >>> runs = find_runs(np.array([[0.0, 2.0, 3.0, 0.0, 4.0]]), 1.0)
    >>> runs.run.tolist(), runs.mass.tolist()
    ([0, 0, 1], [3.0, 3.0])
    """
    cells = np.flatnonzero(values > threshold)
    if not cells.size:
        return Runs(cells, cells, np.empty(0))
    begins = np.diff(cells, prepend=-2) > 1
    begins |= cells % values.shape[-1] == 0
    run = np.cumsum(begins) - 1
    excess = values.ravel()[cells].astype(np.float64) - threshold
    return Runs(cells, run, np.bincount(run, weights=excess))


def join_runs(runs: Runs, edges: np.ndarray, shape: tuple[int, int]) -> Runs:
    """Runs of neighbouring features that share a window as one cluster.

    Parameters
    ----------
    runs : Runs
        Of values (feature, window).
    edges : ndarray of int, shape (edge, 2)
        Features that are neighbours.
    shape : (int, int)
        Features and windows.

    Returns
    -------
    Runs
        `run` and `mass` are those of the clusters.

    Examples
    --------
    >>> values = np.array([[2.0, 2.0, 0.0], [0.0, 2.0, 2.0], [2.0, 0.0, 0.0]])
    >>> join_runs(find_runs(values, 1.0), np.array([[0, 1], [1, 2]]), (3, 3)).mass.tolist()
    [4.0, 1.0]
    """
    if not runs.cells.size:
        return runs
    number = np.full(shape, -1, dtype=np.int64)
    number.ravel()[runs.cells] = runs.run
    one, other = number[edges[:, 0]], number[edges[:, 1]]
    touching = (one >= 0) & (other >= 0)
    ones = np.ones(int(touching.sum()), dtype=bool)
    graph = coo_array((ones, (one[touching], other[touching])), shape=(runs.mass.size,) * 2)
    _, cluster = connected_components(graph.tocsr(), directed=False)
    return Runs(runs.cells, cluster[runs.run], np.bincount(cluster, weights=runs.mass))


def largest_masses(values: np.ndarray, threshold: float, edges: np.ndarray | None = None) -> np.ndarray:
    """Largest cluster mass of every surrogate.

    Parameters
    ----------
    values : ndarray, shape (surrogate, feature, window)
    threshold : float
    edges : ndarray of int, shape (edge, 2), optional
        Neighbouring features; without, clusters are runs.

    Returns
    -------
    ndarray of float64, shape (surrogate,)
        0 where nothing is above the threshold.

    Examples
    --------
    >>> largest_masses(np.array([[[0.0, 2.0, 3.0]], [[0.0, 0.0, 0.0]]]), 1.0).tolist()
    [3.0, 0.0]
    """
    largest = np.zeros(values.shape[0])
    if edges is not None:
        for k, one in enumerate(values):
            largest[k] = join_runs(find_runs(one, threshold), edges, one.shape).mass.max(initial=0.0)
        return largest
    runs = find_runs(values, threshold)
    first = runs.cells[np.flatnonzero(np.diff(runs.run, prepend=-1))]
    np.maximum.at(largest, first // (values.shape[1] * values.shape[2]), runs.mass)
    return largest


def feature_edges(adjacency: object, n_feature: int) -> np.ndarray:
    """Neighbouring features as pairs of positions.

    Parameters
    ----------
    adjacency : sparse array or matrix (feature, feature), or array of int (edge, 2)
        As `mne.channels.find_ch_adjacency` or `isc.mesh.edges` give it. The diagonal does not matter.
    n_feature : int

    Returns
    -------
    ndarray of int64, shape (edge, 2)

    Raises
    ------
    ValueError
        When it does not fit the features.

    Examples
    --------
    >>> feature_edges([[0, 1], [1, 2]], 3).tolist()
    [[0, 1], [1, 2]]
    """
    from scipy.sparse import issparse, triu

    if issparse(adjacency):
        if adjacency.shape != (n_feature, n_feature):  # type: ignore[attr-defined]
            raise ValueError(
                f"adjacency has shape {adjacency.shape}; the cube has {n_feature} features"  # type: ignore[attr-defined]
            )
        upper = triu(adjacency + adjacency.T, 1).tocoo()  # type: ignore[attr-defined]
        return np.stack([upper.row, upper.col], axis=1).astype(np.int64)
    edges = np.asarray(adjacency)
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
        raise ValueError(
            "adjacency is a sparse matrix (feature, feature) or whole numbers (edge, 2), as of isc.mesh.edges; given "
            f"an array of {edges.dtype} with shape {edges.shape}"
        )
    if edges.size and not (edges.min() >= 0 and edges.max() < n_feature):
        raise ValueError(
            f"adjacency names feature {edges.max() if edges.max() >= n_feature else edges.min()}; the cube has "
            f"{n_feature}, numbered from 0"
        )
    return edges.astype(np.int64)

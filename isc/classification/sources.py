"""Where the features of a distance space come from, block by block: pair distances of meshes, or a given matrix."""

from typing import Protocol

import numpy as np
import xarray as xr

from isc.kernels.gram import centred_distances

OUTER_EYE_CORNERS = (33, 263)  # their distance is the unit of a scaled face


class FeatureSource(Protocol):
    """Features of all clips that need not exist at once."""

    n_clip: int
    n_feature: int

    def block(self, first: int, last: int, dtype: type) -> np.ndarray:
        """Features first to last less their mean over the clips, (feature, clip)."""
        ...

    def rows(self, clips: np.ndarray, first: int, last: int) -> np.ndarray:
        """Features first to last of some clips, as they are, (clip, feature), float64."""
        ...


class PairDistances:
    """Distances of vertex pairs of one mesh a clip, which are never stored.

    Parameters
    ----------
    meshes : ndarray, shape (clip, vertex, axis)
        Finite.
    vertex_a, vertex_b : ndarray of int, shape (pair,)
        Positions along the vertices.

    Examples
    --------
    >>> faces = np.array([[[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 1.0]]])
    >>> PairDistances(faces, np.array([0]), np.array([1])).rows(np.array([0, 1]), 0, 1).ravel().tolist()
    [5.0, 1.0]
    """

    def __init__(self, meshes: np.ndarray, vertex_a: np.ndarray, vertex_b: np.ndarray) -> None:
        self.n_clip, self.n_feature = meshes.shape[0], vertex_a.size
        self._meshes = meshes
        self._points = np.ascontiguousarray(meshes.transpose(1, 2, 0))
        self._ends = (np.ascontiguousarray(vertex_a), np.ascontiguousarray(vertex_b))

    def block(self, first: int, last: int, dtype: type) -> np.ndarray:
        """Distances of some pairs less their mean over the clips."""
        out: np.ndarray = np.empty((last - first, self.n_clip), dtype=dtype)
        centred_distances(self._points, self._ends[0][first:last], self._ends[1][first:last], out)
        return out

    def rows(self, clips: np.ndarray, first: int, last: int) -> np.ndarray:
        """Distances of some pairs in some clips."""
        faces = self._meshes[clips].astype(np.float64)
        gap = faces[:, self._ends[0][first:last]] - faces[:, self._ends[1][first:last]]
        return np.sqrt(np.einsum("cpa,cpa->cp", gap, gap))


class Matrix:
    """Features that stand in a matrix.

    Parameters
    ----------
    values : ndarray, shape (clip, feature)
        Finite.

    Examples
    --------
    >>> Matrix(np.array([[1.0], [3.0]])).block(0, 1, np.float64).tolist()
    [[-1.0, 1.0]]
    """

    def __init__(self, values: np.ndarray) -> None:
        self.n_clip, self.n_feature = values.shape
        self._values = values

    def block(self, first: int, last: int, dtype: type) -> np.ndarray:
        """Some features less their mean over the clips."""
        part = self._values[:, first:last].T.astype(np.float64)
        part -= part.mean(axis=1, keepdims=True)
        return part.astype(dtype, copy=False)

    def rows(self, clips: np.ndarray, first: int, last: int) -> np.ndarray:
        """Some features of some clips."""
        return self._values[clips, first:last].astype(np.float64)


def scaled_meshes(meshes: xr.DataArray, scale: str) -> np.ndarray:
    """Meshes in units of each clip's own distance between the outer eye corners, or as they are.

    Parameters
    ----------
    meshes : DataArray, dims (clip, vertex, space)
        One mesh a clip.
    scale : {"interocular", "none"}
        The unit.

    Returns
    -------
    ndarray, shape (clip, vertex, axis)

    Raises
    ------
    ValueError
        When the scale is not known, or the eye corners are missing or lie in one place.

    Examples
    --------
    >>> meshes = xr.DataArray(np.ones((2, 3, 3)), dims=("clip", "vertex", "space"))
    >>> scaled_meshes(meshes, "none").shape
    (2, 3, 3)
    """
    values = meshes.transpose("clip", "vertex", "space").values
    if scale == "none":
        return values
    if scale != "interocular":
        raise ValueError(f"scale must be 'interocular' or 'none'; given {scale!r}")
    if values.shape[1] <= max(OUTER_EYE_CORNERS):
        raise ValueError(
            f"scale='interocular' needs vertices {OUTER_EYE_CORNERS} but the meshes have {values.shape[1]}; use 'none'"
        )
    left, right = (values[:, v].astype(np.float64) for v in OUTER_EYE_CORNERS)
    size = np.sqrt(((right - left) ** 2).sum(axis=1))
    if not (size > 0).all():
        raise ValueError(f"the eye corners of clip {int(np.argmin(size > 0))} lie in one place; leave this clip out")
    return values / size[:, None, None].astype(values.dtype)

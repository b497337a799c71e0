"""How a face is laid out on paper: views of the mesh, what is hidden in each, and the marks around them."""

from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from isc.mesh import N_MESH_VERTEX, contours, triangles
from isc.plots.style import INK, check_dims

View = Literal["front", "profile", "both"]
VIEWS: dict[str, tuple[str, ...]] = {
    "front": ("front",),
    "profile": ("right profile", "left profile"),
    "both": ("right profile", "front", "left profile"),  # profiles look towards the front view
}
GAP = 0.12  # between views, of the height of the face
NAME_GAP = 5.0  # pt, between a view and its name


class Projection(NamedTuple):
    """The face seen from one side.

    Attributes
    ----------
    name : str
        "front", "right profile" or "left profile".
    points : ndarray, shape (n_vertex, 2)
        Position on paper: across, and down the face.
    faces : ndarray of int, shape (n_visible,)
        Triangles that look towards the reader, the farthest first.
    """

    name: str
    points: np.ndarray
    faces: np.ndarray


def project(shape: xr.DataArray, view: View) -> list[Projection]:
    """The views of a face side by side.

    Parameters
    ----------
    shape : DataArray, dims (vertex, space)
        Mean shape, axes x (to the right of the image), y (down), z (towards the back). Triangles with a NaN vertex
        are left out.
    view : {"front", "profile", "both"}
        Profiles are of the person's own right and left half.

    Returns
    -------
    list of Projection
        From left to right on paper.

    Raises
    ------
    TypeError, ValueError
        When the view is not known, dims differ, the shape is not MediaPipe's mesh with three axes, or all NaN.

    Examples
    --------
    >>> shape = xr.DataArray(np.zeros((478, 3)), dims=("vertex", "space"))
    >>> [projection.name for projection in project(shape, "profile")]
    ['right profile', 'left profile']
    """
    if view not in VIEWS:
        raise ValueError(f"view must be front, profile or both; given {view!r}")
    points = check_dims(shape, ("vertex", "space"), "shape").values.astype(np.float64)
    if points.shape[0] < N_MESH_VERTEX or points.shape[1] != 3:
        raise ValueError(f"shape must hold MediaPipe's mesh, 468 or 478 vertices x 3 axes; given {points.shape}")
    if not np.isfinite(points).all(axis=1).any():
        raise ValueError("no vertex of the shape has a position; use recordings in which the face was seen")
    x, y, z = points.T
    seen = {"front": (x, y, z), "right profile": (-z, y, x), "left profile": (z, y, -x)}
    gap = GAP * (np.nanmax(y) - np.nanmin(y))
    projections, edge = [], 0.0
    for name in VIEWS[view]:
        across, down, depth = seen[name]
        placed = np.column_stack([across - np.nanmin(across) + edge, down])
        projections.append(Projection(name, placed, _visible(placed, depth)))
        edge = np.nanmax(placed[:, 0]) + gap
    return projections


def _visible(points: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Triangles that look towards the reader, the farthest first, so that near ones are painted over far ones."""
    corners = points[triangles()]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    # MediaPipe walks round every triangle the same way: seen from outside (y down) its signed area is negative.
    outside = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] <= 0
    order = np.argsort(-depth[triangles()].mean(axis=1), kind="stable")
    return order[outside[order]]


def draw_contours(ax: Axes, projection: Projection) -> None:
    """Outlines of face, eyes, brows and lips, where both ends are on the side that is seen."""
    seen = np.unique(triangles()[projection.faces])
    lines = contours()[np.isin(contours(), seen).all(axis=1)]
    ax.add_collection(LineCollection(list(projection.points[lines]), colors=INK, linewidths=0.45, alpha=0.8))


def finish_views(ax: Axes, projections: list[Projection]) -> None:
    """Equal scale, y down, no axes, the name of each view below it and R and L beside the front view."""
    ax.set_axis_off()
    ax.set_aspect("equal")
    bottom = max(np.nanmax(p.points[:, 1]) for p in projections)
    top = min(np.nanmin(p.points[:, 1]) for p in projections)
    right = np.nanmax(projections[-1].points[:, 0])
    height = bottom - top
    ax.set(xlim=(-0.02 * height, right + 0.02 * height), ylim=(bottom + 0.02 * height, top - 0.02 * height))
    for projection in projections:
        first, last = np.nanmin(projection.points[:, 0]), np.nanmax(projection.points[:, 0])
        name = "front\nR, L: the person's own" if projection.name == "front" else projection.name
        below: Any = {"xytext": (0, -NAME_GAP), "textcoords": "offset points", "ha": "center", "va": "top"}
        ax.annotate(name, ((first + last) / 2, bottom), **below)
        if projection.name == "front":
            ax.text(first, bottom, "R", ha="left", va="bottom", weight="bold")
            ax.text(last, bottom, "L", ha="right", va="bottom", weight="bold")

"""Values on the face: a map over the mesh, and vertex pairs as lines."""

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.tri import Triangulation
from numpy.typing import ArrayLike

from isc.mesh import N_MESH_VERTEX, edges, triangles
from isc.plots.style import (
    DIVERGING,
    INK,
    LINE_GREY,
    NO_VALUE,
    add_colour_bar,
    centred_scale,
    check_dims,
    figure_of,
    get_axes,
    key_below,
    styled,
    value_label,
)
from isc.plots.views import Projection, View, draw_contours, finish_views, project

WIDTHS = {"front": 90.0, "profile": 115.0, "both": 160.0}  # mm
HEIGHT = 75.0  # mm
NAME_LINES = 2.2  # below the views
SEAM = 0.25  # pt, line in a triangle's own colour: hides the hairline between neighbours
OUTLINE = 1.0  # pt, round what is significant
THINNEST, THICKEST = 0.5, 1.6  # pt, lines of the weakest and the strongest pair


@styled
def plot_face_map(
    values: xr.DataArray,
    shape: xr.DataArray,
    *,
    significant: xr.DataArray | None = None,
    view: View = "both",
    scale: Normalize | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Values of all vertices on the study's own mean face.

    Every triangle has the mean value of its three vertices; it is grey when one of them is NaN. The colour scale is
    centred on zero. Irises belong to no triangle and are not drawn.

    Parameters
    ----------
    values : DataArray, dims (vertex,)
        468 or 478 values, such as ``tisc.isel(window=k)``.
    shape : DataArray, dims (vertex, space)
        From `isc.mesh.mean_shape`: x to the right of the image, y down, z towards the back.
    significant : DataArray of bool, dims (vertex,), optional
        Vertices to outline: the line runs halfway to their neighbours.
    view : {"front", "profile", "both"}
        Profiles are of the person's own right and left half.
    scale : Normalize, optional
        Colour scale, to share it between figures; by default from -m to m with m the largest absolute value.
    ax : Axes, optional
        Where to draw; by default a new figure, 90 to 160 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved.

    Raises
    ------
    TypeError, ValueError
        When dims differ, the mesh is not MediaPipe's, numbers of vertices disagree, or the view is not known.

    Examples
    --------
    >>> shape = xr.DataArray(np.random.default_rng(0).normal(size=(478, 3)), dims=("vertex", "space"))
    >>> values = xr.DataArray(np.linspace(-0.2, 0.5, 478), dims="vertex", name="tisc")
    >>> plot_face_map(values, shape, view="front").axes[1].get_ylabel()
    't-ISC'
    """
    projections = project(shape, view)
    values = _on_mesh(values, shape, "values")
    marked = np.zeros(values.size, dtype=bool) if significant is None else _on_mesh(significant, shape, "significant")
    scale = scale or centred_scale(values.values[:N_MESH_VERTEX])
    ax = get_axes(ax, height=HEIGHT, width=WIDTHS[view])
    for projection in projections:
        _draw_values(ax, projection, values.values, scale)
        draw_contours(ax, projection)
        _draw_outline(ax, projection, np.asarray(marked, dtype=bool))
    finish_views(ax, projections)
    ax.set_title(_window_label(values))
    add_colour_bar(ax, scale, value_label(values))
    _add_key(ax, values, significant, columns=len(projections))
    return figure_of(ax)


@styled
def plot_pair_map(
    values: xr.DataArray,
    shape: xr.DataArray,
    vertex_a: ArrayLike,
    vertex_b: ArrayLike,
    *,
    top: int = 20,
    ax: Axes | None = None,
) -> Figure:
    """The vertex pairs with the largest absolute values as lines on the study's own mean face.

    Parameters
    ----------
    values : DataArray, dims (pair,)
        One value a pair; NaN is left out.
    shape : DataArray, dims (vertex, space)
        From `isc.mesh.mean_shape`.
    vertex_a, vertex_b : array of int, shape (pair,)
        The two vertices of each pair.
    top : int
        Number of pairs drawn.
    ax : Axes, optional
        Where to draw; by default a new figure, 90 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved.

    Raises
    ------
    TypeError, ValueError
        When dims or lengths disagree, `top` is below 1, or a vertex is not in the shape.

    Examples
    --------
    >>> shape = xr.DataArray(np.random.default_rng(0).normal(size=(478, 3)), dims=("vertex", "space"))
    >>> figure = plot_pair_map(xr.DataArray([0.4, -0.1], dims="pair", name="tisc"), shape, [61, 13], [291, 14])
    >>> figure.axes[0].get_title(loc="left")
    'the 2 pairs of 2 with the largest |values|'
    """
    values = check_dims(values, ("pair",), "values")
    pairs = _checked_pairs(values, shape, vertex_a, vertex_b, top)
    (front,) = project(shape, "front")
    ax = get_axes(ax, height=HEIGHT, width=WIDTHS["front"])
    mesh_lines = list(front.points[edges()])
    ax.add_collection(LineCollection(mesh_lines, colors=LINE_GREY, linewidths=0.25, alpha=0.5))
    draw_contours(ax, front)
    strongest = _strongest(values.values, top)
    scale = centred_scale(values.values[strongest])
    _draw_pairs(ax, front.points[pairs[strongest]], values.values[strongest], scale)
    finish_views(ax, [front])
    n_finite = int(np.isfinite(values.values).sum())
    ax.set_title(f"the {strongest.size} pairs of {n_finite:,} with the largest |values|")
    add_colour_bar(ax, scale, value_label(values))
    return figure_of(ax)


def _on_mesh(values: xr.DataArray, shape: xr.DataArray, what: str) -> xr.DataArray:
    values = check_dims(values, ("vertex",), what)
    if values.size != shape.sizes["vertex"]:
        raise ValueError(
            f"{what} has {values.size} vertices and shape {shape.sizes['vertex']}; give one value a vertex"
        )
    return values


def _draw_values(ax: Axes, projection: Projection, values: np.ndarray, scale: Normalize) -> None:
    faces = triangles()[projection.faces]
    grid = Triangulation(projection.points[:, 0], projection.points[:, 1], faces)
    colours = colormaps[DIVERGING].with_extremes(bad=NO_VALUE)
    drawn = ax.tripcolor(grid, facecolors=np.ma.masked_invalid(values[faces].mean(axis=1)), norm=scale, cmap=colours)
    drawn.set(edgecolor="face", linewidth=SEAM)


def _draw_outline(ax: Axes, projection: Projection, marked: np.ndarray) -> None:
    """A line round the marked vertices, halfway to their neighbours, on the side that is seen."""
    faces = triangles()[projection.faces]
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1)  # (triangle, side, end)
    crossed = marked[sides[..., 0]] != marked[sides[..., 1]]  # two sides of a triangle that the line runs through
    middles = projection.points[sides].mean(axis=2)
    segments = middles[crossed].reshape(-1, 2, 2)
    ax.add_collection(LineCollection(list(segments), colors=INK, linewidths=OUTLINE, capstyle="round", zorder=3))


def _window_label(values: xr.DataArray) -> str:
    if not {"start", "stop"} <= {name for name, coord in values.coords.items() if coord.ndim == 0}:
        return ""
    return f"window {float(values['start']):.1f} to {float(values['stop']):.1f} s"


def _add_key(ax: Axes, values: xr.DataArray, significant: xr.DataArray | None, *, columns: int) -> None:
    """What the outline and grey mean, where they occur."""
    mesh = values.values[:N_MESH_VERTEX]
    handles: list[Artist] = []
    if significant is not None:
        marked = int(significant.values[:N_MESH_VERTEX].sum())
        label = f"significant ({marked} of {mesh.size} vertices)"
        handles.append(Line2D([], [], color=INK, linewidth=OUTLINE, label=label))
    if np.isnan(mesh).any():
        handles.append(Patch(color=NO_VALUE, label=f"no value ({np.isnan(mesh).sum()} vertices)"))
    if handles:
        ax.legend(handles=handles, ncols=columns, **key_below(ax, lines=NAME_LINES))


def _checked_pairs(
    values: xr.DataArray, shape: xr.DataArray, vertex_a: ArrayLike, vertex_b: ArrayLike, top: int
) -> np.ndarray:
    """Both vertices of every pair, (pair, 2)."""
    ends = [np.asarray(vertex_a, dtype=np.int64), np.asarray(vertex_b, dtype=np.int64)]
    if any(end.shape != values.shape for end in ends):
        sizes = " and ".join(str(end.size) for end in ends)
        raise ValueError(
            f"values has {values.size} pairs, vertex_a and vertex_b {sizes}; give both vertices of each pair"
        )
    pairs = np.column_stack(ends)
    if pairs.size and (pairs.min() < 0 or pairs.max() >= shape.sizes["vertex"]):
        raise ValueError(
            f"vertices are 0 to {shape.sizes['vertex'] - 1} in this shape; given {pairs.min()} to {pairs.max()}"
        )
    if top < 1:
        raise ValueError(f"top is the number of pairs to draw, at least 1; given {top}")
    return pairs


def _strongest(values: np.ndarray, top: int) -> np.ndarray:
    """Positions of the `top` largest absolute values, the largest last so that it is drawn on top."""
    size = np.where(np.isfinite(values), np.abs(values), -1.0)
    order = np.argsort(-size, kind="stable")[: min(top, int((size >= 0).sum()))]
    return order[::-1]


def _draw_pairs(ax: Axes, ends: np.ndarray, values: np.ndarray, scale: Normalize) -> None:
    """Lines coloured and weighted by value; a dark edge keeps pale ones legible."""
    widths = THINNEST + (THICKEST - THINNEST) * np.abs(values) / scale.vmax
    ax.add_collection(LineCollection(list(ends), colors=INK, linewidths=widths + 0.4, capstyle="round", zorder=2))
    lines = LineCollection(list(ends), cmap=DIVERGING, norm=scale, linewidths=widths, capstyle="round", zorder=2.1)
    lines.set_array(values)
    ax.add_collection(lines)
    ax.scatter(ends[..., 0], ends[..., 1], s=3, color=INK, zorder=2.2)

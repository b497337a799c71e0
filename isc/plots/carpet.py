"""Synchrony of all vertices over all windows at a glance."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from isc.mesh import region_of, regions
from isc.plots.style import (
    DIVERGING,
    INK,
    NO_VALUE,
    add_colour_bar,
    centred_scale,
    check_dims,
    figure_of,
    get_axes,
    styled,
    value_label,
)
from isc.plots.time_axis import TIME_LABEL, window_borders


@styled
def plot_carpet(tisc: xr.DataArray, *, scale: Normalize | None = None, ax: Axes | None = None) -> Figure:
    """Heat map of t-ISC: windows across, vertices down, gathered into the regions of the face.

    Regions have the same height whatever their number of vertices, so that a brow of 25 vertices is as legible as a
    nose of 105; within a region each vertex is one row, in the order of its number.

    Parameters
    ----------
    tisc : DataArray, dims (window, vertex)
        Coord ``time`` (window centre, s); coord ``vertex`` holds vertex numbers of the mesh (by default 0, 1, ...).
        NaN is grey.
    scale : Normalize, optional
        Colour scale, to share it between figures; by default from -m to m with m the largest absolute value.
    ax : Axes, optional
        Where to draw; by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. Its cells are pixels: for print, save it with ``dpi=300``.

    Raises
    ------
    TypeError, ValueError
        When dims differ or a vertex is not on the mesh.

    Examples
    --------
    >>> tisc = xr.DataArray(np.zeros((4, 478)), dims=("window", "vertex"), coords={"time": ("window", np.arange(4.0))})
    >>> plot_carpet(tisc).axes[0].get_xlabel()
    'time from stimulus onset (s)'
    """
    tisc = check_dims(tisc, ("window", "vertex"), "tisc")
    ax = get_axes(ax, height=90)
    vertices = tisc["vertex"].values if "vertex" in tisc.coords else np.arange(tisc.sizes["vertex"])
    order, rows, names = _rows(vertices)
    scale = scale or centred_scale(tisc.values)
    ax.set_facecolor(NO_VALUE)
    # Pixels, not paths: a film of 20 minutes has 340,000 cells.
    ax.pcolormesh(
        window_borders(tisc["time"].values),
        rows,
        np.ma.masked_invalid(tisc.values[:, order].T),
        norm=scale,
        cmap=DIVERGING,
        rasterized=True,
    )
    ax.set_yticks(np.arange(len(names)) + 0.5, names)
    ax.tick_params(axis="y", length=0)
    ax.hlines(np.arange(1, len(names)), *ax.get_xlim(), color=INK, linewidth=0.4)
    ax.set(ylim=(len(names), 0), xlabel=TIME_LABEL, ylabel="region (number of vertices)")
    add_colour_bar(ax, scale, value_label(tisc))
    return figure_of(ax)


def _rows(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Order of the vertices, borders of their rows (n_vertex + 1,), and names of the regions that occur."""
    labels = region_of(vertices)
    present = [name for name in regions() if name in labels]
    members = [np.flatnonzero(labels == name) for name in present]
    borders = [band + np.arange(m.size) / m.size for band, m in enumerate(members)]
    names = [f"{name.replace('_', ' ')} ({m.size})" for name, m in zip(present, members, strict=True)]
    return np.concatenate(members), np.concatenate([*borders, [len(present)]]), names

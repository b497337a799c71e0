"""Synchrony of all features over all windows at a glance."""

from typing import NamedTuple

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

MOST_ROWS = 24  # that have room for a name each
LONGEST_NAME = 28  # letters


@styled
def plot_carpet(
    tisc: xr.DataArray, *, groups: str | None = None, scale: Normalize | None = None, ax: Axes | None = None
) -> Figure:
    """Heat map of t-ISC: windows across, features down, gathered into groups of equal height.

    Groups have the same height whatever their number of features, so that a brow of 25 vertices is as legible as a
    nose of 105; within a group each feature is one row, in its order.

    Parameters
    ----------
    tisc : DataArray, dims (window, feature dim)
        Coord ``time`` (window centre, s). NaN is grey. Vertices are those of the face mesh (coord ``vertex``, by
        default 0, 1, ...), gathered into its regions, unless `groups` is given.
    groups : str, optional
        Coord of the features that gathers them, such as ``band``. Without it features that are no vertices have a row
        each, in their order.
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
        When dims differ, a vertex is not on the mesh, or there is no such coord.

    Examples
    --------
    >>> tisc = xr.DataArray(np.zeros((4, 478)), dims=("window", "vertex"), coords={"time": ("window", np.arange(4.0))})
    >>> plot_carpet(tisc).axes[0].get_xlabel()
    'time from stimulus onset (s)'
    """
    dim = next((str(d) for d in getattr(tisc, "dims", ()) if d != "window"), "vertex")
    tisc = check_dims(tisc, ("window", dim), "tisc")
    ax = get_axes(ax, height=90)
    rows = _rows(tisc, dim, groups)
    scale = scale or centred_scale(tisc.values)
    ax.set_facecolor(NO_VALUE)
    # Pixels, not paths: a film of 20 minutes has 340,000 cells.
    ax.pcolormesh(
        window_borders(tisc["time"].values),
        rows.borders,
        np.ma.masked_invalid(tisc.values[:, rows.order].T),
        norm=scale,
        cmap=DIVERGING,
        rasterized=True,
    )
    ax.set_yticks(rows.ticks, rows.names, parse_math=False)
    ax.tick_params(axis="y", length=0)
    if rows.lines:
        ax.hlines(np.arange(1, rows.borders[-1]), *ax.get_xlim(), color=INK, linewidth=0.4)
    ax.set(ylim=(rows.borders[-1], 0), xlabel=TIME_LABEL, ylabel=rows.label)
    add_colour_bar(ax, scale, value_label(tisc))
    return figure_of(ax)


class _Rows(NamedTuple):
    """How features lie below one another: their order, borders (n + 1,), and what stands beside them."""

    order: np.ndarray
    borders: np.ndarray
    ticks: np.ndarray
    names: list[str]
    label: str
    lines: bool  # between groups


def _rows(tisc: xr.DataArray, dim: str, groups: str | None) -> _Rows:
    if groups is not None:
        if groups not in tisc.coords or tisc[groups].dims != (dim,):
            raise ValueError(
                f"groups={groups!r} is no coord of the {dim} dim; there are {', '.join(map(str, tisc.coords))}"
            )
        labels = tisc[groups].values.astype(str)
        return _grouped(labels, list(dict.fromkeys(labels.tolist())), f"{groups} (number of features)")
    if dim == "vertex":
        vertices = tisc["vertex"].values if "vertex" in tisc.coords else np.arange(tisc.sizes["vertex"])
        return _grouped(region_of(vertices), list(regions()), "region (number of vertices)")
    every = -(-tisc.sizes[dim] // MOST_ROWS)
    labels = tisc[dim].values if dim in tisc.coords else np.arange(tisc.sizes[dim])
    shown, order = np.arange(0, labels.size, every), np.arange(labels.size)
    names = [_short(str(label)) for label in labels[shown]]
    label = dim if every == 1 else f"{dim} (every {every}th of {labels.size} named)"
    return _Rows(order, np.arange(labels.size + 1), shown + 0.5, names, label, lines=False)


def _grouped(labels: np.ndarray, known: list[str], label: str) -> _Rows:
    """Features of the groups that occur."""
    present = [name for name in known if name in labels]
    members = [np.flatnonzero(labels == name) for name in present]
    borders = [band + np.arange(m.size) / m.size for band, m in enumerate(members)]
    names = [f"{_short(name.replace('_', ' '))} ({m.size})" for name, m in zip(present, members, strict=True)]
    ticks = np.arange(len(names)) + 0.5
    return _Rows(np.concatenate(members), np.concatenate([*borders, [len(present)]]), ticks, names, label, lines=True)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"

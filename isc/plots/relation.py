"""Where and how synchrony goes with reported peaks: the features with the largest and the smallest r."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from isc.plots.series import draw_null_and_series, feature_label
from isc.plots.style import (
    BLUE,
    GREEN,
    INK,
    KEY,
    VERMILLION,
    axis_label,
    check_dims,
    count_range,
    figure_of,
    get_axes,
    neat,
    styled,
    subjects_label,
)
from isc.plots.time_axis import TIME_LABEL, window_borders
from isc.plots.views import Projection, draw_contours, project

FEATURES = ({"vertex"}, {"pair"})
ROW_HEIGHT, KEY_HEIGHT = 42.0, 10.0  # mm
SERIES_PART, FACE_PART = 0.78, 0.14  # of the width; between them stands the axis of the agreement
PANEL_PART = 0.66  # of the height of a row; above it stands the title, below it the time
TITLE_PART = 0.16  # of the height of a row, the title with some room; the legend stands on it
LINE, MARKER = 1.4, 3.6  # pt
MARGIN = 0.05  # around the face, of its size


@styled
def plot_relation(
    tisc: xr.DataArray,
    agreement: xr.DataArray,
    relation: xr.Dataset,
    shape: xr.DataArray,
    *,
    thresholds: xr.Dataset | None = None,
    top: int = 1,
    ax: Axes | None = None,
) -> Figure:
    """Features whose synchrony goes most, and least, with agreement: series, null band, agreement, place on the face.

    Parameters
    ----------
    tisc : DataArray, dims (window, vertex) or (window, pair)
        Pairs need the coordinates ``vertex_a`` and ``vertex_b``.
    agreement : DataArray, dims (window,)
        From `isc.peak_agreement`; drawn at the time of the reports, on an axis of its own.
    relation : Dataset
        From `isc.correlate_with_agreement`, on the features of `tisc`: ``r``, ``lag`` (s), ``p_fwe``.
    shape : DataArray, dims (vertex, space)
        From `isc.mesh.mean_shape`.
    thresholds : Dataset, optional
        From `isc.thresholds`.
    top : int
        Features drawn at either end of r: the largest from above, then the smallest.
    ax : Axes, optional
        Where to draw; by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. Panels are ``child_axes``: series, agreement and face of each row, from the top.

    Raises
    ------
    TypeError, ValueError
        When dims or features disagree, no r is finite, or `top` is below 1.

    Examples
    --------
    >>> shape = xr.DataArray(np.random.default_rng(0).normal(size=(478, 3)), dims=("vertex", "space"))
    >>> coords = {"time": ("window", np.arange(4.0)), "vertex": [13, 61]}
    >>> tisc = xr.DataArray(np.eye(4)[:, :2], dims=("window", "vertex"), coords=coords, name="tisc")
    >>> agreement = xr.DataArray(np.eye(4)[0], dims="window", coords={"time": coords["time"]})
    >>> relation = xr.Dataset({"r": ("vertex", [1.0, -0.3]), "lag": ("vertex", [0.0, 0.0])})
    >>> figure = plot_relation(tisc, agreement, relation, shape)
    >>> [panel.get_title(loc="left") for panel in figure.axes[0].child_axes[::3]]
    ['largest r: vertex 13 (r = 1.00 at lag 0.0 s)', 'smallest r: vertex 61 (r = -0.30 at lag 0.0 s)']
    """
    feature = _feature_dim(tisc)
    agreement = check_dims(agreement, ("window",), "agreement")
    chosen = _chosen(tisc, relation, feature, top)
    (front,) = project(shape, "front")
    ax = get_axes(ax, height=ROW_HEIGHT * len(chosen) + KEY_HEIGHT)
    ax.set_axis_off()
    height = 1 / len(chosen)
    for number, (position, end) in enumerate(chosen):
        bottom = 1 - (number + 1) * height
        series, over = (neat(ax.inset_axes((0, bottom, SERIES_PART, height * PANEL_PART))) for _ in range(2))
        place = ax.inset_axes((1 - FACE_PART, bottom, FACE_PART, height * PANEL_PART))
        one, found = tisc.isel({feature: position}), relation.isel({feature: position})
        draw_null_and_series(series, one, thresholds)
        series.set_ylabel(axis_label("t-ISC", subjects_label(one)))
        _draw_agreement(over, agreement)
        series.set_title(_title(one, found, end), parse_math=False)
        _draw_place(place, front, _vertices(one, position), float(found["r"]))
    series.set_xlabel(TIME_LABEL)
    _add_key(ax, 1 - height * (1 - PANEL_PART - TITLE_PART))
    return figure_of(ax)


def _feature_dim(tisc: xr.DataArray) -> str:
    if not isinstance(tisc, xr.DataArray) or "window" not in tisc.dims or set(tisc.dims) - {"window"} not in FEATURES:
        given = tisc.dims if isinstance(tisc, xr.DataArray) else type(tisc).__name__
        raise ValueError(f"tisc needs dims window and vertex, or window and pair; given {given}")
    return "pair" if "pair" in tisc.dims else "vertex"


def _chosen(tisc: xr.DataArray, relation: xr.Dataset, feature: str, top: int) -> list[tuple[int, str]]:
    """Position of every feature to draw, from the largest r down, and which end of r it is at."""
    r = relation["r"]
    if r.dims != (feature,) or r.sizes[feature] != tisc.sizes[feature]:
        raise ValueError(
            f"relation has r for {dict(r.sizes)} and tisc for {tisc.sizes[feature]} {feature} values; give the result "
            "of correlate_with_agreement for the same features"
        )
    order = np.argsort(-r.values, kind="stable")
    order = order[np.isfinite(r.values[order])]
    if top < 1 or not order.size:
        raise ValueError(f"top must be 1 or more and some r finite; given {top} and {order.size} finite values")
    count = min(top, order.size // 2) or 1
    if order.size == 1:
        return [(int(order[0]), "largest r")]
    return [(int(p), "largest r") for p in order[:count]] + [(int(p), "smallest r") for p in order[-count:]]


def _title(one: xr.DataArray, found: xr.Dataset, end: str) -> str:
    """'largest r: vertex 61 (r = 0.45 at lag 1.7 s, familywise p = 0.003)'."""
    words = [f"r = {float(found['r']):.2f} at lag {float(found['lag']):.1f} s"]
    if "p_fwe" in found and np.isfinite(float(found["p_fwe"])):
        words.append(f"familywise p = {float(found['p_fwe']):.2g}")
    return f"{end}: {feature_label(one) or one.name} ({', '.join(words)})"


def _draw_agreement(ax: Axes, agreement: xr.DataArray) -> None:
    """Agreement over the synchrony, its axis on the right; a twin of an inset would hide what is behind it."""
    ax.patch.set_visible(False)
    borders = window_borders(agreement["time"].values)
    ax.stairs(agreement.values, borders, fill=True, color=GREEN, alpha=0.25, linewidth=0)
    ax.stairs(agreement.values, borders, color=GREEN, linewidth=0.6)
    raters = f" of {count_range(agreement['n_raters'].values)}" if "n_raters" in agreement.coords else ""
    ax.set_ylabel(f"agreement\n(share{raters})", color=GREEN)
    ax.yaxis.set_label_position("right")
    ax.yaxis.tick_right()
    ax.tick_params(axis="y", colors=GREEN)
    ax.tick_params(axis="x", bottom=False, labelbottom=False)
    ax.spines["left"].set_visible(False)
    ax.spines["right"].set(visible=True, color=GREEN)
    ax.set(xlim=borders[[0, -1]], ylim=(0, max(1.0, float(np.nanmax(agreement.values, initial=0.0)))))


def _vertices(one: xr.DataArray, position: int) -> np.ndarray:
    """Vertex numbers of a vertex or a pair."""
    if "vertex_a" in one.coords:
        return np.array([int(one["vertex_a"]), int(one["vertex_b"])])
    return np.array([int(one["vertex"]) if "vertex" in one.coords else position])


def _draw_place(ax: Axes, front: Projection, vertices: np.ndarray, r: float) -> None:
    """The vertex as a dot, the pair as a line between two, on the outlines of the face."""
    draw_contours(ax, front)
    points, colour = front.points[vertices], VERMILLION if r > 0 else BLUE
    ax.plot(*points.T, color=colour, linewidth=LINE, marker="o", markersize=MARKER, markeredgecolor=INK, zorder=3)
    low, high = np.nanmin(front.points, axis=0), np.nanmax(front.points, axis=0)
    margin = MARGIN * (high - low).max()
    ax.set(xlim=(low[0] - margin, high[0] + margin), ylim=(high[1] + margin, low[1] - margin), aspect="equal")
    ax.set_axis_off()
    for side, x, align in (("R", low[0], "left"), ("L", high[0], "right")):
        ax.text(x, high[1], side, ha=align, va="bottom")


def _add_key(ax: Axes, bottom: float) -> None:
    """One legend for all rows, above the first."""
    first: Any = ax.child_axes[0]
    handles, labels = first.get_legend_handles_labels()
    handles.append(Patch(facecolor=GREEN, alpha=0.4, label="agreement"))
    named = dict(zip([*labels, "agreement"], handles, strict=True))
    style: Any = {"loc": "lower left", "bbox_to_anchor": (0, bottom), "ncols": len(named), **KEY}
    ax.legend(list(named.values()), list(named), **style)

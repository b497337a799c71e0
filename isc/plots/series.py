"""Synchrony of one feature over time, against the null and beside the agreement of raters."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isc.plots.style import (
    BAND_GREY,
    BLUE,
    DASHED,
    GREEN,
    INK,
    KEY,
    LINE_GREY,
    NO_VALUE,
    VERMILLION,
    axis_label,
    check_dims,
    count_range,
    figure_of,
    get_axes,
    key_layout,
    split,
    styled,
    subjects_label,
    summary_label,
)
from isc.plots.time_axis import TIME_LABEL, name_epochs, shade_epochs, window_borders

MOST_DOTS = 80  # windows; a longer series is drawn without a dot for each
SMALLEST_SPAN = 0.1  # r; a flat series is not blown up to fill the axes
FOOTROOM, HEADROOM = 0.06, 0.15  # of the span, below and above the series; epochs are named above
SERIES_TO_AGREEMENT = (2.3, 1.0)  # heights of the panels
TITLE_GAP = 4.0  # pt, above the legend
FEATURE_DIMS = ("vertex", "channel", "band", "region", "voxel", "blendshape", "action_unit")


@styled
def plot_tisc(
    tisc: xr.DataArray,
    *,
    thresholds: xr.Dataset | None = None,
    significant: xr.DataArray | None = None,
    agreement: xr.DataArray | None = None,
    epochs: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Synchrony (t-ISC) of one feature over time, against what is expected without it.

    Parameters
    ----------
    tisc : DataArray, dims (window,)
        Coord ``time`` (window centre, s). The number of subjects (coord or attr ``n_subject``) and a scalar coord
        such as ``vertex`` are written on the figure. Windows with NaN are hatched.
    thresholds : Dataset, optional
        From `isc.thresholds`: ``threshold`` (extreme[, window]); an infinite side is not drawn as a line.
    significant : DataArray of bool, dims (window,), optional
        Windows to mark.
    agreement : DataArray, dims (window,), optional
        Agreement of emotional peaks from `isc.peak_agreement`, drawn below on the same time axis.
    epochs : DataFrame, optional
        Columns onset, duration (s) and, if epochs have names, trial_type, as in BIDS events: shaded.
    ax : Axes, optional
        Where to draw; by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. With `agreement` its panels are ``figure.axes[0].child_axes``.

    Raises
    ------
    TypeError, ValueError
        When an array has other dims, `significant` another length, or `epochs` lacks a column.

    Examples
    --------
    >>> coords = {"time": ("window", np.arange(5) + 2.5), "n_subject": 21}
    >>> tisc = xr.DataArray([0.1, 0.0, 0.5, 0.4, np.nan], dims="window", coords=coords)
    >>> plot_tisc(tisc, significant=tisc > 0.3).axes[0].get_ylabel()
    't-ISC (n = 21)'
    """
    tisc = check_dims(tisc, ("window",), "tisc")
    ax = get_axes(ax, height=62 if agreement is None else 90)
    lowest = ax
    if agreement is not None:
        ax, lowest = split(ax, rows=2, heights=SERIES_TO_AGREEMENT, share="x")
        _draw_agreement(lowest, check_dims(agreement, ("window",), "agreement"))
        shade_epochs(lowest, epochs)
    shade_epochs(ax, epochs)
    draw_null_and_series(ax, tisc, thresholds)
    if significant is not None:
        _mark_significant(ax, tisc, check_dims(significant, ("window",), "significant"))
    name_epochs(ax, epochs)
    ax.set_ylabel(axis_label("t-ISC", summary_label(tisc), subjects_label(tisc)))
    _add_key(ax, title=feature_label(tisc))
    lowest.set_xlabel(TIME_LABEL)
    return figure_of(ax)


@styled
def plot_agreement(
    agreement: xr.DataArray,
    *,
    chance: xr.Dataset | None = None,
    epochs: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Figure:
    r"""Agreement of raters' emotional peaks over time.

    Parameters
    ----------
    agreement : DataArray, dims (window,)
        From `isc.peak_agreement`: coords ``time`` (s) and ``n_raters``. Windows with NaN are left empty.
    chance : Dataset, optional
        From `isc.behaviour.chance_band`: ``threshold``, drawn as a dashed line.
    epochs : DataFrame, optional
        Columns onset, duration (s) and trial_type if epochs have names: shaded.
    ax : Axes, optional
        Where to draw; by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved.

    Raises
    ------
    TypeError, ValueError
        When `agreement` has other dims or `epochs` lacks a column.

    Examples
    --------
    >>> coords = {"time": ("window", np.arange(3) + 2.5), "n_raters": ("window", [20, 20, 20])}
    >>> agreement = xr.DataArray([0.1, 0.5, 0.0], dims="window", coords=coords)
    >>> plot_agreement(agreement).axes[0].get_ylabel()
    'agreement\n(share of\n20 raters)'
    """
    agreement = check_dims(agreement, ("window",), "agreement")
    ax = get_axes(ax, height=45)
    shade_epochs(ax, epochs)
    _draw_agreement(ax, agreement)
    if chance is not None:
        label = f"reached by chance in {100 * chance.attrs.get('alpha', 0.05):g} % of films"
        ax.axhline(float(chance["threshold"]), color=INK, linewidth=0.8, linestyle=DASHED, label=label)
    name_epochs(ax, epochs)
    ax.set(xlabel=TIME_LABEL)
    if chance is not None or epochs is not None:
        _add_key(ax)
    return figure_of(ax)


def draw_null_and_series(ax: Axes, tisc: xr.DataArray, thresholds: xr.Dataset | None) -> None:
    """The t-ISC of one feature (window,) over the band of its null; limits leave room for names above."""
    borders = window_borders(tisc["time"].values)
    lower, upper = _null_edges(tisc, thresholds)
    ax.set(xlim=borders[[0, -1]], ylim=_value_limits(tisc.values, lower, upper))
    ax.axhline(0, color=LINE_GREY, linewidth=0.6)
    lost: Any = {"facecolor": "none", "edgecolor": NO_VALUE, "hatch": "////", "linewidth": 0}
    for number, window in enumerate(np.flatnonzero(np.isnan(tisc.values))):
        ax.axvspan(*borders[window : window + 2], **lost, label="" if number else "no value")
    if thresholds is not None:
        _draw_null_band(ax, np.repeat(borders, 2)[1:-1], np.repeat(lower, 2), np.repeat(upper, 2))
    marker = "o" if tisc.size <= MOST_DOTS else ""
    ax.plot(tisc["time"], tisc, color=BLUE, marker=marker, markersize=2.2, label="t-ISC")


def _null_edges(tisc: xr.DataArray, thresholds: xr.Dataset | None) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper threshold of every window; infinite where there is none."""
    if thresholds is None:
        return np.full(tisc.shape, -np.inf), np.full(tisc.shape, np.inf)
    lower, upper = (thresholds["threshold"].sel(extreme=side).values for side in ("min", "max"))
    return np.broadcast_to(lower, tisc.shape), np.broadcast_to(upper, tisc.shape)


def _value_limits(*shown: np.ndarray) -> tuple[float, float]:
    """Limits that hold zero, all finite values and room for names."""
    values = np.concatenate([[0.0], *shown])
    values = values[np.isfinite(values)]
    span = max(float(np.ptp(values)), SMALLEST_SPAN)
    return values.min() - FOOTROOM * span, values.max() + HEADROOM * span


def _draw_null_band(ax: Axes, time: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
    """Shade what is expected without synchrony; a side without threshold is open to the edge of the axes."""
    low, high = (np.clip(edge, *ax.get_ylim()) for edge in (lower, upper))
    ax.fill_between(time, low, high, color=BAND_GREY, linewidth=0, zorder=0.5, label="within the null")
    for edge, label in ((upper, "threshold"), (lower, "")):
        line = np.where(np.isfinite(edge), edge, np.nan)
        ax.plot(time, line, color=INK, linewidth=0.7, linestyle=DASHED, label=label)


def _mark_significant(ax: Axes, tisc: xr.DataArray, significant: xr.DataArray) -> None:
    if significant.size != tisc.size:
        raise ValueError(f"significant has {significant.size} windows and tisc {tisc.size}; give one value a window")
    marked = significant.values.astype(bool)
    label = f"significant ({marked.sum()} of {marked.size} windows)"
    style: Any = {"color": VERMILLION, "markeredgecolor": INK, "markeredgewidth": 0.4, "markersize": 4.5}
    ax.plot(tisc["time"][marked], tisc[marked], linestyle="", marker="D", **style, label=label)


def _draw_agreement(ax: Axes, agreement: xr.DataArray) -> None:
    borders = window_borders(agreement["time"].values)
    ax.stairs(agreement.values, borders, fill=True, color=GREEN, alpha=0.3, linewidth=0)
    ax.stairs(agreement.values, borders, color=GREEN, linewidth=1)
    counted = agreement.attrs.get("method") == "count_at_maximum"
    raters = f"{count_range(agreement['n_raters'].values)} raters" if "n_raters" in agreement.coords else "raters"
    ax.set(xlim=borders[[0, -1]], ylabel=f"agreement\n({'number' if counted else 'share'} of\n{raters})")
    ax.set_ylim(0, None if counted else 1)


def _add_key(ax: Axes, *, title: str = "") -> None:
    """The legend above the axes, and the title above the legend."""
    columns, height = key_layout(ax)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, **KEY)
    ax.set_title(title, pad=height + TITLE_GAP, parse_math=False)  # a $ in a name is a $


def feature_label(tisc: xr.DataArray) -> str:
    """'vertex 61', 'distance of vertices 13 and 14', or nothing: what the series was selected by."""
    coords = {name: coord.item() for name, coord in tisc.coords.items() if coord.ndim == 0}
    if {"vertex_a", "vertex_b"} <= set(coords):
        return f"distance of vertices {coords['vertex_a']} and {coords['vertex_b']}"
    return ", ".join(f"{name} {value}" for name, value in coords.items() if name in FEATURE_DIMS)

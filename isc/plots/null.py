"""The null: what t-ISC reaches without synchrony, scheme by scheme."""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isc.plots.style import (
    BLUE,
    DASHED,
    INK,
    ORANGE,
    VERMILLION,
    axis_label,
    figure_of,
    get_axes,
    key_below,
    key_layout,
    split,
    styled,
    subjects_label,
    summary_label,
)

N_BIN = 25
LINES_BELOW = 2.6  # numbers and label of the axis
COLOURS = {"min": ORANGE, "max": BLUE}
PLAIN_NAMES = {"timepoint_shuffle": "frame shuffle"}

Labelled = TypeVar("Labelled", xr.DataArray, xr.Dataset)


@styled
def plot_null(
    null: xr.DataArray | Mapping[str, xr.DataArray],
    *,
    observed: xr.DataArray | None = None,
    thresholds: xr.Dataset | Mapping[str, xr.Dataset] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Histograms of the smallest and largest t-ISC of surrogate data, one panel a scheme.

    Parameters
    ----------
    null : DataArray, dims (surrogate, extreme[, window]), or mapping of scheme to DataArray
        From `isc.null_extremes`. With dim ``window`` all windows are pooled. NaN is left out.
    observed : DataArray, optional
        The t-ISC that was tested, any dims: its smallest and largest values are marked.
    thresholds : Dataset or mapping of scheme to Dataset, optional
        From `isc.thresholds`: lines at ``threshold`` with the Monte-Carlo interval ``low`` to ``high`` shaded; with
        dim ``window``, the median over windows.
    ax : Axes, optional
        Where to draw (panels side by side within it); by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. Its panels are ``figure.axes[0].child_axes``.

    Raises
    ------
    TypeError, ValueError
        When a null lacks its dims, or thresholds are given for other schemes.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(size=(200, 2)) / 50 + [-0.2, 0.2]
    >>> null = xr.DataArray(values, dims=("surrogate", "extreme"), coords={"extreme": ["min", "max"]},
    ...                     attrs={"scheme": "circular_shift"})
    >>> plot_null(null).axes[0].child_axes[0].get_title(loc="left")
    'circular shift (200 surrogates)'
    """
    nulls = _by_scheme(null)
    for scheme, surrogates in nulls.items():
        if not {"surrogate", "extreme"} <= set(surrogates.dims):
            raise ValueError(
                f"null {scheme} needs dims surrogate and extreme and has {surrogates.dims}; use isc.null_extremes"
            )
    bounds = {} if thresholds is None else _by_scheme(thresholds, default=next(iter(nulls)))
    unknown = set(bounds) - set(nulls)
    if unknown:
        raise ValueError(f"thresholds are given for {sorted(unknown)}, which is no scheme of null: {sorted(nulls)}")
    panels = split(get_axes(ax, height=22 + 33 * len(nulls)), rows=len(nulls), share="x")
    for panel, (scheme, surrogates) in zip(panels, nulls.items(), strict=True):
        _draw_histograms(panel, surrogates)
        if scheme in bounds:
            _draw_thresholds(panel, bounds[scheme])
        if observed is not None:
            _mark_observed(panel, observed)
        panel.set_title(f"{plain_name(scheme)} ({_count(surrogates)})")
        panel.set_ylabel("windows of surrogates" if "window" in surrogates.dims else "surrogates")
    known = ("", "") if observed is None else (summary_label(observed), subjects_label(observed))
    panels[-1].set_xlabel(axis_label("smallest and largest t-ISC", *known))
    panels[-1].legend(ncols=key_layout(panels[-1])[0], **key_below(panels[-1], lines=LINES_BELOW))
    return figure_of(panels[0])


def plain_name(scheme: str) -> str:
    """Name of a surrogate scheme for readers.

    Parameters
    ----------
    scheme : str
        As in `isc.null_extremes`.

    Returns
    -------
    str
        Words without underscores.

    Examples
    --------
    >>> plain_name("timepoint_shuffle")
    'frame shuffle'
    """
    return PLAIN_NAMES.get(scheme, scheme.replace("_", " "))


def _by_scheme(given: Labelled | Mapping[str, Labelled], *, default: str = "null") -> dict[str, Labelled]:
    """One array or table a scheme; a single one is named by its attrs."""
    if isinstance(given, xr.DataArray | xr.Dataset):
        return {str(given.attrs.get("scheme", default)): given}
    return dict(given)


def _draw_histograms(ax: Axes, null: xr.DataArray) -> None:
    """Bins of each extreme span its own range: a narrow null beside a wide one stays visible."""
    for extreme, colour in COLOURS.items():
        values = null.sel(extreme=extreme).values
        label = {"min": "smallest r", "max": "largest r"}[extreme]
        ax.hist(values[np.isfinite(values)], bins=N_BIN, color=colour, alpha=0.75, linewidth=0, label=label)


def _draw_thresholds(ax: Axes, bounds: xr.Dataset) -> None:
    """A line a finite threshold; the shaded interval holds the threshold of infinitely many surrogates."""
    over_windows = [dim for dim in bounds["threshold"].dims if dim != "extreme"]
    middle = bounds[["threshold", "low", "high"]].median(over_windows)
    label, interval = "threshold", "95 % Monte-Carlo interval"
    for extreme in COLOURS:
        value, low, high = (float(middle[name].sel(extreme=extreme)) for name in ("threshold", "low", "high"))
        if not np.isfinite(value):
            continue
        ax.axvline(value, color=INK, linewidth=0.9, linestyle=DASHED, label=label)
        if np.isfinite([low, high]).all() and low < high:  # all patterns of signs leave no interval
            ax.axvspan(low, high, color=INK, alpha=0.15, linewidth=0, label=interval)
        label = interval = ""


def _mark_observed(ax: Axes, observed: xr.DataArray) -> None:
    """Smallest and largest observed value as marks on the axis."""
    extremes = [float(observed.min()), float(observed.max())]
    style: Any = {"color": VERMILLION, "markeredgecolor": INK, "markeredgewidth": 0.4, "markersize": 6}
    on_axis = ax.get_xaxis_transform()
    ax.plot(extremes, [0.0, 0.0], "D", transform=on_axis, clip_on=False, zorder=4, **style, label="observed extremes")


def _count(null: xr.DataArray) -> str:
    surrogates = f"{null.sizes['surrogate']:,} surrogates"
    return f"{surrogates}, {null.sizes['window']} windows each" if "window" in null.dims else surrogates

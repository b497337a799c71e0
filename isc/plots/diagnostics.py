"""What decides whether a test of synchrony can be believed, over the film."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isc.plots.style import (
    BLUE,
    DASHED,
    INK,
    VERMILLION,
    axis_label,
    check_dims,
    figure_of,
    get_axes,
    split,
    styled,
)
from isc.plots.time_axis import TIME_LABEL, window_borders

PANELS = {
    "autocorrelation_time": "autocorrelation\ntime",
    "effective_samples": "effective samples\nof a window",
    "dropped_share": "subjects\nleft out (share)",
}
PANEL_HEIGHT, MARGIN = 24.0, 22.0  # mm
TOP = 1.25  # of the largest value, where zero is the floor


@styled
def plot_diagnostics(diagnosis: xr.Dataset, *, ax: Axes | None = None) -> Figure:
    """Smoothness, effective samples and lost subjects of every window.

    Nulls that shift signals in time hold where the autocorrelation time stays the same throughout; the ratio of its
    largest to its smallest value stands above the first panel.

    Parameters
    ----------
    diagnosis : Dataset, dims (window,)
        From `isc.diagnose`: ``autocorrelation_time`` (samples), and where there are any ``effective_samples`` and
        ``dropped_share`` (share of subjects without a value); coord ``time`` (s). The attrs ``autocorrelation_time``
        (of the whole recording), ``stationarity_ratio`` and ``stationarity_p`` are written on the figure. NaN is left
        empty.
    ax : Axes, optional
        Where to draw (panels below one another within it); by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. Its panels are ``figure.axes[0].child_axes``.

    Raises
    ------
    TypeError, ValueError
        When the autocorrelation time is missing or has other dims.

    Examples
    --------
    >>> diagnosis = xr.Dataset({"autocorrelation_time": ("window", [12.0, 15.0, 30.0])},
    ...                        coords={"time": ("window", [2.5, 5.0, 7.5])}, attrs={"stationarity_ratio": 2.5})
    >>> plot_diagnostics(diagnosis).axes[0].child_axes[0].get_title(loc="left")
    'stationarity: largest / smallest autocorrelation time of a window = 2.5'
    """
    if "autocorrelation_time" not in diagnosis:
        raise ValueError(
            f"diagnosis needs autocorrelation_time as isc.diagnose gives it; it has {', '.join(map(str, diagnosis))}"
        )
    shown = [name for name in PANELS if name in diagnosis]
    panels = split(get_axes(ax, height=MARGIN + PANEL_HEIGHT * len(shown)), rows=len(shown), share="x")
    for panel, name in zip(panels, shown, strict=True):
        _draw(panel, check_dims(diagnosis[name], ("window",), name), name)
    _mark_whole(panels[0], diagnosis.attrs)
    panels[0].set_title(_stationarity(diagnosis.attrs))
    panels[-1].set_xlabel(TIME_LABEL)
    return figure_of(panels[0])


def _draw(panel: Axes, values: xr.DataArray, name: str) -> None:
    borders = window_borders(values["time"].values)
    panel.set(xlim=borders[[0, -1]], ylabel=PANELS[name])
    if name == "dropped_share":
        panel.stairs(values.values, borders, fill=True, color=VERMILLION, alpha=0.35)
        panel.stairs(values.values, borders, color=VERMILLION)
        panel.set_ylim(0, 1)
        return
    panel.plot(values["time"], values, color=BLUE)
    largest = np.nanmax(values.values, initial=0.0)
    panel.set_ylim(0, TOP * largest or 1.0)
    if name == "autocorrelation_time":
        panel.set_ylabel(axis_label(PANELS[name], values.attrs.get("units", "samples")))


def _mark_whole(panel: Axes, attrs: dict) -> None:
    """The autocorrelation time of the whole recording, with its name inside the axes."""
    whole = attrs.get("autocorrelation_time")
    if whole is None or not np.isfinite(whole):
        return
    panel.axhline(whole, color=INK, linewidth=0.7, linestyle=DASHED)
    panel.set_ylim(0, max(panel.get_ylim()[1], TOP * whole))
    panel.annotate(
        f"whole recording: {whole:.3g}",
        (0, whole),
        xycoords=("axes fraction", "data"),
        xytext=(3, -3),
        textcoords="offset points",
        va="top",
    )


def _stationarity(attrs: dict) -> str:
    ratio, p = attrs.get("stationarity_ratio"), attrs.get("stationarity_p")
    if ratio is None:
        return ""
    shared = "" if p is None or not np.isfinite(p) else f"; that subjects share its changes: p = {p:.2g}"
    return f"stationarity: largest / smallest autocorrelation time of a window = {ratio:.2g}{shared}"

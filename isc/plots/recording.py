"""One recording over time: when the face was seen, how the head moved, when its owner pressed the key."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isc.plots.style import (
    BLUE,
    GREEN,
    INK,
    LINE_GREY,
    VERMILLION,
    check_dims,
    figure_of,
    get_axes,
    key_layout,
    split,
    styled,
)
from isc.plots.time_axis import TIME_LABEL

MOST_POINTS = 2000  # of a line; longer recordings are drawn as means
ANGLES, PLACES = ("yaw", "pitch", "roll"), ("x", "y", "z")
COLOURS = (BLUE, VERMILLION, GREEN)
HEIGHT, HEIGHTS = 85.0, (1.0, 1.0, 0.35)  # mm; panels relative to one another


@styled
def plot_recording(pose: xr.DataArray, *, presses: Sequence[float] | None = None, ax: Axes | None = None) -> Figure:
    r"""Head pose of one participant over time, with the stretches in which the face was not found.

    Parameters
    ----------
    pose : DataArray, dims (time, channel)
        As `isc.preprocessing.head_pose.head_motion` gives it: channels yaw, pitch, roll (degrees) and x, y, z (cm);
        coord ``time`` in seconds from stimulus onset. NaN: no face.
    presses : sequence of float, optional
        Reported peaks, s.
    ax : Axes, optional
        Where to draw (panels below one another within it); by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. Its panels are ``figure.axes[0].child_axes``. Recordings of more than 2,000 samples are
        drawn as means of as many neighbouring samples as needed; angles and places are relative to their medians.

    Raises
    ------
    TypeError, ValueError
        When dims differ or a channel is missing.

    Examples
    --------
    >>> channel = ["yaw", "pitch", "roll", "x", "y", "z"]
    >>> pose = xr.DataArray(np.zeros((50, 6)), dims=("time", "channel"),
    ...                     coords={"time": np.arange(50) / 10, "channel": channel})
    >>> [panel.get_ylabel() for panel in plot_recording(pose, presses=[2.0]).axes[0].child_axes]
    ['rotation\n(degrees)', 'position\n(cm)', 'peaks\n(n = 1)']
    """
    pose = check_dims(pose, ("time", "channel"), "pose")
    missing = [name for name in (*ANGLES, *PLACES) if name not in pose["channel"].values]
    if missing:
        raise ValueError(f"pose needs the channels {', '.join((*ANGLES, *PLACES))}; {', '.join(missing)} missing")
    n_panel = 2 if presses is None else 3
    panels = split(get_axes(ax, height=HEIGHT), rows=n_panel, heights=HEIGHTS[:n_panel], share="x")
    drawn = _thinned(pose)
    for panel, names, label in zip(panels, (ANGLES, PLACES), ("rotation\n(degrees)", "position\n(cm)"), strict=False):
        _draw_channels(panel, drawn, names)
        _shade_lost(panel, pose)
        panel.set_ylabel(label)
        panel.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=key_layout(panel)[0], borderaxespad=0.2)
    if presses is not None:
        panels[2].vlines(presses, 0, 1, color=INK, linewidth=0.8)
        panels[2].set(ylim=(0, 1), yticks=[], ylabel=f"peaks\n(n = {len(presses)})")
    time = pose["time"].values
    panels[-1].set(xlim=(time[0], time[-1]), xlabel=TIME_LABEL)
    return figure_of(panels[0])


def _thinned(pose: xr.DataArray) -> xr.DataArray:
    """Means of blocks of samples, no more than `MOST_POINTS`; NaN where a block has no sample."""
    step = -(-pose.sizes["time"] // MOST_POINTS)
    return pose if step == 1 else pose.coarsen(time=step, boundary="trim").mean()


def _draw_channels(panel: Axes, pose: xr.DataArray, names: Sequence[str]) -> None:
    panel.axhline(0, color=LINE_GREY, linewidth=0.6)
    for name, colour in zip(names, COLOURS, strict=True):
        values = pose.sel(channel=name)
        middle = float(values.median()) if values.notnull().any() else 0.0
        panel.plot(pose["time"], values - middle, color=colour, linewidth=0.8, label=name)


def _shade_lost(panel: Axes, pose: xr.DataArray) -> None:
    """Hatch the stretches without a face; how much of the recording they are stands in the legend."""
    lost = np.isnan(pose.values).all(axis=1)
    if not lost.any():
        return
    time = pose["time"].values
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(int)))
    label = f"no face ({lost.mean():.1%} of samples)"
    for number, (start, stop) in enumerate(edges.reshape(-1, 2)):
        last = time[min(stop, time.size - 1)]
        shade: Any = {"facecolor": "none", "edgecolor": LINE_GREY, "hatch": "////", "linewidth": 0}
        panel.axvspan(time[start], last, **shade, label="" if number else label)

"""The time axis that figures of windows share: borders of windows, and epochs shaded on it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from isc.plots.style import ORANGE

TIME_LABEL = "time from stimulus onset (s)"
LETTER_WIDTH = 0.011  # of the width of the axes: an epoch is named when its name fits into it


def window_borders(time: np.ndarray) -> np.ndarray:
    """Borders halfway between window centres: windows overlap, so that each is shown for one step.

    Parameters
    ----------
    time : ndarray, shape (n_window,)
        Window centres in seconds.

    Returns
    -------
    ndarray, shape (n_window + 1,)
        Seconds; a single window is shown one second wide.

    Examples
    --------
    >>> window_borders(np.array([1.0, 3.0, 5.0])).tolist()
    [0.0, 2.0, 4.0, 6.0]
    """
    if time.size < 2:
        return time[0] + np.array([-0.5, 0.5])
    middle = (time[1:] + time[:-1]) / 2
    return np.concatenate([[2 * time[0] - middle[0]], middle, [2 * time[-1] - middle[-1]]])


def shade_epochs(ax: Axes, epochs: pd.DataFrame | None) -> None:
    """Shade the span of every epoch (columns onset, duration in seconds)."""
    if epochs is None:
        return
    missing = {"onset", "duration"} - set(epochs.columns)
    if missing:
        raise ValueError(f"epochs need the columns onset and duration in seconds; {sorted(missing)} missing")
    for number, (onset, duration) in enumerate(zip(epochs["onset"], epochs["duration"], strict=True)):
        ax.axvspan(onset, onset + duration, color=ORANGE, alpha=0.22, linewidth=0, label="" if number else "epoch")


def name_epochs(ax: Axes, epochs: pd.DataFrame | None) -> None:
    """Write the name of an epoch (column trial_type) at its top where it fits between the epoch's borders."""
    if epochs is None or "trial_type" not in epochs:
        return
    first, last = ax.get_xlim()
    for epoch in epochs.itertuples():
        start, stop = max(epoch.onset, first), min(epoch.onset + epoch.duration, last)
        name = str(epoch.trial_type)
        if len(name) * LETTER_WIDTH <= (stop - start) / (last - first):
            place: Any = {"ha": "center", "va": "top", "transform": ax.get_xaxis_transform()}
            ax.text((start + stop) / 2, 0.98, name, parse_math=False, **place)  # a $ in a name is a $

"""Tracked points on the pictures they were found in. Shows a person: for quality control, with consent only."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from isc.plots.style import VERMILLION, figure_of, get_axes, split, styled

MOST_COLUMNS = 3
PANEL_WIDTH = 58.0  # mm
POINT = 0.25  # points, squared: the area of a marker


@styled
def draw_overlay(pictures: Sequence[np.ndarray], landmarks: Sequence[np.ndarray], times: Sequence[float]) -> Figure:
    """Pictures of a video side by side, each with the landmarks that were found in it.

    Parameters
    ----------
    pictures : sequence of ndarray of uint8, shape (height, width, 3)
        All of one size.
    landmarks : sequence of ndarray, shape (vertex, 2 or more)
        Pixels of the picture; NaN draws nothing.
    times : sequence of float
        Seconds, written above each.

    Returns
    -------
    Figure

    Examples
    --------
    >>> figure = draw_overlay([np.zeros((8, 8, 3), np.uint8)], [np.ones((478, 2))], [1.5])
    >>> figure.axes[0].child_axes[0].get_title(loc="left")
    '1.5 s'
    """
    columns = min(MOST_COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    height, width = pictures[0].shape[:2]
    panel_height = PANEL_WIDTH * height / width + 6  # the title
    panels = split(get_axes(None, height=rows * panel_height, width=columns * PANEL_WIDTH), rows=rows, columns=columns)
    for panel in panels[len(pictures) :]:
        panel.set_axis_off()
    for panel, picture, points, time in zip(panels, pictures, landmarks, times, strict=False):
        panel.imshow(picture)
        panel.scatter(points[:, 0], points[:, 1], s=POINT, color=VERMILLION, linewidths=0)
        panel.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
        panel.set_title(f"{time:.1f} s")
    return figure_of(panels[0])

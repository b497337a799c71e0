"""Tracked points are drawn where they are in the picture."""

import numpy as np
import pytest

from isc.plots.overlay import MOST_COLUMNS, draw_overlay
from isc.report.vector import figure_png


@pytest.mark.parametrize("n_picture", [1, MOST_COLUMNS, MOST_COLUMNS + 1])
def test_each_picture_has_a_panel_with_its_points_and_time(n_picture):
    pictures = [np.full((40, 60, 3), 10 * k, np.uint8) for k in range(n_picture)]
    points = [np.array([[5.0 + k, 7.0, 0.0], [np.nan, np.nan, np.nan]]) for k in range(n_picture)]
    figure = draw_overlay(pictures, points, [0.5 * k for k in range(n_picture)])
    panels = [panel for panel in figure.axes[0].child_axes if panel.axison]
    assert [panel.get_title(loc="left") for panel in panels] == [f"{0.5 * k:.1f} s" for k in range(n_picture)]
    for k, panel in enumerate(panels):
        np.testing.assert_array_equal(panel.collections[0].get_offsets()[0], [5 + k, 7])
        np.testing.assert_array_equal(panel.images[0].get_array(), pictures[k])
        assert panel.get_xlim() == (0, 60) and panel.get_ylim() == (40, 0)  # y goes down, as in the picture


def test_equal_figures_give_equal_bytes():
    first, second = (draw_overlay([np.zeros((8, 8, 3), np.uint8)], [np.ones((4, 2))], [0.0]) for _ in range(2))
    assert figure_png(first) == figure_png(second)
    assert b"Software" not in figure_png(first)

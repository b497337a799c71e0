"""Figures as text: vector graphics whose bytes are the same whenever the figure is."""

import io
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

# Letters as outlines look the same on every machine; the salt makes the names of clip paths repeatable.
SETTINGS: Any = {"svg.fonttype": "path", "svg.hashsalt": "isc", "svg.image_inline": True}
NO_DATE = {"Date": None, "Creator": None}
DOTS_PER_INCH = 300  # of the parts that are pixels, such as the cells of a carpet


def figure_svg(figure: Figure) -> str:
    """The figure as SVG, without date or name of a program: equal figures give equal text.

    Parameters
    ----------
    figure : Figure
        As a plot of `isc.plots` returns it. It is not changed.

    Returns
    -------
    str
        A whole SVG document.

    Examples
    --------
    >>> figure_svg(Figure()).startswith("<?xml")
    True
    """
    file = io.StringIO()
    with rc_context(SETTINGS):
        figure.savefig(file, format="svg", dpi=DOTS_PER_INCH, metadata=NO_DATE)
    return file.getvalue()

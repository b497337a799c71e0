"""Figures as bytes that are the same whenever the figure is: vector graphics, and pixels for photographs."""

import io
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

# Letters as outlines look the same on every machine; the salt makes the names of clip paths repeatable.
SETTINGS: Any = {"svg.fonttype": "path", "svg.hashsalt": "isc", "svg.image_inline": True}
NO_DATE = {"Date": None, "Creator": None}
SCREEN_DOTS_PER_INCH = 150  # of figures that are pixels altogether
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


def figure_png(figure: Figure) -> bytes:
    """The figure as PNG, for pictures of what a camera saw.

    Parameters
    ----------
    figure : Figure
        It is not changed.

    Returns
    -------
    bytes

    Examples
    --------
    >>> figure_png(Figure())[1:4]
    b'PNG'
    """
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=SCREEN_DOTS_PER_INCH, metadata={"Software": None})
    return file.getvalue()

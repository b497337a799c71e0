"""What all figures share: size, type, colours, the figure and panels they are drawn on.

Figures are as wide as a journal page (180 mm) with no type under 7 pt. Nothing here goes through pyplot: a figure
belongs to who asked for it and is freed with it. A plot drawn on the user's own axes keeps the user's style.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Literal, ParamSpec

import numpy as np
import xarray as xr
from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.gridspec import GridSpec
from numpy.typing import ArrayLike

P = ParamSpec("P")
Share = Literal["none", "x", "y"]

PAGE_WIDTH = 180.0  # mm
MM_PER_INCH, POINTS_PER_INCH = 25.4, 72.0
COLUMN_GAP, ROW_GAP = 0.12, 0.32  # between panels, of a panel
# Legends, in units of their type size; they may reach somewhat beyond the axes.
KEY_HANDLE_WIDTH, KEY_LETTER_WIDTH, KEY_ROW_HEIGHT = 3.9, 0.5, 1.7
KEY_OVERHANG = 1.15  # of the width of the axes
KEY: dict[str, Any] = {"borderaxespad": 0.2, "handlelength": 1.5, "columnspacing": 1.2}
# Okabe and Ito's colours, told apart by people of every colour vision.
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
INK, LINE_GREY, BAND_GREY, NO_VALUE = "#1A1A1A", "#8C8C8C", "#E3E3E3", "#A6A6A6"
DIVERGING = "RdBu_r"
DASHED = (0, (4, 2))
TRUETYPE = 42  # of matplotlib's kinds of font
STYLE: dict[str, Any] = {
    "font.size": 7,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.axisbelow": True,
    "lines.linewidth": 1.0,
    "hatch.linewidth": 0.5,
}


def styled(plot: Callable[P, Figure]) -> Callable[P, Figure]:
    """The plot in the style of this package, or in the user's own when the user gives the axes."""

    @wraps(plot)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> Figure:
        """Draw."""
        settings: Any = STYLE if kwargs.get("ax") is None else {}
        with rc_context(settings):
            return plot(*args, **kwargs)

    return in_style


class PaperFigure(Figure):
    """A figure in whose PDF letters stay letters: matplotlib asks for the kind of font when it saves, not before."""

    def savefig(self, *args: Any, **kwargs: Any) -> None:
        """Save as `matplotlib.figure.Figure.savefig` does, with TrueType fonts, which journals ask for."""
        with rc_context({"pdf.fonttype": TRUETYPE, "ps.fonttype": TRUETYPE}):
            super().savefig(*args, **kwargs)


def get_axes(ax: Axes | None, *, height: float, width: float = PAGE_WIDTH) -> Axes:
    """The user's axes, or those of a new figure of `width` x `height` mm."""
    if ax is not None:
        return ax
    figure = PaperFigure(figsize=(width / MM_PER_INCH, height / MM_PER_INCH), layout="constrained")
    return neat(figure.add_subplot())


def figure_of(ax: Axes) -> Figure:
    """The figure that the axes are in, also through subfigures."""
    return ax.figure.figure if isinstance(ax.figure, SubFigure) else ax.figure


def split(
    ax: Axes, *, rows: int = 1, columns: int = 1, heights: Sequence[float] | None = None, share: Share = "none"
) -> list[Axes]:
    """A grid of panels in the place of the axes, row by row.

    Parameters
    ----------
    ax : Axes
        Their frame disappears.
    rows, columns : int
        Size of the grid.
    heights : sequence of float, optional
        Heights of the rows relative to one another.
    share : {"none", "x", "y"}
        The axis that all panels have in common; its numbers stand at the last row or the first column only.

    Returns
    -------
    list of Axes
        They are ``ax.child_axes``.

    Examples
    --------
    >>> len(split(Figure().add_subplot(), rows=2, columns=3))
    6
    """
    ax.set_axis_off()
    grid = GridSpec(
        rows, columns, height_ratios=heights, left=0, right=1, bottom=0, top=1, wspace=COLUMN_GAP, hspace=ROW_GAP
    )
    panels: list[Axes] = []
    for place in range(rows * columns):
        shared: Any = {f"share{share}": panels[0]} if panels and share != "none" else {}
        panel = neat(ax.inset_axes(grid[place].get_position(figure_of(ax)).bounds, **shared), like=ax)
        row, column = divmod(place, columns)
        panel.tick_params(labelbottom=share != "x" or row == rows - 1, labelleft=share != "y" or column == 0)
        panels.append(panel)
    return panels


def neat(ax: Axes, *, like: Axes | None = None) -> Axes:
    """Small ticks, or those of other axes; matplotlib makes ticks late, when the style is no longer in force."""
    ticks = {"labelsize": STYLE["xtick.labelsize"], "width": STYLE["axes.linewidth"], "length": 2.5}
    wanted = ticks if like is None else {k: v for k, v in like.xaxis.get_tick_params().items() if k in ticks}
    ax.tick_params(**wanted)
    return ax


def key_layout(ax: Axes) -> tuple[int, float]:
    """Columns in which the legend of the axes is about as wide as they are, and its height in points."""
    labels = ax.get_legend_handles_labels()[1]
    size = FontProperties(size=rcParams["legend.fontsize"]).get_size_in_points()
    needed = size * sum(KEY_HANDLE_WIDTH + KEY_LETTER_WIDTH * len(label) for label in labels)
    available = KEY_OVERHANG * ax.get_window_extent().width / figure_of(ax).dpi * POINTS_PER_INCH
    columns = max(1, min(len(labels), int(len(labels) * available / max(needed, 1))))
    return columns, size * KEY_ROW_HEIGHT * -(-len(labels) // columns)


def key_below(ax: Axes, *, lines: float) -> dict[str, Any]:
    """Options that place a legend below the axes and below so many lines of text."""
    height = ax.get_window_extent().height / figure_of(ax).dpi * POINTS_PER_INCH
    drop = lines * FontProperties(size=rcParams["font.size"]).get_size_in_points() * KEY_ROW_HEIGHT
    return {"loc": "upper center", "bbox_to_anchor": (0.5, -drop / height), **KEY}


def centred_scale(values: np.ndarray) -> Normalize:
    """A scale from -m to m, m the largest finite absolute value: zero is its middle."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    return Normalize(-largest, largest)


def add_colour_bar(ax: Axes | list[Axes], scale: Normalize, label: str) -> None:
    """A colour bar beside the axes, or beside several, with zero marked."""
    figure: Any = ax[0].figure if isinstance(ax, list) else ax.figure
    bar = figure.colorbar(ScalarMappable(scale, DIVERGING), ax=ax, label=label, fraction=0.05, pad=0.02, shrink=0.8)
    solids: Any = bar.solids
    solids.set(rasterized=False, edgecolor="face")  # vectors, as everything else
    bar.outline.set_linewidth(0.4)
    bar.ax.axhline(0, color=INK, linewidth=0.4)


def subjects_label(values: xr.DataArray) -> str:
    """How many subjects are behind the values, 'n = 21' or 'n = 18 to 21'; nothing when it was not recorded."""
    counts = values.coords["n_subject"].values if "n_subject" in values.coords else values.attrs.get("n_subject")
    return "" if counts is None else f"n = {count_range(counts)}"


def count_range(counts: ArrayLike) -> str:
    """'21', or '18 to 21' where the count varies."""
    fewest, most = int(np.min(counts)), int(np.max(counts))
    return f"{most}" if fewest == most else f"{fewest} to {most}"


def value_label(values: xr.DataArray) -> str:
    """What the values are: 't-ISC (mean r, n = 21)', or the array's long name with its unit."""
    if values.name == "tisc":
        return axis_label("t-ISC", summary_label(values), subjects_label(values))
    name = values.attrs.get("long_name", values.name or "value")
    units = values.attrs.get("units", "1")
    return axis_label(str(name), "" if units == "1" else units, subjects_label(values))


def summary_label(tisc: xr.DataArray) -> str:
    """'mean r', 'median leave-one-out r', or nothing when it was not recorded."""
    if "summary" not in tisc.attrs:
        return ""
    summary = {"fisher_mean": "Fisher mean", "none": ""}.get(tisc.attrs["summary"], tisc.attrs["summary"])
    return f"{summary} {'leave-one-out r' if tisc.attrs.get('estimator') == 'leave_one_out' else 'r'}".strip()


def axis_label(*parts: str) -> str:
    """'t-ISC (mean r, n = 21)': the quantity, and in brackets what is known about it."""
    quantity, *details = [part for part in parts if part]
    return f"{quantity} ({', '.join(details)})" if details else quantity


def check_dims(values: xr.DataArray, dims: tuple[str, ...], what: str) -> xr.DataArray:
    """The array with its dims in this order; an error names what was needed and what was given."""
    if not isinstance(values, xr.DataArray):
        raise TypeError(f"{what} must be an xarray.DataArray with dims {dims}, not {type(values).__name__}")
    if set(values.dims) != set(dims):
        raise ValueError(f"{what} needs dims {dims} and has {values.dims}; select or average the others first")
    return values.transpose(*dims)

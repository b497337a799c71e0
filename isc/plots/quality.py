"""Quality of the recordings, participant by participant."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isc.plots.style import BAND_GREY, BLUE, figure_of, get_axes, split, styled

ROW_HEIGHT, MARGIN_HEIGHT = 4.2, 32.0  # mm
MOST_TICKS = 4  # of a panel: small numbers are long
QUALITY_COLUMNS = {
    "detected_share": "frames with a face (share)",
    "longest_gap_s": "longest gap (s)",
    "jitter_iod": "jitter (inter-ocular distance)",
}


@styled
def plot_quality(
    table: pd.DataFrame, *, columns: Mapping[str, str] = QUALITY_COLUMNS, ax: Axes | None = None
) -> Figure:
    """Quality measures of every participant, one panel a measure.

    Parameters
    ----------
    table : DataFrame
        From `isc.face_quality`, one row a participant: ``subject`` and the columns to draw. NaN leaves the place empty.
    columns : mapping of str to str
        Columns to draw and the label, with unit, of each.
    ax : Axes, optional
        Where to draw (panels side by side within it); by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved. Its panels are ``figure.axes[0].child_axes``.

    Raises
    ------
    ValueError
        When the table has no row or lacks a column.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": ["01", "02"], "detected_share": [1.0, 0.9]})
    >>> plot_quality(table, columns={"detected_share": "frames with a face (share)"}).axes[0].child_axes[0].get_ylabel()
    'participant (n = 2)'
    """
    missing = {"subject", *columns} - set(table.columns)
    if missing or table.empty:
        raise ValueError(
            f"the quality table needs rows and the columns {['subject', *columns]}; {sorted(missing)} missing"
        )
    ax = get_axes(ax, height=MARGIN_HEIGHT + ROW_HEIGHT * len(table))
    panels = split(ax, columns=len(columns), share="y")
    rows = range(len(table))
    for panel, (column, label) in zip(panels, columns.items(), strict=True):
        values = table[column].to_numpy(float)
        panel.grid(axis="y", color=BAND_GREY, linewidth=0.6)
        panel.plot(values, rows, "o", color=BLUE, markersize=3.5, clip_on=False)
        panel.set(xlabel=label.replace(" (", "\n("), ylim=(len(table) - 0.5, -0.5))
        panel.locator_params(axis="x", nbins=MOST_TICKS)
    panels[0].set_yticks(rows, table["subject"].astype(str), parse_math=False)  # a $ in a name is a $
    panels[0].set_ylabel(f"participant (n = {len(table)})")
    return figure_of(panels[0])

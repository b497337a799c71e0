"""A report with something in every place."""

from collections.abc import Callable

import pandas as pd
import pytest
from matplotlib.figure import Figure

from isc.report import (
    CITATIONS,
    Fact,
    Notice,
    ReportContent,
    ReportFigure,
    ReportTable,
    Section,
    figure_svg,
)


@pytest.fixture
def draw() -> Callable[[], Figure]:
    """Makes a figure, the same each time."""
    return _figure


def _figure() -> Figure:
    """A line and a legend: clip paths and letters."""
    figure = Figure(figsize=(3, 2))
    ax = figure.add_subplot()
    ax.plot([0, 1], [1, 0], label="t-ISC")
    ax.legend()
    return figure


@pytest.fixture
def content() -> ReportContent:
    """Two sections, three figures, two tables, three warnings."""
    figure = ReportFigure(figure_svg(_figure()), "t-ISC of the mouth, n = 21.", "Synchrony rises at 12 s.")
    table = ReportTable(
        pd.DataFrame(
            {"subject": ["01", "02"], "share": [0.98765, 0.5], "frames": [1200, 1199], "usable": [True, False]}
        ),
        "Quality of each recording.",
        "group/task-film_desc-qc_beh.tsv",
    )
    return ReportContent(
        title="Pilot",
        warnings=(
            Notice("note", "Generated faces."),
            Notice("error", "sub-05 failed."),
            Notice("warning", "Few people."),
        ),
        facts=(Fact("participants", "21"), Fact("seed", "1")),
        sections=(
            Section("Quality", "First.\n\nSecond.", (figure,), (table,)),
            Section("Synchrony", figures=(figure, figure), tables=(table,)),
        ),
        methods="Faces were tracked.\n\nThen they were correlated.",
        citations=(CITATIONS["isc"], CITATIONS["face_mesh"]),
        software={"numpy": "2.4.6"},
    )

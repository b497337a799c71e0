"""The report: one self-contained HTML page, filled by a stage with text, figures and tables.

`ReportContent` says what a page holds; `write_report` writes it; `figure_svg` turns a figure into the vector graphics
it embeds; `explore` makes the page to look around in; `compare_nulls` puts the nulls of one result side by side;
`CITATIONS` holds what methods paragraphs cite.
"""

from isc.report.content import Citation, Fact, Notice, ReportContent, ReportFigure, ReportTable, Section
from isc.report.explorer import Explorer, explore
from isc.report.nulls import NULL_LIMITS, compare_nulls
from isc.report.page import render_report, write_report
from isc.report.references import CITATIONS
from isc.report.results import summary_faults, write_results
from isc.report.vector import figure_svg

__all__ = [
    "CITATIONS",
    "NULL_LIMITS",
    "Citation",
    "Explorer",
    "Fact",
    "Notice",
    "ReportContent",
    "ReportFigure",
    "ReportTable",
    "Section",
    "compare_nulls",
    "explore",
    "figure_svg",
    "render_report",
    "summary_faults",
    "write_report",
    "write_results",
]

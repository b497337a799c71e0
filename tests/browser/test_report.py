"""The report as a browser shows it: from the disk, network off."""

import pytest
from matplotlib.figure import Figure

from isc.report import Fact, Notice, ReportContent, ReportFigure, Section, figure_svg, write_report

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(visit, tmp_path):
    figure = Figure(figsize=(3, 2))
    figure.add_subplot().plot([0, 1])
    shown = ReportFigure(figure_svg(figure), "A line.", "Rises.")
    content = ReportContent(
        title="Pilot <script>alert(1)</script>",
        warnings=(Notice("note", "Generated faces."), Notice("error", "sub-05 failed.")),
        facts=(Fact("participants", "21"),),
        sections=(Section("Synchrony", figures=(shown,)),),
    )
    write_report(tmp_path / "report.html", content)
    visited = visit(tmp_path / "report.html")
    yield visited
    assert not visited.complaints
    assert {address.split(":")[0] for address in visited.requests} <= {"file", "data"}


def test_figures_are_drawn_and_names_are_text(opened, screenshots):
    assert opened.page.inner_text("h1") == "Pilot <script>alert(1)</script>"
    assert opened.page.evaluate("document.images[0].complete && document.images[0].naturalWidth > 100")
    opened.page.screenshot(path=screenshots / "report.png", full_page=True)


def test_the_gravest_warning_is_the_first_thing_on_the_page(opened):
    tops = opened.page.evaluate("[...document.querySelectorAll('main li, main dl')].map((node) => node.innerText)")
    assert tops[0] == "Error. sub-05 failed."


def test_a_narrow_window_has_no_sideways_scrolling(opened):
    opened.page.set_viewport_size({"width": 400, "height": 800})
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

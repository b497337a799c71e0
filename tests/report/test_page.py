import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from isc.report import (
    Citation,
    Fact,
    Notice,
    ReportContent,
    ReportFigure,
    ReportTable,
    Section,
    figure_svg,
    render_report,
    write_report,
)
from isc.report.page import MOST_ROWS

EVIL = "<script>alert('1')</script>\"'&"


class Page(HTMLParser):
    """Every tag with its attributes, and the text between tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.tags if name == tag]


def _cells(html: str, tag: str) -> list[str]:
    return re.findall(rf"<{tag}[^>]*>([^<]*)</{tag}>", html)


def test_every_string_is_shown_as_it_is_written_and_none_becomes_a_tag(draw):
    figure = ReportFigure(figure_svg(draw()), EVIL, EVIL)
    table = ReportTable(pd.DataFrame({EVIL: [EVIL, "02"], f"n {EVIL}": [1.0, 2.0]}), EVIL, "group/<b> '\".tsv")
    content = ReportContent(
        title=EVIL,
        warnings=(Notice("warning", EVIL),),
        facts=(Fact(EVIL, EVIL),),
        sections=(Section(EVIL, EVIL, (figure,), (table,)),),
        methods=EVIL,
        citations=(Citation(EVIL),),
        software={EVIL: EVIL},
    )
    page = Page(render_report(content))
    assert not page.all("script")
    assert not page.all("b")
    assert "".join(page.texts).count(EVIL) == 17  # both titles stand twice: in the tab, in the contents
    assert page.all("img")[0]["alt"] == EVIL
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_nothing_is_loaded_and_links_lead_to_the_page_to_files_below_it_or_to_a_doi(content):
    page = Page(render_report(content))
    loading = {"src", "srcset", "data", "poster", "action", "background"}
    loaded = [value for _, attrs in page.tags for name, value in attrs.items() if name in loading]
    assert len(loaded) == 3
    assert all(value.startswith("data:image/svg+xml;base64,") for value in loaded)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "form", "base"}
    for href in [attrs["href"] for attrs in page.all("a")]:
        assert href.startswith(("#", "https://doi.org/10.", "group/")), href
    style = re.search("<style>(.*?)</style>", render_report(content), re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_links_within_the_page_have_a_target(content):
    page = Page(render_report(content))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for attrs in page.all("a") if attrs["href"].startswith("#")} <= set(ids)
    assert {attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs} <= set(ids)


def test_the_policy_allows_this_style_and_embedded_images_only(content):
    html = render_report(content)
    policy = next(m["content"] for m in Page(html).all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    style = re.search("<style>(.*?)</style>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["style-src"] == f"'sha256-{digest}'"
    assert not [attrs for _, attrs in Page(html).tags if "style" in attrs]


def test_warnings_stand_before_everything_else_the_gravest_first(content):
    html = render_report(content)
    order = ["sub-05 failed.", "Few people.", "Generated faces.", "participants", "Synchrony rises", "Methods</h2>"]
    places = [html.index(text) for text in order]
    assert places == sorted(places)
    assert re.findall(r'<li class="(\w+)"><strong>(\w+)\.</strong>', html) == [
        ("error", "Error"),
        ("warning", "Warning"),
        ("note", "Note"),
    ]


def test_a_page_without_warnings_says_so():
    assert "<p>No warning was raised.</p>" in render_report(ReportContent(title="Pilot"))


def test_parts_without_content_are_left_out():
    page = Page(render_report(ReportContent(title="Pilot")))
    assert [attrs["href"] for attrs in page.all("a")] == ["#main", "#warnings"]
    assert not page.all("table")


def test_the_page_is_accessible(content):
    page = Page(render_report(content))
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(levels[:-1], levels[1:], strict=True))
    assert all(attrs["alt"] for attrs in page.all("img"))
    assert all(attrs.get("scope") in ("col", "row") for attrs in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))


def test_figures_and_tables_are_numbered_through_the_page(content):
    html = render_report(content)
    assert re.findall(r"Figure (\d+)\.", html) == ["1", "2", "3"]
    assert re.findall(r"Table (\d+)\.", html) == ["1", "2"]


def test_figures_are_embedded_whole(content):
    source = Page(render_report(content)).all("img")[0]["src"]
    assert base64.b64decode(source.partition(",")[2]).decode() == content.sections[0].figures[0].svg


def test_figures_are_shown_a_quarter_larger_than_printed(content):
    page = Page(render_report(content))
    assert page.all("img")[0]["width"] == str(round(3 * 96 * 1.25))


def test_a_figure_without_a_width_fits_the_page(content):
    figure = ReportFigure("<svg viewBox='0 0 1 1'></svg>", "A box.", "A box.")
    page = Page(render_report(replace(content, sections=(Section("One", figures=(figure,)),))))
    assert "width" not in page.all("img")[0]


def test_empty_lines_separate_paragraphs(content):
    html = render_report(content)
    assert "<p>First.</p>\n<p>Second.</p>" in html
    assert "<p>Faces were tracked.</p>\n<p>Then they were correlated.</p>" in html


def test_citations_link_to_their_doi(content):
    assert '<a href="https://doi.org/10.1126/science.1089506">doi:10.1126/science.1089506</a>' in render_report(content)


def _column(values) -> list[str]:
    table = ReportTable(pd.DataFrame({"row": range(len(values)), "value": values}), "Values.")
    return _cells(render_report(ReportContent("Pilot", sections=(Section("One", tables=(table,)),))), "td")


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.98765, 0.5, np.nan], ["0.988", "0.500", "n/a"]),
        ([1234.5678, 0.5], ["1235", "0.5"]),
        ([12.345, -1.0, 0.0], ["12.3", "-1.0", "0.0"]),
        ([0.001454, 0.005187], ["0.00145", "0.00519"]),
        ([0.9, 0.0002], ["0.900", "0.0002"]),
        ([np.inf, 2.0], ["n/a", "2.00"]),
        ([np.nan, np.nan], ["n/a", "n/a"]),
        ([1200, 3], ["1200", "3"]),
        ([True, False], ["yes", "no"]),
        (["a", None], ["a", "n/a"]),
        (pd.array([1, None], dtype="Int64"), ["1", "n/a"]),
        (pd.array([True, None], dtype="boolean"), ["yes", "n/a"]),
        (pd.array([0.25, None], dtype="Float64"), ["0.250", "n/a"]),
    ],
)
def test_a_column_has_the_decimals_that_its_largest_value_needs_and_says_what_is_missing(values, texts):
    assert _column(values) == texts


def test_numbers_stand_to_the_right_and_words_to_the_left(content):
    html = render_report(content)
    assert '<th scope="col" class="number">share</th><th scope="col" class="number">frames</th>' in html
    assert '<th scope="col">usable</th>' in html
    assert '<td class="number">1200</td><td>yes</td>' in html


def test_a_long_table_is_cut_and_says_how_long_it_is():
    table = ReportTable(pd.DataFrame({"vertex": range(478)}), "All vertices.", "group/all vertices.tsv")
    html = render_report(ReportContent("Pilot", sections=(Section("One", tables=(table,)),)))
    assert len(re.findall('<th scope="row">', html)) == MOST_ROWS
    assert f"The first {MOST_ROWS} of 478 rows." in html
    assert '<a href="group/all%20vertices.tsv">group/all vertices.tsv</a>' in html


def test_a_table_without_rows_or_columns_has_its_caption_only():
    for empty in (pd.DataFrame({"vertex": []}), pd.DataFrame()):
        html = render_report(ReportContent("Pilot", sections=(Section("One", tables=(ReportTable(empty, "None."),)),)))
        assert "None.</caption>" in html
        assert "<td" not in html


def test_equal_content_gives_equal_bytes(tmp_path, content, draw):
    write_report(tmp_path / "one.html", content)
    again = replace(content.sections[0].figures[0], svg=figure_svg(draw()))
    sections = (replace(content.sections[0], figures=(again,)), *content.sections[1:])
    write_report(tmp_path / "two.html", replace(content, sections=sections))
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_file_is_the_page_and_nothing_else_is_left_beside_it(tmp_path, content):
    write_report(tmp_path / "report.html", content)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render_report(content)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_figure_leads_to_a_place_on_another_page_and_a_table_to_pages_of_its_rows(draw):
    figure = ReportFigure(figure_svg(draw()), "Face.", "A face.", "explore me.html#window=3")
    rows = pd.DataFrame({"subject": ["01", "02"], "share": [1.0, 0.5]})
    table = ReportTable(rows, "Quality.", row_links={"02": "sub-02.html"})
    content = ReportContent(
        title="Pilot", sections=(Section("All", figures=(figure,), tables=(table,)),), pages={"Map": "explore.html"}
    )
    page = Page(render_report(content))
    hrefs = [attrs["href"] for attrs in page.all("a")]
    assert [href for href in hrefs if ".html" in href] == ["explore.html", "explore%20me.html#window=3", "sub-02.html"]


@pytest.mark.parametrize("link", ["../a.html", "https://example.org", "/a.html", "javascript:alert(1)", ""])
def test_no_link_leaves_the_folder_of_the_report(draw, link):
    message = "link must be a path below the report's folder"
    with pytest.raises(ValueError, match=message):
        ReportFigure(figure_svg(draw()), "Face.", "A face.", link)
    with pytest.raises(ValueError, match=message):
        ReportTable(pd.DataFrame({"a": [1]}), "Rows.", row_links={"1": link})
    with pytest.raises(ValueError, match=message):
        ReportContent(title="Pilot", pages={"Map": link})

import pandas as pd
import pytest

from isc.report import Citation, Notice, ReportFigure, ReportTable


def test_an_unknown_severity_is_refused():
    with pytest.raises(ValueError, match="severity must be one of error, warning, note; given 'fatal'"):
        Notice("fatal", "text")


def test_a_figure_that_is_no_svg_is_refused():
    with pytest.raises(ValueError, match=r"svg must hold an <svg> element, .* given 'PNG'"):
        ReportFigure("PNG", "Caption.", "Alt.")


def test_a_figure_without_alt_text_is_refused():
    with pytest.raises(ValueError, match="the figure 'Caption.' has no alt text; say in a sentence what it shows"):
        ReportFigure("<svg></svg>", "Caption.", "  ")


@pytest.mark.parametrize(
    "link",
    ["/etc/passwd", "../up.tsv", "a/../../b", "http://host/a.tsv", "javascript:alert(1)", "C:\\a", "a\\b", "", "//h/a"],
)
def test_a_link_out_of_the_reports_folder_is_refused(link):
    with pytest.raises(ValueError, match="link must be a path below the report's folder"):
        ReportTable(pd.DataFrame(), "Caption.", link)


@pytest.mark.parametrize("link", ["group/a.tsv", "a.tsv", "sub-01/beh/sub-01_desc-qc_beh.tsv"])
def test_a_link_below_the_report_is_taken(link):
    assert ReportTable(pd.DataFrame(), "Caption.", link).link == link


@pytest.mark.parametrize(
    "doi", ["https://doi.org/10.1126/science.1089506", "doi:10.1/a", "10.1126/a b", '10.1126/a"b', "x"]
)
def test_what_is_no_doi_is_refused(doi):
    with pytest.raises(ValueError, match="a DOI is written 10.number/name, without an address before it; given"):
        Citation("Somebody (2020).", doi)

"""Who is left out of the group has a page that says why."""

import shutil

import pytest

from isc.io.bids import participant_page
from isc.io.layout.names import Entities
from isc.report import render_report
from isc.stages.pages.left_out import left_out_content, left_out_inputs, left_out_pages, left_out_reason
from isc.stages.provenance.shelf import Shelf
from isc.study import read_study


@pytest.fixture
def study(analysed):
    return read_study(analysed.settings)


@pytest.fixture
def shelf(analysed, tmp_path) -> Shelf:
    """Products of one participant, to spoil."""
    for folder in ("beh", "motion"):
        shutil.copytree(analysed.out_dir / "sub-01" / folder, tmp_path / "isc" / "sub-01" / folder)
    return Shelf(tmp_path / "isc", analysed.bids_dir, Entities(task="film", subject="01"))


def test_the_reason_stands_first_and_the_recording_follows(study, shelf):
    content = left_out_content(study, shelf, "sub-01 is left out: its face was seen in 12% of frames only.")
    assert content.warnings[0].severity == "error"
    assert content.warnings[0].text.startswith("sub-01 is left out: its face was seen in 12% of frames only. Nothing")
    assert "Quality" in [section.title for section in content.sections]
    assert len(left_out_inputs({"sub-01": shelf})) == 3


def test_a_recording_that_was_not_analysed_has_a_page_all_the_same(study, shelf):
    shutil.rmtree(shelf.root / "sub-01")
    pages = left_out_pages(study, {"sub-01": shelf}, {"sub-01": "sub-01 is left out: <b>no video</b>"})
    text = pages[participant_page(shelf.root, "01")].decode()
    assert "&lt;b&gt;no video&lt;/b&gt;" in text and "not analysed to the end" in text and "default-src 'none'" in text
    assert '<a href="report.html">' in text
    assert left_out_inputs({"sub-01": shelf}) == []


def test_somebody_without_a_note_is_left_out_without_a_reason():
    assert left_out_reason("sub-02", ["sub-01 is left out: died"]) == "sub-02 is left out."


def test_a_page_of_somebody_left_out_is_escaped(study, shelf):
    assert "<script" not in render_report(
        left_out_content(study, shelf, "sub-01 is left out: <script>alert()</script>")
    )

import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from isc.io.bids import participant_page
from isc.io.derivatives import read_sidecar, read_table, write_table
from isc.io.layout.names import Entities, sidecar_path
from isc.stages.pages.participant_page import participant_content, write_participant_page
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


def _spoil(shelf: Shelf, product: str, table: pd.DataFrame | None = None, **sidecar) -> None:
    """Write a product anew with other values or another sidecar."""
    path = shelf.path(product)
    table = read_table(path) if table is None else table
    known = {key: value for key, value in read_sidecar(path).items() if key != "Files"}
    write_table(table, path, {**known, **sidecar})


def _texts(content) -> str:
    return " ".join(notice.text for notice in content.warnings)


def test_every_participant_has_a_page_and_the_report_leads_to_it(analysed):
    report = (analysed.out_dir / "report.html").read_text(encoding="utf-8")
    for number in range(1, 7):
        page = participant_page(analysed.out_dir, f"{number:02d}")
        assert "No picture of a participant is on this page." in page.read_text(encoding="utf-8")
        assert f'<a href="{page.name}">sub-{number:02d}</a>' in report
    assert '<a href="explore.html">' in report


def test_a_page_loads_nothing_and_shows_vector_graphics_only(analysed):
    page = participant_page(analysed.out_dir, "01").read_text(encoding="utf-8")
    sources = re.findall(r'\bsrc="([^"]{0,40})', page)
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert "<script" not in page


def test_a_page_tells_the_frames_the_face_and_the_presses(study, shelf):
    facts = {fact.label: fact.value for fact in participant_content(study, shelf).facts}
    quality = read_table(shelf.path("quality")).iloc[0]
    assert facts["recording"].startswith(f"{quality['n_frame']} frames")
    assert facts["frames with a face"] == f"{quality['detected_share']:.1%}"
    assert facts["reported peaks"].startswith(str(len(read_table(shelf.path("peaks")))))


def test_every_measure_of_quality_is_explained(study, shelf):
    table = participant_content(study, shelf).sections[1].tables[0].table
    assert len(table) == read_table(shelf.path("quality")).shape[1] - 1
    assert (table["meaning"].str.len() > 10).all()


def test_links_lead_to_the_tables_behind_the_page(study, shelf):
    content = participant_content(study, shelf)
    for section in content.sections:
        for table in section.tables:
            assert (shelf.root / table.link).is_file()


def test_what_went_wrong_stands_first(study, shelf):
    quality = read_table(shelf.path("quality")).assign(
        detected_share=0.4, second_face_share=0.25, n_identity_switch=2, n_frozen=1, frozen_s=3.2
    )
    _spoil(shelf, "quality", quality)
    _spoil(shelf, "peaks", LogValid=False, LogReason="no stop marker", Warnings=["2 presses before the film"])
    told = _texts(participant_content(study, shelf))
    for text in (
        "seen in 40.0% of frames only: the group leaves this participant out.",
        "A second face was seen in 25.0% of frames",
        "changed to another person 2 times",
        "No landmark moved for 3.2 s",
        "The key log counts as missing: no stop marker.",
        "2 presses before the film",
    ):
        assert text in told


def test_a_face_that_is_often_lost_is_told_before_it_is_left_out(study, shelf):
    _spoil(shelf, "quality", read_table(shelf.path("quality")).assign(detected_share=0.8))
    assert "The face was seen in 80.0% of frames." in _texts(participant_content(study, shelf))


def test_somebody_without_a_key_log_has_a_page_without_presses(study, shelf):
    for path in (shelf.path("peaks"), sidecar_path(shelf.path("peaks"))):
        path.unlink()
    content = participant_content(study, shelf)
    assert "There is no key log." in _texts(content)
    assert [section.title for section in content.sections] == ["Over time", "Quality"]
    assert write_participant_page(study, shelf) == shelf.root / "sub-01.html"


def test_a_name_is_text(study, shelf):
    named = study.model_copy(update={"title": "<b>film</b>"})
    page = write_participant_page(named, replace(shelf)).read_text(encoding="utf-8")
    assert "<b>" not in page


def test_the_course_of_the_head_starts_when_the_recording_does(study, shelf):
    from isc.stages.group.head_pose import read_head_pose

    sidecar = read_sidecar(shelf.path("headpose"))
    pose = read_head_pose(shelf)
    assert float(pose["time"][0]) == sidecar["StartTime"]
    assert np.allclose(np.diff(pose["time"]), 1 / sidecar["SamplingFrequency"])

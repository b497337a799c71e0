"""The memory of a run is estimated from lengths and settings, and held to a limit."""

import pytest

from isc.io.camera.video import VideoInfo
from isc.stages.plan.resources import (
    Need,
    check_memory,
    fitting_procs,
    format_size,
    group_need,
    memory_needs,
    parse_size,
    worker_need,
)
from isc.study import Extraction, Study, StudyError

GIB = 2**30


def film(seconds: float, *, width: int = 1280, height: int = 720) -> VideoInfo:
    return VideoInfo(seconds, 30.0, 30.0, round(30 * seconds), width, height, 0, ())


@pytest.mark.parametrize(
    ("text", "n_bytes"), [("4G", 4 * GIB), ("1.5 GiB", 3 * GIB // 2), ("800 mb", 800 * 2**20), ("1t", 2**40), ("7", 7)]
)
def test_sizes_are_read_as_people_write_them(text, n_bytes):
    assert parse_size(text) == n_bytes


@pytest.mark.parametrize("text", ["", "0", "-1G", "4X", "much", "1e3G", "4 G B"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(StudyError, match="a size of memory reads like 800M or 4G; given"):
        parse_size(text)


def test_sizes_have_three_digits():
    assert [format_size(n) for n in (1, 300 * 2**20, 1610612736, 48 * GIB)] == ["1 MiB", "300 MiB", "1.5 GiB", "48 GiB"]


def test_a_longer_larger_or_denser_film_needs_more():
    base = worker_need(Study(), film(60))
    assert worker_need(Study(), film(120)) > base
    assert worker_need(Study(), film(60, width=7680, height=4320)) > base + 2 * GIB
    third = Study(extraction=Extraction(every=3))
    assert worker_need(third, film(3600)) == worker_need(Study(), film(1200))  # the frames that are tracked count


def test_the_group_grows_with_people_time_and_pairs():
    one = group_need(Study(), [film(600)])
    many, more = (group_need(Study(), [film(600)] * n) for n in (10, 20))
    assert many > one
    assert more - many == pytest.approx(10 * 4 * 600 * 30 * 478 * 3 * 4)  # the cube, and copies of it
    assert group_need(Study(), [film(600)], n_pair=10**6) > one + 10 * GIB
    assert group_need(Study(), []) < GIB


def test_a_slow_cube_does_not_make_its_recordings_small():
    slow, quick = (Study.model_validate({"cube": {"rate": rate}}) for rate in (1.0, 120.0))
    crowd = [film(600)] * 20
    assert group_need(slow, crowd) > group_need(Study(), crowd) / 2  # not a thirtieth
    assert group_need(quick, crowd) > 3 * group_need(Study(), crowd)


def test_nothing_due_needs_nothing():
    assert memory_needs(Study(), [], [], n_procs=2, group=True) == []
    assert memory_needs(Study(), [], [film(60)], n_procs=2, group=False) == []


def test_fewer_videos_at_a_time_fit_into_less():
    due = [film(60)] * 3
    assert fitting_procs(Study(), due, n_procs=8, limit=100 * GIB) == 3
    assert fitting_procs(Study(), due, n_procs=8, limit=2 * GIB) == 2
    assert fitting_procs(Study(), due, n_procs=8, limit=1) == 1
    assert fitting_procs(Study(), [], n_procs=8, limit=1) == 8


def test_a_part_that_needs_more_than_it_may_is_refused():
    check_memory([Need("group", GIB)], GIB)
    with pytest.raises(StudyError, match=r"group: about 1 GiB, more than --max-memory 900 MiB; track every n-th frame"):
        check_memory([Need("group", GIB)], 900 * 2**20)

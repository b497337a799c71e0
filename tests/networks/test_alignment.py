"""Recordings of one sentence are aligned phone by phone, or by their meshes; bad files are named."""

import numpy as np
import pytest

from isc.networks.alignment import Phones, match_frames, match_phones, read_textgrid, warp

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = "a ""b"""
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 1.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = "AH0"
        intervals [2]:
            xmin = 0.5
            xmax = 1e0
            text = ""
        intervals [3]:
            xmin = 1
            xmax = 1.5
            text = "B"
'''
SHORT = (
    '"ooTextFile"\n"TextGrid"\n0 1.5 <exists> 1\n"IntervalTier" "phones" 0 1.5 3\n0 0.5 "AH0"\n0.5 1 ""\n1 1.5 "B"\n'
)


@pytest.mark.parametrize(("text", "encoding"), [(LONG, "utf-8"), (LONG, "utf-16"), (SHORT, "utf-8-sig")])
def test_both_formats_give_the_phones(tmp_path, text, encoding):
    (tmp_path / "a.TextGrid").write_bytes(text.encode(encoding))
    phones = read_textgrid(tmp_path / "a.TextGrid")
    assert phones.label == ["AH0", "", "B"] and phones.start.tolist() == [0, 0.5, 1] and phones.stop[-1] == 1.5


def test_a_quote_in_a_label_is_read(tmp_path):
    (tmp_path / "a.TextGrid").write_text(LONG)
    assert read_textgrid(tmp_path / "a.TextGrid", tier="words").label == ['a "b"']


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no grid", "is no TextGrid"),
        (SHORT[:70], "cannot be read: it ends before its intervals do"),
        (SHORT.replace("phones", "words"), "no interval tier 'phones'; there are words"),
        (SHORT.replace("<exists>", "1"), "has no tiers"),
    ],
)
def test_files_that_cannot_be_read_are_named(tmp_path, text, message):
    (tmp_path / "bad.TextGrid").write_text(text)
    with pytest.raises(ValueError, match=f"bad.TextGrid.*{message}"):
        read_textgrid(tmp_path / "bad.TextGrid")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "huge.TextGrid").open("wb") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(ValueError, match="larger than 16 MiB"):
        read_textgrid(tmp_path / "huge.TextGrid")


def test_times_are_as_far_into_the_same_phone_and_silence_may_differ():
    one = Phones(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 4.0]), ["a", "", "b"])
    two = Phones(np.array([0.5, 1.0]), np.array([1.0, 1.5]), ["a", "b"])
    found = match_phones(one, two, np.array([0.5, 1.5, 3.0, 9.0]))
    assert found == pytest.approx([0.75, np.nan, 1.25, np.nan], nan_ok=True)


def test_other_words_are_refused():
    one = Phones(np.array([0.0, 1.0]), np.array([1.0, 2.0]), ["a", "b"])
    with pytest.raises(ValueError, match="do not say the same: 2 and 2 phones, apart from number 1"):
        match_phones(one, one._replace(label=["a", "c"]), np.zeros(1))


def test_warping_finds_a_known_stretch():
    time = np.linspace(0, 1, 40)
    first = np.stack([np.sin(6 * time), np.cos(9 * time)], 1)
    stretched = time**1.5
    second = np.stack([np.sin(6 * stretched), np.cos(9 * stretched)], 1)
    path = warp(first, second)
    assert (np.diff(path) >= 0).all() and path[-1] == 39
    assert np.abs(stretched[path] - time).max() < 0.08
    assert warp(first, first).tolist() == list(range(40))


def test_sequences_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="with as many values"):
        warp(np.zeros((3, 2)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="not finite"):
        warp(np.full((3, 2), np.nan), np.zeros((3, 2)))


def test_frames_meet_in_the_same_phone():
    ours, theirs = np.array([4, 4, 4, 1, 1]), np.array([4, 1, 1, 1, 1])
    frames = match_frames(ours, theirs)
    assert frames.tolist() == [0, 0, 0, 2, 4]
    assert match_frames(ours, ours).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("theirs", [[4, 4, 4, 4, 4, 4], [4, 4, 4, 2, 2, 2]])
def test_frames_of_other_phones_are_matched_by_time_with_a_warning(theirs):
    with pytest.warns(UserWarning, match=r"show other phones \(2 and \d turns\), so .* by time alone"):
        frames = match_frames(np.array([4, 4, 1]), np.array(theirs))
    assert frames.tolist() == [0, 2, 5]


def test_a_recording_without_a_frame_is_refused():
    with pytest.raises(ValueError, match="both recordings need a frame; given 0 and 1"):
        match_frames(np.array([], dtype=int), np.array([1]))

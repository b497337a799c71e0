"""Episodes have a start and an end within the film."""

import json

import pytest

from isc.io.episodes import read_episodes
from isc.io.logs.film_clock import KeyLogError


@pytest.fixture
def write(tmp_path):
    def write(text, name="av1o01.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_start_and_end_become_onset_and_duration_sorted(write):
    path = write("start,end,emotion\n30,45,\n10,12,JOY\n10,12,JOY\n")
    with pytest.warns(UserWarning, match="1 of 3 rows repeat another in every column and count once"):
        table = read_episodes(path, start="start", stop="end")
    assert len(read_episodes(path, start="start", stop="end", repeats="each")) == 3
    assert table.values.tolist() == [["av1o01", 10.0, 2.0, "JOY"], ["av1o01", 30.0, 15.0, ""]]


def test_a_bids_events_table_says_how_long_an_episode_lasts_and_in_which_unit(write, tmp_path):
    path = write("onset\tduration\ttrial_type\n1500\t500\tjoy\n", name="sub-02_task-film_events.tsv")
    path.with_suffix(".json").write_text(json.dumps({"onset": {"Units": "ms"}}))
    assert read_episodes(path).values.tolist() == [["sub-02", 1.5, 0.5, "joy"]]


def test_episodes_are_cut_at_the_ends_of_the_film_and_dropped_outside(write):
    path = write("start,end\n-5,3\n90,120\n130,140\n")
    with pytest.warns(UserWarning, match=r"1 of 3 episodes lie outside of the film \(0 to 100 s\); dropped"):
        table = read_episodes(path, start="start", stop="end", duration=100)
    assert table[["onset", "duration"]].values.tolist() == [[0.0, 3.0], [90.0, 10.0]]


def test_the_start_of_the_film_can_be_given(write):
    table = read_episodes(write("start,end\n15,20\n"), start="start", stop="end", stimulus_onset=10)
    assert table[["onset", "duration"]].values.tolist() == [[5.0, 5.0]]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("start,end\n5,3\n", {"stop": "end"}, r"line 2: an episode ends \(3\) before it starts \(5\)"),
        ("start,stop\n1,2\n", {"stop": "end"}, "has no column end; found start, stop; name start and stop"),
        ("start,end\n1,x\n", {"stop": "end"}, "line 2: end 'x' is no number"),
        ("start,end\n1000,90000\n", {"stop": "end", "duration": 60}, "do not fit a film of 60 s"),
        ("start,end\n1\n", {"stop": "end"}, "line 2: 1 fields under 2 columns"),
        ("start,end\n1,2\n", {"stop": "end", "repeats": "never"}, "repeats must be once or each; given 'never'"),
        ("start,end\n1,2\n", {"stop": "end", "units": "h"}, "units of av1o01.csv must be s or ms; given 'h'"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(write, text, options, message):
    with pytest.raises(ValueError, match=message):
        read_episodes(write(text), start="start", **options)


def test_a_table_that_cannot_be_decoded_is_a_fault_of_the_log(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"start,end\n\xff,2\n")
    with pytest.raises(KeyLogError, match="is no UTF-8 text"):
        read_episodes(path, start="start", stop="end")

"""Key logs become presses in film time, or are called missing, or are refused; columns and units are never guessed."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isc.io.keyboard import KeyLogError, read_key_log

HEADER = "onset\tduration\ttrial_type\tkey\n"


@pytest.fixture
def write_log(tmp_path):
    """Write a key log of (onset, trial_type) or (onset, trial_type, key) rows."""

    def write(*rows, name="sub-01_task-film_events.tsv"):
        lines = [f"{onset}\t0\t{kind}\t{key[0] if key else 'space'}\n" for onset, kind, *key in rows]
        path = tmp_path / name
        path.write_text(HEADER + "".join(lines))
        return path

    return write


def press(*onsets):
    return [(onset, "press") for onset in onsets]


def describe(path, units):
    path.with_suffix(".json").write_text(json.dumps({"onset": {"Units": units}}))


def test_presses_are_in_seconds_from_the_start_marker(write_log):
    log = read_key_log(write_log((100, "start"), *press(102.5, 130), (160, "stop")))
    assert log["onset"].tolist() == [2.5, 30.0]
    assert log["key"].tolist() == ["space", "space"]
    assert log["trial_type"].tolist() == ["press", "press"]
    assert (log.attrs["valid"], log.attrs["start"], log.attrs["stop"], log.attrs["n_dropped"]) == (True, 0.0, 60.0, 0)


def test_presses_without_markers_are_in_seconds_from_stimulus_onset_already(write_log):
    log = read_key_log(write_log(*press(2.5, 30)), duration=60)
    assert log["onset"].tolist() == [2.5, 30.0]
    assert log.attrs["stop"] == 60.0


def test_the_start_of_the_film_on_the_clock_of_the_log_can_be_given(write_log):
    log = read_key_log(write_log(*press(102.5, 130)), duration=60, stimulus_onset=100)
    assert log["onset"].tolist() == [2.5, 30.0]


def test_a_log_without_markers_and_duration_has_no_known_end(write_log):
    assert read_key_log(write_log(*press(2.5))).attrs["stop"] is None


def test_a_log_that_stops_before_the_film_covers_only_its_part(write_log):
    path = write_log((0, "start"), (10, "press"), (30, "stop"), (40, "press"))
    with pytest.warns(UserWarning, match="1 of 2 presses lie outside"):
        log = read_key_log(path, duration=60)
    assert log["onset"].tolist() == [10.0]
    assert log.attrs["stop"] == 30.0


def test_an_empty_file_is_missing(tmp_path):
    path = tmp_path / "sub-01_task-film_events.tsv"
    path.touch()
    log = read_key_log(path)
    assert len(log) == 0
    assert log.attrs["valid"] is False
    assert log.attrs["reason"] == "no presses and no start and stop markers"


@pytest.mark.parametrize("rows", [[], [(0, "start")], [(60, "stop")]])
def test_a_log_without_presses_and_both_markers_is_missing(write_log, rows):
    log = read_key_log(write_log(*rows))
    assert len(log) == 0
    assert log.attrs["valid"] is False


def test_a_log_with_both_markers_and_no_press_says_that_there_was_none(write_log):
    log = read_key_log(write_log((5, "start"), (65, "stop")))
    assert len(log) == 0
    assert log.columns.tolist() == ["onset", "duration", "trial_type", "key", "n_row"]
    assert log.attrs["valid"] is True
    assert log.attrs["reason"] == ""


def test_a_held_key_is_one_press(write_log):
    held = 10 + np.concatenate([[0], 0.5 + np.arange(90) / 30])  # first repeat after 0.5 s, then 30 Hz
    log = read_key_log(write_log(*press(*held), *press(20)), duration=60)
    assert log["onset"].tolist() == [10.0, 20.0]
    assert log["n_row"].tolist() == [91, 1]
    assert log["duration"].round(6).tolist() == [round(held[-1] - 10, 6), 0.0]


def test_a_key_held_at_30_hz_is_one_press_even_without_merging(write_log):
    assert len(read_key_log(write_log(*press(*(10 + np.arange(60) / 30))), duration=60, merge=0)) == 1


def test_presses_closer_than_a_second_are_one_and_a_second_apart_are_two(write_log):
    path = write_log(*press(10, 10.9, 11.8, 12.8, 20.1, 21.1))
    assert read_key_log(path, duration=60)["onset"].tolist() == [10.0, 12.8, 20.1, 21.1]
    assert len(read_key_log(path, duration=60, merge=0.5)) == 6
    assert len(read_key_log(path, duration=60, merge=2)) == 2


def test_the_first_of_merged_presses_gives_the_key(write_log):
    log = read_key_log(write_log((10, "press", "left"), (10.5, "press", "right")), duration=60)
    assert log["key"].tolist() == ["left"]


def test_a_press_lasts_to_the_end_of_the_last_merged_into_it(tmp_path):
    path = tmp_path / "x_events.tsv"
    path.write_text("onset\tduration\tkey\n10\t2\ta\n10.5\t0.2\ta\n30\tn/a\ta\n")
    assert read_key_log(path)["duration"].tolist() == [2.0, 0.0]


def test_milliseconds_are_known_from_the_sidecar(write_log):
    path = write_log((1000, "start"), *press(3500, 31000), (61000, "stop"))
    describe(path, "ms")
    log = read_key_log(path)
    assert log["onset"].tolist() == [2.5, 30.0]
    assert log.attrs["stop"] == 60.0


def test_milliseconds_are_known_from_an_inherited_sidecar(write_log, tmp_path):
    path = write_log(*press(2500))
    (tmp_path / "task-film_events.json").write_text('{"onset": {"Units": "ms"}}')
    assert read_key_log(path)["onset"].tolist() == [2.5]


def test_the_units_of_the_duration_are_its_own(tmp_path):
    path = tmp_path / "x_events.tsv"
    path.write_text("onset\tduration\n2\t500\n")
    path.with_suffix(".json").write_text('{"duration": {"Units": "ms"}}')
    assert read_key_log(path)[["onset", "duration"]].values.tolist() == [[2.0, 0.5]]


def test_milliseconds_without_a_sidecar_do_not_pass_as_seconds(write_log):
    with pytest.raises(KeyLogError, match=r"from 25000 to 50000 s .* do not fit a film of 60 s; give the Units"):
        read_key_log(write_log(*press(25000, 50000)), duration=60)


def test_milliseconds_do_not_pass_because_the_first_press_is_early(write_log):
    with pytest.raises(KeyLogError, match="do not fit a film of 60 s"):
        read_key_log(write_log(*press(30, 9000, 50000)), duration=60)


def test_presses_outside_of_the_film_are_dropped_and_counted(write_log):
    path = write_log(*press(-3, 0, 30, 60, 61, 70))
    with pytest.warns(UserWarning, match=r"events.tsv: 3 of 6 presses lie outside of the film \(0 to 60 s\); dropped"):
        log = read_key_log(path, duration=60)
    assert log["onset"].tolist() == [0.0, 30.0, 60.0]
    assert log.attrs["n_dropped"] == 3


def test_a_log_whose_presses_are_all_outside_is_refused(write_log):
    with pytest.raises(KeyLogError, match="do not fit a film of 60 s"):
        read_key_log(write_log(*press(70, 80)), duration=60)


def test_duplicated_rows_count_once(write_log):
    path = write_log((0, "start"), (0, "start"), *press(10, 10, 30), (60, "stop"), (60, "stop"))
    log = read_key_log(path)
    assert log["onset"].tolist() == [10.0, 30.0]
    assert log["n_row"].tolist() == [1, 1]


CLEAN = HEADER + "0\t0\tstart\tn/a\n2.5\t0\tpress\tspace\n60\t0\tstop\tn/a\n"
SPELLINGS = {
    "mark": CLEAN.encode("utf-8-sig"),
    "UTF-16": CLEAN.encode("utf-16"),
    "Windows": CLEAN.replace("\n", "\r\n").encode(),
    "quotes": CLEAN.replace("space", '"space"').encode(),
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS)
def test_a_log_reads_the_same_however_it_was_saved(tmp_path, content):
    path = tmp_path / "sub-01_task-film_events.tsv"
    path.write_bytes(content)
    assert read_key_log(path)[["onset", "key"]].values.tolist() == [[2.5, "space"]]


def test_unknown_keys_are_missing(tmp_path):
    path = tmp_path / "x_events.tsv"
    path.write_text("onset\tkey\n1\tn/a\n")
    assert read_key_log(path)["key"].isna().all()
    path.write_text("onset\n1\n")
    assert read_key_log(path)["key"].isna().all()


def test_rows_of_other_kinds_are_left_alone(write_log):
    log = read_key_log(write_log((0, "start"), ("n/a", "fixation"), *press(10), (60, "stop")))
    assert log["onset"].tolist() == [10.0]


@given(st.lists(st.integers(0, 599), max_size=30), st.integers(0, 1000))
def test_presses_are_apart_by_the_merge_time_and_none_is_lost(tmp_path_factory, tenths, start):
    path = tmp_path_factory.mktemp("log") / "x_events.tsv"
    rows = "".join(f"{start + tenth / 10:.1f}\tpress\n" for tenth in sorted(tenths))
    path.write_text(f"onset\ttrial_type\n{start}\tstart\n{rows}{start + 60}\tstop\n")
    log = read_key_log(path)
    assert (np.diff(log["onset"]) >= 1 - 1e-5).all()
    assert log["n_row"].sum() == len(set(tenths))
    assert log["onset"].round(6).isin([tenth / 10 for tenth in tenths]).all()


REFUSED = {
    "a decimal comma": ("2,5\tpress\n", r"line 2: onset '2,5' is no number; write times with a decimal point"),
    "a missing time": ("n/a\tpress\n", r"line 2: onset 'n/a' is no number"),
    "an infinite time": ("inf\tpress\n", r"line 2: onset 'inf' is no number"),
    "a clock that restarted": ("90\tpress\n5\tpress\n", r"line 3: onset goes back from 90 s to 5 s"),
    "two films": ("0\tstart\n60\tstop\n100\tstart\n", "has 2 start markers; keep one film a log"),
    "markers in the wrong order": ("0\tstop\n60\tstart\n", "stop marker .0 s. does not follow the start marker .60 s."),
    "other rows only": ("1\tepisode\n2\trest\n", "has no trial_type press, start or stop; found episode, rest"),
    "a row that is too short": ("1\n", "line 2: 1 fields under 2 columns"),
    "a row that is too long": ("1\tpress\tspace\n", "line 2: 3 fields under 2 columns"),
}


@pytest.mark.parametrize(("rows", "message"), REFUSED.values(), ids=REFUSED)
def test_a_log_that_would_have_to_be_guessed_is_refused_in_one_line(tmp_path, rows, message):
    path = tmp_path / "x_events.tsv"
    path.write_text("onset\ttrial_type\n" + rows)
    with pytest.raises(KeyLogError, match=message) as caught:
        read_key_log(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("x_events.tsv")


def test_a_table_with_other_separators_is_refused(tmp_path):
    path = tmp_path / "x_events.tsv"
    path.write_text("onset,trial_type\n1,press\n")
    with pytest.raises(KeyLogError, match="needs a tab-separated column onset; found 'onset,trial_type'"):
        read_key_log(path)


def test_units_that_are_unknown_are_refused(write_log):
    path = write_log(*press(10))
    describe(path, "samples")
    with pytest.raises(KeyLogError, match="Units of onset are 'samples' in the sidecar; write s or ms"):
        read_key_log(path)


def test_a_sidecar_that_is_no_json_is_refused(write_log):
    path = write_log(*press(10))
    path.with_suffix(".json").write_text("{")
    with pytest.raises(KeyLogError, match="events.json is not valid JSON"):
        read_key_log(path)


def test_two_starts_of_the_film_that_differ_are_refused(write_log):
    path = write_log((5, "start"), *press(10), (65, "stop"))
    assert read_key_log(path, stimulus_onset=5.001)["onset"].tolist() == [5.0]
    with pytest.raises(KeyLogError, match="starts at 5 s by the start marker, but at 7 s by stimulus_onset"):
        read_key_log(path, stimulus_onset=7)


@pytest.mark.parametrize("duration", [0, -1, np.nan])
def test_a_film_has_a_positive_duration(write_log, duration):
    with pytest.raises(ValueError, match="duration must be positive, in seconds"):
        read_key_log(write_log(), duration=duration)


@pytest.mark.parametrize("merge", [-1, np.inf])
def test_a_merge_time_is_not_negative(write_log, merge):
    with pytest.raises(ValueError, match="merge must be 0 or more, in seconds"):
        read_key_log(write_log(), merge=merge)


def test_a_clean_log_gives_no_warning(write_log):
    path = write_log((0, "start"), *press(10, 30), (60, "stop"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(read_key_log(path, duration=60), pd.DataFrame)

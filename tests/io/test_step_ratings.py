"""Two keys move a value along a scale that stops at its ends; a held key is one step."""

import numpy as np
import pytest

from isc.io.log_mapping import LogMapping
from isc.io.logs.film_clock import KeyLogError
from isc.io.step_ratings import StepScale, read_step_rating


@pytest.fixture
def write(tmp_path):
    def write(*presses, name="sub-03_task-film_events.tsv", markers=(0, 10)):
        rows = [(markers[0], "start", "n/a"), *((t, "press", key) for t, key in presses), (markers[1], "stop", "n/a")]
        path = tmp_path / name
        path.write_text("onset\ttrial_type\tkey\n" + "".join("\t".join(map(str, row)) + "\n" for row in rows))
        return path

    return write


def test_each_press_moves_the_rating_by_a_step_at_its_time(write):
    rating = read_step_rating(write((1, "up"), (2.5, "up"), (4, "down")), rate=2)
    assert rating.values[[1, 2, 4, 5, 8]].tolist() == [0, 10, 10, 20, 10]
    assert rating["time"].values[-1] == 9.5
    assert (rating["subject"].item(), rating.attrs["n_press"], rating.attrs["rate_hz"]) == ("sub-03", 3, 2.0)


def test_the_scale_stops_at_its_ends_and_a_press_beyond_is_lost(write):
    path = write(*((0.2 * k + 0.2, "up") for k in range(12)), (5, "down"))
    rating = read_step_rating(path, rate=10)
    assert rating.max() == 100 and rating.values[-1] == 90
    low = read_step_rating(write((1, "down"), (2, "up")), rate=1)
    assert low.values.tolist() == [0, 0, 10, 10, 10, 10, 10, 10, 10, 10]


def test_start_step_ends_and_keys_are_those_of_the_scale(write):
    scale = StepScale(step=1, start=5, lowest=1, highest=9, up="right", down="left")
    rating = read_step_rating(write((1, "right"), (2, "left"), (3, "left")), scale=scale, rate=1)
    assert rating.values[:4].tolist() == [5, 6, 5, 4]


def test_a_held_key_is_one_step_unless_the_program_counted_repeats(write):
    held = [(1.0, "up"), *((1.5 + k / 30, "up") for k in range(6)), (4.0, "up")]
    assert read_step_rating(write(*held), rate=1).values[-1] == 20
    counted = StepScale(held="each_repeat")
    assert read_step_rating(write(*held), rate=1, scale=counted).values[-1] == 80


def test_quick_presses_by_hand_are_steps_of_their_own(write):
    assert read_step_rating(write(*((1 + 0.2 * k, "up") for k in range(5))), rate=1).values[-1] == 50


def test_the_rating_is_on_the_clock_of_the_film(write):
    rating = read_step_rating(write((103, "up"), markers=(100, 110)), rate=1)
    assert rating.values.tolist() == [0, 0, 0, 10, 10, 10, 10, 10, 10, 10]


def test_no_press_between_markers_is_a_rating_that_stays_and_without_them_it_is_missing(write, tmp_path):
    assert read_step_rating(write(), rate=1).values.tolist() == [0] * 10
    empty = tmp_path / "sub-04_task-film_events.tsv"
    empty.write_text("onset\tkey\n")
    assert np.isnan(read_step_rating(empty, rate=1, duration=10)).all()


def test_a_mapping_names_the_keys_too(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("name,t\np,1000\nq,2000\np,3000\n")
    mapping = LogMapping(format="table", units="ms", key="name", time="t", film_start=0, up=("p",), down=("q",))
    assert read_step_rating(path, duration=5, rate=1, mapping=mapping).values.tolist() == [0, 10, 0, 10, 10]


def test_what_is_missing_is_named(write, tmp_path):
    path = tmp_path / "x_events.tsv"
    path.write_text("onset\tkey\n1\tup\n")
    with pytest.raises(KeyLogError, match="has no stop marker; give the duration of the film"):
        read_step_rating(path)
    with pytest.raises(KeyLogError, match="has no key up, down; found space; name the keys of the scale"):
        read_step_rating(write((1, "space")))
    with pytest.raises(ValueError, match="rate must be positive"):
        read_step_rating(path, rate=0)


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        ({"step": 0}, "step must be positive and fit between 0 and 100; given 0"),
        ({"step": 101}, "step must be positive and fit"),
        ({"start": -1}, "start must lie between 0 and 100; given -1"),
        ({"held": "often"}, "held must be one of .*; given 'often'"),
    ],
)
def test_a_scale_on_which_nothing_can_move_is_refused(scale, message):
    with pytest.raises(ValueError, match=message):
        StepScale(**scale)

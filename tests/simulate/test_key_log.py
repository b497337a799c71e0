"""Presses follow their moments, or nothing."""

import numpy as np
import pytest

from isc.simulate import simulate_key_log


def test_every_moment_is_followed_by_a_press_one_to_two_seconds_later():
    moments = [5.0, 17.0, 30.0]
    for index in range(20):
        log = simulate_key_log(moments, duration=40.0, n_random=0, subject_index=index)
        wait = log["onset"].to_numpy() - moments
        assert ((wait >= 1) & (wait <= 2)).all()


def test_random_presses_are_spread_over_the_whole_stimulus():
    onsets = np.concatenate(
        [simulate_key_log([], duration=40.0, n_random=5, subject_index=index)["onset"] for index in range(200)]
    )
    assert len(onsets) == 1000
    assert np.histogram(onsets, bins=4, range=(0, 40))[0].min() > 200


def test_a_log_has_the_columns_of_an_events_file_in_order_of_onset():
    log = simulate_key_log([5.0], duration=40.0, n_random=4)
    assert list(log.columns) == ["onset", "duration", "trial_type", "key"]
    assert log["onset"].is_monotonic_increasing
    assert (log["duration"] > 0).all()
    assert set(log["trial_type"]) == {"press"}


def test_a_viewer_who_never_presses_has_an_empty_log_with_all_columns():
    log = simulate_key_log([], duration=40.0, n_random=0)
    assert len(log) == 0
    assert list(log.columns) == ["onset", "duration", "trial_type", "key"]


def test_reactions_after_the_end_are_not_logged():
    assert len(simulate_key_log([39.5], duration=40.0, n_random=0)) == 0


def test_viewers_and_seeds_differ_and_repeat():
    first = simulate_key_log([5.0], duration=40.0, subject_index=1, seed=2)
    assert first.equals(simulate_key_log([5.0], duration=40.0, subject_index=1, seed=2))
    for other in ({"subject_index": 2, "seed": 2}, {"subject_index": 1, "seed": 3}):
        assert not first.equals(simulate_key_log([5.0], duration=40.0, **other))


@pytest.mark.parametrize(
    ("moments", "options", "message"),
    [
        ([], {"duration": 0.0}, "duration must be positive"),
        ([50.0], {"duration": 40.0}, "moments must lie within the stimulus .0 to 40.0 s., got .50.0."),
        ([], {"duration": 40.0, "delay": (2.0, 1.0)}, "delay must be a shortest and a longest time"),
        ([], {"duration": 40.0, "n_random": -1}, "n_random must not be negative, got -1"),
    ],
)
def test_impossible_logs_are_refused(moments, options, message):
    with pytest.raises(ValueError, match=message):
        simulate_key_log(moments, **options)

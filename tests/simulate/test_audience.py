"""An audience shares what it should and nothing else."""

import numpy as np
import pytest

from isc.simulate import simulate_audience

SEEDS = range(5)
GRID = np.arange(0, 40, 1 / 15)


def courses(audience, action):
    """Courses (subject, time) of one action on the clock of the film."""
    return np.stack([np.interp(GRID, viewer.course["time"], viewer.course[action]) for viewer in audience.viewers])


def inside(audience):
    epochs = audience.epochs
    return np.any(
        [(onset + 1 < GRID) & (onset + length - 1 > GRID) for onset, length in epochs[["onset", "duration"]].values], 0
    )


def mean_pairwise(x):
    r = np.corrcoef(x)
    return r[np.triu_indices(len(r), 1)].mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_three_epochs_of_seven_to_eight_seconds_lie_six_seconds_apart(seed):
    epochs = simulate_audience(seed=seed).epochs
    onset, stop = epochs["onset"], epochs["onset"] + epochs["duration"]
    assert len(epochs) == 3
    assert epochs["duration"].between(6.99, 8.01).all()
    assert (onset.values[1:] - stop.values[:-1] >= 5.99).all()
    assert onset.min() >= 0.99 and stop.max() <= 38.01
    assert ((epochs["peak"] >= onset) & (epochs["peak"] <= stop)).all()


@pytest.mark.parametrize("duration", [11.0, 25.0, 52.0, 300.0, 600.0])
def test_epochs_fit_into_films_of_any_length(duration):
    epochs = simulate_audience(1, n_solo=0, duration=duration, rate=5.0).epochs
    stop = epochs["onset"] + epochs["duration"]
    assert len(epochs) >= max(1, duration // 15 - 1)
    assert (epochs["onset"].values[1:] - stop.values[:-1] >= 5.98).all() and stop.max() <= duration


@pytest.mark.parametrize("action", ["smile", "brow", "jaw"])
def test_sharing_viewers_move_together_in_the_epochs_only(action):
    within, outside = [], []
    for seed in SEEDS:
        audience = simulate_audience(seed=seed)
        sharing, epoch = courses(audience, action)[:6], inside(audience)
        within.append(mean_pairwise(sharing[:, epoch]))
        calm = np.interp(GRID, audience.shared["time"], sum(audience.shared.values())) == 0
        outside.append(mean_pairwise(sharing[:, calm]))
    assert min(within) > 0.75
    assert abs(np.mean(outside)) < 0.2


@pytest.mark.parametrize("action", ["smile", "brow", "jaw"])
def test_solo_viewers_share_nothing(action):
    with_all = []
    for seed in SEEDS:
        audience = simulate_audience(seed=seed)
        r = np.corrcoef(courses(audience, action)[:, inside(audience)])
        with_all.append(r[6:, :6].mean())
        assert np.isfinite(r).all()
    assert abs(np.mean(with_all)) < 0.15
    assert [viewer.shares for viewer in audience.viewers] == [True] * 6 + [False] * 2


def test_solo_viewers_move_as_much_as_the_others():
    audience = simulate_audience(seed=0)
    size = courses(audience, "smile").std(axis=1)
    assert 0.5 < size[6:].mean() / size[:6].mean() < 1.5


def test_a_sharing_viewer_follows_the_film_with_a_delay_below_a_third_of_a_second():
    audience = simulate_audience(seed=0)
    evoked = np.interp(GRID, audience.shared["time"], audience.shared["smile"])
    epoch = inside(audience)
    for smile in courses(audience, "smile")[:6]:
        r = [np.corrcoef(np.roll(evoked, lag)[epoch], smile[epoch])[0, 1] for lag in range(-8, 9)]
        assert max(r) > 0.95
        assert 1 <= np.argmax(r) - 8 <= 4  # samples of 1/15 s


def test_cameras_start_before_the_film_and_stop_after_it_at_different_times():
    viewers = simulate_audience(seed=1).viewers
    starts = [viewer.start_offset for viewer in viewers]
    stops = [float(viewer.course["time"][-1]) for viewer in viewers]
    assert min(starts) >= 0.5 and max(starts) <= 2.5 and np.ptp(starts) > 0.3
    assert min(stops) >= 40.4 and max(stops) <= 44 and np.ptp(stops) > 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_one_sharing_viewer_loses_the_face_for_three_seconds_of_film(seed):
    viewers = simulate_audience(seed=seed).viewers
    (lost,) = [viewer for viewer in viewers if viewer.lost]
    ((start, stop),) = lost.lost
    assert lost.shares
    assert stop - start == pytest.approx(3)
    assert start >= 0 and stop <= 40


@pytest.mark.parametrize("seed", SEEDS)
def test_sharing_viewers_press_after_every_peak_and_solo_viewers_at_random(seed):
    audience = simulate_audience(seed=seed)
    for viewer in audience.viewers:
        wait = viewer.key_log["onset"].values[:, None] - audience.epochs["peak"].values
        reacts = ((wait >= 1) & (wait <= 2)).any(axis=0)
        assert reacts.all() or not viewer.shares
        assert len(viewer.key_log) >= 3
    solo = [viewer.key_log["onset"].values for viewer in audience.viewers if not viewer.shares]
    assert len(np.intersect1d(*solo)) == 0


def test_given_epochs_are_kept_and_none_may_be_given():
    audience = simulate_audience(3, n_solo=0, epochs=[(3.0, 11.5), (21.0, 29.5)])
    assert audience.epochs[["onset", "duration"]].values.tolist() == [[3.0, 8.5], [21.0, 8.5]]
    calm = simulate_audience(3, n_solo=0, epochs=[])
    assert len(calm.epochs) == 0
    assert not any(values.any() for values in calm.shared.values())


def test_the_same_seed_gives_the_same_audience_and_a_viewer_does_not_depend_on_the_others():
    first, again, larger = simulate_audience(4, seed=7), simulate_audience(4, seed=7), simulate_audience(6, seed=7)
    assert all(a.course.identical(b.course) for a, b in zip(first.viewers, again.viewers, strict=True))
    assert first.viewers[0].course.identical(larger.viewers[0].course)
    assert not first.viewers[0].course.equals(simulate_audience(4, seed=8).viewers[0].course)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_subject": 0, "n_solo": 0}, "n_subject must be at least 1"),
        ({"n_subject": 2, "n_solo": 3}, "n_solo between 0 and it, got 2 and 3"),
        ({"rate": 0.0}, "rate must be positive"),
        ({"duration": 2.0, "epochs": [(0.5, 1.5)]}, "duration must be at least 3.0 s"),
        ({"duration": 9.0}, "an epoch needs 11.0 s; give epochs or a longer film"),
        ({"epochs": [(5.0, 45.0)]}, "within the film, 0 to 40.0 s"),
        ({"epochs": [(5.0, 12.0), (11.0, 20.0)]}, "increasing .start, stop. pairs"),
    ],
)
def test_impossible_audiences_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        simulate_audience(**options)

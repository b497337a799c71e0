"""Viewers do what the course says, and also blink, sway and glance within limits."""

import numpy as np
import pytest

from isc.simulate.action_units import LARGEST_AMPLITUDE, UNITS
from isc.simulate.identity import make_identity
from isc.simulate.motion import move

TIME = np.arange(900) / 15


def of(motion, unit):
    return motion.amplitude[:, UNITS.index(unit)].mean(axis=1)


def test_an_action_is_performed_by_its_units():
    course = 0.5 + 0.4 * np.sin(TIME)
    motion = move(TIME, {"smile": course, "AU4": course / 2}, make_identity(0), seed=0)
    assert np.allclose(of(motion, "SMILE"), course)
    assert np.corrcoef(of(motion, "AU6"), course)[0, 1] > 0.95
    assert np.corrcoef(of(motion, "AU4"), course)[0, 1] > 0.9


def test_habitual_asymmetry_splits_the_sides_around_the_course():
    person = make_identity(2)
    motion = move(TIME, {"SMILE": np.full(len(TIME), 0.5)}, person, seed=0)
    left, right = motion.amplitude[0, UNITS.index("SMILE")]
    assert right - left == pytest.approx(0.5 * person.asymmetry[UNITS.index("SMILE")])


def test_amplitudes_stay_where_the_mesh_does_not_fold():
    motion = move(TIME, {unit: np.where(TIME < 30, 5.0, -5.0) for unit in UNITS}, make_identity(1), seed=0)
    assert (motion.amplitude.max(axis=(0, 2)) <= list(LARGEST_AMPLITUDE.values())).all()
    assert motion.amplitude.min() >= -0.4


def test_the_head_turns_by_at_most_eight_degrees_and_does_turn():
    for index in range(6):
        head = move(TIME, {}, make_identity(index), seed=0).head
        assert np.abs(head[:, :2]).max() <= 8
        assert (head.std(axis=0) > 0).all()


def test_eyes_close_together_in_blinks():
    closure = move(TIME, {}, make_identity(0), seed=0).amplitude[:, UNITS.index("AU43")]
    assert np.array_equal(closure[:, 0], closure[:, 1])
    assert closure.max() > 0.9
    assert (closure > 0.5).mean() < 0.15


def test_the_same_seed_gives_the_same_motion_and_another_does_not():
    first, again, other = (move(TIME, {}, make_identity(0), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.head, again.head)
    assert not np.array_equal(first.head, other.head)


def test_the_mirror_exchanges_sides_and_turns_and_is_its_own_inverse():
    motion = move(TIME, {"smile": np.ones(len(TIME))}, make_identity(0), seed=0)
    mirrored = motion.mirrored()
    assert np.array_equal(mirrored.amplitude[..., 0], motion.amplitude[..., 1])
    assert np.array_equal(mirrored.head[:, 0], -motion.head[:, 0])
    assert np.array_equal(mirrored.head[:, 1], motion.head[:, 1])
    assert np.array_equal(mirrored.mirrored().gaze, motion.gaze)

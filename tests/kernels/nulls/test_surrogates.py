"""Random draws: the published generator, uniform draws, and names that mean the same draw everywhere."""

import math

import numpy as np
import pytest
from scipy import stats

from isc.kernels.nulls.surrogates import (
    block_permutations,
    permutations,
    phases,
    signs,
    subject_keys,
    uniform_shifts,
)

IDS = [f"{k:02d}" for k in range(1, 9)]
KEYS = subject_keys(IDS)

DRAWS = {
    "uniform_shifts": lambda keys, surrogate: uniform_shifts(1, surrogate, keys, 1000)[:, None],
    "permutations": lambda keys, surrogate: permutations(1, surrogate, keys, 600),
    "signs": lambda keys, surrogate: signs(1, range(surrogate, surrogate + 50), keys).T,
    "phases": lambda keys, surrogate: phases(1, surrogate, keys, 300),
    "block_permutations": lambda keys, surrogate: block_permutations(1, surrogate, keys, 500, 37),
}
every_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


def chance(observed, expected=None):
    """P of a chi-square test of counts."""
    return stats.chisquare(observed, expected).pvalue


@every_draw
def test_a_draw_follows_the_subject_whatever_the_order_of_subjects(draw):
    order = np.array([5, 0, 7, 2, 1, 6, 3, 4])
    np.testing.assert_array_equal(draw(KEYS[order], 3), draw(KEYS, 3)[order])


@every_draw
def test_a_subject_keeps_its_draw_when_others_leave_or_join(draw):
    alone = np.concatenate([draw(KEYS[k : k + 1], 3) for k in range(len(KEYS))])
    np.testing.assert_array_equal(alone, draw(KEYS, 3))


@every_draw
def test_surrogates_and_subjects_have_different_draws(draw):
    first, second = draw(KEYS, 0), draw(KEYS, 100)
    assert (first != second).any(axis=1).sum() >= 7
    assert len({row.tobytes() for row in first}) >= 7


def test_seeds_streams_and_purposes_are_unrelated():
    def shuffle(seed, stream):
        return permutations(seed, 0, KEYS[:1], 1000, stream=stream)[0]

    rows = [shuffle(seed, stream) for seed in (1, 2, -1) for stream in (0, 1)]
    assert np.abs(np.corrcoef(rows) - np.eye(6)).max() < 0.15


@pytest.mark.parametrize("n", [1, 2, 3, 255, 256, 257, 5000])
def test_permutations_hold_every_frame_once(n):
    order = permutations(4, 2, KEYS, n)
    assert order.dtype == np.int32
    assert (np.sort(order, axis=1) == np.arange(n)).all()


def test_all_orders_of_four_frames_are_equally_likely():
    orders = np.concatenate([permutations(7, k, KEYS, 4) for k in range(1500)])
    _, counts = np.unique(orders @ [64, 16, 4, 1], return_counts=True)
    assert counts.size == math.factorial(4)
    assert chance(counts) > 1e-3


def test_every_frame_is_equally_likely_at_every_place():
    orders = np.concatenate([permutations(7, k, KEYS, 10) for k in range(1000)])
    for place in range(10):
        assert chance(np.bincount(orders[:, place], minlength=10)) > 1e-4


def test_a_shortened_permutation_is_the_beginning_of_the_whole():
    whole, part = permutations(1, 0, KEYS, 900), permutations(1, 0, KEYS, 900, n_draw=150)
    np.testing.assert_array_equal(part, whole[:, :150])


def test_shifts_are_uniform_also_for_lengths_that_are_no_power_of_two():
    shifts = np.concatenate([uniform_shifts(3, k, KEYS, 7) for k in range(2000)])
    assert chance(np.bincount(shifts, minlength=7)) > 1e-3
    assert shifts.min() == 0 and shifts.max() == 6


def test_signs_are_fair_and_independent_between_subjects():
    flips = signs(5, range(4000), KEYS)
    assert np.unique(flips).tolist() == [-1, 1]
    assert np.abs(flips.mean(axis=0)).max() < 4 / math.sqrt(4000)
    assert np.abs(np.corrcoef(flips.T) - np.eye(8)).max() < 4.5 / math.sqrt(4000)


def test_signs_do_not_depend_on_which_surrogates_are_drawn_together():
    np.testing.assert_array_equal(signs(5, range(100), KEYS)[37:41], signs(5, [37, 38, 39, 40], KEYS))


def test_phases_are_uniform_on_the_circle():
    angles = phases(6, 0, KEYS, 5000).ravel()
    assert angles.min() >= 0 and angles.max() < 2 * np.pi
    assert stats.kstest(angles, "uniform", args=(0, 2 * np.pi)).pvalue > 1e-3


@pytest.mark.parametrize(("n", "block"), [(9, 3), (100, 7), (50, 50), (50, 80), (5, 1)])
def test_block_permutations_hold_every_frame_once_and_keep_neighbours(n, block):
    frames = block_permutations(2, 0, KEYS, n, block)
    assert (np.sort(frames, axis=1) == np.arange(n)).all()
    breaks = ((np.diff(frames, axis=1) % n) != 1).sum(axis=1)
    assert breaks.max() <= math.ceil(n / block) - 1 + (n % block > 0)


def test_the_cut_of_block_permutations_is_uniform():
    first = np.concatenate([block_permutations(2, k, KEYS, 12, 4)[:, 0] for k in range(600)])
    assert chance(np.bincount(first, minlength=12)) > 1e-3


def test_subject_keys_depend_on_the_id_alone_and_differ():
    many = subject_keys(f"{k}" for k in range(1000))
    assert many.dtype == np.uint64 and np.unique(many).size == 1000
    assert many[17] == subject_keys(["17"])[0]
    assert subject_keys(["1"])[0] != subject_keys(["01"])[0]

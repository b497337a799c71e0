"""Subjects moved as a whole, by the draws of the nulls of t-ISC."""

import numpy as np
import pytest
import xarray as xr

from isc.kernels.nulls.surrogates import subject_keys, uniform_shifts
from isc.synchrony.surrogate.whole_subjects import whole_subjects
from isc.windows import sliding_windows

WINDOWS = sliding_windows(90, rate=30.0, window=1.0, step=1.0)


def cube_of(subjects):
    seconds = np.arange(90) / 30
    return xr.DataArray(
        np.zeros((len(subjects), 90)), dims=("subject", "time"), coords={"time": seconds, "subject": list(subjects)}
    )


def test_draws_are_named_by_the_ids_of_the_subjects_in_their_order():
    chosen = whole_subjects(cube_of("cabde"), WINDOWS, scheme="circular_shift", n_surrogates=9, seed=4)
    assert chosen.order.tolist() == [1, 2, 0, 3, 4]
    shifts = uniform_shifts(4, 2, subject_keys("abcde"), 90)
    assert np.array_equal(chosen.move(2).drawn["shifts"], shifts)
    assert chosen.move(2).of(1, np.arange(90))[0] == shifts[1]


def test_signs_turn_values_and_leave_what_is_known_of_time():
    chosen = whole_subjects(cube_of("abcde"), WINDOWS, scheme="sign_flip", n_surrogates=99, seed=0)
    move = chosen.move(0)
    assert move.drawn.tolist() == [1, 1, 1, 1, -1]
    assert np.array_equal(move.of(4, np.arange(3.0)), [0, -1, -2])
    assert np.array_equal(move.in_time(4, np.arange(3.0)), [0, 1, 2])


def test_blocks_last_a_window_unless_it_is_said_how_long():
    assert whole_subjects(cube_of("abc"), WINDOWS, scheme="block", n_surrogates=9, seed=0).scheme.block == 1.0
    chosen = whole_subjects(cube_of("abc"), WINDOWS, scheme="block", block=1.5, n_surrogates=9, seed=0)
    assert chosen.attrs["block"] == 1.5
    assert np.array_equal(np.sort(chosen.move(0).of(0, np.arange(90))), np.arange(90))


def test_schemes_that_do_not_move_subjects_as_a_whole_are_refused():
    with pytest.raises(ValueError, match="must be one of circular_shift, sign_flip, block; given 'pseudo_group'"):
        whole_subjects(cube_of("abc"), WINDOWS, scheme="pseudo_group", n_surrogates=9, seed=0)

"""Screening: the first value that no statistic should see."""

import numpy as np
import pytest

from isc.kernels.windows.screen import first_unusable

CLEAN = np.random.default_rng(0).standard_normal((3, 50, 70)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", ">f8"])
@pytest.mark.parametrize("bad", [np.inf, -np.inf, 1e4, -1e4])
@pytest.mark.parametrize("place", [(0, 0, 0), (1, 23, 45), (2, 49, 69)])
def test_the_first_unusable_value_is_found_where_it_is(dtype, bad, place):
    values = CLEAN.astype(dtype)
    values[place], values[2, 49, 69] = bad, bad
    assert first_unusable(values, 1e3) == place


def test_clean_values_gaps_and_the_limit_itself_pass():
    values = CLEAN.copy()
    values[0, 3], values[1, 4] = np.nan, 1e3
    assert first_unusable(values, 1e3) is None


@pytest.mark.parametrize("view", [np.s_[::2], np.s_[:, ::-1], np.s_[:, :, 3:60], np.s_[..., ::-2]])
def test_views_report_places_of_the_view(view):
    values = CLEAN.copy()[view]
    values[-1, 7, 9] = np.inf
    assert first_unusable(values, 1e15) == (values.shape[0] - 1, 7, 9)


def test_a_transposed_array_is_searched_too():
    values = CLEAN.copy().T
    values[69, 3, 1] = -np.inf
    assert first_unusable(values, 1e15) == (69, 3, 1)


def test_empty_and_zero_dimensional_arrays_are_accepted():
    assert first_unusable(np.empty((0, 4)), 1.0) is None
    assert first_unusable(np.array(np.nan), 1.0) is None
    assert first_unusable(np.array(np.inf), 1.0) == (0,)

"""Sixteen features abreast give the numbers of one at a time, bit for bit, whatever the windows and the gaps."""

import numpy as np
import pytest

from isc.kernels import unlaid
from isc.kernels.correlation import pairwise_mean, runs_left
from isc.kernels.dyads.quick import tiles_at_once, typical_abreast, whole_features
from isc.kernels.unlaid import pairwise_mean_of_values
from isc.kernels.windows.layout import relayout, typical_values

CASES = {
    "blocks of a step": ((37, 1, 21, 1000), np.arange(0, 851, 50), 150),
    "uneven blocks, three components": ((16, 3, 5, 700), np.array([0, 41, 83, 124]), 125),
    "a window every sample": ((16, 1, 4, 300), np.arange(281), 20),
    "gaps between windows": ((16, 1, 4, 2000), np.arange(0, 1851, 300), 150),
    "many chunks": ((16, 1, 30, 4000), np.arange(7, 3800, 60), 180),
    "long blocks": ((16, 2, 3, 999), np.array([3, 600]), 333),
    "one subject": ((16, 1, 1, 500), np.array([0, 100]), 100),
    "two samples": ((16, 1, 6, 90), np.arange(0, 88, 3), 2),
}


def made(shape, *, gaps):
    series = np.random.default_rng(0).normal(300, 1, shape).astype(np.float32)
    if gaps:
        series[3, 0, 0, 10:20], series[7, :, -1, :170], series[8, 0, 0] = np.nan, 5, np.nan
    return series


def assert_same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_sixteen_abreast_are_one_by_one_bit_for_bit(case, gaps):
    shape, starts, length = CASES[case]
    series = made(shape, gaps=gaps)
    for shifts in (None, np.random.default_rng(1).integers(0, shape[3], shape[2])):
        expected = pairwise_mean(series, starts, length, shifts=shifts, abreast=False)
        assert_same(pairwise_mean(series, starts, length, shifts=shifts), expected)


def test_values_with_time_outside_give_the_numbers_of_their_series_bit_for_bit():
    for n_feature in (5, 16, 150):
        values = made((n_feature if n_feature > 8 else 9, 1, 7, 900), gaps=True).transpose(2, 3, 0, 1)
        values = np.ascontiguousarray(values[:, :, :n_feature])
        starts = np.arange(0, 750, 50)
        expected = pairwise_mean(relayout(values), starts, 150)
        for n_threads in (1, 2):
            assert_same(pairwise_mean_of_values(values, starts, 150, n_threads=n_threads), expected)


@pytest.mark.parametrize("n_time", [3, 15, 333])
def test_typical_values_sixteen_abreast_are_those_of_one_series_after_the_other(n_time):
    values = np.random.default_rng(0).normal(300, 30, (n_time, 70)).astype(np.float32)
    values[0, 3], values[:, 20], values[-5:, 40], values[0, 69] = np.nan, np.nan, np.inf, np.nan
    expected, found = np.zeros((2, 70), np.float32)
    typical_values(values, expected)
    typical_abreast(values, found)
    np.testing.assert_array_equal(found, expected)


def test_values_are_not_changed_and_need_not_be_writeable():
    values = np.random.default_rng(0).normal(size=(4, 300, 20, 1)).astype(np.float32)
    before = values.tobytes()
    values.flags.writeable = False
    pairwise_mean_of_values(values, np.array([0, 50]), 150)
    assert values.tobytes() == before


@pytest.mark.parametrize("view", [np.s_[:, ::2], np.s_[:, :, 1:], np.s_[::-1]])
def test_only_float32_scalars_in_c_order_are_read_where_they_lie(view):
    values = np.zeros((4, 300, 20, 1), np.float32)
    assert unlaid.is_readable(values) and not unlaid.is_readable(values[view])
    assert not unlaid.is_readable(values.astype(np.float64)) and not unlaid.is_readable(np.repeat(values, 2, axis=3))


@pytest.mark.parametrize("gaps", [np.s_[2], np.s_[:, 100:120]])
def test_where_most_features_have_gaps_the_numbers_are_the_same(gaps):
    values = np.random.default_rng(0).normal(300, 1, (5, 600, 300, 1)).astype(np.float32)
    values[gaps] = np.nan
    series, starts = relayout(values), np.arange(0, 450, 50)
    expected = pairwise_mean(series, starts, 150, abreast=False)
    assert_same(pairwise_mean(series, starts, 150), expected)
    assert_same(pairwise_mean_of_values(values, starts, 150), expected)


def test_windows_too_long_for_the_cache_are_left_to_the_other_kernels():
    assert whole_features(40, 21, 150) == 32
    assert whole_features(40, 21, 36000) == whole_features(15, 21, 150) == 0


def test_runs_left_are_the_marked_features_and_the_rest():
    count = np.full((40, 3), 5)
    count[[3, 4, 9], 1] = -1
    assert runs_left(count, 32) == [(3, 5), (9, 10), (32, 40)]
    assert runs_left(count, 0) == [(0, 16), (16, 32), (32, 40)]
    assert runs_left(np.full((32, 3), 5), 32) == []


BAD_PLACES = {
    "in a window": (1, 60, 3),
    "between windows": (2, 175, 0),
    "after the last": (0, 399, 33),
    "last": (3, 0, 33),
}


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30, -2e15, 1.01e15])
@pytest.mark.parametrize("place", BAD_PLACES)
def test_an_infinite_or_absurd_value_anywhere_is_screened_before_a_result_is_returned(place, value):
    values = np.random.default_rng(0).normal(300, 1, (4, 400, 34, 1)).astype(np.float32)
    values[BAD_PLACES[place]] = value
    with pytest.raises(LookupError):
        pairwise_mean_of_values(values, np.array([0, 50, 200]), 120, screen=_refuse)


@pytest.mark.parametrize("value", [np.inf, 2e15, 1e30])
def test_a_series_that_is_absurd_throughout_is_screened(value):
    values = np.random.default_rng(0).normal(300, 1, (4, 400, 34, 1)).astype(np.float32)
    values[1, :, 5] = value * (1 + 1e-3 * values[1, :, 5] / 300)
    with pytest.raises(LookupError):
        pairwise_mean_of_values(values, np.array([0, 50, 200]), 120, screen=_refuse)


def test_values_that_are_measurements_are_not_searched_again():
    values = np.random.default_rng(0).normal(300, 1, (4, 400, 34, 1)).astype(np.float32)
    assert np.isfinite(pairwise_mean_of_values(values, np.array([0, 50, 200]), 120, screen=_refuse)[0]).all()


def _refuse():
    raise LookupError("values are to be searched")


@pytest.mark.parametrize(
    ("n_value", "n_feature", "n_threads", "expected"),
    [(300 * 21, 1404, 1, 20), (300 * 21, 1404, 8, 5), (300 * 100, 1404, 1, 4), (10**6, 1404, 1, 1), (6300, 16, 2, 1)],
)
def test_as_many_features_are_read_together_as_the_cache_holds_and_all_threads_have_work(
    n_value, n_feature, n_threads, expected
):
    assert tiles_at_once(n_value, n_feature, n_threads) == expected

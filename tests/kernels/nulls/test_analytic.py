import numpy as np
import pytest
from scipy.signal import hilbert

from isc.kernels.nulls.analytic import analytic_signal, bridge_gaps


@pytest.mark.parametrize("n_time", [7, 8, 101])
def test_the_analytic_signal_is_scipys(n_time):
    rows = np.random.default_rng(0).normal(size=(3, n_time))
    expected = hilbert(rows - rows.mean(axis=1, keepdims=True), axis=1)
    assert np.allclose(analytic_signal(rows), expected)


def test_a_circular_shift_of_the_series_is_one_of_the_analytic_signal():
    rows = np.random.default_rng(1).normal(size=(2, 50))
    assert np.allclose(np.roll(analytic_signal(rows), 13, axis=1), analytic_signal(np.roll(rows, 13, axis=1)))


def test_gaps_are_bridged_by_straight_lines_and_ends_by_the_nearest_value():
    rows = np.array([[np.nan, 2.0, np.nan, np.nan, 5.0, np.nan], [np.nan] * 6])
    bridged = bridge_gaps(rows)
    assert bridged[0].tolist() == [2, 2, 3, 4, 5, 5]
    assert np.isnan(bridged[1]).all()
    assert np.isnan(rows[0, 0])

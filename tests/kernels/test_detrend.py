"""Windows without their straight lines."""

import numpy as np

from isc.kernels.correlation import pairwise_mean
from isc.kernels.detrend import detrended_windows
from tests import reference

STARTS = np.array([0, 42, 83, 125])


def make(seed=0):
    draw = np.random.default_rng(seed)
    slope = np.arange(300) * draw.normal(0, 0.2, (2, 2, 4, 1))
    return (300 + slope + draw.standard_normal((2, 2, 4, 300))).astype(np.float32)


def by_polyfit(samples):
    t, rest = np.arange(samples.size), np.full(samples.size, np.nan)
    kept = np.isfinite(samples)
    if kept.sum() >= 3:
        rest[kept] = samples[kept] - np.polyval(np.polyfit(t[kept], samples[kept].astype(float), 1), t[kept])
    return rest


def test_every_window_is_the_residual_of_its_own_line():
    series, length = make(), 125
    result = detrended_windows(series, STARTS, length)
    assert result.shape == (2, 2, 4, 4 * length) and result.dtype == np.float32
    for place in np.ndindex(2, 2, 4):
        expected = np.concatenate([by_polyfit(series[place][s : s + length]) for s in STARTS])
        np.testing.assert_allclose(result[place], expected, atol=1e-5)


def test_gaps_stay_gaps_and_the_line_goes_through_what_is_left():
    series = make()
    series[0, 0, 0, 10:30], series[0, 0, 1, 5], series[1, 1, 3, :124] = np.nan, np.inf, np.nan
    result = detrended_windows(series, np.array([0]), 125)
    series[np.isinf(series)] = np.nan
    for place in [(0, 0, 0), (0, 0, 1), (1, 1, 3)]:
        np.testing.assert_allclose(result[place], by_polyfit(series[place][:125]), atol=1e-5)


def test_a_straight_line_and_a_constant_become_zeros():
    line = np.float32(1e4) + np.arange(100, dtype=np.float32) * np.array([[0.25], [0]], dtype=np.float32)
    assert (detrended_windows(line[None, None], np.array([0, 30]), 60) == 0).all()


def test_two_samples_leave_nothing():
    assert np.isnan(detrended_windows(np.ones((1, 1, 1, 5), np.float32), np.array([0, 2]), 2)).all()


def test_a_line_added_to_a_subject_does_not_move_the_detrended_correlation():
    series, line = make(), (np.arange(300) * 0.5).astype(np.float32)
    tilted = series.copy()
    tilted[:, :, 1] += line
    ends = np.arange(4) * 125
    first, second = (pairwise_mean(detrended_windows(x, STARTS, 125), ends, 125)[0] for x in (series, tilted))
    np.testing.assert_allclose(first, second, atol=1e-4)
    np.testing.assert_allclose(
        first, reference.pairwise_mean(detrended_windows(series, STARTS, 125), ends, 125)[0], atol=1e-5
    )

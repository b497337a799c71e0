"""Courses have the size and the speed that they promise."""

import numpy as np
import pytest

from isc.simulate.courses import blink_course, envelope, expression_course, smooth_noise

RATE = 20.0


@pytest.mark.parametrize("width", [0.2, 1.0])
def test_smooth_noise_has_variance_one_and_the_autocorrelation_of_its_kernel(width):
    """White noise through a Gaussian of sd w has the autocorrelation exp(-(lag / 2 w)^2)."""
    noise = smooth_noise(np.random.default_rng(0), (4000, 50), rate=RATE, width=width)
    assert noise.var() == pytest.approx(1, abs=0.05)
    lag = int(width * RATE)
    assert (noise[lag:] * noise[:-lag]).mean() == pytest.approx(np.exp(-0.25), abs=0.05)


def test_columns_of_smooth_noise_are_independent():
    noise = smooth_noise(np.random.default_rng(0), (20000, 2), rate=RATE, width=0.2)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.05


def test_expressions_wander_over_the_whole_range():
    course = expression_course(np.random.default_rng(0), (5000,), rate=RATE)
    assert 0 < course.min() < 0.1 < 0.9 < course.max() < 1
    assert course.mean() == pytest.approx(0.5, abs=0.05)


def test_the_envelope_is_one_inside_and_zero_outside_with_half_second_flanks():
    limits = np.array([[2.0, 8.0], [12.0, 16.0]])
    times = np.array([0, 2, 2.25, 2.5, 5, 7.5, 8, 10, 12.25, 14, 20])
    assert np.allclose(envelope(times, limits), [0, 0, 0.5, 1, 1, 1, 0, 0, 0.5, 1, 0])


def test_blinks_come_about_fourteen_times_a_minute_and_last_a_quarter_of_a_second():
    time = np.arange(0, 1200, 0.02)
    closed = blink_course(np.random.default_rng(0), time) > 0.1
    n_blink = (np.diff(closed.astype(int)) == 1).sum()
    assert n_blink / 20 == pytest.approx(14, abs=2.5)  # three standard errors of 280 blinks
    assert closed.sum() * 0.02 / n_blink == pytest.approx(0.22, abs=0.05)

"""Smoothness per window: closed forms, and changes that everybody shares."""

import numpy as np
import pytest

from isc.kernels.nulls.surrogates import subject_keys
from isc.simulate.null_data import null_series
from isc.synchrony.diagnosis import SHARED_CHANCE, UNSTEADY_RATIO
from isc.synchrony.smoothness.stationarity import chance_deviation, smoothness
from isc.windows import sliding_windows

KEYS = subject_keys([f"sub-{k:02d}" for k in range(10)])
STATIONARY = ("white", "ar1", "pink", "landmark")


def series_of(kind, *, n_subject=10, n_time=1500, n_feature=6, seed=0):
    values = null_series(kind, shape=(n_feature, n_subject, n_time), rng=np.random.default_rng(seed))
    return np.moveaxis(values, 0, 2)


def judged(series, **options):
    windows = sliding_windows(series.shape[1], rate=30.0)
    return smoothness(series, windows, keys=KEYS[: len(series)], **options)


def warns(found):
    return found.ratio > UNSTEADY_RATIO and found.p <= SHARED_CHANCE


def test_lag1_of_a_window_is_the_textbook_sum():
    series = series_of("pink", n_subject=2, n_feature=3) + 1000
    windows = sliding_windows(1500, rate=30.0)
    expected = np.empty((2, 3, windows.starts.size))
    for s, f, w in np.ndindex(*expected.shape):
        x = series[s, windows.starts[w] : windows.starts[w] + windows.length, f]
        x = x - x.mean()
        expected[s, f, w] = (x[1:] * x[:-1]).sum() / (x * x).sum()
    found = judged(series)
    np.testing.assert_allclose(found.lag1, expected.mean(axis=(0, 1)), rtol=1e-9)
    logs = np.log((1 + expected) / (1 - expected)).mean(axis=(0, 1))
    np.testing.assert_allclose(found.time, np.exp(logs), rtol=1e-7)
    assert found.ratio == pytest.approx(np.exp(np.ptp(logs)))


def test_rough_and_smooth_thirds_are_told_apart_in_every_window():
    found = judged(series_of("changing_smoothness"))
    third = len(found.time) // 3
    assert found.time[:third].max() * 3 < found.time[third + 3 : 2 * third - 1].min()
    assert warns(found)


@pytest.mark.parametrize(("n_subject", "n_feature"), [(5, 1), (10, 6)])
def test_changing_smoothness_always_warns_and_stationary_data_hardly_ever(n_subject, n_feature):
    seeds = range(10)

    def rate(kind):
        how = {"n_subject": n_subject, "n_feature": n_feature}
        return np.mean([warns(judged(series_of(kind, seed=seed, **how))) for seed in seeds])

    assert rate("changing_smoothness") == 1
    assert all(rate(kind) <= 0.1 for kind in STATIONARY)


def test_changes_of_single_subjects_are_not_shared():
    series = series_of("changing_smoothness")
    alone = np.stack([np.roll(subject, 150 * k, axis=0) for k, subject in enumerate(series)])
    assert not warns(judged(alone))


# sd of r at 150 samples, 20,000 pairs (± .006): a simulation of its own.
SIMULATED = [(0.0, 0.0819), (0.5, 0.1043), (0.8, 0.1666), (0.9, 0.2327), (0.95, 0.3050), (0.98, 0.3888)]


@pytest.mark.parametrize(("autocorrelation", "expected"), SIMULATED)
def test_the_deviation_of_r_by_chance_is_that_of_simulated_pairs(autocorrelation, expected):
    shape, rng = (4, 10, 3000), np.random.default_rng(0)
    series = np.moveaxis(null_series("ar1", shape=shape, rng=rng, autocorrelation=autocorrelation), 0, 2)
    found = chance_deviation(series + 300, sliding_windows(3000, rate=30.0))
    assert found == pytest.approx(expected, rel=0.05)


def test_the_deviation_needs_complete_windows_only():
    series = series_of("white")
    whole = chance_deviation(series, sliding_windows(1500, rate=30.0))
    series[:5, 300:700], series[7], series[8] = np.nan, 3.0, np.nan
    assert chance_deviation(series, sliding_windows(1500, rate=30.0)) == pytest.approx(whole, rel=0.02)
    assert np.isnan(chance_deviation(np.ones((3, 300, 2)), sliding_windows(300, rate=30.0)))


def test_the_order_of_subjects_does_not_matter():
    series = series_of("ar1")
    windows = sliding_windows(1500, rate=30.0)
    turned = smoothness(series[::-1], windows, keys=KEYS[::-1])
    assert turned.p == smoothness(series, windows, keys=KEYS).p


def test_windows_with_gaps_and_flat_windows_are_left_out():
    series = series_of("ar1", n_subject=3)
    series[:, 200:210] = np.nan
    series[0, 600:, :] = 5.0
    found = judged(series)
    windows = sliding_windows(1500, rate=30.0)
    gap = (windows.starts <= 209) & (windows.starts + 150 > 200)
    assert (np.isnan(found.time) == gap).all()
    assert np.isfinite(found.ratio)


def test_a_single_window_has_no_p():
    found = judged(series_of("white", n_time=150))
    assert found.ratio == 1 and np.isnan(found.p)


def test_nothing_but_flat_series_give_nan():
    found = judged(np.ones((3, 1500, 2)))
    assert np.isnan(found.ratio) and np.isnan(found.p) and np.isnan(found.time).all()

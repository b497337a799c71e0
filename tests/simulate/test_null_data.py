"""Recordings without synchrony have the spectra they are named after."""

import numpy as np
import pytest

from isc.simulate import null_series
from isc.simulate.null_data import KINDS


def draw(kind, *, seed=0, shape=(4, 40, 3000), **options):
    return null_series(kind, shape=shape, rng=np.random.default_rng(seed), **options)


def lag_one(series):
    centred = series - series.mean(axis=-1, keepdims=True)
    return (centred[..., 1:] * centred[..., :-1]).sum() / (centred**2).sum()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_variance_one_and_no_synchrony(kind):
    series = draw(kind)
    assert series.shape == (4, 40, 3000)
    assert series.var() == pytest.approx(1, rel=0.15)
    for feature in series:
        r = np.corrcoef(feature)[np.triu_indices(40, 1)]
        assert abs(r.mean()) < 0.06


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_series(kind):
    assert np.array_equal(draw(kind, shape=(2, 3, 300)), draw(kind, shape=(2, 3, 300)))
    assert not np.array_equal(draw(kind, shape=(2, 3, 300)), draw(kind, shape=(2, 3, 300), seed=1))


@pytest.mark.parametrize("phi", [0.5, 0.98, -0.3])
def test_ar1_has_its_lag_one_autocorrelation(phi):
    assert lag_one(draw("ar1", autocorrelation=phi)) == pytest.approx(phi, abs=0.01)


def test_ar1_is_stationary_from_the_first_sample():
    series = draw("ar1", shape=(10, 400, 20))
    assert series[..., 0].var() == pytest.approx(1, rel=0.1)
    assert series[..., -1].var() == pytest.approx(1, rel=0.1)


def test_white_series_have_no_autocorrelation():
    assert abs(lag_one(draw("white"))) < 0.01


def test_the_power_of_pink_series_falls_with_one_over_frequency():
    power = (np.abs(np.fft.rfft(draw("pink", shape=(4, 100, 4096)), axis=-1)) ** 2).mean(axis=(0, 1))[4:1000]
    slope = np.polyfit(np.log(np.arange(4, 1000)), np.log(power), 1)[0]
    assert slope == pytest.approx(-1, abs=0.1)


def test_blinks_are_rare_and_one_sided():
    series = draw("blink")
    skewness = ((series - series.mean()) ** 3).mean() / series.std() ** 3
    assert skewness > 2


def test_landmarks_are_smooth_and_a_quarter_of_them_blinks():
    series = draw("landmark", shape=(8, 20, 6000))
    assert lag_one(series) > 0.9
    step = np.diff(series, axis=-1)
    back_after = (step[..., 4:] * step[..., :-4]).mean(axis=(1, 2)) / (step**2).mean(axis=(1, 2))  # 4/30 s later
    assert (back_after[:2] < -0.3).all()
    assert (back_after[2:] > -0.05).all()


def test_the_smoothness_changes_at_the_same_time_in_all_subjects():
    series = draw("changing_smoothness")
    for subject in range(5):
        outer, middle = lag_one(series[:, subject, :1000]), lag_one(series[:, subject, 1000:2000])
        assert outer < 0.8 < 0.95 < middle


def test_features_of_a_subject_depend_on_one_another_and_subjects_do_not():
    series = draw("white", shape=(6, 2, 20000))
    within = np.corrcoef(series[:, 0])[np.triu_indices(6, 1)]
    between = np.corrcoef(series[:, 0], series[:, 1])[:6, 6:]
    assert np.abs(within).max() > 0.3
    assert np.abs(between).max() < 0.05


def test_impossible_series_are_refused():
    with pytest.raises(ValueError, match="kind must be one of white, ar1.*got 'brown'"):
        draw("brown")
    with pytest.raises(ValueError, match="autocorrelation must lie between -1 and 1, got 1.0"):
        draw("ar1", autocorrelation=1.0)

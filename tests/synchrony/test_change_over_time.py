"""Change over time: exact ranks, planted changes, refusals, and the error rate when synchrony is constant."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import binom

from isc.simulate.null_data import null_series
from isc.synchrony import change
from isc.synchrony.temporal import temporal_isc

CENTRE = np.arange(120) * 5 / 3 + 2.5


def tisc_of(values):
    values = np.asarray(values, dtype=float)
    dims = ("window", "vertex")[: values.ndim]
    return xr.DataArray(values, dims=dims, coords={"time": ("window", CENTRE[: len(values)])})


def noise(n_feature=3, seed=0):
    return 0.3 + 0.05 * np.random.default_rng(seed).normal(size=(120, n_feature))


def constant_synchrony(seed, *, rho=0.3, n_time=5400, raised=None):
    """A t-ISC of ten subjects with one shared signal; in windows of `raised` it is stronger."""
    rng = np.random.default_rng(seed)
    shared = null_series("ar1", shape=(1, 1, n_time), rng=rng, autocorrelation=0.95)[0, 0]
    own = null_series("ar1", shape=(3, 10, n_time), rng=rng, autocorrelation=0.95)
    weight = np.full(n_time, rho)
    for onset, duration in raised or ():
        weight[round(onset * 30) : round((onset + duration) * 30)] = 0.6
    values = np.sqrt(weight) * shared + np.sqrt(1 - weight) * own
    dims = ("subject", "time", "vertex")
    return temporal_isc(xr.DataArray(np.moveaxis(values, 0, 2), dims=dims, coords={"time": np.arange(n_time) / 30}))


def obvious(values, inside):
    """Differences for the labels rolled by every number of windows."""
    turns = [np.roll(inside, k) for k in range(inside.size)]
    return np.array([np.nanmean(values[turn], axis=0) - np.nanmean(values[~turn], axis=0) for turn in turns])


@pytest.mark.parametrize("tail", ["greater", "less", "two_sided"])
def test_p_is_the_rank_among_all_turns_of_the_labels(tail):
    values = noise()
    values[7, 1] = np.nan
    inside = np.zeros(120, dtype=bool)
    inside[20:35] = inside[70:80] = True
    found = change.test_change(tisc_of(values), windows=inside, tail=tail, detrend=None)
    differences = obvious(values, inside)
    np.testing.assert_allclose(found.difference, differences[0], atol=1e-12)
    upper = (differences >= differences[0] - 1e-12).mean(axis=0)
    lower = (differences <= differences[0] + 1e-12).mean(axis=0)
    expected = {"greater": upper, "less": lower, "two_sided": np.minimum(1, 2 * np.minimum(upper, lower))}[tail]
    np.testing.assert_allclose(found.p, expected)
    scores = differences / differences.std(axis=0)
    if tail == "greater":
        np.testing.assert_allclose(found.p_fwe, (scores.max(axis=1)[:, None] >= scores[0] - 1e-9).mean(axis=0))
    assert (found.p_fwe >= found.p).all()


def test_a_raised_epoch_is_found_in_its_feature_only():
    values = noise()
    values[36:54, 1] += 0.15
    found = change.test_change(tisc_of(values), epochs=[(CENTRE[36] - 0.1, 30.0)])
    assert found.p_fwe.values[1] == pytest.approx(1 / 120) and (found.p_fwe.values[[0, 2]] > 0.05).all()
    assert found.difference.values[1] == pytest.approx(0.15, abs=0.04)


def test_epochs_are_a_table_a_list_or_windows():
    values = noise()
    table = pd.DataFrame({"onset": [40.0, 100.0], "duration": [20.0, 30.0], "trial_type": ["a", "b"]})
    inside = ((CENTRE >= 40) & (CENTRE < 60)) | ((CENTRE >= 100) & (CENTRE < 130))
    one = change.test_change(tisc_of(values), epochs=table)
    xr.testing.assert_identical(change.test_change(tisc_of(values), epochs=[(40.0, 20.0), (100.0, 30.0)]), one)
    xr.testing.assert_identical(change.test_change(tisc_of(values), windows=xr.DataArray(inside, dims="window")), one)
    assert one.attrs["n_inside"] == inside.sum()


def test_a_drift_is_no_change_in_some_windows_unless_it_is_meant_to_be():
    values = noise() + 0.0015 * np.arange(120)[:, None]
    late = CENTRE > 100
    assert (change.test_change(tisc_of(values), windows=late, detrend=None).p < 0.03).all()
    found = change.test_change(tisc_of(values), windows=late)
    assert (abs(found.difference) < 0.03).all()
    assert "epochs_like_a_trend" in found.code.values


def test_a_strong_change_is_not_taken_for_slowness():
    values = noise()
    values[40:60] += 2.0
    found = change.test_change(tisc_of(values), windows=(np.arange(120) // 20) == 2, detrend=None)
    assert (found.effective_inside > 5).all()
    assert (found.p <= 2 / 120).all()


def test_features_that_are_constant_or_slow_have_no_p():
    values = noise()
    values[:, 0] = 0.3
    values[:, 2] = np.sin(np.arange(120) / 25)
    found = change.test_change(tisc_of(values), windows=np.arange(120) % 40 < 20, detrend=None)
    assert np.isnan(found.p.values[[0, 2]]).all() and np.isfinite(found.p.values[1])
    assert np.isnan(found.p_fwe.values[[0, 2]]).all()
    (text,) = found.warnings.values[found.code.values == "features_untested"]
    assert text.startswith("2 of 3 features")


def test_names_of_features_are_kept():
    cube = tisc_of(noise()).assign_coords(vertex=["a", "b", "c"])
    found = change.test_change(cube, epochs=[(40.0, 20.0)])
    assert found.p.vertex.values.tolist() == ["a", "b", "c"]
    assert "higher in these windows" in found.attrs["assumes"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give either epochs=, in seconds, or windows="),
        ({"epochs": [(1.0, 1.0)], "windows": np.ones(120, dtype=bool)}, "give either epochs="),
        ({"windows": np.ones(119, dtype=bool)}, "windows must be 120 bools, one a window"),
        ({"windows": np.ones(120)}, "windows must be 120 bools"),
        ({"windows": np.ones(120, dtype=bool)}, "120 of 120 windows are labelled"),
        ({"epochs": [(900.0, 30.0)]}, "0 of 120 windows are labelled; .* seconds from the onset"),
        ({"epochs": [(np.nan, 30.0)]}, "finite onset and a duration"),
        ({"epochs": [(50.0, 40.0)], "detrend": "cubic"}, "detrend must be None or linear; given 'cubic'"),
        ({"epochs": [(50.0, 40.0)], "tail": "both"}, "tail must be greater, less or two_sided"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        change.test_change(tisc_of(noise()), **options)


def test_slow_series_are_refused_with_the_numbers():
    with pytest.raises(
        ValueError, match=r"too few independent windows to test a change: \d\.\d inside and .* 10 in all"
    ):
        change.test_change(tisc_of(np.sin(np.arange(120) / 25)), epochs=[(50.0, 20.0)], detrend=None)


def test_few_subjects_and_missing_windows_are_refused():
    with pytest.raises(ValueError, match="inference needs at least 5 subjects; given 3"):
        change.test_change(tisc_of(noise()).assign_attrs(n_subject=3), epochs=[(40.0, 20.0)])
    with pytest.raises(ValueError, match="tisc needs dim window"):
        change.test_change(xr.DataArray(np.zeros(4), dims="vertex"), epochs=[(40.0, 20.0)])


@pytest.mark.slow
def test_constant_synchrony_keeps_the_rate_and_a_stronger_scene_is_found():
    n, epochs = 200, [(20.0, 20.0), (70.0, 25.0), (130.0, 20.0)]
    hits = sum(bool((change.test_change(constant_synchrony(s), epochs=epochs).p_fwe <= 0.05).any()) for s in range(n))
    low, high = binom(n, 0.05).interval(0.999)
    assert low <= hits <= high
    found = [
        change.test_change(constant_synchrony(s, raised=epochs), epochs=epochs).p_fwe.min() <= 0.05 for s in range(20)
    ]
    assert np.mean(found) >= 0.9

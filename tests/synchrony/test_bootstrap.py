"""Bootstrap intervals: the obvious version, draws that do not depend on order, and measured coverage."""

import numpy as np
import pytest
import xarray as xr

from isc.kernels.nulls.resamples import resample_counts
from isc.kernels.nulls.surrogates import subject_keys
from isc.simulate.null_data import null_series
from isc.synchrony.bootstrap import bootstrap_intervals
from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.temporal import temporal_isc

SHARED = null_series("ar1", shape=(1, 1, 450), rng=np.random.default_rng(99), autocorrelation=0.9)[0, 0]


def cube_of(*, n_subject=8, n_feature=3, seed=0, rho=0.3):
    own = null_series("ar1", shape=(n_feature, n_subject, 450), rng=np.random.default_rng(seed), autocorrelation=0.9)
    values = np.sqrt(rho) * SHARED + np.sqrt(1 - rho) * own
    coords = {"time": np.arange(450) / 30, "subject": [f"sub-{k:02d}" for k in range(n_subject)]}
    return xr.DataArray(np.moveaxis(values, 0, 2), dims=("subject", "time", "vertex"), coords=coords)


def obvious(cube, counts, estimator):
    """Mean r of every resample, written with copies of the subjects."""
    x = cube.isel(vertex=0).values[:, :150]
    drawn = np.repeat(np.arange(len(x)), counts.astype(int))
    if estimator == "pairwise":
        r = np.corrcoef(x)
        values = [r[a, b] for i, a in enumerate(drawn) for b in drawn[:i] if a != b]
    else:
        values = [np.corrcoef(x[s], x[drawn[drawn != s]].mean(axis=0))[0, 1] for s in drawn]
    return np.mean(values)


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_ends_are_percentiles_over_resampled_subjects_without_self_pairs(estimator):
    cube = cube_of()
    found = bootstrap_intervals(cube, estimator=estimator, n_resamples=200, seed=4, level=0.9)
    counts = resample_counts(4, 200, subject_keys(cube.subject.values))
    values = [obvious(cube, c, estimator) for c in counts]
    assert found.low.values[0, 0] == pytest.approx(np.quantile(values, 0.05), abs=2e-6)
    assert found.high.values[0, 0] == pytest.approx(np.quantile(values, 0.95), abs=2e-6)
    assert found.standard_error.values[0, 0] == pytest.approx(np.std(values), abs=2e-6)


@pytest.mark.parametrize("detrend", [None, "linear"])
@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_the_value_between_the_ends_is_t_isc(estimator, detrend):
    cube = cube_of()
    found = bootstrap_intervals(cube, estimator=estimator, n_resamples=100, detrend=detrend)
    np.testing.assert_allclose(found.tisc, temporal_isc(cube, estimator=estimator, detrend=detrend), atol=2e-6)
    assert ((found.low <= found.tisc) & (found.tisc <= found.high)).all()
    assert found.tisc.dims == ("window", "vertex")


def test_landmarks_and_their_pairs_have_intervals():
    flat = cube_of(n_feature=12)
    dims = ("subject", "time", "vertex", "space")
    landmarks = xr.DataArray(flat.values.reshape(8, 450, 4, 3), dims=dims, coords={"time": flat.time.values})
    for how in ({}, {"pairs": vertex_pairs(4)}):
        for estimator in ("pairwise", "leave_one_out"):
            found = bootstrap_intervals(landmarks, estimator=estimator, n_resamples=100, **how)
            np.testing.assert_allclose(found.tisc, temporal_isc(landmarks, estimator=estimator, **how), atol=2e-6)


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_intervals_do_not_depend_on_the_order_of_subjects_or_on_blocks(estimator, monkeypatch):
    cube = cube_of()
    whole = bootstrap_intervals(cube, estimator=estimator, n_resamples=100)
    turned = bootstrap_intervals(cube[::-1], estimator=estimator, n_resamples=100)
    xr.testing.assert_allclose(turned, whole, atol=1e-6)
    monkeypatch.setattr("isc.synchrony.statistic.dyads.MATRIX_BYTES", 1)
    monkeypatch.setattr("isc.synchrony.statistic.dyads.VALUE_BYTES", 1)
    xr.testing.assert_allclose(bootstrap_intervals(cube, estimator=estimator, n_resamples=100), whole, atol=1e-7)


def test_another_seed_draws_other_subjects():
    one, other = (bootstrap_intervals(cube_of(), n_resamples=100, seed=seed).low for seed in (0, 1))
    assert (one != other).any()


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_a_subject_who_is_missing_in_a_window_is_not_drawn_there(estimator):
    cube = cube_of(n_subject=6)
    gone = cube.copy()
    gone[1:5, :150] = np.nan
    found = bootstrap_intervals(gone, estimator=estimator, n_resamples=300)
    whole = temporal_isc(gone, estimator=estimator)
    np.testing.assert_allclose(found.tisc, whole, atol=2e-6)
    assert np.isfinite(found.low).all()
    gone[1:, :150] = np.nan
    found = bootstrap_intervals(gone, estimator=estimator, n_resamples=100)
    assert np.isnan(found.low[0]).all() and np.isnan(found.tisc[0]).all() and np.isfinite(found.low[3]).all()


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_intervals_cover_the_mean_of_other_people(estimator):
    how = {"estimator": estimator, "n_resamples": 400, "step": 5.0}
    found = [bootstrap_intervals(cube_of(n_subject=10, seed=seed), seed=seed, **how) for seed in range(80)]
    truth = np.mean([f.tisc.values for f in found], axis=0)
    covered = np.mean([(f.low.values <= truth) & (truth <= f.high.values) for f in found])
    assert 0.87 <= covered <= 0.98


def test_the_result_says_what_it_covers():
    found = bootstrap_intervals(cube_of(), n_resamples=100)
    assert "further people of the same kind" in found.attrs["covers"]
    assert found.code.values.tolist() == ["few_subjects"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "all"}, "estimator must be pairwise or leave_one_out; given 'all'"),
        ({"n_resamples": 20}, "n_resamples must be at least 100; given 20"),
        ({"level": 95}, "level is a share between 0 and 1"),
        ({"detrend": "cubic"}, "detrend must be None or linear; given 'cubic'"),
        ({"min_valid": 0}, "min_valid is a share between 0 and 1; given 0"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_intervals(cube_of(), **options)


def test_four_subjects_are_refused():
    with pytest.raises(ValueError, match="inference needs at least 5 subjects; given 4"):
        bootstrap_intervals(cube_of(n_subject=4))


def test_identical_subjects_have_an_interval_without_width():
    cube = cube_of()
    cube[:] = cube[0].values
    for estimator in ("pairwise", "leave_one_out"):
        found = bootstrap_intervals(cube, estimator=estimator, n_resamples=100)
        np.testing.assert_allclose(found[["low", "high", "tisc"]].to_dataarray(), 1.0, atol=1e-6)

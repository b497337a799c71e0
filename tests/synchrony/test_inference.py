"""Thresholds and p-values: one decision, two forms, and how sure the surrogates make it."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from isc.synchrony.inference import error_rate_in_words, p_intervals, p_values, tail_rates, thresholds


def null_of(maxima, minima=None):
    maxima = np.asarray(maxima, dtype=float)
    minima = -maxima if minima is None else np.asarray(minima, dtype=float)
    dims = ("surrogate", "extreme", "window")[: maxima.ndim + 1]
    values = np.stack([minima, maxima], axis=1)
    return xr.DataArray(values, dims=dims, coords={"extreme": ["min", "max"]}, attrs={"scope": "recording"})


@given(seed=st.integers(0, 10_000), n=st.integers(5, 400), alpha=st.sampled_from([0.01, 0.05, 0.1, 0.3]))
def test_passing_the_threshold_and_p_below_alpha_are_the_same_event(seed, n, alpha):
    rng = np.random.default_rng(seed)
    null = null_of(rng.normal(size=n).round(2))
    tisc = xr.DataArray(rng.normal(1, 1, size=60).round(2), dims="window")
    for tail in ("greater", "less", "two_sided"):
        limits = thresholds(null, alpha=alpha, tail=tail).threshold
        beyond = (tisc > limits.sel(extreme="max")) | (tisc < limits.sel(extreme="min"))
        assert (beyond.values == (p_values(tisc, null, tail=tail) <= alpha + 1e-12).values).all()


def test_the_smallest_p_is_one_over_m_plus_one_and_ties_count():
    null = null_of([1.0, 2.0, 3.0, 4.0])
    p = p_values(xr.DataArray([5.0, 4.0, 0.0], dims="window"), null)
    assert p.values.tolist() == [1 / 5, 2 / 5, 1.0]


def test_a_window_scope_compares_each_window_with_its_own_extremes():
    null = null_of(np.stack([np.arange(1.0, 100), 10 * np.arange(1.0, 100)], axis=1))
    p = p_values(xr.DataArray([[97.5], [97.5]], dims=("window", "vertex")), null)
    assert p.values.ravel() == pytest.approx([3 / 100, 91 / 100])
    assert thresholds(null).threshold.sel(extreme="max").values.tolist() == [95.0, 950.0]


def test_missing_cells_have_no_p():
    assert np.isnan(p_values(xr.DataArray([np.nan], dims="window"), null_of([1.0]))).all()


@pytest.mark.parametrize("percentile", ["rank", "linear"])
def test_all_patterns_of_signs_leave_no_monte_carlo_interval(percentile):
    null = null_of(np.random.default_rng(0).uniform(size=127))
    drawn = thresholds(null, percentile=percentile).sel(extreme="max")
    every = thresholds(null.assign_attrs(exact=1), percentile=percentile).sel(extreme="max")
    assert float(drawn.low) < float(drawn.high)
    assert float(every.low) == float(every.high) == float(every.threshold) == float(drawn.threshold)


def test_200_surrogates_leave_the_interval_that_order_statistics_say():
    null = null_of(np.sort(beta(1, 1).rvs(200, random_state=0)))
    limits = thresholds(null).sel(extreme="max")
    assert float(limits.low) <= float(limits.threshold) <= float(limits.high)
    inside = 0
    for seed in range(300):
        draw = thresholds(null_of(np.random.default_rng(seed).uniform(size=200))).sel(extreme="max")
        inside += float(draw.low) <= 0.95 <= float(draw.high)
    assert inside / 300 >= 0.93


@pytest.mark.parametrize(("n_surrogates", "alpha"), [(40, 0.1), (99, 0.05), (99, 0.3), (500, 0.01)])
def test_the_interval_of_a_threshold_covers_the_true_quantile(n_surrogates, alpha):
    rng = np.random.default_rng(1)
    draws = [thresholds(null_of(rng.uniform(size=n_surrogates)), alpha=alpha).sel(extreme="max") for _ in range(250)]
    inside = np.mean([float(draw.low) <= 1 - alpha <= float(draw.high) for draw in draws])
    assert inside >= 0.92
    assert np.mean([float(draw.high - draw.low) for draw in draws if np.isfinite(draw.high)]) < 0.5


def test_an_interval_that_no_surrogate_bounds_is_infinite():
    limits = thresholds(null_of(np.arange(1.0, 20.0)), alpha=0.05).sel(extreme="max")
    assert (float(limits.low), float(limits.threshold), float(limits.high)) == (16.0, 19.0, np.inf)
    wide = thresholds(null_of([1.0, 2.0]), alpha=0.9).sel(extreme="max")
    assert float(wide.low) == -np.inf


@pytest.mark.parametrize("true", [0.002, 0.04, 0.5])
def test_the_interval_of_p_covers_the_p_of_infinitely_many_surrogates(true):
    beyond = np.random.default_rng(0).binomial(199, true, size=2000)
    found = p_intervals(xr.DataArray((beyond + 1) / 200, dims="window"), 199)
    assert 0.95 <= float(((found.low <= true) & (true <= found.high)).mean()) <= 0.9995
    assert (found.low <= beyond / 199).all() and (beyond / 199 <= found.high).all()


def test_intervals_keep_missing_cells_and_refuse_other_p():
    found = p_intervals(xr.DataArray([np.nan, 1.0, 0.1], dims="window"), 9)
    assert np.isnan(found.low[0]) and found.high[1] == 1 and found.low[2] == 0
    with pytest.raises(ValueError, match="p must be .* of 9 surrogates"):
        p_intervals(xr.DataArray([0.123]), 9)
    with pytest.raises(ValueError, match="coverage is a share"):
        p_intervals(xr.DataArray([0.1]), 9, coverage=95)


def test_too_few_surrogates_can_never_be_passed():
    limits = thresholds(null_of([1.0] * 10), alpha=0.05)
    assert float(limits.threshold.sel(extreme="max")) == np.inf


def test_two_sided_halves_the_rate():
    assert tail_rates(0.05, "two_sided") == (0.025, 0.025)
    null = null_of(np.arange(1.0, 200))
    two = thresholds(null, alpha=0.05, tail="two_sided").threshold
    assert two.values.tolist() == [-195.0, 195.0]


def test_the_sentence_says_the_scope():
    null = null_of([1.0])
    assert "over all features and windows" in error_rate_in_words(null, 0.05, "greater")
    null.attrs["scope"] = "window"
    assert "not corrected for the number of windows" in error_rate_in_words(null, 0.05, "greater")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"alpha": 1.5}, "alpha is an error rate"), ({"tail": "both"}, "tail must be greater, less or two_sided")],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        thresholds(null_of([1.0]), **options)


def test_published_percentiles_are_those_of_numpy_and_of_matlab():
    values = np.random.default_rng(0).normal(size=200)
    upper = {
        rule: float(thresholds(null_of(values), percentile=rule).threshold.sel(extreme="max"))
        for rule in ("rank", "linear", "hazen")
    }
    assert upper["linear"] == np.quantile(values, 0.95)
    assert upper["hazen"] == np.quantile(values, 0.95, method="hazen")  # Matlab's quantile: (k - 0.5) / n
    assert upper["rank"] == np.sort(values)[-10]


def test_an_unknown_percentile_is_refused():
    with pytest.raises(ValueError, match="percentile must be rank, linear or hazen; given 'median'"):
        thresholds(null_of([1.0]), percentile="median")

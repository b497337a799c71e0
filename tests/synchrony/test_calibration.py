"""Measured error rates: the measuring itself, and that the defaults keep their promise (slow)."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom, kstest

import isc
from isc.simulate import Signal, simulate_cube
from isc.simulate.null_data import null_series
from isc.synchrony.calibration import broken_cube, calibrate, error_rates
from isc.synchrony.outcomes import BOTH, OUTCOMES

N_DATA = 200
CHANCE = 0.001  # of a correct test to leave its band


def null_cubes(kind, n_data, n_feature=4, seed=5):
    for number in range(n_data):
        series = null_series(kind, shape=(n_feature, 10, 1500), rng=np.random.default_rng([seed, number]))
        time = np.arange(1500) / 30
        yield xr.DataArray(series.transpose(1, 2, 0), dims=("subject", "time", "vertex"), coords={"time": time})


def rate(rates, scheme, outcome):
    row = rates[(rates.scheme == scheme) & (rates.outcome == outcome)]
    return float(row.rate.iloc[0])


@pytest.fixture(scope="module")
def quick():
    schemes = ("circular_shift", "sign_flip", "timepoint_shuffle")
    return error_rates(null_cubes("ar1", 6), schemes=schemes, n_surrogates=39)


def test_every_scheme_and_outcome_has_a_row_with_an_interval(quick):
    assert set(quick.outcome) == set(OUTCOMES)
    assert set(quick.scheme) == {"circular_shift", "sign_flip", "timepoint_shuffle", BOTH}
    yes_or_no = quick[~quick.outcome.isin(["windows", "cells"])]
    assert ((yes_or_no.low <= yes_or_no.rate) & (yes_or_no.rate <= yes_or_no.high)).all()


def test_the_conjunction_never_rejects_more_than_either_scheme(quick):
    for outcome in OUTCOMES:
        either = min(rate(quick, scheme, outcome) for scheme in ("circular_shift", "sign_flip"))
        assert rate(quick, BOTH, outcome) <= either


def test_two_sided_at_half_alpha_rejects_no_more_than_both_tails_at_alpha(quick):
    for scheme in quick.scheme.unique():
        assert rate(quick, scheme, "two_sided") <= rate(quick, scheme, "either")
        assert rate(quick, scheme, "either") >= max(rate(quick, scheme, "upper"), rate(quick, scheme, "lower"))


def test_the_frame_shuffle_fails_on_smooth_data(quick):
    assert rate(quick, "timepoint_shuffle", "upper") == 1.0


def test_power_counts_cells_inside_and_outside_the_planted_epoch():
    planted = Signal(rho=0.9, epochs=((10.0, 20.0),))
    cubes = [simulate_cube(8, n_vertex=2, duration=30.0, signal=planted, seed=seed) for seed in range(3)]
    tisc = isc.temporal_isc(cubes[0])
    truth = xr.where((tisc.start >= 10) & (tisc.stop <= 20), 1.0, np.nan) + xr.zeros_like(tisc)
    truth = truth.where(~(tisc.stop <= 10), 0.0)
    found = error_rates(cubes, schemes=("circular_shift",), n_surrogates=39, truth=truth)
    assert found.set_index("outcome").rate[["hit", "found"]].tolist() == [1.0, 1.0]
    assert set(found.outcome) == {"hit", "found", "false_hit"}


@pytest.mark.parametrize("breaking", ["shift", "sign"])
def test_breaking_removes_synchrony_and_keeps_every_subject(breaking):
    cube = simulate_cube(10, n_vertex=3, duration=60.0, signal=Signal(rho=0.9))
    broken = broken_cube(cube, breaking, 0, 0)
    assert float(isc.isc(cube).mean()) > 0.85 and abs(float(isc.isc(broken).mean())) < 0.3
    assert broken.std("time").values == pytest.approx(cube.std("time").values, rel=1e-4)
    assert broken.mean("time").values == pytest.approx(cube.mean("time").values, abs=1e-4)
    again, other = broken_cube(cube, breaking, 0, 0), broken_cube(cube, breaking, 0, 1)
    assert again.identical(broken) and not other.equals(broken)


def test_calibrate_measures_your_own_recordings():
    cube = simulate_cube(6, n_vertex=2, duration=30.0, signal=Signal(rho=0.9))
    told = []
    rates = calibrate(cube, n_data=4, n_surrogates=19, progress=lambda *step: told.append(step))
    assert told[-1] == (4, 4) and set(rates.breaking) == {"shift"}
    assert rate(rates, BOTH, "upper") <= 0.5


def test_an_unknown_breaking_is_refused():
    with pytest.raises(ValueError, match="breaking must be shift or sign; given 'shuffle'"):
        calibrate(next(null_cubes("white", 1)), breaking="shuffle")


@pytest.mark.slow
def test_the_recommended_error_rate_is_five_percent_on_smooth_data():
    rates = error_rates(null_cubes("ar1", N_DATA), n_surrogates=99)
    low, high = binom.ppf([CHANCE / 2, 1 - CHANCE / 2], N_DATA, 0.05) / N_DATA
    assert low <= rate(rates, "circular_shift", "upper") <= high
    assert low <= rate(rates, "sign_flip", "upper") <= high
    assert rate(rates, BOTH, "upper") <= high


@pytest.mark.slow
def test_a_film_that_changes_everybodys_smoothness_breaks_the_shift_but_not_the_recommended_test():
    rates = error_rates(null_cubes("changing_smoothness", 100), n_surrogates=99)
    assert rate(rates, "circular_shift", "upper") > 0.2
    assert rate(rates, BOTH, "upper") <= binom.ppf(1 - CHANCE / 2, 100, 0.05) / 100


@pytest.mark.slow
def test_familywise_p_is_uniform_without_synchrony():
    smallest = []
    for number, cube in enumerate(null_cubes("ar1", 150, seed=6)):
        null = isc.null_extremes(cube, n_surrogates=99, seed=number)
        smallest.append(float(isc.p_values(isc.temporal_isc(cube), null).min()))
    jitter = np.random.default_rng(0).uniform(0, 0.01, len(smallest))  # p is a multiple of 1/100
    assert kstest(np.array(smallest) - jitter, "uniform").pvalue > CHANCE

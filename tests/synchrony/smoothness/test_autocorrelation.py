"""Diagnostics: the smoothness of data, and what has to be said about a design."""

import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter

from isc.synchrony.smoothness.autocorrelation import (
    autocorrelation_time,
    design_findings,
    frame_shuffle_warning,
    require_subjects,
)


def ar1(decay, n_time=20_000, seed=0):
    white = np.random.default_rng(seed).normal(size=(6, n_time + 2000, 2))
    values = lfilter([1], [1, -decay], white, axis=1)[:, 2000:]
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords={"time": np.arange(n_time) / 30})


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9])
def test_the_autocorrelation_time_of_ar1_is_its_closed_form(decay):
    assert autocorrelation_time(ar1(decay)) == pytest.approx((1 + decay) / (1 - decay), rel=0.15)


def test_gaps_do_not_change_it_much():
    cube = ar1(0.9)
    gone = cube.copy(deep=True)
    gone[:, 3000:6000] = np.nan
    assert autocorrelation_time(gone) == pytest.approx(autocorrelation_time(cube), rel=0.25)


def test_flat_series_have_none():
    assert np.isnan(autocorrelation_time(xr.full_like(ar1(0.0, 100), 3.0)))


def test_the_frame_shuffle_warning_has_the_numbers_of_the_data():
    text = frame_shuffle_warning(30.0, 150, 9.2, 200)
    assert "30 frames" in text
    assert "a window of 150 is worth about 9.2 independent ones" in text
    assert "between 2.8 and 9.0 %" in text
    assert "100 %" in text and "11 to 22 %" in text and "10 % test" in text


def test_small_designs_are_told():
    assert design_findings(21, 1000) == []
    assert design_findings(21) == []
    assert "not reported below 5" in design_findings(3, 1000)[0].message
    assert "settle at about 20" in design_findings(8, 1000)[0].message
    assert "between 2.4 and 8.4 %" in design_findings(30, 200)[0].message  # the tenth largest, as isc.thresholds has it
    largest = np.sort(np.random.default_rng(0).uniform(size=(4000, 200)), axis=1)[:, -10]
    assert np.quantile(1 - largest, [0.025, 0.975]) == pytest.approx([0.024, 0.084], abs=0.004)


def test_inference_for_four_people_is_refused():
    with pytest.raises(ValueError, match="inference needs at least 5 subjects; given 4: describe synchrony"):
        require_subjects(4)

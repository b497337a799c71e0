import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import isc

RATE = 100.0
SECONDS = np.arange(2000) / RATE


def series(values, dims=("time",), **coords):
    return xr.DataArray(values, dims=dims, coords={"time": SECONDS[: np.shape(values)[dims.index("time")]], **coords})


def sine(frequency):
    return np.sin(2 * np.pi * frequency * SECONDS)


def test_a_band_keeps_its_frequency_without_delay_and_loses_the_others():
    kept = isc.bandpass(series(sine(1) + sine(10) + sine(30)), low=7, high=14)
    assert abs(kept - sine(10))[200:-200].max() < 0.02
    assert kept.attrs["low_hz"] == 7 and kept.attrs["high_hz"] == 14


@pytest.mark.parametrize(("edges", "kept"), [({"low": 5}, 20), ({"high": 5}, 1)])
def test_one_edge_makes_a_high_pass_or_a_low_pass(edges, kept):
    assert abs(isc.bandpass(series(sine(1) + sine(20)), **edges) - sine(kept))[200:-200].max() < 0.03


def test_a_filter_leaves_gaps_missing_and_the_rest_nearly_as_without_them():
    whole = series(sine(10))
    gapped = whole.where((SECONDS < 8) | (SECONDS > 8.5))
    result = isc.bandpass(gapped, low=7, high=14)
    assert np.array_equal(np.isnan(result), np.isnan(gapped))
    far = abs(SECONDS - 8.25) > 1
    assert abs(result - isc.bandpass(whole, low=7, high=14))[far].max() < 0.02


def test_a_feature_without_any_value_stays_missing_beside_others():
    values = np.stack([sine(10), np.full(SECONDS.size, np.nan)], axis=1)
    result = isc.bandpass(series(values, ("time", "channel")), low=7, high=14)
    assert np.isfinite(result[:, 0]).all() and np.isnan(result[:, 1]).all()


def test_filtering_in_blocks_equals_filtering_at_once(monkeypatch):
    x = series(np.random.default_rng(0).normal(size=(5, SECONDS.size)), ("channel", "time"))
    whole = isc.bandpass(x, low=2, high=9)
    monkeypatch.setattr("isc.preprocessing.clean.BLOCK_VALUES", 1)
    xr.testing.assert_equal(isc.bandpass(x, low=2, high=9), whole)


def test_the_envelope_of_a_swelling_tone_is_its_swell_in_its_band_only():
    swell = 1 + 0.5 * sine(0.5)
    result = isc.envelope(series(swell * sine(10)), bands={"alpha": (7, 14), "beta": (18, 30)})
    assert result.dims == ("time", "band")
    assert abs(result.sel(band="alpha") - swell)[200:-200].max() < 0.05
    assert result.sel(band="beta")[200:-200].max() < 0.05
    assert result["high_hz"].values.tolist() == [14, 30]


def test_the_envelope_of_a_band_limited_series_needs_no_bands():
    assert abs(isc.envelope(series(3 * sine(10)))[200:-200] - 3).max() < 0.02


def test_short_gaps_are_bridged_and_long_ones_kept():
    x = series(SECONDS.copy())
    x[10:13] = np.nan
    x[100:200] = np.nan
    filled = isc.fill_gaps(x, max_gap=0.1)
    assert filled[10:13].values == pytest.approx(SECONDS[10:13])
    assert np.isnan(filled[100:200]).all()
    assert np.array_equal(np.isnan(x).sum(), 103), "the argument is not written into"


def test_filling_keeps_coords_along_time():
    x = series(sine(1)).assign_coords(detected=("time", SECONDS > 1))
    assert "detected" in isc.fill_gaps(x).coords


def test_regression_takes_out_exactly_the_confounds_and_the_mean():
    rng = np.random.default_rng(0)
    own, nod = rng.normal(size=(SECONDS.size, 3)), rng.normal(size=(SECONDS.size, 2))
    design = np.column_stack([np.ones(SECONDS.size), nod])
    expected = own - design @ np.linalg.lstsq(design, own, rcond=None)[0]
    mixed = series(own + nod @ rng.normal(size=(2, 3)) + 7, ("time", "vertex"))
    result = isc.regress_out(mixed, series(nod, ("time", "channel")))
    assert np.allclose(result, expected, atol=1e-5)


def test_each_subject_is_cleaned_of_its_own_confounds():
    rng = np.random.default_rng(1)
    nod = rng.normal(size=(2, SECONDS.size))
    cube = series(rng.normal(size=(2, SECONDS.size, 2)), ("subject", "time", "vertex"), subject=["a", "b"])
    confounds = series(nod, ("subject", "time"), subject=["a", "b"])
    whole = isc.regress_out(cube, confounds)
    alone = isc.regress_out(cube[1], confounds[1])
    assert whole.dims == cube.dims
    assert np.array_equal(whole[1], alone)
    assert abs(np.corrcoef(whole[1, :, 0], nod[1])[0, 1]) < 1e-5


def test_samples_without_data_or_confounds_are_missing_and_do_not_disturb_the_fit():
    rng = np.random.default_rng(2)
    nod = rng.normal(size=SECONDS.size)
    x, confounds = series(2 * nod + 1.0), series(nod.copy())
    x[5], confounds[9] = np.nan, np.nan
    result = isc.regress_out(x, confounds)
    assert np.flatnonzero(np.isnan(result)).tolist() == [5, 9]
    assert abs(result).max() < 1e-5


def test_a_series_with_too_few_samples_to_fit_is_missing():
    x = series(np.where(SECONDS < 0.015, 1.0, np.nan))
    assert np.isnan(isc.regress_out(x, series(sine(1)))).all()
    assert np.isnan(isc.regress_out(x, series(np.full(SECONDS.size, np.nan)))).all()


@given(shift=st.floats(-1e3, 1e3), scale=st.floats(1e-3, 1e3))
def test_a_z_score_does_not_depend_on_shift_and_scale(shift, scale):
    x = series(np.random.default_rng(3).normal(size=300))
    assert np.allclose(isc.zscore(x), isc.zscore(scale * x + shift), atol=1e-3)


def test_a_z_score_has_mean_zero_and_standard_deviation_one_and_none_where_nothing_moves():
    values = np.random.default_rng(4).normal(5, 3, size=(SECONDS.size, 2))
    values[:, 1] = 0.1
    values[3, 0] = np.nan
    result = isc.zscore(series(values, ("time", "channel")))
    assert float(result[:, 0].mean()) == pytest.approx(0, abs=1e-6)
    assert float(result[:, 0].std()) == pytest.approx(1, abs=1e-6)
    assert np.isnan(result[3, 0]) and np.isnan(result[:, 1]).all()


def test_unusable_bands_are_refused():
    x = series(sine(1))
    with pytest.raises(ValueError, match="give low, high or both"):
        isc.bandpass(x)
    with pytest.raises(ValueError, match=r"0 < low < high < 50 Hz, .*; given low=30, high=20"):
        isc.bandpass(x, low=30, high=20)
    with pytest.raises(ValueError, match="half the rate"):
        isc.bandpass(x, high=60)
    with pytest.raises(ValueError, match="half the rate"):
        isc.envelope(x, bands={"none": (5, 5)})


def test_uneven_or_missing_time_is_refused():
    uneven = xr.DataArray(np.zeros(4), dims="time", coords={"time": [0, 1, 2, 4.0]})
    with pytest.raises(ValueError, match="use isc.resample first"):
        isc.bandpass(uneven, high=0.1)
    for function in (isc.bandpass, isc.envelope, isc.fill_gaps, isc.zscore):
        with pytest.raises(ValueError, match=r"dim time .*is needed; given \('vertex',\)"):
            function(xr.DataArray(np.zeros(4), dims="vertex"))


def test_confounds_of_another_clock_or_other_subjects_are_refused():
    x = series(sine(1))
    with pytest.raises(ValueError, match="differ along time"):
        isc.regress_out(x, x.assign_coords(time=SECONDS + 0.5))
    cube = series(np.zeros((2, SECONDS.size)), ("subject", "time"), subject=["a", "b"])
    with pytest.raises(ValueError, match="differ along subject"):
        isc.regress_out(cube, cube.assign_coords(subject=["b", "a"]))
    with pytest.raises(ValueError, match="one further dim"):
        isc.regress_out(x, cube)
    with pytest.raises(ValueError, match="confounds needs dim time"):
        isc.regress_out(x, xr.DataArray([1.0], dims="channel"))

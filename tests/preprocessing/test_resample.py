"""Change of rate: no aliasing, no drift, no invention of data."""

import tracemalloc

import numpy as np
import pytest
import xarray as xr

from isc.preprocessing.resample import onto_clock, resample


def series(values, time):
    return xr.DataArray(values, dims="time", coords={"time": time})


def test_a_slow_wave_survives_a_change_of_rate():
    time = np.arange(0, 60, 1 / 29.97)
    slow = resample(series(np.sin(2 * np.pi * 0.5 * time), time), rate=15)
    inner = slow.sel(time=slice(1, 58))
    assert np.abs(inner - np.sin(2 * np.pi * 0.5 * inner["time"])).max() < 0.02


def test_what_the_new_rate_cannot_carry_is_removed_instead_of_folded_down():
    time = np.arange(0, 60, 1 / 30)
    fast = resample(series(np.sin(2 * np.pi * 9 * time), time), rate=10)  # would appear at 1 Hz
    assert np.abs(fast.sel(time=slice(2, 58))).max() < 0.02


def test_a_variable_frame_rate_is_read_by_its_time_stamps():
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.uniform(1 / 60, 1 / 20, 1500))
    wave = resample(series(np.sin(2 * np.pi * 0.3 * time), time), rate=25)
    inner = wave.sel(time=slice(time[0] + 1, time[-1] - 1))
    assert np.abs(inner - np.sin(2 * np.pi * 0.3 * inner["time"])).max() < 0.02


def test_29_97_and_30_fps_stay_together_for_ten_minutes():
    def ramp(rate):
        time = np.arange(0, 600, 1 / rate)
        return resample(series(time, time), rate=10)

    a, b = xr.align(ramp(29.97), ramp(30.0), join="inner")
    assert np.abs(a - b).max() < 1 / 30


def test_a_long_gap_stays_missing_and_a_short_one_is_bridged():
    time = np.arange(0, 10, 0.1)
    values = np.ones(time.size)
    values[(time > 2) & (time < 2.25)] = np.nan
    values[(time > 5) & (time < 7)] = np.nan
    out = resample(series(values, time), rate=10)
    assert np.isfinite(out.sel(time=slice(1.9, 2.4))).all()
    assert np.isnan(out.sel(time=slice(5.15, 6.85))).all()
    assert np.isfinite(out.sel(time=slice(7.1, 9))).all()


def test_nothing_is_extrapolated():
    out = onto_clock(series([1.0, 2.0, 3.0], [1.0, 1.1, 1.2]), np.arange(0, 30) / 10)
    assert np.flatnonzero(np.isfinite(out)).tolist() == [10, 11, 12]


def test_features_with_their_own_gaps_are_treated_apart():
    time = np.arange(0, 5, 0.1)
    values = np.ones((time.size, 2))
    values[10:30, 1] = np.nan
    out = onto_clock(xr.DataArray(values, dims=("time", "vertex"), coords={"time": time}), time)
    assert np.isfinite(out[:, 0]).all()
    assert np.isnan(out[12:28, 1]).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: resample(series([1.0, 2.0], [0.0, 1.0]), rate=0), "rate must be positive"),
        (lambda: onto_clock(series([1.0, 2.0], [1.0, 0.0]), np.arange(3.0)), "increase strictly"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_slow_recording_is_interpolated_between_its_samples():
    x = xr.DataArray(np.arange(10.0), dims="time", coords={"time": np.arange(10) * 2.0})
    assert np.allclose(resample(x, rate=1.0), np.arange(19) / 2)


def test_blocks_of_series_change_no_bit(monkeypatch):
    values = np.random.default_rng(0).normal(size=(90, 7, 3)).astype(np.float32)
    values[10:50, 2] = np.nan
    x = xr.DataArray(values, dims=("time", "vertex", "space"), coords={"time": np.arange(90) / 30})
    whole = resample(x, rate=10)
    monkeypatch.setattr("isc.preprocessing.resample.BLOCK_SAMPLES", 200)  # two series
    xr.testing.assert_identical(resample(x, rate=10), whole)


def test_a_long_recording_is_resampled_in_blocks():
    values = np.random.default_rng(0).normal(size=(6000, 1434)).astype(np.float32)
    x = xr.DataArray(values, dims=("time", "feature"), coords={"time": np.arange(6000) / 30})
    resample(x.isel(feature=slice(2)), rate=10)  # loads what is needed
    tracemalloc.start()
    resample(x, rate=10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * 8 * 2**22 * 0.75  # of the block: the whole recording would take 12 float64 copies of 66 MiB

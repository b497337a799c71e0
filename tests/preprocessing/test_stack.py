"""Recordings on one clock."""

import numpy as np
import pytest
import xarray as xr

from isc.preprocessing.stack import stack_subjects


def recording(start, stop, rate, n_feature=2):
    time = np.arange(start, stop, 1 / rate)
    values = np.stack([np.sin(time + f) for f in range(n_feature)], axis=1)
    return xr.DataArray(values, dims=("time", "vertex"), coords={"time": time}, attrs={"units": "a"})


def test_equal_times_mean_the_same_moment_whatever_the_cameras_did():
    cube = stack_subjects(
        {"sub-01": recording(-2.03, 31, 30), "sub-02": recording(-0.51, 33, 25)}, rate=20, extent="common"
    )
    inner = cube.sel(time=slice(0.5, 29))
    assert np.abs(inner[0] - inner[1]).max() < 0.01
    assert cube.attrs["rate_hz"] == 20
    assert cube["trimmed"].values == pytest.approx([2.0, 2.5], abs=0.6)


def test_different_spans_are_refused_unless_asked_for():
    parts = {"sub-01": recording(0, 30, 10), "sub-02": recording(0, 20, 10)}
    with pytest.raises(ValueError, match=r'cover different spans \(sub-02.*choose extent="common"'):
        stack_subjects(parts)
    assert stack_subjects(parts, extent="common")["time"].values[-1] == pytest.approx(19.9)
    union = stack_subjects(parts, extent="union")
    assert union["time"].values[-1] == pytest.approx(29.9)
    assert np.isnan(union.sel(subject="sub-02", time=slice(20.5, None))).all()
    assert union["valid_fraction"].values.tolist() == pytest.approx([1.0, 2 / 3], abs=0.01)


def test_the_lowest_rate_is_the_default():
    with pytest.warns(UserWarning, match=r"rates differ \(b: 12.5 Hz, a: 30 Hz\)"):
        assert stack_subjects({"a": recording(0, 10, 30), "b": recording(0, 10, 12.5)}).attrs["rate_hz"] == 12.5


def test_an_asked_for_rate_and_rates_that_hardly_differ_are_no_reason_for_a_warning(recwarn):
    stack_subjects({"a": recording(0, 10, 30), "b": recording(0, 10, 12.5)}, rate=10)
    stack_subjects({"a": recording(0, 10, 30), "b": recording(0, 10, 29.97)})
    assert not recwarn.list


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"a": recording(0, 10, 10)}, "at least two recordings, 1 given"),
        ({"a": recording(0, 10, 10), "b": recording(0, 10, 10, 3)}, "differ beside time"),
        ({"a": recording(0, 10, 10), "b": recording(0, 10, 10)[:, 0]}, "differ beside time"),
        ({"a": recording(0, 10, 10), "b": recording(0, 10, 10).rename(time="frame")}, "dim time is missing"),
        ({"a": recording(0, 10, 10), "b": recording(20, 30, 10)}, "different spans"),
    ],
)
def test_errors(parts, message):
    with pytest.raises(ValueError, match=message):
        stack_subjects(parts)


def test_recordings_that_never_overlap_are_refused():
    with pytest.raises(ValueError, match="share no stretch of time"):
        stack_subjects({"a": recording(0, 10, 10), "b": recording(20, 30, 10)}, extent="common")


@pytest.mark.parametrize("tr", [0.72, 0.8, 1.5, 2.2, 3.0])
def test_volumes_of_any_repetition_time_are_samples_and_no_gaps(tr):
    rng = np.random.default_rng(0)
    seconds = np.arange(150) * tr
    one = xr.DataArray(rng.normal(size=(150, 2)), dims=("time", "region"), coords={"time": seconds})
    cube = stack_subjects({"a": one, "b": one + 1})
    assert np.allclose(cube[0], one, atol=1e-5) and cube.sizes["time"] == 150


def test_a_lost_volume_is_missing_alone_when_it_lasts_longer_than_a_gap():
    one = xr.DataArray(np.arange(60.0), dims="time", coords={"time": np.arange(60) * 1.5})
    cube = stack_subjects({"a": one.where(one != 20), "b": one})
    assert np.flatnonzero(np.isnan(cube[0])).tolist() == [20] and not np.isnan(cube[1]).any()
    cube = stack_subjects({"a": one.isel(time=one != 20), "b": one}, rate=1 / 1.5)
    assert np.flatnonzero(np.isnan(cube[0])).tolist() == [20]

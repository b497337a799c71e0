"""Cubes: every fault is found once, together, and named."""

import numpy as np
import pytest
import xarray as xr

from isc.cube import check_cube, check_values, sampling_rate, subject_ids


def cube(n_subject=3, n_time=10, rate=10.0, **coords):
    values = np.zeros((n_subject, n_time, 2))
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords={"time": np.arange(n_time) / rate, **coords})


def test_a_good_cube_passes_in_any_order_of_dims():
    check_cube(cube().transpose("vertex", "time", "subject"))


def test_a_bare_array_is_refused_because_dims_are_never_guessed():
    with pytest.raises(TypeError, match="name the dims"):
        check_cube(np.zeros((3, 10, 2)))


def test_unnamed_dims_are_refused():
    with pytest.raises(ValueError, match="dim 'subject' is missing; dim 'time' is missing"):
        check_cube(xr.DataArray(np.zeros((3, 10))))


def test_all_faults_are_told_at_once():
    bad = cube(n_subject=2, subject=["sub-01", "sub-01"]).assign_coords(time=np.zeros(10))
    with pytest.raises(ValueError, match="subject 'sub-01' occurs 2 times; time does not increase strictly"):
        check_cube(bad)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (cube(n_subject=1), "2 subjects are needed, 1 given"),
        (cube().drop_vars("time"), "time has no coordinate"),
        (cube().isel(time=[0, 1, 2, 5, 6]), "time is uneven"),
        (cube().astype(complex), "values are complex128"),
        (cube(n_time=1), "fewer than two samples"),
        (cube().assign_coords(time=[str(k) for k in range(10)]), "not seconds"),
    ],
)
def test_each_fault_has_its_message(bad, message):
    with pytest.raises(ValueError, match=message):
        check_cube(bad)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("layout", ["C", "transposed", "dask"])
def test_an_unusable_value_is_named_by_subject_time_and_vertex(value, layout):
    bad = cube(subject=["a", "b", "c"], vertex=[7, 8])
    bad.values[1, 4, 1] = value
    bad.values[0, 0, 0] = np.nan
    if layout == "transposed":
        bad = bad.transpose("vertex", "subject", "time")
    if layout == "dask":
        bad = bad.chunk(time=3, vertex=1)
    with pytest.raises(ValueError, match=r"subject b.*time 0.4|time 0.4.*subject b|vertex 8, subject b, time 0.4"):
        check_values(bad)


def test_missing_values_pass():
    good = cube()
    good.values[:] = np.nan
    check_values(good)


@pytest.mark.parametrize("rate", [12.5, 25.0, 30000 / 1001, 59.94])
def test_the_rate_comes_back_from_decimal_time_stamps(rate):
    assert sampling_rate(cube(n_time=1000, rate=rate)) == pytest.approx(rate, rel=1e-9)


def test_subjects_without_labels_are_numbered():
    assert subject_ids(cube()) == ["0", "1", "2"]

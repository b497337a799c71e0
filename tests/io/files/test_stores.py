"""What is read from zarr and netCDF is what was written, for any reader and without warnings."""

import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isc.io.files.stores import append_zarr, read_netcdf, read_zarr, write_netcdf, write_zarr

FORMATS = {"zarr": (write_zarr, read_zarr), "netCDF": (write_netcdf, read_netcdf)}
DTYPES = ["float32", "float64", "int8", "uint8", "int32", "int64", "bool", ">f4", "float16"]


@pytest.fixture(params=FORMATS)
def there_and_back(request, tmp_path):
    """Write and read a data set; warnings are errors."""
    write, read = FORMATS[request.param]
    count = iter(range(10_000))

    def run(dataset):
        path = tmp_path / f"store{next(count)}"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            write(dataset, path)
            return read(path)

    return run


def recording():
    """Every kind of coordinate and attribute that a product has."""
    rng = np.random.default_rng(0)
    landmarks = rng.normal(size=(7, 4, 3)).astype(np.float32)
    landmarks[2] = np.nan
    return xr.Dataset(
        {"landmarks": (("time", "vertex", "space"), landmarks, {"units": "px"})},
        coords={
            "time": ("time", np.arange(7) / 30, {"units": "s", "long_name": "time"}),
            "space": ["x", "y", "z"],
            "name": ("vertex", ["browDownLeft", "", "é", "🙂"]),
            "subject": "sub-01",
            "detected": ("time", np.arange(7) != 2),
            "n_face": ("time", np.ones(7, np.uint8)),
            "start_sample": ("time", np.arange(7)),
        },
        attrs={
            "rate_hz": 30.0,
            "seed": 3,
            "tracker": "MediaPipe",
            "empty": "",
            "raters": ["a", "b"],
            "lags": [0.5, 3.0],
        },
    )


def test_a_recording_comes_back_identical(there_and_back):
    back = there_and_back(recording())
    xr.testing.assert_identical(back.load(), recording())
    assert {name: variable.dtype for name, variable in back.variables.items()} == {
        name: variable.dtype for name, variable in recording().variables.items()
    }


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_of_number_comes_back(there_and_back, dtype):
    values = np.arange(6).reshape(2, 3).astype(dtype)
    back = there_and_back(xr.Dataset({"x": (("subject", "time"), values)}))["x"]
    assert back.dtype == values.dtype.newbyteorder("=")
    assert (back.values == values).all()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.lists(st.floats(width=32), max_size=20))
def test_every_float_comes_back_with_all_bits(there_and_back, values):
    column = np.array(values, np.float32)
    back = there_and_back(xr.Dataset({"x": ("time", column)}))["x"].values
    np.testing.assert_array_equal(back, column)


@pytest.mark.parametrize(
    "value",
    [
        *(1, -1.5, "s", True, None, float("inf")),
        *([1], [1.5], ["s"], [], [True, False], [1, 2.5], [1, "a"], {"a": [1]}, np.float32(0.5), np.int64(3)),
    ],
)
def test_every_kind_of_attribute_comes_back(there_and_back, value):
    attrs = there_and_back(xr.Dataset({"x": ("time", [1.0], {"a": value})}, attrs={"a": value}))
    assert attrs.attrs == {"a": value}
    assert attrs["x"].attrs == {"a": value}
    assert isinstance(attrs.attrs["a"], type(value) if not isinstance(value, np.generic) else int | float)


@pytest.mark.parametrize("units", ["seconds", "s", "seconds since 2026-01-01"])
def test_times_stay_numbers_whatever_their_units(there_and_back, units):
    back = there_and_back(xr.Dataset({"x": ("time", [1.0, 2.0], {"units": units})}))["x"]
    assert back.dtype == np.float64
    assert back.attrs == {"units": units}


def test_what_was_read_can_be_written_again(there_and_back):
    xr.testing.assert_identical(there_and_back(there_and_back(recording())).load(), recording())


def test_the_data_set_given_stays_as_it_was(there_and_back):
    given_set = recording()
    there_and_back(given_set)
    xr.testing.assert_identical(given_set, recording())
    assert given_set["space"].dtype.kind == "U"


@pytest.mark.parametrize("values", [np.array(["2026-01-01"], "datetime64[ns]"), np.array([{}]), np.array([1j])])
def test_dates_and_objects_are_refused(there_and_back, values):
    with pytest.raises(TypeError, match="variable 'x' is .*; only numbers, booleans and text can be stored"):
        there_and_back(xr.Dataset({"x": ("time", values)}))


def test_attributes_without_a_json_form_are_refused(there_and_back):
    with pytest.raises(TypeError, match="has no JSON form"):
        there_and_back(xr.Dataset(attrs={"x": {1}}))


def test_an_empty_dimension_comes_back(there_and_back):
    empty = recording().isel(time=slice(0, 0))
    assert there_and_back(empty)["landmarks"].shape == (0, 4, 3)


@pytest.mark.parametrize("write", [write_zarr, write_netcdf])
def test_equal_content_gives_equal_bytes(tmp_path, write):
    for name in ("a", "b"):
        write(recording(), tmp_path / name)
    contents = [
        {path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in files if path.is_file()}
        for name in ("a", "b")
        for files in [[tmp_path / name, *(tmp_path / name).rglob("*")]]
    ]
    assert contents[0] == contents[1]


def test_a_cube_is_cut_so_that_a_feature_is_read_over_all_time(tmp_path):
    import zarr

    cube = xr.Dataset({"cube": (("subject", "time", "vertex", "space"), np.zeros((3, 900, 40, 3), np.float32))})
    write_zarr(cube, tmp_path / "cube")
    stored = zarr.open_group(tmp_path / "cube", mode="r")["cube"]
    assert stored.chunks == (1, 900, 16, 3)
    assert "lz4" in str(stored.compressors) and "bitshuffle" in str(stored.compressors)


@pytest.mark.parametrize("sizes", [[10], [1] * 10, [3, 7], [9, 1]])
def test_a_recording_appended_in_blocks_is_that_written_at_once(tmp_path, sizes):
    later = recording().assign_coords(time=recording()["time"] + 1)
    whole = xr.concat([recording(), later], "time", data_vars="minimal").isel(time=slice(0, 10))
    write_zarr(whole, tmp_path / "whole")
    edges = np.cumsum([0, *sizes])
    write_zarr(whole.isel(time=slice(0, sizes[0])), tmp_path / "blocks")
    for first, last in zip(edges[1:-1], edges[2:], strict=True):
        append_zarr(whole.isel(time=slice(first, last)), tmp_path / "blocks")
    xr.testing.assert_identical(read_zarr(tmp_path / "blocks").load(), whole)
    for path in (tmp_path / "whole").rglob("*"):
        if path.is_file():
            assert (tmp_path / "blocks" / path.relative_to(tmp_path / "whole")).read_bytes() == path.read_bytes()

"""Layout: values as people store them to series as kernels read them."""

import numpy as np
import pytest

from isc.kernels.windows.layout import relayout

VALUES = np.random.default_rng(0).normal(300, 30, (3, 130, 35, 2))


def typical(series):
    """Lower median of the finite values among fifteen samples, else the first finite one, else 0."""
    looks = series[:: max(1, series.size // 15)][:15]
    found = np.sort(looks[np.isfinite(looks)])
    if found.size:
        return found[(found.size - 1) // 2]
    finite = series[np.isfinite(series)]
    return finite[0] if finite.size else 0.0


def expected(values):
    moved = np.moveaxis(values.astype(np.float64), (0, 1, 2, 3), (2, 3, 0, 1))
    return moved - np.apply_along_axis(typical, -1, moved)[..., None]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", ">f8", "i2", "u1", "i8"])
def test_every_dtype_and_byte_order_gives_the_same_series(dtype):
    values = np.clip(VALUES, 0, 250).round().astype(dtype)
    series = relayout(values)
    assert series.dtype == np.float32 and series.flags.c_contiguous
    np.testing.assert_array_equal(series, expected(values))


@pytest.mark.parametrize("view", [np.s_[:, ::-1], np.s_[:, ::3, ::2], np.s_[::2, :, :, ::-1], np.s_[:, :1]])
def test_any_strides_are_read(view):
    np.testing.assert_array_equal(relayout(VALUES[view]), expected(VALUES[view]).astype(np.float32))


def test_fortran_order_is_read():
    np.testing.assert_array_equal(relayout(np.asfortranarray(VALUES)), relayout(VALUES))


def test_a_level_of_1e8_costs_no_precision():
    wave = np.sin(np.arange(200.0)).reshape(1, 200, 1, 1)
    moved = relayout(1e8 + wave).ravel()
    np.testing.assert_allclose(moved - moved[0], (wave - wave[0, 0]).ravel(), atol=1e-7)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_an_outlier_at_the_beginning_costs_no_precision(dtype):
    wave = (300 + np.sin(np.arange(200.0))).astype(dtype)
    wave[0] = 1e8
    moved = relayout(wave.reshape(1, 200, 1, 1)).ravel()[1:].astype(float)
    np.testing.assert_allclose(moved - moved[0], wave[1:].astype(float) - float(wave[1]), atol=2e-7)


def test_a_series_that_is_finite_where_nobody_looks_has_its_first_value_as_origin():
    values = np.full((1, 130, 1, 1), np.nan)
    values[0, 9:12, 0, 0] = 5, 6, 7
    assert relayout(values).ravel()[9:12].tolist() == [0, 1, 2]


def test_gaps_stay_and_a_finite_value_is_the_origin():
    values = VALUES.copy()
    values[0, :5], values[1, 40:50, 3], values[2, :, 7] = np.nan, np.nan, np.nan
    values[1, 0, 0, 0] = np.inf
    series = relayout(values)
    np.testing.assert_array_equal(series, expected(values).astype(np.float32))


def test_read_only_values_are_not_changed():
    values = VALUES.astype(np.float32)
    before = values.tobytes()
    values.flags.writeable = False
    relayout(values)
    assert values.tobytes() == before

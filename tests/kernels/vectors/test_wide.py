"""Sixteen lanes do what sixteen scalars do."""

import numpy as np
from numba import njit

from isc.kernels.vectors.wide import between, load_wide, splat_wide, transpose_wide

LOW, HIGH = np.float32(-1), np.float32(1)


@njit
def inside(values):
    return between(splat_wide(LOW), load_wide(values, 0), splat_wide(HIGH))


@njit
def transposed(source, target):
    transpose_wide(source, 0, 20, 0, target, 0, 16)


def test_lanes_between_two_limits_are_named_by_bits_and_nan_is_not_between():
    values = np.zeros(16, np.float32)
    values[[1, 3, 4, 5, 15]] = np.nan, 1, -1, np.inf, -2
    assert inside(values) == sum(1 << k for k in range(16) if k not in (1, 3, 4, 5, 15))


def test_sixteen_rows_become_columns():
    source, target = np.arange(320, dtype=np.float32), np.zeros(256, np.float32)
    transposed(source, target)
    np.testing.assert_array_equal(target.reshape(16, 16), source.reshape(16, 20)[:, :16].T)

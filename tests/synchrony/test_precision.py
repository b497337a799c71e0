"""Errors against float64 on pixel data, as the benchmark prints them."""

import pytest

from benchmarks.precision import DATA, errors


@pytest.mark.parametrize("name", DATA)
def test_every_statistic_is_within_1e_5_of_float64(name):
    found = errors(name)
    assert len(found) == 6
    assert max(found.values()) <= 1e-5, found

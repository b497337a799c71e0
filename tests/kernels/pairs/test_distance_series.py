"""Stored distances are those of the definition."""

import numpy as np
import pytest

from isc.kernels.pairs.distance_series import distance_series
from tests import reference


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_time", [1, 64, 130])
def test_distances_are_euclidean(dtype, n_time):
    points = np.random.default_rng(0).normal(size=(3, n_time, 5, 3)).astype(dtype)
    points[1, 0, 2] = np.nan
    a, b = np.triu_indices(5, 1)
    found = distance_series(points, a, b)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference.distances(points, a, b), rtol=1e-6)

"""A null to draw."""

import numpy as np
import pytest
import xarray as xr


@pytest.fixture
def null() -> xr.DataArray:
    """Extremes of 200 surrogates of a circular shift."""
    half = np.random.default_rng(1).normal(0.2, 0.02, (200, 2))
    coords = {"extreme": ["min", "max"]}
    attrs = {"scheme": "circular_shift", "scope": "recording"}
    return xr.DataArray(half * [-1, 1], dims=("surrogate", "extreme"), coords=coords, attrs=attrs)

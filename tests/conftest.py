"""Shared fixtures and settings: where the external data are, a face and a synchrony result to show, no stopwatch."""

import os
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import settings

from isc.mesh import mean_shape
from isc.preprocessing.align import align_faces

REPOSITORY = Path(__file__).resolve().parents[1]
N_WINDOW = 21

# Machines are shared: a slow example says nothing about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def external_data() -> Path:
    """Folder of other people's research data; the test is skipped where it is absent."""
    folder = Path(os.environ.get("ISC_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"external data folder not found ({folder.name}); set ISC_DATA")
    return folder


@pytest.fixture(scope="session")
def shape() -> xr.DataArray:
    """Mean shape of a real face, (vertex, space), inter-ocular distances."""
    with resources.files("isc.simulate").joinpath("portrait_landmarks.txt").open(encoding="utf-8") as file:
        landmarks = np.loadtxt(file)
    return mean_shape(align_faces(xr.DataArray([landmarks] * 2, dims=("time", "vertex", "space"))))


@pytest.fixture
def tisc() -> xr.DataArray:
    """t-ISC of 21 windows and 478 vertices: noise, and a mouth in synchrony from the 6th window to the 10th."""
    values = np.random.default_rng(0).normal(0, 0.05, (N_WINDOW, 478))
    values[5:10, :100] += 0.4
    start = np.arange(N_WINDOW) * 5 / 3
    coords = {name: ("window", start + after) for name, after in (("start", 0.0), ("time", 2.5), ("stop", 5.0))}
    coords |= {"vertex": np.arange(478), "n_subject": (("window", "vertex"), np.full((N_WINDOW, 478), 21))}
    attrs = {"estimator": "pairwise", "summary": "mean", "units": "1"}
    return xr.DataArray(values, dims=("window", "vertex"), coords=coords, name="tisc", attrs=attrs)


@pytest.fixture
def agreement(tisc) -> xr.DataArray:
    """Share of 20 raters with a peak, on the windows of `tisc`."""
    coords = {"time": tisc["time"], "n_raters": ("window", np.full(N_WINDOW, 20))}
    share = np.where((tisc["time"] > 8) & (tisc["time"] < 20), 0.5, 0.05)
    return xr.DataArray(share, dims="window", coords=coords, attrs={"method": "share"})

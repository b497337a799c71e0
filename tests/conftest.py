"""Shared fixtures and settings: where the external data are, a face and a synchrony result to show, no stopwatch."""

import os
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from hypothesis import settings

from isc.mesh import mean_shape
from isc.preprocessing.align import align_faces

REPOSITORY = Path(__file__).resolve().parents[1]
N_WINDOW = 21
if TYPE_CHECKING:
    from isc.stages.run import RunRequest

# A small study rendered, tracked and analysed once for all tests that ask for it.
EPOCHS = ((2.0, 9.5), (16.5, 24.0))
DURATION = 28.0
SETTINGS = """
task = "film"
title = "Small study <script>alert(1)</script>"
[cube]
extent = "common"
[null]
n_surrogates = 99
"""

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


@pytest.fixture(scope="session")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> "RunRequest":
    """The request of a study of six viewers (one shares nothing) that was rendered and run whole."""
    from isc.demo import write_demo_study
    from isc.simulate import simulate_audience
    from isc.stages.run import RunRequest, processors, run

    folder = tmp_path_factory.mktemp("small") / "study"
    audience = simulate_audience(6, duration=DURATION, n_solo=1, epochs=EPOCHS, seed=5)
    write_demo_study(folder, audience, n_procs=processors())
    settings = folder / "code" / "small.toml"
    settings.write_text(SETTINGS)
    request = RunRequest(folder, folder / "derivatives" / "isc", settings=settings)
    assert run(request) == 0
    return request


@pytest.fixture
def copied(analysed: "RunRequest", tmp_path: Path) -> Callable[..., "RunRequest"]:
    """Function that copies the study, with or without its derivatives, for a test to spoil."""
    from isc.stages.run import RunRequest

    def copy(*, derivatives: bool) -> "RunRequest":
        folder = tmp_path / "study"
        left_out = None if derivatives else shutil.ignore_patterns("derivatives")
        shutil.copytree(analysed.bids_dir, folder, ignore=left_out)
        return RunRequest(folder, folder / "derivatives" / "isc", settings=folder / "code" / "small.toml")

    return copy

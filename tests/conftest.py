"""Shared fixtures and settings: where the external data are; property tests without a stopwatch."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from isc.stages.run import RunRequest

REPOSITORY = Path(__file__).resolve().parents[1]
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

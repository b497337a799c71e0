"""Shared fixtures and settings: where the external data are; property tests without a stopwatch."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]

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

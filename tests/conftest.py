"""Shared fixtures: where the external data are, and a folder for this run's cache."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def external_data() -> Path:
    """Folder of other people's research data; the test is skipped where it is absent."""
    folder = Path(os.environ.get("ISC_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"external data folder not found ({folder.name}); set ISC_DATA")
    return folder

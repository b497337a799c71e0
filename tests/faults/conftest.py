"""One generated film and its pictures for all tests of faulty films."""

from pathlib import Path

import numpy as np
import pytest

from tests.faults.films import face_film, pictures_of


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a generated face at 10 frames per second."""
    return face_film(tmp_path_factory.mktemp("films") / "face.mp4")


@pytest.fixture(scope="session")
def pictures(film: Path) -> np.ndarray:
    """Its pictures, (time 31, height, width, 3)."""
    return pictures_of(film)

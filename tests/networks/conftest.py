"""Tests of networks need PyTorch (extra ``networks``); without it they are skipped, and the reason is said."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent
WITHOUT_TORCH = {"test_init.py", "test_crops.py", "test_comparison.py"}


def pytest_collection_modifyitems(items):
    for item in items:
        if find_spec("torch") is None and FOLDER in item.path.parents and item.path.name not in WITHOUT_TORCH:
            item.add_marker(pytest.mark.skip(reason="needs PyTorch: pip install 'isc-toolkit[networks]'"))


@pytest.fixture(autouse=True)
def one_thread():
    """Small networks gain nothing from threads, and wait for one another on a busy machine."""
    if find_spec("torch") is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def spots():
    """Small pictures (sample, 16, 16, 3) of bytes: a bright spot above (class 0), below (1) or at the left (2)."""
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 3
    pictures = rng.integers(0, 90, (60, 16, 16, 3))
    for picture, code in zip(pictures, codes, strict=True):
        row, column = ((2, 6), (10, 6), (6, 1))[code]
        picture[row : row + 4, column : column + 4] += 150
    return pictures.astype(np.uint8), codes

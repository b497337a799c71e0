"""Tests of networks: those that need PyTorch (extra ``networks``) skip themselves without it and say why."""

from importlib.util import find_spec

import numpy as np
import pytest


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

"""Every network of the zoo learns from crops of any size, head first if wanted."""

import numpy as np
import pytest
import xarray as xr

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import Recipe, zoo  # noqa: E402
from isc.networks.transformer import GridTransformer  # noqa: E402
from isc.networks.zoo import ZOO, fit_member, say  # noqa: E402

TWO = Recipe(n_iterations=2, validate_every=1, optimizer="adam", learning_rates={"": 1e-3})


@pytest.fixture
def corpus(shape):
    """Twelve clips of two crops of 32 px, with landmarks."""
    rng = np.random.default_rng(0)
    flat = shape.values[:, :2]
    points = 4 + 24 * (flat - flat.min(axis=0)) / np.ptp(flat, axis=0).max()
    variables = {
        "crop": (("clip", "frame", "row", "column", "channel"), rng.integers(0, 255, (12, 2, 32, 32, 3), np.uint8)),
        "crop_landmark": (("clip", "frame", "vertex", "axis"), np.tile(points, (12, 2, 1, 1))),
    }
    return xr.Dataset(variables)


@pytest.mark.parametrize("name", ZOO)
def test_every_network_learns_from_crops_of_another_size(corpus, name):
    codes = np.arange(12) % 3
    model = fit_member(name, corpus, codes, 3, training=np.arange(6), validation=np.arange(6, 9), recipe=TWO)
    said = say(name, model, corpus, np.arange(9, 12))
    assert said.shape == (3, 3) and said.sum(axis=1) == pytest.approx(np.ones(3))


def test_the_head_learns_alone_first(corpus, monkeypatch):
    seen = []

    def train(model, batches, loss, score, *, recipe, **places):
        seen.append((recipe.n_iterations, dict(recipe.learning_rates), places))

    monkeypatch.setattr(zoo, "train", train)
    parts = {"training": np.arange(6), "validation": np.arange(6, 9)}
    fit_member("vgg", corpus, np.arange(12) % 3, 3, **parts, recipe=TWO, head_first=5, name="whole")
    assert seen == [(5, {"head": 1e-3, "": 0.0}, {}), (2, {"": 1e-3}, {"name": "whole"})]


def test_a_network_that_is_not_there_and_crops_of_a_size_not_meant_are_refused(corpus):
    with pytest.raises(ValueError, match="there is no network 'magic' in the zoo; there are se_resnet, vgg"):
        fit_member("magic", corpus, np.zeros(12, int), 1, training=np.arange(6), validation=np.arange(6))
    with pytest.raises(ValueError, match="this network is for crops of 64 px; given 32 x 32; set size"):
        GridTransformer(3)(torch.zeros(1, 3, 32, 32))

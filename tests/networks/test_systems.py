"""Networks as systems of the comparison: they learn, they repeat themselves, they do not see the person left out."""

import numpy as np
import pytest
import xarray as xr

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import Recipe, compact_se_resnet, cross_validate_system, fit_crops  # noqa: E402
from isc.networks.comparison import SYSTEMS, Fold, load_systems  # noqa: E402
from isc.networks.systems import COMPACT, PUBLISHED, clip_probabilities, crop_table  # noqa: E402

SHORT = Recipe(**COMPACT.settings() | {"n_iterations": 30, "validate_every": 10})


@pytest.fixture
def corpus(spots):
    """Five people with twelve clips of two crops each; the label is where the spot is."""
    pictures, codes = spots
    crops = np.stack([pictures, pictures[:, :, ::-1].copy()], axis=1)
    crops[:, 1] = pictures
    coords = {"clip": [f"c{n}" for n in range(60)], "subject": ("clip", np.repeat(list("12345"), 12))}
    coords |= {"label": ("clip", np.array(["up", "down", "left"])[codes])}
    return xr.Dataset({"crop": (("clip", "frame", "row", "column", "channel"), crops)}, coords)


def short(fold):
    return fit_crops(fold, compact_se_resnet, recipe=SHORT, batch_size=12, width=4)


def test_a_network_recognises_what_it_learnt_on_people_never_seen(corpus, tmp_path):
    result = cross_validate_system(corpus, short, folder=tmp_path)
    assert float((result["predicted"] == result["label"]).mean()) > 0.6
    assert np.allclose(result["probability"].sum("class"), 1)
    assert sorted(path.name for path in tmp_path.glob("*/log.csv")) == ["log.csv"] * 5


def fold_of(corpus, test="5"):
    subject = corpus["subject"].values
    codes = np.where(subject == test, -1, np.unique(corpus["label"].values, return_inverse=True)[1])
    rows = [np.flatnonzero(np.isin(subject, people)) for people in (list("123"), ["4"], [test])]
    return Fold(corpus, codes, ["down", "left", "up"], *rows)


def test_the_same_fold_gives_the_same_bits_and_its_test_labels_do_not_matter(corpus):
    first, again = short(fold_of(corpus)), short(fold_of(corpus))
    assert np.array_equal(first, again)
    other = corpus.assign_coords(label=("clip", np.where(corpus["subject"] == "5", "up", corpus["label"])))
    assert np.array_equal(first, short(fold_of(corpus)._replace(corpus=other)))


def test_clips_are_called_what_their_crops_say_on_average(corpus):
    fold = fold_of(corpus)
    table, codes = crop_table(fold, fold.test)
    assert len(table) == 24 and set(codes) == {-1}

    class Told(torch.nn.Module):
        def forward(self, pictures):
            certain = torch.arange(len(pictures)) % 2 * 1.0
            return torch.log(torch.stack([0.2 + 0.6 * certain, 0.8 - 0.6 * certain], 1))

    assert np.allclose(clip_probabilities(Told(), table, 12), 0.5)


def test_all_systems_of_the_package_are_registered():
    assert "se_resnet" in load_systems() and load_systems() is SYSTEMS


def test_the_published_recipe_has_the_published_numbers():
    assert (PUBLISHED.n_parts, PUBLISHED.validate_every, PUBLISHED.momentum) == (4, 3920, 0.9)
    assert PUBLISHED.weight_decay == 0.005 and PUBLISHED.learning_rates == {"head": 1e-3, "": 1e-6}

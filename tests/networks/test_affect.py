"""Valence and arousal are learnt where they are known."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import AffectNetwork, ArrayTable, Batches, Recipe, affect_loss, affect_scorer, build, train  # noqa: E402
from isc.networks.affect import concordance  # noqa: E402


class Features(torch.nn.Module):
    def features(self, values):
        return values


def test_concordance_is_lins_and_lower_than_the_correlation_when_scale_or_level_differ():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 50))
    assert concordance(first, first) == 1.0 and concordance(first, -first) < 0
    covariance = np.cov(first, second, bias=True)
    expected = 2 * covariance[0, 1] / (np.trace(covariance) + (first.mean() - second.mean()) ** 2)
    assert concordance(first, second) == pytest.approx(expected)
    assert concordance(first, first + 1) < 1 and np.isnan(concordance(first[:1], first[:1]))


def test_what_is_not_known_does_not_count():
    batch = {"input": torch.tensor([[0.5, 0.0], [0.0, 0.0]]), "affect": torch.tensor([[1.0, float("nan")], [0.0, 1.0]])}
    assert [float(v) for v in affect_loss(torch.nn.Identity(), batch)] == [1.25, 3.0]


def test_a_network_learns_both():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(200, 6)).astype(np.float32)
    affect = np.tanh(values[:, :2] * 0.8)
    affect[::7, 1] = np.nan
    table = ArrayTable(input=values, affect=affect.astype(np.float32))
    model = build(lambda: AffectNetwork(Features(), 6), seed=0)
    recipe = Recipe(
        n_iterations=200, validate_every=50, criterion="ccc", optimizer="adam", learning_rates={"": 0.02},
        weight_decay=0.0,
    )  # fmt: skip
    best = train(model, Batches(table, size=40), affect_loss, affect_scorer(table, affect), recipe=recipe).best
    assert best["ccc"] > 0.95 and best["rmse_valence"] < 0.1


def test_samples_without_a_row_are_refused():
    with pytest.raises(ValueError, match=r"every sample needs valence and arousal; given \(3, 2\) for 2 samples"):
        affect_scorer(ArrayTable(input=np.zeros((2, 2))), np.zeros((3, 2)))

"""Scores of networks are those of isc.classification."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import ArrayTable, class_scorer, probabilities  # noqa: E402


def test_the_criterion_is_two_thirds_f1_and_one_third_accuracy():
    said, codes = np.eye(3)[[0, 0, 1, 2, 2]] * 9, np.array([0, 1, 1, 2, 0])
    scores = class_scorer(ArrayTable(input=said), codes, 3)(torch.nn.Identity())
    f1 = np.mean([0.5, 2 / 3, 2 / 3])
    assert scores["accuracy"] == pytest.approx(0.6)
    assert scores["macro_f1"] == pytest.approx(f1)
    assert scores["abaw"] == pytest.approx(0.67 * f1 + 0.33 * 0.6)


def test_the_log_loss_is_that_of_the_true_class():
    scores = class_scorer(ArrayTable(input=np.log([[0.8, 0.2], [0.5, 0.5]])), np.array([0, 1]), 2)(torch.nn.Identity())
    assert scores["log_loss"] == pytest.approx(-(np.log(0.8) + np.log(0.5)) / 2, rel=1e-5)


def test_many_samples_in_blocks_and_some_rows_keep_their_order():
    logits = np.random.default_rng(0).normal(size=(150, 4))
    table, model = ArrayTable(input=logits), torch.nn.Identity()
    whole = probabilities(model, table)
    assert np.allclose(whole.sum(axis=1), 1) and whole.argmax(axis=1).tolist() == logits.argmax(axis=1).tolist()
    assert np.array_equal(probabilities(model, table, rows=[149, 3]), whole[[149, 3]])


def test_a_network_speaks_in_evaluation_mode_and_goes_on_learning():
    model = torch.nn.Dropout(0.9).train()
    said = probabilities(model, ArrayTable(input=np.eye(2)))
    assert said[0, 0] == pytest.approx(np.e / (np.e + 1)) and model.training


def test_every_sample_needs_its_class():
    with pytest.raises(ValueError, match="given 1 classes of 2 samples"):
        class_scorer(ArrayTable(input=np.eye(2)), np.array([0]), 2)

"""The style extractor learns what makes a face neutral; fusion models are of equal size and learn."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import ArrayTable, Batches, Recipe, build, class_scorer, cross_entropy, train  # noqa: E402
from isc.networks.style import (  # noqa: E402
    FusionModel,
    StyleExtractor,
    fusion_pair,
    n_parameters,
    style_extractor,
    style_loss,
    style_scorer,
)


@pytest.fixture
def sequences():
    """Neutral movements by phone, and the same with an offset."""
    rng = np.random.default_rng(0)
    phone = rng.integers(0, 3, (60, 8))
    neutral = rng.normal(size=(3, 6))[phone]
    return (neutral + 1.5).astype(np.float32), neutral.astype(np.float32), phone


def test_it_takes_away_the_offset_and_names_the_phones(sequences):
    emotional, neutral, phone = sequences
    table = ArrayTable(input=emotional, neutral=neutral, phone=phone)
    model = build(StyleExtractor, 6, 3, seed=0, width=24)
    recipe = Recipe(
        n_iterations=250, validate_every=50, criterion="error", optimizer="adam", learning_rates={"": 5e-3},
        weight_decay=0.0,
    )  # fmt: skip
    best = train(model, Batches(table, size=20), style_loss(), style_scorer(table), recipe=recipe).best
    assert best["before"] == pytest.approx(1.5, rel=1e-4) and best["error"] < 0.2 and best["phone_accuracy"] > 0.95
    style = model.style(torch.from_numpy(emotional)).detach().numpy()
    assert style.mean() == pytest.approx(1.5, abs=0.1)


def test_the_loss_is_the_error_of_a_frame_and_the_weighted_phones(sequences):
    emotional, neutral, phone = (torch.from_numpy(part[:2]) for part in sequences)
    model = build(StyleExtractor, 6, 3, seed=0, width=8)
    said, phones = model(emotional)
    phone[0, :3] = -1  # not known
    total, weight = style_loss(0.3)(model, {"input": emotional, "neutral": neutral, "phone": phone})
    logs = torch.log_softmax(phones, 2)
    known = [-logs[i, t, phone[i, t]] for i in range(2) for t in range(8) if phone[i, t] >= 0]
    expected = ((said - neutral) ** 2).mean(2).sum() + 0.3 * sum(known)
    assert float(weight) == 16 and float(total.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)


def test_without_phones_there_is_no_head_for_them(sequences):
    model = build(StyleExtractor, 6, 0, seed=0, width=8)
    assert model(torch.zeros(1, 2, 6))[1] is None
    table = ArrayTable(input=sequences[0], neutral=sequences[1], phone=sequences[2])
    assert np.isnan(style_scorer(table)(model)["phone_accuracy"])


def test_sizes_of_the_layers_are_those_of_the_formula():
    """Dense v w + w; LSTM 4 (2 w^2 + 2 w); mesh w v + v; phones w p + p."""
    v, w, p = 3 * 468, 256, 40
    assert n_parameters(style_extractor(468, 40)) == v * w + w + 4 * (2 * w * w + 2 * w) + w * v + v + w * p + p


def test_both_fusion_models_have_nearly_as_many_parameters():
    for sizes in ((48, 156), (4096, 1404), (20, 3)):
        a, b = fusion_pair(4, *sizes)
        assert abs(n_parameters(a) - n_parameters(b)) < 0.03 * n_parameters(a)


def test_a_fusion_model_learns_from_either_stream():
    rng = np.random.default_rng(1)
    codes = np.arange(90) % 3
    features = rng.normal(size=(90, 5, 9)).astype(np.float32)
    features[:, :, 6:] += 2 * np.eye(3)[codes][:, None]  # the second stream tells
    table = ArrayTable(input=features, code=codes)
    model = build(FusionModel, 3, (6, 3), seed=0, width=8)
    recipe = Recipe(n_iterations=80, validate_every=20, optimizer="adam", learning_rates={"": 1e-2}, weight_decay=0.0)
    score = class_scorer(table, codes, 3)
    assert train(model, Batches(table, size=30), cross_entropy(), score, recipe=recipe).best["accuracy"] > 0.95
    with torch.no_grad():
        assert torch.allclose(model(torch.from_numpy(features)).exp().sum(1), torch.ones(90), atol=1e-5)


def test_sizes_below_one_are_refused():
    with pytest.raises(ValueError, match="n_value and width are 1 at least"):
        StyleExtractor(0, 3)
    with pytest.raises(ValueError, match="classes, streams and width are 1 at least"):
        FusionModel(3, (4, 0))

"""Parts of a batch add up to the whole; the mean of weighted means does not."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import accumulate_gradient, build, class_weights, cross_entropy  # noqa: E402

CODES = torch.tensor([0, 0, 0, 0, 0, 1, 2, 0])
WEIGHTS = class_weights(CODES.numpy(), 3)


@pytest.fixture
def batch():
    return {"input": torch.randn(8, 5, generator=torch.Generator().manual_seed(1)), "code": CODES}


def gradient(model, loss, batch, n_parts):
    value = accumulate_gradient(model, loss, batch, n_parts=n_parts)
    return value, torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def test_published_class_weights_are_most_frequent_over_each():
    counts = np.array([506600, 22103, 13509, 10000, 145994, 87496, 37387])
    codes = np.repeat(np.arange(7), counts)
    published = [1, 22.92, 37.5, 50.66, 3.47, 5.79, 13.55]
    assert class_weights(codes, 7) == pytest.approx(published, abs=0.005)


def test_a_class_without_samples_cannot_be_weighted():
    with pytest.raises(ValueError, match=r"each of the 3 classes needs a sample .* \[2, 1, 0\]"):
        class_weights([0, 0, 1], 3)


@pytest.mark.parametrize("n_parts", [2, 3, 4, 8])
def test_the_gradient_of_parts_is_that_of_the_whole_weighted_batch(batch, n_parts):
    model, loss = build(torch.nn.Linear, 5, 3, seed=2).double(), cross_entropy(WEIGHTS.astype(np.float64))
    batch["input"] = batch["input"].double()
    reference = torch.nn.functional.cross_entropy(model(batch["input"]), CODES, weight=torch.tensor(WEIGHTS).double())
    expected = torch.cat([g.flatten() for g in torch.autograd.grad(reference, list(model.parameters()))])
    value, found = gradient(model, loss, batch, n_parts)
    assert value == pytest.approx(reference.item(), rel=1e-6)
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_the_mean_of_the_parts_weighted_means_is_another_gradient(batch):
    model = build(torch.nn.Linear, 5, 3, seed=2)
    _, right = gradient(model, cross_entropy(WEIGHTS), batch, 2)
    means = [
        torch.nn.functional.cross_entropy(model(batch["input"][rows]), CODES[rows], weight=torch.tensor(WEIGHTS))
        for rows in (slice(0, 4), slice(4, 8))
    ]
    wrong = torch.cat([g.flatten() for g in torch.autograd.grad(sum(means) / 2, list(model.parameters()))])
    assert (right - wrong).abs().max() > 0.05


def test_a_convolutional_network_gives_the_same_in_parts_when_its_normalisation_is_frozen(batch):
    from isc.networks import compact_se_resnet

    model = build(compact_se_resnet, 3, width=4, seed=0).eval()
    batch["input"] = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    whole, parts = (gradient(model, cross_entropy(WEIGHTS), batch, n)[1] for n in (1, 4))
    assert torch.allclose(whole, parts, rtol=1e-3, atol=1e-5)


def test_parts_are_at_most_samples(batch):
    with pytest.raises(ValueError, match="a batch of 8 samples has 1 to 8 parts; given 9"):
        accumulate_gradient(torch.nn.Linear(5, 3), cross_entropy(), batch, n_parts=9)


def test_weights_that_add_up_to_nothing_are_refused(batch):
    with pytest.raises(ValueError, match="the weights of a batch add up to 0"):
        accumulate_gradient(torch.nn.Linear(5, 3), cross_entropy(np.zeros(3)), batch)

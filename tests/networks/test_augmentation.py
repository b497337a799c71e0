"""Pictures change as they were told to, each by its own draws."""

import colorsys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import jitter_colours, make_jitter  # noqa: E402

ONE, ZERO = np.ones(2), np.zeros(2)


@pytest.fixture
def pictures():
    return 0.3 + 0.4 * torch.rand(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))


def test_factors_of_one_change_nothing(pictures):
    assert torch.allclose(jitter_colours(pictures, ONE, ONE, ONE, ZERO), pictures, atol=1e-5)


def test_brightness_multiplies_and_each_picture_has_its_own_factor(pictures):
    changed = jitter_colours(pictures, np.array([0.5, 1.2]), ONE, ONE, ZERO)
    assert torch.allclose(changed[0], pictures[0] * 0.5, atol=1e-5)
    assert torch.allclose(changed[1], pictures[1] * 1.2, atol=1e-5)


def test_contrast_keeps_the_mean_light_and_saturation_every_pixels_light(pictures):
    light = torch.tensor([0.299, 0.587, 0.114])
    luma = torch.einsum("i,nirc->nrc", light, pictures)
    flat = torch.einsum("i,nirc->nrc", light, jitter_colours(pictures, ONE, ZERO, ONE, ZERO))
    assert torch.allclose(flat, luma.mean(dim=(1, 2), keepdim=True).expand_as(flat), atol=1e-5)
    grey = jitter_colours(pictures, ONE, ONE, ZERO, ZERO)
    assert torch.allclose(grey, luma[:, None].expand_as(grey), atol=1e-5)


def test_a_third_of_a_turn_makes_red_green_and_light_stays():
    red = torch.tensor([0.5, 0.4, 0.4]).view(1, 3, 1, 1)
    turned = [jitter_colours(red, np.ones(1), np.ones(1), np.ones(1), np.array([t])).flatten() for t in (1 / 3, -1 / 3)]
    hues = [colorsys.rgb_to_hsv(*colour.tolist())[0] for colour in turned]
    assert hues == pytest.approx([1 / 3, 2 / 3], abs=0.07)
    for colour in turned:
        assert float(colour @ torch.tensor([0.299, 0.587, 0.114])) == pytest.approx(0.4299, abs=2e-3)


def test_values_stay_between_black_and_white(pictures):
    changed = jitter_colours(pictures, ONE * 1.9, ONE * 1.9, ONE * 1.9, ONE * 0.3)
    assert changed.min() >= 0 and changed.max() <= 1


def test_half_of_many_pictures_are_mirrored_and_nothing_else_changes():
    batch = {"input": torch.arange(4, dtype=torch.float32).view(1, 1, 1, 4).expand(400, 3, 2, 4) / 8}
    jitter = make_jitter(brightness=0, contrast=0, saturation=0, hue=0)
    changed = jitter(batch, np.random.default_rng(0))["input"]
    mirrored = changed[:, 0, 0, 0] > 0.3
    assert 0.4 < mirrored.float().mean() < 0.6
    assert torch.allclose(changed[mirrored], batch["input"][mirrored].flip(-1), atol=1e-5)
    assert torch.allclose(changed[~mirrored], batch["input"][~mirrored], atol=1e-5)


def test_the_draws_are_those_of_the_generator():
    batch = {"input": torch.full((3, 4, 4, 3), 120, dtype=torch.uint8)}
    first, again, other = (make_jitter()(batch, np.random.default_rng(seed))["input"] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize(("name", "value", "limit"), [("hue", 0.6, "0.5"), ("contrast", 1.5, "1"), ("flip", -0.1, "1")])
def test_values_out_of_range_are_refused(name, value, limit):
    with pytest.raises(ValueError, match=f"{name} must lie between 0 and {limit}"):
        make_jitter(**{name: value})

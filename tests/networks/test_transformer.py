"""The transformer computes what its formula says, and its attention can be followed."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import ArrayTable, Batches, Recipe, build, class_scorer, cross_entropy, train  # noqa: E402
from isc.networks.transformer import GridTransformer, PatchTransformer, landmark_transformer  # noqa: E402


@pytest.fixture
def patches():
    return torch.rand(3, 14, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def test_attention_is_that_of_torch(patches):
    model = build(landmark_transformer, 8, seed=1).eval()
    own = model.layers[0].attention
    other = torch.nn.MultiheadAttention(64, own.n_head, batch_first=True)
    other.load_state_dict({
        "in_proj_weight": own.project.weight, "in_proj_bias": own.project.bias,
        "out_proj.weight": own.merge.weight, "out_proj.bias": own.merge.bias,
    })  # fmt: skip
    tokens = torch.randn(2, 5, 64, generator=torch.Generator().manual_seed(2))
    ours, theirs = own(tokens), other(tokens, tokens, tokens, average_attn_weights=False)
    assert torch.allclose(ours[0], theirs[0], atol=1e-6) and torch.allclose(ours[1], theirs[1], atol=1e-6)


def test_rollout_is_the_product_of_the_layers(patches):
    model = build(landmark_transformer, 8, seed=1).eval()
    weights = [w.mean(dim=1) for w in model._encode(patches)[1]]
    assert model.attention(patches).shape == (3, 3, 4, 14)
    eye = torch.eye(15)
    product = (weights[2] + eye) / 2 @ ((weights[1] + eye) / 2) @ ((weights[0] + eye) / 2)
    share = product[:, 0, 1:] / product[:, 0, 1:].sum(dim=1, keepdim=True)
    assert torch.allclose(model.rollout(patches), share, atol=1e-6)
    assert torch.allclose(share.sum(dim=1), torch.ones(3))


def test_the_order_of_patches_matters(patches):
    model = build(landmark_transformer, 8, seed=1).eval()
    assert not torch.allclose(model(patches), model(patches.flip(1)), atol=1e-3)


def test_a_grid_takes_the_picture_apart_row_by_row():
    picture = torch.arange(16.0).view(1, 1, 4, 4).repeat(1, 3, 1, 1)
    model = GridTransformer(2, size=4, patch_size=2, width=12, n_layer=1, n_head=2)
    seen = []
    model.embed.register_forward_hook(lambda module, given, out: seen.append(given[0] + 0.5))
    model(picture)
    assert seen[0][0, 1, :4].tolist() == [2.0, 3.0, 6.0, 7.0]


def test_it_learns_which_patch_is_bright_and_attends_to_it():
    rng = np.random.default_rng(0)
    codes = np.arange(120) % 2
    patches = rng.integers(0, 120, (120, 4, 6, 6, 3)).astype(np.uint8)
    patches[np.arange(120), 2, :, :, 0] = np.where(codes == 1, 220, 20)[:, None, None]
    table = ArrayTable(input=patches, code=codes)
    model = build(PatchTransformer, 2, seed=0, n_patch=4, patch_size=6, width=16, n_layer=1, n_head=2)
    recipe = Recipe(n_iterations=80, validate_every=20, optimizer="adam", learning_rates={"": 3e-3}, weight_decay=0.0)
    done = train(model, Batches(table, size=24), cross_entropy(), class_scorer(table, codes, 2), recipe=recipe)
    assert done.best["accuracy"] > 0.95
    with torch.no_grad():
        share = model.rollout(torch.from_numpy(patches).movedim(-1, -3).float() / 255).mean(dim=0)
    assert int(share.argmax()) == 2


@pytest.mark.parametrize("options", [{"width": 10, "n_head": 4}, {"n_layer": 0}])
def test_sizes_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match="sizes are 1 at least and n_head divides width"):
        PatchTransformer(2, n_patch=4, patch_size=6, **options)


def test_patches_that_do_not_tile_a_crop_are_refused():
    with pytest.raises(ValueError, match="patches of 16 px do not tile a crop of 40 px"):
        GridTransformer(2, size=40)

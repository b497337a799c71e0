"""The published architecture: counts, shapes, names."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import SENet, build, compact_se_resnet, load_weights, se_resnet50  # noqa: E402
from isc.networks.senet import VGGFACE2_KEYS, VGGFACE2_MEAN  # noqa: E402

BLOCKS, CLASSES = (3, 4, 6, 3), 8631


def published_shapes(blocks=BLOCKS, width=64, classes=CLASSES):
    """Names and shapes of the published VGGFace2 weights, written down from their layer table."""
    shapes = {"conv1.weight": (width, 3, 7, 7)} | norm("bn1", width)
    channels = width
    for stage, n_block in enumerate(blocks, start=1):
        inner = width * 2 ** (stage - 1)
        out = inner * 4
        for block in range(n_block):
            start = f"layer{stage}.{block}"
            shapes |= {f"{start}.conv1.weight": (inner, channels, 1, 1)} | norm(f"{start}.bn1", inner)
            shapes |= {f"{start}.conv2.weight": (inner, inner, 3, 3)} | norm(f"{start}.bn2", inner)
            shapes |= {f"{start}.conv3.weight": (out, inner, 1, 1)} | norm(f"{start}.bn3", out)
            shapes |= {f"{start}.conv4.weight": (out // 16, out, 1, 1), f"{start}.conv4.bias": (out // 16,)}
            shapes |= {f"{start}.conv5.weight": (out, out // 16, 1, 1), f"{start}.conv5.bias": (out,)}
            if block == 0:
                shapes |= {f"{start}.downsample.0.weight": (out, channels, 1, 1)} | norm(f"{start}.downsample.1", out)
            channels = out
    return shapes | {"fc.weight": (classes, channels), "fc.bias": (classes,)}


def norm(name, n):
    return {f"{name}.{part}": (n,) for part in ("weight", "bias", "running_mean", "running_var")}


def translated(name):
    from isc.networks.weights import _translated

    return _translated(name, VGGFACE2_KEYS)


def test_every_published_weight_has_its_place_and_shape_in_the_network():
    with torch.device("meta"):
        model = se_resnet50(CLASSES)
    own = {n: tuple(t.shape) for n, t in model.state_dict().items() if not n.endswith("num_batches_tracked")}
    assert {translated(name): shape for name, shape in published_shapes().items()} == own


def test_it_has_the_published_number_of_parameters():
    with torch.device("meta"):
        model = se_resnet50(7)
    body = sum(p.numel() for name, p in model.named_parameters() if not name.startswith("head"))
    # ResNet-50 without head, and for each block of c channels two layers to c / 16 units and back, with biases
    weighing = sum(n * (c * c // 8 + c + c // 16) for n, c in zip(BLOCKS, (256, 512, 1024, 2048), strict=True))
    assert body == 23_508_032 + weighing == 26_039_024
    assert model.head.weight.shape == (7, 2048)


def test_the_weights_of_the_published_network_are_loaded_but_for_the_head(tmp_path):
    rng = np.random.default_rng(0)
    shapes = published_shapes((1, 1), 4, 9)
    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, tmp_path / "senet.pth")
    model = build(SENet, 7, blocks=(1, 1), width=4, seed=0)
    kept = load_weights(model, tmp_path / "senet.pth", key_map=VGGFACE2_KEYS, without=("head",))
    assert kept == ["head.weight", "head.bias"]
    assert np.array_equal(model.stages[1][0].excite.weight.detach().numpy(), arrays["layer2.0.conv5.weight"])


def test_the_forward_pass_is_the_published_one():
    """Written down once more, without modules: stride first, pool that rounds up, channels weighed, shortcut added."""
    model = build(SENet, 3, blocks=(1, 1), width=4, inputs="vggface2", seed=1).eval()
    for parameter in model.parameters():
        parameter.data += 0.01
    x, w, f = torch.rand(2, 3, 35, 35), model.state_dict(), torch.nn.functional

    def normed(x, name):
        return f.batch_norm(
            x, w[f"{name}.running_mean"], w[f"{name}.running_var"], w[f"{name}.weight"], w[f"{name}.bias"]
        )

    y = x[:, [2, 1, 0]] * 255 - torch.tensor(VGGFACE2_MEAN).view(1, 3, 1, 1)
    y = torch.relu(normed(f.conv2d(y, w["stem.0.weight"], stride=2, padding=3), "stem.1"))
    y = f.max_pool2d(y, 3, stride=2, ceil_mode=True)
    assert y.shape[-1] == 9  # 8 if the pool rounded down
    for stage, stride in ((0, 1), (1, 2)):
        s = f"stages.{stage}.0"
        z = torch.relu(normed(f.conv2d(y, w[f"{s}.conv1.weight"], stride=stride), f"{s}.bn1"))
        z = torch.relu(normed(f.conv2d(z, w[f"{s}.conv2.weight"], padding=1), f"{s}.bn2"))
        z = normed(f.conv2d(z, w[f"{s}.conv3.weight"]), f"{s}.bn3")
        v = torch.relu(f.conv2d(z.mean((2, 3), keepdim=True), w[f"{s}.squeeze.weight"], w[f"{s}.squeeze.bias"]))
        v = torch.sigmoid(f.conv2d(v, w[f"{s}.excite.weight"], w[f"{s}.excite.bias"]))
        y = torch.relu(z * v + normed(f.conv2d(y, w[f"{s}.shortcut.0.weight"], stride=stride), f"{s}.shortcut.1"))
    expected = y.mean((2, 3)) @ w["head.weight"].T + w["head.bias"]
    assert torch.allclose(model(x), expected, rtol=1e-4, atol=1e-4)


def test_the_compact_network_is_the_same_code_and_small():
    model = compact_se_resnet(7)
    assert isinstance(model, SENet)
    assert 3e5 < sum(p.numel() for p in model.parameters()) < 8e5


@pytest.mark.parametrize(
    ("options", "message"),
    [({"width": 0}, "classes, width and blocks are 1 at least"), ({"inputs": "imagenet"}, "'unit' or 'vggface2'")],
)
def test_impossible_networks_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SENet(7, **options)

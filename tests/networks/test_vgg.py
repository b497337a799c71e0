"""VGG-16 as published: counts, shapes, names of both sets of weights."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import VGG, build, narrow_vgg16, vgg16  # noqa: E402
from isc.networks.vgg import IMAGENET_KEYS, VGGFACE_KEYS  # noqa: E402

CHANNELS = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
IMAGENET_PLACES = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
VGGFACE_NAMES = ["1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2", "4_3", "5_1", "5_2", "5_3"]


def published_shapes(conv_names, linear_names, classes):
    shapes, before = {}, 3
    for name, channels in zip(conv_names, CHANNELS, strict=True):
        shapes |= {f"{name}.weight": (channels, before, 3, 3), f"{name}.bias": (channels,)}
        before = channels
    sizes = ((4096, 25088), (4096, 4096), (classes, 4096))
    for name, (out, inner) in zip(linear_names, sizes, strict=True):
        shapes |= {f"{name}.weight": (out, inner), f"{name}.bias": (out,)}
    return shapes


@pytest.mark.parametrize(
    ("convolutions", "linear", "keys", "classes", "count"),
    [
        ([f"features.{p}" for p in IMAGENET_PLACES], [f"classifier.{p}" for p in (0, 3, 6)], IMAGENET_KEYS, 1000,
         138_357_544),
        ([f"conv{n}" for n in VGGFACE_NAMES], ["fc6", "fc7", "fc8"], VGGFACE_KEYS, 2622, 145_002_878),
    ],
)  # fmt: skip
def test_every_published_weight_has_its_place_and_shape(convolutions, linear, keys, classes, count):
    from isc.networks.weights import _translated

    with torch.device("meta"):
        model = vgg16(classes)
    own = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    published = published_shapes(convolutions, linear, classes)
    assert {_translated(name, keys): shape for name, shape in published.items()} == own
    assert sum(p.numel() for p in model.parameters()) == count


def test_the_feature_of_a_face_is_the_first_fully_connected_layer():
    model = build(VGG, 7, stages=((4,), (8,)), n_unit=16, grid=3, seed=0).eval()
    pictures = torch.rand(2, 3, 40, 40)
    assert model.features(pictures).shape == (2, 16) and model.features(pictures).min() >= 0
    assert model(pictures).shape == (2, 7)


@pytest.mark.parametrize("options", [{"n_unit": 0}, {"dropout": 1.0}, {"stages": ((0,),)}])
def test_impossible_networks_are_refused(options):
    with pytest.raises(ValueError, match="classes, channels, units and grid are 1 at least"):
        VGG(7, **options)


def test_the_narrow_network_has_the_sixteen_layers_of_the_whole_one():
    with torch.device("meta"):
        whole, narrow = vgg16(7), narrow_vgg16(7, divisor=4)
    shapes = [{name: tensor.shape for name, tensor in model.state_dict().items()} for model in (whole, narrow)]
    assert list(shapes[0]) == list(shapes[1]) and len(shapes[0]) == 2 * 16
    for name in shapes[0]:
        if name.startswith("conv") and name.endswith("bias"):
            assert shapes[1][name][0] * 4 == shapes[0][name][0]
    with pytest.raises(ValueError, match="divisor must lie between 1 and 64, which leaves a channel; given 65"):
        narrow_vgg16(7, divisor=65)


@pytest.mark.parametrize(
    ("inputs", "seen"),
    [("unit", [0.5, 0.0, -0.5]), ("vggface", [125.8137, 22.7376, -93.594]), ("imagenet", [2.2489, 0.1964, -1.8044])],
)
def test_pictures_are_changed_into_what_the_weights_expect(inputs, seen):
    """A pixel of red 1, green 0.5 and blue 0, by hand."""
    model = build(VGG, 2, stages=((4,),), n_unit=4, grid=1, inputs=inputs, seed=0)
    given = []
    model.conv.register_forward_hook(lambda module, values, out: given.append(values[0]))
    model(torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1).expand(1, 3, 4, 4))
    assert given[0][0, :, 2, 2].tolist() == pytest.approx(seen, abs=1e-3)
    with pytest.raises(ValueError, match="inputs must be one of .*; given 'caffe'"):
        VGG(2, inputs="caffe")

"""Residual networks that weigh their channels (SE-ResNet), in the layout of the published VGGFace2 weights.

That layout: a 7 x 7 stem, a pool that rounds up, the stride of a stage in its first 1 x 1 convolution, and channel
weights from the mean of each channel through two small layers (Hu et al. 2018).
"""

from collections.abc import Sequence

import torch
from torch import nn

from isc.networks.weights import KeyMap

EXPANSION = 4  # channels of a block's output for each inner channel
REDUCTION = 16  # channels for each unit of the layer that weighs them
# The published weights expect channels blue, green, red from 0 to 255 less these means.
VGGFACE2_MEAN = (91.4953, 103.8827, 131.0912)
# Names of the published PyTorch weights of VGGFace2 (senet50_ft, senet50_scratch).
VGGFACE2_KEYS: KeyMap = (
    (r"^conv1\.", "stem.0."),
    (r"^bn1\.", "stem.1."),
    (r"^layer(\d)\.(\d)\.downsample\.", r"stages.\1.\2.shortcut."),
    (r"^layer(\d)\.(\d)\.conv4\.", r"stages.\1.\2.squeeze."),
    (r"^layer(\d)\.(\d)\.conv5\.", r"stages.\1.\2.excite."),
    (r"^layer(\d)\.(\d)\.", r"stages.\1.\2."),
    (r"^stages\.1\.", "stages.0."),
    (r"^stages\.2\.", "stages.1."),
    (r"^stages\.3\.", "stages.2."),
    (r"^stages\.4\.", "stages.3."),
    (r"^fc\.", "head."),
)


class _Block(nn.Module):
    """Bottleneck: 1 x 1, 3 x 3, 1 x 1, then every channel times its weight, then the shortcut."""

    def __init__(self, channels: int, inner: int, stride: int) -> None:
        super().__init__()
        out = inner * EXPANSION
        self.conv1, self.bn1 = nn.Conv2d(channels, inner, 1, stride=stride, bias=False), nn.BatchNorm2d(inner)
        self.conv2, self.bn2 = nn.Conv2d(inner, inner, 3, padding=1, bias=False), nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = nn.Conv2d(inner, out, 1, bias=False), nn.BatchNorm2d(out)
        units = max(out // REDUCTION, 1)
        self.squeeze, self.excite = nn.Conv2d(out, units, 1), nn.Conv2d(units, out, 1)
        self.shortcut = (
            nn.Identity()
            if stride == 1 and channels == out
            else nn.Sequential(nn.Conv2d(channels, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature maps (sample, channel, row, column)."""
        inner = torch.relu(self.bn1(self.conv1(x)))
        inner = torch.relu(self.bn2(self.conv2(inner)))
        out = self.bn3(self.conv3(inner))
        weight = torch.sigmoid(self.excite(torch.relu(self.squeeze(out.mean(dim=(2, 3), keepdim=True)))))
        return torch.relu(out * weight + self.shortcut(x))


class SENet(nn.Module):
    """SE-ResNet of any size.

    Parameters
    ----------
    n_class : int
        Outputs of the head.
    blocks : sequence of int
        Blocks of each stage.
    width : int
        Inner channels of the first stage; each further stage has twice as many.
    inputs : {"unit", "vggface2"}
        What the network does to pictures (RGB, 0 to 1) first: "unit" nothing but centring (0.5), "vggface2" channels
        blue, green, red in 0 to 255 less `VGGFACE2_MEAN`, as the published weights expect.
    stem_stride : int
        2 as published; 1 for small pictures.

    Raises
    ------
    ValueError
        When a number is below 1 or the inputs are not known.

    References
    ----------
    Hu, Shen & Sun 2018, CVPR 7132-7141, doi:10.1109/CVPR.2018.00745.
    Cao et al. 2018, IEEE FG 67-74, doi:10.1109/FG.2018.00020 (VGGFace2).

    Examples
    --------
    >>> SENet(7, blocks=(1, 1), width=8)(torch.zeros(2, 3, 48, 48)).shape
    torch.Size([2, 7])
    """

    def __init__(
        self,
        n_class: int,
        *,
        blocks: Sequence[int] = (3, 4, 6, 3),
        width: int = 64,
        inputs: str = "unit",
        stem_stride: int = 2,
    ) -> None:
        super().__init__()
        if min(n_class, width, *blocks) < 1:
            raise ValueError(f"classes, width and blocks are 1 at least; given {n_class}, {width} and {tuple(blocks)}")
        if inputs not in ("unit", "vggface2"):
            raise ValueError(f"inputs must be 'unit' or 'vggface2'; given {inputs!r}")
        self._inputs = inputs
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 7, stride=stem_stride, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
        )
        channels, stages = width, []
        for number, n_block in enumerate(blocks):
            inner = width * 2**number
            first = _Block(channels, inner, 1 if number == 0 else 2)
            channels = inner * EXPANSION
            stages.append(nn.Sequential(first, *(_Block(channels, inner, 1) for _ in range(n_block - 1))))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(channels, n_class)
        self._first_weights()

    def _first_weights(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """What the head sees (sample, channel); pictures (sample, 3, row, column), RGB, 0 to 1."""
        if self._inputs == "vggface2":
            mean = torch.tensor(VGGFACE2_MEAN, dtype=pictures.dtype, device=pictures.device)
            pictures = pictures.flip(1) * 255 - mean.view(1, 3, 1, 1)
        else:
            pictures = pictures - 0.5
        return self.stages(self.stem(pictures)).mean(dim=(2, 3))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Logits (sample, class)."""
        return self.head(self.features(pictures))


def se_resnet50(n_class: int = 7) -> SENet:
    """SE-ResNet-50 in the layout of VGGFace2: stages of 3, 4, 6 and 3 blocks, 26.0 million parameters and the head.

    Parameters
    ----------
    n_class : int
        Outputs; 8,631 in the published weights.

    Returns
    -------
    SENet
        Published weights: ``load_weights(model, path, key_map=VGGFACE2_KEYS, without=("head",))``.

    Examples
    --------
    >>> model = se_resnet50(7)
    >>> sum(p.numel() for name, p in model.named_parameters() if not name.startswith("head"))
    26039024
    """
    return SENet(n_class, inputs="vggface2")


def compact_se_resnet(n_class: int = 7, *, width: int = 16) -> SENet:
    """The same network with one block a stage and fewer channels, for crops of 48 to 64 pixels and two cores.

    Parameters
    ----------
    n_class : int
        Outputs.
    width : int
        Inner channels of the first stage.

    Returns
    -------
    SENet

    Examples
    --------
    >>> compact_se_resnet(7)(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 7])
    """
    return SENet(n_class, blocks=(1, 1, 1, 1), width=width)

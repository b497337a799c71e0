"""VGG with 16 layers, in the layout of the published ImageNet and VGG-Face weights."""

from collections.abc import Sequence

import torch
from torch import nn

from isc.networks.weights import KeyMap

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))  # channels of the convolutions
# What the published weights expect of pictures (RGB): factor, mean and standard deviation of each channel.
INPUTS = {
    "unit": (1.0, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)),
    "vggface": (255.0, (129.1863, 104.7624, 93.5940), (1.0, 1.0, 1.0)),
    "imagenet": (1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
# Names of VGG-Face (conv1_1 ... fc8) as published for Torch and its ports.
VGGFACE_KEYS: KeyMap = (
    (r"^conv(\d)_(\d)\.", r"conv.conv\1_\2."),
    (r"^fc8\.", "head."),
)
_PLACES = {1: (0, 2), 2: (5, 7), 3: (10, 12, 14), 4: (17, 19, 21), 5: (24, 26, 28)}  # in torchvision's features
# Names of torchvision's vgg16 (features.0 ..., classifier.0 ...).
IMAGENET_KEYS: KeyMap = (
    *(
        (rf"^features\.{place}\.", f"conv.conv{stage}_{number}.")
        for stage, places in _PLACES.items()
        for number, place in enumerate(places, start=1)
    ),
    (r"^classifier\.0\.", "fc6."),
    (r"^classifier\.3\.", "fc7."),
    (r"^classifier\.6\.", "head."),
)


class VGG(nn.Module):
    """VGG of any size; its first fully connected layer is the feature of a face.

    Parameters
    ----------
    n_class : int
        Outputs of the head.
    stages : sequence of sequence of int
        Channels of the 3 x 3 convolutions of each stage; a stage ends in a pool of 2 x 2.
    n_unit : int
        Units of each of the two fully connected layers.
    grid : int
        Side of the feature maps that the fully connected layers see; other sizes are averaged to it.
    dropout : float
        Share of units dropped while it learns.
    inputs : {"unit", "vggface", "imagenet"}
        What the network does to pictures (RGB, 0 to 1) first: "unit" nothing but centring (0.5), the others what the
        weights of `VGGFACE_KEYS` and of `IMAGENET_KEYS` expect. Ports of VGG-Face whose first convolution takes blue,
        green, red need its channels turned round.

    Raises
    ------
    ValueError
        When a number is below 1, the dropout is not a share, or the inputs are not known.

    References
    ----------
    Simonyan & Zisserman 2015, ICLR, arXiv 1409.1556. Parkhi, Vedaldi & Zisserman 2015, BMVC 41, doi:10.5244/C.29.41.

    Examples
    --------
    >>> VGG(7, stages=((8,), (16,)), n_unit=32, grid=2)(torch.zeros(2, 3, 48, 48)).shape
    torch.Size([2, 7])
    """

    def __init__(
        self,
        n_class: int,
        *,
        stages: Sequence[Sequence[int]] = STAGES,
        n_unit: int = 4096,
        grid: int = 7,
        dropout: float = 0.5,
        inputs: str = "unit",
    ) -> None:
        super().__init__()
        if inputs not in INPUTS:
            raise ValueError(f"inputs must be one of {tuple(INPUTS)}; given {inputs!r}")
        if min(n_class, n_unit, grid, *(min(stage) for stage in stages)) < 1 or not 0 <= dropout < 1:
            raise ValueError(f"classes, channels, units and grid are 1 at least, dropout is in [0, 1); given {dropout}")
        self._inputs = inputs
        layers, channels = nn.Sequential(), 3
        for stage, widths in enumerate(stages, start=1):
            for number, width in enumerate(widths, start=1):
                layers.add_module(f"conv{stage}_{number}", nn.Conv2d(channels, width, 3, padding=1))
                layers.add_module(f"relu{stage}_{number}", nn.ReLU())
                channels = width
            layers.add_module(f"pool{stage}", nn.MaxPool2d(2))
        self.conv, self.pool = layers, nn.AdaptiveAvgPool2d(grid)
        self.fc6, self.fc7 = nn.Linear(channels * grid**2, n_unit), nn.Linear(n_unit, n_unit)
        self.dropout, self.head = nn.Dropout(dropout), nn.Linear(n_unit, n_class)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear) and module is not self.head:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """First fully connected layer (sample, unit); pictures (sample, 3, row, column), RGB, 0 to 1."""
        factor, *columns = INPUTS[self._inputs]
        mean, spread = (torch.tensor(of, dtype=pictures.dtype).view(1, 3, 1, 1) for of in columns)
        pictures = (pictures * factor - mean.to(pictures.device)) / spread.to(pictures.device)
        return torch.relu(self.fc6(self.pool(self.conv(pictures)).flatten(1)))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Logits (sample, class)."""
        inner = self.dropout(self.features(pictures))
        return self.head(self.dropout(torch.relu(self.fc7(inner))))


def vgg16(n_class: int = 7, *, inputs: str = "unit") -> VGG:
    """VGG-16: 13 convolutions and three fully connected layers, 134.3 million parameters and the head.

    Parameters
    ----------
    n_class : int
        Outputs; 2,622 in VGG-Face, 1,000 in ImageNet's weights.
    inputs : {"unit", "vggface", "imagenet"}
        As in `VGG`; that of the weights that are loaded.

    Returns
    -------
    VGG
        Published weights: ``vgg16(7, inputs="vggface")`` and
        ``load_weights(model, path, key_map=VGGFACE_KEYS, without=("head",))``.

    Examples
    --------
    >>> with torch.device("meta"):
    ...     model = vgg16(1000)
    >>> sum(p.numel() for p in model.parameters())
    138357544
    """
    return VGG(n_class, inputs=inputs)


def narrow_vgg16(n_class: int = 7, *, divisor: int = 8) -> VGG:
    """The sixteen layers of VGG-16 with fewer channels and units, for two cores and crops of 64 px.

    Parameters
    ----------
    n_class : int
        Outputs.
    divisor : int
        By which the channels of every convolution are divided; the fully connected layers have 1024 / divisor units.

    Returns
    -------
    VGG
        0.28 million parameters for an eighth. Sixteen layers without batch normalisation are slow to begin from
        random weights: `isc.networks.systems` takes a low rate and no patience.

    Raises
    ------
    ValueError
        When the divisor is not between 1 and 64.

    Examples
    --------
    >>> sum(p.numel() for p in narrow_vgg16(7).parameters())
    280879
    """
    if not 1 <= divisor <= STAGES[0][0]:
        raise ValueError(f"divisor must lie between 1 and {STAGES[0][0]}, which leaves a channel; given {divisor}")
    stages = [[channels // divisor for channels in stage] for stage in STAGES]
    return VGG(n_class, stages=stages, n_unit=1024 // divisor, grid=2, dropout=0.2)


def compact_vgg(n_class: int = 7) -> VGG:
    """VGG that learns from first weights on two cores: four convolutions and three fully connected layers.

    Parameters
    ----------
    n_class : int
        Outputs.

    Returns
    -------
    VGG
        0.21 million parameters.

    Examples
    --------
    >>> sum(p.numel() for p in compact_vgg(7).parameters())
    209127
    """
    return VGG(n_class, stages=((16,), (32,), (64,), (64,)), n_unit=128, grid=4, dropout=0.2)

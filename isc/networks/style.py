"""Style extractor: what emotion adds to a speaking face, as the face less its neutral version; and its fusion."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from isc.networks.batches import Batch, Table


class StyleExtractor(nn.Module):
    """A dense layer and an LSTM that turn a sequence of emotional meshes into neutral ones, and name the phones.

    Parameters
    ----------
    n_value : int
        Numbers of a mesh, three a vertex.
    n_phone : int
        Phones that exist; 0 leaves their head away.
    width : int
        Units of the dense layer and of the LSTM.

    Raises
    ------
    ValueError
        When a size is below 1.

    References
    ----------
    Salman & Busso, Style extractor for facial expression recognition in the presence of speech (the design).

    Examples
    --------
    >>> neutral, phones = StyleExtractor(12, 5, width=8)(torch.zeros(2, 7, 12))
    >>> neutral.shape, phones.shape
    (torch.Size([2, 7, 12]), torch.Size([2, 7, 5]))
    """

    def __init__(self, n_value: int, n_phone: int, *, width: int = 64) -> None:
        super().__init__()
        if min(n_value, width) < 1 or n_phone < 0:
            raise ValueError(f"n_value and width are 1 at least, n_phone 0; given {n_value}, {width} and {n_phone}")
        self.dense, self.memory = nn.Linear(n_value, width), nn.LSTM(width, width, batch_first=True)
        self.mesh = nn.Linear(width, n_value)
        self.phone = nn.Linear(width, n_phone) if n_phone else None

    def forward(self, meshes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Neutral meshes (sample, time, value) and logits of the phones (sample, time, phone)."""
        inner, _ = self.memory(torch.relu(self.dense(meshes)))
        return meshes + self.mesh(inner), None if self.phone is None else self.phone(inner)

    def style(self, meshes: torch.Tensor) -> torch.Tensor:
        """The meshes less their neutral versions (sample, time, value)."""
        return meshes - self.forward(meshes)[0]


def style_extractor(n_vertex: int = 468, n_phone: int = 40, *, width: int = 256) -> StyleExtractor:
    """Style extractor for meshes of a face.

    Parameters
    ----------
    n_vertex, n_phone, width : int
        As in `StyleExtractor`; 40 phones cover English (ARPAbet and silence). The document does not state a width.

    Returns
    -------
    StyleExtractor

    Examples
    --------
    >>> sum(p.numel() for p in style_extractor(468, 40).parameters())
    1257124
    """
    return StyleExtractor(3 * n_vertex, n_phone, width=width)


def style_loss(phone_weight: float = 0.1) -> Callable[[nn.Module, Batch], tuple[torch.Tensor, torch.Tensor]]:
    """Squared distance to the aligned neutral mesh, and cross-entropy of the phones.

    Parameters
    ----------
    phone_weight : float
        Weight of the phones beside the mean squared error of a value.

    Returns
    -------
    callable
        Called with a `StyleExtractor` and a batch of ``input``, ``neutral`` (sample, time, value) and ``phone``
        (sample, time; -1 is not known): sum of losses of all frames, number of frames.

    Examples
    --------
    >>> batch = {"input": torch.zeros(1, 3, 6), "neutral": torch.zeros(1, 3, 6), "phone": torch.zeros(1, 3).long()}
    >>> float(style_loss()(StyleExtractor(6, 2, width=4), batch)[1])
    3.0
    """

    def loss(model: nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Sum of the losses of all frames, and their number."""
        neutral, phones = model(batch["input"])
        total = ((neutral - batch["neutral"]) ** 2).mean(dim=2).sum()
        if phones is not None:
            flat, codes = phones.flatten(0, 1), batch["phone"].flatten()
            total = total + phone_weight * cross_entropy(flat, codes, ignore_index=-1, reduction="sum")
        return total, torch.tensor(float(batch["input"].shape[0] * batch["input"].shape[1]))

    return loss


def style_scorer(table: Table) -> Callable[[nn.Module], dict[str, float]]:
    """Scores of a style extractor on validation sequences.

    Parameters
    ----------
    table : Table
        With ``input``, ``neutral`` and ``phone``.

    Returns
    -------
    callable
        Called with the network: error (root mean square distance of values to the aligned neutral mesh), before (the
        same for the mesh as it is) and phone_accuracy (NaN without phones).

    Examples
    --------
    >>> from isc.networks.batches import ArrayTable
    >>> still = np.zeros((2, 3, 6), dtype=np.float32)
    >>> table = ArrayTable(input=still, neutral=still + 1, phone=np.zeros((2, 3), dtype=int))
    >>> style_scorer(table)(StyleExtractor(6, 2, width=4))["before"]
    1.0
    """

    def score(model: nn.Module) -> dict[str, float]:
        """Scores of the network."""
        batch = table.batch(np.arange(len(table)))
        model.eval()
        with torch.no_grad():
            neutral, phones = model(batch["input"])
        known = batch["phone"] >= 0
        right = (
            float("nan") if phones is None else float((phones.argmax(dim=2) == batch["phone"])[known].float().mean())
        )
        errors = {"error": neutral, "before": batch["input"]}
        found = {name: float(((mesh - batch["neutral"]) ** 2).mean().sqrt()) for name, mesh in errors.items()}
        return found | {"phone_accuracy": right}

    return score


class FusionModel(nn.Module):
    """Streams of features of every frame, a dense layer each, one LSTM over both, and a mean of the frames' classes.

    Parameters
    ----------
    n_class : int
        Outputs.
    streams : sequence of int
        Numbers of each stream's features; they stand one behind the other in the input.
    width : int
        Units of each dense layer and of the LSTM.

    Raises
    ------
    ValueError
        When a size is below 1.

    Examples
    --------
    >>> FusionModel(4, (16, 12), width=8)(torch.zeros(2, 7, 28)).shape
    torch.Size([2, 4])
    """

    def __init__(self, n_class: int, streams: tuple[int, ...], *, width: int = 32) -> None:
        super().__init__()
        if min(n_class, width, *streams) < 1:
            raise ValueError(f"classes, streams and width are 1 at least; given {n_class}, {streams} and {width}")
        self.streams = tuple(streams)
        self.dense = nn.ModuleList(nn.Linear(n, width) for n in streams)
        self.memory = nn.LSTM(width * len(streams), width, batch_first=True)
        self.head = nn.Linear(width, n_class)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (sample, class): log of the mean over frames of the probabilities."""
        parts = features.split(self.streams, dim=2)
        dense = [torch.relu(layer(part)) for layer, part in zip(self.dense, parts, strict=True)]
        inner, _ = self.memory(torch.cat(dense, dim=2))
        return torch.softmax(self.head(inner), dim=2).mean(dim=1).clamp_min(1e-8).log()


def fusion_pair(n_class: int, n_static: int, n_style: int, *, width: int = 32) -> tuple[FusionModel, FusionModel]:
    """Model A, on static features and style, and model B, on static features alone, of nearly equal size.

    Parameters
    ----------
    n_class, n_static, n_style : int
    width : int
        Units of A; B has as many as bring its number of parameters nearest to that of A.

    Returns
    -------
    tuple of FusionModel
        A and B.

    Examples
    --------
    >>> a, b = fusion_pair(4, 64, 36)
    >>> [sum(p.numel() for p in model.parameters()) for model in (a, b)]
    [15940, 15884]
    """
    first = FusionModel(n_class, (n_static, n_style), width=width)
    wanted = n_parameters(first)
    sizes = {w: n_parameters(FusionModel(n_class, (n_static,), width=w)) for w in range(width, 3 * width)}
    nearest = min(sizes, key=lambda w: abs(sizes[w] - wanted))
    return first, FusionModel(n_class, (n_static,), width=nearest)


def n_parameters(model: nn.Module) -> int:
    """Number of parameters of a network."""
    return sum(parameter.numel() for parameter in model.parameters())

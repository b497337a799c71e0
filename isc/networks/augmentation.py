"""Pictures changed while a network learns: mirrored, and other light and colours."""

import numpy as np
import torch

from isc.networks.batches import Augment, Batch
from isc.networks.scoring import as_input

GREY = (0.299, 0.587, 0.114)  # luma of red, green and blue (ITU-R BT.601)
# Rotation about the grey axis in a space of luma and two chroma axes: the hue turns, luma stays (NTSC's YIQ).
_YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def make_jitter(
    *, flip: float = 0.5, brightness: float = 0.4, contrast: float = 0.3, saturation: float = 0.25, hue: float = 0.5
) -> Augment:
    """Function that changes the pictures of a batch, each by draws of its own.

    Parameters
    ----------
    flip : float
        Share of pictures mirrored left to right.
    brightness, contrast, saturation : float
        The picture, its departure from its mean luma, and from its own grey are multiplied by a factor between
        1 - value and 1 + value.
    hue : float
        Largest turn of the hue in either direction, of a full turn; 0.5 allows all hues, as published.

    Returns
    -------
    callable
        Called with a batch and a numpy generator; ``input`` becomes float32 (sample, channel, row, column), 0 to 1.

    Raises
    ------
    ValueError
        When a value is out of range.

    References
    ----------
    Cafarelli et al. 2021, arXiv 2101.09231 (the defaults).

    Examples
    --------
    >>> batch = {"input": torch.full((2, 8, 8, 3), 100, dtype=torch.uint8)}
    >>> make_jitter()(batch, np.random.default_rng(0))["input"].shape
    torch.Size([2, 3, 8, 8])
    """
    given = {"flip": flip, "brightness": brightness, "contrast": contrast, "saturation": saturation}
    wrong = [name for name, value in given.items() if not 0 <= value <= 1] + ["hue"] * (not 0 <= hue <= 0.5)
    if wrong:
        raise ValueError(f"{wrong[0]} must lie between 0 and {0.5 if wrong[0] == 'hue' else 1}")

    def augment(batch: Batch, rng: np.random.Generator) -> Batch:
        """Change ``input``."""
        pictures = as_input(batch["input"])
        n = len(pictures)
        mirrored = torch.from_numpy(rng.random(n) < flip)
        light, depth, colour = (rng.uniform(1 - width, 1 + width, n) for width in (brightness, contrast, saturation))
        turn = rng.uniform(-hue, hue, n)
        pictures = torch.where(mirrored[:, None, None, None], pictures.flip(-1), pictures)
        return batch | {"input": jitter_colours(pictures, light, depth, colour, turn)}

    return augment


def jitter_colours(
    pictures: torch.Tensor, brightness: np.ndarray, contrast: np.ndarray, saturation: np.ndarray, hue: np.ndarray
) -> torch.Tensor:
    """Pictures in other light and colours; values are kept between 0 and 1 after each step.

    Parameters
    ----------
    pictures : Tensor, shape (sample, 3, row, column)
        RGB, 0 to 1.
    brightness, contrast, saturation : ndarray, shape (sample,)
        Factors; 1 changes nothing.
    hue : ndarray, shape (sample,)
        Turn of the hue about the grey axis, of a full turn; 0 changes nothing, a third makes red green.

    Returns
    -------
    Tensor, same shape

    Examples
    --------
    >>> picture = torch.rand(1, 3, 4, 4)
    >>> one, zero = np.ones(1), np.zeros(1)
    >>> bool(torch.allclose(jitter_colours(picture, one, one, one, zero), picture, atol=1e-6))
    True
    """
    pictures = (pictures * _column(brightness)).clamp(0, 1)
    mean = _luma(pictures).mean(dim=(-2, -1), keepdim=True)
    pictures = (mean + (pictures - mean) * _column(contrast)).clamp(0, 1)
    grey = _luma(pictures)
    pictures = (grey + (pictures - grey) * _column(saturation)).clamp(0, 1)
    return torch.einsum("nij,njrc->nirc", _hue_matrices(hue), pictures).clamp(0, 1)


def _luma(pictures: torch.Tensor) -> torch.Tensor:
    weights = torch.tensor(GREY).view(1, 3, 1, 1)
    return (pictures * weights).sum(dim=1, keepdim=True)


def _column(values: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.asarray(values), dtype=torch.float32).view(-1, 1, 1, 1)


def _hue_matrices(turns: np.ndarray) -> torch.Tensor:
    """Matrix (sample, 3, 3) that turns the chroma of each picture."""
    angle = torch.as_tensor(2 * np.pi * np.asarray(turns), dtype=torch.float32)
    cos, sin, one, zero = angle.cos(), angle.sin(), torch.ones_like(angle), torch.zeros_like(angle)
    rows = [torch.stack(row, -1) for row in ((one, zero, zero), (zero, cos, sin), (zero, -sin, cos))]
    return torch.linalg.inv(_YIQ) @ torch.stack(rows, -2) @ _YIQ

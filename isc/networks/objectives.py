"""What is minimised: sums of weighted losses and sums of weights, so that parts of a batch add up to the whole."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy as torch_cross_entropy

from isc.networks.batches import Batch
from isc.networks.scoring import as_input

# Gives the sum of the weighted losses of the samples, and the sum of their weights.
Loss = Callable[[torch.nn.Module, Batch], tuple[torch.Tensor, torch.Tensor]]


def class_weights(codes: Sequence[int] | np.ndarray, n_class: int) -> np.ndarray:
    """Number of samples of the most frequent class over that of each class.

    Parameters
    ----------
    codes : array of int, shape (sample,)
        Classes of the training samples.
    n_class : int
        Classes that exist.

    Returns
    -------
    ndarray of float32, shape (class,)
        1 for the most frequent class, more for the others.

    Raises
    ------
    ValueError
        When a class has no sample.

    References
    ----------
    Cafarelli et al. 2021, arXiv 2101.09231 (the formula).

    Examples
    --------
    >>> class_weights([0, 0, 0, 0, 1, 1], 2).tolist()
    [1.0, 2.0]
    """
    counts = np.bincount(np.asarray(codes, dtype=np.int64), minlength=n_class)
    if counts.size > n_class or (counts == 0).any():
        raise ValueError(f"each of the {n_class} classes needs a sample to be weighted; they have {counts.tolist()}")
    return (counts.max() / counts).astype(np.float32)


def cross_entropy(weights: np.ndarray | None = None, *, target: str = "code") -> Loss:
    """Cross-entropy of the network's classes, weighted by true class.

    Parameters
    ----------
    weights : ndarray, shape (class,), optional
        From `class_weights`; by default all samples weigh 1.
    target : str
        Name of the tensor of the batch that holds the true classes; the network is given ``input``.

    Returns
    -------
    callable
        Called with network and batch: sum of weighted losses, sum of weights.

    Examples
    --------
    >>> loss = cross_entropy(np.array([1.0, 3.0]))
    >>> batch = {"input": torch.zeros(2, 2), "code": torch.tensor([0, 1])}
    >>> numerator, weight = loss(torch.nn.Identity(), batch)
    >>> round(float(numerator / weight), 4), float(weight)
    (0.6931, 4.0)
    """
    given = None if weights is None else torch.as_tensor(np.asarray(weights), dtype=torch.float32)

    def loss(model: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Sum of weighted losses and sum of weights."""
        codes, logits = batch[target], model(as_input(batch["input"]))
        chosen = torch.ones(logits.shape[1]) if given is None else given
        chosen = chosen.to(logits.dtype)
        return torch_cross_entropy(logits, codes, weight=chosen, reduction="sum"), chosen[codes].sum()

    return loss


def accumulate_gradient(model: torch.nn.Module, loss: Loss, batch: Batch, *, n_parts: int = 1) -> float:
    """Gradient of the weighted mean loss of a batch that goes through the network in parts.

    The numerators of the parts are added, and the sum of all weights divides once: the mean of the parts' weighted
    means is another number wherever parts have different weights. A network with batch normalisation in training
    mode normalises each part by itself, so there parts differ from the whole in that respect.

    Parameters
    ----------
    model : torch.nn.Module
        Its gradients are replaced.
    loss : callable
        As `cross_entropy` gives it.
    batch : dict of Tensor (sample, ...)
        The whole batch.
    n_parts : int
        Parts of as equal size as can be.

    Returns
    -------
    float
        Weighted mean loss.

    Raises
    ------
    ValueError
        When there are more parts than samples, or the weights add up to nothing.

    Examples
    --------
    >>> model = torch.nn.Linear(2, 2)
    >>> batch = {"input": torch.ones(4, 2), "code": torch.tensor([0, 1, 1, 1])}
    >>> whole, parts = (accumulate_gradient(model, cross_entropy(), batch, n_parts=n) for n in (1, 2))
    >>> abs(whole - parts) < 1e-6
    True
    """
    n_sample = len(next(iter(batch.values())))
    if not 1 <= n_parts <= n_sample:
        raise ValueError(f"a batch of {n_sample} samples has 1 to {n_sample} parts; given {n_parts}")
    model.zero_grad(set_to_none=True)
    total, weights = 0.0, 0.0
    for rows in torch.arange(n_sample).tensor_split(n_parts):
        numerator, weight = loss(model, {name: tensor[rows] for name, tensor in batch.items()})
        numerator.backward()
        total, weights = total + numerator.item(), weights + float(weight)
    if not weights > 0:
        raise ValueError(f"the weights of a batch add up to {weights:g}; give its samples weights above 0")
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad /= weights
    return total / weights

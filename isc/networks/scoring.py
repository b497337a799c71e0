"""What a network says of samples, and how right it is by the scores of `isc.classification`."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from isc.classification.scores import confusion_scores
from isc.networks.batches import Table

BLOCK = 64  # samples that go through a network at a time


def as_input(values: torch.Tensor) -> torch.Tensor:
    """Pictures of bytes (sample, row, column, channel) as numbers from 0 to 1 (sample, channel, row, column).

    Parameters
    ----------
    values : Tensor
        Anything but bytes stays as it is.

    Returns
    -------
    Tensor of float32

    Examples
    --------
    >>> as_input(torch.full((1, 4, 6, 3), 255, dtype=torch.uint8)).shape
    torch.Size([1, 3, 4, 6])
    """
    if values.dtype != torch.uint8:
        return values
    return values.movedim(-1, -3).to(torch.float32) / 255


def probabilities(model: torch.nn.Module, table: Table, *, rows: Sequence[int] | None = None) -> np.ndarray:
    """Probability of every class for every sample.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (sample, class) from ``input``; put into evaluation mode while it speaks.
    table : Table
        The samples.
    rows : sequence of int, optional
        By default all.

    Returns
    -------
    ndarray of float64, shape (sample, class)

    Examples
    --------
    >>> from isc.networks.batches import ArrayTable
    >>> probabilities(torch.nn.Identity(), ArrayTable(input=np.zeros((1, 2)))).tolist()
    [[0.5, 0.5]]
    """
    chosen = np.arange(len(table)) if rows is None else np.asarray(rows)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        blocks = [
            torch.softmax(model(as_input(table.batch(chosen[first : first + BLOCK])["input"])).double(), dim=1)
            for first in range(0, len(chosen), BLOCK)
        ]
    model.train(was_training)
    return torch.cat(blocks).numpy()


def class_scorer(table: Table, codes: np.ndarray, n_class: int) -> Callable[[torch.nn.Module], dict[str, float]]:
    """Scores of a network on validation samples.

    Parameters
    ----------
    table : Table
        The samples.
    codes : ndarray of int, shape (sample,)
        Their true classes.
    n_class : int
        Classes that exist.

    Returns
    -------
    callable
        Called with a network: accuracy, balanced_accuracy, macro_f1, kappa and abaw of
        `isc.classification.scores.confusion_scores`, and the mean log_loss.

    Raises
    ------
    ValueError
        When there is not a code for every sample.

    Examples
    --------
    >>> from isc.networks.batches import ArrayTable
    >>> score = class_scorer(ArrayTable(input=np.eye(2)), np.array([0, 1]), 2)
    >>> score(torch.nn.Identity())["accuracy"]
    1.0
    """
    if len(codes) != len(table):
        raise ValueError(f"every sample needs its class; given {len(codes)} classes of {len(table)} samples")

    def score(model: torch.nn.Module) -> dict[str, float]:
        """Scores of the network."""
        said = probabilities(model, table)
        counts = np.zeros((n_class, n_class))
        np.add.at(counts, (codes, said.argmax(axis=1)), 1)
        log_loss = -np.log(np.maximum(said[np.arange(len(codes)), codes], np.finfo(float).tiny)).mean()
        return {name: float(value) for name, value in confusion_scores(counts).items()} | {"log_loss": float(log_loss)}

    return score

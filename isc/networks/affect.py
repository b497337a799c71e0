"""Valence and arousal: a head beside the classes, its loss, and its scores."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from isc.networks.batches import Batch, Table
from isc.networks.scoring import BLOCK, as_input

AFFECT = ("valence", "arousal")


class AffectNetwork(nn.Module):
    """A network's features with a head for valence and arousal, each between -1 and 1.

    Parameters
    ----------
    network : torch.nn.Module
        With ``features`` (sample, n_feature), such as `isc.networks.SENet` or `landmark_transformer`.
    n_feature : int
        Numbers that ``features`` gives.

    Examples
    --------
    >>> from isc.networks.transformer import landmark_transformer
    >>> AffectNetwork(landmark_transformer(8), 64)(torch.zeros(2, 14, 3, 12, 12)).shape
    torch.Size([2, 2])
    """

    def __init__(self, network: nn.Module, n_feature: int) -> None:
        super().__init__()
        self.network, self.affect = network, nn.Linear(n_feature, len(AFFECT))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Valence and arousal (sample, 2)."""
        return torch.tanh(self.affect(self.network.features(pictures)))


def affect_loss(model: nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum of squared errors of valence and arousal, and the number of values; NaN in ``affect`` does not count.

    Parameters
    ----------
    model : torch.nn.Module
        As `AffectNetwork`.
    batch : mapping
        ``input``, and ``affect`` (sample, 2).

    Returns
    -------
    numerator, weight : Tensor
        For `isc.networks.train`.

    Examples
    --------
    >>> batch = {"input": torch.zeros(1, 2), "affect": torch.tensor([[1.0, float("nan")]])}
    >>> [float(value) for value in affect_loss(nn.Identity(), batch)]
    [1.0, 1.0]
    """
    said, true = model(as_input(batch["input"])), batch["affect"]
    known = torch.isfinite(true)
    error = torch.where(known, said - torch.nan_to_num(true), torch.zeros_like(said))
    return (error**2).sum(), known.sum().to(said.dtype)


def concordance(first: np.ndarray, second: np.ndarray) -> float:
    """Concordance correlation coefficient, the measure of the field: 2 cov / (var + var + (difference of means)^2).

    Parameters
    ----------
    first, second : ndarray, shape (sample,)
        Pairs with a NaN do not count.

    Returns
    -------
    float
        NaN for fewer than two pairs, or where neither varies.

    References
    ----------
    Lin 1989, Biometrics 45:255-268, doi:10.2307/2532051.

    Examples
    --------
    >>> concordance(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])).__round__(3)
    0.571
    """
    both = np.isfinite(first) & np.isfinite(second)
    a, b = np.asarray(first, float)[both], np.asarray(second, float)[both]
    if a.size < 2:
        return float("nan")
    spread = a.var() + b.var() + (a.mean() - b.mean()) ** 2
    return float(2 * np.mean((a - a.mean()) * (b - b.mean())) / spread) if spread > 0 else float("nan")


def affect_scorer(table: Table, affect: np.ndarray) -> Callable[[nn.Module], dict[str, float]]:
    """Scores of valence and arousal on validation samples.

    Parameters
    ----------
    table : Table
        The samples.
    affect : ndarray, shape (sample, 2)
        Their valence and arousal; NaN is not known.

    Returns
    -------
    callable
        Called with a network: ccc_valence, ccc_arousal, rmse_valence, rmse_arousal, and ccc, the mean of both (a
        criterion of `isc.networks.Recipe`).

    Raises
    ------
    ValueError
        When there is not a row for every sample.

    Examples
    --------
    >>> from isc.networks.batches import ArrayTable
    >>> affect = np.array([[0.5, -0.5], [-0.5, 0.5]])
    >>> affect_scorer(ArrayTable(input=affect), affect)(nn.Identity())["ccc"]
    1.0
    """
    affect = np.asarray(affect, dtype=float)
    if affect.shape != (len(table), len(AFFECT)):
        raise ValueError(f"every sample needs valence and arousal; given {affect.shape} for {len(table)} samples")

    def score(model: nn.Module) -> dict[str, float]:
        """Scores of the network."""
        said = _said(model, table)
        scores = {}
        for column, name in enumerate(AFFECT):
            scores[f"ccc_{name}"] = concordance(said[:, column], affect[:, column])
            scores[f"rmse_{name}"] = float(np.sqrt(np.nanmean((said[:, column] - affect[:, column]) ** 2)))
        return scores | {"ccc": (scores["ccc_valence"] + scores["ccc_arousal"]) / 2}

    return score


def _said(model: nn.Module, table: Table) -> np.ndarray:
    was_training = model.training
    model.eval()
    rows = np.arange(len(table))
    with torch.no_grad():
        parts = [model(as_input(table.batch(rows[n : n + BLOCK])["input"])) for n in range(0, len(rows), BLOCK)]
    model.train(was_training)
    return torch.cat(parts).double().numpy()

"""How a network is trained: numbers that a paper would state."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import torch

LOWER_IS_BETTER = ("log_loss", "loss", "error")


@dataclass(frozen=True)
class Recipe:
    """Settings of one training.

    Attributes
    ----------
    n_iterations : int
        Batches at most.
    n_parts : int
        Parts in which a batch goes through the network; the gradient is that of the whole batch.
    validate_every : int
        Iterations between two looks at the validation samples; each is also a checkpoint.
    patience : int, optional
        Validations in a row without a better criterion after which training stops; by default it never does.
    criterion : str
        Score that the best network is chosen by; of log_loss, loss and error the smallest, of others the largest.
    optimizer : {"sgd", "adam"}
        "sgd": with `momentum`.
    learning_rates : mapping of str to float
        Rate by the start of parameters' names; the longest that fits counts, "" fits all; 0 freezes. Such as
        ``{"head": 1e-3, "": 1e-6}``.
    momentum, weight_decay : float
        Of the optimizer.
    batch_norm : {"train", "frozen"}
        "frozen": batch normalisation keeps the means and variances that it has.
    seed : int
        Key of everything that a network draws while it learns.
    n_threads : int
        Bits are the same for the same number only; two threads hinder one another where other programs run.

    Raises
    ------
    ValueError
        When a number is out of range or a choice is not known.

    Examples
    --------
    >>> Recipe(learning_rates={"head": 1e-3, "": 1e-6}).momentum
    0.9
    """

    n_iterations: int = 300
    n_parts: int = 1
    validate_every: int = 25
    patience: int | None = None
    criterion: str = "abaw"
    optimizer: Literal["sgd", "adam"] = "sgd"
    learning_rates: Mapping[str, float] = field(default_factory=lambda: {"": 1e-2})
    momentum: float = 0.9
    weight_decay: float = 0.005
    batch_norm: Literal["train", "frozen"] = "train"
    seed: int = 0
    n_threads: int = 1

    def __post_init__(self) -> None:
        """Check every number once."""
        low = [n for n in ("n_iterations", "n_parts", "validate_every", "n_threads") if getattr(self, n) < 1]
        if low:
            raise ValueError(f"{low[0]} must be 1 at least; given {getattr(self, low[0])}")
        if self.patience is not None and self.patience < 1:
            raise ValueError(f"patience must be 1 validation at least, or None; given {self.patience}")
        if self.optimizer not in ("sgd", "adam"):
            raise ValueError(f"optimizer must be 'sgd' or 'adam'; given {self.optimizer!r}")
        if self.batch_norm not in ("train", "frozen"):
            raise ValueError(f"batch_norm must be 'train' or 'frozen'; given {self.batch_norm!r}")
        if not self.learning_rates or min(self.learning_rates.values()) < 0:
            raise ValueError(f"learning_rates needs a rate, none below 0; given {dict(self.learning_rates)}")

    def settings(self) -> dict[str, Any]:
        """All settings as plain values."""
        return asdict(self) | {"learning_rates": dict(self.learning_rates)}

    def is_better(self, score: float, best: float | None) -> bool:
        """Whether a score of the criterion beats the best so far; any number beats NaN."""
        if best is None:
            return True
        if math.isnan(best):
            return not math.isnan(score)
        return score < best if self.criterion in LOWER_IS_BETTER else score > best


def parameter_groups(model: torch.nn.Module, learning_rates: Mapping[str, float]) -> list[dict[str, Any]]:
    """Parameters by learning rate, for an optimizer; a rate of 0 freezes.

    Parameters
    ----------
    model : torch.nn.Module
        Parameters with rate 0 no longer ask for gradients, the others do.
    learning_rates : mapping of str to float
        As in `Recipe`.

    Returns
    -------
    list of dict
        Keys params, lr and name (the start of the names), without frozen ones.

    Raises
    ------
    ValueError
        When a start fits no parameter, a parameter has no rate, or nothing is left to learn.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    >>> [(group["name"], group["lr"]) for group in parameter_groups(model, {"1.": 0.1, "": 0.01})]
    [('1.', 0.1), ('', 0.01)]
    """
    members: dict[str, list[torch.nn.Parameter]] = {start: [] for start in learning_rates}
    for name, parameter in model.named_parameters():
        fitting = [start for start in learning_rates if name.startswith(start)]
        if not fitting:
            raise ValueError(f"parameter {name} has no learning rate; add one for '' (all others)")
        start = max(fitting, key=len)
        parameter.requires_grad_(learning_rates[start] > 0)
        members[start].append(parameter)
    empty = [start for start, parameters in members.items() if not parameters]
    if empty:
        top = sorted({name.split(".")[0] for name, _ in model.named_parameters()})
        raise ValueError(f"no parameter's name starts with {empty[0]!r}; the parts of the network are {top}")
    groups = [{"params": p, "lr": learning_rates[s], "name": s} for s, p in members.items() if learning_rates[s] > 0]
    if not groups:
        raise ValueError("all learning rates are 0; nothing would be learnt")
    return groups


def make_optimizer(model: torch.nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimizer of a recipe for a network.

    Parameters
    ----------
    model : torch.nn.Module
    recipe : Recipe

    Returns
    -------
    torch.optim.Optimizer

    Examples
    --------
    >>> type(make_optimizer(torch.nn.Linear(1, 1), Recipe())).__name__
    'SGD'
    """
    groups = parameter_groups(model, recipe.learning_rates)
    if recipe.optimizer == "adam":
        return torch.optim.Adam(groups, weight_decay=recipe.weight_decay)
    return torch.optim.SGD(groups, momentum=recipe.momentum, weight_decay=recipe.weight_decay)

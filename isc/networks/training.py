"""The training loop that all networks share: seeded, resumable, stopped by validation."""

import hashlib
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch

from isc.io.files.atomic import write_bytes
from isc.io.files.json_format import format_json
from isc.networks.batches import Batches
from isc.networks.checkpoints import BEST, LOG, RUN, State, read_checkpoint, write_arrays, write_checkpoint
from isc.networks.objectives import Loss, accumulate_gradient
from isc.networks.recipe import Recipe, make_optimizer
from isc.networks.seeding import key, seeded

Progress = Callable[[str, int, int | None], None]
Score = Callable[[torch.nn.Module], dict[str, float]]


class Training(NamedTuple):
    """What came out of a training.

    Attributes
    ----------
    history : DataFrame
        A row a validation: iteration, loss (mean over the batches since the last one) and the scores.
    best_iteration : int
        When the criterion was best; the network has the weights of then.
    best : dict of str to float
        The scores of then.
    stopped_early : bool
        Whether patience ended before the iterations did.
    """

    history: pd.DataFrame
    best_iteration: int
    best: dict[str, float]
    stopped_early: bool


def train(
    model: torch.nn.Module,
    batches: Batches,
    loss: Loss,
    score: Score,
    *,
    recipe: Recipe,
    folder: Path | str | None = None,
    progress: Progress | None = None,
    name: str = "training",
) -> Training:
    """Train a network in place; it keeps the weights that were best on the validation samples.

    Same seeds, same number of threads: same bits, also when the run was killed and called again with its folder.

    Parameters
    ----------
    model : torch.nn.Module
        With first weights from `isc.networks.build`, or loaded ones.
    batches : Batches
        What it learns from.
    loss : callable
        Called with network and batch; gives the sum of weighted losses and the sum of weights, such as
        `isc.networks.cross_entropy`.
    score : callable
        Called with the network; gives scores on validation samples, such as `isc.networks.class_scorer`. The
        recipe's criterion is one of them.
    recipe : Recipe
        How.
    folder : path, optional
        Gets ``checkpoint.npz`` (what a killed run goes on from), ``best.npz`` (the best weights), ``log.csv`` (a row
        a validation) and ``run.json`` (settings, number of parameters, outcome; null: a score that is NaN). By
        default nothing is written.
    progress : callable, optional
        Called with (name, iterations done, iterations), such as `isc.stages.running.progress.Display.update`, which
        says how long it will take.
    name : str
        Of the run, for `progress`.

    Returns
    -------
    Training

    Raises
    ------
    ValueError
        When the criterion is not among the scores, the loss is not finite, the learning rates do not fit the
        network, or the checkpoint is of another recipe, network or data.
    DerivativeError
        When a file cannot be written, or the checkpoint is damaged.

    Examples
    --------
    >>> import numpy as np
    >>> from isc.networks import ArrayTable, build, class_scorer, cross_entropy
    >>> codes = np.arange(20) % 2
    >>> table = ArrayTable(input=np.eye(2)[codes], code=codes)
    >>> model = build(torch.nn.Linear, 2, 2, seed=1)
    >>> recipe = Recipe(n_iterations=20, validate_every=10, learning_rates={"": 0.5})
    >>> batches, score = Batches(table, size=10), class_scorer(table, codes, 2)
    >>> train(model, batches, cross_entropy(), score, recipe=recipe).best["accuracy"]
    1.0
    """
    place = None if folder is None else Path(folder)
    with seeded(recipe.seed, n_threads=recipe.n_threads):
        optimizer = make_optimizer(model, recipe)
        settings = recipe.settings() | {"data": fingerprint(batches)}
        state = State() if place is None else read_checkpoint(place, model, optimizer, settings)
        losses: list[float] = []
        while state.iteration < recipe.n_iterations and not _is_stopped(state, recipe):
            losses.append(_step(model, optimizer, batches, loss, recipe, state.iteration))
            state.iteration += 1
            if state.iteration % recipe.validate_every == 0 or state.iteration == recipe.n_iterations:
                _validate(model, score, sum(losses) / len(losses), recipe, state)
                losses = []
                if place is not None:
                    write_checkpoint(place, model, optimizer, state, settings)
                    _write_log(place, state)
            if progress is not None:
                progress(name, state.iteration, recipe.n_iterations)
        model.load_state_dict(state.best)
    model.eval()
    done = _outcome(state, recipe)
    if place is not None:
        _write_outcome(place, model, recipe, done, state)
    return done


def fingerprint(batches: Batches) -> str:
    """SHA-256 of the first batch: a run goes on with the data that it began with."""
    digest = hashlib.sha256(str(len(batches)).encode())
    for name, tensor in sorted(batches.batch(0).items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _step(
    model: torch.nn.Module, optimizer: Any, batches: Batches, loss: Loss, recipe: Recipe, iteration: int
) -> float:
    """One batch; gives its loss."""
    torch.manual_seed(key(recipe.seed, iteration))  # by iteration: a resumed run drops out the same units
    _training_mode(model, recipe)
    value = accumulate_gradient(model, loss, batches.batch(iteration), n_parts=recipe.n_parts)
    if not torch.isfinite(torch.tensor(value)):
        raise ValueError(f"the loss is {value} at iteration {iteration}; lower the learning rates or look at the data")
    optimizer.step()
    return value


def _training_mode(model: torch.nn.Module, recipe: Recipe) -> None:
    model.train()
    if recipe.batch_norm == "frozen":
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.eval()


def _validate(model: torch.nn.Module, score: Score, loss: float, recipe: Recipe, state: State) -> None:
    """Add a row to the history; keep the weights if they are the best."""
    scores = score(model)
    if recipe.criterion not in scores:
        raise ValueError(f"criterion {recipe.criterion!r} is not among the scores {sorted(scores)}")
    best = _best_row(state, recipe)
    if recipe.is_better(scores[recipe.criterion], None if best is None else best[recipe.criterion]):
        state.best = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    state.history.append({"iteration": state.iteration, "loss": loss} | scores)


def _best_row(state: State, recipe: Recipe) -> dict[str, float] | None:
    """The first row with the best criterion."""
    found: dict[str, float] | None = None
    for row in state.history:
        if recipe.is_better(row[recipe.criterion], None if found is None else found[recipe.criterion]):
            found = row
    return found


def _is_stopped(state: State, recipe: Recipe) -> bool:
    best = _best_row(state, recipe)
    if recipe.patience is None or best is None:
        return False
    return len(state.history) - 1 - state.history.index(best) >= recipe.patience


def _outcome(state: State, recipe: Recipe) -> Training:
    best = _best_row(state, recipe) or {}
    scores = {name: value for name, value in best.items() if name not in ("iteration", "loss")}
    stopped = state.iteration < recipe.n_iterations
    return Training(pd.DataFrame(state.history), int(best["iteration"]), scores, stopped)


def _write_log(folder: Path, state: State) -> None:
    write_bytes(folder / LOG, pd.DataFrame(state.history).to_csv(index=False).encode())


def _write_outcome(folder: Path, model: torch.nn.Module, recipe: Recipe, done: Training, state: State) -> None:
    write_arrays(folder / BEST, state.best, {"iteration": done.best_iteration})
    run = {
        "recipe": recipe.settings(),
        "n_parameter": sum(parameter.numel() for parameter in model.parameters()),
        "iteration": state.iteration,
        "best_iteration": done.best_iteration,
        "best": {name: value if math.isfinite(value) else None for name, value in done.best.items()},
        "stopped_early": done.stopped_early,
        "torch": torch.__version__,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    write_bytes(folder / RUN, format_json(run))

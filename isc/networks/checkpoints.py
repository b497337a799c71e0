"""Training that can be killed: everything it needs to go on, in one file without pickled objects."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch

from isc.io.files.atomic import DerivativeError, write_bytes
from isc.untrusted import check_archive

CHECKPOINT, BEST, LOG, RUN = "checkpoint.npz", "best.npz", "log.csv", "run.json"
ABOUT = "about"  # name of the array that holds JSON
FREE_TO_CHANGE = ("n_iterations", "patience")  # a finished run may go on for longer


@dataclass
class State:
    """How far a training is.

    Attributes
    ----------
    iteration : int
        Batches seen.
    history : list of dict
        A row a validation.
    best : dict of str to Tensor
        Weights with the best criterion.
    """

    iteration: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)


def write_arrays(path: Path, arrays: Mapping[str, torch.Tensor], about: Mapping[str, Any] | None = None) -> None:
    """Write named tensors, and what is said about them, whole or not at all.

    Parameters
    ----------
    path : Path
        Ends in .npz.
    arrays : mapping of str to Tensor
        Any names but "about".
    about : mapping, optional
        What JSON can hold.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "weights.npz")
    >>> write_arrays(path, {"weight": torch.ones(2)}, {"seed": 3})
    >>> arrays, about = read_arrays(path)
    >>> arrays["weight"].tolist(), about
    ([1.0, 1.0], {'seed': 3})
    """
    content = io.BytesIO()
    values = {name: tensor.detach().cpu().numpy() for name, tensor in arrays.items()}
    text = np.frombuffer(json.dumps(dict(about or {})).encode(), dtype=np.uint8)
    everything: dict[str, Any] = {ABOUT: text, **values}
    np.savez(content, **everything)
    write_bytes(path, content.getvalue())


def read_arrays(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Named tensors of a file, and what it says about them; pickled objects are refused.

    Parameters
    ----------
    path : Path
        From `write_arrays`, or any .npz file of numbers.

    Returns
    -------
    arrays : dict of str to Tensor
    about : dict

    Raises
    ------
    DerivativeError
        When the file is absent, damaged or holds pickled objects.

    Examples
    --------
    >>> read_arrays(Path("absent.npz"))
    Traceback (most recent call last):
    isc.io.files.atomic.DerivativeError: absent.npz cannot be read: there is no such file
    """
    try:
        check_archive(path)
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: torch.from_numpy(np.array(file[name])) for name in file.files if name != ABOUT}
            about = json.loads(bytes(file[ABOUT])) if ABOUT in file.files else {}
    except FileNotFoundError as error:
        raise DerivativeError(f"{path.name} cannot be read: there is no such file") from error
    except (OSError, ValueError, EOFError, BadZipFile, TypeError, AttributeError) as error:
        raise DerivativeError(f"{path.name} cannot be read: {error}; delete it, or take another copy") from error
    return arrays, about


def write_checkpoint(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, state: State, settings: dict[str, Any]
) -> None:
    """Write everything that a killed run needs.

    Parameters
    ----------
    folder : Path
    model : torch.nn.Module
    optimizer : torch.optim.Optimizer
    state : State
    settings : dict
        Of the recipe: a run goes on with the same ones only.
    """
    arrays = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    arrays |= {f"best/{name}": tensor for name, tensor in state.best.items()}
    for number, values in optimizer.state_dict()["state"].items():
        arrays |= {f"optimizer/{number}/{name}": tensor for name, tensor in values.items() if tensor is not None}
    about = {"iteration": state.iteration, "history": state.history, "settings": settings}
    write_arrays(folder / CHECKPOINT, arrays, about)


def read_checkpoint(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, settings: dict[str, Any]
) -> State:
    """Put network and optimizer where a killed run was; a new state where there is none.

    Parameters
    ----------
    folder : Path
    model : torch.nn.Module
    optimizer : torch.optim.Optimizer
    settings : dict
        Of the recipe.

    Returns
    -------
    State

    Raises
    ------
    DerivativeError
        When the checkpoint is damaged.
    ValueError
        When it is of another recipe or another network.
    """
    if not (folder / CHECKPOINT).is_file():
        return State()
    arrays, about = read_arrays(folder / CHECKPOINT)
    _check_settings(about["settings"], json.loads(json.dumps(settings)))
    parts: dict[str, dict[str, torch.Tensor]] = {"model": {}, "best": {}, "optimizer": {}}
    for name, tensor in arrays.items():
        part, rest = name.split("/", 1)
        parts[part][rest] = tensor
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    if shapes != {name: tensor.shape for name, tensor in parts["model"].items()}:
        raise ValueError(f"{CHECKPOINT} is of another network; use another folder, or delete the checkpoint")
    model.load_state_dict(parts["model"])
    _restore(optimizer, parts["optimizer"])
    return State(about["iteration"], about["history"], parts["best"])


def _check_settings(before: dict[str, Any], now: dict[str, Any]) -> None:
    different = [k for k in sorted(before | now) if k not in FREE_TO_CHANGE and before.get(k) != now.get(k)]
    if different:
        name = different[0]
        raise ValueError(
            f"{CHECKPOINT} was made with {name} {before.get(name)!r}, now it is {now.get(name)!r}; use the old value, "
            "another folder, or delete the checkpoint"
        )


def _restore(optimizer: torch.optim.Optimizer, arrays: dict[str, torch.Tensor]) -> None:
    whole = optimizer.state_dict()
    states: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in arrays.items():
        number, key = name.split("/")
        states.setdefault(int(number), {})[key] = tensor
    optimizer.load_state_dict({"state": states, "param_groups": whole["param_groups"]})

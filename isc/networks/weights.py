"""Weights that somebody else trained: read from a path without running anything in the file, names translated."""

import io
import pickle
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from isc.networks.checkpoints import read_arrays

KeyMap = Sequence[tuple[str, str]]  # patterns (re.sub) of published names and what they become
NAMES_SHOWN = 4
NESTED = ("state_dict", "model_state_dict", "model", "net")  # where training scripts put the weights
# What a pickle of arrays may name; anything else could run code.
_HARMLESS = {
    ("collections", "OrderedDict"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("_codecs", "encode"),
}


class _ArrayUnpickler(pickle.Unpickler):
    """Reads dictionaries of numpy arrays and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is no array")
        return super().find_class(module, name)


def read_weights(path: Path | str) -> dict[str, torch.Tensor]:
    """Named tensors of a checkpoint; nothing in the file is run.

    Parameters
    ----------
    path : path
        ``.npz``, or a file of torch (``.pth``, ``.pt``), or a pickle of numpy arrays (``.pkl``, as the VGGFace2
        weights are published).

    Returns
    -------
    dict of str to Tensor
        A state_dict inside is unwrapped, ``module.`` before all names is left out.

    Raises
    ------
    ValueError
        When the file is absent, is none of these, or holds anything but arrays.

    Examples
    --------
    >>> read_weights("absent.pth")
    Traceback (most recent call last):
        ...
    ValueError: there is no file absent.pth; give the path of the weights
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"there is no file {path.name}; give the path of the weights")
    if path.suffix == ".npz":
        return dict(read_arrays(path)[0])
    content = _unwrapped(_read(path))
    tensors = {str(name): torch.as_tensor(np.asarray(value)) for name, value in content.items() if _is_array(value)}
    if not tensors:
        raise ValueError(f"{path.name} holds no named arrays; give the path of a state_dict")
    if all(name.startswith("module.") for name in tensors):
        return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    return tensors


def _read(path: Path) -> Any:
    """Content of a file of torch or of a pickle of arrays."""
    faults = []
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Detected pickle protocol")  # plain pickles are read below
            return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, AttributeError) as fault:
        faults.append(str(fault).splitlines()[0])
    try:
        return _ArrayUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError, AttributeError, TypeError) as fault:
        faults.append(str(fault))
    raise ValueError(f"{path.name} is no file of weights that can be read without running it: {faults[-1]}")


def _unwrapped(content: Any) -> Mapping[str, Any]:
    while isinstance(content, Mapping):
        inside = [name for name in NESTED if isinstance(content.get(name), Mapping)]
        if not inside:
            return content
        content = content[inside[0]]
    return {}


def _is_array(value: Any) -> bool:
    return isinstance(value, torch.Tensor | np.ndarray | np.number)


def load_weights(
    model: torch.nn.Module, path: Path | str, *, key_map: KeyMap = (), without: Sequence[str] = ()
) -> list[str]:
    r"""Put published weights into a network.

    Parameters
    ----------
    model : torch.nn.Module
        Is given the weights; stays as it was when they do not fit.
    path : path
        As in `read_weights`.
    key_map : sequence of (str, str)
        Patterns of published names and what they become, applied one after the other, such as
        `isc.networks.senet.VGGFACE2_KEYS`.
    without : sequence of str
        Starts of the network's names that are not loaded, such as ``("head",)`` where the classes differ.

    Returns
    -------
    list of str
        Names of the network that kept their first weights.

    Raises
    ------
    ValueError
        When weights are missing or unexpected or have other shapes; the message names them.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "line.pth")
    >>> torch.save({"fc.weight": torch.ones(1, 2), "fc.bias": torch.zeros(1)}, path)
    >>> model = torch.nn.Linear(2, 1)
    >>> load_weights(model, path, key_map=[(r"^fc\.", "")])
    []
    >>> model.weight.tolist()
    [[1.0, 1.0]]
    """
    given = {_translated(name, key_map): tensor for name, tensor in read_weights(path).items()}
    own = model.state_dict()
    kept = [name for name in own if name.startswith(tuple(without))]
    wanted = {name for name in own if name not in kept and not name.endswith("num_batches_tracked")}
    unexpected = [n for n in given if n not in own and not n.startswith(tuple(without))]
    faults = [
        ("missing", sorted(wanted - set(given))),
        ("unexpected", sorted(unexpected)),
        ("of another shape", [
            f"{name} {tuple(given[name].shape)} for {tuple(own[name].shape)}"
            for name in sorted(wanted & set(given)) if given[name].shape != own[name].shape
        ]),
    ]  # fmt: skip
    said = [f"{len(names)} {what}: {_some(names)}" for what, names in faults if names]
    if said:
        raise ValueError(
            f"{Path(path).name} does not fit the network; {'; '.join(said)}. Take the weights of this network, the key "
            "map of their source, or leave parts out with without=(...)"
        )
    model.load_state_dict(own | {name: given[name].to(own[name].dtype) for name in wanted})
    return kept


def _translated(name: str, key_map: KeyMap) -> str:
    for pattern, new in key_map:
        name = re.sub(pattern, new, name)
    return name


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMES_SHOWN]) + (" ..." if len(names) > NAMES_SHOWN else "")

"""Randomness of networks: one seed, the same bits again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def key(*numbers: int) -> int:
    """One 64-bit seed from several numbers, such as a seed and an iteration.

    Parameters
    ----------
    *numbers : int
        Not negative.

    Returns
    -------
    int

    Examples
    --------
    >>> key(0, 1) == key(0, 1), key(0, 1) == key(1, 0)
    (True, False)
    """
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def seeded(seed: int, *, n_threads: int | None = None) -> Iterator[None]:
    """Torch's random numbers from a seed inside the block, and as they were behind it.

    Parameters
    ----------
    seed : int
        Key of the draws.
    n_threads : int, optional
        Threads inside the block. Sums are added up in another order by another number of threads, so bits are the
        same for the same number only.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> with seeded(3):
    ...     first = torch.rand(1)
    >>> with seeded(3):
    ...     bool(first == torch.rand(1))
    True
    """
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key(seed))
        torch.set_num_threads(n_threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def build(factory: Callable[..., Any], *values: Any, seed: int = 0, **options: Any) -> Any:
    """A network whose first weights are drawn from a seed.

    Parameters
    ----------
    factory : callable
        Gives the network, such as `isc.networks.se_resnet50`.
    *values : any
        Passed to the factory.
    seed : int
        Same seed, same weights.
    **options : any
        Passed to the factory.

    Returns
    -------
    torch.nn.Module

    Examples
    --------
    >>> first, second = (build(torch.nn.Linear, 2, 1, seed=5) for _ in range(2))
    >>> bool((first.weight == second.weight).all())
    True
    """
    with seeded(seed):
        return factory(*values, **options)

"""The mean over dyads of a cube with time outside, read where it lies: its series are never stored."""

from collections.abc import Callable
from typing import Any

import numpy as np

from isc.kernels.correlation import Arrays, pairwise_mean, runs_left
from isc.kernels.dyads.quick import TAME, quick_values, whole_features
from isc.kernels.vectors.wide import WIDE
from isc.kernels.windows.layout import relayout
from isc.kernels.windows.plan import in_threads, plan_windows
from isc.kernels.windows.screen import first_unusable

RELAID_BYTES = 32 * 2**20  # of series that a thread lays out at a time where it has to


def is_readable(values: np.ndarray) -> bool:
    """Whether values (subject, time, feature, component) can be read where they lie.

    Parameters
    ----------
    values : ndarray

    Returns
    -------
    bool

    Examples
    --------
    >>> is_readable(np.zeros((2, 9, 20, 1), np.float32)), is_readable(np.zeros((2, 9, 20, 1)))
    (True, False)
    """
    return bool(values.dtype == np.float32 and values.flags.c_contiguous and values.shape[3] == 1)


def pairwise_mean_of_values(
    values: np.ndarray,
    starts: np.ndarray,
    length: int,
    *,
    min_valid: float = 0.8,
    n_threads: int = 1,
    screen: Callable[[], None] | None = None,
) -> Arrays:
    """`isc.kernels.correlation.pairwise_mean` of ``relayout(values)``, bit for bit, without its memory and time.

    Parameters
    ----------
    values : ndarray of float32, shape (subject, time, feature, 1), C order
    starts : ndarray of int, shape (window,)
    length : int
    min_valid : float
    n_threads : int
    screen : callable, optional
        Called before anything is returned when some value may be infinite or beyond `isc.kernels.dyads.quick.TAME`: it
        is to raise where that is an error. Not called when no value can be.

    Returns
    -------
    value : ndarray of float32, shape (feature, window)
    n_subject : ndarray of int32, shape (feature, window)

    Examples
    --------
    >>> wave = np.sin(np.arange(60, dtype=np.float32))
    >>> values = np.stack([wave, wave, -wave])[..., None, None]
    >>> pairwise_mean_of_values(values, np.array([0, 30]), 30)[0].round(3).tolist()
    [[-0.3330000042915344, -0.3330000042915344]]
    """
    n_subject, n_time, n_feature, _ = values.shape
    value = np.empty((n_feature, len(starts)), dtype=np.float32)
    count = np.empty(value.shape, dtype=np.int32)
    fits = n_subject > 1 and n_feature >= WIDE and whole_features(n_feature, n_subject, length) > 0
    whole = n_feature if fits else 0
    tame = False
    if whole:
        tame = quick_values(values[..., 0], plan_windows(starts, length), whole, (value, count), n_threads)
        tame &= is_tame_between(values, starts, length)
    if screen is not None and not tame:
        screen()
    how: dict[str, Any] = {"min_valid": min_valid, "abreast": False}

    def run(first: int, last: int) -> None:
        series = relayout(values, features=slice(first, last))
        value[first:last], count[first:last] = pairwise_mean(series, starts, length, **how)

    size = max(RELAID_BYTES // (4 * n_subject * n_time), 1)
    in_threads(run, runs_left(count, whole, size), n_threads)
    return value, count


def is_tame_between(values: np.ndarray, starts: np.ndarray, length: int) -> bool:
    """Whether no value outside all windows is infinite or beyond `isc.kernels.dyads.quick.TAME`.

    Parameters
    ----------
    values : ndarray, shape (subject, time, ...), C order
    starts : ndarray of int, shape (window,)
        Ascending.
    length : int

    Returns
    -------
    bool

    Examples
    --------
    >>> values = np.zeros((2, 9))
    >>> values[1, 4] = np.inf
    >>> is_tame_between(values, np.array([0, 5]), 4), is_tame_between(values, np.array([0, 4]), 4)
    (False, True)
    """
    begins, ends = [0, *(np.asarray(starts) + length)], [*starts, values.shape[1]]
    gaps = [(int(begin), int(end)) for begin, end in zip(begins, ends, strict=True) if begin < end]
    return all(first_unusable(part[begin:end], TAME) is None for part in values for begin, end in gaps)

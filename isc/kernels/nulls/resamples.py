"""Random draws of people: bootstrap samples of subjects, and orders in which labels are dealt out.

Counter-based as in `isc.kernels.nulls.surrogates`: the same seed, number and subject give the same draw on any number
of threads, in any block and for any order of the subjects.
"""

from collections.abc import Sequence

import numpy as np

from isc.kernels.nulls.philox import random_words


def resample_counts(seed: int, n_resamples: int, keys: np.ndarray) -> np.ndarray:
    """How often each subject is in a sample of subjects drawn with replacement.

    Samples that hold one subject only are drawn again: they have no dyad.

    Parameters
    ----------
    seed : int
    n_resamples : int
    keys : ndarray (subject,) uint64
        From `isc.kernels.nulls.surrogates.subject_keys`; at least two.

    Returns
    -------
    ndarray (resample, subject) float64
        Rows sum to the number of subjects.

    Examples
    --------
    >>> from isc.kernels.nulls.surrogates import subject_keys
    >>> counts = resample_counts(1, 100, subject_keys("abcde"))
    >>> counts.shape, np.unique(counts.sum(axis=1)).tolist()
    ((100, 5), [5.0])
    """
    kept, first, missing = [], 0, n_resamples
    while missing > 0:
        counts = _counts(seed, range(first, first + missing), keys)
        kept.append(counts[(counts > 0).sum(axis=1) > 1])
        first, missing = first + missing, missing - len(kept[-1])
    return np.concatenate(kept)


def _counts(seed: int, numbers: Sequence[int], keys: np.ndarray) -> np.ndarray:
    """Counts (number, subject); places in the sample have keys 0, 1, 2, ... and subjects are ranked by theirs."""
    n = keys.size
    words = random_words(seed, "resample", numbers, np.arange(n, dtype=np.uint64), 1)[:, :, 0]
    rank = (words.astype(np.uint64) * np.uint64(n)) >> np.uint64(32)  # shares differ by less than n / 2**32
    counts = (rank[:, :, None] == np.arange(n, dtype=np.uint64)).sum(axis=1)
    return counts[:, np.argsort(np.argsort(keys))].astype(np.float64)


def label_orders(seed: int, numbers: Sequence[int], keys: np.ndarray) -> np.ndarray:
    """Random orders of the subjects, one a permutation of labels.

    Parameters
    ----------
    seed : int
    numbers : sequence of int
        Numbers of the permutations.
    keys : ndarray (subject,) uint64

    Returns
    -------
    ndarray (number, subject) int64
        Rank of every subject.

    Examples
    --------
    >>> from isc.kernels.nulls.surrogates import subject_keys
    >>> np.sort(label_orders(1, range(2), subject_keys("abc")), axis=1).tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    words = random_words(seed, "label", numbers, keys, 2).astype(np.uint64)
    lots = words[:, :, 0] << np.uint64(32) | words[:, :, 1]
    return np.argsort(np.argsort(lots, axis=1), axis=1)

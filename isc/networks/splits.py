"""Subjects divided once into those who are learnt from, those who choose the weights, and those who are tested."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

CREMA_D = (81, 4, 7)  # actors in Salman & Busso; 92 in all, though the corpus has 91


class SubjectParts(NamedTuple):
    """Positions of clips by what their subjects are for.

    Attributes
    ----------
    train, validation, test : ndarray of int
        Along clip; no subject is in two of them.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def divide_subjects(subjects: Sequence[object], *, shares: Sequence[float] = CREMA_D, seed: int = 0) -> SubjectParts:
    """Clips of disjoint subjects for training, validation and test.

    The shares are a proportion, not a count: subjects are put in a random order, which is cut at the shares' running
    sums, scaled to the number of subjects and rounded; every part gets one subject at least. 92 subjects give 81, 4
    and 7; the 91 actors of CREMA-D give 80, 4 and 7; 16 give 14, 1 and 1.

    Parameters
    ----------
    subjects : sequence, shape (clip,)
        Who is seen in each clip.
    shares : sequence of float
        Of subjects for training, validation and test; the default is that of Salman & Busso for CREMA-D.
    seed : int
        Same seed and same subjects, same parts, whatever the order of the clips.

    Returns
    -------
    SubjectParts

    Raises
    ------
    ValueError
        When there are fewer than three subjects, or the shares are not three numbers above 0.

    References
    ----------
    Salman & Busso, Style extractor for facial expression recognition in the presence of speech (81/4/7).

    Examples
    --------
    >>> [len(part) for part in divide_subjects(range(92))], [len(part) for part in divide_subjects(range(91))]
    ([81, 4, 7], [80, 4, 7])
    """
    if len(shares) != 3 or not np.isfinite(shares).all() or min(shares) <= 0:
        raise ValueError(f"shares are three numbers above 0 (training, validation, test); given {list(shares)}")
    of = np.asarray(subjects)
    names = np.unique(of)
    if len(names) < 3:
        raise ValueError(f"training, validation and test need three subjects at least; there are {len(names)}")
    people = np.random.default_rng([seed, 1]).permutation(names)
    edges = np.rint(np.cumsum(shares)[:2] / np.sum(shares) * len(people)).astype(int)
    first = int(np.clip(edges[0], 1, len(people) - 2))
    second = int(np.clip(edges[1], first + 1, len(people) - 1))
    parts = (people[:first], people[first:second], people[second:])
    return SubjectParts(*(np.flatnonzero(np.isin(of, part)) for part in parts))

"""Balanced folds, votes of several networks, and tables of first and second guesses."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd


class BalancedFolds(NamedTuple):
    """Samples by what they are for; positions.

    Attributes
    ----------
    folds : list of ndarray of int
        Consecutive parts with as many samples of every class; each is the validation part once.
    test : ndarray of int
        All samples of the groups that nothing is learnt from or chosen by.
    """

    folds: list[np.ndarray]
    test: np.ndarray

    def training(self, number: int) -> np.ndarray:
        """Samples of all folds but one."""
        return np.concatenate([fold for n, fold in enumerate(self.folds) if n != number])


def balanced_folds(
    codes: np.ndarray, groups: Sequence[object], *, n_folds: int = 5, test_share: float = 0.2, seed: int = 0
) -> BalancedFolds:
    """Put a share of the groups aside, and divide the others into consecutive folds of equally frequent classes.

    Classes are undersampled to the rarest within each fold. A group (a person; a picture where people are not known)
    is in one part only.

    Parameters
    ----------
    codes : ndarray of int, shape (sample,)
        Classes.
    groups : sequence, shape (sample,)
        What is kept together.
    n_folds : int
        Two at least.
    test_share : float
        Share of the groups that is put aside, one group at least.
    seed : int
        Of the order of groups and of the undersampling.

    Returns
    -------
    BalancedFolds

    Raises
    ------
    ValueError
        When there are too few groups, or a fold lacks a class.

    Examples
    --------
    >>> parts = balanced_folds(np.arange(40) % 2, np.repeat(np.arange(10), 4), n_folds=4)
    >>> len(parts.test), [len(fold) for fold in parts.folds]
    (8, [8, 8, 8, 8])
    """
    rng = np.random.default_rng(seed)
    codes, of = np.asarray(codes), pd.factorize(pd.Series(list(groups)), sort=True)[0]
    order = rng.permutation(of.max() + 1)
    n_test = max(round(test_share * len(order)), 1)
    if n_folds < 2 or len(order) - n_test < n_folds:
        raise ValueError(
            f"{n_folds} folds beside {n_test} groups for the test need {n_folds + n_test} groups and two folds at "
            f"least; there are {len(order)} groups"
        )
    blocks = np.array_split(order[n_test:], n_folds)
    folds = [_undersampled(codes, np.flatnonzero(np.isin(of, block)), rng) for block in blocks]
    return BalancedFolds(folds, np.flatnonzero(np.isin(of, order[:n_test])))


def _undersampled(codes: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many samples of every class as there are of the rarest."""
    n_class = codes.max() + 1
    members = [rows[codes[rows] == code] for code in range(n_class)]
    fewest = min(len(of) for of in members)
    if not fewest:
        lacking = [code for code in range(n_class) if not len(members[code])]
        raise ValueError(f"a fold has no sample of class {lacking[0]}; take fewer folds")
    return np.sort(np.concatenate([rng.permutation(of)[:fewest] for of in members]))


def vote_weights(codes: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Weight of a network's vote for every class: the share of the class that it recognises on validation samples.

    Parameters
    ----------
    codes : ndarray of int, shape (sample,)
        True classes of the validation samples; never of test samples.
    probabilities : ndarray, shape (sample, class)

    Returns
    -------
    ndarray, shape (class,)
        0 for a class without a validation sample.

    Examples
    --------
    >>> vote_weights(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])).tolist()
    [0.5, 1.0]
    """
    right = np.asarray(probabilities).argmax(axis=1) == codes
    n_class = np.asarray(probabilities).shape[1]
    return np.array([right[codes == code].mean() if (codes == code).any() else 0.0 for code in range(n_class)])


def vote(probabilities: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Mean probability over networks, each class of each network with its weight.

    Parameters
    ----------
    probabilities : ndarray, shape (network, sample, class)
    weights : ndarray, shape (network, class), optional
        From `vote_weights`; by default every vote counts the same. A class that no network recognises counts by their
        plain mean.

    Returns
    -------
    ndarray, shape (sample, class)
        Sums to 1 over classes.

    Raises
    ------
    ValueError
        When shapes disagree or a weight is negative.

    Examples
    --------
    >>> vote(np.array([[[0.6, 0.4]], [[0.2, 0.8]]]), np.array([[1.0, 1.0], [0.0, 1.0]])).round(2).tolist()
    [[0.5, 0.5]]
    """
    said = np.asarray(probabilities, dtype=float)
    given = np.ones((said.shape[0], said.shape[-1])) if weights is None else np.asarray(weights, dtype=float)
    if said.ndim != 3 or given.shape != (said.shape[0], said.shape[2]) or (given < 0).any():
        raise ValueError(f"weights are (network, class), none negative; given {given.shape} for votes {said.shape}")
    given = np.where(given.sum(axis=0) > 0, given, 1.0)
    mean = np.einsum("msc,mc->sc", said, given / given.sum(axis=0))
    return mean / mean.sum(axis=1, keepdims=True)


def top_table(
    codes: np.ndarray, probabilities: Mapping[str, np.ndarray], classes: Sequence[str], *, k: int = 1
) -> pd.DataFrame:
    """Share of every class that is among the first k guesses of each network, with mean and variance over classes.

    Parameters
    ----------
    codes : ndarray of int, shape (sample,)
        True classes.
    probabilities : mapping of name to ndarray, shape (sample, class)
    classes : sequence of str
        Names of the classes.
    k : int
        Guesses that count.

    Returns
    -------
    DataFrame
        A row a network: system, a column a class (NaN without samples), mean, variance (of the classes, n - 1).

    Examples
    --------
    >>> said = np.array([[0.5, 0.3, 0.2], [0.1, 0.3, 0.6], [0.5, 0.4, 0.1]])
    >>> top_table(np.array([0, 1, 2]), {"net": said}, ["a", "b", "c"], k=2)[["a", "b", "c"]].values.tolist()
    [[1.0, 1.0, 0.0]]
    """
    codes, rows = np.asarray(codes), []
    for name, said in probabilities.items():
        best = np.argsort(-np.asarray(said), axis=1, kind="stable")[:, :k]
        hit = (best == codes[:, None]).any(axis=1)
        shares = {c: float(hit[codes == n].mean()) if (codes == n).any() else np.nan for n, c in enumerate(classes)}
        values = pd.Series(shares)
        rows.append({"system": name} | shares | {"mean": values.mean(), "variance": values.var()})
    return pd.DataFrame(rows)

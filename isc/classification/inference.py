"""Chance by permutation of labels within subjects, and comparison of models over subjects."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from isc.classification.clips import encode
from isc.classification.evaluate import folds_of, run_folds
from isc.classification.models import Learner, vote
from isc.classification.permutations import permuted_labels
from isc.classification.scores import METRICS, confusion_scores, subject_confusion
from isc.classification.splits import Split
from isc.kernels.gram import agreement_of_labels

PERMUTATION_BLOCK = 500  # labellings that exist at a time
MOST_EXACT_SUBJECTS = 14  # beyond, sign flips are drawn: 2^14 are all of 14 subjects
N_FLIP = 10_000


def permutation_test(
    data: Any,
    *,
    model: Any = "1nn",
    split: Split | xr.DataArray = "leave_one_subject_out",
    n_permutations: int = 1000,
    exchange: Literal["take", "item", "clip"] | None = None,
    statistic: str = "accuracy",
    n_folds: int = 10,
    n_component: int | None = None,
    pca: Literal["fold", "all"] = "fold",
    seed: int = 0,
) -> xr.Dataset:
    """Whether labels tell clips apart better than chance: labels are permuted within each subject.

    Whole takes change labels with one another, because the repetitions of a take are alike for reasons other than
    the label. Neighbours and folds do not depend on labels and are found once; other models learn anew from every
    permutation. "kfold" and grouped folds were spread over the classes of the true labels: their p is approximate.

    Parameters
    ----------
    data : DistanceSpace or DataArray, dims (clip, feature)
        As in `isc.cross_validate`, as are `model`, `split`, `n_folds` and `n_component`.
    model : str or estimator
        As there.
    split : str or DataArray
        As there.
    n_permutations : int
        Labellings drawn.
    exchange : {"take", "item", "clip"}, optional
        Column whose groups keep one label while they are permuted, among groups of as many clips; by default
        "take" if there is such a column, else "item", else "clip".
    statistic : str
        A metric of `isc.classification.scores.confusion_scores`.
    n_folds : int
        As there.
    n_component : int, optional
        As there.
    pca : {"fold", "all"}
        As there; components do not look at labels.
    seed : int
        Same seed, same labellings, whatever the order of subjects.

    Returns
    -------
    Dataset
        ``null`` (permutation), ``observed``, ``p`` = (b + 1) / (m + 1) with b permutations at least as good,
        ``chance`` (mean of the null), ``chance_low``, ``chance_high`` (95 % of it). attrs: exchange, smallest_p.

    Raises
    ------
    ValueError
        For an unknown statistic or column, a group with two labels, or labels that cannot be exchanged at all.

    References
    ----------
    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39, doi:10.2202/1544-6115.1585 (the p-value).
    Winkler et al. 2015, NeuroImage 123:253-268, doi:10.1016/j.neuroimage.2015.05.092 (exchangeability blocks).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> coords = {"subject": ("clip", np.repeat(list("123"), 4)), "label": ("clip", ["happy", "sad"] * 6)}
    >>> data = xr.DataArray(rng.normal(size=(12, 5)) * 0.1 + np.tile([[0], [1]], (6, 1)), dims=("clip", "feature"),
    ...                     coords=coords)
    >>> float(permutation_test(data, n_permutations=99)["observed"])
    1.0
    """
    if statistic not in METRICS:
        raise ValueError(f"statistic must be one of {METRICS}; given {statistic!r}")
    learner = Learner(data, model, n_component=n_component, pca=pca)
    codes, classes = encode(learner.clips["label"])
    folds = folds_of(learner.clips, split, n_folds, 1, seed)
    groups: str = exchange or next((c for c in ("take", "item") if c in learner.clips), "clip")
    labellings = permuted_labels(learner.clips, codes, groups, n_permutations, seed)
    every = np.concatenate([codes[None], labellings])
    if learner.k == 1:
        near = run_folds(learner, codes, classes, folds)["nearest"].values
        values = _of_neighbours(every, near, len(classes), statistic)
    elif learner.k is not None:
        values = _of_votes(every, _neighbours(learner, folds.values[0]), len(classes), statistic)
    else:
        values = np.array([_refit(learner, labels, classes, folds, statistic) for labels in every])
    observed, null = values[0], values[1:]
    low, high = np.quantile(null, [0.025, 0.975])
    p = ((~(null < observed - 1e-12)).sum() + 1) / (n_permutations + 1)  # an undefined score is no evidence
    scalars = {"observed": observed, "p": p, "chance": null.mean(), "chance_low": low, "chance_high": high}
    attrs = {"exchange": groups, "statistic": statistic, "smallest_p": 1 / (n_permutations + 1), "seed": seed}
    attrs |= {"split": folds.attrs.get("split", "own")}
    return xr.Dataset({"null": ("permutation", null)} | {k: ((), float(v)) for k, v in scalars.items()}, attrs=attrs)


def _of_neighbours(labellings: np.ndarray, nearest: np.ndarray, n_class: int, statistic: str) -> np.ndarray:
    """The statistic of many labellings when each clip is called what its neighbour is called."""
    values = []
    for first in range(0, len(labellings), PERMUTATION_BLOCK):
        block = labellings[first : first + PERMUTATION_BLOCK]
        counts = np.zeros((len(block), n_class, n_class), dtype=np.int64)
        agreement_of_labels(block, nearest, counts)
        values.append(confusion_scores(counts)[statistic])
    return np.concatenate(values)


def _neighbours(learner: Learner, fold: np.ndarray) -> np.ndarray:
    """Positions of the k nearest training clips (clip, k) of every clip; -1 where it is not tested."""
    near = np.full((fold.size, learner.k or 1), -1)
    for number in np.unique(fold[fold >= 0]):
        test = np.flatnonzero(fold == number)
        near[test] = learner.neighbours(np.flatnonzero(fold != number), test)
    return near


def _of_votes(labellings: np.ndarray, near: np.ndarray, n_class: int, statistic: str) -> np.ndarray:
    """The statistic of many labellings when each clip is called what most of its neighbours are called."""
    tested = near[:, 0] >= 0
    counts = np.zeros((len(labellings), n_class, n_class), dtype=np.int64)
    for confusion, labels in zip(counts, labellings, strict=True):
        np.add.at(confusion, (labels[tested], vote(labels[near[tested]])), 1)
    return confusion_scores(counts)[statistic]


def _refit(learner: Learner, codes: np.ndarray, classes: Sequence[str], folds: xr.DataArray, statistic: str) -> float:
    """The statistic of one labelling, learnt anew."""
    counts = np.zeros((len(classes), len(classes)))
    for fold in folds.values:
        for number in np.unique(fold[fold >= 0]):
            test, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
            np.add.at(counts, (codes[test], learner.predict(codes, train, test).code), 1)
    return float(confusion_scores(counts)[statistic])


def compare_models(first: xr.Dataset, second: xr.Dataset, *, n_bootstrap: int = 2000, seed: int = 0) -> xr.Dataset:
    """Whether one model recognises more clips than another, on the same clips.

    The sign-flip test takes the subject as the unit. McNemar's test takes the clip: clips of one person are alike, so
    its p is too small; it is given because readers expect it.

    Parameters
    ----------
    first, second : Dataset
        From `isc.cross_validate` on the same clips.
    n_bootstrap : int
        Bootstrap samples of subjects for the interval.
    seed : int
        Key of random flips and of the bootstrap.

    Returns
    -------
    Dataset
        ``difference`` (accuracy of the first less that of the second, mean over subjects), ``low``, ``high`` (95 %
        over subjects), ``p_sign_flip`` (two-sided; exact up to 14 subjects, else (b + 1) / (m + 1) of 10,000 flips),
        ``only_first``, ``only_second`` (clips that one alone recognises), ``p_mcnemar`` (exact, two-sided, first
        repeat), ``by_subject`` (subject). attrs: n_subject, smallest_p. Subjects without a tested clip in one of the
        results are left out.

    Raises
    ------
    ValueError
        When the clips differ, or no subject was tested in both.

    References
    ----------
    McNemar 1947, Psychometrika 12:153-157, doi:10.1007/BF02295996.

    Examples
    --------
    >>> coords = {"clip": list("abcd"), "label": ("clip", list("xyxy")), "subject": ("clip", list("1122")),
    ...           "class": ["x", "y"]}
    >>> good = xr.Dataset({"predicted": (("repeat", "clip"), [list("xyxy")])}, coords)
    >>> poor = xr.Dataset({"predicted": (("repeat", "clip"), [list("xxxx")])}, coords)
    >>> float(compare_models(good, poor)["difference"])
    0.5
    """
    from scipy.stats import binomtest

    if not (
        first.sizes["clip"] == second.sizes["clip"]
        and (first["clip"].values == second["clip"].values).all()
        and (first["label"].values == second["label"].values).all()
    ):
        raise ValueError("the results are of different clips or labels; compare models on the same clips, in one order")
    per_subject = [confusion_scores(subject_confusion(result).values)["accuracy"] for result in (first, second)]
    both = np.isfinite(per_subject[0] - per_subject[1])  # a person of whom nothing was tested says nothing
    if not both.any():
        raise ValueError("no subject was tested in both results; compare models on clips that both have tested")
    gap = (per_subject[0] - per_subject[1])[both]
    p, smallest = sign_flip(gap, seed=seed)
    tested = (first["predicted"].values[0] != "") & (second["predicted"].values[0] != "")
    right = [(r["predicted"].values[0] == r["label"].values)[tested] for r in (first, second)]
    only = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    draws = np.random.default_rng([seed, gap.size]).integers(gap.size, size=(n_bootstrap, gap.size))
    low, high = np.quantile(gap[draws].mean(axis=1), [0.025, 0.975])
    mcnemar = binomtest(only[0], sum(only)).pvalue if sum(only) else 1.0
    scalars = {"difference": gap.mean(), "low": low, "high": high, "p_sign_flip": p, "p_mcnemar": mcnemar}
    scalars |= {"only_first": only[0], "only_second": only[1]}
    subjects = subject_confusion(first)["subject"].values[both]
    return xr.Dataset(
        {name: ((), float(value)) for name, value in scalars.items()} | {"by_subject": ("subject", gap)},
        {"subject": subjects},
        {"n_subject": gap.size, "smallest_p": smallest},
    )


def sign_flip(gaps: np.ndarray, *, n_flip: int = N_FLIP, seed: int = 0) -> tuple[float, float]:
    """Two-sided p that a mean difference over subjects is zero, by flips of signs, and the smallest p possible.

    Parameters
    ----------
    gaps : ndarray, shape (subject,)
        Differences.
    n_flip : int
        Random flips when there are more than 14 subjects; else all flips are taken.
    seed : int
        Key of the flips.

    Returns
    -------
    p, smallest : float

    Examples
    --------
    >>> sign_flip(np.array([1.0, 2.0, 3.0]))
    (0.25, 0.25)
    """
    n = gaps.size
    exact = n <= MOST_EXACT_SUBJECTS
    if exact:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = np.random.default_rng([seed, n]).choice([-1, 1], size=(n_flip, n))
    reached = int((np.abs(signs @ gaps) >= np.abs(gaps.sum()) - 1e-12).sum())
    if exact:
        return reached / 2**n, min(2 / 2**n, 1.0)
    return (reached + 1) / (n_flip + 1), 1 / (n_flip + 1)

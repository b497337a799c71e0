"""Tables of systems that were compared: scores, chance, and each against the baselines; means over random starts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from statsmodels.stats.multitest import multipletests

from isc.classification.fixed_predictions import prediction_test
from isc.classification.inference import compare_models
from isc.classification.scores import class_table, score_table

SHOWN = ("accuracy", "balanced_accuracy", "macro_f1", "abaw")
GAPS = ("difference", "low", "high", "p_sign_flip", "p_mcnemar")


def system_scores(result: xr.Dataset, *, n_permutations: int = 10_000, n_bootstrap: int = 2000) -> dict[str, float]:
    """Scores of one system, the interval of its accuracy, and its p against labels permuted within subjects.

    Parameters
    ----------
    result : Dataset
        From `isc.networks.cross_validate_system` or `isc.cross_validate`, with people kept together.
    n_permutations, n_bootstrap : int
        Labellings against the fixed predictions (`isc.classification.fixed_predictions.prediction_test`), and
        bootstrap samples of subjects.

    Returns
    -------
    dict of str to float
        accuracy, balanced_accuracy, macro_f1, abaw, accuracy_low, accuracy_high (95 %, over subjects), p, chance.

    Examples
    --------
    >>> label = ["a", "b"] * 6
    >>> coords = {"clip": [str(n) for n in range(12)], "label": ("clip", label), "class": ["a", "b"],
    ...           "subject": ("clip", list("111122223333"))}
    >>> result = xr.Dataset({"predicted": (("repeat", "clip"), [label]), "fold": (("repeat", "clip"),
    ...                     [[0] * 4 + [1] * 4 + [2] * 4])}, coords)
    >>> system_scores(result, n_permutations=99)["accuracy"]
    1.0
    """
    table = score_table(result, n_bootstrap=n_bootstrap)
    scores = {name: float(table.loc[name, "value"]) for name in SHOWN}
    low, high = table.loc["accuracy", ["low", "high"]]
    test = prediction_test(result, n_permutations=n_permutations)
    chance = {"p": float(test["p"]), "chance": float(test["chance"])}
    return scores | {"accuracy_low": float(low), "accuracy_high": float(high)} | chance


def class_f1(result: xr.Dataset) -> dict[str, float]:
    """F1 of every class, by name."""
    return {str(name): float(value) for name, value in class_table(result, n_bootstrap=1)["f1"].items()}


def paired_table(results: Mapping[str, xr.Dataset], baselines: Sequence[str]) -> pd.DataFrame:
    """Every system less every baseline on the same clips.

    Parameters
    ----------
    results : mapping of str to Dataset
        By name of the system.
    baselines : sequence of str
        Some of the names.

    Returns
    -------
    DataFrame
        A row a pair: system, baseline, and of `isc.compare_models` difference, low, high, p_sign_flip, p_mcnemar,
        smallest_p, the smallest that the sign flips could give, and p_holm, p_sign_flip corrected for all pairs of the
        table (Holm 1979, https://www.jstor.org/stable/4615733).

    Raises
    ------
    ValueError
        When a baseline is no system, or the clips differ.

    Examples
    --------
    >>> paired_table({}, ["1nn"])
    Traceback (most recent call last):
        ...
    ValueError: baseline '1nn' is not among the systems []
    """
    absent = [name for name in baselines if name not in results]
    if absent:
        raise ValueError(f"baseline {absent[0]!r} is not among the systems {sorted(results)}")
    rows = []
    for baseline in baselines:
        for system in results:
            if system in baselines[: baselines.index(baseline) + 1]:
                continue  # itself, or a pair that is there already
            found = compare_models(results[system], results[baseline])
            row = {"system": system, "baseline": baseline} | {name: float(found[name]) for name in GAPS}
            rows.append(row | {"smallest_p": found.attrs["smallest_p"]})
    table = pd.DataFrame(rows)
    if rows:
        table["p_holm"] = multipletests(table["p_sign_flip"], method="holm")[1]
    return table


def holdout_result(
    corpus: xr.Dataset, test: np.ndarray, probabilities: np.ndarray, classes: Sequence[str], *, model: str
) -> xr.Dataset:
    """Predictions for people who were put aside once, as `isc.cross_validate` gives them, for its scores and tests.

    Parameters
    ----------
    corpus : Dataset with dim clip
        Coords clip, subject, label, and take where takes are known.
    test : ndarray of int
        Positions along clip of all clips of the people put aside.
    probabilities : ndarray, shape (test clip, class)
        A clip is called the most probable class.
    classes : sequence of str
        Names of the classes.
    model : str
        Name of the system.

    Returns
    -------
    Dataset
        ``predicted``, ``fold`` (repeat, clip) and ``probability`` (repeat, clip, class) of the test clips, in one
        fold. attrs: split ("holdout"), group ("subject"), model.

    Raises
    ------
    ValueError
        When there are not as many finite probabilities as test clips and classes, or a person put aside has clips
        elsewhere.

    Examples
    --------
    >>> coords = {"clip": list("abcd"), "subject": ("clip", list("1122")), "label": ("clip", ["happy", "sad"] * 2)}
    >>> result = holdout_result(xr.Dataset(coords=coords), np.array([2, 3]), np.eye(2), ["happy", "sad"], model="net")
    >>> result["predicted"].values.tolist(), result.attrs["split"]
    ([['happy', 'sad']], 'holdout')
    """
    said = np.asarray(probabilities, dtype=float)
    if said.shape != (len(test), len(classes)) or not np.isfinite(said).all():
        raise ValueError(f"finite probabilities of shape {(len(test), len(classes))} are needed; given {said.shape}")
    subject = corpus["subject"].values
    elsewhere = np.intersect1d(np.delete(subject, test), subject[test])
    if elsewhere.size:
        raise ValueError(f"subject {elsewhere[0]} has test clips and others, so is not put aside; test all or none")
    columns = [name for name in ("clip", "subject", "label", "take") if name in corpus.coords]
    clips, cells = corpus.isel(clip=test), ("repeat", "clip")
    variables = {
        "predicted": (cells, np.array(classes)[said.argmax(axis=1)][None]),
        "fold": (cells, np.zeros((1, len(test)), dtype=int)),
        "probability": ((*cells, "class"), said[None], {"units": "1"}),
    }
    coords = {name: ("clip", clips[name].values) for name in columns} | {"class": list(classes)}
    return xr.Dataset(variables, coords, {"split": "holdout", "group": "subject", "model": model})


class MeanInterval(NamedTuple):
    """A mean and its interval.

    Attributes
    ----------
    mean, low, high : float
    """

    mean: float
    low: float
    high: float


def mean_interval(values: Sequence[float] | np.ndarray, *, level: float = 0.95) -> MeanInterval:
    """Mean of independent values, such as one a random start, and its interval by Student's t.

    Parameters
    ----------
    values : sequence of float, shape (start,)
    level : float
        Coverage.

    Returns
    -------
    MeanInterval

    Raises
    ------
    ValueError
        When there are fewer than two values, one is not finite, or the level does not lie between 0 and 1.

    References
    ----------
    Student 1908, Biometrika 6:1-25, doi:10.1093/biomet/6.1.1.

    Examples
    --------
    >>> [round(value, 3) for value in mean_interval([1.0, 2.0, 3.0])]
    [2.0, -0.484, 4.484]
    """
    from scipy.stats import sem, t

    of = np.asarray(values, dtype=float)
    if of.ndim != 1 or len(of) < 2 or not np.isfinite(of).all():
        raise ValueError(f"an interval of a mean needs two finite values at least; given {of.tolist()}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; given {level}")
    mean, half = float(of.mean()), float(t.ppf((1 + level) / 2, len(of) - 1) * sem(of))
    return MeanInterval(mean, mean - half, mean + half)

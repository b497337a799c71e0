"""Tables of systems that were compared: scores, chance, and each against the baselines."""

from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr

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
        and smallest_p, the smallest that the sign flips could give.

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
    return pd.DataFrame(rows)

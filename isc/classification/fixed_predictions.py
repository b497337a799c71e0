"""Chance for models that are too slow to learn anew from every permutation: the predictions stay, the labels move."""

import numpy as np
import xarray as xr

from isc.classification.clips import clip_table
from isc.classification.permutations import permuted_labels
from isc.classification.scores import METRICS, confusion_scores

BLOCK = 1000  # labellings counted at a time


def prediction_test(
    result: xr.Dataset,
    *,
    n_permutations: int = 10_000,
    exchange: str | None = None,
    statistic: str = "accuracy",
    seed: int = 0,
) -> xr.Dataset:
    """Whether fixed predictions agree with the labels better than with labels permuted within each subject.

    The model is not fitted anew: what is permuted is which clips of a person carry which label, against predictions
    made by a model that never saw that person's labels (leave-one-subject-out or grouped folds). Whole takes change
    labels with one another. The p says whether the predictions know something of the labels beyond how often a
    person shows each; it says nothing of how much the predictions would vary with another training. It is approximate:
    each person's labels also taught the predictions for the others, which the permutations leave as they are. Of 1,200
    data sets without a relation (1-NN, 6 to 24 people, leave-one-subject-out) 7 % had p <= .05; `isc.permutation_test`
    learns anew and is exact for such folds.

    Parameters
    ----------
    result : Dataset
        From `isc.cross_validate` or `isc.networks.cross_validate_system`; its first repeat. Clips that were not
        tested are left out.
    n_permutations : int
        Labellings drawn.
    exchange : str, optional
        As in `isc.permutation_test`.
    statistic : str
        A metric of `isc.classification.scores.confusion_scores`.
    seed : int
        Same seed, same labellings, whatever the order of subjects.

    Returns
    -------
    Dataset
        ``null`` (permutation), ``observed``, ``p``, ``chance``, ``chance_low``, ``chance_high``, as
        `isc.permutation_test` gives them. attrs: exchange, statistic, smallest_p, permuted.

    Raises
    ------
    ValueError
        For an unknown statistic, folds that had the person in training, or labels that cannot be exchanged.

    References
    ----------
    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39, doi:10.2202/1544-6115.1585 (the p-value).

    Examples
    --------
    >>> label = ["a", "b"] * 6
    >>> coords = {"clip": [str(n) for n in range(12)], "label": ("clip", label), "class": ["a", "b"],
    ...           "subject": ("clip", list("111122223333"))}
    >>> result = xr.Dataset({"predicted": (("repeat", "clip"), [label]), "fold": (("repeat", "clip"),
    ...                     [[0] * 4 + [1] * 4 + [2] * 4])}, coords)
    >>> float(prediction_test(result, n_permutations=999)["p"]) < 0.02
    True
    """
    if statistic not in METRICS:
        raise ValueError(f"statistic must be one of {METRICS}; given {statistic!r}")
    predicted = result["predicted"].values[0]
    tested = np.flatnonzero(predicted != "")
    _check_people(result, tested)
    clips = clip_table(result[["predicted"]].isel(repeat=0, clip=tested, drop=True))
    classes = list(result["class"].values)
    position = {name: number for number, name in enumerate(classes)}
    codes = np.array([position[name] for name in clips["label"]])
    said = np.array([position[name] for name in predicted[tested]])
    groups = exchange or next((c for c in ("take", "item") if c in clips), "clip")
    labellings = np.concatenate([codes[None], permuted_labels(clips, codes, groups, n_permutations, seed)])
    values = _of_labellings(labellings, said, len(classes), statistic)
    observed, null = values[0], values[1:]
    low, high = np.quantile(null, [0.025, 0.975])
    p = ((~(null < observed - 1e-12)).sum() + 1) / (n_permutations + 1)  # an undefined score is no evidence
    scalars = {"observed": observed, "p": p, "chance": null.mean(), "chance_low": low, "chance_high": high}
    attrs = {"exchange": groups, "statistic": statistic, "smallest_p": 1 / (n_permutations + 1), "seed": seed}
    attrs |= {"permuted": "labels within subjects, against fixed predictions"}
    return xr.Dataset({"null": ("permutation", null)} | {k: ((), float(v)) for k, v in scalars.items()}, attrs=attrs)


def _check_people(result: xr.Dataset, tested: np.ndarray) -> None:
    fold, subject = result["fold"].values[0], result["subject"].values
    for name in np.unique(subject[tested]):
        if np.unique(fold[subject == name]).size > 1:
            raise ValueError(
                f"subject {name} is in training and test, so the predictions know that person's labels and a "
                "permutation against them is no test; use leave_one_subject_out or grouped folds"
            )


def _of_labellings(labellings: np.ndarray, said: np.ndarray, n_class: int, statistic: str) -> np.ndarray:
    """The statistic of fixed predictions for many labellings."""
    values = []
    for first in range(0, len(labellings), BLOCK):
        block = labellings[first : first + BLOCK]
        cell = (np.arange(len(block))[:, None] * n_class + block) * n_class + said
        counts = np.bincount(cell.ravel(), minlength=len(block) * n_class**2)
        values.append(confusion_scores(counts.reshape(len(block), n_class, n_class))[statistic])
    return np.concatenate(values)

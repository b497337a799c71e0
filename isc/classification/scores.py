"""Scores of a cross-validation with intervals over subjects; tables by class and subject; calibration."""

import warnings

import numpy as np
import pandas as pd
import xarray as xr

METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "kappa", "abaw")
F1_SHARE, ACCURACY_SHARE = 0.67, 0.33  # criterion of the ABAW challenge of 2020 and 2021


def subject_confusion(result: xr.Dataset) -> xr.DataArray:
    """Clips of each subject by true and predicted class, mean over repeats.

    Parameters
    ----------
    result : Dataset
        From `isc.cross_validate`.

    Returns
    -------
    DataArray, dims (subject, label, predicted), float64
        Clips; those that were not tested are left out.

    Examples
    --------
    >>> result = xr.Dataset({"predicted": (("repeat", "clip"), [["a", "a"]])},
    ...     {"label": ("clip", ["a", "b"]), "subject": ("clip", ["1", "1"]), "class": ["a", "b"]})
    >>> subject_confusion(result).values[0].tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    classes = pd.Index(result["class"].values)
    number, subjects = pd.factorize(result["subject"].values, sort=True)
    true = classes.get_indexer(result["label"].values)
    counts = np.zeros((len(subjects), len(classes), len(classes)))
    for predicted in result["predicted"].values:
        said = classes.get_indexer(predicted)
        np.add.at(counts, (number[said >= 0], true[said >= 0], said[said >= 0]), 1)
    coords = {"subject": subjects, "label": classes, "predicted": classes}
    return xr.DataArray(counts / result.sizes["repeat"], coords, ("subject", "label", "predicted"), "n_clip")


def confusion_scores(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of confusion matrices.

    Parameters
    ----------
    confusion : ndarray, shape (..., true class, predicted class)
        Counts.

    Returns
    -------
    dict of str to ndarray, shape (...)
        accuracy; balanced_accuracy (mean recall of the classes that are there); macro_f1 (mean over the classes that
        are there or were predicted); kappa (Cohen); abaw, 0.67 macro F1 + 0.33 accuracy. NaN without clips.

    References
    ----------
    Kollias et al. 2020, IEEE FG 637-643, doi:10.1109/FG47880.2020.00126 (the criterion).

    Examples
    --------
    >>> {name: round(float(value), 3) for name, value in confusion_scores(np.array([[2, 0], [1, 1]])).items()}
    {'accuracy': 0.75, 'balanced_accuracy': 0.75, 'macro_f1': 0.733, 'kappa': 0.5, 'abaw': 0.739}
    """
    per_class = class_scores(confusion)
    total = confusion.sum(axis=(-2, -1))
    accuracy = _ratio(np.trace(confusion, axis1=-2, axis2=-1), total)
    chance = _ratio((confusion.sum(axis=-1) * confusion.sum(axis=-2)).sum(axis=-1), total**2)
    macro_f1 = _mean_of_known(per_class["f1"])
    return {
        "accuracy": accuracy,
        "balanced_accuracy": _mean_of_known(per_class["recall"]),
        "macro_f1": macro_f1,
        "kappa": _ratio(accuracy - chance, 1 - chance),
        "abaw": F1_SHARE * macro_f1 + ACCURACY_SHARE * accuracy,
    }


def class_scores(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Precision, recall and F1 of every class.

    Parameters
    ----------
    confusion : ndarray, shape (..., true class, predicted class)
        Counts.

    Returns
    -------
    dict of str to ndarray, shape (..., class)
        NaN: precision of a class that was never predicted, recall of a class without clips, F1 when both.

    Examples
    --------
    >>> class_scores(np.array([[2, 0], [1, 1]]))["recall"].tolist()
    [1.0, 0.5]
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    true, said = confusion.sum(axis=-1), confusion.sum(axis=-2)
    return {"precision": _ratio(hits, said), "recall": _ratio(hits, true), "f1": _ratio(2.0 * hits, true + said)}


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the whole is zero."""
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole != 0)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def subject_weights(n_subject: int, n_bootstrap: int, seed: int) -> np.ndarray:
    """How often each subject is drawn in each bootstrap sample, (bootstrap, subject).

    Parameters
    ----------
    n_subject, n_bootstrap, seed : int
        Sizes, and the key of the draws.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> subject_weights(5, 3, 0).sum(axis=1).tolist()
    [5.0, 5.0, 5.0]
    """
    draws = np.random.default_rng([seed, n_subject]).multinomial(
        n_subject, np.full(n_subject, 1 / n_subject), n_bootstrap
    )
    return draws.astype(np.float64)


def score_table(result: xr.Dataset, *, n_bootstrap: int = 2000, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """Scores over all clips with bootstrap intervals over subjects.

    Subjects are drawn with replacement with all their clips: clips of one person are not independent.

    Parameters
    ----------
    result : Dataset
        From `isc.cross_validate`.
    n_bootstrap : int
        Samples.
    level : float
        Coverage of the intervals, percentile method.
    seed : int
        Key of the draws.

    Returns
    -------
    DataFrame
        Index: metric as in `confusion_scores`; columns value, low, high.

    Warns
    -----
    UserWarning
        When there is one subject: no interval.

    Examples
    --------
    >>> result = xr.Dataset({"predicted": (("repeat", "clip"), [["a", "a"] * 2])},
    ...     {"label": ("clip", ["a", "b"] * 2), "subject": ("clip", list("1122")), "class": ["a", "b"]})
    >>> score_table(result).loc["accuracy"].tolist()
    [0.5, 0.5, 0.5]
    """
    counts = subject_confusion(result).values
    samples = _bootstrap(counts, n_bootstrap, seed)
    value, drawn = confusion_scores(counts.sum(axis=0)), confusion_scores(samples)
    rows = {name: [float(value[name]), *_interval(drawn[name], level)] for name in METRICS}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high"]).rename_axis("metric")


def _bootstrap(counts: np.ndarray, n_bootstrap: int, seed: int) -> np.ndarray:
    """Confusion matrices (bootstrap, class, class) of subjects drawn with replacement."""
    if len(counts) < 2:
        warnings.warn("intervals over subjects need two subjects at least; they are NaN", stacklevel=3)
        return np.full((1, *counts.shape[1:]), np.nan)
    return np.einsum("bs,sij->bij", subject_weights(len(counts), n_bootstrap, seed), counts, optimize=True)


def _interval(samples: np.ndarray, level: float) -> tuple[float, float]:
    known = samples[np.isfinite(samples)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def class_table(result: xr.Dataset, *, n_bootstrap: int = 2000, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """Precision, recall and F1 of every class with bootstrap intervals over subjects.

    Parameters
    ----------
    result : Dataset
        From `isc.cross_validate`.
    n_bootstrap, level, seed : see `score_table`
        As there.

    Returns
    -------
    DataFrame
        A row a class: n_clip, then precision, recall, f1, each followed by its _low and _high.

    Examples
    --------
    >>> result = xr.Dataset({"predicted": (("repeat", "clip"), [["a", "a"] * 2])},
    ...     {"label": ("clip", ["a", "b"] * 2), "subject": ("clip", list("1122")), "class": ["a", "b"]})
    >>> class_table(result)["recall"].tolist()
    [1.0, 0.0]
    """
    counts = subject_confusion(result)
    value = class_scores(counts.values.sum(axis=0))
    drawn = class_scores(_bootstrap(counts.values, n_bootstrap, seed))
    table = pd.DataFrame(
        {"n_clip": counts.values.sum(axis=(0, 2))}, index=pd.Index(counts["label"].values, name="label")
    )
    for name, values in value.items():
        bounds = np.array([_interval(drawn[name][:, c], level) for c in range(len(table))])
        table[name], table[f"{name}_low"], table[f"{name}_high"] = values, bounds[:, 0], bounds[:, 1]
    return table


def subject_table(result: xr.Dataset) -> pd.DataFrame:
    """Accuracy, balanced accuracy and number of clips and classes of every subject.

    Parameters
    ----------
    result : Dataset
        From `isc.cross_validate`.

    Returns
    -------
    DataFrame
        A row a subject; balanced accuracy is over the classes that the subject shows.

    Examples
    --------
    >>> result = xr.Dataset({"predicted": (("repeat", "clip"), [["a", "a"]])},
    ...     {"label": ("clip", ["a", "b"]), "subject": ("clip", ["1", "1"]), "class": ["a", "b"]})
    >>> float(subject_table(result).loc["1", "accuracy"])
    0.5
    """
    counts = subject_confusion(result)
    scores = confusion_scores(counts.values)
    columns = {
        "n_clip": counts.values.sum(axis=(1, 2)),
        "n_class": (counts.values.sum(axis=2) > 0).sum(axis=1),
        "accuracy": scores["accuracy"],
        "balanced_accuracy": scores["balanced_accuracy"],
    }
    return pd.DataFrame(columns, index=pd.Index(counts["subject"].values, name="subject"))


def confusion(result: xr.Dataset, *, n_bootstrap: int = 2000, level: float = 0.95, seed: int = 0) -> xr.Dataset:
    """Confusion matrix: clips, share of each true class, and bootstrap intervals of the shares over subjects.

    Parameters
    ----------
    result : Dataset
        From `isc.cross_validate`.
    n_bootstrap, level, seed : see `score_table`
        As there.

    Returns
    -------
    Dataset, dims (label, predicted)
        ``n_clip`` (mean over repeats), ``share``, ``low``, ``high``. NaN: a class without clips.

    Examples
    --------
    >>> result = xr.Dataset({"predicted": (("repeat", "clip"), [["a", "a"] * 2])},
    ...     {"label": ("clip", ["a", "b"] * 2), "subject": ("clip", list("1122")), "class": ["a", "b"]})
    >>> confusion(result)["share"].values.tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    counts = subject_confusion(result)
    total, samples = counts.values.sum(axis=0), _bootstrap(counts.values, n_bootstrap, seed)
    share, drawn = (_ratio(x, x.sum(axis=-1, keepdims=True)) for x in (total, samples))
    n_class = len(total)
    bounds = np.array([[_interval(drawn[:, i, j], level) for j in range(n_class)] for i in range(n_class)])
    cells = ("label", "predicted")
    values = {"n_clip": total, "share": share, "low": bounds[..., 0], "high": bounds[..., 1]}
    coords = {name: counts[name].values for name in cells}
    attrs = {"level": level, "n_subject": counts.sizes["subject"]}
    return xr.Dataset({name: (cells, value) for name, value in values.items()}, coords, attrs)


def calibration(result: xr.Dataset, *, n_bins: int = 10) -> xr.Dataset:
    """How far stated probabilities are from what came true.

    Parameters
    ----------
    result : Dataset
        From `isc.cross_validate` with a model that gives probabilities.
    n_bins : int
        Bins of equal width for the probability of the predicted class.

    Returns
    -------
    Dataset, dims (bin,)
        ``confidence`` (mean probability of the predicted class), ``accuracy``, ``n_clip`` of every bin (NaN without
        clips); scalars ``ece`` (expected calibration error: mean absolute gap, weighted by clips), ``brier`` (sum over
        classes of squared errors, mean over clips; 0 to 2) and ``log_loss``.

    Raises
    ------
    ValueError
        When the result has no probabilities.

    Examples
    --------
    >>> result = xr.Dataset({"probability": (("repeat", "clip", "class"), [[[0.75, 0.25], [0.25, 0.75]]])},
    ...     {"label": ("clip", ["a", "b"]), "class": ["a", "b"]})
    >>> float(calibration(result)["ece"]), float(calibration(result)["brier"])
    (0.25, 0.125)
    """
    if "probability" not in result:
        raise ValueError("the model gives no probabilities; use one with predict_proba, such as 'logistic'")
    classes = pd.Index(result["class"].values)
    probability = result["probability"].values.reshape(-1, len(classes))
    true = np.tile(classes.get_indexer(result["label"].values), result.sizes["repeat"])
    tested = np.isfinite(probability).all(axis=1)
    probability, true = probability[tested], true[tested]
    confidence, hit = probability.max(axis=1), probability.argmax(axis=1) == true
    number = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    counts = np.bincount(number, minlength=n_bins).astype(float)
    stated, came_true = (_ratio(np.bincount(number, x, n_bins), counts) for x in (confidence, hit))
    gap = np.where(counts > 0, np.abs(stated - came_true), 0)
    of_true = probability[np.arange(true.size), true]
    variables = {"confidence": ("bin", stated), "accuracy": ("bin", came_true), "n_clip": ("bin", counts)}
    scalars = {
        "ece": float((gap * counts).sum() / counts.sum()),
        "brier": float(((probability - np.eye(len(classes))[true]) ** 2).sum(axis=1).mean()),
        "log_loss": float(-np.log(np.maximum(of_true, np.finfo(float).tiny)).mean()),
    }
    return xr.Dataset(variables | {name: ((), value) for name, value in scalars.items()})

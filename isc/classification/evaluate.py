"""Cross-validation of expression classification: who was recognised, by which model, under which division."""

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.clips import encode
from isc.classification.models import Learner
from isc.classification.splits import Split, check_folds, make_folds, refuse_frames

Protocol = Literal["published", "guarded"]
# What the poster did, and what says how well people never seen are recognised.
PROTOCOLS: dict[str, dict[str, Any]] = {
    "published": {"split": "kfold", "n_folds": 10, "pca": "all"},
    "guarded": {"split": "leave_one_subject_out", "n_folds": 10, "pca": "fold"},
}


def cross_validate(
    data: Any,
    *,
    model: Any = "1nn",
    protocol: Protocol = "guarded",
    split: Split | xr.DataArray | None = None,
    n_folds: int | None = None,
    n_repeats: int = 1,
    n_component: int | None = None,
    pca: Literal["fold", "all"] | None = None,
    classes: Sequence[str] | None = None,
    frame_wise: Literal["refuse", "accept"] = "refuse",
    seed: int = 0,
) -> xr.Dataset:
    """Predicted class of every clip by a model that did not learn from its fold.

    Parameters
    ----------
    data : DistanceSpace or DataArray, dims (clip, feature)
        With coords ``subject`` and ``label`` along ``clip``.
    model : str or estimator
        "1nn", "<k>nn" (majority of k; among equally frequent classes that of the nearest), "logistic", "svm", or any
        scikit-learn estimator or pipeline: a copy is fitted in every fold, its transforms included.
    protocol : {"guarded", "published"}
        Defaults of `split`, `n_folds` and `pca`: leave-one-subject-out with components fitted inside the fold, or
        10-fold over clips with components fitted on all clips before.
    split : str or DataArray, optional
        As in `isc.classification.splits.make_folds`, or folds (repeat, clip) of your own.
    n_folds, n_repeats : int
        As in `make_folds`.
    n_component : int, optional
        Principal components of the training clips; by default none are taken.
    pca : {"fold", "all"}, optional
        Where the components come from.
    classes : sequence of str, optional
        The classes that exist, in the order of tables; by default those that occur, sorted.
    frame_wise : {"refuse", "accept"}
        Whether rows that are frames may be divided without regard to their clips.
    seed : int
        As in `make_folds`.

    Returns
    -------
    Dataset, dims (repeat, clip[, class])
        ``predicted`` (repeat, clip), ``fold`` (repeat, clip); ``nearest`` (repeat, clip), position of the deciding
        neighbour; ``probability`` (repeat, clip, class) where the model gives one. Coords ``label``, ``subject``,
        ``take`` ... (clip). Empty ``predicted``: the clip was not tested. attrs say how it was done.

    Raises
    ------
    TypeError, ValueError
        For an unknown choice, an unusable table, features with NaN, an unknown label, a class with a single clip, a
        group divided by folds that promise to keep it, frames divided without the user's word.

    Warns
    -----
    UserWarning
        For k-fold; where a subject lacks a class (balanced accuracy is then over the classes that are there); where
        a fold's training clips lack a class that it tests.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> coords = {"subject": ("clip", np.repeat(list("123"), 4)), "label": ("clip", ["happy", "sad"] * 6)}
    >>> data = xr.DataArray(rng.normal(size=(12, 5)) * 0.1 + np.tile([[0], [1]], (6, 1)), dims=("clip", "feature"),
    ...                     coords=coords)
    >>> result = cross_validate(data)
    >>> float((result["predicted"] == result["label"]).mean())
    1.0
    """
    how = _settings(protocol, split, n_folds, pca)
    learner = Learner(data, model, n_component=n_component, pca=how["pca"])
    codes, names = encode(learner.clips["label"], classes)
    folds = folds_of(learner.clips, how["split"], how["n_folds"], n_repeats, seed, frame_wise)
    _warn_of_missing_classes(learner.clips)
    result = run_folds(learner, codes, names, folds)
    chosen = model if isinstance(model, str) else type(model).__name__
    return result.assign_attrs(
        model=chosen,
        protocol=protocol,
        pca=how["pca"] if n_component else "none",
        n_component=n_component or 0,
        seed=seed,
    )


def _settings(protocol: str, split: Any, n_folds: int | None, pca: str | None) -> dict[str, Any]:
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {tuple(PROTOCOLS)}; given {protocol!r}")
    given = {"split": split, "n_folds": n_folds, "pca": pca}
    return PROTOCOLS[protocol] | {name: value for name, value in given.items() if value is not None}


def folds_of(
    clips: pd.DataFrame, split: Any, n_folds: int, n_repeats: int, seed: int, frame_wise: str = "refuse"
) -> xr.DataArray:
    """Folds by name, or the user's own after a check.

    Parameters
    ----------
    clips : DataFrame
        The clips.
    split : str or DataArray
        As in `cross_validate`.
    n_folds, n_repeats, seed : int
        As in `make_folds`.
    frame_wise : {"refuse", "accept"}
        As in `cross_validate`.

    Returns
    -------
    DataArray of int, dims (repeat, clip)

    Examples
    --------
    >>> clips = pd.DataFrame({"clip": list("ab"), "subject": list("12"), "label": ["happy", "sad"]})
    >>> folds_of(clips, "leave_one_subject_out", 10, 1, 0).values.tolist()
    [[0, 1]]
    """
    own = isinstance(split, xr.DataArray)
    name = split.attrs.get("split", "own") if own else split
    refuse_frames(clips, name, frame_wise)
    folds = split if own else make_folds(clips, split=split, n_folds=n_folds, n_repeats=n_repeats, seed=seed)
    check_folds(folds, clips)
    return folds.transpose("repeat", "clip")


def run_folds(learner: Learner, codes: np.ndarray, classes: Sequence[str], folds: xr.DataArray) -> xr.Dataset:
    """Predictions of one learner over all folds and repeats.

    Parameters
    ----------
    learner : Learner
        Model and data.
    codes : ndarray of int, shape (clip,)
        Class of every clip.
    classes : sequence of str
        Names of the classes.
    folds : DataArray of int, dims (repeat, clip)
        -1: never tested.

    Returns
    -------
    Dataset
        As `cross_validate`, without its attrs.
    """
    predicted = np.full(folds.shape, -1)
    nearest, probability = predicted.copy(), np.full((*folds.shape, len(classes)), np.nan)
    for repeat, fold in enumerate(folds.values):
        for number in np.unique(fold[fold >= 0]):
            test, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
            _check_training(codes, train, test, classes)
            said = learner.predict(codes, train, test, len(classes))
            predicted[repeat, test] = said.code
            if said.nearest is not None:
                nearest[repeat, test] = said.nearest
            if said.probability is not None:
                probability[repeat, test] = said.probability
    names = np.array([*classes, ""])
    cells = ("repeat", "clip")
    variables: dict[str, Any] = {"predicted": (cells, names[predicted]), "fold": (cells, folds.values)}
    if learner.k is not None:
        variables["nearest"] = (cells, nearest, {"long_name": "position of the nearest training clip"})
    if np.isfinite(probability).any():
        variables["probability"] = ((*cells, "class"), probability, {"units": "1"})
    columns = {str(name): ("clip", column.to_numpy()) for name, column in learner.clips.items()}
    coords = columns | {"class": list(classes)}
    return xr.Dataset(variables, coords, {key: str(value) for key, value in folds.attrs.items()})


def _check_training(codes: np.ndarray, train: np.ndarray, test: np.ndarray, classes: Sequence[str]) -> None:
    missing = np.setdiff1d(codes[test], codes[train])
    if missing.size:
        warnings.warn(
            f"class {classes[missing[0]]!r} is tested in a fold that has no such clip to learn from; it cannot be "
            "recognised there",
            stacklevel=4,
        )
    if np.unique(codes[train]).size < 2:
        raise ValueError("the training clips of a fold are all of one class; use fewer folds or more clips")


def _warn_of_missing_classes(clips: pd.DataFrame) -> None:
    counts = pd.crosstab(clips["subject"], clips["label"])
    lacking = counts.index[(counts == 0).any(axis=1)]
    if len(lacking):
        absent = counts.columns[counts.loc[lacking[0]] == 0][0]
        warnings.warn(
            f"subject {lacking[0]} has no clip of class {absent!r} ({len(lacking)} of {len(counts)} lack one): "
            "a subject's balanced accuracy is over the classes that are there",
            stacklevel=3,
        )

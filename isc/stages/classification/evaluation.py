"""How well expressions are told apart: the guarded protocol, and beside it what was published."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.distance_space import DistanceSpace
from isc.classification.evaluate import PROTOCOLS, cross_validate
from isc.classification.explain import explain
from isc.classification.inference import compare_models, permutation_test
from isc.classification.leaks import leak_audit
from isc.classification.scores import confusion, score_table, subject_table
from isc.mesh import region_of
from isc.stages.provenance.shelf import WARNINGS, Shelf
from isc.stages.recordings.extraction import warning_texts
from isc.study import Classification, StudyError

DESC = "expressions"
MEANING = "expressions told apart by the distances of all pairs of face vertices"
SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "abaw")
CHECKS = ("same_subject", "same_take", "same_subject_neighbour")  # of the leak audit
KFOLD_WARNING = "kfold puts"  # how the warning begins that the published protocol is about
FRAME = "frame"  # column of clips that are frames of longer videos
TABLES = ("classification", "confusion", "subject_accuracy", "informative_pairs")
MOST_EXPLAINED = 60  # clips whose decisions are taken apart, spread over the table of clips
N_PAIR = 100  # most informative pairs that are kept


class Evaluation(NamedTuple):
    """Both protocols on the same clips.

    Attributes
    ----------
    classification, confusion, subject_accuracy, informative_pairs : DataFrame
        As the products of these names.
    gap : dict
        Accuracy as published less guarded, over subjects: difference, low, high, p; empty for frames, whose published
        division is refused.
    warnings : list of str
    """

    classification: pd.DataFrame
    confusion: pd.DataFrame
    subject_accuracy: pd.DataFrame
    informative_pairs: pd.DataFrame
    gap: dict[str, float]
    warnings: list[str]


def evaluate(meshes: xr.DataArray, how: Classification, *, seed: int = 0) -> Evaluation:
    """Scores, chance and confusion of both protocols.

    Parameters
    ----------
    meshes : DataArray, dims (clip, vertex, space)
        With subject, label and, where known, take and item of every clip.
    how : Classification
        Settings.
    seed : int
        Of folds, permutations and bootstrap samples.

    Returns
    -------
    Evaluation

    Raises
    ------
    StudyError
        When the clips do not allow it, such as a class with one clip, or fewer clips than components.
    """
    results: dict[str, xr.Dataset] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            space = _space(meshes, how)
            rows = [_row(space, how, protocol, seed, results) for protocol in _protocols(space)]
            gaps = _gap(results, how, seed)
            cells = [_confusion(result, protocol, how, seed) for protocol, result in results.items()]
            people = [_people(result, protocol) for protocol, result in results.items()]
            pairs = informative_pairs(space, results["guarded"])
        except ValueError as error:
            raise StudyError(
                f"the clips cannot be told apart: {error} (settings are under [classification])"
            ) from error
    texts = [text for text in warning_texts(caught) if not text.startswith(KFOLD_WARNING)]
    confused, by_person = (pd.concat(parts, ignore_index=True) for parts in (cells, people))
    return Evaluation(pd.DataFrame(rows), confused, by_person, pairs, gaps, texts)


def _protocols(space: DistanceSpace) -> tuple[str, ...]:
    """Both, unless the clips are frames: divided one by one, neighbours in time would be in training and test."""
    if FRAME not in space.clips:
        return ("guarded", "published")
    warnings.warn("the published protocol is left out: frames of one video would be in training and test", stacklevel=2)
    return ("guarded",)


def _gap(results: dict[str, xr.Dataset], how: Classification, seed: int) -> dict[str, float]:
    """Accuracy as published less guarded, over people."""
    if len(results) < 2:
        return {}
    gap = compare_models(results["published"], results["guarded"], n_bootstrap=how.n_bootstrap, seed=seed)
    names = {"difference": "difference", "low": "low", "high": "high", "p": "p_sign_flip"}
    return {key: float(gap[name]) for key, name in names.items()}


def _space(meshes: xr.DataArray, how: Classification) -> DistanceSpace:
    """The clips that count; references are taken from all, as neutral clips may not be among them."""
    space = DistanceSpace(meshes, reference=how.reference)
    if how.labels:
        space = _of_labels(space, how)
    counts = space.clips["label"].value_counts()
    if counts.max() < how.n_folds:
        raise ValueError(f"no expression has {how.n_folds} clips, one a fold; set n_folds to {counts.max()} or less")
    return space


def _of_labels(space: DistanceSpace, how: Classification) -> DistanceSpace:
    lacking = sorted(set(how.labels) - set(space.clips["label"]))
    if lacking:
        raise ValueError(f"no clip is labelled {', '.join(lacking)}; there are {sorted(set(space.clips['label']))}")
    return space.select(space.clips["label"].isin(how.labels).to_numpy())


def _row(
    space: DistanceSpace, how: Classification, protocol: Any, seed: int, results: dict[str, xr.Dataset]
) -> dict[str, Any]:
    """One row of the table of scores; `results` gets the predictions."""
    split = how.split if protocol == "guarded" else PROTOCOLS[protocol]["split"]
    options: dict[str, Any] = {"model": how.model, "split": split, "n_folds": how.n_folds, "seed": seed}
    options["n_component"] = how.n_component or None
    result = cross_validate(space, protocol=protocol, classes=how.labels or None, **options)
    results[protocol] = result
    row: dict[str, Any] = {"protocol": protocol, "model": how.model, "split": split, "pca": result.attrs["pca"]}
    row |= {"n_component": how.n_component, "n_subject": space.clips["subject"].nunique(), "n_clip": len(space)}
    row |= {"n_class": space.clips["label"].nunique()}
    scores = score_table(result, n_bootstrap=how.n_bootstrap, seed=seed)
    for name in SCORES:
        row |= {name: scores.loc[name, "value"]}
        row |= {f"{name}_{end}": scores.loc[name, end] for end in ("low", "high")}
    row |= _chance(space, how.n_permutations, options | {"pca": PROTOCOLS[protocol]["pca"]})
    audit = leak_audit(space, result)
    return row | {name: float(audit.loc[name, "share"]) for name in CHECKS}


def _chance(space: DistanceSpace, n_permutations: int, options: dict[str, Any]) -> dict[str, float]:
    """Chance and p by permutation within subjects; NaN where nobody has labels to exchange."""
    names = ("chance", "chance_low", "chance_high", "p")
    try:
        test = permutation_test(space, n_permutations=n_permutations, **options)
    except ValueError as error:
        warnings.warn(f"{options['split']}: chance and p are not known: {error}", stacklevel=2)
        return dict.fromkeys(names, np.nan) | {"n_permutations": 0}
    return {name: float(test[name]) for name in names} | {"n_permutations": n_permutations}


def _confusion(result: xr.Dataset, protocol: str, how: Classification, seed: int) -> pd.DataFrame:
    """A row for every true and predicted class."""
    table = confusion(result, n_bootstrap=how.n_bootstrap, seed=seed).to_dataframe().reset_index()
    columns = ["label", "predicted", "n_clip", "share", "low", "high"]
    return table[columns].assign(protocol=protocol)[["protocol", *columns]]


def _people(result: xr.Dataset, protocol: str) -> pd.DataFrame:
    """A row for every person."""
    table = subject_table(result).reset_index()
    table["subject"] = table["subject"].astype(str)
    return table.assign(protocol=protocol)[["protocol", *table.columns]]


def informative_pairs(space: DistanceSpace, result: xr.Dataset) -> pd.DataFrame:
    """The pairs of vertices that add most to telling the nearest miss from the nearest hit.

    Parameters
    ----------
    space : DistanceSpace
        Of pair distances.
    result : Dataset
        From `isc.cross_validate`: who learnt from whom.

    Returns
    -------
    DataFrame
        As the product of this name, the largest share first; empty when no clip has both a hit and a miss. In
        ``attrs["explained"]`` the number of clips: at most 60, spread over all.
    """
    places = _explained(space, result)
    columns = {"vertex_a": "int64", "vertex_b": "int64", "region_a": "str", "region_b": "str", "share": "float64"}
    if not places.size:
        return pd.DataFrame(columns=list(columns)).astype(columns)
    why = explain(space, [int(place) for place in places], folds=result)
    total = why["contribution"].sum("clip").values
    share = total / max(np.abs(total).sum(), np.finfo(float).tiny)
    kept = np.argsort(-np.abs(share), kind="stable")[:N_PAIR]
    table = pd.DataFrame({name: why[name].values[kept].astype(np.int64) for name in list(columns)[:2]})
    for end in "ab":
        table[f"region_{end}"] = [str(name) for name in region_of(table[f"vertex_{end}"].to_numpy())]
    table = table.assign(share=share[kept])
    table.attrs["explained"] = int(places.size)
    return table


def _explained(space: DistanceSpace, result: xr.Dataset) -> np.ndarray:
    """Positions of clips that have training clips of their own and of another class, spread over all of them."""
    fold, labels = result["fold"].values[0], space.clips["label"].to_numpy()
    found = []
    for place in np.flatnonzero(fold >= 0):
        same = labels[fold != fold[place]] == labels[place]
        if same.any() and not same.all():
            found.append(place)
    spread = np.linspace(0, len(found) - 1, min(len(found), MOST_EXPLAINED)).round().astype(int)
    return np.array(found, dtype=int)[spread]


def make_tables(
    shelf: Shelf,
    inputs: Sequence[Path],
    load: Callable[[], xr.DataArray],
    how: Classification,
    *,
    clips_key: str,
    seed: int,
) -> bool:
    """Write the tables when one of them is absent or out of date.

    Parameters
    ----------
    shelf : Shelf
        Of the group.
    inputs : sequence of Path
        Meshes of the clips.
    load : callable
        Gives the labelled meshes; called when they are needed only.
    how : Classification
    clips_key : str
        Changes when what the table of clips says of them changes.
    seed : int

    Returns
    -------
    bool
        Whether they were made.

    Raises
    ------
    StudyError
        As `evaluate`.
    """
    parameters = {**how.model_dump(), "seed": seed, "clips": clips_key}
    due = {name: shelf.due(name, inputs=inputs, parameters=parameters, desc=DESC) for name in TABLES}
    wanted = {name: sidecar for name, sidecar in due.items() if sidecar is not None}
    if not wanted:
        return False
    found = evaluate(load(), how, seed=seed)
    for name, sidecar in wanted.items():
        note = {**sidecar, "Seed": seed, "Gap": found.gap, WARNINGS: found.warnings}
        note |= {"Explained": found.informative_pairs.attrs.get("explained", 0)} if name == "informative_pairs" else {}
        shelf.write(getattr(found, name), shelf.path(name, desc=DESC), note)
    return True

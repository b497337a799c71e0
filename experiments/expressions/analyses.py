"""The analyses of the poster on one corpus, as published and guarded, and what they found on action units."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

import isc
from isc.classification.clips import select_clips
from isc.classification.evaluate import folds_of
from isc.classification.scores import class_table, score_table, subject_table

SPLITS = {"kfold10": "kfold", "repetition_grouped": "repetition_grouped", "take_grouped": "take_grouped",
          "loso": "leave_one_subject_out"}  # fmt: skip
MODELS = ("1nn", "logistic", "svm")
SHOWN = ("accuracy", "balanced_accuracy", "macro_f1", "abaw")
Summary = dict[str, float]


class Study(NamedTuple):
    """One corpus under both protocols.

    Attributes
    ----------
    space : DistanceSpace
        Its clips.
    results : dict of (protocol, subset) to Dataset
        Cross-validations.
    curves : dict of name to Dataset
        Learning, hit-rate and reintroduction curves.
    audits : dict of protocol to DataFrame
        What each protocol lets through.
    """

    space: isc.DistanceSpace
    results: dict[tuple[str, str], xr.Dataset]
    curves: dict[str, xr.Dataset]
    audits: dict[str, pd.DataFrame]


def label_sets(data: xr.DataArray, six: list[str]) -> dict[str, xr.DataArray]:
    """The six and all eight expressions."""
    return {"ekman6": select_clips(data, label=six), "all8": data}


def add_scores(summary: Summary, key: str, result: xr.Dataset, n_bootstrap: int) -> None:
    """Scores of a result and the interval of its accuracy."""
    table = score_table(result, n_bootstrap=n_bootstrap)
    for metric in SHOWN:
        summary[f"{key}/{metric}"] = float(table.loc[metric, "value"])
    summary[f"{key}/accuracy_low"], summary[f"{key}/accuracy_high"] = map(float, table.loc["accuracy", ["low", "high"]])


def analyse_action_units(data: xr.DataArray, settings: dict[str, Any], summary: Summary, tables: Path) -> dict:
    """Three models under four divisions, for six and eight expressions; p by permutation within subjects."""
    results = {}
    for name, clips in label_sets(data, settings["labels"]).items():
        for model in MODELS:
            for split, division in SPLITS.items():
                repeats = 1 if split == "loso" else settings["n_repeats"]
                options = {"split": division, "n_folds": settings["n_folds"], "n_repeats": repeats}
                result = isc.cross_validate(clips, model=model, **options)
                results[name, model, split] = result
                add_scores(summary, f"action_units/{name}/{model}/{split}", result, settings["n_bootstrap"])
                if model == "1nn":
                    options = {"split": division, "n_folds": settings["n_folds"]}
                    test = isc.permutation_test(clips, n_permutations=settings["n_permutations"], **options)
                    summary[f"action_units/{name}/{model}/{split}/p"] = float(test["p"])
                    summary[f"action_units/{name}/{model}/{split}/chance"] = float(test["chance"])
            class_table(results[name, model, "loso"]).to_csv(
                tables / f"action_units_{name}_{model}_classes.tsv", sep="\t"
            )
        _compare(results, name, summary)
        audit = isc.leak_audit(clips, results[name, "1nn", "kfold10"])
        audit.to_csv(tables / f"action_units_{name}_leaks.tsv", sep="\t")
        summary[f"action_units/{name}/1nn/kfold10/same_subject_neighbour"] = float(
            audit.loc["same_subject_neighbour", "share"]
        )
    _permute_estimators(data, settings, summary)
    return results


def _compare(results: dict, name: str, summary: Summary) -> None:
    """Models against one another on people never seen, by sign flips over subjects."""
    for first, second in (("svm", "1nn"), ("logistic", "1nn"), ("svm", "logistic")):
        found = isc.compare_models(results[name, first, "loso"], results[name, second, "loso"])
        for value in ("difference", "low", "high", "p_sign_flip", "p_mcnemar"):
            summary[f"action_units/{name}/{first}_minus_{second}/loso/{value}"] = float(found[value])


def _permute_estimators(data: xr.DataArray, settings: dict[str, Any], summary: Summary) -> None:
    """P of the models that learn anew from every permutation, on people never seen; a process each."""
    jobs = [
        (name, clips, model) for name, clips in label_sets(data, settings["labels"]).items() for model in MODELS[1:]
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        tests = pool.map(
            _permuted, [clips for _, clips, _ in jobs], [m for *_, m in jobs], [settings["n_refit"]] * len(jobs)
        )
        for (name, _, model), (p, chance) in zip(jobs, tests, strict=True):
            summary[f"action_units/{name}/{model}/loso/p"] = p
            summary[f"action_units/{name}/{model}/loso/chance"] = chance


def _permuted(clips: xr.DataArray, model: str, n_permutations: int) -> tuple[float, float]:
    test = isc.permutation_test(clips, model=model, n_permutations=n_permutations)
    return float(test["p"]), float(test["chance"])


def analyse_corpus(name: str, meshes: xr.DataArray, settings: dict[str, Any], summary: Summary) -> Study:
    """Table 1, Figures 1, 2a and 2b of the poster on one corpus, published and guarded."""
    whole = isc.DistanceSpace(meshes)
    space = _of_labels(whole, settings["labels"])
    subsets = {"all": space} | _kinds(space)
    results = {}
    for subset, part in subsets.items():
        for protocol in ("published", "guarded"):
            result = isc.cross_validate(part, protocol=protocol, n_component=settings["n_component"])
            results[protocol, subset] = result
            add_scores(summary, f"{name}/{protocol}/{subset}", result, settings["n_bootstrap"])
        gap = isc.compare_models(results["published", subset], results["guarded", subset])
        for key, value in (("accuracy", "difference"), ("low", "low"), ("high", "high"), ("p", "p_sign_flip")):
            summary[f"{name}/gap/{subset}/{key}"] = float(gap[value])
    test = isc.permutation_test(space, n_component=settings["n_component"], n_permutations=settings["n_permutations"])
    summary[f"{name}/guarded/all/p"], summary[f"{name}/guarded/all/chance"] = float(test["p"]), float(test["chance"])
    _add_references(name, meshes, settings, summary, results)
    audits = {protocol: isc.leak_audit(space, results[protocol, "all"]) for protocol in ("published", "guarded")}
    for protocol, audit in audits.items():
        for check in ("same_subject_neighbour", "same_take"):
            summary[f"{name}/{protocol}/all/{check}"] = float(audit.loc[check, "share"])
    return Study(space, results, _curves(name, subsets, settings, summary), audits)


def _of_labels(space: isc.DistanceSpace, labels: list[str]) -> isc.DistanceSpace:
    return space.select(space.clips["label"].isin(labels).to_numpy())


def _kinds(space: isc.DistanceSpace) -> dict[str, isc.DistanceSpace]:
    """Posed and genuine clips, where the corpus has both."""
    if "kind" not in space.clips:
        return {}
    return {kind: space.select((space.clips["kind"] == kind).to_numpy()) for kind in ("posed", "genuine")}


def _add_references(name: str, meshes: xr.DataArray, settings: dict, summary: Summary, results: dict) -> None:
    """People never seen when the shape of the face is taken out by the person's own other clips."""
    references = ["subject_mean"] + ["subject_neutral"] * ("neutral" in meshes["label"].values)
    for reference in references:
        data = meshes if reference == "subject_neutral" else select_clips(meshes, label=settings["labels"])
        space = _of_labels(isc.DistanceSpace(data, reference=reference), settings["labels"])
        result = isc.cross_validate(space, n_component=settings["n_component"])
        results[f"guarded, {reference.replace('_', ' ')}", "all"] = result
        add_scores(summary, f"{name}/guarded_{reference}/all", result, settings["n_bootstrap"])


def _curves(name: str, subsets: dict, settings: dict[str, Any], summary: Summary) -> dict[str, xr.Dataset]:
    space, pca = subsets["all"], settings["n_component"]
    how = {"n_component": pca, "n_draws": settings["n_draws"], "seed": settings["seed"]}
    curves = {
        "learning_published": isc.learning_curve(space, split="kfold", **how),
        "learning_guarded": isc.learning_curve(space, **how),
        "reintroduction": isc.reintroduction_curve(space, n_own=(0, 1, 2, 3), **how),
    }
    for k, value in zip(
        curves["reintroduction"]["n_own"].values, curves["reintroduction"]["accuracy"].values, strict=True
    ):
        summary[f"{name}/guarded/all/own_clips_{k}/accuracy"] = float(value)
    best, last, size = _best_of_curve(space, settings)
    summary |= {
        f"{name}/published/all/best_of_curve/{k}": v for k, v in (("accuracy", best), ("last", last), ("size", size))
    }
    for subset, part in subsets.items():
        if "hit_rate" in part.clips:
            curve = isc.hit_rate_curve(part, **how)
            curves[f"hit_rate_{subset}"] = curve
            for level, value in zip(curve["level"].values, curve["accuracy"].values, strict=True):
                summary[f"{name}/published/{subset}/hit_rate_{level:g}/accuracy"] = float(value)
            summary[f"{name}/published/{subset}/hit_rate_slope"] = float(curve["slope"])
            summary[f"{name}/published/{subset}/hit_rate_slope_p"] = float(curve["p_slope"])
    return curves


def _best_of_curve(space: isc.DistanceSpace, settings: dict[str, Any]) -> tuple[float, float, float]:
    """The published "best model": one test fold, one draw a size, the size with the best test accuracy."""
    folds = folds_of(space.clips, "kfold", settings["n_folds"], 1, settings["seed"])
    first = folds.copy(data=np.where(folds.values == 0, 0, -1))
    sizes = range(1, int((first.values < 0).sum()) + 1)
    curve = isc.learning_curve(space, split=first, sizes=sizes, n_draws=1, n_component=settings["n_component"])
    best = int(curve["accuracy"].argmax("size"))
    return float(curve["accuracy"][best]), float(curve["accuracy"][-1]), float(curve["size"][best])


def by_subject(results: dict[str, xr.Dataset]) -> pd.DataFrame:
    """Accuracy of every subject under every protocol."""
    return pd.DataFrame({name: subject_table(result)["accuracy"] for name, result in results.items()})

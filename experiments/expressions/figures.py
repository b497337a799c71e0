"""Figures of the study: what each shows stands in its function's first line."""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from analyses import SPLITS, Study, by_subject
from matplotlib.figure import Figure

import isc
from isc.classification.class_maps import class_maps
from isc.classification.explain import prototypes
from isc.classification.scores import calibration, confusion
from isc.plots import plot_prototypes, plot_reliability, plot_subject_accuracy
from isc.report.vector import figure_svg

DPI = 200
TOP_PAIRS = 50
SPLIT_NAMES = ("10-fold\n(published)", "repetitions\ntogether", "takes\ntogether", "person\nleft out")


def save(figure: Figure, path: Path) -> None:
    """Write one figure, to look at and to edit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI)
    path.with_suffix(".svg").write_text(figure_svg(figure), encoding="utf-8")


def draw_action_units(results: dict, folder: Path) -> None:
    """Subjects under four divisions, confusion of people never seen, calibration."""
    for name, chance in (("ekman6", 1 / 6), ("all8", 1 / 8)):
        table = by_subject({split: results[name, "1nn", split] for split in SPLITS}).set_axis(SPLIT_NAMES, axis=1)
        save(plot_subject_accuracy(table, chance=chance), folder / f"action_units_{name}_subjects.png")
        for model in ("1nn", "svm"):
            figure = isc.plot_confusion(confusion(results[name, model, "loso"]))
            save(figure, folder / f"action_units_{name}_{model}_confusion.png")
        figure = plot_reliability(calibration(results[name, "logistic", "loso"]))
        save(figure, folder / f"action_units_{name}_logistic_reliability.png")


def draw_corpus(name: str, study: Study, meshes: xr.DataArray, folder: Path, summary: dict[str, float]) -> None:
    """The poster's figures of one corpus, and why its clips are called what they are."""
    whole = {protocol: result for (protocol, subset), result in study.results.items() if subset == "all"}
    titles = {"published": "published\n10-fold", "guarded": "guarded\nperson left out"}
    table = by_subject(whole).rename(columns=lambda column: titles.get(column, column.replace(", ", ",\n")))
    chance = summary[f"{name}/guarded/all/chance"]
    save(plot_subject_accuracy(table, chance=chance), folder / f"{name}_subjects.png")
    for protocol in ("published", "guarded"):
        figure = isc.plot_confusion(confusion(study.results[protocol, "all"]))
        save(figure, folder / f"{name}_confusion_{protocol}.png")
    curves = {kind: study.curves[f"learning_{kind}"] for kind in ("published", "guarded")}
    save(isc.plot_learning_curve(curves), folder / f"{name}_learning.png")
    save(isc.plot_learning_curve(study.curves["reintroduction"]), folder / f"{name}_reintroduction.png")
    rated = {key.removeprefix("hit_rate_"): curve for key, curve in study.curves.items() if key.startswith("hit_rate")}
    if rated:
        save(isc.plot_learning_curve(rated), folder / f"{name}_hit_rate.png")
    _draw_reasons(name, study, meshes, folder, summary)


def _draw_reasons(name: str, study: Study, meshes: xr.DataArray, folder: Path, summary: dict[str, float]) -> None:
    """Prototypes, deciding pairs and class maps; the largest departure of a sum from its margin."""
    guarded = isc.cross_validate(study.space)
    right = guarded["predicted"].values[0] == guarded["label"].values
    kinds = {name: np.flatnonzero(which) for name, which in (("right", right), ("wrong", ~right)) if which.any()}
    chosen = [int(clips[0]) for clips in kinds.values()]  # the first of each kind
    why = isc.explain(study.space, chosen, folds=guarded)
    sums = [why["contribution"].sum("feature"), why["by_vertex"].sum("vertex")]
    sums += [why["by_region"].sum(("region", "other_region"))] if "by_region" in why else []
    error = max(float(np.abs(total - why["margin"]).max()) for total in sums)
    summary[f"{name}/explanation/largest_error"] = error
    summary[f"{name}/explanation/largest_margin"] = float(np.abs(why["margin"]).max())
    shape = meshes.mean("clip").transpose("vertex", "space")
    for number, kind in enumerate(kinds):
        share = why["contribution"].isel(clip=number).rename(feature="pair")
        label = str(why["label"].values[number])
        share = share.rename("margin").assign_attrs(
            long_name=f"{label} clip, {kind}: part of the margin (miss less hit)"
        )
        ends = (why["vertex_a"].values, why["vertex_b"].values)
        save(isc.plot_pair_map(share, shape, *ends, top=TOP_PAIRS), folder / f"{name}_pairs_{kind}.png")
        at_vertex = why["by_vertex"].isel(clip=number).rename("margin")
        at_vertex = _on_all_vertices(at_vertex, shape.sizes["vertex"])
        save(isc.plot_face_map(at_vertex, shape), folder / f"{name}_vertices_{kind}.png")
    published = study.results["published", "all"]
    pairs = {"published: 10-fold": (chosen[:1], published), "guarded: person left out": (chosen[:1], guarded)}
    for title, (clips, folds) in pairs.items():
        table = prototypes(study.space, clips, folds=folds, n_neighbour=4)
        save(plot_prototypes(meshes, table, names=[title]), folder / f"{name}_prototypes_{title.partition(':')[0]}.png")
    _draw_class_maps(name, study, shape, folder, summary)


def _on_all_vertices(values: xr.DataArray, n_vertex: int) -> xr.DataArray:
    """Values of the mesh, NaN at the irises."""
    padded = np.full(n_vertex, np.nan)
    padded[: values.size] = values.values
    return xr.DataArray(padded, dims="vertex", name="margin", attrs={"long_name": "part of the margin at each vertex"})


def _draw_class_maps(name: str, study: Study, shape: xr.DataArray, folder: Path, summary: dict[str, float]) -> None:
    """The pairs that change most in each expression, over subjects (familywise p <= 0.05)."""
    maps = class_maps(study.space)
    for label in maps["label"].values:
        one = maps.sel(label=label)
        summary[f"{name}/class_map/{label}/share_significant"] = float((one["p_fwe"] <= 0.05).mean())
        share = one["t"].where(one["p_fwe"] <= 0.05).rename(feature="pair")
        if not np.isfinite(share).any():
            continue
        share = share.rename("t").assign_attrs(long_name=f"{label}: t over {int(one['n_subject'])} subjects, p <= 0.05")
        ends: Any = (maps["vertex_a"].values, maps["vertex_b"].values)
        save(isc.plot_pair_map(share, shape, *ends, top=TOP_PAIRS), folder / f"{name}_class_{label}.png")

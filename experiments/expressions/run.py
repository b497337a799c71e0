"""Expressions told apart by the distances of face vertices: the poster's Study I, as published and guarded.

Methods. Every clip becomes the mean mesh of its frames (MediaPipe, head movement removed by a similarity transform to
26 stable vertices, unit: inter-ocular distance); its features are the distances of all 109,278 pairs of 468 vertices.
1-nearest-neighbour on 20 principal components. `published`: 10-fold over clips, components fitted on all clips before.
`guarded`: one person left out, components fitted on the others. Intervals: bootstrap over subjects. p: labels permuted
within subjects, whole takes at a time. Corpora: generated clips (8 people x 6 expressions, posed and genuine, x 4
repetitions, and neutral ones), the user's own RAVDESS, PEDFE and FACEXP where they are in DATA (settings.toml), and the
published clip means of action units of RAVDESS (all 35 columns, z-scored once over all clips).

    python experiments/expressions/run.py [--data DIR] [--out DIR] [--quick]

Writes figures/, tables/ and summary.json (keys in data_dictionary/expressions.json).
A quarter of an hour on two busy cores.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # many small fits: threads would wait for one another

import argparse
import json
import math
import tomllib
import warnings
from pathlib import Path
from typing import Any

import xarray as xr
from analyses import Study, Summary, analyse_action_units, analyse_corpus, by_subject
from figures import draw_action_units, draw_corpus
from inputs import action_units, corpora, data_folders, generated

from isc.classification.scores import class_table
from isc.io.files.sidecars import read_dictionary
from isc.report.results import summary_faults

HERE = Path(__file__).parent
QUICK: dict[str, Any] = {"n_repeats": 1, "n_permutations": 999, "n_refit": 9, "n_bootstrap": 500, "n_draws": 5}
QUICK_CLIPS = {"n_subject": 4, "n_repetition": 3}


def read_settings(*, quick: bool) -> dict[str, Any]:
    """Settings of the study, smaller when quick."""
    settings = tomllib.loads((HERE / "settings.toml").read_text(encoding="utf-8"))
    if quick:
        settings |= QUICK
        settings["generated"] |= QUICK_CLIPS
    return settings


def write_corpus(name: str, study: Study, tables: Path) -> None:
    """Tables of one corpus."""
    whole = {protocol: result for (protocol, subset), result in study.results.items() if subset == "all"}
    by_subject(whole).to_csv(tables / f"{name}_subjects.tsv", sep="\t")
    for protocol in ("published", "guarded"):
        class_table(whole[protocol]).to_csv(tables / f"{name}_{protocol}_classes.tsv", sep="\t")
        study.audits[protocol].to_csv(tables / f"{name}_{protocol}_leaks.tsv", sep="\t")
    for key, curve in study.curves.items():
        keep = [v for v in ("accuracy", "low", "high", "chance", "sd_of_draws", "n_clip", "matched") if v in curve]
        curve[keep].to_dataframe().to_csv(tables / f"{name}_{key}.tsv", sep="\t")


def print_gap(name: str, summary: Summary) -> None:
    """Published beside guarded, and the gap."""
    for subset in ("all", "posed", "genuine"):
        if f"{name}/published/{subset}/accuracy" not in summary:
            continue
        cells = []
        for protocol in ("published", "guarded"):
            value, low, high = (summary[f"{name}/{protocol}/{subset}/accuracy{s}"] for s in ("", "_low", "_high"))
            cells.append(f"{protocol} {value:.3f} [{low:.3f}, {high:.3f}]")
        gap, p = summary[f"{name}/gap/{subset}/accuracy"], summary[f"{name}/gap/{subset}/p"]
        print(f"{name} {subset}: {', '.join(cells)}; gap {gap:+.3f} (sign flips over subjects, p = {p:.4f})")


def print_action_units(summary: Summary) -> None:
    """Three models under four divisions."""
    for name in ("ekman6", "all8"):
        for model in ("1nn", "logistic", "svm"):
            for split in ("kfold10", "repetition_grouped", "take_grouped", "loso"):
                key = f"action_units/{name}/{model}/{split}"
                value, low, high = (summary[f"{key}/accuracy{s}"] for s in ("", "_low", "_high"))
                p = (
                    f", p = {summary[f'{key}/p']:.4g}, labels permuted {summary[f'{key}/chance']:.3f}"
                    if f"{key}/p" in summary
                    else ""
                )
                print(f"action units {name} {model:8} {split:18} {value:.3f} [{low:.3f}, {high:.3f}]{p}")


def main() -> None:
    """Run the experiment and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of corpora and action units (default: ISC_DATA)")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--quick", action="store_true", help="fewer clips, permutations and draws")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="kfold puts")  # the published protocol is half of this study
    settings, summary, folders = read_settings(quick=options.quick), {}, data_folders(options.data)
    figures, tables = options.out / "figures", options.out / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    draw_action_units(analyse_action_units(action_units(options.data), settings, summary, tables), figures)
    print_action_units(summary)
    clips = options.out / ("clips_quick" if options.quick else "clips")
    meshes: dict[str, xr.DataArray] = {"generated": generated(clips, settings["generated"], settings["seed"])}
    meshes |= dict(corpora(folders, settings, options.out / "meshes"))
    for name, data in meshes.items():
        study = analyse_corpus(name, data, settings, summary)
        write_corpus(name, study, tables)
        draw_corpus(name, study, data, figures, summary)
        summary[f"{name}/n_clip"], summary[f"{name}/n_subject"] = (
            len(study.space),
            study.space.clips["subject"].nunique(),
        )
        print_gap(name, summary)
    unexplained = [f for f in summary_faults(summary, read_dictionary("expressions")["Values"]) if "not explained" in f]
    if unexplained:
        raise ValueError(f"data_dictionary/expressions.json does not explain the summary: {'; '.join(unexplained)}")
    known = {key: value for key, value in summary.items() if math.isfinite(value)}  # levels with too few clips are NaN
    (options.out / "summary.json").write_text(json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Interpretable geometry against networks: all systems on one corpus of several people, one person left out.

Methods. Corpus: generated clips of 10 people who show six expressions, posed and genuine, and none, three times each.
Geometry: the distances of all pairs of 468 vertices of the mean mesh; 1-nearest-neighbour on them, and logistic
regression on 20 principal components fitted inside the fold. Networks: every system registered with
`isc.networks.register`; each sees the same folds, and takes a fifth of the training people for validation. The style
system learns from the neutral clips of training people; it is not told which clip of the test person is neutral.
Clips that a person shows of the test person's expressions are never in training. Intervals: bootstrap over people.
p: labels permuted within people, whole takes at a time, against fixed predictions. Pairs: sign flips over people,
and these corrected for all pairs (Holm); McNemar over clips, which readers expect and which is too small.

    python experiments/networks/run.py [--out DIR] [--corpus DIR] [--systems a,b] [--quick]

Writes figures/, tables/ and summary.json (keys in data_dictionary/networks.json). A system that was killed goes on
where it was. About 17 minutes of one core.
"""

import argparse
import time
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from figures import draw_training, training_logs
from matplotlib.figure import Figure

import isc
from isc.classification.scores import class_table, confusion, subject_table
from isc.networks import cross_validate_system, generated_corpus
from isc.networks.comparison import Fold, load_systems
from isc.networks.tables import class_f1, paired_table, system_scores
from isc.plots import plot_subject_accuracy
from isc.report import write_results
from isc.stages.running.progress import Display

HERE = Path(__file__).parent
BASELINES = ("1nn", "logistic")
QUICK: dict[str, Any] = {"n_permutations": 999, "n_bootstrap": 500}
QUICK_CORPUS = {"n_subject": 4, "n_repetition": 1, "size": 48, "n_frame": 1}
Summary = dict[str, float]
Results = dict[str, xr.Dataset]


def read_settings(*, quick: bool) -> dict[str, Any]:
    """Settings of the comparison, smaller when quick."""
    settings = tomllib.loads((HERE / "settings.toml").read_text(encoding="utf-8"))
    if quick:
        settings |= QUICK
        settings["corpus"] |= QUICK_CORPUS
    return settings


def geometry(corpus: xr.Dataset, n_component: int) -> Results:
    """1-NN on pair distances, and logistic regression on their principal components."""
    space = isc.DistanceSpace(corpus["mesh"])
    n_component = min(n_component, len(space) // 2)
    return {
        "1nn": isc.cross_validate(space),
        "logistic": isc.cross_validate(space, model="logistic", n_component=n_component),
    }


def scored(results: Results, settings: dict[str, Any]) -> Summary:
    """Scores, p and F1 of the classes of every system."""
    options = {name: settings[name] for name in ("n_permutations", "n_bootstrap")}
    summary: Summary = {}
    for name, result in results.items():
        summary |= {f"{name}/{key}": value for key, value in system_scores(result, **options).items()}
        summary |= {f"{name}/f1/{label}": value for label, value in class_f1(result).items()}
    return summary


def paired(results: Results) -> tuple[pd.DataFrame, Summary]:
    """Every system less the baselines."""
    table = paired_table(results, BASELINES)
    rows = table.set_index(table["system"] + "_minus_" + table["baseline"]).drop(columns=["system", "baseline"])
    return table, {f"{name}/{key}": float(value) for name, row in rows.iterrows() for key, value in row.items()}


def tables_of(results: Results, pairs: pd.DataFrame, summary: Summary) -> dict[str, pd.DataFrame]:
    """Systems, pairs of systems, and every system by class and by person."""
    shown = ("accuracy", "accuracy_low", "accuracy_high", "balanced_accuracy", "macro_f1", "abaw", "chance", "p")
    systems = pd.DataFrame([{"system": name} | {k: summary[f"{name}/{k}"] for k in shown} for name in results])
    people = {name: subject_table(result)[["n_clip", "accuracy"]] for name, result in results.items()}
    classes = {name: class_table(result, n_bootstrap=500) for name, result in results.items()}
    return {
        "systems": systems,
        "pairs": pairs,
        "subjects": pd.concat(people, names=["system"]).reset_index(),
        "classes": pd.concat(classes, names=["system"]).reset_index(),
    }


def figures_of(results: Results, summary: Summary, runs: Path) -> dict[str, Figure]:
    """Confusion of every system, the accuracy of every person under all, and how the networks learnt."""
    people = {name: subject_table(result)["accuracy"] for name, result in results.items()}
    columns = pd.DataFrame({name.replace("_", "\n"): accuracy for name, accuracy in people.items()})
    figures = {f"{name}_confusion": isc.plot_confusion(confusion(result)) for name, result in results.items()}
    figures["subjects"] = plot_subject_accuracy(columns, chance=summary["1nn/chance"])
    logs = {name: logs for name in results if (logs := training_logs(runs / name))}
    return figures | ({"training": draw_training(logs)} if logs else {})


def report(results: Results, table: pd.DataFrame, summary: Summary) -> None:
    """Print both tables."""
    for name in results:
        value, low, high, f1, p = (
            summary[f"{name}/{k}"] for k in ("accuracy", "accuracy_low", "accuracy_high", "macro_f1", "p")
        )
        print(f"{name:22} accuracy {value:.3f} [{low:.3f}, {high:.3f}], macro F1 {f1:.3f}, p = {p:.4g}")
    for _, row in table.iterrows():
        gap = f"{row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
        flips = f"sign flips p = {row['p_sign_flip']:.4f} (smallest {row['smallest_p']:.4f})"
        more = f"Holm over {len(table)} {row['p_holm']:.4f}, McNemar p = {row['p_mcnemar']:.4f}"
        print(f"{row['system']} less {row['baseline']}: {gap}, {flips}, {more}")


def compare(corpus: xr.Dataset, names: list[str], settings: dict[str, Any], out: Path, progress: Any) -> Results:
    """Predictions of the baselines and of the named systems."""
    results = geometry(corpus, settings["n_component"])
    for name in names:
        started = time.process_time()
        function = load_systems()[name]

        def system(fold: Fold, function: Any = function, name: str = name) -> Any:
            """The system, told how its progress is called."""
            told = None if progress is None else lambda run, done, all_: progress(f"{name} {run}", done, all_)
            return function(fold._replace(progress=told))

        results[name] = cross_validate_system(corpus, system, seed=settings["seed"], folder=out / "runs" / name)
        results[name].attrs["model"] = name
        print(f"{name}: {time.process_time() - started:.0f} CPU s")
    return results


def main() -> None:
    """Run the comparison and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--corpus", type=Path, help="folder of a generated corpus to share (default: in OUT)")
    parser.add_argument("--systems", help="names with commas between them (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer people and permutations: a try")
    options = parser.parse_args()
    settings, known = read_settings(quick=options.quick), sorted(load_systems())
    names = known if options.systems is None else [name for name in options.systems.split(",") if name]
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"there is no system {unknown[0]!r}; there are {', '.join(known)}")
    place = options.corpus or options.out / ("corpus_quick" if options.quick else "corpus")
    with Display("iterations") as display:
        corpus = generated_corpus(place, seed=settings["seed"], progress=display.update, **settings["corpus"])
        results = compare(corpus, names, settings, options.out, display.update)
    table, gaps = paired(results)
    summary = scored(results, settings) | gaps | {"n_clip": corpus.sizes["clip"]}
    summary["n_subject"] = len(set(corpus["subject"].values))
    report(results, table, summary)
    tables, figures = tables_of(results, table, summary), figures_of(results, summary, options.out / "runs")
    write_results(options.out, summary=summary, tables=tables, figures=figures, dictionary="networks")


if __name__ == "__main__":
    main()

"""Expression challenge: the system of Cafarelli et al. (arXiv 2101.09231) on generated faces of several people.

Methods. Faces are cut out upright (both irises at fixed places, 64 px). Network: SE-ResNet in the layout of VGGFace2,
compact (one block a stage, 16 channels; `isc.networks.se_resnet50` is the same code at full size). Loss: cross-entropy
weighted by N_most / N_class; flip and changes of brightness 0.4, contrast 0.3, saturation 0.25 and hue 0.5; validation
every 25 iterations on a fifth of the training people, the weights with the best 0.67 F1 + 0.33 accuracy are kept.
Differs from the paper: first weights are random, so Adam at 2e-3 stands for SGD at 1e-3 (head) and 1e-6 (body).
One person left out; a clip is called what the mean over its three crops says. Intervals: bootstrap over people.
p: labels permuted within people, whole takes at a time, against the fixed predictions of networks that never saw the
person; networks are not trained anew for permuted labels.

Weighting: where six of seven classes keep a tenth of their training clips, does weighting raise the macro F1 on people
never seen? Random starts differ in folds, thinning and first weights; the interval is that of the mean over starts (t).

    python experiments/expression_challenge/run.py [--out DIR] [--corpus DIR] [--quick]

Writes figures/, tables/ and summary.json (keys in data_dictionary/expression_challenge.json), and keeps the corpus and
what each training needs to go on after a kill. About 12 minutes of one core.
"""

import argparse
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from figures import draw_curves, draw_weighting

import isc
from isc.classification.scores import class_table, confusion, confusion_scores, subject_confusion
from isc.networks import Recipe, compact_se_resnet, cross_validate_system, fit_crops, generated_corpus, se_resnet50
from isc.networks.comparison import Fold
from isc.networks.systems import COMPACT
from isc.networks.tables import class_f1, mean_interval, system_scores
from isc.report import write_results
from isc.stages.running.progress import Display

HERE = Path(__file__).parent
QUICK: dict[str, Any] = {"n_permutations": 999, "n_bootstrap": 500}
QUICK_CORPUS = {"n_subject": 4, "n_repetition": 1, "size": 48, "n_frame": 1}
QUICK_WEIGHTING = {"n_start": 2, "n_iterations": 2}
QUICK_ITERATIONS = 3
Summary = dict[str, float]


def read_settings(*, quick: bool) -> dict[str, Any]:
    """Settings of the study, smaller when quick."""
    settings = tomllib.loads((HERE / "settings.toml").read_text(encoding="utf-8"))
    settings["n_iterations"] = COMPACT.n_iterations
    if quick:
        settings |= QUICK | {"n_iterations": QUICK_ITERATIONS}
        settings["corpus"] |= QUICK_CORPUS
        settings["weighting"] |= QUICK_WEIGHTING
    return settings


def recipe(n_iterations: int) -> Recipe:
    """The recipe of the compact networks with another length."""
    every = min(COMPACT.validate_every, n_iterations)
    return Recipe(**COMPACT.settings() | {"n_iterations": n_iterations, "validate_every": every})


def named(progress: Any, name: str) -> Any:
    """The progress of one of several trainings."""
    return lambda run, done, expected: progress(f"{name} {run}", done, expected)


def challenge(corpus: xr.Dataset, settings: dict[str, Any], out: Path, progress: Any) -> xr.Dataset:
    """Everybody left out once."""

    def se_resnet(fold: Fold) -> np.ndarray:
        """The compact network of the challenge."""
        return fit_crops(fold, compact_se_resnet, recipe=recipe(settings["n_iterations"]))

    runs = out / "runs" / "se_resnet"
    return cross_validate_system(corpus, se_resnet, seed=settings["seed"], folder=runs, progress=progress)


def thinned(fold: Fold, corpus: xr.Dataset, how: dict[str, Any]) -> Fold:
    """The fold with a share of the training clips of all classes but one, at least one of each class."""
    rng, kept = np.random.default_rng([fold.seed, len(fold.train)]), []
    for code, name in enumerate(fold.classes):
        clips = rng.permutation(fold.train[fold.codes[fold.train] == code])
        kept.append(clips if name == how["frequent"] else clips[: max(round(how["keep"] * len(clips)), 1)])
    return fold._replace(train=np.sort(np.concatenate(kept)))


def weighting(corpus: xr.Dataset, settings: dict[str, Any], out: Path, progress: Any) -> pd.DataFrame:
    """Macro F1 and accuracy with and without class weights, a row a random start."""
    how = settings["weighting"]
    rows = []
    for start in range(how["n_start"]):
        row: dict[str, float] = {"start": start}
        for name, weighted in (("weighted", True), ("unweighted", False)):

            def system(fold: Fold, weighted: bool = weighted) -> np.ndarray:
                """The compact network on a thinned training set."""
                few = thinned(fold, corpus, how)
                return fit_crops(few, compact_se_resnet, recipe=recipe(how["n_iterations"]), weighted=weighted)

            result = cross_validate_system(
                corpus, system, split="subject_grouped", n_folds=how["n_folds"], seed=settings["seed"] + start,
                folder=out / "runs" / name / f"start-{start}", progress=named(progress, f"{name} {start}"),
            )  # fmt: skip
            scores = confusion_scores(subject_confusion(result).values.sum(axis=0))
            row |= {f"{name}_macro_f1": float(scores["macro_f1"]), f"{name}_accuracy": float(scores["accuracy"])}
        rows.append(row)
    return pd.DataFrame(rows)


def summarise_weighting(table: pd.DataFrame) -> Summary:
    """Means, and the differences with their intervals."""
    summary = {f"weighting/{name}": float(table[name].mean()) for name in table if name != "start"}
    for score in ("macro_f1", "accuracy"):
        gap = (table[f"weighted_{score}"] - table[f"unweighted_{score}"]).to_numpy()
        for part, value in mean_interval(gap)._asdict().items():
            summary[f"weighting/difference_{score}/{part}"] = value
    return summary | {"weighting/n_start": len(table)}


def summarise(result: xr.Dataset, settings: dict[str, Any]) -> Summary:
    """Scores, p and F1 of every class."""
    options = {name: settings[name] for name in ("n_permutations", "n_bootstrap")}
    summary = {f"se_resnet/{name}": value for name, value in system_scores(result, **options).items()}
    summary |= {f"se_resnet/f1/{name}": value for name, value in class_f1(result).items()}
    largest = pd.Series(result["label"].values).value_counts().max()
    summary["majority/accuracy"] = float(largest / result.sizes["clip"])
    summary["n_clip"], summary["n_subject"] = result.sizes["clip"], len(np.unique(result["subject"]))
    network = se_resnet50(7)
    body = [p.numel() for name, p in network.named_parameters() if not name.startswith("head")]
    return summary | {"se_resnet50/n_parameter": sum(body)}


def report(summary: Summary) -> None:
    """Print what came out."""
    s = summary
    print(
        f"se_resnet, {s['n_clip']} clips of {s['n_subject']} people, one left out: "
        f"accuracy {s['se_resnet/accuracy']:.3f} "
        f"[{s['se_resnet/accuracy_low']:.3f}, {s['se_resnet/accuracy_high']:.3f}], "
        f"macro F1 {s['se_resnet/macro_f1']:.3f}, criterion {s['se_resnet/abaw']:.3f}; "
        f"labels permuted {s['se_resnet/chance']:.3f}, p = {s['se_resnet/p']:.4g}; "
        f"always the largest class {s['majority/accuracy']:.3f}"
    )
    print("F1: " + ", ".join(f"{key[13:]} {value:.2f}" for key, value in s.items() if key.startswith("se_resnet/f1/")))
    for score in ("macro_f1", "accuracy"):
        mean, low, high = (s[f"weighting/difference_{score}/{part}"] for part in ("mean", "low", "high"))
        both = [s[f"weighting/{name}_{score}"] for name in ("weighted", "unweighted")]
        print(
            f"weighted less unweighted, {score}: {mean:+.3f} [{low:+.3f}, {high:+.3f}] "
            f"over {s['weighting/n_start']} starts ({both[0]:.3f} and {both[1]:.3f})"
        )


def main() -> None:
    """Run the experiment and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--corpus", type=Path, help="folder of a generated corpus to share (default: in OUT)")
    parser.add_argument("--quick", action="store_true", help="fewer people, iterations and starts: a try")
    options = parser.parse_args()
    settings = read_settings(quick=options.quick)
    out = options.out
    with Display("iterations") as display:
        place = options.corpus or out / ("corpus_quick" if options.quick else "corpus")
        corpus = generated_corpus(place, seed=settings["seed"], progress=display.update, **settings["corpus"])
        result = challenge(corpus, settings, out, display.update)
        starts = weighting(corpus, settings, out, display.update)
    summary = summarise(result, settings) | summarise_weighting(starts)
    report(summary)
    classes = class_table(result, n_bootstrap=settings["n_bootstrap"]).reset_index()
    figures = {
        "confusion": isc.plot_confusion(confusion(result)),
        "curves": draw_curves(out / "runs" / "se_resnet"),
        "weighting": draw_weighting(starts),
    }
    tables = {"classes": classes, "weighting": starts}
    write_results(out, summary=summary, tables=tables, figures=figures, dictionary="expression_challenge")


if __name__ == "__main__":
    main()

"""Landmark-aligned faces, a zoo that votes, and a transformer on landmark patches (Galagain 2023), on generated faces.

Methods. Faces are aligned by both irises and the middle of the mouth. Four people of ten are put aside for the test;
the others are divided into three consecutive folds, classes undersampled to the rarest, each fold the validation part
once, so that every network of the zoo is trained three times. The zoo: compact SE-ResNet and VGG, a vision transformer
on a grid of patches, and a transformer on 14 patches of eyes, brows and mouth cut out by MediaPipe's landmarks. Votes
are weighted by the share of each class that a network recognises on its validation people, never on test people.
A clip is called what the mean over its three crops says. Intervals: bootstrap over test people. p: labels permuted
within people, whole takes at a time, against fixed predictions. Attention: rollout over layers for test clips.
Differs from the report: first weights are random, so the head does not learn alone first (`head_first` of
`isc.networks.zoo.fit_member` does it for loaded weights); a fold is the validation part of one training throughout,
where the report changed it with every epoch, by which every picture was learnt from and validated on.

    python experiments/affectnet/run.py [--out DIR] [--corpus DIR] [--quick]

Writes figures/, tables/ and summary.json (keys in data_dictionary/affectnet.json).
About 5 minutes of one core once the corpus is there.
"""

import argparse
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from matplotlib.figure import Figure

import isc
from isc.classification.clips import encode
from isc.classification.scores import confusion
from isc.mesh import region_of, regions
from isc.networks import Recipe, balanced_folds, generated_corpus, patch_names, top_table, vote, vote_weights
from isc.networks.scoring import as_input
from isc.networks.tables import class_f1, holdout_result, system_scores
from isc.networks.voting import BalancedFolds
from isc.networks.zoo import ZOO, fit_member, samples, say
from isc.report import write_results
from isc.stages.running.progress import Display

HERE = Path(__file__).parent
QUICK: dict[str, Any] = {"n_permutations": 999, "n_bootstrap": 500, "n_folds": 2}
QUICK_CORPUS = {"n_subject": 4, "n_repetition": 1, "size": 48, "n_frame": 1}
QUICK_ITERATIONS = {"n_iterations": 4, "validate_every": 2}
GUESSES = (1, 2)  # first ones that count
TRANSFORMER = "landmark_transformer"
CONFUSIONS = (TRANSFORMER, "vote_weighted")  # that are drawn
Said = dict[str, np.ndarray]
Systems = dict[str, np.ndarray]
Summary = dict[str, float]


def read_settings(*, quick: bool) -> dict[str, Any]:
    """Settings of the study, smaller when quick."""
    settings = tomllib.loads((HERE / "settings.toml").read_text(encoding="utf-8"))
    settings["recipe"] = {}
    if quick:
        settings |= QUICK | {"recipe": QUICK_ITERATIONS, "zoo": ["se_resnet", TRANSFORMER]}
        settings["corpus"] |= QUICK_CORPUS
    return settings


def recipe_of(name: str, settings: dict[str, Any], fold: int) -> Recipe:
    """How a network of the zoo learns in a fold."""
    return Recipe(**ZOO[name].recipe.settings() | settings["recipe"] | {"seed": settings["seed"] + fold})


def train_zoo(
    corpus: xr.Dataset, codes: np.ndarray, parts: BalancedFolds, settings: dict[str, Any], out: Path, progress: Any
) -> tuple[Said, np.ndarray, list[torch.nn.Module]]:
    """What every network says of the test clips (fold, clip, class), its weights, and the transformers.

    Weights are (network and fold, class).
    """
    n_class, said, weights, transformers = codes.max() + 1, {}, [], []
    for name in settings["zoo"]:
        of_folds = []
        for number, validation in enumerate(parts.folds):
            model = fit_member(
                name, corpus, codes, n_class, training=parts.training(number), validation=validation,
                recipe=recipe_of(name, settings, number), folder=out / "runs" / name / f"fold-{number}",
                progress=progress, name=f"{name} fold {number}",
            )  # fmt: skip
            of_folds.append(say(name, model, corpus, parts.test))
            weights.append(vote_weights(codes[validation], say(name, model, corpus, validation)))
            transformers += [model] if name == TRANSFORMER else []
        said[name] = np.stack(of_folds)
    return said, np.stack(weights), transformers


def voted(said: Said, weights: np.ndarray) -> Systems:
    """Probabilities of the test clips by network (mean over folds) and by both votes of all."""
    everything = np.concatenate(list(said.values()))
    singles = {name: vote(of) for name, of in said.items()}
    return singles | {"vote_equal": vote(everything), "vote_weighted": vote(everything, weights)}


def attention_map(corpus: xr.Dataset, test: np.ndarray, models: list[torch.nn.Module]) -> tuple[pd.DataFrame, Figure]:
    """Mean attention of the test clips by patch, and on the face: the share of a part over its vertices."""
    table = samples(corpus, test, np.full(corpus.sizes["clip"], -1), of_patches=True)
    patches = as_input(table.batch(np.arange(len(table)))["input"])
    with torch.no_grad():
        share = np.mean([model.rollout(patches).double().numpy().mean(axis=0) for model in models], axis=0)
    names = pd.Series(patch_names())
    rows = pd.DataFrame({"patch": names, "part": names.str.rsplit("_", n=2).str[0], "share": share})
    parts = rows.groupby("part")["share"].mean() * len(rows)  # 1: as much as every patch on average
    values = xr.DataArray(np.full(478, np.nan), dims="vertex", name="attention")
    for part in regions():
        values[region_of(np.arange(478)) == part] = parts.get(part, np.nan)
    values = (values - 1).assign_attrs(long_name="attention a patch, less that of the mean patch (rollout)")
    return rows, isc.plot_face_map(values, corpus["mesh"].mean("clip"), view="front")


def as_rows(tops: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """A row a network, number of guesses and class."""
    long = [top.drop(columns=["mean", "variance"]).melt("system", var_name="label", value_name="share").assign(k=k)
            for k, top in tops.items()]  # fmt: skip
    return pd.concat(long, ignore_index=True)[["system", "k", "label", "share"]]


def summarise(results: dict[str, xr.Dataset], settings: dict[str, Any]) -> Summary:
    """Scores, p and F1 of every network and vote."""
    options = {name: settings[name] for name in ("n_permutations", "n_bootstrap")}
    summary: Summary = {}
    for name, result in results.items():
        summary |= {f"{name}/{key}": value for key, value in system_scores(result, **options).items()}
        summary |= {f"{name}/f1/{label}": value for label, value in class_f1(result).items()}
    return summary


def report(summary: Summary, tables: dict[str, pd.DataFrame]) -> None:
    """Print what came out."""
    for name in tables["guesses"]["system"].unique():
        of = {key: summary[f"{name}/{key}"] for key in ("accuracy", "accuracy_low", "accuracy_high", "p")}
        tops = ", ".join(
            f"first {k}: mean {summary[f'{name}/top{k}/mean']:.3f} variance {summary[f'{name}/top{k}/variance']:.4f}"
            for k in GUESSES
        )
        interval = f"[{of['accuracy_low']:.3f}, {of['accuracy_high']:.3f}]"
        print(f"{name:22} accuracy {of['accuracy']:.3f} {interval}, p = {of['p']:.4g}; {tops}")
    shares = tables["attention"].groupby("part")["share"].sum()
    print("attention: " + ", ".join(f"{part} {share:.2f}" for part, share in shares.items()))


def guesses_summary(tops: dict[int, pd.DataFrame], attention: pd.DataFrame) -> Summary:
    """Mean and variance over classes of the first guesses, and the attention that each part has."""
    summary = {
        f"{row['system']}/top{k}/{name}": float(row[name])
        for k, table in tops.items()
        for _, row in table.iterrows()
        for name in ("mean", "variance")
    }
    parts = attention.groupby("part")["share"].sum()
    return summary | {f"attention/{part}": float(share) for part, share in parts.items()}


def learn(settings: dict[str, Any], place: Path, out: Path) -> tuple[xr.Dataset, BalancedFolds, Systems, list[Any]]:
    """The corpus, who was put aside, what every system says of them, and the transformers."""
    with Display("iterations") as display:
        corpus = generated_corpus(place, seed=settings["seed"], progress=display.update, **settings["corpus"])
        codes, _ = encode(corpus["label"].to_series())
        folds: dict[str, Any] = {name: settings[name] for name in ("n_folds", "test_share", "seed")}
        parts = balanced_folds(codes, corpus["subject"].values, **folds)
        said, weights, transformers = train_zoo(corpus, codes, parts, settings, out, display.update)
    return corpus, parts, voted(said, weights), transformers


def read_options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--corpus", type=Path, help="folder of a generated corpus to share (default: in OUT)")
    parser.add_argument("--quick", action="store_true", help="fewer people, networks and iterations: a try")
    return parser.parse_args()


def main() -> None:
    """Run the experiment and write its results."""
    options = read_options()
    settings, out = read_settings(quick=options.quick), options.out
    place = options.corpus or out / ("corpus_quick" if options.quick else "corpus")
    corpus, parts, systems, transformers = learn(settings, place, out)
    codes, classes = encode(corpus["label"].to_series())
    results = {name: holdout_result(corpus, parts.test, of, classes, model=name) for name, of in systems.items()}
    attention, face = attention_map(corpus, parts.test, transformers)
    tops = {k: top_table(codes[parts.test], systems, classes, k=k) for k in GUESSES}
    tables = {"guesses": as_rows(tops), "attention": attention}
    summary = summarise(results, settings) | guesses_summary(tops, attention)
    summary |= {"n_clip_test": len(parts.test), "n_subject_test": len(set(corpus["subject"].values[parts.test]))}
    report(summary, tables)
    figures = {f"{name}_confusion": isc.plot_confusion(confusion(results[name])) for name in CONFUSIONS}
    write_results(out, summary=summary, tables=tables, figures=figures | {"attention": face}, dictionary="affectnet")


if __name__ == "__main__":
    main()

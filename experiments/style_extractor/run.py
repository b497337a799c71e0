"""Style extractor (Salman & Busso): whether emotion shows more clearly when a face's neutral version is subtracted.

Methods. Generated speakers say the same sentences in four emotions and without one (52 vertices, 20 frames): own
shape, phones that move mouth, jaw and cheeks, emotions that move everything and change how strongly one articulates.
Emotional sequences are aligned with the same speaker's neutral ones phone by phone. For each random start speakers
are divided anew, 81 : 4 : 7 as CREMA-D was. Static features: a compact VGG learns the emotion from pictures of single
meshes; its first dense layer stands for a frame. Style: a dense layer and an LSTM learn to turn emotional meshes into
the aligned neutral ones and to name the phone; what they take away is the style. Model A fuses both, model B has the
static features alone and, in its fusion, as many parameters; model M has the meshes as they are in place of the
style, a control: only what A gains over M can be owed to the style. Accuracy is over clips of speakers never seen.
The interval of A less B is that of the mean over starts (t); the same speakers return in other starts, so it says
nothing of other speakers. p: the labels of clips permuted within speaker and sentence, the same in all starts,
against fixed predictions. Judged neutral: emotional frames of test speakers that a logistic regression on the meshes
of training speakers calls neutral, before and after the style is taken away.
Differs from the document: generated meshes stand for Z-Face, pictures of meshes for videos; no weights are loaded.

    python experiments/style_extractor/run.py [--out DIR] [--ratings FILE] [--quick]

`--ratings` adds the table of people's judgements from videos and from frames. Writes figures/, tables/ and
summary.json (keys in data_dictionary/style_extractor.json). About 5 minutes of one core.
"""

import argparse
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
import xarray as xr
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

from isc.classification.clips import encode
from isc.classification.perceptual import perceptual_table, read_perceptual_ratings
from isc.networks import ArrayTable, Batches, Recipe, build, class_scorer, cross_entropy, probabilities, seeded, train
from isc.networks.scoring import as_input
from isc.networks.speech import draw_meshes, portrait_shape, simulate_speakers
from isc.networks.style import FusionModel, StyleExtractor, fusion_pair, n_parameters, style_loss, style_scorer
from isc.networks.vgg import VGG
from isc.plots.style import BLUE, LINE_GREY, styled
from isc.report import write_results
from isc.stages.running.progress import Display

HERE = Path(__file__).parent
QUICK: dict[str, Any] = {"n_start": 2, "n_permutations": 199, "n_iterations": 6}
QUICK_CORPUS = {"n_subject": 6, "n_sentence": 1, "n_time": 8}
PICTURE = 32  # px
VGG_SIZES: dict[str, Any] = {"stages": ((8,), (16,), (32,)), "n_unit": 48, "grid": 4, "dropout": 0.2}
ADAM: dict[str, Any] = {"optimizer": "adam", "validate_every": 25, "weight_decay": 1e-4}
ITERATIONS = {"static": 200, "style": 400, "fusion": 300}
RATES = {"static": 2e-3, "style": 3e-3, "fusion": 2e-3}
NEUTRAL = "neutral"
STYLE_WIDTH = 48
MODELS = {"a": "static and style", "b": "static alone", "mesh": "static and meshes as they are"}
Summary = dict[str, float]


class Speakers(NamedTuple):
    """Positions of clips by what their speakers are for."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def read_settings(*, quick: bool) -> dict[str, Any]:
    """Settings of the study, smaller when quick."""
    settings = tomllib.loads((HERE / "settings.toml").read_text(encoding="utf-8")) | {"n_iterations": None}
    if quick:
        settings |= QUICK
        settings["corpus"] |= QUICK_CORPUS
    return settings


def divide(corpus: xr.Dataset, shares: list[float], seed: int) -> Speakers:
    """Clips of disjoint speakers, at least one speaker a part."""
    people = np.random.default_rng([seed, 1]).permutation(np.unique(corpus["subject"].values))
    edges = np.rint(np.cumsum(shares)[:2] / np.sum(shares) * len(people)).astype(int)
    first = int(np.clip(edges[0], 1, len(people) - 2))
    second = int(np.clip(edges[1], first + 1, len(people) - 1))
    parts = (people[:first], people[first:second], people[second:])
    return Speakers(*(np.flatnonzero(np.isin(corpus["subject"].values, part)) for part in parts))


def aligned_neutral(corpus: xr.Dataset, flat: np.ndarray) -> np.ndarray:
    """The same speaker's neutral mesh of every frame (clip, time, value): as far into the same phone."""
    takes, labels, phones = corpus["take"].values, corpus["label"].values, corpus["phone"].values
    partner = {take: n for n, (take, label) in enumerate(zip(takes, labels, strict=True)) if label == NEUTRAL}
    lacking = sorted(set(takes) - set(partner))
    if lacking:
        raise ValueError(f"take {lacking[0]} has no neutral clip; leave it out or record one")
    found = np.empty_like(flat)
    for clip, take in enumerate(takes):
        found[clip] = flat[partner[take]][same_phone(phones[clip], phones[partner[take]])]
    return found


def same_phone(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Frame of the other recording for every frame: the same turn of phones, as far into it."""
    runs = [np.flatnonzero(np.diff(of, prepend=-1)) for of in (ours, theirs)]
    ends = [np.append(of[1:], len(row)) for of, row in zip(runs, (ours, theirs), strict=True)]
    if len(runs[0]) != len(runs[1]):  # a phone too short for a frame: by time alone
        return np.rint(np.linspace(0, len(theirs) - 1, len(ours))).astype(int)
    frames = np.empty(len(ours), dtype=int)
    for a, b, c, d in zip(runs[0], ends[0], runs[1], ends[1], strict=True):
        frames[a:b] = c + ((np.arange(b - a) + 0.5) / (b - a) * (d - c)).astype(int)
    return frames


def flat_meshes(corpus: xr.Dataset, known: np.ndarray) -> np.ndarray:
    """Meshes (clip, time, value) as departures from the mean over the frames of the known clips."""
    values = corpus["sequence"].transpose("clip", "time", "vertex", "space").values
    values = values.reshape(*values.shape[:2], -1)
    return (values - values[known].mean(axis=(0, 1))) * 10  # tenths of an inter-ocular distance: near 1


def recipe(kind: str, settings: dict[str, Any], seed: int, criterion: str = "accuracy") -> Recipe:
    """How a network learns."""
    n = settings["n_iterations"] or ITERATIONS[kind]
    changes = {"n_iterations": n, "validate_every": min(25, n), "criterion": criterion, "seed": seed}
    return Recipe(**ADAM | {"learning_rates": {"": RATES[kind]}} | changes)


def static_features(pictures: np.ndarray, codes: np.ndarray, parts: Speakers, how: Recipe) -> np.ndarray:
    """First dense layer of a VGG that learnt the emotion of single frames, (clip, time, unit)."""
    n_clip, n_time = pictures.shape[:2]

    def table(clips: np.ndarray) -> ArrayTable:
        return ArrayTable(input=pictures[clips].reshape(-1, *pictures.shape[2:]), code=np.repeat(codes[clips], n_time))

    model = build(VGG, codes.max() + 1, seed=how.seed, **VGG_SIZES)
    score = class_scorer(table(parts.validation), np.repeat(codes[parts.validation], n_time), codes.max() + 1)
    train(model, Batches(table(parts.train), size=64, seed=how.seed), cross_entropy(), score, recipe=how)
    everything = table(np.arange(n_clip))
    with torch.no_grad():
        blocks = [
            model.features(as_input(everything.batch(np.arange(first, min(first + 256, n_clip * n_time)))["input"]))
            for first in range(0, n_clip * n_time, 256)
        ]
    return torch.cat(blocks).numpy().reshape(n_clip, n_time, -1)


def learn_style(
    flat: np.ndarray, neutral: np.ndarray, phone: np.ndarray, parts: Speakers, how: Recipe, phone_weight: float
) -> tuple[np.ndarray, dict[str, float]]:
    """Style of every clip (clip, time, value), and how near test clips come to their neutral versions."""

    def table(clips: np.ndarray) -> ArrayTable:
        return ArrayTable(input=flat[clips], neutral=neutral[clips], phone=phone[clips])

    model = build(StyleExtractor, flat.shape[2], int(phone.max()) + 1, seed=how.seed, width=STYLE_WIDTH)
    batches = Batches(table(parts.train), size=16, seed=how.seed)
    train(model, batches, style_loss(phone_weight), style_scorer(table(parts.validation)), recipe=how)
    with torch.no_grad():
        style = model.style(torch.from_numpy(flat)).numpy()
    return style, style_scorer(table(parts.test))(model)


def fuse(model: FusionModel, features: np.ndarray, codes: np.ndarray, parts: Speakers, how: Recipe) -> np.ndarray:
    """Probabilities of the test clips (clip, class) by a fusion model."""

    def table(clips: np.ndarray) -> ArrayTable:
        return ArrayTable(input=features[clips], code=codes[clips])

    score = class_scorer(table(parts.validation), codes[parts.validation], codes.max() + 1)
    train(model, Batches(table(parts.train), size=24, seed=how.seed), cross_entropy(), score, recipe=how)
    return probabilities(model, table(parts.test))


def judged_neutral(
    flat: np.ndarray, style: np.ndarray, codes: np.ndarray, neutral: int, parts: Speakers
) -> dict[str, float]:
    """Share of emotional test frames that are judged neutral, as they are and without their style."""
    frames = flat[parts.train][:, ::4].reshape(-1, flat.shape[2])
    judge = LogisticRegression(max_iter=500).fit(frames, np.repeat(codes[parts.train], flat[:, ::4].shape[1]))
    emotional = parts.test[codes[parts.test] != neutral]
    meshes = {"before": flat[emotional], "after": (flat - style)[emotional]}
    return {name: float((judge.predict(m.reshape(-1, m.shape[2])) == neutral).mean()) for name, m in meshes.items()}


def one_start(corpus: xr.Dataset, settings: dict[str, Any], start: int) -> tuple[dict[str, float], pd.DataFrame]:
    """Scores of one random start, and what A and B say of each test clip."""
    seed = settings["seed"] + start
    codes, classes = encode(corpus["label"].to_series())
    parts = divide(corpus, settings["shares"], seed)
    flat = flat_meshes(corpus, parts.train)
    values = corpus["sequence"].values
    pictures = draw_meshes(values.reshape(-1, *values.shape[2:]), size=PICTURE)
    pictures = pictures.reshape(*values.shape[:2], *pictures.shape[1:])
    with seeded(seed, n_threads=1):
        static = static_features(pictures, codes, parts, recipe("static", settings, seed))
        how = recipe("style", settings, seed, "error")
        style, error = learn_style(
            flat, aligned_neutral(corpus, flat), corpus["phone"].values, parts, how, settings["phone_weight"]
        )
        a, b = build(fusion_pair, len(classes), static.shape[2], style.shape[2], seed=seed, width=24)
        m, _ = build(fusion_pair, len(classes), static.shape[2], flat.shape[2], seed=seed, width=24)
        how = recipe("fusion", settings, seed)
        said = {
            "a": fuse(a, np.concatenate([static, style], axis=2), codes, parts, how).argmax(axis=1),
            "b": fuse(b, static, codes, parts, how).argmax(axis=1),
            "mesh": fuse(m, np.concatenate([static, flat], axis=2), codes, parts, how).argmax(axis=1),
        }
    test = corpus[["subject", "label", "take"]].isel(clip=parts.test).reset_coords().to_dataframe().reset_index()
    clips = test.assign(start=start, **{name: np.array(classes)[codes_] for name, codes_ in said.items()})
    row = {f"accuracy_{name}": float((clips[name] == clips["label"]).mean()) for name in said}
    row |= {f"mesh_{name}": value for name, value in error.items()}
    shares = judged_neutral(flat, style, codes, classes.index(NEUTRAL), parts)
    row |= {f"judged_neutral_{name}": value for name, value in shares.items()}
    sizes = {f"parameters_{name}": n_parameters(model) for name, model in (("a", a), ("b", b), ("mesh", m))}
    extractor = StyleExtractor(flat.shape[2], int(corpus["phone"].max()) + 1, width=STYLE_WIDTH)
    return {"start": start} | row | sizes | {"parameters_style": n_parameters(extractor)}, clips


def chance_test(clips: pd.DataFrame, column: str, n_permutations: int, seed: int) -> float:
    """P of the accuracy over all starts: labels permuted within speaker and sentence, the same in every start."""
    rng = np.random.default_rng([seed, 7])
    once = clips.drop_duplicates("clip").sort_values("take", kind="stable").reset_index(drop=True)
    group, labels = once.groupby("take", sort=False).ngroup().to_numpy(), once["label"].to_numpy()
    place = clips["clip"].map(pd.Series(once.index, index=once["clip"])).to_numpy()
    said, reached = clips[column].to_numpy(), 0
    observed = (said == labels[place]).mean()
    for _ in range(n_permutations):
        shuffled = labels[np.lexsort((rng.random(len(labels)), group))]
        reached += (said == shuffled[place]).mean() >= observed
    return float((reached + 1) / (n_permutations + 1))


def mean_interval(gap: np.ndarray) -> tuple[float, float, float]:
    """Mean over starts and its 95 % interval (t)."""
    from scipy.stats import t

    half = t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / np.sqrt(len(gap))
    return float(gap.mean()), float(gap.mean() - half), float(gap.mean() + half)


def summarise(starts: pd.DataFrame, clips: pd.DataFrame, settings: dict[str, Any]) -> Summary:
    """Means over starts, A less B and less the control with their intervals, and p of all."""
    summary: Summary = {"n_start": len(starts)}
    for name in ("b", "mesh"):
        gap = (starts["accuracy_a"] - starts[f"accuracy_{name}"]).to_numpy()
        ends = zip(("mean", "low", "high"), mean_interval(gap), strict=True)
        summary |= {f"style/a_minus_{name}/{part}": value for part, value in ends}
    for name in MODELS:
        summary[f"model_{name}/accuracy"] = float(starts[f"accuracy_{name}"].mean())
        summary[f"model_{name}/p"] = chance_test(clips, name, settings["n_permutations"], settings["seed"])
        summary[f"model_{name}/n_parameter"] = int(starts[f"parameters_{name}"].iloc[0])
    summary["style/n_parameter"] = int(starts["parameters_style"].iloc[0])
    for name in ("mesh_error", "mesh_before", "mesh_phone_accuracy", "judged_neutral_before", "judged_neutral_after"):
        summary[f"style/{name}"] = float(starts[name].mean())
    return summary


@styled
def draw_starts(starts: pd.DataFrame) -> Figure:
    """Accuracy of all models, a line a random start, and emotional meshes judged neutral before and after."""
    figure = Figure(figsize=(5.0, 2.6), layout="constrained")
    axes = figure.subplots(1, 2)
    kinds = {
        "accuracy, speakers never seen": {
            "accuracy_b": "B: static",
            "accuracy_mesh": "meshes",
            "accuracy_a": "A: style",
        },
        "emotional frames judged neutral": {"judged_neutral_before": "before", "judged_neutral_after": "less style"},
    }
    for ax, (label, columns) in zip(axes, kinds.items(), strict=True):
        values, places = starts[list(columns)].to_numpy(), range(len(columns))
        ax.plot(places, values.T, color=LINE_GREY, linewidth=0.8, marker="o", markersize=3)
        ax.plot(places, values.mean(axis=0), color=BLUE, linewidth=1.8, marker="o", markersize=5)
        ax.set_xticks(places, list(columns.values()))
        ax.set(xlim=(-0.3, len(columns) - 0.7), ylim=(0, 1), ylabel=label)
    figure.suptitle(f"{len(starts)} random starts; blue: mean", fontsize="medium")
    return figure


def report(summary: Summary) -> None:
    """Print what came out."""
    s = summary
    for name, what in MODELS.items():
        print(
            f"model {name} ({what}, {s[f'model_{name}/n_parameter']} parameters): accuracy "
            f"{s[f'model_{name}/accuracy']:.3f}, p = {s[f'model_{name}/p']:.4g}"
        )
    for name in ("b", "mesh"):
        mean, low, high = (s[f"style/a_minus_{name}/{part}"] for part in ("mean", "low", "high"))
        verdict = "no effect is shown" if low <= 0 <= high else "the interval leaves out 0"
        print(f"a less {name}: {mean:+.3f} [{low:+.3f}, {high:+.3f}] over {s['n_start']} starts: {verdict}")
    print(f"the style extractor itself has {s['style/n_parameter']} parameters")
    print(
        f"distance to the neutral mesh {s['style/mesh_before']:.3f} -> {s['style/mesh_error']:.3f} (tenths of an inter-"
        f"ocular distance), phones right {s['style/mesh_phone_accuracy']:.2f}; emotional frames judged neutral "
        f"{s['style/judged_neutral_before']:.2f} -> {s['style/judged_neutral_after']:.2f}"
    )


def main() -> None:
    """Run the experiment and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--ratings", type=Path, help="judgements of people: clip, rater, shown, label")
    parser.add_argument("--quick", action="store_true", help="fewer speakers, starts and iterations: a try")
    options = parser.parse_args()
    settings = read_settings(quick=options.quick)
    corpus = simulate_speakers(portrait_shape(), seed=settings["seed"], **settings["corpus"])
    rows, clips = [], []
    with Display("starts") as display:
        for start in range(settings["n_start"]):
            row, said = one_start(corpus, settings, start)
            rows.append(row)
            clips.append(said)
            display.update("random starts", start + 1, settings["n_start"])
    starts = pd.DataFrame(rows)
    summary = summarise(starts, pd.concat(clips, ignore_index=True), settings)
    report(summary)
    tables = {"starts": starts}
    if options.ratings is not None:
        tables["perceptual"] = perceptual_table(read_perceptual_ratings(options.ratings))
        print(tables["perceptual"].round(2).to_string(index=False))
    figures = {"starts": draw_starts(starts)}
    write_results(options.out, summary=summary, tables=tables, figures=figures, dictionary="style_extractor")


if __name__ == "__main__":
    main()

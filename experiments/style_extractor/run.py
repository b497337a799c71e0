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
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

from isc.classification.clips import encode
from isc.classification.perceptual import perceptual_table, read_perceptual_ratings
from isc.networks import ArrayTable, Recipe, SubjectParts, build, divide_subjects, match_frames, mean_interval, seeded
from isc.networks.fusion import flat_meshes, fuse, learn_style, static_features
from isc.networks.speech import draw_meshes, portrait_shape, simulate_speakers
from isc.networks.style import StyleExtractor, fusion_pair, n_parameters, style_scorer
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
STYLE_WIDTH, FUSION_WIDTH = 48, 24
MODELS = {"a": "static and style", "b": "static alone", "mesh": "static and meshes as they are"}
Summary = dict[str, float]


def read_settings(*, quick: bool) -> dict[str, Any]:
    """Settings of the study, smaller when quick."""
    settings = tomllib.loads((HERE / "settings.toml").read_text(encoding="utf-8")) | {"n_iterations": None}
    if quick:
        settings |= QUICK
        settings["corpus"] |= QUICK_CORPUS
    return settings


def aligned_neutral(corpus: xr.Dataset, flat: np.ndarray) -> np.ndarray:
    """The same speaker's neutral mesh of every frame (clip, time, value): as far into the same phone."""
    takes, labels, phones = corpus["take"].values, corpus["label"].values, corpus["phone"].values
    partner = {take: n for n, (take, label) in enumerate(zip(takes, labels, strict=True)) if label == NEUTRAL}
    lacking = sorted(set(takes) - set(partner))
    if lacking:
        raise ValueError(f"take {lacking[0]} has no neutral clip; leave it out or record one")
    found = np.empty_like(flat)
    for clip, take in enumerate(takes):
        found[clip] = flat[partner[take]][match_frames(phones[clip], phones[partner[take]])]
    return found


def recipe(kind: str, settings: dict[str, Any], seed: int, criterion: str = "accuracy") -> Recipe:
    """How a network learns."""
    n = settings["n_iterations"] or ITERATIONS[kind]
    changes = {"n_iterations": n, "validate_every": min(25, n), "criterion": criterion, "seed": seed}
    return Recipe(**ADAM | {"learning_rates": {"": RATES[kind]}} | changes)


def judged_neutral(
    flat: np.ndarray, style: np.ndarray, codes: np.ndarray, neutral: int, parts: SubjectParts
) -> dict[str, float]:
    """Share of emotional test frames that are judged neutral, as they are and without their style."""
    frames = flat[parts.train][:, ::4].reshape(-1, flat.shape[2])
    judge = LogisticRegression(max_iter=500).fit(frames, np.repeat(codes[parts.train], flat[:, ::4].shape[1]))
    emotional = parts.test[codes[parts.test] != neutral]
    meshes = {"before": flat[emotional], "after": (flat - style)[emotional]}
    return {name: float((judge.predict(m.reshape(-1, m.shape[2])) == neutral).mean()) for name, m in meshes.items()}


def pictures_of(corpus: xr.Dataset) -> np.ndarray:
    """Pictures of all meshes (clip, frame, row, column, channel)."""
    values = corpus["sequence"].values
    pictures = draw_meshes(values.reshape(-1, *values.shape[2:]), size=PICTURE)
    return pictures.reshape(*values.shape[:2], *pictures.shape[1:])


def style_of(
    corpus: xr.Dataset, flat: np.ndarray, parts: SubjectParts, settings: dict[str, Any], seed: int
) -> tuple[np.ndarray, dict[str, float]]:
    """Style of every clip (clip, time, value); size of the extractor, and how near test clips come to neutral ones."""
    phone, neutral = corpus["phone"].values, aligned_neutral(corpus, flat)
    model = build(StyleExtractor, flat.shape[2], int(phone.max()) + 1, seed=seed, width=STYLE_WIDTH)
    how = recipe("style", settings, seed, "error")
    style = learn_style(model, flat, neutral, parts, recipe=how, phone=phone, phone_weight=settings["phone_weight"])
    test = ArrayTable(input=flat[parts.test], neutral=neutral[parts.test], phone=phone[parts.test])
    row = {f"mesh_{name}": value for name, value in style_scorer(test)(model).items()}
    return style, row | {"parameters_style": n_parameters(model)}


def fused(
    streams: dict[str, np.ndarray], codes: np.ndarray, parts: SubjectParts, settings: dict[str, Any], seed: int
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Class that every model gives each test clip, and the models' sizes."""
    n_class, n_static, how = codes.max() + 1, streams["static"].shape[2], recipe("fusion", settings, seed)
    pairs = {
        name: build(fusion_pair, n_class, n_static, streams[name].shape[2], seed=seed, width=FUSION_WIDTH)
        for name in ("style", "mesh")
    }
    models = {"a": pairs["style"][0], "b": pairs["style"][1], "mesh": pairs["mesh"][0]}
    inputs = {
        "a": np.concatenate([streams["static"], streams["style"]], axis=2),
        "b": streams["static"],
        "mesh": np.concatenate([streams["static"], streams["mesh"]], axis=2),
    }
    said = {name: fuse(models[name], inputs[name], codes, parts, recipe=how).argmax(axis=1) for name in models}
    return said, {f"parameters_{name}": n_parameters(model) for name, model in models.items()}


def one_start(corpus: xr.Dataset, settings: dict[str, Any], start: int) -> tuple[dict[str, float], pd.DataFrame]:
    """Scores of one random start, and what every model says of each test clip."""
    seed = settings["seed"] + start
    codes, classes = encode(corpus["label"].to_series())
    parts = divide_subjects(corpus["subject"].values, shares=settings["shares"], seed=seed)
    flat = flat_meshes(corpus, parts.train)
    with seeded(seed, n_threads=1):
        vgg = build(VGG, len(classes), seed=seed, **VGG_SIZES)
        static = static_features(vgg, pictures_of(corpus), codes, parts, recipe=recipe("static", settings, seed))
        style, row = style_of(corpus, flat, parts, settings, seed)
        said, sizes = fused({"static": static, "style": style, "mesh": flat}, codes, parts, settings, seed)
    test = corpus[["subject", "label", "take"]].isel(clip=parts.test).reset_coords().to_dataframe().reset_index()
    clips = test.assign(start=start, **{name: np.array(classes)[of] for name, of in said.items()})
    right = {f"accuracy_{name}": float((clips[name] == clips["label"]).mean()) for name in said}
    shares = judged_neutral(flat, style, codes, classes.index(NEUTRAL), parts)
    judged = {f"judged_neutral_{name}": value for name, value in shares.items()}
    return {"start": start} | right | row | judged | sizes, clips


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


def summarise(starts: pd.DataFrame, clips: pd.DataFrame, settings: dict[str, Any]) -> Summary:
    """Means over starts, A less B and less the control with their intervals, and p of all."""
    summary: Summary = {"n_start": len(starts)}
    for name in ("b", "mesh"):
        gap = (starts["accuracy_a"] - starts[f"accuracy_{name}"]).to_numpy()
        summary |= {f"style/a_minus_{name}/{part}": value for part, value in mean_interval(gap)._asdict().items()}
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


def all_starts(corpus: xr.Dataset, settings: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores, a row a random start, and the test clips of all starts."""
    rows, clips = [], []
    with Display("starts") as display:
        for start in range(settings["n_start"]):
            row, said = one_start(corpus, settings, start)
            rows.append(row)
            clips.append(said)
            display.update("random starts", start + 1, settings["n_start"])
    return pd.DataFrame(rows), pd.concat(clips, ignore_index=True)


def main() -> None:
    """Run the experiment and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--ratings", type=Path, help="judgements of people: clip, rater, shown, label")
    parser.add_argument("--quick", action="store_true", help="fewer speakers, starts and iterations: a try")
    options = parser.parse_args()
    settings = read_settings(quick=options.quick)
    corpus = simulate_speakers(portrait_shape(), seed=settings["seed"], **settings["corpus"])
    starts, clips = all_starts(corpus, settings)
    summary = summarise(starts, clips, settings)
    report(summary)
    tables = {"starts": starts}
    if options.ratings is not None:
        tables["perceptual"] = perceptual_table(read_perceptual_ratings(options.ratings))
        print(tables["perceptual"].round(2).to_string(index=False))
    figures = {"starts": draw_starts(starts)}
    write_results(options.out, summary=summary, tables=tables, figures=figures, dictionary="style_extractor")


if __name__ == "__main__":
    main()

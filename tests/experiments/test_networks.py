"""The experiments with networks run whole on a small corpus and explain what they write."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

LABELS = ("angry", "happy", "neutral", "sad")


@pytest.fixture
def corpus(shape):
    """Four people, two takes of two clips of four expressions: a bright stripe, and vertices that move."""
    rng = np.random.default_rng(0)
    rows = [(s, label, take, r) for s in "1234" for label in LABELS for take in "xy" for r in "12"]
    subject, label, take, _ = (np.array(column) for column in zip(*rows, strict=True))
    code = np.array([LABELS.index(name) for name in label])
    crops = rng.integers(0, 80, (len(rows), 1, 24, 24, 3))
    meshes = shape.values[None] + rng.normal(0, 0.01, (len(rows), 478, 3))
    for n, c in enumerate(code):
        crops[n, :, 5 * c : 5 * c + 5] += 150
        meshes[n, 50 * c : 50 * c + 50, 1] += 0.1
    names = [f"c{n}" for n in range(len(rows))]
    takes = [f"{s}-{name}-{t}" for s, name, t in zip(subject, label, take, strict=True)]
    coords = {"clip": names, "subject": ("clip", subject), "label": ("clip", label), "take": ("clip", takes)}
    variables = {
        "crop": (("clip", "frame", "row", "column", "channel"), crops.astype(np.uint8)),
        "mesh": (("clip", "vertex", "space"), meshes.astype(np.float32)),
    }
    return xr.Dataset(variables, coords)


@pytest.fixture
def run(load, monkeypatch, tmp_path, corpus):
    def run(name, *words):
        module = load(name)
        monkeypatch.setattr(module, "generated_corpus", lambda *place, **how: corpus)
        monkeypatch.setattr("sys.argv", ["run.py", "--out", str(tmp_path), "--quick", *words])
        module.main()
        return json.loads((tmp_path / "summary.json").read_text())

    return run


def test_the_expression_challenge_writes_scores_p_and_the_effect_of_weights(run, tmp_path, capsys):
    summary = run("expression_challenge")
    assert summary["n_clip"] == 64 and summary["majority/accuracy"] == 0.25
    assert 0 < summary["se_resnet/p"] <= 1 and summary["se_resnet50/n_parameter"] == 26_039_024
    table = pd.read_csv(tmp_path / "tables" / "weighting.tsv", sep="\t")
    gap = (table["weighted_macro_f1"] - table["unweighted_macro_f1"]).mean()
    assert summary["weighting/difference_macro_f1/mean"] == pytest.approx(gap)
    assert "always the largest class 0.250" in capsys.readouterr().out


def test_thinning_leaves_the_frequent_class_and_a_share_of_the_others(load, corpus):
    from isc.networks.comparison import Fold

    module = load("expression_challenge")
    codes = np.array([LABELS.index(name) for name in corpus["label"].values])
    fold = Fold(corpus, codes, list(LABELS), np.arange(64), np.array([], int), np.array([], int))
    few = module.thinned(fold, corpus, {"frequent": "happy", "keep": 0.25})
    assert np.bincount(codes[few.train]).tolist() == [4, 16, 4, 4]
    assert np.array_equal(few.train, module.thinned(fold, corpus, {"frequent": "happy", "keep": 0.25}).train)


def test_the_comparison_puts_networks_beside_geometry(run, tmp_path, monkeypatch, capsys):
    from isc.networks.comparison import SYSTEMS

    def brightest(fold):
        light = fold.corpus["crop"].mean(("frame", "column", "channel")).values
        means = [light[fold.train][fold.codes[fold.train] == c].mean(axis=0) for c in range(4)]
        return np.exp(-np.abs(light[fold.test, None] - np.array(means)).mean(axis=2))

    monkeypatch.setitem(SYSTEMS, "brightest", brightest)
    summary = run("networks", "--systems", "brightest")
    assert summary["brightest/accuracy"] == summary["1nn/accuracy"] == 1.0
    assert summary["brightest/p"] == summary["1nn/p"] == 0.001
    assert summary["brightest_minus_1nn/difference"] == 0 and summary["brightest_minus_1nn/p_sign_flip"] == 1
    people = pd.read_csv(tmp_path / "tables" / "subjects.tsv", sep="\t")
    assert set(people["system"]) == {"1nn", "logistic", "brightest"} and len(people) == 12
    assert "brightest less logistic" in capsys.readouterr().out
    assert not (tmp_path / "figures" / "training.pdf").exists()  # it has no training


def test_a_system_that_is_not_registered_is_named(run, capsys):
    with pytest.raises(SystemExit):
        run("networks", "--systems", "magic")
    assert "there is no system 'magic'; there are" in capsys.readouterr().err

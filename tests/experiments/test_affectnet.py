"""The zoo that votes runs whole on a small corpus and explains what it writes."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

LABELS = ("happy", "neutral", "surprised")


@pytest.fixture
def corpus(shape):
    """Five people, two clips of three expressions in crops of 48 px: the mouth is darker or brighter."""
    rng = np.random.default_rng(0)
    subject, label, take = (
        np.array(c) for c in zip(*[(s, e, t) for s in "12345" for e in LABELS for t in "xy"], strict=True)
    )
    flat = shape.values[:, :2]
    points = 6 + 36 * (flat - flat.min(axis=0)) / np.ptp(flat, axis=0).max()
    crops = rng.integers(60, 90, (len(subject), 1, 48, 48, 3))
    for n, name in enumerate(label):
        crops[n, :, 30:44, 10:38] = 40 + 80 * LABELS.index(name)
    coords = {"clip": [f"c{n}" for n in range(len(subject))], "subject": ("clip", subject), "label": ("clip", label)}
    coords["take"] = ("clip", [f"{s}-{e}-{t}" for s, e, t in zip(subject, label, take, strict=True)])
    variables = {
        "crop": (("clip", "frame", "row", "column", "channel"), crops.astype(np.uint8)),
        "crop_landmark": (("clip", "frame", "vertex", "axis"), np.tile(points, (len(subject), 1, 1, 1))),
        "mesh": (("clip", "vertex", "space"), np.tile(shape.values, (len(subject), 1, 1))),
    }
    return xr.Dataset(variables, coords)


def test_networks_votes_guesses_and_attention_are_written(load, monkeypatch, tmp_path, corpus, capsys):
    module = load("affectnet")
    monkeypatch.setattr(module, "generated_corpus", lambda *place, **how: corpus)
    monkeypatch.setattr("sys.argv", ["run.py", "--out", str(tmp_path), "--quick"])
    module.main()
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["n_subject_test"] == 2 and summary["n_clip_test"] == 12
    assert sum(value for key, value in summary.items() if key.startswith("attention/")) == pytest.approx(1)
    guesses = pd.read_csv(tmp_path / "tables" / "guesses.tsv", sep="\t")
    wide = guesses.pivot(index=["system", "label"], columns="k", values="share")
    assert (wide[2] >= wide[1]).all()
    assert summary["vote_weighted/top1/mean"] == pytest.approx(wide[1]["vote_weighted"].mean())
    assert "landmark_transformer   accuracy" in capsys.readouterr().out
    assert sorted(path.parent.name for path in tmp_path.glob("runs/se_resnet/*/log.csv")) == ["fold-0", "fold-1"]

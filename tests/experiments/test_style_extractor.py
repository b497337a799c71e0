"""The experiment of the style extractor runs whole on few speakers and explains what it writes."""

import json

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")


def test_starts_the_difference_and_the_judgements_are_written(load, monkeypatch, tmp_path, capsys):
    rows = [
        (c, r, s, x)
        for c, x in (("a", "happy"), ("b", "sad"))
        for r, s in (("1", "video"), ("2", "video"), ("3", "frame"))
    ]
    pd.DataFrame(rows, columns=["clip", "rater", "shown", "label"]).to_csv(tmp_path / "ratings.csv", index=False)
    words = ["run.py", "--out", str(tmp_path), "--quick", "--ratings", str(tmp_path / "ratings.csv")]
    monkeypatch.setattr("sys.argv", words)
    load("style_extractor").main()
    summary = json.loads((tmp_path / "summary.json").read_text())
    starts = pd.read_csv(tmp_path / "tables" / "starts.tsv", sep="\t")
    gap = (starts["accuracy_a"] - starts["accuracy_b"]).mean()
    assert summary["n_start"] == len(starts) == 2 and summary["style/a_minus_b/mean"] == pytest.approx(gap)
    assert summary["style/a_minus_b/low"] <= gap <= summary["style/a_minus_b/high"]
    assert (tmp_path / "tables" / "perceptual.tsv").is_file() and "a less mesh" in capsys.readouterr().out


def test_labels_are_permuted_alike_in_every_start(load):
    """Predictions that are always right, the same clips in many starts: no smaller p than of one start."""
    module = load("style_extractor")
    rows = [(f"{t}-{x}", t, x) for t in "ab" for x in ("anger", "neutral", "sadness")]
    once = pd.DataFrame(rows, columns=["clip", "take", "label"])
    clips = pd.concat([once.assign(start=n, a=once["label"]) for n in range(30)], ignore_index=True)
    assert module.chance_test(clips, "a", 2000, 0) == pytest.approx(1 / 36, abs=0.012)


def test_a_sentence_without_a_neutral_recording_is_named(load, shape):
    from isc.networks.speech import simulate_speakers

    module = load("style_extractor")
    corpus = simulate_speakers(shape, n_subject=2, n_sentence=1)
    lacking = corpus.isel(clip=(corpus["clip"] != "01-0-neutral").values)
    with pytest.raises(ValueError, match="take 01-0 has no neutral clip"):
        module.aligned_neutral(lacking, module.flat_meshes(lacking, np.arange(4)))


def test_emotional_frames_meet_the_same_speakers_neutral_frame_of_the_same_phone(load, shape):
    from isc.networks.speech import simulate_speakers

    module = load("style_extractor")
    corpus = simulate_speakers(shape, n_subject=2, n_sentence=1, emotion=0.0, noise=0.0, seed=1)
    corpus["sequence"] = corpus["phone"] + 100 * (corpus["subject"] == "01") + 0 * corpus["sequence"]
    flat = module.flat_meshes(corpus, np.arange(8))
    assert module.aligned_neutral(corpus, flat) == pytest.approx(flat)

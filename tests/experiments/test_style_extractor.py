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
    assert (tmp_path / "tables" / "perceptual.tsv").is_file() and "A less B" in capsys.readouterr().out


def test_speakers_are_apart_and_frames_meet_in_the_same_phone(load, shape):
    from isc.networks.speech import simulate_speakers

    module = load("style_extractor")
    corpus = simulate_speakers(shape, n_subject=10, n_sentence=1)
    parts = module.divide(corpus, [81, 4, 7], 3)
    people = [set(corpus["subject"].values[rows]) for rows in parts]
    assert [len(of) for of in people] == [9, 1, 1] or sum(len(of) for of in people) == 10
    assert not (people[0] & people[1] or people[0] & people[2] or people[1] & people[2])
    ours, theirs = np.array([4, 4, 4, 1, 1]), np.array([4, 1, 1, 1, 1])
    frames = module.same_phone(ours, theirs)
    assert theirs[frames].tolist() == ours.tolist() and (np.diff(frames) >= 0).all()

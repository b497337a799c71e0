"""Judgements from videos and frames: the table counts what it says, and bad files are named."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_recall_fscore_support

from isc.classification.perceptual import COLUMNS, perceptual_table, read_perceptual_ratings


def ratings_of(videos, frames):
    rows = [(clip, f"v{r}", "video", label) for clip, labels in videos.items() for r, label in enumerate(labels)]
    rows += [(clip, f"f{r}", "frame", label) for clip, labels in frames.items() for r, label in enumerate(labels)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    labels = np.array(["angry", "happy", "sad"])
    true = labels[rng.integers(0, 3, 40)]
    said = np.where(rng.random(40) < 0.6, true, labels[rng.integers(0, 3, 40)])
    table = perceptual_table(
        ratings_of({f"c{n}": [x] * 2 for n, x in enumerate(true)}, {f"c{n}": [x] for n, x in enumerate(said)}),
        n_bootstrap=500,
    ).set_index(["comparison", "label"])
    precision, recall, f1, count = precision_recall_fscore_support(true, said, labels=labels)
    frame = table.loc["video/frame"]
    assert frame.loc[labels, "precision"].to_numpy() == pytest.approx(precision)
    assert frame.loc[labels, "recall"].to_numpy() == pytest.approx(recall)
    assert frame.loc[labels, "f1"].to_numpy() == pytest.approx(f1) and frame.loc["average", "f1"] == pytest.approx(
        f1.mean()
    )
    assert frame.loc[labels, "n_clip"].tolist() == count.tolist()
    assert (table.loc["video/video", "f1"] == 1).all()
    assert (frame["low"] < frame["f1"]).all() and (frame["f1"] < frame["high"]).all()


def test_ties_do_not_count_and_halves_are_every_other_rater():
    ratings = ratings_of(
        {"a": ["x", "x", "y", "y"], "b": ["x", "y", "x", "y"], "c": ["x"] * 4}, {"a": ["x"], "c": ["y"]}
    )
    table = perceptual_table(ratings, n_bootstrap=10).set_index(["comparison", "label"])
    assert table.loc[("video/frame", "average"), "n_clip"] == 1  # a and b are ties among the videos
    # Halves v0 v2 and v1 v3: a tie in both for clip a; b is x against y; c agrees.
    assert table.loc[("video/video", "x"), "recall"] == 0.5 and table.loc[("video/video", "average"), "n_clip"] == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "1", "film", "x")], "shown is 'video' or 'frame'; given 'film'"),
        ([("a", "1", "video", "")], "row 2: a cell is empty"),
        ([("a", "1", "video", "x")] * 2, "rater 1 judges clip a .video. twice"),
    ],
)
def test_files_that_cannot_be_used_are_named(tmp_path, rows, message):
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(tmp_path / "ratings.csv", index=False)
    with pytest.raises(ValueError, match=f"ratings.csv.*{message}"):
        read_perceptual_ratings(tmp_path / "ratings.csv")


def test_a_missing_column_and_a_single_rater_are_refused(tmp_path):
    (tmp_path / "ratings.tsv").write_text("clip\trater\tlabel\na\t1\tx\n")
    with pytest.raises(ValueError, match="column shown is missing"):
        read_perceptual_ratings(tmp_path / "ratings.tsv")
    with pytest.raises(ValueError, match="two raters of videos are needed.*there are 1"):
        perceptual_table(ratings_of({"a": ["x"]}, {"a": ["x"]}))

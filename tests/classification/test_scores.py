"""Scores are those of scikit-learn; intervals are over subjects."""

import numpy as np
import pytest
import xarray as xr

from isc.classification import scores
from isc.classification.evaluate import cross_validate
from isc.classification.scores import calibration, class_table, confusion, confusion_scores, score_table, subject_table


@pytest.fixture
def result():
    """Random predictions of 8 subjects x 25 clips in 4 classes, right more often than not."""
    rng = np.random.default_rng(0)
    label = rng.choice(list("abcd"), 200)
    predicted = np.where(rng.uniform(size=(2, 200)) < 0.6, label, rng.choice(list("abcd"), (2, 200)))
    coords = {"label": ("clip", label), "subject": ("clip", np.repeat(list("ABCDEFGH"), 25)), "class": list("abcd")}
    return xr.Dataset({"predicted": (("repeat", "clip"), predicted)}, coords)


def test_scores_are_those_of_scikit_learn(result):
    from sklearn import metrics

    true, said = result["label"].values, result["predicted"].values[0]
    found = score_table(result.isel(repeat=[0]))["value"]
    f1 = metrics.f1_score(true, said, average="macro")
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(true, said))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(true, said))
    assert found["macro_f1"] == pytest.approx(f1)
    assert found["kappa"] == pytest.approx(metrics.cohen_kappa_score(true, said))
    assert found["abaw"] == pytest.approx(0.67 * f1 + 0.33 * found["accuracy"])
    table = class_table(result.isel(repeat=[0]))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(true, said)
    np.testing.assert_allclose(
        table[["precision", "recall", "f1", "n_clip"]], np.stack([precision, recall, f1, support], 1)
    )
    counts = confusion(result.isel(repeat=[0]))["n_clip"].values
    np.testing.assert_array_equal(counts, metrics.confusion_matrix(true, said))


def test_the_published_criterion_of_aff_wild2_is_reproduced():
    assert pytest.approx(0.43, abs=0.002) == scores.F1_SHARE * 0.33 + scores.ACCURACY_SHARE * 0.63


def test_repeats_are_averaged(result):
    both = [score_table(result.isel(repeat=[k]))["value"]["accuracy"] for k in (0, 1)]
    assert score_table(result)["value"]["accuracy"] == pytest.approx(np.mean(both))


def test_intervals_are_those_of_drawing_subjects_one_by_one(result):
    right = (result["predicted"] == result["label"]).mean("repeat").groupby("subject").mean().values
    rng = np.random.default_rng(1)
    drawn = [right[rng.integers(8, size=8)].mean() for _ in range(4000)]
    found = score_table(result, n_bootstrap=4000).loc["accuracy"]
    np.testing.assert_allclose([found["low"], found["high"]], np.quantile(drawn, [0.025, 0.975]), atol=0.006)


def test_an_interval_over_subjects_is_wider_than_one_over_clips_when_subjects_differ():
    right = np.repeat([0, 1] * 4, 25)
    coords = {
        "label": ("clip", np.tile(["a"], 200)),
        "subject": ("clip", np.repeat(list("ABCDEFGH"), 25)),
        "class": ["a", "b"],
    }
    result = xr.Dataset({"predicted": (("repeat", "clip"), np.where(right, "a", "b")[None])}, coords)
    low, high = score_table(result).loc["accuracy", ["low", "high"]]
    assert high - low > 4 * 2 * 1.96 * 0.5 / np.sqrt(200) / 2


def test_classes_that_are_not_there_do_not_count():
    found = confusion_scores(np.array([[3, 1, 0], [0, 0, 0], [0, 1, 1]]))
    assert found["balanced_accuracy"] == pytest.approx((0.75 + 0.5) / 2)
    assert np.isnan(confusion_scores(np.zeros((2, 2)))["accuracy"])


def test_subjects_are_scored_over_the_classes_they_show(result):
    some = result.isel(clip=np.flatnonzero((result["subject"] != "A") | (result["label"] == "a")))
    table = subject_table(some)
    assert table.loc["A", "n_class"] == 1
    assert table.loc["A", "balanced_accuracy"] == pytest.approx(table.loc["A", "accuracy"])


def test_shares_of_a_class_sum_to_one_and_lie_in_their_intervals(result):
    found = confusion(result)
    np.testing.assert_allclose(found["share"].sum("predicted"), 1)
    assert ((found["low"] <= found["share"]) & (found["share"] <= found["high"])).all()


def test_one_subject_has_no_interval(result):
    with pytest.warns(UserWarning, match="need two subjects"):
        table = score_table(result.isel(clip=slice(25)))
    assert table["low"].isna().all()


def test_probabilities_that_come_true_as_stated_are_calibrated():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, 20_000)
    label = np.where(rng.uniform(size=p.size) < p, "a", "b")
    values = {"probability": (("repeat", "clip", "class"), np.stack([p, 1 - p], 1)[None])}
    found = calibration(xr.Dataset(values, {"label": ("clip", label), "class": ["a", "b"]}))
    assert float(found["ece"]) < 0.02
    assert float(found["brier"]) == pytest.approx(2 * (p * (1 - p)).mean(), abs=0.01)
    too_sure = xr.Dataset(
        {"probability": (("repeat", "clip", "class"), np.tile([1.0, 0.0], (1, p.size, 1)))},
        {"label": ("clip", label), "class": ["a", "b"]},
    )
    assert float(calibration(too_sure)["ece"]) == pytest.approx(1 - (label == "a").mean())


def test_the_loss_are_those_of_scikit_learn(features):
    from sklearn.metrics import log_loss

    result = cross_validate(features.astype(float), model="logistic")
    found = calibration(result)
    assert float(found["log_loss"]) == pytest.approx(log_loss(result["label"], result["probability"][0]), rel=1e-6)


def test_a_model_without_probabilities_is_not_calibrated(result):
    with pytest.raises(ValueError, match="gives no probabilities"):
        calibration(result)

"""Figures of classification say how many, how sure and what chance is."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure

from isc.plots import (
    plot_confusion,
    plot_learning_curve,
    plot_reliability,
    plot_subject_accuracy,
)

NAMES = ["happy", "sad", "angry"]


@pytest.fixture
def confusion():
    share = np.array([[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [np.nan] * 3])
    values = {"share": share, "low": share - 0.05, "high": share + 0.05, "n_clip": np.nan_to_num(share) * 50}
    cells = ("label", "predicted")
    coords = {"label": NAMES, "predicted": NAMES}
    return xr.Dataset({k: (cells, v) for k, v in values.items()}, coords, {"level": 0.95, "n_subject": 24})


def texts(axes):
    return [text.get_text() for text in axes.texts]


def band(dim, points, **more):
    lines = {
        name: (dim, np.linspace(0.3 + shift, 0.8 + shift, len(points)))
        for name, shift in (("accuracy", 0), ("low", -0.1), ("high", 0.1))
    }
    return xr.Dataset(lines | more, {dim: points})


def test_a_confusion_matrix_shows_share_interval_clips_and_subjects(confusion):
    axes = plot_confusion(confusion).axes[0]
    assert "80%" in texts(axes) and "[75%, 85%]" in texts(axes)
    assert axes.get_yticklabels()[0].get_text() == "happy\n(50 clips)"
    assert axes.get_title(loc="left") == "in brackets 95% over 24 subjects"
    assert len(texts(axes)) == 12  # a class without clips has no numbers


def test_a_confusion_matrix_needs_its_intervals(confusion):
    with pytest.raises(ValueError, match=r"\['low'\] missing"):
        plot_confusion(confusion.drop_vars("low"))


@pytest.mark.parametrize(
    ("dim", "points", "label"),
    [
        ("size", [10, 100], "training clips"),
        ("level", [90, 5], "smallest hit rate kept (%)"),
        ("n_own", [0, 1], "own clips of each class in the training set"),
    ],
)
def test_a_curve_names_what_it_runs_over(dim, points, label):
    axes = plot_learning_curve(band(dim, points)).axes[0]
    assert axes.get_xlabel() == label
    assert axes.get_ylim() == (0, 1)
    assert (axes.get_xlim()[0] > axes.get_xlim()[1]) == (dim == "level")


def test_a_curve_shows_permuted_labels_matched_sizes_and_subjects():
    more = {"chance": ("size", [0.16, 0.17]), "chance_high": ("size", [0.2, 0.2])}
    labels = plot_learning_curve(band("size", [10, 100], **more)).axes[0].get_legend().get_texts()
    assert "labels permuted" in [t.get_text() for t in labels]
    matched = plot_learning_curve(band("level", [90, 5], matched=("level", [0.5, 0.4]))).axes[0]
    assert "as many training clips at every level" in [t.get_text() for t in matched.get_legend().get_texts()]
    people = {"by_subject": (("n_own", "subject"), np.ones((2, 5)) / 2)}
    assert len(plot_learning_curve(band("n_own", [0, 1], **people)).axes[0].lines) == 7


def test_curves_are_named_and_of_one_kind():
    curves = {"published": band("size", [10, 100]), "guarded": band("size", [10, 90])}
    shown = [t.get_text() for t in plot_learning_curve(curves).axes[0].get_legend().get_texts()]
    assert shown == ["published (band: 95 % over subjects)", "guarded (band: 95 % over subjects)"]
    with pytest.raises(ValueError, match="must all have one of the dims"):
        plot_learning_curve({"a": band("size", [1, 2]), "b": band("level", [1, 2])})
    with pytest.raises(ValueError, match="must all have one of the dims"):
        plot_learning_curve(band("epoch", [1, 2]))


def test_every_subject_has_a_line_and_every_protocol_its_mean():
    table = pd.DataFrame({"k": [0.8, 0.6], "loso": [0.5, 0.3]}, index=["01", "02"])
    axes = plot_subject_accuracy(table, chance=1 / 6).axes[0]
    assert texts(axes) == ["0.70", "0.40"]
    assert axes.get_ylabel() == "accuracy (n = 2 subjects)"
    assert [t.get_text() for t in axes.get_xticklabels()] == ["k", "loso"]
    with pytest.raises(ValueError, match="no subject or no protocol"):
        plot_subject_accuracy(pd.DataFrame())


def test_a_reliability_diagram_says_how_far_off_the_model_is():
    bins = {
        "confidence": ("bin", [0.3, np.nan, 0.8]),
        "accuracy": ("bin", [0.2, np.nan, 0.8]),
        "n_clip": ("bin", [10.0, 0.0, 20.0]),
    }
    axes = plot_reliability(xr.Dataset(bins | {"ece": 0.033, "brier": 0.4})).axes[0]
    assert axes.get_title(loc="left") == "ECE 0.033, Brier score 0.400"
    assert isinstance(axes.figure, Figure)

"""Figures of the gallery about classification, on generated clips."""

import warnings
from collections.abc import Callable
from importlib import resources

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

import isc
from isc.classification.explain import prototypes
from isc.classification.scores import calibration, confusion, subject_table
from isc.mesh import mean_shape, regions
from isc.plots import plot_prototypes


def portrait_shape() -> xr.DataArray:
    """Mean shape of the portrait, (vertex, space), inter-ocular distances."""
    with resources.files("isc.simulate").joinpath("portrait_landmarks.txt").open(encoding="utf-8") as file:
        landmarks = np.loadtxt(file)
    return mean_shape(isc.align_faces(xr.DataArray([landmarks] * 2, dims=("time", "vertex", "space"))))


def _clips() -> xr.DataArray:
    """Features of the clips of 10 people: a face of one's own, and four expressions."""
    rng = np.random.default_rng(9)
    own, shown = 3 * rng.normal(size=(10, 1, 1, 30)), 0.6 * rng.normal(size=(1, 4, 1, 30))
    values = (own + shown + rng.normal(size=(10, 4, 3, 30))).reshape(-1, 30)
    coords = {
        "subject": ("clip", np.repeat([f"sub-{n:02d}" for n in range(1, 11)], 12)),
        "label": ("clip", np.tile(np.repeat(["angry", "happy", "neutral", "sad"], 3), 10)),
    }
    return xr.DataArray(values, dims=("clip", "feature"), coords=coords)


def _confusion() -> Figure:
    space = isc.DistanceSpace(_clips(), reference="subject_mean")
    return isc.plot_confusion(confusion(isc.cross_validate(space), n_bootstrap=200))


def _learning_curve() -> Figure:
    references = {"faces as they are": "grand_mean", "own mean subtracted": "subject_mean"}
    spaces = {name: isc.DistanceSpace(_clips(), reference=reference) for name, reference in references.items()}
    return isc.plot_learning_curve({name: isc.learning_curve(space, n_draws=5) for name, space in spaces.items()})


def _subject_accuracy() -> Figure:
    space = isc.DistanceSpace(_clips(), reference="grand_mean")
    splits = {"10-fold over clips": "kfold", "leave one subject out": "leave_one_subject_out"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that k-fold tests people it has learnt, which is shown here
        results = {name: isc.cross_validate(space, split=split) for name, split in splits.items()}
    table = pd.DataFrame({name: subject_table(result)["accuracy"] for name, result in results.items()})
    return isc.plot_subject_accuracy(table, chance=1 / 4)


def _prototypes() -> Figure:
    portrait, rng = portrait_shape(), np.random.default_rng(10)
    own = dict(zip(("01", "02"), 0.08 * rng.normal(size=(2, 1, 3)), strict=True))
    rows = [(person, label) for person in own for label in ("happy", "neutral", "happy", "neutral")]
    meshes = np.stack([portrait.values * (1 + own[person]) for person, _ in rows])
    mouth = regions()["mouth"]
    width = portrait.values[mouth, 0] - portrait.values[mouth, 0].mean()
    for mesh, (_, label) in zip(meshes, rows, strict=True):
        mesh[mouth, 0] += (0.25 if label == "happy" else 0.0) * width
        mesh += 0.002 * rng.normal(size=mesh.shape)
    coords = {
        "clip": [f"clip-{n}" for n in range(1, 9)],
        "subject": ("clip", [person for person, _ in rows]),
        "label": ("clip", [label for _, label in rows]),
    }
    faces = xr.DataArray(meshes, coords, ("clip", "vertex", "space"))
    space = isc.DistanceSpace(faces, reference="grand_mean")
    return plot_prototypes(faces, prototypes(space, ["clip-1", "clip-6"], n_neighbour=3))


def _reliability() -> Figure:
    rng = np.random.default_rng(11)
    n_clip, classes = 600, ["happy", "sad", "angry"]
    truth = rng.integers(0, 3, n_clip)
    evidence = rng.normal(0, 1, (n_clip, 3)) + 1.2 * np.eye(3)[truth]
    probability = np.exp(2 * evidence)  # twice as sure as the evidence allows
    probability /= probability.sum(axis=1, keepdims=True)
    names = np.array(classes)
    result = xr.Dataset(
        {
            "predicted": (("repeat", "clip"), names[probability.argmax(axis=1)][None]),
            "probability": (("repeat", "clip", "class"), probability[None]),
        },
        {"label": ("clip", names[truth]), "subject": ("clip", [f"{n % 12}" for n in range(n_clip)]), "class": names},
    )
    return isc.plot_reliability(calibration(result))


CLASSIFICATION: dict[str, Callable[[], Figure]] = {
    "confusion": _confusion,
    "learning_curve": _learning_curve,
    "subject_accuracy": _subject_accuracy,
    "prototypes": _prototypes,
    "reliability": _reliability,
}

"""Clips of a few people whose faces differ and who show expressions in a way of their own."""

import numpy as np
import pytest
import xarray as xr

LABELS = ("happy", "sad", "angry")
N_SUBJECT, N_REPETITION, N_VERTEX = 6, 4, 12


def make_meshes(*, seed=0, n_subject=N_SUBJECT, n_repetition=N_REPETITION, shape=1.0, expression=0.5, noise=0.05):
    """Meshes (clip, vertex, space): face + expression + noise, with all columns of a clip table."""
    rng = np.random.default_rng(seed)
    face = rng.normal(size=(1, N_VERTEX, 3)) + shape * 0.3 * rng.normal(size=(n_subject, N_VERTEX, 3))
    move = expression * rng.normal(size=(len(LABELS), N_VERTEX, 3))
    subject, label, repetition = (x.ravel() for x in np.indices((n_subject, len(LABELS), n_repetition)))
    values = face[subject] + move[label] + noise * rng.normal(size=(subject.size, N_VERTEX, 3))
    names = [f"{s:02d}-{LABELS[k]}-{r}" for s, k, r in zip(subject, label, repetition, strict=True)]
    coords = {
        "clip": names,
        "subject": ("clip", [f"{s:02d}" for s in subject]),
        "label": ("clip", np.array(LABELS)[label]),
        "repetition": ("clip", repetition),
        "take": ("clip", [name[:-2] for name in names]),
        "item": ("clip", [f"{name[:-2]}-{r // 2}" for name, r in zip(names, repetition, strict=True)]),
        "hit_rate": ("clip", rng.integers(2, 20, subject.size) * 5.0),
    }
    return xr.DataArray(values.astype(np.float32), coords, ("clip", "vertex", "space"))


@pytest.fixture
def meshes():
    return make_meshes()


def make_features():
    """The distances of all pairs, (clip, feature)."""
    meshes = make_meshes()
    first, second = np.triu_indices(N_VERTEX, 1)
    values = np.sqrt(((meshes.values[:, first] - meshes.values[:, second]) ** 2).sum(axis=-1))
    return xr.DataArray(values, {name: meshes[name] for name in meshes.coords}, ("clip", "feature"))


@pytest.fixture
def features():
    return make_features()

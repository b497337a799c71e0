"""Generated speakers say the same sentences; what is planted is there."""

import numpy as np

from isc.mesh import regions
from isc.networks.speech import LOWER, draw_meshes, simulate_speakers


def test_clips_of_a_take_say_the_same_phones_in_other_rhythms(shape):
    speakers = simulate_speakers(shape, n_subject=3, n_sentence=2, seed=1)
    assert speakers.sizes["clip"] == 3 * 2 * 4
    for _, take in speakers.groupby("take"):
        turns = {tuple(row[np.flatnonzero(np.diff(row, prepend=-1))]) for row in take["phone"].values}
        assert len(turns) == 1
    assert len(np.unique(speakers["phone"].values, axis=0)) > 2


def test_articulation_moves_the_lower_face_and_emotion_all_of_it(shape):
    still = {"articulation": 0.0, "emotion": 0.0, "noise": 0.0}
    lower = np.isin(simulate_speakers(shape)["vertex"], np.concatenate([regions()[part] for part in LOWER]))
    spoken = simulate_speakers(shape, **still | {"articulation": 0.1})["sequence"]
    moving = np.ptp(spoken.values, axis=1).max(axis=(0, 2)) > 1e-6
    assert (moving == lower).all()
    felt = simulate_speakers(shape, **still | {"emotion": 0.1})
    means = felt["sequence"].groupby("label").mean(["clip", "time"])
    change = abs(means.sel(label="anger") - means.sel(label="neutral")).max("space")
    assert (change > 1e-4).all()


def test_the_same_seed_gives_the_same_speakers(shape):
    first, again, other = (simulate_speakers(shape, n_subject=2, seed=seed) for seed in (1, 1, 2))
    assert first.identical(again) and not first.equals(other)


def test_a_picture_is_bright_where_a_vertex_is():
    meshes = np.array([[[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]])
    pictures = draw_meshes(meshes, size=16)
    assert pictures.shape == (2, 16, 16, 3) and pictures.dtype == np.uint8
    assert pictures[0, 2, 2, 0] > 150 > 5 > pictures[0, 2, 13, 0]
    assert pictures[1, 2, 13, 0] > 150

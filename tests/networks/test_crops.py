"""Crops are upright: irises (and mouth) come to their places whatever the head's place, size and roll."""

import numpy as np
import pandas as pd
import pytest

from isc.networks.crops import PLACES, align_crop, anchor_points, clip_corpus, crop_transform


def turned(points, degrees, scale, shift):
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + shift


@pytest.fixture
def face():
    """478 points: irises level at 40 and 80, mouth below."""
    points = np.random.default_rng(0).uniform(30, 90, (478, 3))
    points[468, :2], points[473, :2] = (40, 50), (80, 50)
    points[[13, 14], :2] = (60, 90), (60, 92)
    return points


@pytest.mark.parametrize(("degrees", "scale", "shift"), [(0, 1, (0, 0)), (25, 0.5, (90, -4)), (-170, 3, (1, 1))])
def test_irises_come_to_their_places_whatever_the_head_does(face, degrees, scale, shift):
    face[:, :2] = turned(face[:, :2], degrees, scale, shift)
    points = anchor_points(face)
    matrix = crop_transform(points, 64)
    assert np.allclose(points @ matrix[:, :2].T + matrix[:, 2], PLACES[:2] * 64)
    assert np.isclose(matrix[0, 0], matrix[1, 1]) and np.isclose(matrix[0, 1], -matrix[1, 0])


def test_three_anchors_are_a_least_squares_compromise(face):
    points = anchor_points(face, "irises_mouth")
    matrix = crop_transform(points, 64)
    reference = np.linalg.lstsq(
        np.concatenate([[[x, -y, 1, 0], [y, x, 0, 1]] for x, y in points]), (PLACES * 64).ravel(), rcond=None
    )[0]
    assert np.allclose([matrix[0, 0], matrix[1, 0], *matrix[:, 2]], reference)


def test_the_mouth_counts_only_when_it_is_asked_for(face):
    moved = face.copy()
    moved[[13, 14], 1] += 30
    assert np.array_equal(crop_transform(anchor_points(face), 64), crop_transform(anchor_points(moved), 64))
    both = [crop_transform(anchor_points(points, "irises_mouth"), 64) for points in (face, moved)]
    assert not np.allclose(*both)


def test_without_irises_the_eyelids_stand_for_them(face):
    from isc.networks.crops import EYELIDS

    for lids, where in zip(EYELIDS, ((40, 50), (80, 50)), strict=True):
        face[list(lids), :2] = where
    assert np.allclose(anchor_points(face[:468]), anchor_points(face))


def test_a_tilted_picture_gives_the_crop_of_an_upright_one(face):
    import cv2

    rng = np.random.default_rng(1)
    smooth = cv2.GaussianBlur(rng.normal(size=(140, 140, 3)), (0, 0), 3)
    picture = np.clip(128 + 50 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    matrix = cv2.getRotationMatrix2D((70, 70), 20, 1.0)
    tilted = cv2.warpAffine(picture, matrix, (140, 140))
    points = face.copy()
    points[:, :2] = face[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    upright, again = align_crop(picture, face, size=48), align_crop(tilted, points, size=48)
    inner = (slice(10, 38), slice(10, 38))
    assert np.abs(upright[inner].astype(int) - again[inner]).mean() < 3
    assert np.abs(upright[inner].astype(int) - align_crop(tilted, face, size=48)[inner]).mean() > 10


def test_what_lies_outside_repeats_the_edge(face):
    crop = align_crop(np.full((100, 100, 3), 200, np.uint8), face + 45, size=32)
    assert (crop == 200).all()


@pytest.mark.parametrize(
    ("points", "anchors", "message"),
    [
        (np.zeros((478, 3)), "nose", "anchors must be 'irises' or 'irises_mouth'"),
        (np.zeros((68, 2)), "irises", r"landmarks are 468 or 478 points .* \(68, 2\)"),
    ],
)
def test_points_that_are_no_face_mesh_are_refused(points, anchors, message):
    with pytest.raises(ValueError, match=message):
        anchor_points(points, anchors)


@pytest.mark.parametrize("value", [5.0, np.nan])
def test_irises_in_one_place_or_nowhere_are_refused(value):
    with pytest.raises(ValueError, match="lie in one place; leave this picture out"):
        crop_transform(np.full((2, 2), value), 64)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    from isc.simulate import simulate_clips

    folder = tmp_path_factory.mktemp("clips")
    table = simulate_clips(folder, n_subject=2, n_repetition=1, labels=["happy"], duration=0.6)
    return table[table["kind"] == "posed"].reset_index(drop=True), folder


def test_the_corpus_of_clips_has_crops_meshes_and_sequences_of_the_same_clips(clips):
    table, folder = clips
    seen = []
    corpus = clip_corpus(table, folder, size=48, n_frame=2, n_time=3, progress=lambda *state: seen.append(state))
    assert dict(corpus.sizes) | {"clip": 2, "frame": 2, "row": 48, "time": 3, "vertex": 478} == dict(corpus.sizes)
    assert corpus["clip"].values.tolist() == table["clip"].tolist() and seen[-1] == ("clips", 2, 2)
    assert corpus["crop"].dtype == np.uint8 and np.isfinite(corpus["sequence"]).all()
    irises = corpus["crop_landmark"].values[:, :, [468, 473]]
    assert np.allclose(irises, PLACES[:2] * 48, atol=1e-3)
    pupils = corpus["crop"].values[0, 0].mean(axis=2)[17:20].mean(axis=0)
    assert pupils[[15, 32]].mean() < pupils[24]  # the eyes are darker than the bridge of the nose between them


def test_clips_without_a_face_are_left_out_and_none_with_one_is_an_error(clips, tmp_path):
    from isc.io.camera.writer import write_video

    table, folder = clips
    write_video(folder / "wall.mp4", np.full((3, 96, 96, 3), 128, np.uint8), rate=25)
    wall = pd.DataFrame({"clip": ["wall"], "subject": ["09"], "label": ["happy"], "path": ["wall.mp4"]})
    with pytest.warns(UserWarning, match="no face"):
        corpus = clip_corpus(pd.concat([wall, table], ignore_index=True), folder, n_frame=1)
    assert corpus["clip"].values.tolist() == table["clip"].tolist()
    with (
        pytest.warns(UserWarning, match="no face"),
        pytest.raises(ValueError, match="no face was found in any of the 1 clips"),
    ):
        clip_corpus(wall, folder)

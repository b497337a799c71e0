"""Alignment: head movement goes, expression stays."""

import numpy as np
import pytest
import xarray as xr
from scipy.spatial.transform import Rotation

from isc.preprocessing.align import STABLE_VERTICES, align_faces

MOUTH = (13, 14, 61, 291)


def still_face(seed=0):
    return np.random.default_rng(seed).normal(size=(478, 3)) * 40 + 200


def recording(frames):
    return xr.DataArray(np.asarray(frames), dims=("time", "vertex", "space"))


def moved(face, rng, angle=0.15):
    turn = Rotation.from_rotvec(rng.normal(size=3) * angle).as_matrix()
    return rng.uniform(0.7, 1.3) * face @ turn + rng.normal(size=3) * 30


def test_rotation_translation_and_distance_are_removed_exactly():
    rng = np.random.default_rng(1)
    aligned = align_faces(recording([moved(still_face(), rng) for _ in range(20)]))
    assert np.abs(aligned - aligned[0]).max() < 1e-5


def test_the_canonical_frame_is_the_face_itself():
    aligned = align_faces(recording([still_face()] * 2)).values[0]
    assert np.linalg.norm(aligned[33] - aligned[263]) == pytest.approx(1, abs=1e-6)
    assert np.allclose(aligned[33], [-0.5, 0, 0], atol=1e-6)
    assert np.allclose(aligned[263], [0.5, 0, 0], atol=1e-6)
    assert aligned[152, 1] > aligned[10, 1]  # y runs down the face


def test_two_cameras_on_one_face_give_one_result():
    rng = np.random.default_rng(2)
    frames = np.stack([still_face() + rng.normal(size=(478, 3)) * 0.5 for _ in range(30)])
    other = np.stack([moved(f, np.random.default_rng(5)) for f in frames])
    assert np.abs(align_faces(recording(frames)) - align_faces(recording(other))).max() < 1e-4


def test_a_moving_mouth_is_kept_while_the_head_moves():
    rng = np.random.default_rng(3)
    opening = np.sin(np.linspace(0, 12, 60))
    frames = []
    for amount in opening:
        face = still_face()
        face[list(MOUTH), 1] += 10 * amount
        frames.append(moved(face, rng))
    series = align_faces(recording(frames)).sel(vertex=13).values[:, 1]
    assert np.corrcoef(series, opening)[0, 1] > 0.9999
    assert not set(MOUTH) & set(STABLE_VERTICES)


def test_frames_without_a_face_stay_missing_and_do_not_touch_the_others():
    rng = np.random.default_rng(4)
    frames = np.stack([moved(still_face(), rng) for _ in range(10)])
    frames[3] = np.nan
    aligned = align_faces(recording(frames))
    assert np.isnan(aligned[3]).all()
    assert np.isfinite(np.delete(aligned.values, 3, axis=0)).all()
    assert np.allclose(np.delete(aligned.values, 3, axis=0), align_faces(recording(np.delete(frames, 3, axis=0))))


def test_a_mirrored_face_is_not_turned_into_its_mirror_image():
    face = still_face()
    mirrored = face * [-1, 1, 1]
    aligned = align_faces(recording([face, mirrored]))
    assert np.abs(aligned[0] - aligned[1]).max() > 0.05


def test_the_argument_is_not_written_to():
    frames = recording([still_face()] * 2)
    before = frames.copy(deep=True)
    align_faces(frames)
    xr.testing.assert_identical(frames, before)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (recording(np.full((2, 478, 3), np.nan)), "no frame has a face"),
        (recording(np.zeros((2, 100, 3))), "468 or 478 vertices"),
        (recording(np.zeros((2, 478, 2))), "landmarks need dims time, vertex and space"),
    ],
)
def test_errors(bad, message):
    with pytest.raises(ValueError, match=message):
        align_faces(bad)

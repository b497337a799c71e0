"""MediaPipe's traps are closed, and the participant's face is kept apart from others."""

import os
import subprocess
import sys

import numpy as np
import pytest
from skimage.data import astronaut

from isc.io.camera.face_tracker import BLENDSHAPES, Face, FaceFollower, FaceTracker, FaceTrackerError, without_chatter
from isc.io.face_model import find_face_model

LEFT_EYE, RIGHT_EYE = 263, 33  # outer corners


@pytest.fixture(scope="module")
def portrait():
    """A face of about 110 pixels in a picture whose rows have no padding."""
    return np.ascontiguousarray(astronaut()[:256, 96:352])


@pytest.fixture
def tracker():
    with FaceTracker(find_face_model()) as open_tracker:
        yield open_tracker


@pytest.fixture
def bare_landmarker():
    """MediaPipe without our precautions."""
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(find_face_model())),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=2,
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        yield landmarker


def as_image(picture):
    """Picture as MediaPipe takes it."""
    from mediapipe import Image, ImageFormat

    return Image(image_format=ImageFormat.SRGB, data=picture)


def small_face(x, *, size=50.0):
    """Face of two points whose middle is at (x, 0)."""
    corners = np.array([[x - size / 2, -size / 2, 0], [x + size / 2, size / 2, 0]], np.float32)
    return Face(corners, np.zeros(52, np.float32), np.eye(4, dtype=np.float32))


def test_the_portrait_gives_one_face_with_all_its_parts(tracker, portrait):
    (face,) = tracker.faces(portrait, 0.0)
    assert face.landmarks.shape == (478, 3)
    assert face.blendshapes.shape == (52,)
    assert face.head_pose.shape == (4, 4)
    assert all(part.dtype == np.float32 for part in face)
    assert face.blendshapes[BLENDSHAPES.index("mouthSmileLeft")] > 0.5  # she smiles
    rotation = face.head_pose[:3, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-3)


def test_the_names_of_the_blendshapes_are_mediapipes_in_its_order():
    from mediapipe.tasks.python.vision.face_landmarker import Blendshapes

    spelt = [name.strip("_").replace("_", "").lower() for name in BLENDSHAPES]
    assert spelt == [shape.name.strip("_").replace("_", "").lower() for shape in Blendshapes]
    assert len(set(BLENDSHAPES)) == 52


def test_landmarks_are_pixels_in_a_picture_that_is_not_square(tracker, portrait):
    (square,) = tracker.faces(portrait, 0.0)
    wide = np.pad(portrait, ((0, 0), (0, 128), (0, 0)))
    (padded,) = tracker.faces(wide, 1.0)
    np.testing.assert_allclose(padded.landmarks, square.landmarks, atol=0.04 * square.size)
    left, right = square.landmarks[LEFT_EYE], square.landmarks[RIGHT_EYE]
    assert 0.3 * square.size < left[0] - right[0] < 0.8 * square.size
    assert abs(left[1] - right[1]) < 0.2 * square.size


def test_a_face_that_moves_by_six_pixels_is_followed_in_the_same_frame(tracker, portrait):
    for k in range(5):
        (before,) = tracker.faces(portrait, k / 25)
    (after,) = tracker.faces(np.roll(portrait, 6, axis=1), 5 / 25)
    np.testing.assert_allclose((after.landmarks - before.landmarks)[:, 0].mean(), 6, atol=0.5)
    np.testing.assert_allclose((after.landmarks - before.landmarks)[:, 1].mean(), 0, atol=0.5)


@pytest.mark.parametrize(
    "lay_out",
    [
        np.asfortranarray,
        lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
        lambda a: np.pad(a, ((0, 0), (3, 5), (0, 0)))[:, 3:-5],
    ],
    ids=["fortran", "reversed", "padded rows"],
)
def test_mediapipe_misreads_a_picture_that_is_not_contiguous_and_the_tracker_does_not(tracker, portrait, lay_out):
    picture = lay_out(portrait)
    assert np.array_equal(picture, portrait)
    assert not picture.flags.c_contiguous
    assert not np.array_equal(as_image(picture).numpy_view(), portrait)
    (face,) = tracker.faces(picture, 0.0)
    (expected,) = tracker.faces(portrait, 1.0)
    np.testing.assert_array_equal(face.landmarks, expected.landmarks)


def test_mediapipe_finds_no_face_after_it_was_closed_and_the_tracker_says_that_it_is(bare_landmarker, portrait):
    bare_landmarker.close()
    assert bare_landmarker.detect_for_video(as_image(portrait), 0).face_landmarks == []
    tracker = FaceTracker(find_face_model())
    tracker.close()
    tracker.close()
    with pytest.raises(RuntimeError, match="this face tracker is closed; make a new one for each video"):
        tracker.faces(portrait, 0.0)


def test_mediapipe_refuses_a_timestamp_twice_and_the_tracker_raises_it_by_a_millisecond(
    tracker, bare_landmarker, portrait
):
    bare_landmarker.detect_for_video(as_image(portrait), 7)
    with pytest.raises(ValueError, match="monotonically increasing"):
        bare_landmarker.detect_for_video(as_image(portrait), 7)
    counts = [len(tracker.faces(portrait, time)) for time in (0.0070, 0.0071, 0.0072, 0.0078)]
    assert counts == [1, 1, 1, 1]


def test_a_new_tracker_gives_the_same_numbers(portrait):
    landmarks = []
    for _ in range(2):
        with FaceTracker(find_face_model()) as tracker:
            tracker.faces(portrait[:, ::-1], 0.0)
            landmarks.append(tracker.faces(portrait, 0.04)[0].landmarks)
    np.testing.assert_array_equal(*landmarks)


def test_two_faces_are_both_found(tracker, portrait):
    couple = np.concatenate([portrait, portrait[:, ::-1]], axis=1)
    centres = sorted(face.centre[0] for face in tracker.faces(couple, 0.0))
    assert len(centres) == 2
    assert centres[0] < 256 < centres[1]


def test_known_chatter_is_swallowed_and_all_else_comes_through(capfd):
    with without_chatter():
        os.write(2, b"W0000 00:00:1795319508.953508    6279 face_landmarker_graph.cc:181] Sets acceleration\n")
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        os.write(2, b"disk on fire\n")
        print("a Python message", file=sys.stderr)
    assert sorted(capfd.readouterr().err.splitlines()) == ["a Python message", "disk on fire"]


def test_an_error_inside_gives_stderr_back(capfd):
    with pytest.raises(ZeroDivisionError), without_chatter():
        os.write(2, b"before\n")
        raise ZeroDivisionError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_making_and_using_a_tracker_writes_nothing_to_stderr(capfd, portrait):
    with FaceTracker(find_face_model()) as tracker:
        tracker.faces(portrait, 0.0)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(sys.platform != "linux", reason="how a library is found differs between systems")
def test_a_missing_system_library_is_named_with_the_command_that_installs_it(tmp_path):
    (tmp_path / "libEGL.so.1").write_bytes(b"")  # found first, and unusable
    code = (
        "import sys; from isc.io.face_model import find_face_model\n"
        "from isc.io.camera.face_tracker import FaceTracker, FaceTrackerError\n"
        "try: FaceTracker(find_face_model())\n"
        "except FaceTrackerError as error: sys.exit(str(error))"
    )
    environment = os.environ | {"LD_LIBRARY_PATH": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "MediaPipe cannot be loaded" in run.stderr
    assert "libEGL.so.1" in run.stderr
    assert "apt-get install libegl1 libgles2 libgl1 libglib2.0-0" in run.stderr
    assert issubclass(FaceTrackerError, RuntimeError)


def test_the_largest_face_is_the_first_participant():
    large, small = small_face(300, size=80), small_face(100)
    assert FaceFollower().pick([small, large], 0.0) is large


def test_a_larger_face_that_comes_later_is_not_followed():
    follower = FaceFollower()
    follower.pick([small_face(100)], 0.0)
    for k in range(1, 10):
        participant, guest = small_face(100 + 4 * k), small_face(400 - 15 * k, size=90)
        assert follower.pick([guest, participant], k / 25) is participant


def test_a_passer_by_does_not_take_over_while_the_participant_is_hidden():
    follower = FaceFollower()
    follower.pick([small_face(100)], 0.0)
    assert follower.pick([small_face(300)], 0.5) is None
    assert follower.pick([], 0.6) is None
    participant = small_face(110)
    assert follower.pick([small_face(300), participant], 0.7) is participant


def test_a_face_elsewhere_is_accepted_after_more_than_a_second():
    follower = FaceFollower()
    follower.pick([small_face(100)], 0.0)
    assert follower.pick([small_face(300)], 1.0) is None
    moved = small_face(300)
    assert follower.pick([moved], 1.1) is moved

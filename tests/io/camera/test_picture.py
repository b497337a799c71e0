"""A face in a picture is the one of a video of that picture."""

import numpy as np
import pytest

from isc.io.camera.container import VideoError
from isc.io.camera.picture import Box, read_face_picture, read_picture
from isc.io.camera.video import read_frames
from isc.io.face import read_face_video
from isc.simulate import simulate_clips


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A short film of one generated person."""
    folder = tmp_path_factory.mktemp("pictures")
    clips = simulate_clips(folder, n_subject=1, n_repetition=1, labels=["neutral"], duration=0.2)
    return folder / clips["path"][0]


@pytest.fixture(scope="module")
def first_frame(film):
    """Its first picture."""
    return next(iter(read_frames(film))).picture


def save(pixels, path):
    """Write a picture without loss."""
    from PIL import Image

    Image.fromarray(pixels).save(path)
    return path


def test_a_picture_gives_the_landmarks_of_the_same_frame_of_a_video(film, first_frame, tmp_path):
    path = save(first_frame, tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(path), first_frame)
    found = read_face_picture(path, subject="01")
    np.testing.assert_array_equal(found[0], read_face_video(film, subject="01")[0])
    assert found["detected"].values.tolist() == [True]


def test_of_two_faces_the_box_says_which(first_frame, tmp_path):
    path = save(np.concatenate([first_frame, first_frame], axis=1), tmp_path / "two.png")
    with pytest.raises(VideoError, match="shows two faces or more; whose expression is meant is not known"):
        read_face_picture(path, subject="01")
    width = first_frame.shape[1]
    alone = read_face_picture(save(first_frame, tmp_path / "one.png"), subject="01")
    sides = {side: getattr(alone[0, :, axis], how)().item() for side, axis, how in
             (("top", 1, "min"), ("left", 0, "min"), ("right", 0, "max"), ("bottom", 1, "max"))}  # fmt: skip
    box = Box(sides["top"], sides["left"] + width, sides["right"] + width, sides["bottom"])
    assert bool(read_face_picture(path, subject="01", box=box)["detected"].all())


def test_a_picture_without_a_face_has_no_landmarks(tmp_path):
    found = read_face_picture(save(np.full((96, 96, 3), 128, np.uint8), tmp_path / "grey.png"), subject="01")
    assert not found["detected"].any() and np.isnan(found.values).all()


def test_what_is_no_picture_or_no_part_of_it_is_refused(first_frame, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(VideoError, match="text.jpg is no picture that can be read"):
        read_face_picture(tmp_path / "text.jpg", subject="01")
    path = save(first_frame, tmp_path / "a.png")
    with pytest.raises(VideoError, match=r"the box \(0, 0, 9999, 9\) is not in the picture"):
        read_face_picture(path, subject="01", box=Box(0, 0, 9999, 9))

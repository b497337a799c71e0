"""Cameras know when their frames come."""

import numpy as np
import pytest

from isc.simulate import Camera


def test_frames_come_at_the_rate_and_include_the_end_of_the_recording():
    assert np.allclose(Camera(rate=25.0).frame_times(2.0, seed=[0]), np.arange(51) / 25)


def test_irregular_frames_keep_their_order_and_stay_near_their_due_times():
    camera = Camera(rate=20.0, jitter=0.01)
    time = camera.frame_times(60.0, seed=[1])
    assert time[0] == 0
    assert (np.diff(time) > 0).all()
    assert 0.009 < np.abs(time - np.arange(len(time)) / 20).max() <= 0.01


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 0.0}, "rate must be positive"),
        ({"width": 191}, "even numbers of pixels, got 191 x 216"),
        ({"height": 0}, "even numbers of pixels, got 192 x 0"),
        ({"noise": -1.0}, "noise must not be negative"),
        ({"jitter": 0.02}, "jitter must lie between 0 and 0.0133"),
    ],
)
def test_an_impossible_camera_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Camera(**options)

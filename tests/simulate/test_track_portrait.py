"""The stored landmarks can be made again."""

import os
from importlib import resources

import numpy as np
import pytest


def test_the_stored_landmarks_are_those_of_the_tracker():
    model = os.environ.get("ISC_FACE_MODEL")
    if not model:
        pytest.skip("set ISC_FACE_MODEL to MediaPipe's face_landmarker.task")
    from isc.simulate.track_portrait import track_portrait

    with resources.files("isc.simulate").joinpath("portrait_landmarks.txt").open(encoding="utf-8") as file:
        stored = np.loadtxt(file)
    assert np.abs(track_portrait(model) - stored).max() < 0.5  # px; other processors round differently

"""The portrait is a mesh that covers the picture, with a closed mouth."""

from importlib import resources

import numpy as np
import pytest

from isc.simulate.portrait import load_portrait
from isc.simulate.topology import (
    FACE_OVAL,
    LIP_LOWER,
    LIP_UPPER,
    MOUTH_CORNERS,
    MOUTH_OPENING,
    N_LANDMARK,
    OUTER_EYE_CORNERS,
)


def stored_landmarks():
    with resources.files("isc.simulate").joinpath("portrait_landmarks.txt").open(encoding="utf-8") as file:
        return np.loadtxt(file)


def area(polygon):
    x, y = polygon.T
    return abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2


def area_of_triangles(plane, triangles):
    return sum(area(plane[triangle]) for triangle in triangles)


def test_the_outer_eye_corners_are_one_unit_apart_and_level():
    left, right = load_portrait().smiling[OUTER_EYE_CORNERS]
    assert np.allclose((right - left)[:2], [1, 0])
    assert np.allclose(left + right, 0)


def test_skin_eyes_and_mouth_fill_the_face_oval_exactly_once():
    portrait = load_portrait()
    plane = portrait.smiling[:, :2]
    filled = sum(area_of_triangles(plane, portrait.triangles[layer]) for layer in ("skin", "eyes", "teeth"))
    assert filled == pytest.approx(
        area(plane[FACE_OVAL]), rel=5e-3
    )  # the head is slightly turned: slivers at its edge fold


def test_the_texture_of_a_landmark_is_its_place_in_the_photograph():
    stored = stored_landmarks()
    away_from_the_lips = np.setdiff1d(np.arange(N_LANDMARK), MOUTH_OPENING)
    assert np.allclose(load_portrait().texture[away_from_the_lips], stored[away_from_the_lips, :2])


def test_the_neutral_mouth_is_closed_narrower_and_level():
    portrait = load_portrait()
    gap = portrait.neutral[LIP_LOWER[3], 1] - portrait.neutral[LIP_UPPER[3], 1]
    assert np.abs(gap).max() < 1e-4
    assert (portrait.smiling[LIP_LOWER[3, 5], 1] - portrait.smiling[LIP_UPPER[3, 5], 1]) > 0.08
    width = [np.ptp(shape[MOUTH_CORNERS, 0]) for shape in (portrait.neutral, portrait.smiling)]
    assert width[0] == pytest.approx(0.78 * width[1], rel=0.01)


def test_the_surroundings_follow_the_head_less_and_less():
    share = load_portrait().head_share
    assert (share[:N_LANDMARK] == 1).all()
    assert sorted(set(share[N_LANDMARK:])) == [0, 0.35, 0.8, 1]

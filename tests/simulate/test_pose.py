"""Vertices follow expression, head and camera; lips and lids do not cross."""

import numpy as np
import pytest

from isc.simulate.action_units import UNITS
from isc.simulate.identity import make_identity
from isc.simulate.motion import Motion
from isc.simulate.pose import face_vertices, project, teeth_vertices
from isc.simulate.topology import (
    BROW_LOWER_EDGE,
    EYE_RIMS,
    IRIS,
    LID_LOWER,
    LID_UPPER,
    LIP_LOWER,
    LIP_UPPER,
    NOSE_TIP,
)

PERSON = make_identity(0)
VIEW = {"scale": 70.0, "centre": (96.0, 95.0)}


def perform(gaze=(0.0, 0.0), **units):
    amplitude = np.zeros((1, len(UNITS), 2))
    for unit, value in units.items():
        amplitude[0, UNITS.index(unit)] = value
    return face_vertices(PERSON, Motion(amplitude, np.zeros((1, 5)), np.array([gaze]), np.ones(1)))


def test_no_expression_is_the_neutral_face():
    face, eyes = perform()
    still = np.setdiff1d(np.arange(len(face[0])), LID_UPPER)  # the seal keeps lids a hair apart
    assert np.allclose(face[0, still], PERSON.neutral[still])
    assert np.allclose(eyes[0, still], PERSON.neutral[still])


@pytest.mark.parametrize("unit", ["AU17", "AU18", "AU23", "AU10", "SMILE"])
def test_lips_never_cross(unit):
    face = perform(**{unit: (0.9, 0.5)})[0][0]
    assert (face[LIP_LOWER[3], 1] - face[LIP_UPPER[3], 1] > -1e-9).all()


def test_closed_lids_meet_and_never_cross():
    face = perform(AU43=1.0, AU7=1.0)[0][0]
    gap = face[LID_LOWER, 1] - face[LID_UPPER, 1]
    assert (gap > 0.0039).all()
    assert gap.max() < 0.05


def test_the_eyeball_stays_behind_closing_lids_and_follows_the_gaze():
    open_eyes = perform()[1][0]
    eyes = perform(gaze=(0.02, -0.01), AU43=1.0)[1][0]
    rims = np.setdiff1d(EYE_RIMS, LID_UPPER)
    assert np.allclose(eyes[rims], open_eyes[rims])
    assert np.allclose(eyes[IRIS, :2] - open_eyes[IRIS, :2], [0.02, -0.01])


def test_lowered_brows_keep_their_distance_to_the_lids():
    face = perform(AU4=1.2, AU9=1.1)[0][0]
    for edge, lid in zip(BROW_LOWER_EDGE, LID_UPPER, strict=True):
        rest = PERSON.neutral[lid, 1].mean() - PERSON.neutral[edge, 1].mean()
        assert face[lid, 1].mean() - face[edge, 1].mean() > 0.55 * rest


def test_a_one_sided_smile_moves_one_corner():
    face = perform(AU12=(0.0, 1.0))[0][0]
    assert np.abs(face[61] - PERSON.neutral[61]).max() < 0.01
    assert face[291, 1] < PERSON.neutral[291, 1] - 0.04


def test_a_frontal_head_is_seen_without_perspective():
    seen = project(PERSON.neutral[None], np.zeros((1, 5)), **VIEW)[0]
    assert np.allclose(seen[:, :2], PERSON.neutral[:, :2] * 70 + [96, 95])


def test_the_head_turns_shifts_and_tilts_as_named():
    heads = np.array([[8, 0, 0, 0, 0], [0, 8, 0, 0, 0], [0, 0, 8, 0, 0], [0, 0, 0, 0.1, 0], [0, 0, 0, 0, 0.1]], float)
    rest = project(PERSON.neutral[None], np.zeros((1, 5)), **VIEW)[0]
    yaw, pitch, roll, right, down = project(PERSON.neutral[None], heads, **VIEW) - rest
    tip, frame = NOSE_TIP[1], -1
    assert yaw[tip, 0] < -2 and abs(yaw[tip, 1]) < 1
    assert pitch[tip, 1] > 2 and abs(pitch[tip, 0]) < 1
    assert roll[263, 1] > 2 > -2 > roll[33, 1]
    assert np.allclose(right[tip, :2], [7, 0]) and np.allclose(down[tip, :2], [0, 7])
    assert not np.stack([yaw, pitch, roll, right, down])[:, frame].any()


def test_the_teeth_do_not_move_with_the_lips():
    teeth = teeth_vertices(PERSON)
    assert teeth.shape == (1, *PERSON.neutral.shape)
    assert teeth[0, 14, 1] - teeth[0, 13, 1] > 0.08

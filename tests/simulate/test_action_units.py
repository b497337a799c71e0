"""Action units move the face as their names say."""

import numpy as np
import pytest

from isc.simulate.action_units import ACTIONS, UNITS, action_unit_fields
from isc.simulate.portrait import load_portrait
from isc.simulate.topology import (
    BROWS,
    EYE_RIMS,
    FACE_OVAL,
    IRIS,
    LID_LOWER,
    LID_UPPER,
    LIP_LOWER,
    LIP_UPPER,
    MOUTH_CORNERS,
)

LEFT, RIGHT = 0, 1
UPPER_MIDDLE, LOWER_MIDDLE = LIP_UPPER[3, 5], LIP_LOWER[3, 5]


def field(unit):
    return action_unit_fields()[UNITS.index(unit)]


def down(unit, vertices):
    return field(unit)[vertices, 1]


def test_brow_raisers_lift_the_inner_and_the_outer_brow():
    inner, outer = BROWS[:, 0], BROWS[:, 4]
    assert (down("AU1", inner) < -0.05).all() and (down("AU1", inner) < 2 * down("AU1", outer)).all()
    assert (down("AU2", outer) < -0.05).all() and (down("AU2", outer) < 2 * down("AU2", inner)).all()


def test_the_brow_lowerer_draws_the_brows_down_and_together():
    inner = BROWS[:, 0]
    assert (down("AU4", inner) > 0.03).all()
    assert field("AU4")[inner[LEFT], 0] > 0.02
    assert field("AU4")[inner[RIGHT], 0] < -0.02


def test_the_smile_widens_the_mouth_and_lifts_its_corners():
    for unit in ("SMILE", "AU12"):
        left, right = field(unit)[MOUTH_CORNERS]
        assert right[0] - left[0] > 0.1
        assert max(left[1], right[1]) < -0.04


def test_the_smile_leads_to_the_photograph():
    portrait = load_portrait()
    assert np.allclose(portrait.neutral[:, :2] + field("SMILE"), portrait.smiling[:, :2])


def test_the_jaw_drop_opens_the_mouth_fully_in_the_middle():
    """Regression: both middle inner-lip vertices lie on one spot and once got the mean of their shifts."""
    opening = down("AU26", LIP_LOWER[3]) - down("AU26", LIP_UPPER[3])
    assert opening[5] > 0.13
    assert opening[5] >= opening.max() - 1e-9
    assert down("AU26", np.array([152])) == pytest.approx(0.15)


def test_closing_the_eyes_takes_the_lids_together():
    plane = load_portrait().neutral[:, :2] + field("AU43")
    before = load_portrait().neutral[LID_LOWER, 1] - load_portrait().neutral[LID_UPPER, 1]
    assert ((plane[LID_LOWER, 1] - plane[LID_UPPER, 1]) < 0.1 * before).all()


def test_units_of_the_mouth_leave_eyes_and_irises_alone():
    for unit in ("AU12", "AU15", "AU17", "AU18", "AU20", "AU23", "AU25", "AU26"):
        assert not field(unit)[np.union1d(EYE_RIMS, IRIS)].any()


def test_units_of_the_upper_face_leave_the_oval_alone():
    for unit in ("AU1", "AU2", "AU4", "AU5", "AU7", "AU43"):
        assert not field(unit)[FACE_OVAL].any()


def test_the_outer_frame_never_moves():
    assert not action_unit_fields()[:, load_portrait().head_share == 0].any()


def test_named_actions_consist_of_known_units():
    assert {unit for units in ACTIONS.values() for unit in units} <= set(UNITS)

"""Head pose: angles that were put in come out."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from isc.preprocessing.head_pose import head_motion

angle = st.floats(-60, 60)


def poses(rotation, place=(0.0, 0.0, -40.0)):
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, place
    return xr.DataArray(matrix[None], dims=("time", "row", "column"))


@given(yaw=angle, pitch=angle, roll=angle)
def test_yaw_pitch_and_roll_come_back(yaw, pitch, roll):
    turn = Rotation.from_euler("YXZ", [yaw, pitch, roll], degrees=True).as_matrix()
    assert head_motion(poses(1.3 * turn)).values[0] == pytest.approx([yaw, pitch, roll, 0, 0, -40], abs=1e-3)


def test_a_lost_face_has_no_pose():
    assert np.isnan(head_motion(poses(np.full((3, 3), np.nan), (np.nan,) * 3))).all()


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="4 x 4 matrices"):
        head_motion(xr.DataArray(np.zeros((2, 3, 3)), dims=("time", "row", "column")))

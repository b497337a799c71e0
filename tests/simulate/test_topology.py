"""The parts of the face are where they are said to be."""

import numpy as np
import pytest

from isc.simulate import topology
from isc.simulate.portrait import load_portrait
from isc.simulate.topology import (
    BROWS,
    CHEEKS,
    EYE_CORNERS,
    EYE_RINGS,
    IRIS,
    LID_LOWER,
    LID_UPPER,
    LIP_LOWER,
    LIP_UPPER,
    MOUTH_OPENING,
    N_LANDMARK,
    NOSE_WINGS,
    face_triangles,
)


def test_the_mesh_has_852_triangles_with_three_different_corners():
    triangles = face_triangles()
    assert triangles.shape == (852, 3)
    assert all(len(set(triangle)) == 3 for triangle in triangles.tolist())
    assert triangles.max() < IRIS.min()  # irises are outside the mesh


def test_the_mesh_leaves_the_mouth_and_the_eyes_open():
    for opening in (MOUTH_OPENING, *EYE_RINGS):
        assert not any(set(triangle) <= set(opening) for triangle in face_triangles())


@pytest.mark.parametrize("rows", [LID_UPPER, LID_LOWER, BROWS, NOSE_WINGS, CHEEKS, EYE_CORNERS])
def test_paired_rows_mirror_one_another(rows):
    left, right = load_portrait().smiling[rows, 0]
    assert (left < right).all()
    assert np.abs(left + right).max() < 0.1  # the head is slightly turned


@pytest.mark.parametrize("lip", [LIP_UPPER, LIP_LOWER])
def test_columns_of_the_lips_run_from_the_left_to_the_right_corner(lip):
    assert (np.diff(load_portrait().smiling[lip, 0], axis=1) > 0).all()


def test_rows_of_the_lips_run_from_the_outside_to_the_opening():
    y = load_portrait().smiling[:, 1]
    middle = np.s_[:, 2:-2]
    assert (np.diff(y[LIP_UPPER[middle]], axis=0) > 0).all()
    assert (np.diff(y[LIP_LOWER[middle]], axis=0) < 0).all()


def test_every_index_is_a_landmark():
    groups = [value for value in vars(topology).values() if isinstance(value, np.ndarray)]
    assert all(group.min() >= 0 and group.max() < N_LANDMARK for group in groups)

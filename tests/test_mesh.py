import subprocess
import sys
from importlib import resources

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isc.mesh import contours, edges, mean_shape, mirror_vertices, region_of, regions, triangles
from isc.preprocessing.align import align_faces

# Pairs that anatomy fixes: eye corners, lids, mouth corners, inner lips, brows, nose wings, irises.
MIRRORED = [(33, 263), (133, 362), (159, 386), (145, 374), (61, 291), (78, 308), (46, 276), (107, 336), (48, 278)]
MIDLINE = [10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 2, 164, 0, 13, 14, 17, 18, 200, 199, 175, 152]


@pytest.fixture(scope="module")
def portrait() -> xr.DataArray:
    """Mean shape of a real, smiling and slightly turned face."""
    with resources.files("isc.simulate").joinpath("portrait_landmarks.txt").open(encoding="utf-8") as file:
        landmarks = np.loadtxt(file)
    return mean_shape(align_faces(xr.DataArray([landmarks] * 2, dims=("time", "vertex", "space"))))


def test_the_mesh_has_852_triangles_of_468_vertices_and_1322_edges():
    assert triangles().shape == (852, 3)
    assert np.array_equal(np.unique(triangles()), np.arange(468))
    assert edges().shape == (1322, 2)
    assert (edges()[:, 0] < edges()[:, 1]).all()


def test_all_triangles_are_walked_round_in_the_same_direction():
    directed = np.concatenate([triangles()[:, [0, 1]], triangles()[:, [1, 2]], triangles()[:, [2, 0]]])
    assert len(np.unique(directed, axis=0)) == len(directed)


def test_eyes_and_mouth_are_holes():
    sides, counts = np.unique(
        np.sort(np.concatenate([triangles()[:, [0, 1]], triangles()[:, [1, 2]], triangles()[:, [2, 0]]]), axis=1),
        axis=0,
        return_counts=True,
    )
    border = np.unique(sides[counts == 1])
    assert {33, 159, 133, 145, 263, 386, 362, 374, 78, 13, 308, 14, 10, 152} <= set(border.tolist())


def test_shared_arrays_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        triangles()[0, 0] = 1


def test_contours_join_vertices_of_the_mesh():
    assert contours().shape == (124, 2)
    assert np.isin(contours(), triangles()).all()


def test_every_vertex_belongs_to_exactly_one_region():
    members = np.concatenate(list(regions().values()))
    assert np.array_equal(np.sort(members), np.arange(478))


@pytest.mark.parametrize(
    ("vertex", "name"),
    [
        *[(10, "oval"), (454, "oval"), (151, "forehead"), (9, "forehead"), (334, "brow_left"), (105, "brow_right")],
        *[(263, "eye_left"), (33, "eye_right"), (473, "eye_left"), (468, "eye_right"), (4, "nose"), (2, "nose")],
        *[(280, "cheek_left"), (50, "cheek_right"), (13, "mouth"), (291, "mouth"), (152, "jaw"), (172, "jaw")],
    ],
)
def test_landmarks_lie_in_the_region_that_anatomy_gives_them(vertex, name):
    assert region_of(vertex) == name
    assert vertex in regions()[name]


def test_left_is_the_persons_own_so_it_has_the_larger_x(portrait):
    x = portrait.values[:, 0]
    for part in ("eye", "brow", "cheek"):
        assert x[regions()[f"{part}_left"]].min() > x[regions()[f"{part}_right"]].max()


def test_regions_of_both_halves_mirror_each_other(portrait):
    swapped = np.char.replace(
        np.char.replace(np.char.replace(region_of(range(478)), "left", "?"), "right", "left"), "?", "right"
    )
    assert np.array_equal(region_of(mirror_vertices(portrait)), swapped)


@pytest.mark.parametrize("vertex", [-1, 478, [0, 500], 1.5])
def test_a_number_off_the_mesh_has_no_region(vertex):
    with pytest.raises(ValueError, match="whole numbers from 0 to 477; given"):
        region_of(vertex)


def test_the_mean_shape_counts_every_subject_once_however_many_frames_were_lost():
    landmarks = np.zeros((3, 4, 3, 3))
    landmarks[1], landmarks[2] = 10.0, 2.0
    landmarks[1, 1:] = np.nan
    cube = xr.DataArray(
        landmarks, dims=("subject", "time", "vertex", "space"), attrs={"units": "inter-ocular distance"}
    )
    shape = mean_shape(cube)
    assert shape.dims == ("vertex", "space")
    assert shape.dtype == np.float64
    assert (shape == 4.0).all()
    assert shape.attrs == {"units": "inter-ocular distance"}
    assert shape.equals(mean_shape(cube.transpose("space", "vertex", "time", "subject")))


def test_a_vertex_that_was_never_seen_has_no_mean():
    landmarks = np.ones((2, 4, 3, 3), dtype=np.float32)
    landmarks[:, :, 1] = np.nan
    shape = mean_shape(xr.DataArray(landmarks, dims=("subject", "time", "vertex", "space")))
    assert np.isnan(shape[1]).all()
    assert np.isfinite(shape[[0, 2]]).all()


def test_one_recording_has_a_mean_shape():
    assert (mean_shape(xr.DataArray(np.ones((4, 3, 3)), dims=("time", "vertex", "space"))) == 1).all()


def test_landmarks_without_a_space_have_no_shape():
    with pytest.raises(ValueError, match="need dims time, vertex and space; space missing"):
        mean_shape(xr.DataArray(np.ones((4, 3)), dims=("time", "vertex")))


@pytest.mark.parametrize("tilt", [0.0, 0.1, -0.2])
@pytest.mark.parametrize("centre", [0.0, 3.0])
def test_mirror_images_are_found_on_an_exactly_symmetric_shape_even_when_it_is_tilted(tilt, centre):
    right = np.random.default_rng(4).uniform([-1, -1, -1], [-0.1, 1, 1], (20, 3))
    middle = np.column_stack([np.zeros(5), np.linspace(-1, 1, 5), np.zeros(5)])
    points = np.concatenate([right, right * [-1, 1, 1], middle])
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    shape = xr.DataArray(points @ turn.T + centre, dims=("vertex", "space"))
    expected = np.concatenate([np.arange(20, 40), np.arange(20), np.arange(40, 45)])
    assert np.array_equal(mirror_vertices(shape), expected)


def test_mirror_images_of_a_real_face_are_its_anatomical_pairs(portrait):
    mirror = mirror_vertices(portrait)
    assert [(a, mirror[a]) for a, _ in MIRRORED] == MIRRORED
    assert np.array_equal(mirror[MIDLINE], MIDLINE)
    assert set(mirror[468:473]) == set(range(473, 478))


@given(arrays(np.float64, (7, 2), elements=st.floats(-10, 10)))
def test_the_mirror_of_the_mirror_is_the_vertex_itself(points):
    mirror = mirror_vertices(xr.DataArray(points, dims=("vertex", "space")))
    assert np.array_equal(mirror[mirror], np.arange(7))


def test_a_shape_with_a_lost_vertex_is_not_mirrored(portrait):
    with pytest.raises(ValueError, match=r"vertex 7 has no position \(1 in all\)"):
        mirror_vertices(portrait.where(xr.DataArray(np.arange(478) != 7, dims="vertex")))


def test_a_cube_is_not_mirrored(portrait):
    with pytest.raises(ValueError, match="a shape has dims vertex and space; given"):
        mirror_vertices(portrait.expand_dims("subject"))


def test_importing_the_mesh_does_not_import_the_tracker():
    code = "import sys, isc.mesh; sys.exit('mediapipe' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

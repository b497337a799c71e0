"""Which map belongs to a cube."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from isc.plots.style import centred_scale
from isc.stages.pages.maps import flat, map_of
from isc.study import StudyError

PLACE = {"x": [0.01, -0.04, 0.03, 0.02], "y": [0.07, 0.02, -0.05, 0.0], "z": [0.03, 0.05, 0.02, 0.06]}


def cube_of(*dims, size=4, **coords):
    shape = (2, 3, *(size for _ in dims))
    return xr.DataArray(np.random.default_rng(0).normal(size=shape), dims=("subject", "time", *dims), coords=coords)


def places(dim):
    return {axis: (dim, values) for axis, values in PLACE.items()}


def drawn(feature_map, values, significant=None):
    return {part: draw(values, significant, centred_scale(values.values)) for part, draw in feature_map.draw.items()}


@pytest.mark.parametrize(
    ("cube", "title"),
    [
        (cube_of("channel", **places("channel")), "Where on the head"),
        (cube_of("channel", "band", **places("channel")), "Where on the head"),
        (cube_of("region", **places("region")), "Where in the brain"),
        (
            cube_of(
                "voxel", i=("voxel", range(4)), j=("voxel", [1, 0, 2, 5]), k=("voxel", [0, 3, 1, 2]), **places("voxel")
            ),
            "Where in the brain",
        ),
    ],
)
def test_features_with_positions_are_drawn_where_they_are(cube, title):
    found = map_of(cube)
    at = cube.isel(subject=0, time=0)
    assert found.title == title
    assert all(isinstance(figure, Figure) for figure in drawn(found, at, at > 0).values())


def test_the_face_mesh_is_drawn_on_the_mean_face(shape):
    cube = xr.concat([xr.concat([shape] * 3, "time")] * 2, "subject")
    found = map_of(cube)
    values = xr.DataArray(np.linspace(-0.1, 0.3, shape.sizes["vertex"]), dims="vertex", name="tisc")
    assert found.title == "Where on the face"
    assert isinstance(found.draw[""](values, None, Normalize(-1, 1)), Figure)
    with pytest.raises(StudyError, match="20 vertices are not MediaPipe's mesh of 468"):
        map_of(cube.isel(vertex=slice(0, 20)))


def test_surface_vertices_need_meshes_and_have_a_map_for_each(tmp_path):
    cube = cube_of("vertex", hemisphere=("vertex", ["left"] * 2 + ["right"] * 2))
    with pytest.raises(StudyError, match="give --surface-left, -right"):
        map_of(cube)
    found = map_of(cube, surfaces={"right": tmp_path / "right.surf.gii", "left": tmp_path / "left.surf.gii"})
    assert list(found.draw) == ["left hemisphere", "right hemisphere"]


@pytest.mark.parametrize(
    ("cube", "message"),
    [
        (cube_of("channel"), r"the channels have no positions .* give isc.read_eeg a montage="),
        (cube_of("region"), r"the regions have no positions .* give the atlas or the mask \(--image\)"),
        (cube_of("blendshape"), r"features of dims \('blendshape',\) have no place on a head, brain or face"),
        (cube_of("channel", "band", "lag", **places("channel")), "have no place"),
    ],
)
def test_what_would_give_a_map_is_said_where_there_is_none(cube, message):
    with pytest.raises(StudyError, match=message):
        map_of(cube)


def test_several_feature_dims_become_one_the_last_varying_slowest():
    tisc = xr.DataArray(np.arange(12.0).reshape(2, 3, 2), dims=("window", "channel", "band"))
    tisc = tisc.assign_coords(channel=["a", "b", "c"], band=["x", "y"], z=("channel", [1, 2, 3]))
    stacked = flat(tisc.to_dataset(name="tisc"))["tisc"]
    assert stacked.dims == ("window", "feature")
    assert stacked["feature"].values.tolist() == ["a, x", "b, x", "c, x", "a, y", "b, y", "c, y"]
    assert stacked[0].values.tolist() == [0, 2, 4, 1, 3, 5]
    assert stacked["z"].values.tolist() == [1, 2, 3, 1, 2, 3] and stacked["band"].values.tolist()[:3] == ["x"] * 3
    one = tisc.isel(band=0).to_dataset(name="tisc")
    assert flat(one) is one

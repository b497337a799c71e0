"""Values on the brain."""

import nibabel as nib
import numpy as np
import pytest
import xarray as xr
from matplotlib import colormaps
from matplotlib.collections import PathCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from isc.plots import plot_brain_map, plot_surface_map
from isc.plots.brain import _grid, _of_hemisphere, _strongest, _volume

AFFINE = np.array([[8.0, 0, 0, -72], [0, 8, 0, -104], [0, 0, 8, -72], [0, 0, 0, 1]])


@pytest.fixture
def atlas():
    data = np.zeros((18, 22, 18), np.int16)
    data[3:9, 5:17, 4:14], data[9:15, 5:17, 4:14] = 3, 8
    return nib.Nifti1Image(data, AFFINE)


@pytest.fixture
def values():
    return xr.DataArray(
        [0.3, -0.1], dims="region", coords={"region": ["left", "right"], "label": ("region", [3, 8])}, name="isc"
    )


def test_regions_fill_their_voxels_and_no_others(atlas, values):
    filled = _volume(values, atlas).get_fdata()
    labels = atlas.get_fdata()
    assert np.allclose(filled[labels == 3], 0.3) and np.allclose(filled[labels == 8], -0.1)
    assert (filled[labels == 0] == 0).all()
    assert (_volume(values.where(values > 0), atlas).get_fdata()[labels == 8] == 0).all()


def test_voxels_fill_their_places(atlas):
    voxels = xr.DataArray(
        [0.2, 0.4], dims="voxel", coords={"i": ("voxel", [1, 2]), "j": ("voxel", [3, 4]), "k": ("voxel", [5, 6])}
    )
    filled = _volume(voxels, atlas).get_fdata()
    assert filled[2, 4, 6] == pytest.approx(0.4) and (filled != 0).sum() == 2
    assert _strongest(_volume(voxels, atlas)) == (-56, -72, -24)


@pytest.mark.parametrize("view", ["glass", "slices"])
def test_a_brain_map_has_its_views_and_a_scale(atlas, values, view):
    figure = plot_brain_map(values, atlas, view=view, significant=values > 0.2)
    assert figure.axes[0].get_title(loc="left") == "significant: 1 of 2 regions"
    assert len(figure.axes) >= 5, "the panel, its scale, and three views or more"
    assert figure.axes[1].get_ylabel() == "isc"


def test_a_map_without_anything_significant_is_drawn_empty(atlas, values):
    figure = plot_brain_map(values, atlas, view="slices", significant=values > 9)
    assert figure.axes[0].get_title(loc="left") == "significant: 0 of 2 regions"


def test_a_surface_map_takes_its_hemisphere():
    points = np.random.default_rng(0).normal(size=(30, 3))
    mesh = (points, np.arange(30).reshape(10, 3))
    both = xr.DataArray(
        np.linspace(-1, 1, 70), dims="vertex", coords={"hemisphere": ("vertex", ["left"] * 40 + ["right"] * 30)}
    )
    figure = plot_surface_map(both, mesh, hemisphere="right", significant=both > 0, scale=Normalize(-2, 2))
    assert isinstance(figure, Figure) and figure.axes[-1].get_ylim() == (-2, 2)
    with pytest.raises(ValueError, match="the mesh has 30 vertices and values 40"):
        plot_surface_map(both, mesh)
    with pytest.raises(ValueError, match=r"needs dims \(vertex,\); given \('window', 'vertex'\)"):
        plot_surface_map(both.expand_dims("window"), mesh)


def test_regions_without_an_image_are_dots_of_which_the_significant_have_a_thick_edge(values):
    place = {"x": ("region", [-0.04, 0.03]), "y": ("region", [-0.02, 0.01]), "z": ("region", [0.01, 0.04])}
    dots = values.drop_vars("label").assign_coords(place)
    figure = plot_brain_map(dots, significant=dots > 0.2)
    assert figure.axes[0].get_title(loc="left") == "significant: 1 of 2 regions"
    above = [c for ax in figure.axes for c in ax.collections if isinstance(c, PathCollection)]
    left = [c for c in above if len(c.get_offsets()) and np.allclose(c.get_offsets()[0], [-40, -20])]
    assert [c.get_linewidth()[0] for c in left] == [1.2], "from above, x and y in mm"
    assert np.allclose(left[0].get_facecolor()[0], colormaps["RdBu_r"](1.0))


def test_voxels_without_an_image_lie_where_their_positions_say(atlas):
    index = np.array([[1, 3, 5], [2, 4, 6], [2, 3, 5], [1, 3, 6]])
    places = (index @ AFFINE[:3, :3].T + AFFINE[:3, 3]) / 1000
    coords = {axis: ("voxel", index[:, k]) for k, axis in enumerate("ijk")}
    coords |= {axis: ("voxel", places[:, k]) for k, axis in enumerate("xyz")}
    voxels = xr.DataArray([0.2, 0.4, 0.1, 0.3], dims="voxel", coords=coords)
    assert np.allclose(_grid(voxels).affine, AFFINE, atol=1e-9)
    assert isinstance(plot_brain_map(voxels), Figure)


def test_vertices_of_cifti_are_put_on_their_mesh():
    coords = {"structure": ("vertex", ["cortex_left"] * 2 + ["cortex_right"]), "index": ("vertex", [0, 3, 1])}
    values = xr.DataArray([0.1, 0.2, 0.3], dims="vertex", coords=coords)
    assert np.allclose(_of_hemisphere(values, "left", 5), [0.1, np.nan, np.nan, 0.2, np.nan], equal_nan=True)
    with pytest.raises(ValueError, match="the mesh has 3 vertices, and the left cortex of values 4"):
        _of_hemisphere(values, "left", 3)
    with pytest.raises(ValueError, match="the right cortex of values none"):
        _of_hemisphere(values[:2], "right", 5)


def test_what_cannot_be_drawn_is_refused(atlas, values):
    with pytest.raises(ValueError, match=r"without an image a brain map needs coords x, y, z \(m\) of every region"):
        plot_brain_map(values)
    with pytest.raises(ValueError, match="needs regions, or voxels with coords i, j, k"):
        plot_brain_map(xr.DataArray([1.0], dims="voxel", coords={a: ("voxel", [0.0]) for a in "xyz"}))
    with pytest.raises(ValueError, match="view must be glass or slices; given 'top'"):
        plot_brain_map(values, atlas, view="top")
    with pytest.raises(ValueError, match="the image has no label 9"):
        plot_brain_map(values.assign_coords(label=("region", [3, 9])), atlas)
    with pytest.raises(ValueError, match=r"needs a 3-D image of labels or a mask; given shape \(18, 22, 18, 1\)"):
        plot_brain_map(values, nib.Nifti1Image(atlas.get_fdata()[..., None], AFFINE))
    with pytest.raises(ValueError, match=r"\(region,\) with coord label"):
        plot_brain_map(values.drop_vars("label"), atlas)

"""Values on the brain."""

import nibabel as nib
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from isc.plots import plot_brain_map, plot_surface_map
from isc.plots.brain import _strongest, _volume

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


def test_what_cannot_be_drawn_is_refused(atlas, values):
    with pytest.raises(ValueError, match="view must be glass or slices; given 'top'"):
        plot_brain_map(values, atlas, view="top")
    with pytest.raises(ValueError, match="the image has no label 9"):
        plot_brain_map(values.assign_coords(label=("region", [3, 9])), atlas)
    with pytest.raises(ValueError, match=r"needs a 3-D image of labels or a mask; given shape \(18, 22, 18, 1\)"):
        plot_brain_map(values, nib.Nifti1Image(atlas.get_fdata()[..., None], AFFINE))
    with pytest.raises(ValueError, match=r"\(region,\) with coord label"):
        plot_brain_map(values.drop_vars("label"), atlas)

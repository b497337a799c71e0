import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import Normalize, to_rgba
from matplotlib.figure import Figure

from isc.mesh import regions
from isc.plots import plot_carpet
from isc.plots.style import NO_VALUE


def _cells(figure):
    return next(c for c in figure.axes[0].collections if type(c).__name__ == "QuadMesh")


def test_rows_are_the_vertices_of_the_regions_in_order(tisc):
    cells = _cells(plot_carpet(tisc))
    order = np.concatenate(list(regions().values()))
    assert np.allclose(cells.get_array(), tisc.values[:, order].T)


def test_regions_have_the_same_height_and_are_labelled_with_their_number_of_vertices(tisc):
    ax = plot_carpet(tisc).axes[0]
    expected = [f"{name.replace('_', ' ')} ({members.size})" for name, members in regions().items()]
    assert [label.get_text() for label in ax.get_yticklabels()] == expected
    assert np.allclose(ax.get_yticks(), np.arange(len(expected)) + 0.5)
    assert ax.get_ylim() == (len(expected), 0)


def test_columns_are_windows_in_seconds(tisc):
    figure = plot_carpet(tisc)
    across = _cells(figure).get_coordinates()[0, :, 0]
    assert np.allclose((across[1:] + across[:-1]) / 2, tisc["time"])
    assert figure.axes[0].get_xlabel() == "time from stimulus onset (s)"
    assert figure.axes[1].get_ylabel() == "t-ISC (mean r, n = 21)"


def test_zero_is_the_middle_of_the_scale_unless_a_scale_is_given(tisc):
    norm = _cells(plot_carpet(tisc + 0.1)).norm
    assert norm.vmin == -norm.vmax == -float(abs(tisc + 0.1).max())
    assert _cells(plot_carpet(tisc, scale=Normalize(-2, 2))).norm.vmax == 2


def test_cells_without_a_value_show_the_grey_behind(tisc):
    figure = plot_carpet(tisc.where(tisc["vertex"] != 10))
    cells = _cells(figure)
    assert cells.get_array().mask.sum() == 21
    assert figure.axes[0].get_facecolor() == to_rgba(NO_VALUE)


def test_a_part_of_the_mesh_shows_its_own_regions_only(tisc):
    ax = plot_carpet(tisc.sel(vertex=[13, 14, 4])).axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["nose (1)", "mouth (2)"]


def test_the_carpet_is_drawn_on_the_users_axes(tisc):
    figure = Figure()
    ax = figure.add_subplot()
    assert plot_carpet(tisc, ax=ax) is figure
    assert ax.collections


def test_a_series_is_no_carpet(tisc):
    with pytest.raises(ValueError, match=r"tisc needs dims \('window', 'vertex'\)"):
        plot_carpet(tisc.isel(vertex=0))


def _channels(n_channel, **coords):
    values = np.random.default_rng(0).normal(size=(5, n_channel))
    time = ("window", np.arange(5.0))
    return xr.DataArray(values, dims=("window", "channel"), coords={"time": time, **coords}, name="tisc")


def test_features_that_are_no_vertices_have_a_row_each_in_their_order():
    tisc = _channels(3, channel=["Fz", "Cz", "a name of far more than twenty-eight letters"])
    figure = plot_carpet(tisc)
    assert np.allclose(_cells(figure).get_array(), tisc.values.T)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["Fz", "Cz", "a name of far more than twe…"]
    assert figure.axes[0].get_ylabel() == "channel"


def test_of_many_features_some_are_named():
    ax = plot_carpet(_channels(100)).axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()][:3] == ["0", "5", "10"]
    assert ax.get_ylabel() == "channel (every 5th of 100 named)"


def test_features_are_gathered_by_a_coord():
    tisc = _channels(4, band=("channel", ["theta", "alpha", "theta", "alpha"]))
    figure = plot_carpet(tisc, groups="band")
    assert np.allclose(_cells(figure).get_array(), tisc.values[:, [0, 2, 1, 3]].T)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["theta (2)", "alpha (2)"]
    with pytest.raises(ValueError, match="groups='side' is no coord of the channel dim; there are time, band"):
        plot_carpet(tisc, groups="side")

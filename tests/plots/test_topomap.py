"""Values on the head."""

import mne
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from isc.plots import plot_topomap, plot_topomaps

NAMES = ["Fp1", "Fp2", "F3", "F4", "C3", "Cz", "C4", "P3", "P4", "O1", "Oz", "O2"]


@pytest.fixture(scope="module")
def place():
    found = mne.channels.make_standard_montage("easycap-M1").get_positions()["ch_pos"]
    return np.array([found[name] for name in NAMES])


def values_at(place, numbers):
    coords = {axis: ("channel", place[:, k], {"units": "m"}) for k, axis in enumerate("xyz")}
    return xr.DataArray(np.asarray(numbers, float), dims="channel", coords={"channel": NAMES, **coords}, name="tisc")


def _image(figure):
    return figure.axes[0].images[0]


def test_the_map_is_largest_where_the_value_is_and_centred_on_zero(place):
    numbers = np.zeros(12)
    numbers[NAMES.index("Oz")] = 0.4
    image = _image(plot_topomap(values_at(place, numbers)))
    row, _ = np.unravel_index(np.nanargmax(np.ma.filled(image.get_array(), np.nan)), image.get_array().shape)
    assert row < image.get_array().shape[0] / 4, "the back of the head is below"
    assert image.get_clim() == (-0.4, 0.4)


def test_channels_without_a_value_are_left_out_and_counted_and_significant_ones_marked(place):
    numbers = np.linspace(-0.1, 0.3, 12)
    numbers[0] = np.nan
    values = values_at(place, numbers).assign_coords(start=5.0, stop=10.0)
    figure = plot_topomap(values, significant=values > 0.25)
    title = figure.axes[0].get_title(loc="left")
    assert title.splitlines() == [
        "window 5.0 to 10.0 s",
        "● significant (2 of 12 channels)",
        "1 channel without a value or position",
    ]
    sizes = sorted(line.get_xydata().shape[0] for line in figure.axes[0].lines if line.get_marker() in (".", "o"))
    assert sizes == [2, 9], "MNE draws either the mark or the sensor"


def test_a_given_scale_and_axes_are_used(place):
    ax = Figure().add_subplot()
    figure = plot_topomap(values_at(place, np.ones(12)), scale=Normalize(-2, 2), ax=ax)
    assert figure is ax.figure and _image(figure).get_clim() == (-2, 2)


def test_bands_have_a_head_each_and_one_scale(place):
    bands = xr.concat([values_at(place, np.arange(12) * s) for s in (0.1, -0.2, 0.05, 0, 0)], "band")
    bands = bands.assign_coords(band=["delta", "theta", "alpha", "beta", "gamma"]).transpose("channel", "band")
    figure = plot_topomaps(bands, significant=bands > 0.9)
    heads = [ax for ax in figure.axes if ax.images]
    titles = [ax.get_title(loc="left").split("\n") for ax in heads]
    assert [title[0] for title in titles] == ["delta", "theta", "alpha", "beta", "gamma"]
    assert titles[0][1] == "● significant (2 of 12 channels)"
    assert {ax.images[0].get_clim() for ax in heads} == {(-2.2, 2.2)}
    assert len([ax for ax in figure.axes if ax.get_ylabel() == "t-ISC"]) == 1


def test_what_cannot_be_drawn_is_refused(place):
    with pytest.raises(ValueError, match=r"values needs dims \('channel', 'band'\) and has \('channel',\)"):
        plot_topomaps(values_at(place, np.ones(12)))
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    circle = np.stack([0.07 * np.cos(angle), 0.07 * np.sin(angle), np.full(12, 0.05)], axis=1)
    with pytest.raises(ValueError, match="lie on one circle or line"):
        plot_topomap(values_at(circle, np.arange(12)))
    values = values_at(place, np.ones(12))
    with pytest.raises(ValueError, match="z missing: give isc.read_eeg a montage="):
        plot_topomap(values.drop_vars("z"))
    with pytest.raises(ValueError, match="needs 3 channels with a value and a position; given 2"):
        plot_topomap(values.where(values["channel"].isin(NAMES[:2])))
    with pytest.raises(ValueError, match="values has 12 channels and significant 3"):
        plot_topomap(values, significant=(values > 0)[:3])
    with pytest.raises(ValueError, match="values needs dims"):
        plot_topomap(values.expand_dims("window"))

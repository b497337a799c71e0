import numpy as np
import pytest
import xarray as xr

from isc.plots import plot_recording
from isc.plots.recording import MOST_POINTS

CHANNELS = ["yaw", "pitch", "roll", "x", "y", "z"]


@pytest.fixture
def pose() -> xr.DataArray:
    """20 s at 10 Hz; no face from 5 to 6 s and at the end."""
    time = np.arange(200) / 10 - 1
    values = np.sin(np.add.outer(time, np.arange(6.0))) + [10, 0, 0, 0, 0, 60]
    values[60:70] = values[195:] = np.nan
    return xr.DataArray(values, dims=("time", "channel"), coords={"time": time, "channel": CHANNELS})


def _panels(figure):
    return figure.axes[0].child_axes


def test_angles_and_places_are_drawn_relative_to_their_medians(pose):
    angles, places = _panels(plot_recording(pose))
    for panel, names in ((angles, CHANNELS[:3]), (places, CHANNELS[3:])):
        lines = {line.get_label(): line.get_ydata() for line in panel.lines if line.get_label() in names}
        for name in names:
            values = pose.sel(channel=name).values
            assert np.allclose(lines[name], values - np.nanmedian(values), equal_nan=True)


def test_stretches_without_a_face_are_hatched_and_their_share_is_told(pose):
    panel = _panels(plot_recording(pose))[0]
    spans = [patch for patch in panel.patches if patch.get_hatch()]
    assert [(round(s.get_x(), 6), round(s.get_width(), 6)) for s in spans] == [(5.0, 1.0), (18.5, 0.4)]
    assert spans[0].get_label() == "no face (7.5% of samples)"


def test_presses_have_a_panel_with_their_number(pose):
    panel = _panels(plot_recording(pose, presses=[3.0, 8.5]))[2]
    assert [segment[0][0] for segment in panel.collections[0].get_segments()] == [3.0, 8.5]
    assert panel.get_ylabel() == "peaks\n(n = 2)"
    assert panel.get_xlabel() == "time from stimulus onset (s)"


def test_somebody_without_a_press_has_an_empty_panel(pose):
    assert _panels(plot_recording(pose, presses=[]))[2].get_ylabel() == "peaks\n(n = 0)"


def test_a_long_recording_is_drawn_as_means():
    time = np.arange(10_001) / 30
    values = np.repeat(np.arange(10_001.0)[:, None], 6, axis=1)
    pose = xr.DataArray(values, dims=("time", "channel"), coords={"time": time, "channel": CHANNELS})
    line = next(line for line in _panels(plot_recording(pose))[0].lines if line.get_label() == "yaw")
    assert len(line.get_xdata()) <= MOST_POINTS
    blocks = values[:9996, 0].reshape(-1, 6).mean(axis=1)
    assert np.allclose(line.get_ydata(), blocks - np.median(blocks))


def test_a_recording_without_any_face_is_drawn_empty(pose):
    pose[:] = np.nan
    panel = _panels(plot_recording(pose))[0]
    assert panel.patches[0].get_label() == "no face (100.0% of samples)"


def test_a_missing_channel_is_named(pose):
    with pytest.raises(ValueError, match="pose needs the channels yaw, pitch, roll, x, y, z; roll missing"):
        plot_recording(pose.drop_sel(channel="roll"))

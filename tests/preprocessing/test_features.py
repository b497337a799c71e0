"""Features are matched by label."""

import numpy as np
import pytest
import xarray as xr

from isc.preprocessing.features import match_features
from isc.preprocessing.stack import stack_subjects

CHANNELS = ["Fz", "Cz", "Pz", "Oz"]


def recording(channels=CHANNELS, *, move=0.0, **coords):
    values = np.tile([CHANNELS.index(name) if name in CHANNELS else 9.0 for name in channels], (20, 1))
    place = {axis: ("channel", np.linspace(-0.1, 0.1, len(channels)) + move, {"units": "m"}) for axis in "xyz"}
    coords = {"time": np.arange(20) / 10, "channel": list(channels), **place, **coords}
    return xr.DataArray(values, dims=("time", "channel"), coords=coords)


def test_channels_in_another_order_are_put_in_the_first_ones():
    shuffled = recording()[:, [2, 0, 3, 1]]
    cube = stack_subjects({"a": recording(), "b": shuffled.transpose("channel", "time")})
    assert cube["channel"].values.tolist() == CHANNELS
    assert (cube == np.arange(4)).all()


def test_missing_and_other_channels_are_named():
    with pytest.raises(ValueError, match=r"'a' and 'b' differ along channel: only 'a' has Fz, Oz; only 'b' has T7"):
        stack_subjects({"a": recording(), "b": recording(["Cz", "Pz", "T7"])})


def test_a_long_list_of_missing_labels_is_cut_short():
    one = recording()
    many = xr.DataArray(
        np.zeros((20, 400)), dims=("time", "channel"), coords={"time": one["time"], "channel": np.arange(400)}
    )
    with pytest.raises(ValueError, match="only 'b' has 0, 1, 2, 3, 4 and 395 more"):
        match_features({"a": one, "b": many})


def test_a_channel_named_twice_is_refused():
    with pytest.raises(ValueError, match="recording 'b' has the same channel twice"):
        match_features({"a": recording(), "b": recording(["Fz", "Fz", "Pz", "Oz"])})


def test_digitised_positions_are_averaged():
    cube = stack_subjects({"a": recording(), "b": recording(move=0.01)})
    assert cube["x"].dims == ("channel",)
    assert cube["x"].values == pytest.approx(recording()["x"].values + 0.005)


def test_another_montage_of_the_same_names_is_refused():
    with pytest.raises(ValueError, match=r"channel \w+ lies 5.0 cm apart along x in recordings 'a' and 'c'"):
        stack_subjects({"a": recording(), "b": recording(), "c": recording(move=0.05)})


def test_what_differs_otherwise_is_kept_for_every_subject():
    bad = np.array([True, False, False, False])
    cube = stack_subjects({"a": recording(bad=("channel", bad)), "b": recording(bad=("channel", ~bad))})
    assert cube["bad"].dims == ("subject", "channel")
    assert cube["bad"].sel(subject="b").values.tolist() == [False, True, True, True]

"""The head pose of everybody on the clock of the cube, for the negative control."""

from types import SimpleNamespace

import numpy as np
import xarray as xr

from isc.stages.group import head_pose
from isc.stages.group.head_pose import head_pose_cube
from isc.study import Study


def _pose(start):
    """Ten seconds of a head that turns by a degree a second of the film, tracked from `start` on."""
    time = start + np.arange(200) / 20
    return xr.DataArray(time[:, None], dims=("time", "channel"), coords={"time": time, "channel": ["yaw"]})


def _cube(seconds):
    coords = {"subject": ["sub-01", "sub-02"], "time": np.arange(int(10 * seconds)) / 10}
    return xr.DataArray(
        np.zeros((2, int(10 * seconds))), dims=("subject", "time"), coords=coords, attrs={"rate_hz": 10}
    )


def test_cameras_that_started_at_other_times_are_on_one_clock(monkeypatch):
    monkeypatch.setattr(head_pose, "read_head_pose", _pose)
    group = SimpleNamespace(
        study=Study.model_validate({"tisc": {"window": 2.0}}), participants={"sub-01": 0.0, "sub-02": 3.0}
    )
    poses = head_pose_cube(group, _cube(8.0))
    assert poses.dims == ("subject", "time", "channel")
    assert poses["subject"].values.tolist() == ["sub-01", "sub-02"]
    np.testing.assert_allclose(poses.sel(subject="sub-01", channel="yaw"), np.arange(80) / 10, atol=1e-5)
    late = poses.sel(subject="sub-02", channel="yaw")
    assert late[:30].isnull().all()
    np.testing.assert_allclose(late[30:], np.arange(30, 80) / 10, atol=1e-5)


def test_a_film_of_less_than_two_windows_has_no_control():
    group = SimpleNamespace(study=Study.model_validate({"tisc": {"window": 5.0}}), participants={})
    assert head_pose_cube(group, _cube(9.9)) is None

"""Head pose of the recordings, read back, and of everybody on one clock: the negative control of the report."""

import numpy as np
import xarray as xr

from isc.io.derivatives import read_sidecar, read_table
from isc.preprocessing.resample import onto_clock
from isc.stages.group.members import Group
from isc.stages.provenance.shelf import Shelf


def read_head_pose(shelf: Shelf) -> xr.DataArray:
    """Head pose of a recording as a labelled series again.

    Parameters
    ----------
    shelf : Shelf
        Of the participant.

    Returns
    -------
    DataArray, dims (time, channel)
        Degrees and cm, NaN without a face; ``time`` in seconds from stimulus onset.

    Raises
    ------
    DerivativeError
        When the head pose is absent or damaged.
    """
    table, sidecar = read_table(shelf.path("headpose")), read_sidecar(shelf.path("headpose"))
    time = sidecar["StartTime"] + np.arange(len(table)) / sidecar["SamplingFrequency"]
    return xr.DataArray(
        table.to_numpy(float), dims=("time", "channel"), coords={"time": time, "channel": list(table.columns)}
    )


def head_pose_cube(group: Group, cube: xr.DataArray) -> xr.DataArray | None:
    """Head pose of everybody in a cube, on its clock.

    Parameters
    ----------
    group : Group
    cube : DataArray, dims (subject, time, ...)
        Of the landmarks.

    Returns
    -------
    DataArray, dims (subject, time, channel), or None
        None when the cube is shorter than the two windows that the circular shift needs.
    """
    clock = cube["time"].values
    if clock.size < 2 * round(group.study.tisc.window * cube.attrs["rate_hz"]):
        return None
    poses = [
        onto_clock(read_head_pose(group.participants[name]), clock, max_gap=group.study.cube.max_gap)
        for name in cube["subject"].values.tolist()
    ]
    return xr.concat(poses, "subject").assign_coords(subject=cube["subject"].values)

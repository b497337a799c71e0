"""Head pose as angles and position: a confound, and the negative control of every synchrony test."""

import numpy as np
import xarray as xr

CHANNELS = ("yaw", "pitch", "roll", "x", "y", "z")
UNITS = ("deg", "deg", "deg", "cm", "cm", "cm")


def head_motion(head_pose: xr.DataArray) -> xr.DataArray:
    """Angles (degrees) and position (cm) of the head from MediaPipe's 4 x 4 transformation matrices.

    The rotation is read as R = Ry(yaw) Rx(pitch) Rz(roll) in MediaPipe's frame (x to the image's right, y up,
    z towards the camera).

    Parameters
    ----------
    head_pose : DataArray, dims (time, row, column), 4 x 4 matrices
        NaN where no face was found.

    Returns
    -------
    DataArray, dims (time, channel), float32
        ``channel`` is yaw, pitch, roll (degrees), x, y, z (cm); coord ``unit`` (channel).

    Raises
    ------
    ValueError
        When dims are not (time, row, column) of 4 x 4 matrices.

    Examples
    --------
    >>> still = xr.DataArray(np.eye(4)[None], dims=("time", "row", "column"))
    >>> head_motion(still).values.tolist()
    [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    if head_pose.dims != ("time", "row", "column") or head_pose.shape[1:] != (4, 4):
        raise ValueError(f"head_pose needs dims time, row, column of 4 x 4 matrices; given {dict(head_pose.sizes)}")
    matrix = head_pose.values.astype(np.float64)
    rotation = matrix[:, :3, :3] / np.linalg.norm(matrix[:, :3, :3], axis=1, keepdims=True)
    yaw = np.arctan2(rotation[:, 0, 2], rotation[:, 2, 2])
    pitch = np.arcsin(np.clip(-rotation[:, 1, 2], -1, 1))
    roll = np.arctan2(rotation[:, 1, 0], rotation[:, 1, 1])
    values = np.concatenate([np.rad2deg(np.stack([yaw, pitch, roll], axis=1)), matrix[:, :3, 3]], axis=1)
    coords = {k: v for k, v in head_pose.coords.items() if set(v.dims) <= {"time"}}
    coords |= {"channel": list(CHANNELS), "unit": ("channel", list(UNITS))}
    return xr.DataArray(values.astype(np.float32) + 0.0, dims=("time", "channel"), coords=coords, name="head_motion")

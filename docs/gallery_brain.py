"""Figures of the gallery about EEG and fMRI, on generated values."""

from collections.abc import Callable

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

import isc

N_SUBJECT = 21
THRESHOLD = 0.25  # r


def _channels() -> xr.DataArray:
    """t-ISC of 20 channels that is largest at the back of the head."""
    import mne

    names = ["Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8"]
    names += ["O1", "Oz", "O2"]
    found = mne.channels.make_standard_montage("easycap-M1").get_positions()["ch_pos"]
    place = np.array([found[name] for name in names])
    far = np.linalg.norm(place - found["Oz"], axis=1)
    coords = {axis: ("channel", place[:, k], {"units": "m"}) for k, axis in enumerate("xyz")}
    return xr.DataArray(
        0.4 * np.exp(-((far / 0.06) ** 2)) - 0.02,
        dims="channel",
        coords={"channel": names, **coords, "start": 20.0, "stop": 30.0},
        name="tisc",
        attrs={"estimator": "pairwise", "summary": "mean", "n_subject": N_SUBJECT},
    )


def _topomap() -> Figure:
    values = _channels()
    return isc.plot_topomap(values, significant=values > THRESHOLD)


def _topomaps() -> Figure:
    share = xr.DataArray([0.4, 1.0, 0.6], dims="band", coords={"band": ["theta", "alpha", "beta"]})
    values = (_channels() * share).assign_attrs(_channels().attrs).rename("tisc")
    return isc.plot_topomaps(values, significant=values > THRESHOLD)


def _brain_map() -> Figure:
    import nibabel

    place = np.indices((45, 54, 45)).transpose(1, 2, 3, 0) * 4.0 - [90, 126, 72]  # mm
    centres = np.array([[0, -80, 5], [-55, -25, 5], [55, -25, 5], [-35, 40, 20], [35, 40, 20]])
    far = np.linalg.norm(place[..., None, :] - centres, axis=-1)
    labels = np.where(far.min(axis=-1) < 18, far.argmin(axis=-1) + 1, 0).astype(np.int16)
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = [-90, -126, -72]
    names = ["visual", "auditory, left", "auditory, right", "frontal, left", "frontal, right"]
    values = xr.DataArray(
        [0.42, 0.31, 0.28, 0.05, -0.03],
        dims="region",
        coords={"region": names, "label": ("region", np.arange(1, 6)), "start": 20.0, "stop": 30.0},
        name="tisc",
        attrs={"estimator": "pairwise", "summary": "mean", "n_subject": N_SUBJECT},
    )
    return isc.plot_brain_map(values, nibabel.Nifti1Image(labels, affine))


def _surface_map() -> Figure:
    from scipy.spatial import ConvexHull

    turn = np.pi * (1 + 5**0.5) * np.arange(1500)  # points spread evenly on a ball
    height = 1 - 2 * (np.arange(1500) + 0.5) / 1500
    ball = np.stack([np.sqrt(1 - height**2) * f(turn) for f in (np.cos, np.sin)] + [height], axis=1)
    hull = ConvexHull(ball)
    faces, inside = hull.simplices, np.einsum("fi,fi->f", hull.equations[:, :3], _normals(ball, hull.simplices)) < 0
    faces[inside] = faces[inside][:, ::-1]
    points = ball * [35.0, 80.0, 50.0]  # mm, an egg as large as a hemisphere
    values = xr.DataArray(
        0.45 * np.exp(-(np.linalg.norm(points - [-30, -50, 10], axis=1) ** 2) / 800),
        dims="vertex",
        name="tisc",
        attrs={"estimator": "pairwise", "summary": "mean", "n_subject": N_SUBJECT},
    )
    return isc.plot_surface_map(values, (points, faces))


def _normals(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    first, second, third = (points[faces[:, k]] for k in range(3))
    return np.cross(second - first, third - first)


BRAIN: dict[str, Callable[[], Figure]] = {
    "topomap": _topomap,
    "topomaps": _topomaps,
    "brain_map": _brain_map,
    "surface_map": _surface_map,
}

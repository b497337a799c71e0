"""Trackers that do not write one plain table: Medusa (HDF5), movement (netCDF), DeepLabCut (three header rows)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.tracking.hdf5 import check_hdf5

MEDUSA_NEEDED = ("v", "frame_t")
PERSON_DIMS = ("individuals", "individual")  # older and newer movement
POINT_DIMS = ("keypoints", "keypoint")
DEEPLABCUT_ROWS = ("scorer", "bodyparts", "coords")


class TrackerError(ValueError):
    """A file that no known face tracker wrote, or that holds something else than one participant's video."""


def read_medusa(path: Path, *, face: Any = None) -> xr.Dataset:
    """Vertices of a Medusa reconstruction.

    Parameters
    ----------
    path : Path
        HDF5 with ``v`` (time, vertex, 3), ``frame_t`` (s), optionally ``mat`` (time, 4, 4) and ``face_idx``.
    face : int, optional
        Which value of ``face_idx``.

    Returns
    -------
    Dataset
        ``landmarks`` (time, vertex, space) in the unit of the model, ``head_pose`` (time, row, column) where known;
        attrs ``coordinates``: local (head movement removed) or world.
    """
    import h5py

    try:
        check_hdf5(path)
        file = h5py.File(path, "r")
    except (OSError, RuntimeError, ValueError) as error:
        raise TrackerError(f"{path.name} is no HDF5 file that is read ({error})") from error
    with file:
        missing = [name for name in MEDUSA_NEEDED if name not in file]
        if missing:
            found = ", ".join(file) or "nothing"
            raise TrackerError(f"{path.name} is no file of Medusa: {', '.join(missing)} missing, it holds {found}")
        _check_numbers(path, file)
        vertices, time = np.asarray(file["v"], np.float32), np.asarray(file["frame_t"], np.float64)
        pose = np.asarray(file["mat"], np.float32) if "mat" in file else None
        faces = np.asarray(file["face_idx"]).ravel() if "face_idx" in file else np.zeros(len(vertices), int)
        attrs = {
            key: str(file.attrs[name])
            for key, name in (("model", "recon_model"), ("coordinates", "space"))
            if name in file.attrs
        }
    rows = _rows_of_face(path, faces, face)
    if vertices.ndim != 3 or vertices.shape[2] != 3 or len(vertices) != len(faces):
        raise TrackerError(f"{path.name}: v must be frames x vertices x 3; it is {vertices.shape}")
    time = time[rows] if len(time) == len(faces) else time[: rows.sum()]
    return _recording(
        path, time, vertices[rows], list("xyz"), np.arange(vertices.shape[1]), "Medusa", attrs, pose, rows
    )


def _check_numbers(path: Path, file: Any) -> None:
    """Refuse what is called like Medusa's data sets and holds something else."""
    import h5py

    for name in ("v", "frame_t", "mat", "face_idx"):
        item = file.get(name)
        kinds = "iufSUO" if name == "face_idx" else "iuf"
        if item is not None and not (isinstance(item, h5py.Dataset) and item.shape and item.dtype.kind in kinds):
            raise TrackerError(f"{path.name}: {name} holds no numbers; give the file as Medusa wrote it")


def _rows_of_face(path: Path, faces: np.ndarray, face: Any) -> np.ndarray:
    names = np.unique(faces)
    if face is None and names.size > 1:
        raise TrackerError(
            f"{path.name} has several faces, face_idx {', '.join(map(str, names))}; choose one with face="
        )
    if face is not None and str(face) not in {str(name) for name in names}:
        raise TrackerError(f"{path.name} has no face {face!r}; face_idx is {', '.join(map(str, names))}")
    return np.ones(faces.size, bool) if face is None else faces.astype(str) == str(face)


def _recording(
    path: Path,
    time: np.ndarray,
    points: np.ndarray,
    space: list[str],
    vertex: Any,
    tool: str,
    attrs: dict[str, str],
    pose: np.ndarray | None = None,
    rows: np.ndarray | None = None,
) -> xr.Dataset:
    """Dataset of landmarks (time, vertex, space)."""
    if len(time) < 2 or len(time) != len(points) or not (np.diff(time) > 0).all():
        raise TrackerError(
            f"{path.name}: {len(points)} frames need as many increasing times, at least two; given {len(time)}"
        )
    landmarks = xr.DataArray(points, dims=("time", "vertex", "space"), attrs={"units": "n/a"})
    variables = {"landmarks": landmarks}
    if pose is not None and rows is not None and len(pose) == rows.size:
        variables["head_pose"] = xr.DataArray(pose[rows], dims=("time", "row", "column"))
    return xr.Dataset(
        variables,
        coords={
            "time": ("time", time, {"units": "s"}),
            "vertex": vertex,
            "space": space,
            "detected": ("time", np.isfinite(points).any(axis=(1, 2))),
        },
        attrs={"tool": tool, "rate_hz": float(f"{1 / np.median(np.diff(time)):.6g}"), **attrs},
    )


def read_movement(path: Path, *, rate: float | None, face: Any, min_confidence: float) -> xr.Dataset:
    """Keypoints of one individual in a netCDF file of movement.

    Parameters
    ----------
    path : Path
        Variables ``position`` (time, space, keypoints, individuals) and ``confidence``.
    rate : float or None
        Frames per second, where the file's time is in frames.
    face : str or None
        Name of the individual.
    min_confidence : float
        Points below it are NaN.

    Returns
    -------
    Dataset
    """
    try:
        check_hdf5(path)
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            data = opened.load()
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise TrackerError(f"{path.name} is no netCDF-4 file that is read ({error})") from error
    points = next((dim for dim in POINT_DIMS if dim in data.dims), None)
    if "position" not in data or points is None or "space" not in data.dims:
        raise TrackerError(
            f"{path.name} is no file of movement: it needs position (time, space, keypoints); it has "
            f"{', '.join(map(str, data.data_vars)) or 'no variables'}"
        )
    data = _one_individual(path, data, face)
    position = data["position"].transpose("time", points, "space").astype(np.float32)
    if "confidence" in data and min_confidence > 0:
        position = position.where(~(data["confidence"] < min_confidence)).transpose("time", points, "space")
    time = _movement_time(path, data, rate)
    tool = f"movement ({data.attrs.get('source_software', 'unknown')})"
    space = [str(axis) for axis in position["space"].values]
    return _recording(path, time, position.values, space, position[points].values.astype(str), tool, {})


def _one_individual(path: Path, data: xr.Dataset, face: Any) -> xr.Dataset:
    dim = next((name for name in PERSON_DIMS if name in data.dims), None)
    if dim is None:
        return data
    names = [str(name) for name in data[dim].values]
    if face is None and len(names) > 1:
        raise TrackerError(f"{path.name} has several individuals, {', '.join(names)}; choose one with face=")
    if face is not None and str(face) not in names:
        raise TrackerError(f"{path.name} has no individual {face!r}; it has {', '.join(names)}")
    return data.isel({dim: 0 if face is None else names.index(str(face))}, drop=True)


def _movement_time(path: Path, data: xr.Dataset, rate: float | None) -> np.ndarray:
    time = data["time"].values.astype(np.float64)
    if data.attrs.get("time_unit") == "seconds":
        return time
    if rate is None:
        raise TrackerError(f"{path.name} counts frames; give rate=, the video's frames per second")
    return time / rate


def is_deeplabcut(path: Path) -> bool:
    """Tell whether a table begins with DeepLabCut's three header rows."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        starts = [file.readline(4096).split(",")[0].strip() for _ in range(4)]
    return starts[0] == DEEPLABCUT_ROWS[0] and set(DEEPLABCUT_ROWS[1:]) <= set(starts)


def read_deeplabcut(path: Path, *, rate: float | None, face: Any, min_confidence: float) -> xr.Dataset:
    """Body parts of one individual in a DeepLabCut table.

    Parameters
    ----------
    path : Path
    rate : float or None
        Frames per second.
    face : str or None
        Name of the individual, where there are several.
    min_confidence : float
        Points of a lower likelihood are NaN.

    Returns
    -------
    Dataset
    """
    if rate is None:
        raise TrackerError(f"{path.name} of DeepLabCut holds no times; give rate=, the video's frames per second")
    with open(path, encoding="utf-8-sig") as file:
        several = file.read(65536).split("\n")[1].startswith("individuals")
    table = pd.read_csv(path, header=list(range(4 if several else 3)), index_col=0, encoding="utf-8-sig")
    table.columns = table.columns.droplevel(0)
    if several:
        names = list(dict.fromkeys(table.columns.get_level_values(0)))
        if face is None and len(names) > 1 or face is not None and str(face) not in names:
            raise TrackerError(f"{path.name} has the individuals {', '.join(names)}; choose one with face=")
        table = table[names[0] if face is None else str(face)]
    parts = list(dict.fromkeys(table.columns.get_level_values(0)))
    points = np.stack([table[part][["x", "y"]].to_numpy(np.float32) for part in parts], axis=1)
    sure = np.stack([table[part]["likelihood"].to_numpy(np.float32) for part in parts], axis=1)
    points[sure < min_confidence] = np.nan
    time = table.index.to_numpy(np.float64) / rate
    return _recording(path, time, points, ["x", "y"], np.array(parts, dtype=str), "DeepLabCut", {})

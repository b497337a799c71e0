"""Landmarks, action units and expressions that other face trackers wrote, as recordings for the same cube."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.tracking.conventions import CONVENTIONS, OPENFACE3_UNITS, PLAIN, Convention, Group, columns_of, recognise
from isc.io.tracking.stores import TrackerError, is_deeplabcut, read_deeplabcut, read_medusa, read_movement

HDF5 = (".h5", ".hdf5")
NETCDF = (".nc",)
SEPARATORS = (",", "\t", ";")


def read_face_tracker(
    path: str | Path,
    *,
    subject: str,
    rate: float | None = None,
    face: str | int | None = None,
    min_confidence: float = 0.0,
) -> xr.Dataset:
    r"""One participant's recording from another face tracker's file; the tool is known by what is in it.

    Read are tables of OpenFace 2 and 3, py-feat (Fex), LibreFace and DeepLabCut, tables of points (``x_0``, ``y_0``,
    ... or ``nose_x``, ...; with a column ``time`` in s or a rate), HDF5 files of Medusa, and netCDF files of movement.

    Parameters
    ----------
    path : path
        ``.csv``, ``.tsv``, ``.h5`` or ``.nc``.
    subject : str
        The participant's label.
    rate : float, optional
        Frames per second of the video, for files that hold frame numbers only (py-feat, DeepLabCut).
    face : str or int, optional
        Which face (``face_id``, ``Identity``, individual), where the file has several.
    min_confidence : float
        Frames (points, for DeepLabCut and movement) in which the tracker is less sure are NaN.

    Returns
    -------
    Dataset, dim ``time`` (s of the video)
        What the file holds of: ``action_units`` (time, action_unit), ``occurrence`` (time, action_unit_occurrence),
        ``emotions`` (time, emotion), ``landmarks`` (time, vertex, space), ``landmarks_3d`` (time, point, space_3d),
        ``head`` (time, channel), ``gaze`` (time, direction), float32. NaN where no face was found. Coords
        ``detected`` (time), scalar ``subject``; attrs ``tool``, ``rate_hz``. Each variable can be stacked into a
        cube. The columns are explained in data_dictionary/trackers.json.

    Raises
    ------
    TrackerError
        When the file is none of these, has several faces and none is chosen, times go back, or the rate is unknown.
    FileNotFoundError
        When there is no such file.

    Warns
    -----
    UserWarning
        For OpenFace 3, whose eight action units are numbered by position: which units they are is not documented.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "openface.csv")
    >>> _ = path.write_text("frame, timestamp, confidence, success, AU12_r\n1, 0.0, 0.9, 1, 2.5\n2, 0.04, 0.2, 0, 0\n")
    >>> read_face_tracker(path, subject="01").action_units.sel(action_unit="AU12").values.tolist()
    [2.5, nan]
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no file at {path}")
    if rate is not None and not (np.isfinite(rate) and rate > 0):
        raise TrackerError(f"rate must be positive, in frames per second; given {rate}")
    how: dict[str, Any] = {"rate": rate, "face": face, "min_confidence": min_confidence}
    if path.suffix in HDF5:
        recording = read_medusa(path, face=face)
    elif path.suffix in NETCDF:
        recording = read_movement(path, **how)
    elif is_deeplabcut(path):
        recording = read_deeplabcut(path, **how)
    else:
        recording = _read_table(path, **how)
    return recording.assign_coords(subject=subject)


def _read_table(path: Path, *, rate: float | None, face: Any, min_confidence: float) -> xr.Dataset:
    table = _table(path)
    columns = list(map(str, table.columns))
    convention = recognise(columns)
    if convention is None:
        raise TrackerError(f"{path.name} is no table of a face tracker that is known: {_reasons(columns)}")
    table = _one_face(path, table, convention, face)
    time = _times(path, table, convention, rate)
    detected = _detected(table, convention, min_confidence)
    variables = {}
    for group in convention.groups:
        if found := columns_of(group, columns):
            variables[group.variable] = _variable(path, table, group, found, detected)
    recording = xr.Dataset(
        variables,
        coords={"time": ("time", time, {"units": "s"}), "detected": ("time", detected)},
        attrs={"tool": convention.tool, "rate_hz": float(f"{1 / np.median(np.diff(time)):.6g}")},
    )
    return _marked_openface3(path, recording)


def _table(path: Path) -> pd.DataFrame:
    try:
        with open(path, encoding="utf-8-sig") as file:
            header = file.readline()
        separator = max(SEPARATORS, key=header.count)
        table = pd.read_csv(path, sep=separator, skipinitialspace=True, encoding="utf-8-sig", low_memory=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError) as error:
        raise TrackerError(f"{path.name} cannot be read as a table ({error})") from error
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    if len(table) < 2:
        raise TrackerError(f"{path.name} has {len(table)} rows; a video has two frames or more")
    return table


def _reasons(columns: list[str]) -> str:
    """What each tool's table would need and this one lacks."""
    lacking = [
        f"{convention.tool} needs {', '.join(name for name in convention.needed if name not in columns)}"
        for convention in CONVENTIONS
        if not set(convention.needed) <= set(columns)
    ]
    plain = "a table of points needs columns such as x_0, y_0 or nose_x, nose_y"
    return "; ".join([*lacking, plain, f"found {', '.join(columns[:6])}{' ...' if len(columns) > 6 else ''}"])


def _one_face(path: Path, table: pd.DataFrame, convention: Convention, face: Any) -> pd.DataFrame:
    """Rows of one face, in their order."""
    column = convention.face
    if column in table.columns:
        known = table[column].dropna().astype(str).str.strip()
        names = known.value_counts()
        if face is not None:
            if str(face) not in names.index:
                raise TrackerError(f"{path.name} has no face {face!r}; {column} is {', '.join(sorted(names.index))}")
            return table[(table[column].astype(str).str.strip() == str(face)) | table[column].isna()]
        if len(names) > 1:
            listed = ", ".join(f"{name} ({count} rows)" for name, count in names.items())
            raise TrackerError(f"{path.name} has several faces, {column} {listed}; choose one with face=")
    frame = convention.frame
    if frame in table.columns and table[frame].duplicated().any():
        twice = table[frame][table[frame].duplicated()].iloc[0]
        raise TrackerError(f"{path.name}: frame {twice} occurs twice; give the tracker one face, or one face a file")
    return table


def _times(path: Path, table: pd.DataFrame, convention: Convention, rate: float | None) -> np.ndarray:
    """Seconds of the video."""
    if convention.time in table.columns and (rate is None or convention is not PLAIN):
        time = pd.to_numeric(table[convention.time], errors="coerce").to_numpy(np.float64) * convention.seconds
        what = f"column {convention.time}"
    elif rate is None:
        raise TrackerError(
            f"{path.name} of {convention.tool} holds no times; give rate=, the video's frames per second"
        )
    else:
        frames = table[convention.frame] if convention.frame in table.columns else pd.Series(np.arange(len(table)))
        time = pd.to_numeric(frames, errors="coerce").to_numpy(np.float64) / rate
        what = f"column {convention.frame}"
    if not (np.diff(time) > 0).all():
        raise TrackerError(f"{path.name}: {what} must increase from row to row; was the table of pictures, or sorted?")
    return time


def _detected(table: pd.DataFrame, convention: Convention, min_confidence: float) -> np.ndarray:
    found = np.ones(len(table), dtype=bool)
    if convention.success in table.columns:
        success = pd.to_numeric(table[convention.success], errors="coerce").to_numpy(np.float64)
        found &= np.isfinite(success) & (success > 0)
    if convention.confidence in table.columns:
        confidence = pd.to_numeric(table[convention.confidence], errors="coerce").to_numpy(np.float64)
        found &= ~(confidence < min_confidence)
    return found


def _variable(
    path: Path, table: pd.DataFrame, group: Group, found: list[tuple[str, str, str]], detected: np.ndarray
) -> xr.DataArray:
    """One variable; NaN in frames without the face."""
    cells = (
        table[[column for column, _, _ in found]].apply(pd.to_numeric, errors="coerce").to_numpy(np.float32, copy=True)
    )
    if not np.isfinite(cells).any():
        raise TrackerError(f"{path.name}: columns {found[0][0]} to {found[-1][0]} hold no numbers at all")
    cells[~detected] = np.nan
    attrs = {"units": group.units, "long_name": group.meaning.rstrip(".")}
    labels = list(dict.fromkeys(_label(group, label) for _, label, _ in found))
    if not found[0][2]:
        return xr.DataArray(cells, dims=("time", group.dim), coords={group.dim: labels}, attrs=attrs)
    axes = sorted({axis for _, _, axis in found})
    values = np.full((len(cells), len(labels), len(axes)), np.nan, dtype=np.float32)
    for k, (_, label, axis) in enumerate(found):
        values[:, labels.index(_label(group, label)), axes.index(axis)] = cells[:, k]
    space = "space" if group.dim == "vertex" else "space_3d"
    coords = {group.dim: labels, space: [axis.lower() for axis in axes]}
    return xr.DataArray(values, dims=("time", group.dim, space), coords=coords, attrs=attrs)


def _label(group: Group, label: str) -> str | int:
    """Action units as AU01, points by their number where they have one."""
    if group.dim.startswith("action_unit"):
        return f"AU{int(label.removeprefix('AU')):02d}"
    return int(label) if label.isdigit() else label


def _marked_openface3(path: Path, recording: xr.Dataset) -> xr.Dataset:
    """OpenFace 3's outputs under names that promise no FACS unit."""
    if "action_units" not in recording or tuple(recording["action_unit"].values) != OPENFACE3_UNITS:
        return recording
    warnings.warn(
        f"{path.name}: AU01 to AU08 are OpenFace 3's outputs by position; which action units they are is not "
        "documented (its issues 1, 9 and 15), so they are called output_1 to output_8",
        stacklevel=4,
    )
    names = [f"output_{k}" for k in range(1, 9)]
    return recording.assign_coords(action_unit=names).assign_attrs(tool="OpenFace 3")

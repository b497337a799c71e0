"""Arrays as text for the explorer: small whole numbers in base64, which a page decodes without parsing digits."""

import base64
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

NO_VALUE = np.iinfo(np.int16).min  # stands for NaN
LARGEST = np.iinfo(np.int16).max


def encode(values: np.ndarray, dtype: str) -> str:
    """Bytes of the values in C order, little-endian, as base64.

    Parameters
    ----------
    values : ndarray
        Values that `dtype` can hold.
    dtype : str
        numpy's name with its byte order, such as ``"<i2"``.

    Returns
    -------
    str

    Examples
    --------
    >>> encode(np.array([1, 2]), "<u2")
    'AQACAA=='
    """
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode("ascii")


def quantise(values: np.ndarray) -> dict[str, Any]:
    """Values as 16-bit multiples of a unit; no value is off by more than half a unit.

    Parameters
    ----------
    values : ndarray of float, any shape
        NaN and infinities are kept apart as "no value".

    Returns
    -------
    dict
        ``data`` (base64 of ``<i2``, -32768 for no value) and ``unit``, the largest absolute value / 32767.

    Examples
    --------
    >>> quantise(np.array([0.5, np.nan, -1.0]))["unit"] * 32767
    1.0
    """
    finite = np.isfinite(values)
    largest = float(np.abs(values[finite]).max(initial=0.0))
    unit = largest / LARGEST if largest else 1.0
    whole = np.where(finite, np.rint(np.where(finite, values, 0) / unit), NO_VALUE)
    return {"data": encode(whole, "<i2"), "unit": unit}


def pack_layer(
    values: xr.DataArray, significant: xr.DataArray | None, limits: tuple[np.ndarray, np.ndarray] | None
) -> dict[str, Any]:
    """One feature set for the page: its values, what is significant, the thresholds, the number of subjects.

    Parameters
    ----------
    values : DataArray, dims (window, feature)
        Coord ``n_subject`` may have any of its dims.
    significant : DataArray of bool, dims (window, feature), optional
        Packed to one bit a cell.
    limits : tuple of two ndarray (window,), optional
        Lower and upper threshold; infinite where there is none.

    Returns
    -------
    dict
        What JSON can hold.
    """
    n_window, n_feature = values.shape
    packed: dict[str, Any] = {"n_feature": n_feature, "values": quantise(values.values)}
    packed["significant"] = None if significant is None else _bits(significant.values)
    packed["limits"] = None if limits is None else [encode(side, "<f4") for side in limits]
    counts = _counts(values)
    packed["n_subject"] = None if counts is None else {"columns": counts.shape[1], "data": encode(counts, "<u2")}
    return packed


def _bits(flags: np.ndarray) -> str:
    """Flags in C order, the first in the lowest bit."""
    return encode(np.packbits(flags.astype(bool).ravel(), bitorder="little"), "u1")


def _counts(values: xr.DataArray) -> np.ndarray | None:
    """Subjects behind each cell, (window, 1) where all features have the same number."""
    given = values.coords["n_subject"] if "n_subject" in values.coords else values.attrs.get("n_subject")
    if given is None:
        return None
    counts = (xr.zeros_like(values, dtype=np.int64) + given).transpose(*values.dims).values
    same = (counts == counts[:, :1]).all()
    return counts[:, :1] if same else counts


def pack_series(series: xr.DataArray | None) -> str | None:
    """A series over windows as 32-bit floats.

    Parameters
    ----------
    series : DataArray, dims (window,), optional

    Returns
    -------
    str or None
    """
    return None if series is None else encode(series.values, "<f4")


def pack_epochs(epochs: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Epochs as plain records: onset and duration in seconds, and a name that may be empty.

    Parameters
    ----------
    epochs : DataFrame, optional
        Columns onset, duration, and trial_type where epochs have names.

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        When a column is missing.

    Examples
    --------
    >>> pack_epochs(pd.DataFrame({"onset": [2.0], "duration": [5.0]}))
    [{'onset': 2.0, 'duration': 5.0, 'name': ''}]
    """
    if epochs is None:
        return []
    missing = {"onset", "duration"} - set(epochs.columns)
    if missing:
        raise ValueError(f"epochs need the columns onset and duration in seconds; {sorted(missing)} missing")
    names = epochs["trial_type"].astype(str) if "trial_type" in epochs else [""] * len(epochs)
    rows = zip(epochs["onset"], epochs["duration"], names, strict=True)
    return [{"onset": float(onset), "duration": float(duration), "name": name} for onset, duration, name in rows]

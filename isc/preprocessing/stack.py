"""Recordings of several people on one clock: the cube."""

import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import xarray as xr

from isc.cube import sampling_rate
from isc.preprocessing.features import match_features
from isc.preprocessing.resample import MAX_GAP, onto_clock

Extent = Literal["equal", "common", "union"]
DIFFERENT_RATE = 0.05  # share by which rates may differ before it is worth a word
EQUAL_TOLERANCE = 1.0  # seconds by which recordings may differ in length and still count as equal


def stack_subjects(
    recordings: Mapping[str, xr.DataArray],
    *,
    rate: float | None = None,
    extent: Extent = "equal",
    max_gap: float = MAX_GAP,
) -> xr.DataArray:
    """Cube (subject, time, ...) of recordings put on one clock of multiples of 1 / rate seconds.

    Parameters
    ----------
    recordings : mapping of subject id to DataArray with dim ``time``
        ``time`` in seconds from stimulus onset, so that equal times mean the same moment of the film. Other dims
        must hold the same features, in any order where they are labelled (`match_features`). NaN marks missing
        samples.
    rate : float, optional
        Rate of the cube in Hz; by default the lowest rate among the recordings.
    extent : {"equal", "common", "union"}
        What to do when recordings cover different spans. ``equal`` refuses more than 1 s of difference,
        ``common`` keeps the span that all cover (what is cut is in coord ``trimmed``), ``union`` keeps all and marks
        what is missing as NaN.
    max_gap : float
        Seconds; longer stretches without data stay NaN. Neighbouring samples of a slow recording (fMRI) are no gap.

    Returns
    -------
    DataArray, dims (subject, time, ...), float32
        Coords ``valid_fraction`` (subject; share of finite samples) and ``trimmed`` (subject; seconds cut off);
        attrs ``rate_hz``.

    Raises
    ------
    ValueError
        When fewer than two recordings are given, their features differ, or their spans do not fit `extent`.

    Warns
    -----
    UserWarning
        When no rate is given and those of the recordings differ by more than 5 % (another camera, another TR).

    Examples
    --------
    >>> one = xr.DataArray(np.arange(11.0), dims="time", coords={"time": np.arange(11) / 10})
    >>> cube = stack_subjects({"sub-01": one, "sub-02": 2 * one})
    >>> cube.dims, cube.shape
    (('subject', 'time'), (2, 11))
    """
    _check_recordings(recordings)
    recordings, feature_coords = match_features(recordings)
    rate = _lowest_rate(recordings) if rate is None else float(rate)
    clock = _shared_clock(recordings, rate, extent)
    parts = [onto_clock(x, clock, max_gap=max_gap) for x in recordings.values()]
    values = np.stack([part.values for part in parts])
    other = tuple(d for d in range(1, values.ndim))
    spans = np.array([x["time"].values[-1] - x["time"].values[0] for x in recordings.values()])
    coords: dict[str, Any] = {**feature_coords, "time": parts[0]["time"]}
    coords["subject"] = ("subject", list(recordings))
    coords["valid_fraction"] = ("subject", np.isfinite(values).mean(axis=other))
    coords["trimmed"] = ("subject", np.maximum(0.0, spans - (clock[-1] - clock[0])), {"units": "s"})
    attrs = {**_shared_attrs(recordings), "rate_hz": rate, "extent": extent}
    cube = xr.DataArray(values, dims=("subject", *parts[0].dims), coords=coords, name="cube", attrs=attrs)
    cube["time"].attrs.update(units="s", long_name="time from stimulus onset")
    return cube.transpose("subject", "time", ...)


def _check_recordings(recordings: Mapping[str, xr.DataArray]) -> None:
    if len(recordings) < 2:
        raise ValueError(f"a cube needs at least two recordings, {len(recordings)} given")
    for name, array in recordings.items():
        if "time" not in array.dims:
            raise ValueError(f"recording {name!r} has dims {array.dims}; dim time is missing")


def _lowest_rate(recordings: Mapping[str, xr.DataArray]) -> float:
    rates = {name: sampling_rate(x) for name, x in recordings.items()}
    slowest, fastest = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    if rates[fastest] > rates[slowest] * (1 + DIFFERENT_RATE):
        warnings.warn(
            f"rates differ ({slowest}: {rates[slowest]:g} Hz, {fastest}: {rates[fastest]:g} Hz); all recordings are "
            "resampled to the lowest: give rate= if that is meant, or leave out recordings with another protocol",
            stacklevel=3,
        )
    return rates[slowest]


def _shared_clock(recordings: Mapping[str, xr.DataArray], rate: float, extent: Extent) -> np.ndarray:
    """Multiples of 1 / rate seconds that the extent asks for."""
    first = np.array([x["time"].values[0] for x in recordings.values()])
    last = np.array([x["time"].values[-1] for x in recordings.values()])
    if extent == "equal":
        _check_equal(list(recordings), first, last)
    start, stop = (first.min(), last.max()) if extent == "union" else (first.max(), last.min())
    low, high = np.ceil(start * rate - 1e-6), np.floor(stop * rate + 1e-6)
    if high - low < 1:
        raise ValueError("the recordings share no stretch of time; check their offsets to the stimulus onset")
    return np.arange(low, high + 1) / rate


def _check_equal(names: list[str], first: np.ndarray, last: np.ndarray) -> None:
    span = last - first
    if max(np.ptp(first), np.ptp(last)) > EQUAL_TOLERANCE:
        shortest, longest = int(span.argmin()), int(span.argmax())
        raise ValueError(
            f"recordings cover different spans ({names[shortest]}: {first[shortest]:.2f}-{last[shortest]:.2f} s, "
            f"{names[longest]}: {first[longest]:.2f}-{last[longest]:.2f} s); "
            'choose extent="common" to trim to what all cover, or extent="union" to keep all with gaps'
        )


def _shared_attrs(recordings: Mapping[str, xr.DataArray]) -> dict:
    """Attributes that all recordings agree on."""
    attrs = [x.attrs for x in recordings.values()]
    return {k: v for k, v in attrs[0].items() if all(k in a and a[k] == v for a in attrs)}

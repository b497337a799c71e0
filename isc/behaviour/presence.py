"""Which rater reports a peak in which window: 1, 0, or NaN where there is no valid log."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

METHODS = ("share", "density", "count_at_maximum")
WINDOW_COORDS = ("time", "start", "stop")
CLOCK_SLACK = 1e-6  # s, rounding of window edges and log markers
Windows: TypeAlias = xr.DataArray | xr.Dataset
Raters: TypeAlias = Sequence[str] | pd.DataFrame | None


class Rule(NamedTuple):
    """When a peak counts for a window; seconds."""

    method: str
    bandwidth: float
    tolerance: float


class Presses(NamedTuple):
    """Peaks as arrays: number of the rater, first and last second."""

    rater: np.ndarray
    onset: np.ndarray
    end: np.ndarray


class Edges(NamedTuple):
    """Centre, first and last second of every window."""

    time: np.ndarray
    start: np.ndarray
    stop: np.ndarray


def peak_presence(
    peaks: pd.DataFrame,
    *,
    windows: xr.DataArray | xr.Dataset,
    raters: Sequence[str] | pd.DataFrame | None = None,
    tolerance: float = 0.0,
) -> xr.DataArray:
    """Whether each rater reports a peak in each window, as ``krippendorff_alpha`` wants it.

    Parameters
    ----------
    peaks : DataFrame
        As for ``peak_agreement``, as are all options.
    windows : DataArray or Dataset
    raters : sequence of str, DataFrame or None
    tolerance : float
        Seconds.

    Returns
    -------
    DataArray
        Dims (subject, window), float64: 1 = a peak, 0 = none, NaN = no valid log.

    Raises
    ------
    ValueError
        As ``peak_agreement``.

    Examples
    --------
    >>> edge = {"start": [0.0, 5.0], "stop": [5.0, 10.0], "time": [2.5, 7.5]}
    >>> windows = xr.Dataset(coords={name: ("window", value) for name, value in edge.items()})
    >>> peak_presence(pd.DataFrame({"subject": ["a"], "onset": [6.0]}), windows=windows).values.tolist()
    [[0.0, 1.0]]
    """
    return presence_of(peaks, windows, raters, checked_rule("share", 1.0, tolerance))


def check_windows(windows: xr.DataArray | xr.Dataset, name: str) -> None:
    """Raise ValueError unless `windows` has dim window with time, start, stop; `name` is the user's word for it."""
    missing = [coord for coord in WINDOW_COORDS if coord not in windows.coords]
    if "window" not in windows.dims or missing:
        raise ValueError(
            f"{name} must have the dim window with the coordinates time, start and stop (s), missing: "
            f"{missing or 'the dim'}; use the result of temporal_isc"
        )


def presence_of(peaks: pd.DataFrame, windows: Windows, raters: Raters, rule: Rule) -> xr.DataArray:
    """(subject, window) in 0..1, NaN where the rater's log does not cover the window."""
    logs = read_logs(raters, peaks)
    names = sorted(set(logs["subject"]))
    edges = read_edges(windows)
    present = presence_matrix(read_presses(peaks, names), len(names), edges, rule)
    present[~covered(logs, names, edges)] = np.nan
    return xr.DataArray(
        present,
        dims=("subject", "window"),
        coords={"subject": names} | {name: windows[name] for name in WINDOW_COORDS},
        name="presence",
    )


def presence_matrix(presses: Presses, n_rater: int, edges: Edges, rule: Rule) -> np.ndarray:
    """(rater, window) in 0..1 as if every log were valid throughout: a rater's largest weight of any peak."""
    order = np.argsort(presses.rater, kind="stable")
    rater, onset, end = presses.rater[order], presses.onset[order, None], presses.end[order, None]
    if rule.method == "density":
        distance = np.maximum(0.0, np.maximum(onset - edges.time, edges.time - end))
        weight = np.exp(-(distance**2) / (2 * rule.bandwidth**2))
    else:
        weight = ((onset < edges.stop + rule.tolerance) & (end >= edges.start - rule.tolerance)).astype(float)
    present = np.zeros((n_rater, edges.time.size))
    if rater.size:
        first = np.flatnonzero(np.diff(rater, prepend=-1))
        present[rater[first]] = np.maximum.reduceat(weight, first, axis=0)
    return present


def over_raters(presence: np.ndarray, method: str) -> np.ndarray:
    """Share (or count) of the raters with a valid log, (window,); NaN where there is none."""
    n_raters = np.isfinite(presence).sum(axis=0)
    total = np.where(n_raters > 0, np.nansum(presence, axis=0), np.nan)
    return total if method == "count_at_maximum" else total / np.maximum(n_raters, 1)


def read_edges(windows: Windows) -> Edges:
    """Seconds of the windows, checked."""
    check_windows(windows, "windows")
    return Edges(*(windows[name].values.astype(float) for name in Edges._fields))


def read_presses(peaks: pd.DataFrame, names: list[str]) -> Presses:
    """Peaks of the named raters; a missing duration is none."""
    subject = peaks["subject"].astype(str)
    own = peaks[subject.isin(names)]
    onset = own["onset"].to_numpy(float)
    duration = own["duration"].fillna(0.0).to_numpy(float) if "duration" in own else 0.0
    return Presses(np.searchsorted(names, own["subject"].astype(str)), onset, onset + duration)


def read_logs(raters: Raters, peaks: pd.DataFrame) -> pd.DataFrame:
    """Intervals of valid log: subject, start, stop; unbounded where only names are known."""
    if not {"subject", "onset"} <= set(peaks.columns):
        raise ValueError(f"peaks must have the columns subject and onset (s), not {list(peaks.columns)}; rename them")
    if not np.isfinite(peaks["onset"].to_numpy(float)).all():
        raise ValueError(f"peaks must have finite onsets, {peaks['onset'].isna().sum()} have none; drop those rows")
    if isinstance(raters, pd.DataFrame):
        if not {"subject", "start", "stop"} <= set(raters.columns):
            raise ValueError(f"raters must have the columns subject, start and stop (s), not {list(raters.columns)}")
        logs = raters[["subject", "start", "stop"]].astype({"subject": str, "start": float, "stop": float})
    else:
        names = sorted({str(name) for name in (peaks["subject"].unique() if raters is None else raters)})
        logs = pd.DataFrame({"subject": names, "start": -np.inf, "stop": np.inf})
    if logs.empty:
        raise ValueError("raters must name somebody with a valid log, none is left; an empty log counts as missing")
    return logs.reset_index(drop=True)


def covered(logs: pd.DataFrame, names: list[str], edges: Edges) -> np.ndarray:
    """(rater, window): the window lies in one interval of the rater's log."""
    inside = (logs["start"].to_numpy()[:, None] <= edges.start + CLOCK_SLACK) & (
        logs["stop"].to_numpy()[:, None] >= edges.stop - CLOCK_SLACK
    )
    valid = np.zeros((len(names), edges.time.size), dtype=bool)
    np.logical_or.at(valid, np.searchsorted(names, logs["subject"]), inside)
    return valid


def checked_rule(method: str, bandwidth: float, tolerance: float) -> Rule:
    """Rule from the user's words."""
    if method not in METHODS:
        hint = "; it needs continuous ratings instead of peaks" if method == "tisc" else ""
        raise ValueError(f"method must be one of {METHODS}, not {method!r}{hint}")
    if not (bandwidth > 0 and tolerance >= 0):
        raise ValueError(f"bandwidth must be above 0 s and tolerance 0 s or more, not {bandwidth} and {tolerance}")
    return Rule(method, float(bandwidth), float(tolerance))

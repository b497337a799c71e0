"""Agreement of raters about when there was a peak, on the windows of a synchrony series, and its chance band."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

METHODS = ("share", "density", "count_at_maximum")
WINDOW_COORDS = ("time", "start", "stop")
Windows: TypeAlias = xr.DataArray | xr.Dataset
Raters: TypeAlias = Sequence[str] | pd.DataFrame | None
CLOCK_SLACK = 1e-6  # s, rounding of window edges and log markers


class _Rule(NamedTuple):
    """When a peak counts for a window; seconds."""

    method: str
    bandwidth: float
    tolerance: float


def peak_agreement(
    peaks: pd.DataFrame,
    *,
    windows: xr.DataArray | xr.Dataset,
    raters: Sequence[str] | pd.DataFrame | None = None,
    method: str = "share",
    bandwidth: float = 1.0,
    tolerance: float = 0.0,
) -> xr.DataArray:
    """How many raters report a peak in each window.

    The share of observers a segment follows Labs et al. 2015, doi 10.12688/f1000research.6230.1; a rater counts once a
    window, however often he presses.

    Parameters
    ----------
    peaks : DataFrame
        Columns ``subject``, ``onset`` (s from stimulus onset), optionally ``duration`` (s; missing = 0): key presses,
        episodes or the result of ``find_peaks``.
    windows : DataArray or Dataset
        Anything with the dim ``window`` and its coordinates ``time`` (centre), ``start``, ``stop`` in seconds: a t-ISC.
    raters : sequence of str, DataFrame or None
        Who kept a valid log: names (a rater without peaks then counts as zero peaks), or a table ``subject``,
        ``start``, ``stop`` (s) of the intervals in which each log ran: a rater counts in the windows that lie in one
        interval. By default the subjects of ``peaks``: an empty log is missing. Peaks of others are ignored.
    method : {"share", "density", "count_at_maximum"}
        ``"share"``: share of raters with a peak in the window. ``"density"``: mean over raters of
        ``exp(-d**2 / (2 * bandwidth**2))``, d = time from the window's centre to that rater's nearest peak.
        ``"count_at_maximum"``: number of raters with a peak in the window, as the published scripts count those whose
        intensity is at its maximum.
    bandwidth : float
        Standard deviation of the kernel of ``"density"``, seconds.
    tolerance : float
        Seconds by which windows are widened at both ends for the other methods.

    Returns
    -------
    DataArray
        Named ``agreement``, dim (window,), float64, 1 (or raters, for the count), coordinates ``time``, ``start``,
        ``stop`` and ``n_raters``; NaN where no rater has a valid log.

    Raises
    ------
    ValueError
        Missing columns, coordinates or onsets, no rater, unknown method, or a bandwidth or tolerance out of range.

    Examples
    --------
    >>> edge = {"start": [0.0, 5.0], "stop": [5.0, 10.0], "time": [2.5, 7.5]}
    >>> windows = xr.Dataset(coords={name: ("window", value) for name, value in edge.items()})
    >>> peaks = pd.DataFrame({"subject": ["a", "a", "b"], "onset": [1.0, 2.0, 7.0]})
    >>> peak_agreement(peaks, windows=windows, raters=["a", "b", "c", "d"]).values.tolist()
    [0.25, 0.25]
    """
    rule = _checked_rule(method, bandwidth, tolerance)
    presence = _presence(peaks, windows, raters, rule)
    agreement = _over_raters(presence.values, method)
    return xr.DataArray(
        agreement,
        dims="window",
        coords={name: windows[name] for name in WINDOW_COORDS}
        | {"n_raters": ("window", np.isfinite(presence.values).sum(axis=0))},
        name="agreement",
        attrs=_settings(rule, raters, presence["subject"].values.tolist()),
    )


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
    peaks, windows, raters, tolerance
        As for ``peak_agreement``.

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
    return _presence(peaks, windows, raters, _checked_rule("share", 1.0, tolerance))


def chance_band(
    peaks: pd.DataFrame,
    *,
    windows: xr.DataArray | xr.Dataset,
    duration: float,
    n_surrogates: int = 1000,
    seed: int = 0,
    alpha: float = 0.05,
) -> xr.Dataset:
    """Agreement that raters reach by chance: the band that its largest window stays below.

    Each rater's peaks are shifted circularly by one random time, independently of the other raters, so that every
    rater keeps the number and spacing of peaks; the largest agreement over all windows is kept. A log that ran for a
    part of the film is shifted within that part.

    Parameters
    ----------
    peaks : DataFrame
        As for ``peak_agreement``.
    windows : DataArray or Dataset
        The agreement to be judged: method, tolerance, bandwidth and raters are read from its attrs. Other windows are
        judged by ``peak_agreement``'s defaults.
    duration : float
        Length of the film, seconds.
    n_surrogates : int
        Number of shifted data sets.
    seed : int
        The same seed gives the same bits.
    alpha : float
        Familywise error over windows.

    Returns
    -------
    Dataset
        ``threshold`` (scalar): agreement that a share alpha of the surrogates exceeds somewhere in the film;
        ``maximum`` (surrogate).

    Raises
    ------
    ValueError
        As ``peak_agreement``; a film shorter than its windows; no surrogates; alpha outside (0, 1).

    Examples
    --------
    >>> edge = {"start": np.arange(0.0, 60, 5), "stop": np.arange(5.0, 65, 5), "time": np.arange(2.5, 60, 5)}
    >>> windows = xr.Dataset(coords={name: ("window", value) for name, value in edge.items()})
    >>> peaks = pd.DataFrame({"subject": list("abcd"), "onset": [31.0, 32.0, 33.0, 34.0]})
    >>> agreement = peak_agreement(peaks, windows=windows)
    >>> float(chance_band(peaks, windows=agreement, duration=60.0, seed=1).threshold), float(agreement.max())
    (0.5, 1.0)
    """
    _check_band(windows, duration, n_surrogates, alpha)
    rule, raters = _recorded_settings(windows)
    logs = _logs(raters, peaks)
    if raters is None or not isinstance(raters, pd.DataFrame):
        logs = logs.assign(start=0.0, stop=duration)
    cycle = _within_logs(peaks, logs)
    fraction = np.random.default_rng(seed).random((n_surrogates, len(logs)))
    maximum = [
        np.nanmax(_over_raters(_presence(_shifted(cycle, row), windows, logs, rule).values, rule.method), initial=0.0)
        for row in fraction
    ]
    threshold = np.quantile(maximum, 1 - alpha, method="higher")
    return xr.Dataset(
        {"threshold": threshold, "maximum": ("surrogate", np.array(maximum))},
        attrs={
            "duration_s": duration,
            "n_surrogates": n_surrogates,
            "seed": seed,
            "alpha": alpha,
            "method": rule.method,
        },
    )


def check_windows(windows: xr.DataArray | xr.Dataset, name: str) -> None:
    """Raise ValueError unless `windows` has dim window with time, start, stop; `name` is the user's word for it."""
    missing = [coord for coord in WINDOW_COORDS if coord not in windows.coords]
    if "window" not in windows.dims or missing:
        raise ValueError(
            f"{name} must have the dim window with the coordinates time, start and stop (s), missing: "
            f"{missing or 'the dim'}; use the result of temporal_isc"
        )


def _presence(peaks: pd.DataFrame, windows: Windows, raters: Raters, rule: _Rule) -> xr.DataArray:
    """(subject, window) in 0..1, NaN where the rater's log does not cover the window."""
    check_windows(windows, "windows")
    logs = _logs(raters, peaks)
    names = sorted(set(logs["subject"]))
    start, stop, centre = (windows[name].values.astype(float) for name in ("start", "stop", "time"))
    own = peaks[peaks["subject"].astype(str).isin(names)]
    onset = own["onset"].to_numpy(float)[:, None]
    end = onset + _duration(own)[:, None]
    if rule.method == "density":
        distance = np.maximum(0.0, np.maximum(onset - centre, centre - end))
        weight = np.exp(-(distance**2) / (2 * rule.bandwidth**2))
    else:
        weight = ((onset < stop + rule.tolerance) & (end >= start - rule.tolerance)).astype(float)
    present = np.zeros((len(names), start.size))
    np.maximum.at(present, np.searchsorted(names, own["subject"].astype(str)), weight)
    present[~_covered(logs, names, start, stop)] = np.nan
    return xr.DataArray(
        present,
        dims=("subject", "window"),
        coords={"subject": names} | {name: windows[name] for name in WINDOW_COORDS},
        name="presence",
    )


def _over_raters(presence: np.ndarray, method: str) -> np.ndarray:
    n_raters = np.isfinite(presence).sum(axis=0)
    total = np.where(n_raters > 0, np.nansum(presence, axis=0), np.nan)
    return total if method == "count_at_maximum" else total / np.maximum(n_raters, 1)


def _logs(raters: Raters, peaks: pd.DataFrame) -> pd.DataFrame:
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


def _covered(logs: pd.DataFrame, names: list[str], start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """(rater, window): the window lies in one interval of the rater's log."""
    inside = (logs["start"].to_numpy()[:, None] <= start + CLOCK_SLACK) & (
        logs["stop"].to_numpy()[:, None] >= stop - CLOCK_SLACK
    )
    covered = np.zeros((len(names), start.size), dtype=bool)
    np.logical_or.at(covered, np.searchsorted(names, logs["subject"]), inside)
    return covered


def _duration(peaks: pd.DataFrame) -> np.ndarray:
    if "duration" not in peaks:
        return np.zeros(len(peaks))
    return peaks["duration"].fillna(0.0).to_numpy(float)


def _within_logs(peaks: pd.DataFrame, logs: pd.DataFrame) -> pd.DataFrame:
    """Peaks with the interval of the log (row, start, length) that they fall in; others are dropped."""
    own = peaks.assign(subject=peaks["subject"].astype(str), duration=_duration(peaks))
    intervals = logs.assign(row=np.arange(len(logs)), length=logs["stop"] - logs["start"])
    both = own[["subject", "onset", "duration"]].merge(intervals, on="subject")
    return both[(both["onset"] >= both["start"]) & (both["onset"] <= both["stop"])]


def _shifted(cycle: pd.DataFrame, fraction: np.ndarray) -> pd.DataFrame:
    """Peaks moved circularly by a fraction of their log; a peak that leaves at the end comes in at the start."""
    shift = fraction[cycle["row"].to_numpy()] * cycle["length"]
    moved = cycle.assign(onset=cycle["start"] + (cycle["onset"] - cycle["start"] + shift) % cycle["length"])
    beyond = moved[moved["onset"] + moved["duration"] > moved["stop"]]
    return pd.concat([moved, beyond.assign(onset=beyond["onset"] - beyond["length"])])


def _settings(rule: _Rule, raters: Raters, names: list[str]) -> dict[str, str | float | list]:
    """What ``chance_band`` needs to repeat the count."""
    settings: dict[str, str | float | list] = {"method": rule.method, "tolerance_s": rule.tolerance, "raters": names}
    if rule.method == "density":
        settings["bandwidth_s"] = rule.bandwidth
    if isinstance(raters, pd.DataFrame):
        settings |= {f"log_{name}": raters[name].tolist() for name in ("subject", "start", "stop")}
    return settings


def _recorded_settings(windows: xr.DataArray | xr.Dataset) -> tuple[_Rule, list[str] | pd.DataFrame | None]:
    settings = windows.attrs if windows.attrs.get("method") in METHODS else {}
    rule = _Rule(settings.get("method", "share"), settings.get("bandwidth_s", 1.0), settings.get("tolerance_s", 0.0))
    if "log_subject" in settings:
        return rule, pd.DataFrame({name: settings[f"log_{name}"] for name in ("subject", "start", "stop")})
    return rule, settings.get("raters")


def _checked_rule(method: str, bandwidth: float, tolerance: float) -> _Rule:
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, not {method!r}")
    if not (bandwidth > 0 and tolerance >= 0):
        raise ValueError(f"bandwidth must be above 0 s and tolerance 0 s or more, not {bandwidth} and {tolerance}")
    return _Rule(method, float(bandwidth), float(tolerance))


def _check_band(windows: Windows, duration: float, n_surrogates: int, alpha: float) -> None:
    check_windows(windows, "windows")
    last = float(windows["stop"].max())
    if duration < last - CLOCK_SLACK:
        raise ValueError(
            f"duration must reach the end of the last window, {last:g} s, but is {duration:g} s; give the film's"
        )
    if n_surrogates < 1 or not 0 < alpha < 1:
        raise ValueError(f"n_surrogates must be 1 or more and alpha in (0, 1), not {n_surrogates} and {alpha}")

"""Agreement of raters about when there was a peak, on the windows of a synchrony series, and its chance band."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from isc.behaviour.presence import (
    CLOCK_SLACK,
    METHODS,
    WINDOW_COORDS,
    Presses,
    Raters,
    Rule,
    Windows,
    check_windows,
    checked_rule,
    covered,
    over_raters,
    presence_matrix,
    presence_of,
    read_edges,
    read_logs,
    read_presses,
)
from isc.behaviour.rating_synchrony import tisc_of_ratings


def peak_agreement(
    peaks: pd.DataFrame | xr.DataArray,
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
        episodes or the result of ``find_peaks``. For ``"tisc"``: continuous ratings, DataArray (subject, time).
    windows : DataArray or Dataset
        Anything with the dim ``window`` and its coordinates ``time`` (centre), ``start``, ``stop`` in seconds: a t-ISC.
    raters : sequence of str, DataFrame or None
        Who kept a valid log: names (a rater without peaks then counts as zero peaks), or a table ``subject``,
        ``start``, ``stop`` (s) of the intervals in which each log ran: a rater counts in the windows that lie in one
        interval. By default the subjects of ``peaks``: an empty log is missing. Peaks of others are ignored.
    method : {"share", "density", "count_at_maximum", "tisc"}
        ``"share"``: share of raters with a peak in the window. ``"density"``: mean over raters of
        ``exp(-d**2 / (2 * bandwidth**2))``, d = time from the window's centre to that rater's nearest peak.
        ``"count_at_maximum"``: number of raters with a peak in the window, as the published scripts count those whose
        intensity is at its maximum. ``"tisc"``: t-ISC of the ratings, the mean correlation over all pairs of raters
        in the window (`raters`, `bandwidth` and `tolerance` unused); raters whose rating does not move are left out.
    bandwidth : float
        Standard deviation of the kernel of ``"density"``, seconds.
    tolerance : float
        Seconds by which windows are widened at both ends for the other methods.

    Returns
    -------
    DataArray
        Named ``agreement``, dim (window,), float64, 1 (or raters, for the count), coordinates ``time``, ``start``,
        ``stop`` and ``n_raters``; NaN where no rater has a valid log (for ``"tisc"``: fewer than two).

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
    if isinstance(peaks, xr.DataArray):
        return _agreement_of_ratings(peaks, windows, method)
    rule = checked_rule(method, bandwidth, tolerance)
    presence = presence_of(peaks, windows, raters, rule)
    agreement = over_raters(presence.values, method)
    return xr.DataArray(
        agreement,
        dims="window",
        coords={name: windows[name] for name in WINDOW_COORDS}
        | {"n_raters": ("window", np.isfinite(presence.values).sum(axis=0))},
        name="agreement",
        attrs=_settings(rule, raters, presence["subject"].values.tolist()),
    )


def _agreement_of_ratings(ratings: xr.DataArray, windows: Windows, method: str) -> xr.DataArray:
    if method != "tisc":
        raise ValueError(
            f'method must be "tisc" for continuous ratings, not {method!r}; for the others give the peaks of '
            "find_peaks(ratings)"
        )
    return tisc_of_ratings(ratings, windows)


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
        ``threshold`` (scalar): the k-th largest of the surrogates' maxima, ``k = floor(alpha * (M + 1))`` of M, so that
        agreement above it has ``p = (b + 1) / (M + 1) <= alpha``; ``maximum`` (surrogate).

    Raises
    ------
    ValueError
        As ``peak_agreement``; a film shorter than its windows; alpha outside (0, 1); fewer surrogates than
        ``1 / alpha - 1``, by which no agreement could be beyond chance.

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
    rule, raters = recorded_settings(windows)
    logs = read_logs(raters, peaks)
    names, edges = sorted(set(logs["subject"])), read_edges(windows)
    valid = covered(logs, names, edges)
    film = logs.assign(start=logs["start"].clip(lower=0.0), stop=logs["stop"].clip(upper=duration))
    maximum = np.zeros(n_surrogates)
    for k, shifted in enumerate(_shifted_presses(read_presses(peaks, names), film, names, n_surrogates, seed)):
        presence = np.where(valid, presence_matrix(shifted, len(names), edges, rule), np.nan)
        maximum[k] = np.nanmax(over_raters(presence, rule.method), initial=0.0)
    threshold = np.sort(maximum)[-_rank(alpha, n_surrogates)]
    settings = {
        "duration_s": duration,
        "n_surrogates": n_surrogates,
        "seed": seed,
        "alpha": alpha,
        "method": rule.method,
    }
    return xr.Dataset({"threshold": threshold, "maximum": ("surrogate", maximum)}, attrs=settings)


def _shifted_presses(
    presses: Presses, logs: pd.DataFrame, names: list[str], n_surrogates: int, seed: int
) -> Iterator[Presses]:
    """Presses moved circularly within the interval of the log that holds them; those outside any are dropped."""
    owner, start, stop = np.searchsorted(names, logs["subject"]), logs["start"].to_numpy(), logs["stop"].to_numpy()
    holds = (presses.rater[:, None] == owner) & (presses.onset[:, None] >= start) & (presses.onset[:, None] <= stop)
    inside, row = holds.any(axis=1), holds.argmax(axis=1)
    rater, row = presses.rater[inside], row[inside]
    first, length = start[row], (stop - start)[row]
    since, lasts = presses.onset[inside] - first, (presses.end - presses.onset)[inside]
    for fraction in np.random.default_rng(seed).random((n_surrogates, len(logs))):
        onset = first + (since + fraction[row] * length) % length
        wraps = onset + lasts > first + length  # what leaves at the end comes in at the start
        onset = np.concatenate([onset, (onset - length)[wraps]])
        yield Presses(np.concatenate([rater, rater[wraps]]), onset, onset + np.concatenate([lasts, lasts[wraps]]))


def _settings(rule: Rule, raters: Raters, names: list[str]) -> dict[str, str | float | list]:
    """What ``chance_band`` needs to repeat the count."""
    settings: dict[str, str | float | list] = {"method": rule.method, "tolerance_s": rule.tolerance, "raters": names}
    if rule.method == "density":
        settings["bandwidth_s"] = rule.bandwidth
    if isinstance(raters, pd.DataFrame):
        settings |= {f"log_{name}": raters[name].tolist() for name in ("subject", "start", "stop")}
    return settings


def recorded_settings(windows: xr.DataArray | xr.Dataset) -> tuple[Rule, list[str] | pd.DataFrame | None]:
    """Rule and raters that an agreement keeps in its attrs; the defaults for any other windows."""
    settings = windows.attrs if windows.attrs.get("method") in METHODS else {}
    rule = Rule(settings.get("method", "share"), settings.get("bandwidth_s", 1.0), settings.get("tolerance_s", 0.0))
    if "log_subject" in settings:
        return rule, pd.DataFrame({name: settings[f"log_{name}"] for name in ("subject", "start", "stop")})
    return rule, settings.get("raters")


def _check_band(windows: Windows, duration: float, n_surrogates: int, alpha: float) -> None:
    check_windows(windows, "windows")
    last = float(windows["stop"].max())
    if duration < last - CLOCK_SLACK:
        raise ValueError(
            f"duration must reach the end of the last window, {last:g} s, but is {duration:g} s; give the film's"
        )
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be in (0, 1), not {alpha}")
    if _rank(alpha, n_surrogates) < 1:
        fewest = int(np.ceil(1 / alpha - 1e-9)) - 1
        raise ValueError(f"n_surrogates must be {fewest} or more for alpha {alpha:g}, not {n_surrogates}")


def _rank(alpha: float, n_surrogates: int) -> int:
    """Rank of the threshold among the maxima, 1 = largest."""
    return int(np.floor(alpha * (n_surrogates + 1) + 1e-9))

"""Does synchrony go with reported peaks? Correlation with agreement, tested against shifts of the agreement in time."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import xarray as xr

from isc.behaviour.association import Association, Plan, associate
from isc.behaviour.controls import PressExclusion, SplitHalf
from isc.behaviour.presence import check_windows
from isc.behaviour.series import FEWEST_WINDOWS
from isc.behaviour.verdict import notes, refusal

Method = Literal["circular_shift", "effective_n", "glsar", "naive"]
Statistic = Literal["pearson", "spearman"]
CHOICES = {
    "method": ("circular_shift", "effective_n", "glsar", "naive"),
    "statistic": ("pearson", "spearman"),
    "detrend": ("linear", None),
}
GRID_SLACK = 0.01  # steps; windows start at whole samples, so a ratio of 3 may come out as 3.0002
UNEVEN = 0.5  # steps; a window was dropped beyond it
UNITS = {"r": "1", "lag": "s", "p": "1", "p_fwe": "1", "effective_n": "windows"}


def correlate_with_agreement(
    tisc: xr.DataArray,
    agreement: xr.DataArray,
    *,
    lags: tuple[float, float] = (0.0, 3.0),
    method: Method = "circular_shift",
    statistic: Statistic = "pearson",
    detrend: Literal["linear"] | None = "linear",
    control: SplitHalf | PressExclusion | None = None,
) -> xr.Dataset:
    """Correlation of t-ISC with agreement, at the lag where it is strongest.

    The null of ``"circular_shift"`` rolls the one agreement series against all features at once, by every number of
    windows that keeps clear of the real alignment (exact: no random numbers), and searches the same lags. The largest
    ``|r|`` over lags gives ``p``, over lags and features ``p_fwe``.

    Parameters
    ----------
    tisc : DataArray, dims include (window,)
        t-ISC of any features, evenly spaced, with coordinates ``time``, ``start``, ``stop`` (s) on ``window``. NaN
        windows are left out of that feature's correlations, under every shift; do not drop them.
    agreement : DataArray, dims (window,)
        On the same windows. NaN windows are left out, and move with the shifts.
    lags : (float, float)
        Smallest and largest lag in seconds, fixed before looking at the data; searched in steps of the windows. A
        positive lag means that reports come after synchrony. Windows that lose their partner are left out.
    method : {"circular_shift", "effective_n", "glsar", "naive"}
        How p is found. ``"circular_shift"``: shifts of at least one window length and of more than twice the largest
        lag. ``"effective_n"``: Student's t with the effective number of windows. ``"glsar"``: slope of agreement on
        t-ISC with autoregressive errors of order 4 (statsmodels; milliseconds a feature, so select some first; gaps
        are closed up). Both pay for lags and features by Bonferroni. ``"naive"``: Student's t with all windows,
        uncorrected and without p_fwe; for comparison only, and its result says so.
    statistic : {"pearson", "spearman"}
        Spearman ranks both series once, after detrending.
    detrend : {"linear", None}
        Line taken out of both series once, before shifts and lags.
    control : SplitHalf or PressExclusion, optional
        When the same people give faces and presses, pressing itself can move faces. The relation is tested a second
        time, in the same way, between the faces of one half of the people and the presses of the other
        (`isc.SplitHalf`), or with everybody's face left out around their own presses (`isc.PressExclusion`).

    Returns
    -------
    Dataset with ``r``, ``lag`` (s), ``p``, ``p_fwe``, ``effective_n``, dims of the features
        ``effective_n`` counts independent windows. r is NaN where a series is constant; p is NaN where r is, and
        where a feature has fewer than 10 effective windows (it is then left out of the maximum). attrs: the settings,
        ``n_windows``, ``n_shifts`` (0 for the formulas), ``warnings`` (list of str, one for each reason why a value
        is missing or approximate) and ``refused``: why no feature has a p, or "". A film shorter than 3 minutes is
        refused; p is called approximate below 50 effective windows. With a control also ``control_r``,
        ``control_lag``, ``control_p``, ``control_p_fwe``, ``control_effective_n`` and the attrs ``control``,
        ``control_refused``, ``control_warnings``: look whether r keeps its sign and size, as half of the people or of
        the time makes a weaker test.

    Raises
    ------
    ValueError
        When windows are missing, uneven or not the same, lags are not a range that holds a multiple of the step and
        fits into the film, a choice is not known, or the control's synchrony is on other windows or features.

    References
    ----------
    Pyper & Peterman 1998, Can J Fish Aquat Sci 55:2127-2140, doi:10.1139/f98-104 (effective_n).
    Nichols & Holmes 2002, Hum Brain Mapp 15:1-25, doi:10.1002/hbm.1058 (maximum statistic).
    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39, doi:10.2202/1544-6115.1585 (p of a rank).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> start = np.arange(200) * 5 / 3
    >>> coords = {"start": ("window", start), "stop": ("window", start + 5), "time": ("window", start + 2.5)}
    >>> press = xr.DataArray(rng.normal(size=200), dims="window", coords=coords)
    >>> synchrony = press.roll(window=-1) + 0.5 * rng.normal(size=200)
    >>> result = correlate_with_agreement(synchrony, press)
    >>> round(float(result.lag), 2), bool(result.p < 0.05)
    (1.67, True)
    """
    choices = {"method": method, "statistic": statistic, "detrend": detrend}
    result = _related(tisc, agreement, lags, choices)
    if control is None:
        return result
    controlled = _related(*control.series(tisc, agreement), lags, choices)
    beside = controlled.rename({name: f"control_{name}" for name in UNITS})
    attrs = {"control": control.name} | {f"control_{key}": controlled.attrs[key] for key in ("refused", "warnings")}
    return result.merge(beside, join="override", compat="override").assign_attrs(result.attrs | attrs)


def _related(
    tisc: xr.DataArray, agreement: xr.DataArray, lags: tuple[float, float], choices: Mapping[str, str | None]
) -> xr.Dataset:
    """Strongest correlation of every feature and its p, labelled."""
    _check(tisc, agreement, choices)
    step, steps, shifts = _grid(tisc, lags)
    shifts = shifts if choices["method"] == "circular_shift" else shifts[:0]
    plan = Plan(steps, shifts, str(choices["method"]), str(choices["statistic"]), choices["detrend"])
    dims = [dim for dim in tisc.dims if dim != "window"]
    series = tisc.transpose(*dims, "window").values.reshape(-1, tisc.sizes["window"])
    found = associate(series, agreement.values, plan)
    refused = refusal(tisc, agreement, found, plan)
    attrs = {
        **choices,
        "detrend": choices["detrend"] or "none",
        "lags_s": (steps * step).tolist(),
        "n_windows": int(tisc.sizes["window"]),
        "n_shifts": int(plan.shifts.size),
        "refused": refused,
        "warnings": notes(series, found, plan, refused),
    }
    if refused:
        nothing = np.full(found.p.shape, np.nan)
        found = found._replace(p=nothing, p_fwe=nothing)
    return _labelled(tisc, found._replace(lag=found.lag * step)).assign_attrs(attrs)


def _check(tisc: xr.DataArray, agreement: xr.DataArray, choices: Mapping[str, str | None]) -> None:
    check_windows(tisc, "tisc")
    check_windows(agreement, "agreement")
    if agreement.dims != ("window",):
        raise ValueError(f"agreement must have the one dim window; given {agreement.dims}")
    if tisc.sizes["window"] != agreement.sizes["window"] or not np.allclose(tisc["start"], agreement["start"]):
        raise ValueError(
            f"tisc ({tisc.sizes['window']} windows) and agreement ({agreement.sizes['window']}) must be on the same "
            "windows; compute agreement with windows=tisc"
        )
    for name, choice in choices.items():
        if choice not in CHOICES[name]:
            raise ValueError(f"{name} must be one of {CHOICES[name]}; given {choice!r}")


def _grid(tisc: xr.DataArray, lags: tuple[float, float]) -> tuple[float, np.ndarray, np.ndarray]:
    """Step (s), the lags of the range and the shifts that keep clear of the real alignment (both in windows)."""
    n_window, step = tisc.sizes["window"], _step(tisc)
    if not (np.isfinite(lags).all() and lags[0] <= lags[1]):
        raise ValueError(f"lags must be a range (smallest, largest) in seconds; given {lags}")
    steps = np.arange(np.ceil(lags[0] / step - GRID_SLACK), np.floor(lags[1] / step + GRID_SLACK) + 1).astype(int)
    if not steps.size:
        raise ValueError(
            f"no window step of {step:.3g} s lies between the lags {lags[0]:g} and {lags[1]:g} s; widen them"
        )
    largest = int(np.abs(steps).max())
    if largest > n_window - FEWEST_WINDOWS:
        raise ValueError(
            f"lags reach {largest * step:.3g} s but the film has {n_window} windows of {step:.3g} s; narrow them"
        )
    length = float((tisc["stop"] - tisc["start"]).median())
    nearest = max(int(np.ceil(length / step - GRID_SLACK)), 2 * largest + 1)
    return step, steps, np.arange(nearest, n_window - nearest + 1)


def _step(tisc: xr.DataArray) -> float:
    start = tisc["start"].values.astype(np.float64)
    if start.size < FEWEST_WINDOWS:
        raise ValueError(
            f"tisc must have at least {FEWEST_WINDOWS} windows; given {start.size}; choose shorter windows"
        )
    steps = np.diff(start)
    if (np.abs(steps - np.median(steps)) > UNEVEN * np.median(steps)).any():
        raise ValueError(
            f"windows must be evenly spaced; their steps run from {steps.min():.3g} to {steps.max():.3g} s; "
            "keep windows without data as NaN"
        )
    return float((start[-1] - start[0]) / (start.size - 1))


def _labelled(tisc: xr.DataArray, found: Association) -> xr.Dataset:
    """Values on the dims and coordinates of the features."""
    features = tisc.isel(window=0, drop=True)
    dims = [dim for dim in tisc.dims if dim != "window"]
    coords = {name: coord for name, coord in features.coords.items() if coord.dims}
    shape = [tisc.sizes[dim] for dim in dims]
    result = xr.Dataset({name: (dims, part.reshape(shape)) for name, part in found._asdict().items()}, coords=coords)
    for name, unit in UNITS.items():
        result[name].attrs["units"] = unit
    return result

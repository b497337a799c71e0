"""The nulls of one result side by side: what each reaches, what it tests and what it does not."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from isc.plots.null import plain_name

NOT_TESTED = "not tested"
# What significance against a null does not show; the numbers are those of benchmarks/calibration.py (200 data sets
# without synchrony a kind, see docs/calibration.md).
NULL_LIMITS = {
    "circular_shift": (
        "holds only while signals are equally smooth throughout: where the film changes everybody's smoothness at "
        "once, it declared significance in 64 % of data sets without synchrony. A shared onset or trend is synchrony "
        "to it"
    ),
    "timepoint_shuffle": (
        "not a test of synchrony: single frames are exchanged and autocorrelation is destroyed, so that smooth "
        "signals exceed it without synchrony (100 % of smooth data sets, 11 to 22 % of all cells). Shown to reproduce "
        "earlier analyses"
    ),
    "sign_flip": (
        "assumes that a movement and its opposite are equally likely. A shared onset or trend is synchrony to it"
    ),
    "phase": "assumes stationary, Gaussian signals: it failed where smoothness changes, and is strict for rare events",
    "block": "holds only while signals are equally smooth throughout, as the circular shift",
    "pseudo_group": "holds only where the other stimuli have the same course of smoothness",
}


def compare_nulls(tisc: xr.DataArray, thresholds: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Thresholds of several nulls for the same t-ISC, with what each controls, as a table of text.

    Parameters
    ----------
    tisc : DataArray, dims (window, ...)
        The observed t-ISC. NaN cells are not counted.
    thresholds : mapping of scheme to Dataset
        From `isc.thresholds`; with dim ``window`` the median over windows is written, and each cell is compared with
        the threshold of its own window.

    Returns
    -------
    DataFrame
        One row a quantity, column ``quantity`` and one column a scheme: number of surrogates, upper and lower
        threshold with Monte-Carlo interval, cells beyond each, error rate, what is rejected and what is not tested.

    Raises
    ------
    ValueError
        When no thresholds are given.

    Examples
    --------
    >>> limits = xr.Dataset({name: ("extreme", [-np.inf, r]) for name, r in
    ...                      {"threshold": 0.2, "low": 0.19, "high": 0.22}.items()},
    ...                     coords={"extreme": ["min", "max"]}, attrs={"n_surrogates": 1000})
    >>> table = compare_nulls(xr.DataArray([0.1, 0.3], dims="window"), {"circular_shift": limits})
    >>> table.set_index("quantity")["circular shift"]["cells above the upper threshold"]
    '1 of 2 (50 %)'
    """
    if not thresholds:
        raise ValueError("thresholds of at least one scheme are needed; give {scheme: isc.thresholds(null)}")
    columns = {plain_name(scheme): _column(tisc, limits, scheme) for scheme, limits in thresholds.items()}
    return pd.DataFrame(columns).rename_axis("quantity").reset_index()


def _column(tisc: xr.DataArray, limits: xr.Dataset, scheme: str) -> dict[str, str]:
    upper, lower = (limits["threshold"].sel(extreme=side) for side in ("max", "min"))
    seed = f" (seed {limits.attrs['seed']})" if "seed" in limits.attrs else ""
    seed = " (all there are: every pattern of signs)" if limits.attrs.get("exact") else seed
    return {
        "surrogates": f"{limits.attrs['n_surrogates']:,}{seed}",
        "upper threshold, r": _threshold(limits.sel(extreme="max")),
        "cells above the upper threshold": _share(tisc > upper, tisc, upper),
        "lower threshold, r": _threshold(limits.sel(extreme="min")),
        "cells below the lower threshold": _share(tisc < lower, tisc, lower),
        "what the error rate covers": limits.attrs.get("error_rate", ""),
        "what significance rejects": limits.attrs.get("null_hypothesis", ""),
        "what it does not show": NULL_LIMITS.get(scheme, ""),
    }


def _threshold(limits: xr.Dataset) -> str:
    """'0.242 (95 % Monte-Carlo interval 0.236 to 0.250)'."""
    value, low, high = (float(limits[name].median()) for name in ("threshold", "low", "high"))
    if not np.isfinite(value):
        return NOT_TESTED
    over_windows = ", medians over windows" if "window" in limits.dims else ""
    interval = f"95 % Monte-Carlo interval {low:.3f} to {high:.3f}" if np.isfinite([low, high]).all() else "no interval"
    interval = "exact" if limits.attrs.get("exact") else interval
    return f"{value:.3f} ({interval}{over_windows})"


def _share(beyond: xr.DataArray, tisc: xr.DataArray, threshold: xr.DataArray) -> str:
    """'114 of 9,828 (1.2 %)'."""
    if not np.isfinite(threshold).any():
        return NOT_TESTED
    n_cell = int(tisc.notnull().sum())
    share = f" ({100 * int(beyond.sum()) / n_cell:.2g} %)" if n_cell else ""
    return f"{int(beyond.sum()):,} of {n_cell:,}{share}"

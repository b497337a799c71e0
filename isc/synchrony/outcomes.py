"""What a test of synchrony says of one data set: anything found at all, where, and whether it is there."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from isc.synchrony.inference import p_values
from isc.synchrony.nulls import null_extremes
from isc.synchrony.surrogate.schemes import SchemeName
from isc.synchrony.temporal import temporal_isc

BOTH = "recommended"  # the conjunction of the two schemes of that preset
RECOMMENDED: tuple[SchemeName, ...] = ("circular_shift", "sign_flip")
COVERAGE = 0.95

OUTCOMES = {
    "upper": "any cell of the recording above its familywise threshold",
    "lower": "any cell of the recording below its familywise threshold",
    "either": "any cell beyond either threshold, each at alpha, as the poster writes it",
    "two_sided": "any cell beyond either threshold, each at alpha / 2",
    "any_window": "any window with a cell above the threshold of that window only",
    "windows": "share of such windows",
    "cells": "share of cells above the threshold of their window only",
}
SHARES = ("windows", "cells")  # outcomes that are shares of a data set, not yes or no


def p_by_scheme(
    cube: xr.DataArray, schemes: Sequence[SchemeName], options: Mapping[str, Any], how: Mapping[str, Any]
) -> dict[str, xr.Dataset]:
    """Familywise p over the recording (upper, lower) and over each window, of every scheme and of the conjunction."""
    tisc = temporal_isc(cube, **options)
    p: dict[str, xr.Dataset] = {}
    for scheme in schemes:
        by_window = null_extremes(cube, scheme=scheme, scope="window", **options, **how)
        whole = _over_windows(by_window)
        if scheme == "timepoint_shuffle":  # its windows may come from a short cut that holds for one window only
            whole = null_extremes(cube, scheme=scheme, scope="recording", **options, **how)
        p[scheme] = xr.Dataset(
            {
                "upper": p_values(tisc, whole),
                "lower": p_values(tisc, whole, tail="less"),
                "of_window": p_values(tisc, by_window),
            }
        )
    if set(RECOMMENDED) <= set(p):
        first, second = (p[scheme] for scheme in RECOMMENDED)
        p[BOTH] = first.where(first >= second, second)
    return p


def _over_windows(null: xr.DataArray) -> xr.DataArray:
    """Extremes over the recording from those of every window."""
    sides = [null.sel(extreme="min").min("window"), null.sel(extreme="max").max("window")]
    return xr.concat(sides, "extreme").transpose("surrogate", "extreme").assign_attrs(scope="recording")


def outcomes_of(p: xr.Dataset, alpha: float, truth: xr.DataArray | None) -> dict[str, float]:
    """What a scheme says of one data set."""
    return _errors(p, alpha) if truth is None else _power(p, alpha, truth)


def _errors(p: xr.Dataset, alpha: float) -> dict[str, float]:
    upper, lower = float(p["upper"].min()), float(p["lower"].min())
    passed = p["of_window"] <= alpha
    per_window = passed.any([dim for dim in passed.dims if dim != "window"])
    return {
        "upper": float(upper <= alpha),
        "lower": float(lower <= alpha),
        "either": float(min(upper, lower) <= alpha),
        "two_sided": float(min(upper, lower) <= alpha / 2),
        "any_window": float(per_window.any()),
        "windows": float(per_window.mean()),
        "cells": float(passed.mean()),
    }


def _power(p: xr.Dataset, alpha: float, truth: xr.DataArray) -> dict[str, float]:
    significant = p["upper"].values <= alpha
    planted = truth.transpose(*p["upper"].dims).values
    return {
        "hit": float(significant[planted == 1].any()),
        "found": float(significant[planted == 1].mean()),
        "false_hit": float(significant[planted == 0].any()),
    }


def rate_row(scheme: str, outcome: str, values: np.ndarray, alpha: float) -> dict[str, Any]:
    """One row of the tables: a rate with its Clopper-Pearson interval; NaN bounds for means of shares.

    Parameters
    ----------
    scheme, outcome : str
    values : ndarray, shape (data set,)
        0 or 1, or shares.
    alpha : float

    Returns
    -------
    dict

    Examples
    --------
    >>> rate_row("sign_flip", "upper", np.array([0.0, 1.0]), 0.05)["rate"]
    0.5
    """
    from scipy.stats import binomtest

    low, high = np.nan, np.nan
    if outcome not in (*SHARES, "found"):
        interval = binomtest(int(values.sum()), values.size).proportion_ci(COVERAGE, method="exact")
        low, high = interval.low, interval.high
    return {
        "scheme": scheme,
        "outcome": outcome,
        "rate": float(values.mean()),
        "low": low,
        "high": high,
        "n_data": values.size,
        "alpha": alpha,
    }

"""How often a test of synchrony is wrong where there is none, and how often it finds what was planted: measured."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from isc.cube import subject_ids
from isc.kernels.surrogates import signs, subject_keys, uniform_shifts
from isc.synchrony.inference import p_values
from isc.synchrony.nulls import null_extremes
from isc.synchrony.surrogate.schemes import SchemeName
from isc.synchrony.temporal import temporal_isc

Breaking = Literal["shift", "sign"]
BOTH = "recommended"  # the conjunction of the two schemes of that preset
RECOMMENDED: tuple[SchemeName, ...] = ("circular_shift", "sign_flip")
N_DATA = 200
N_SURROGATES = 199  # 5 % is then exactly the ten largest of 200
COVERAGE = 0.95
BREAK_SEED = 2**40  # draws that break synchrony are never those of a null

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


def calibrate(
    cube: xr.DataArray,
    *,
    breaking: Breaking = "shift",
    schemes: Sequence[SchemeName] = RECOMMENDED,
    n_data: int = N_DATA,
    n_surrogates: int = N_SURROGATES,
    seed: int = 0,
    alpha: float = 0.05,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """False-positive rates of tests of synchrony on your own recordings, with their synchrony broken.

    Each data set is the cube with every subject's series shifted circularly by one random amount (``shift``) or
    turned around its mean or not, at random (``sign``). No synchrony is left, but each way keeps what one of the nulls
    supposes: after shifts the circular shift holds by construction, after sign changes the sign flip does. **Read each
    null under the other breaking**: ``sign`` shows whether the circular shift survives the course of smoothness of your
    film, ``shift`` whether the sign flip survives the asymmetry of your signals.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
    breaking : {"shift", "sign"}
        How synchrony is broken.
    schemes : sequence of str
        Surrogate schemes of `isc.null_extremes`. Where both of the recommended preset are given, their conjunction is
        added.
    n_data, n_surrogates : int
        Data sets, and surrogates of each.
    seed : int
    alpha : float
        Nominal error rate.
    progress : callable, optional
        Called with (data sets done, all).
    **options
        Of `isc.temporal_isc` and `isc.null_extremes`: window, step, space, detrend, min_valid, n_threads, ...

    Returns
    -------
    DataFrame
        A row a scheme and outcome: scheme, outcome, rate, low, high (95 % Clopper-Pearson interval; NaN for shares),
        n_data, alpha, breaking. Outcomes are those of `OUTCOMES`.

    Raises
    ------
    ValueError
        When the cube cannot be used or the breaking is not known.

    References
    ----------
    Clopper & Pearson 1934, Biometrika 26:404-413, doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cube = xr.DataArray(rng.normal(size=(6, 450, 2)), dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(450) / 30})
    >>> rates = calibrate(cube, schemes=("circular_shift",), n_data=4, n_surrogates=19)
    >>> rates.scheme.unique().tolist(), len(rates) == len(OUTCOMES)
    (['circular_shift'], True)
    """
    if breaking not in ("shift", "sign"):
        raise ValueError(f"breaking must be shift or sign; given {breaking!r}")
    broken = (broken_cube(cube, breaking, seed, number) for number in range(n_data))
    rates = error_rates(
        broken,
        schemes=schemes,
        n_surrogates=n_surrogates,
        seed=seed,
        alpha=alpha,
        progress=None if progress is None else lambda done: progress(done, n_data),
        **options,
    )
    return rates.assign(breaking=breaking)


def broken_cube(cube: xr.DataArray, breaking: Breaking, seed: int, number: int) -> xr.DataArray:
    """The cube without synchrony: every subject shifted circularly, or turned around its mean, at random.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...)
    breaking : {"shift", "sign"}
    seed, number : int
        Names of the draw.

    Returns
    -------
    DataArray, like `cube`
        Missing samples are shifted with the rest.

    Examples
    --------
    >>> cube = xr.DataArray(np.arange(8.0).reshape(2, 4), dims=("subject", "time"), coords={"time": np.arange(4.0)})
    >>> np.sort(broken_cube(cube, "shift", 0, 0).values, axis=1).tolist()
    [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]
    """
    cube = cube.transpose("subject", "time", ...)
    keys = subject_keys(subject_ids(cube))
    values = np.asarray(cube.data)
    if breaking == "shift":
        shifts = uniform_shifts(seed + BREAK_SEED, number, keys, values.shape[1])
        return cube.copy(data=np.stack([np.roll(x, -int(s), axis=0) for x, s in zip(values, shifts, strict=True)]))
    sign = signs(seed + BREAK_SEED, [number], keys)[0].reshape(-1, *[1] * (values.ndim - 1))
    mean = np.nanmean(values, axis=1, keepdims=True, dtype=np.float64)
    return cube.copy(data=(mean + sign * (values - mean)).astype(values.dtype))


def error_rates(
    cubes: Iterable[xr.DataArray],
    *,
    schemes: Sequence[SchemeName] = RECOMMENDED,
    n_surrogates: int = N_SURROGATES,
    seed: int = 0,
    alpha: float = 0.05,
    truth: xr.DataArray | None = None,
    null_options: Mapping[str, Any] = MappingProxyType({}),
    progress: Callable[[int], None] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """How often each scheme calls something significant, over many data sets.

    Parameters
    ----------
    cubes : iterable of DataArray, dims (subject, time, ...)
        Data sets, without synchrony for error rates, with planted synchrony for power.
    schemes : sequence of str
        As in `calibrate`, as are the options below.
    n_surrogates, seed : int
    alpha : float
    truth : DataArray of float, dims of the t-ISC, optional
        1 in cells with planted synchrony, 0 in those without, NaN where neither is judged. Outcomes are ``hit`` (any
        true cell found), ``found`` (share of true cells) and ``false_hit`` (any cell found outside), familywise over
        the recording.
    null_options : mapping
        Options of `isc.null_extremes` only, such as others or block.
    progress : callable, optional
        Called with the number of data sets done.
    **options
        Of `isc.temporal_isc` and `isc.null_extremes`.

    Returns
    -------
    DataFrame
        scheme, outcome, rate, low, high, n_data, alpha.
    """
    rows: dict[tuple[str, str], list[float]] = {}
    for number, cube in enumerate(cubes):
        how = {"n_surrogates": n_surrogates, "seed": seed + number, **null_options}
        p = _p_by_scheme(cube, schemes, options, how)
        found = {scheme: _outcomes(of, alpha + 1e-12, truth) for scheme, of in p.items()}
        for scheme, outcome in found.items():
            for name, value in outcome.items():
                rows.setdefault((scheme, name), []).append(value)
        if progress is not None:
            progress(number + 1)
    return pd.DataFrame([rate_row(*key, np.array(values), alpha) for key, values in rows.items()])


def _p_by_scheme(
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


def _outcomes(p: xr.Dataset, alpha: float, truth: xr.DataArray | None) -> dict[str, float]:
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

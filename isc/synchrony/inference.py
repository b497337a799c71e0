"""From a null to thresholds and p-values, with the uncertainty that a finite number of surrogates leaves."""

from typing import Literal

import numpy as np
import xarray as xr

Tail = Literal["greater", "less", "two_sided"]
Percentile = Literal["rank", "linear", "hazen"]
DEFAULT_ALPHA = 0.05
MONTE_CARLO_COVERAGE = 0.95  # of the interval printed beside a threshold


def thresholds(
    null: xr.DataArray, *, alpha: float = DEFAULT_ALPHA, tail: Tail = "greater", percentile: Percentile = "rank"
) -> xr.Dataset:
    """Values that the statistic must pass to be significant, with their Monte-Carlo interval.

    The upper threshold is the k-th largest surrogate maximum with ``k = floor(alpha * (M + 1))`` for M surrogates,
    so that passing it and ``p <= alpha`` (`p_values`) are the same event. The interval holds the threshold of
    infinitely many surrogates with 95 % confidence; it needs no assumption but that surrogates are independent. Where
    the surrogates are all there are (every pattern of signs), the threshold is exact and the interval is itself.

    Parameters
    ----------
    null : DataArray, dims (surrogate, extreme[, window])
        From `isc.null_extremes`.
    alpha : float
        Error rate, shared by both tails for ``two_sided`` (half each).
    tail : {"greater", "less", "two_sided"}
        The side that is not asked for gets an infinite threshold.
    percentile : {"rank", "linear", "hazen"}
        ``rank``: as above. The others reproduce published thresholds: the percentile of the surrogate extremes by
        numpy's ``linear`` rule, or by Matlab's (``hazen``); they lie below the k-th largest, so that a cell may pass
        them with p a little above alpha.

    Returns
    -------
    Dataset with ``threshold``, ``low``, ``high``, each (extreme[, window])
        ``extreme`` is min (lower threshold) and max (upper). Infinite where M surrogates are too few for `alpha`
        or too few to bound the threshold. attrs: alpha, tail, n_surrogates, error_rate (in words).

    Raises
    ------
    ValueError
        When alpha is not between 0 and 1, or the tail or the percentile is not known.

    References
    ----------
    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39, doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> values = np.stack([-np.arange(1.0, 100.0), np.arange(1.0, 100.0)], axis=1)
    >>> null = xr.DataArray(values, dims=("surrogate", "extreme"), coords={"extreme": ["min", "max"]})
    >>> thresholds(null).threshold.values.tolist()
    [-inf, 95.0]
    """
    if percentile not in ("rank", "linear", "hazen"):
        raise ValueError(f"percentile must be rank, linear or hazen; given {percentile!r}")
    rates = tail_rates(alpha, tail)
    maxima = np.stack([-null.sel(extreme="min").values, null.sel(extreme="max").values])  # both as upper tails
    sign = np.array([-1.0, 1.0]).reshape(2, *[1] * (maxima.ndim - 2))
    ordered = -np.sort(-maxima, axis=1)  # descending, NaN last
    n_surrogates = maxima.shape[1]
    parts: dict[str, list[np.ndarray]] = {"threshold": [], "low": [], "high": []}
    for side, rate in zip(ordered, rates, strict=True):
        ranks = _ranks(n_surrogates, rate)
        for name, rank in zip(parts, ranks, strict=True):
            parts[name].append(_at_rank(side, rank))
        if percentile != "rank" and rate > 0:
            parts["threshold"][-1] = _percentile(side, 1 - rate, percentile)
    if null.attrs.get("exact"):
        parts["low"] = parts["high"] = parts["threshold"]
    signed = {name: sign * np.stack(values) for name, values in parts.items()}
    signed["low"], signed["high"] = np.minimum(signed["low"], signed["high"]), np.maximum(signed["low"], signed["high"])
    like = null.isel(surrogate=0, drop=True)
    order = ("extreme", *[d for d in like.dims if d != "extreme"])
    data = {name: like.transpose(*order).copy(data=values) for name, values in signed.items()}
    attrs = {
        **null.attrs,
        "alpha": float(alpha),
        "tail": tail,
        "percentile": percentile,
        "n_surrogates": n_surrogates,
    }
    return xr.Dataset(data, attrs={**attrs, "error_rate": error_rate_in_words(null, alpha, tail)})


def tail_rates(alpha: float, tail: Tail) -> tuple[float, float]:
    """Error rates of the lower and the upper side.

    Parameters
    ----------
    alpha : float
    tail : {"greater", "less", "two_sided"}

    Returns
    -------
    lower, upper : float

    Examples
    --------
    >>> tail_rates(0.05, "two_sided")
    (0.025, 0.025)
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is an error rate between 0 and 1; given {alpha}")
    sides = {"greater": (0.0, alpha), "less": (alpha, 0.0), "two_sided": (alpha / 2, alpha / 2)}
    if tail not in sides:
        raise ValueError(f"tail must be greater, less or two_sided; given {tail!r}")
    return sides[tail]


def _ranks(n_surrogates: int, rate: float) -> tuple[int, int, int]:
    """Ranks (1 = largest, 0 = beyond the largest) of the threshold and of its Monte-Carlo interval."""
    from scipy.stats import binom

    rank = int(np.floor(rate * (n_surrogates + 1) + 1e-9))
    if rate == 0 or rank == 0:
        return 0, 0, 0
    half = (1 - MONTE_CARLO_COVERAGE) / 2
    shallow = int(binom.ppf(half, n_surrogates, rate))
    deep = int(binom.ppf(1 - half, n_surrogates, rate)) + 1
    return rank, deep, shallow


def _at_rank(descending: np.ndarray, rank: int) -> np.ndarray:
    """The rank-th largest along the first axis; beyond either end infinite; NaN where there is no finite surrogate."""
    if 0 < rank <= len(descending):
        return descending[rank - 1]
    return np.where(np.isfinite(descending[0]), np.inf if rank <= 0 else -np.inf, np.nan)


def _percentile(extremes: np.ndarray, share: float, rule: Literal["linear", "hazen"]) -> np.ndarray:
    """Percentile along the first axis; NaN where there is no finite surrogate."""
    some = np.isfinite(extremes).any(axis=0)
    filled = np.where(some, extremes, 0.0)
    return np.where(some, np.nanquantile(filled, share, axis=0, method=rule), np.nan)


def p_values(tisc: xr.DataArray, null: xr.DataArray, *, tail: Tail = "greater") -> xr.DataArray:
    """Familywise p-value of every cell: how often a surrogate's extreme is at least as large.

    ``p = (b + 1) / (M + 1)`` with b of M surrogates as extreme or more (ties count). The smallest possible p is
    1 / (M + 1); two-sided p is twice the smaller tail.

    Parameters
    ----------
    tisc : DataArray, dims (window, ...)
    null : DataArray, dims (surrogate, extreme[, window])
    tail : {"greater", "less", "two_sided"}

    Returns
    -------
    DataArray ``p``, dims of `tisc`, float64; NaN where `tisc` is NaN

    References
    ----------
    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39, doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> null = xr.DataArray(np.array([[-0.1, 0.1]] * 99), dims=("surrogate", "extreme"),
    ...                     coords={"extreme": ["min", "max"]})
    >>> p_values(xr.DataArray([0.2, 0.05], dims="window"), null).values.tolist()
    [0.01, 1.0]
    """
    tail_rates(0.5, tail)
    values = tisc.transpose("window", ...)
    upper = _share_beyond(values.values, null.sel(extreme="max"))
    lower = _share_beyond(-values.values, -null.sel(extreme="min"))
    p = {"greater": upper, "less": lower, "two_sided": np.minimum(1.0, 2 * np.minimum(upper, lower))}[tail]
    p = np.where(np.isfinite(values.values), p, np.nan)
    attrs = {"units": "1", "long_name": "familywise p", "tail": tail, "scope": null.attrs.get("scope", "recording")}
    return values.copy(data=p).rename("p").assign_attrs(attrs).transpose(*tisc.dims)


def p_intervals(p: xr.DataArray, n_surrogates: int, *, coverage: float = MONTE_CARLO_COVERAGE) -> xr.Dataset:
    """Interval of the p that infinitely many surrogates would give.

    The number of surrogates at least as extreme is binomial: Clopper and Pearson's exact interval, which holds for
    each cell by itself.

    Parameters
    ----------
    p : DataArray
        ``(b + 1) / (M + 1)``, one-sided, from `p_values` or a cluster test; NaN stays NaN. Not for exact p, which have
        no Monte-Carlo error.
    n_surrogates : int
        M.
    coverage : float

    Returns
    -------
    Dataset with ``low`` and ``high``, dims of `p`

    Raises
    ------
    ValueError
        When `p` is not that of so many surrogates, or the coverage is not a share.

    References
    ----------
    Clopper & Pearson 1934, Biometrika 26:404-413, doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> interval = p_intervals(xr.DataArray([0.01, 0.05]), 199)
    >>> interval.low.values.round(3).tolist(), interval.high.values.round(3).tolist()
    ([0.0, 0.021], [0.028, 0.084])
    """
    from scipy.stats import beta

    if not 0 < coverage < 1:
        raise ValueError(f"coverage is a share between 0 and 1; given {coverage}")
    beyond = p.values * (n_surrogates + 1) - 1
    known = np.isfinite(beyond)
    if (np.abs(beyond - beyond.round())[known] > 1e-6).any() or (beyond[known] < -1e-6).any():
        raise ValueError(f"p must be (b + 1) / (M + 1) of {n_surrogates} surrogates, one-sided; other values are given")
    b, half = beyond.round(), (1 - coverage) / 2
    low = np.where(b > 0, beta.ppf(half, np.maximum(b, 1), n_surrogates - b + 1), 0.0)
    high = np.where(b < n_surrogates, beta.ppf(1 - half, b + 1, np.maximum(n_surrogates - b, 1)), 1.0)
    ends = {"low": low, "high": high}
    return xr.Dataset({name: p.copy(data=np.where(known, end, np.nan)).rename(name) for name, end in ends.items()})


def _share_beyond(values: np.ndarray, null: xr.DataArray) -> np.ndarray:
    """(b + 1) / (M + 1) of every value against the surrogate maxima of the recording or of its window."""
    n_surrogates = null.sizes["surrogate"]
    if "window" not in null.dims:
        ordered = np.sort(null.values)
        return (n_surrogates - np.searchsorted(ordered, values, side="left") + 1) / (n_surrogates + 1)
    result = np.empty(values.shape)
    for w, column in enumerate(np.sort(null.transpose("window", "surrogate").values, axis=1)):
        result[w] = (n_surrogates - np.searchsorted(column, values[w], side="left") + 1) / (n_surrogates + 1)
    return result


def error_rate_in_words(null: xr.DataArray, alpha: float, tail: Tail) -> str:
    """What the thresholds control, as a sentence for results and reports.

    Parameters
    ----------
    null : DataArray
        Its attr ``scope`` says over what extremes were taken.
    alpha : float
    tail : {"greater", "less", "two_sided"}

    Returns
    -------
    str

    Examples
    --------
    >>> null = xr.DataArray(np.zeros((9, 2)), dims=("surrogate", "extreme"), attrs={"scope": "recording"})
    >>> error_rate_in_words(null, 0.05, "greater")
    'one-sided (greater), familywise error rate 5 % over all features and windows of the recording'
    """
    sides = "two-sided" if tail == "two_sided" else f"one-sided ({tail})"
    if null.attrs.get("scope", "recording") == "recording":
        over = "over all features and windows of the recording"
    else:
        over = "over the features of one window only: not corrected for the number of windows"
    return f"{sides}, familywise error rate {100 * alpha:g} % {over}"

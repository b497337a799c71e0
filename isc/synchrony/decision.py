"""One decision from one null or several: p-values, thresholds and what is significant, with the words for it."""

from collections.abc import Iterable, Mapping

import numpy as np
import xarray as xr

from isc.synchrony.inference import DEFAULT_ALPHA, Percentile, Tail, p_values, thresholds
from isc.synchrony.surrogate.schemes import SchemeName

LIMITS = {"threshold": "threshold", "threshold_low": "low", "threshold_high": "high"}


def decide(
    tisc: xr.DataArray,
    nulls: Mapping[str, xr.DataArray],
    *,
    alpha: float = DEFAULT_ALPHA,
    tail: Tail = "greater",
    percentile: Percentile = "rank",
) -> xr.Dataset:
    """Significance of t-ISC against every null given: a cell has to pass all of them.

    The p-value that decides is the largest over the nulls. It controls the error rate wherever at least one of the
    nulls does, because a cell that is significant here is significant under each.

    Parameters
    ----------
    tisc : DataArray, dims (window, ...)
    nulls : mapping of scheme to DataArray, dims (surrogate, extreme[, window])
        From `isc.null_extremes`, all of one scope.
    alpha : float
    tail : {"greater", "less", "two_sided"}
    percentile : {"rank", "linear", "hazen"}
        With ``rank`` a cell is significant when p <= alpha; otherwise when it is beyond the published percentile.

    Returns
    -------
    Dataset
        ``tisc``; ``p`` and ``p_<scheme>`` (dims of `tisc`), NaN where `tisc` is; ``significant`` (bool); ``threshold``,
        ``threshold_low``, ``threshold_high`` (extreme[, window]): of the strictest null, with its 95 % Monte-Carlo
        interval; ``threshold_<scheme>``; ``null`` (scheme, surrogate, extreme[, window]), padded with NaN where a
        scheme has fewer surrogates; ``n_subject`` as a coordinate of `tisc`. attrs ``error_rate``, ``null_hypothesis``.

    Raises
    ------
    ValueError
        When no null is given or their scopes differ.

    References
    ----------
    Berger 1982, Technometrics 24:295-300, doi:10.1080/00401706.1982.10487790 (intersection-union test).

    Examples
    --------
    >>> null = xr.DataArray(np.array([[-0.1, 0.1]] * 99), dims=("surrogate", "extreme"),
    ...                     coords={"extreme": ["min", "max"]})
    >>> result = decide(xr.DataArray([0.2, 0.05], dims="window", name="tisc"), {"sign_flip": null})
    >>> result.significant.values.tolist(), result.p.values.tolist()
    ([True, False], [0.01, 1.0])
    """
    _check_nulls(nulls)
    limits = {scheme: thresholds(null, alpha=alpha, tail=tail, percentile=percentile) for scheme, null in nulls.items()}
    p = {scheme: p_values(tisc, null, tail=tail) for scheme, null in nulls.items()}
    result = xr.Dataset({"tisc": tisc, "p": _largest(p)})
    result = result.assign({f"p_{scheme}": values for scheme, values in p.items()})
    hardest = strictest(limits)
    result = result.assign({name: hardest[source].drop_attrs() for name, source in LIMITS.items()})
    result = result.assign({f"threshold_{scheme}": of["threshold"] for scheme, of in limits.items()})
    result["significant"] = _significant(result, alpha, percentile)
    told = ("scheme", "alpha", "tail", "percentile", "error_rate", "null_hypothesis")
    return result.assign(null=_together(nulls)).assign_attrs(
        {name: hardest.attrs[name] for name in told}, scope=hardest.attrs.get("scope", "recording")
    )


def _check_nulls(nulls: Mapping[str, xr.DataArray]) -> None:
    if not nulls:
        raise ValueError("nulls of at least one scheme are needed; give {scheme: isc.null_extremes(cube, ...)}")
    scopes = {null.attrs.get("scope", "recording") for null in nulls.values()}
    if len(scopes) > 1:
        raise ValueError(f"nulls must have one scope, for one error rate; given {', '.join(sorted(scopes))}")


def _largest(p: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """The largest p of every cell."""
    first, *others = p.values()
    for other in others:
        first = first.copy(data=np.maximum(first.values, other.values))
    return first


def strictest(limits: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Thresholds of the null that is hardest to pass, for each side and window.

    Parameters
    ----------
    limits : mapping of scheme to Dataset
        From `isc.thresholds`.

    Returns
    -------
    Dataset with ``threshold``, ``low``, ``high``, each (extreme[, window])
        attrs of the first, with the null hypotheses of all.

    Examples
    --------
    >>> null = xr.DataArray(np.array([[-0.1, 0.1]] * 99), dims=("surrogate", "extreme"),
    ...                     coords={"extreme": ["min", "max"]})
    >>> limits = {"sign_flip": thresholds(null), "circular_shift": thresholds(2 * null)}
    >>> strictest(limits).threshold.values.tolist()
    [-inf, 0.2]
    """
    sides = []
    for extreme, outward in (("min", -1.0), ("max", 1.0)):
        stacked = xr.concat([of.sel(extreme=extreme) for of in limits.values()], "scheme", combine_attrs="override")
        hardest = (outward * stacked["threshold"]).fillna(-np.inf).argmax("scheme")
        sides.append(stacked.isel(scheme=hardest))
    both = xr.concat(sides, "extreme", combine_attrs="override")
    return both.assign_attrs(
        next(iter(limits.values())).attrs, scheme=scheme_words(limits), null_hypothesis=rejected_nulls(limits)
    )


def _significant(result: xr.Dataset, alpha: float, percentile: str) -> xr.DataArray:
    """By p where ranks decide, which is the same as by the threshold; beyond the percentile otherwise."""
    if percentile == "rank":
        return (result["p"] <= alpha + 1e-12).drop_attrs()
    upper, lower = (result["threshold"].sel(extreme=side, drop=True) for side in ("max", "min"))
    return (result["tisc"] > upper) | (result["tisc"] < lower)


def _together(nulls: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """All nulls in one array; NaN beyond the surrogates of a scheme."""
    numbered = [null.assign_coords(surrogate=np.arange(null.sizes["surrogate"])) for null in nulls.values()]
    joined = xr.concat(numbered, "scheme", join="outer", combine_attrs="drop", coords="minimal", compat="override")
    return joined.assign_coords(scheme=list(nulls)).assign_attrs(units="1", long_name="surrogate extremes of t-ISC")


def scheme_words(schemes: Iterable[str]) -> str:
    """Names of schemes as words: 'circular shift and sign flip'.

    Parameters
    ----------
    schemes : iterable of str

    Returns
    -------
    str

    Examples
    --------
    >>> scheme_words(["circular_shift", "sign_flip"])
    'circular shift and sign flip'
    """
    return " and ".join(scheme.replace("_", " ") for scheme in schemes)


def rejected_nulls(nulls: Mapping[str, xr.DataArray | xr.Dataset]) -> str:
    """What significance against all nulls rejects, as a sentence.

    Parameters
    ----------
    nulls : mapping of scheme to DataArray or Dataset
        Their attr ``null_hypothesis`` says what each supposes.

    Returns
    -------
    str

    Examples
    --------
    >>> rejected_nulls({"sign_flip": xr.DataArray(0.0, attrs={"null_hypothesis": "movements are unrelated"})})
    'sign flip: movements are unrelated'
    """
    told = [f"{scheme_words([scheme])}: {null.attrs.get('null_hypothesis', '')}" for scheme, null in nulls.items()]
    return "; and ".join(told)


def usable_schemes(
    schemes: Iterable[SchemeName], n_subject: int, *, rate: float = DEFAULT_ALPHA
) -> tuple[SchemeName, ...]:
    """The schemes without those that could never reject with so few subjects.

    Sign flips have 2**(n - 1) patterns that matter, so that the smallest p of 5 subjects is 1/16. A scheme is kept when
    it is the only one.

    Parameters
    ----------
    schemes : iterable of str
    n_subject : int
    rate : float
        Error rate of the side that is tested.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> usable_schemes(("circular_shift", "sign_flip"), 5), usable_schemes(("circular_shift", "sign_flip"), 6)
    (('circular_shift',), ('circular_shift', 'sign_flip'))
    """
    kept = tuple(scheme for scheme in schemes if scheme != "sign_flip" or 2 ** (n_subject - 1) * rate >= 1)
    return kept or tuple(schemes)

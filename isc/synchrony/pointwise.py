"""The p-value of every cell by itself, and the false discovery rate over them.

`isc.p_values` compares a cell with the largest value anywhere, which needs few surrogates. Here each cell is compared
with its own surrogates, so that p-values are as small as the correction over thousands of cells requires only with
very many of them. With too few, nothing can be significant, or a handful of ties decides: that is refused.
"""

from typing import Any, Literal

import numpy as np
import xarray as xr

from isc.synchrony.inference import DEFAULT_ALPHA, Tail, tail_rates
from isc.synchrony.smoothness.autocorrelation import require_subjects
from isc.synchrony.surrogate.named import labelled_cells, named_surrogates, surrogate_attrs
from isc.synchrony.surrogate.schemes import SchemeName
from isc.synchrony.surrogate.values import DEFAULT_SURROGATES, Surrogates

Method = Literal["by", "bh"]
METHODS = {
    "by": "Benjamini-Yekutieli: any dependence between cells",
    "bh": "Benjamini-Hochberg: independent or positively dependent cells",
}
SIGNS = {"greater": (1,), "less": (-1,), "two_sided": (1, -1)}


def pointwise_p_values(
    cube: xr.DataArray,
    *,
    scheme: SchemeName = "circular_shift",
    n_surrogates: int = DEFAULT_SURROGATES,
    seed: int = 0,
    tail: Tail = "greater",
    pool: Literal["windows"] | None = None,
    **how: Any,
) -> xr.DataArray:
    """Uncorrected p-value of every cell: how often its own surrogates are at least as large.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        At least five subjects.
    scheme : str
        As in `isc.null_extremes`.
    n_surrogates : int
    seed : int
    tail : {"greater", "less", "two_sided"}
    pool : {None, "windows"}
        ``windows``: compare a cell with the surrogates of its feature in all windows. A random shift of every subject
        has the same law in every window, as have shuffles, phases and blocks of the whole recording; sign flips and
        shuffles within windows keep each window's own and are refused. Windows that overlap are not independent
        draws: a surrogate counts as one for each window that fits into the recording without overlap.
    **how
        window, step, estimator, summary, space, detrend, pairs, block, extent, features, others, min_valid,
        n_threads as in `isc.null_extremes`.

    Returns
    -------
    DataArray ``p``, dims (window, feature dims), float64
        ``(b + 1) / (M + 1)``; NaN where t-ISC is. attrs: what was tested and ``smallest_p``, 1 / (M + 1), for `fdr`.

    Raises
    ------
    ValueError
        With fewer than five subjects, or a scheme whose windows must not be pooled.

    References
    ----------
    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39, doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.normal(size=(6, 600, 1)) + 2 * rng.normal(size=(600, 1))
    >>> cube = xr.DataArray(values, dims=("subject", "time", "vertex"), coords={"time": np.arange(600) / 30})
    >>> float(pointwise_p_values(cube, n_surrogates=99).max())
    0.01
    """
    require_subjects(cube.sizes["subject"])
    tail_rates(0.5, tail)
    surrogates = named_surrogates(cube, scheme, n_surrogates=n_surrogates, seed=seed, **how)
    _check_pool(surrogates, pool)
    observed = np.concatenate([values for _, values in surrogates.observed()])
    counted = _counted_pooled if pool else _counted
    shares = [counted(surrogates, observed, sign) for sign in SIGNS[tail]]
    n_draw = surrogates.n_surrogates * (_separate_windows(surrogates) if pool else 1)
    p = [(share * n_draw + 1) / (n_draw + 1) for share in shares]
    p = np.minimum(1.0, len(p) * np.minimum.reduce(p))
    result = labelled_cells(surrogates, np.where(np.isfinite(observed), p, np.nan), name="p")
    smallest = len(shares) / (n_draw + 1)
    attrs = {**surrogate_attrs(surrogates), "tail": tail, "pool": pool or "none", "smallest_p": smallest}
    return result.assign_attrs(attrs, long_name="p of the cell by itself, not corrected")


def _check_pool(surrogates: Surrogates, pool: str | None) -> None:
    if pool not in (None, "windows"):
        raise ValueError(f"pool must be None or windows; given {pool!r}")
    scheme = surrogates.scheme
    alike = scheme.name in ("circular_shift", "phase", "block") or scheme.options().get("extent") == "recording"
    if pool and not alike:
        raise ValueError(
            f"surrogates of {scheme.name} keep what is special to each window, so that windows must not be pooled; "
            "use pool=None, or a scheme that moves subjects over the recording, such as circular_shift"
        )


def _separate_windows(surrogates: Surrogates) -> int:
    """Windows that fit into the recording without overlap."""
    starts, length = surrogates.design.windows.starts, surrogates.design.windows.length
    return min(int((starts[-1] + length) // length), starts.size)


def _counted(surrogates: Surrogates, observed: np.ndarray, sign: int) -> np.ndarray:
    """Share of surrogates (feature, window) at least as extreme as the observed value of the same cell."""
    beyond, known = np.zeros(observed.shape), np.zeros(observed.shape)
    for start, stop in surrogates.ranges():
        for features, values in surrogates.values(start, stop):
            beyond[features] += (sign * values >= sign * observed[features]).sum(axis=0)
            known[features] += np.isfinite(values).sum(axis=0)
    return beyond / np.maximum(known, 1)


def _counted_pooled(surrogates: Surrogates, observed: np.ndarray, sign: int) -> np.ndarray:
    """Share of surrogate values of the same feature in any window at least as extreme as the observed value."""
    beyond, known = np.zeros(observed.shape), np.zeros(observed.shape)
    for start, stop in surrogates.ranges():
        for features, values in surrogates.values(start, stop):
            for k, feature in enumerate(range(features.start, features.stop)):
                drawn = np.sort(sign * values[:, k].ravel())  # NaN last
                n = np.isfinite(drawn).sum()
                beyond[feature] += n - np.searchsorted(drawn[:n], sign * observed[feature])
                known[feature] += n
    return beyond / np.maximum(known, 1)


def fdr(
    p: xr.DataArray,
    *,
    alpha: float = DEFAULT_ALPHA,
    method: Method = "by",
    too_few: Literal["refuse", "state"] = "refuse",
) -> xr.Dataset:
    """Cells that are significant at a false discovery rate.

    Parameters
    ----------
    p : DataArray
        From `pointwise_p_values`; NaN cells are no tests.
    alpha : float
        Expected share of false ones among the cells that are called significant.
    method : {"by", "bh"}
        ``by`` holds for any dependence, ``bh`` for positive dependence: neighbouring windows overlap and neighbouring
        vertices move together, which makes ``bh`` plausible but not proven.
    too_few : {"refuse", "state"}
        What to do when the smallest p that the surrogates can give would not reach the first step of the procedure:
        refuse, or go on and state in the attr ``caution`` how many cells must reach it together.

    Returns
    -------
    Dataset with ``q`` (smallest rate at which a cell is significant) and ``significant``, dims of `p`
        attrs: those of `p`, alpha, method, n_test, ``caution``.

    Raises
    ------
    ValueError
        When surrogates are too few, or `p` does not say how small it can be.

    References
    ----------
    Benjamini & Hochberg 1995, J R Stat Soc B 57:289-300, doi:10.1111/j.2517-6161.1995.tb02031.x.
    Benjamini & Yekutieli 2001, Ann Stat 29:1165-1188, doi:10.1214/aos/1013699998.

    Examples
    --------
    >>> p = xr.DataArray([0.001, 0.01, 0.5], dims="window", attrs={"smallest_p": 0.001})
    >>> fdr(p).significant.values.tolist()
    [True, True, False]
    """
    from scipy.stats import false_discovery_control

    tail_rates(alpha, "greater")
    if method not in METHODS:
        raise ValueError(f"method must be by or bh; given {method!r}")
    if too_few not in ("refuse", "state"):
        raise ValueError(f"too_few must be refuse or state; given {too_few!r}")
    known = np.isfinite(p.values)
    caution = _caution(p, int(known.sum()), alpha, method, too_few)
    q = np.full(p.shape, np.nan)
    if known.any():
        q[known] = false_discovery_control(p.values[known], method=method)
    labelled = p.copy(data=q).rename("q").assign_attrs(long_name="false discovery rate")
    attrs = {**p.attrs, "alpha": alpha, "method": METHODS[method], "n_test": int(known.sum()), "caution": caution}
    significant = (labelled <= alpha).rename("significant").drop_attrs()
    return xr.Dataset({"q": labelled, "significant": significant}, attrs=attrs)


def _caution(p: xr.DataArray, n_test: int, alpha: float, method: Method, too_few: str) -> str:
    """How many cells must reach the smallest p together before any is significant; empty when one is enough."""
    if "smallest_p" not in p.attrs:
        raise ValueError(
            "fdr needs p with the attr smallest_p, as isc.pointwise_p_values gives it; familywise p of isc.p_values "
            "are corrected already"
        )
    smallest = float(p.attrs["smallest_p"])
    n_step = n_test * (float((1 / np.arange(1, n_test + 1)).sum()) if method == "by" else 1.0)
    together = int(np.ceil(smallest * n_step / alpha - 1e-9))
    if together <= 1:
        return ""
    tails = 2 if p.attrs.get("tail") == "two_sided" else 1
    needed, made = int(np.ceil(tails * n_step / alpha - 1e-9)) - 1, round(tails / smallest) - 1
    told = (
        f"{n_test} cells by method {method} at rate {alpha:g} need p as small as {alpha / n_step:.3g}, that is "
        f"{needed} draws; {made} were made and the smallest p is {smallest:.3g}"
    )
    if too_few == "refuse" or together > n_test:
        way_out = (
            f"; with too_few='state', {together} cells must reach it together before any is significant"
            if together <= n_test
            else ": no cell could be significant"
        )
        raise ValueError(
            f"{told}{way_out}; draw more surrogates, test fewer features or windows, pool='windows', or correct by the "
            "maximum (isc.p_values) or by clusters (isc.cluster_mass), which need only 1000"
        )
    return f"{told}: {together} cells must reach it together before any is significant"

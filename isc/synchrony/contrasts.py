"""Differences of synchrony between groups of people, and of likeness within groups and between them.

Labels of subjects are exchanged, never dyads (Chen et al. 2016): dyads that share a person are not exchangeable.
"""

from itertools import combinations
from math import comb
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.kernels.nulls.resamples import label_orders
from isc.kernels.nulls.surrogates import subject_keys
from isc.synchrony.findings import with_findings
from isc.synchrony.inference import DEFAULT_ALPHA, Tail, p_values, tail_rates
from isc.synchrony.smoothness.autocorrelation import design_findings, require_subjects
from isc.synchrony.statistic.dyads import Cells, few_cells, weighted_means
from isc.synchrony.statistic.estimate import dyad_indices
from isc.synchrony.statistic.groups import MINIMUM_WITHIN, group_comparisons

Contrast = Literal["within", "within_between"]
DEFAULT_PERMUTATIONS = 1000
TIE_DECIMALS = 9  # labellings with the same contrast count as ties although their sums are rounded differently
NULL_HYPOTHESIS = {
    "within": "subjects are exchangeable between the groups: which group they belong to does not matter to synchrony",
    "within_between": (
        "subjects are exchangeable between the groups: people of one group are not more alike than of different ones"
    ),
}


class _Labellings(NamedTuple):
    """Who is in the first group (labelling, subject), the observed one first, and whether these are all there are."""

    first: np.ndarray
    exact: bool


def compare_groups(
    cube: xr.DataArray,
    groups: str,
    *,
    contrast: Contrast = "within",
    of: tuple[str, str] | None = None,
    tail: Tail = "two_sided",
    n_permutations: int = DEFAULT_PERMUTATIONS,
    seed: int = 0,
    alpha: float = DEFAULT_ALPHA,
    **how: Any,
) -> xr.Dataset:
    """Difference of synchrony between groups, tested by exchanging the labels of subjects.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
    groups : str
        Name of a coordinate along ``subject``.
    contrast : {"within", "within_between"}
        ``within``: mean r within the first group minus mean r within the second. ``within_between``: the mean of both
        minus mean r between the groups.
    of : (str, str), optional
        The two groups, when there are more; subjects of others are left out.
    tail : {"greater", "less", "two_sided"}
    n_permutations : int
        When there are no more ways to divide the subjects, all of them are taken and p is exact.
    seed : int
        The draws depend on it, the number of the permutation and the ids of the subjects only.
    alpha : float
        Groups too small for it are refused.
    **how
        window, step, space, detrend, pairs, min_valid, n_threads as in `isc.temporal_isc`.

    Returns
    -------
    Dataset
        ``contrast`` and ``p`` (familywise, maximum over all features and windows), each (window, feature dims), and
        ``null`` (surrogate, extreme). attrs: what was compared, ``n_surrogates`` (labellings but the observed),
        ``exact``, ``smallest_p``, ``null_hypothesis``. A rejection says that the groups differ, in the strength of
        shared responses or in noise: a noisier group is less synchronous. NaN where a group has fewer than two
        subjects left in a window.

    Raises
    ------
    ValueError
        When there are not two groups, or so few subjects that no p could reach `alpha`.

    References
    ----------
    Chen et al. 2016, NeuroImage 142:248-259, doi:10.1016/j.neuroimage.2016.05.023 (subject-wise permutation).
    Nichols & Holmes 2002, Hum Brain Mapp 15:1-25, doi:10.1002/hbm.1058 (maximum statistic).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.normal(size=(10, 300, 1))
    >>> values[:5] += 2 * rng.normal(size=(300, 1))
    >>> cube = xr.DataArray(values, dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(300) / 30, "group": ("subject", list("aaaaabbbbb"))})
    >>> found = compare_groups(cube, "group")
    >>> found.attrs["compared"], found.attrs["n_surrogates"], round(float(found.p.min()), 3)
    ('a minus b', 251, 0.008)
    """
    if contrast not in NULL_HYPOTHESIS:
        raise ValueError(f"contrast must be within or within_between; given {contrast!r}")
    tail_rates(alpha, tail)
    chosen, first, names = _two_groups(cube, groups, of)
    labellings = _labellings(first, subject_keys(subject_ids(chosen)), n_permutations, seed)
    smallest = _smallest_p(labellings, contrast, tail)
    _check_sizes(first, smallest, alpha, names)
    cells = Cells(chosen, **how)
    observed, extremes = _contrasts(cells, labellings.first, contrast)
    null = xr.DataArray(extremes, dims=("surrogate", "extreme"), coords={"extreme": ["min", "max"]}, name="null")
    value = cells.labelled(observed, "contrast")
    result = xr.Dataset({"contrast": value, "p": p_values(value, null, tail=tail), "null": null})
    attrs = {
        **cells.attrs(),
        "groups": groups,
        "compared": _in_words(contrast, names),
        "contrast": contrast,
        "tail": tail,
    }
    attrs |= {"n_subject_first": int(first.sum()), "n_subject_second": int((~first).sum())}
    attrs |= {"n_subject": first.size, "n_surrogates": len(extremes), "seed": seed}
    attrs |= {"exact": int(labellings.exact), "smallest_p": smallest, "null_hypothesis": NULL_HYPOTHESIS[contrast]}
    return with_findings(result.assign_attrs(attrs), design_findings(first.size, _drawn(labellings)))


def _in_words(contrast: str, names: tuple[str, str]) -> str:
    one, other = names
    return f"{one} minus {other}" if contrast == "within" else f"within minus between {one} and {other}"


def _drawn(labellings: _Labellings) -> int | None:
    """Random labellings, whose number decides how sure a threshold is; None when all were taken."""
    return None if labellings.exact else len(labellings.first) - 1


def _two_groups(
    cube: xr.DataArray, groups: str, of: tuple[str, str] | None
) -> tuple[xr.DataArray, np.ndarray, tuple[str, str]]:
    """Subjects of the two groups, who is in the first, and both names."""
    group_comparisons(cube, groups)
    label = cube[groups].values.astype(str)
    known = list(dict.fromkeys(label.tolist()))
    if of is None and len(known) > 2:
        raise ValueError(f"coordinate {groups!r} has {len(known)} groups ({', '.join(known)}); choose two with of=")
    one, other = (str(name) for name in of or known)
    if one == other or not {one, other} <= set(known):
        raise ValueError(f"of must name two of the groups {', '.join(known)}; given {of}")
    kept = np.flatnonzero((label == one) | (label == other))
    return cube.isel(subject=kept), label[kept] == one, (one, other)


def _labellings(first: np.ndarray, keys: np.ndarray, n_permutations: int, seed: int) -> _Labellings:
    n, n_first = first.size, int(first.sum())
    if n_permutations < 1:
        raise ValueError(f"n_permutations must be at least 1; given {n_permutations}")
    if comb(n, n_first) - 1 > n_permutations:
        drawn = label_orders(seed, range(n_permutations), keys) < n_first
        return _Labellings(np.concatenate([first[None], drawn]), exact=False)
    every = np.zeros((comb(n, n_first), n), dtype=bool)
    for row, members in zip(every, combinations(range(n), n_first), strict=True):
        row[list(members)] = True
    return _Labellings(np.concatenate([first[None], every[(every != first).any(axis=1)]]), exact=True)


def _smallest_p(labellings: _Labellings, contrast: str, tail: Tail) -> float:
    """Smallest p that can occur: two tails, and halves of equal size that only swap their names, count twice."""
    first = labellings.first[0]
    mirrored = labellings.exact and contrast == "within_between" and 2 * first.sum() == first.size
    return (2 if tail == "two_sided" else 1) * (2 if mirrored else 1) / len(labellings.first)


def _check_sizes(first: np.ndarray, smallest: float, alpha: float, names: tuple[str, str]) -> None:
    sizes = (int(first.sum()), int((~first).sum()))
    told = f"groups {names[0]} and {names[1]} have {sizes[0]} and {sizes[1]} subjects"
    if min(sizes) < MINIMUM_WITHIN:
        raise ValueError(f"{told}; each needs at least {MINIMUM_WITHIN} to have synchrony within")
    require_subjects(first.size)
    if smallest > alpha:
        raise ValueError(
            f"{told}: the smallest p that their labellings can give is {smallest:.3g}, above alpha {alpha:g}; record "
            "more people, choose one tail beforehand, or ask for more permutations where these are few"
        )


def _contrasts(cells: Cells, labellings: np.ndarray, contrast: str) -> tuple[np.ndarray, np.ndarray]:
    """Observed contrast (feature, window) and the extremes (labelling, 2) of all others over features and windows."""
    first, second = dyad_indices(labellings.shape[1])
    both = labellings[:, first] & labellings[:, second]
    neither = ~labellings[:, first] & ~labellings[:, second]
    members = [part.astype(np.float64) for part in (both, neither, ~both & ~neither)]
    observed, extremes = [], np.full((len(labellings), 2), np.nan)
    for _, dyads in cells.dyads():
        for part in few_cells(dyads, len(labellings)):
            one, other = (weighted_means(part, weights) for weights in members[:2])
            value = one - other if contrast == "within" else (one + other) / 2 - weighted_means(part, members[2])
            value = value.round(TIE_DECIMALS)
            observed.append(value[:, 0])
            extremes[:, 0] = np.fmin(extremes[:, 0], np.fmin.reduce(value, axis=0))
            extremes[:, 1] = np.fmax(extremes[:, 1], np.fmax.reduce(value, axis=0))
    shape = (cells.features.n_feature, cells.windows.starts.size)
    return np.concatenate(observed).reshape(shape), extremes[1:]

"""Cluster mass: synchrony that lasts, or that neighbouring features share, tested as a whole.

More powerful than the single largest cell where synchrony is weak and long (benchmarks/inference.md). The price is
that only the cluster is tested: nothing is said about any one of its cells. Under a scheme that does not hold, such as
the circular shift where everybody's smoothness changes at once, clusters are as wrong as single cells are.
"""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from isc.synchrony.clusters import Runs, feature_edges, find_runs, join_runs, largest_masses
from isc.synchrony.findings import with_findings
from isc.synchrony.inference import Tail, tail_rates
from isc.synchrony.smoothness.autocorrelation import design_findings, require_subjects
from isc.synchrony.surrogate.named import labelled_cells, named_surrogates, surrogate_attrs
from isc.synchrony.surrogate.schemes import SchemeName
from isc.synchrony.surrogate.values import DEFAULT_SURROGATES, RESULT_BYTES, Surrogates

FORMING = 0.975  # quantile of the null over cells; one tail of the usual two-sided .05 of cluster tests
FORMING_SURROGATES = 100  # that the quantile is taken from: cells are many
BINS = np.linspace(-1.0, 1.0, 20_001)  # of r, for its quantile; a standardised r is read on ten times the scale
STANDARD_SCALE = 20.0
SMALLEST_SPREAD = 1e-12  # of a feature over surrogates and windows, below which it cannot be standardised
SIGNS = {"greater": (1,), "less": (-1,), "two_sided": (1, -1)}
CLAIM = (
    "inference is on clusters: a small p says that synchrony of this extent is not expected by chance somewhere in "
    "the cluster; it does not say that any one of its cells, or its first or last window, is synchronous"
)


class _Scale(NamedTuple):
    """Mean and spread of the null (feature, 1), 0 and 1 without standardisation, and the threshold of either sign."""

    mean: np.ndarray
    spread: np.ndarray
    threshold: dict[int, float]


def cluster_mass(
    cube: xr.DataArray,
    *,
    scheme: SchemeName = "circular_shift",
    n_surrogates: int = DEFAULT_SURROGATES,
    seed: int = 0,
    tail: Tail = "greater",
    forming: float = FORMING,
    threshold: float | None = None,
    adjacency: Any = None,
    standardise: Literal["feature"] | None = "feature",
    **how: Any,
) -> xr.Dataset:
    """Test stretches of synchrony by their mass: how far, how long and over how many features r exceeds a threshold.

    A cluster is an unbroken run of windows of one feature in which r exceeds the forming threshold, joined with the
    runs of neighbouring features at the same time when `adjacency` is given. Its mass is the sum of what exceeds the
    threshold. The null is the largest mass of any cluster in a surrogate, so that p is corrected for all features
    and windows.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        At least five subjects.
    scheme : str
        As in `isc.null_extremes`.
    n_surrogates : int
    seed : int
    tail : {"greater", "less", "two_sided"}
        Clusters above the upper threshold, below the lower one, or both with one null for the larger mass.
    forming : float
        Quantile of single surrogate values, over all cells of the first 100 surrogates, above which a cell may join
        a cluster. Lower values favour long and weak, higher ones short and strong synchrony; each is valid, but
        choose before looking.
    threshold : float, optional
        Forming threshold as r (or as a standardised r) instead of the quantile; its negative for the lower side.
    adjacency : sparse array (feature, feature) or array of int (edge, 2), optional
        Which features are neighbours: `isc.mesh.edges()` for face vertices, the matrix of
        `mne.channels.find_ch_adjacency` for sensors. Only for cubes with one feature dim. By default clusters are
        runs of single features.
    standardise : {"feature", None}
        ``feature``: subtract the mean and divide by the standard deviation of the feature's surrogate values over
        windows, so that rough and smooth features weigh the same; without, the smoothest feature sets the bar for
        all (see benchmarks/inference.md).
    **how
        window, step, estimator, summary, space, detrend, pairs, block, extent, features, others, min_valid,
        n_threads as in `isc.null_extremes`.

    Returns
    -------
    Dataset
        Along ``cluster``, largest mass first: ``mass``, ``p`` (familywise), ``cluster_start`` and ``cluster_stop``
        (s), ``n_window``, ``n_feature``, ``n_cell``, ``sign`` and, for runs, ``feature`` (position in C order of the
        feature dims). ``label`` (window, feature): 0, or 1 + position of the cluster along ``cluster``; ``tisc``, the
        values that clusters were formed from; ``null`` (surrogate). attrs: what was tested, ``claim`` and the
        thresholds. NaN cells are in no cluster and end a run.

    Raises
    ------
    ValueError
        With fewer than five subjects, or options that are not known or do not fit the data.

    References
    ----------
    Maris & Oostenveld 2007, J Neurosci Methods 164:177-190, doi:10.1016/j.jneumeth.2007.03.024 (cluster mass).
    Sassenhagen & Draschkow 2019, Psychophysiology 56:e13335, doi:10.1111/psyp.13335 (what it does not say).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.normal(size=(8, 900, 2))
    >>> values[:, 300:600, 1] += rng.normal(size=300)
    >>> cube = xr.DataArray(values, dims=("subject", "time", "vertex"), coords={"time": np.arange(900) / 30})
    >>> found = cluster_mass(cube, n_surrogates=99)
    >>> float(found.p[0]), int(found.feature[0]), float(found.cluster_start[0]) > 5
    (0.01, 1, True)
    """
    require_subjects(cube.sizes["subject"])
    tail_rates(0.5, tail)
    _check(forming, threshold, standardise)
    surrogates = named_surrogates(cube, scheme, n_surrogates=n_surrogates, seed=seed, **how)
    edges = _edges(adjacency, surrogates)
    scale = _forming_scale(surrogates, SIGNS[tail], forming, threshold, standardise)
    null = _largest(surrogates, scale, edges)
    observed = np.concatenate([values for _, values in surrogates.observed()])
    result = _result(surrogates, observed, scale, null, edges)
    told = {f"forming_{'upper' if sign > 0 else 'lower'}": sign * t for sign, t in scale.threshold.items()}
    attrs = {**surrogate_attrs(surrogates), "tail": tail, "standardise": standardise or "none", **told, "claim": CLAIM}
    drawn = None if surrogates.exact else surrogates.n_surrogates  # all there are leave no uncertainty
    return with_findings(result.assign_attrs(attrs), design_findings(cube.sizes["subject"], drawn))


def _check(forming: float, threshold: float | None, standardise: str | None) -> None:
    if not 0.5 <= forming < 1:
        raise ValueError(f"forming is a quantile of the null between 0.5 and 1; given {forming}")
    if threshold is not None and not threshold > 0:
        raise ValueError(f"threshold must be above 0: it is used with both signs; given {threshold}")
    if standardise not in (None, "feature"):
        raise ValueError(f"standardise must be None or feature; given {standardise!r}")


def _edges(adjacency: Any, surrogates: Surrogates) -> np.ndarray | None:
    if adjacency is None:
        return None
    if len(surrogates.features.dims) != 1:
        raise ValueError(
            f"adjacency needs one feature dim; the features have {surrogates.features.dims}: select or stack them"
        )
    return feature_edges(adjacency, surrogates.n_feature)


def _forming_scale(
    surrogates: Surrogates, signs: tuple[int, ...], forming: float, threshold: float | None, standardise: str | None
) -> _Scale:
    """Scale of the features and thresholds, from the first surrogates only: they are as good as any."""
    mean, spread = np.zeros((surrogates.n_feature, 1)), np.ones((surrogates.n_feature, 1))
    bins = BINS * (STANDARD_SCALE if standardise else 1.0)
    count = np.zeros(bins.size - 1, dtype=np.int64)
    for features, values in surrogates.values(0, min(FORMING_SURROGATES, surrogates.n_surrogates)):
        if standardise:
            mean[features], spread[features] = _moments(values)
        scaled = (values - mean[features]) / spread[features]
        count += np.histogram(scaled[np.isfinite(scaled)], bins)[0]
    if threshold is not None:
        return _Scale(mean, spread, dict.fromkeys(signs, float(threshold)))
    upper = {1: _quantile(count, bins, forming), -1: -_quantile(count, bins, 1 - forming)}
    return _Scale(mean, spread, {sign: upper[sign] for sign in signs})


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (feature, 1) over surrogates and windows; NaN where there is no spread.

    One feature at a time, so that the last bits do not depend on how many features are in a block.
    """
    result = np.full((2, values.shape[1], 1), np.nan)
    for k in range(values.shape[1]):
        drawn = values[:, k][np.isfinite(values[:, k])].astype(np.float64)
        if drawn.size and drawn.std() > SMALLEST_SPREAD:
            result[:, k, 0] = drawn.mean(), drawn.std()
    return result[0], result[1]


def _quantile(count: np.ndarray, bins: np.ndarray, share: float) -> float:
    """Quantile of binned values."""
    reached = np.cumsum(count)
    if not reached[-1]:
        raise ValueError("no surrogate value is finite: every feature is flat or missing in every window")
    return float(bins[np.searchsorted(reached, share * reached[-1]) + 1])


def _largest(surrogates: Surrogates, scale: _Scale, edges: np.ndarray | None) -> np.ndarray:
    """Largest mass of every surrogate."""
    null = np.zeros(surrogates.n_surrogates)
    for start, stop, features, values in _parts(surrogates, whole=edges is not None):
        scaled = (values - scale.mean[features]) / scale.spread[features]
        for sign, threshold in scale.threshold.items():
            mass = largest_masses(sign * scaled, threshold, edges)
            null[start:stop] = np.maximum(null[start:stop], mass)
    return null


def _parts(surrogates: Surrogates, *, whole: bool) -> Iterator[tuple[int, int, slice, np.ndarray]]:
    """Values of ranges of surrogates, by blocks of features or of all features at once."""
    if not whole:
        for start, stop in surrogates.ranges():
            for features, values in surrogates.values(start, stop):
                yield start, stop, features, values
        return
    cells = surrogates.n_feature * surrogates.n_window
    step = max(1, 4 * RESULT_BYTES // (4 * cells))
    for start in range(0, surrogates.n_surrogates, step):
        stop = min(start + step, surrogates.n_surrogates)
        values = np.concatenate([part for _, part in surrogates.values(start, stop)], axis=1)
        yield start, stop, slice(None), values


def _result(
    surrogates: Surrogates, observed: np.ndarray, scale: _Scale, null: np.ndarray, edges: np.ndarray | None
) -> xr.Dataset:
    label, table = _observed_clusters(surrogates, observed, scale, edges)
    units = {"cluster_start": "s", "cluster_stop": "s"}
    data = {name: ("cluster", column, {"units": units.get(name, "1")}) for name, column in table.items()}
    beyond = (null >= table["mass"][:, None]).sum(axis=1)
    data["p"] = ("cluster", (beyond + 1) / (null.size + 1), {"units": "1", "long_name": "familywise p of the cluster"})
    result = xr.Dataset({**data, "null": ("surrogate", null, {"units": "1"})})
    result["tisc"] = labelled_cells(surrogates, observed, name="tisc")
    return result.assign(label=labelled_cells(surrogates, label, name="label"))


def _observed_clusters(
    surrogates: Surrogates, observed: np.ndarray, scale: _Scale, edges: np.ndarray | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Labels (feature, window) and the table of clusters, largest mass first."""
    scaled = (observed - scale.mean) / scale.spread
    label, tables, n_before = np.zeros(observed.shape, dtype=np.int32), [], 0
    for sign, threshold in scale.threshold.items():
        runs = find_runs(sign * scaled, threshold)
        found = runs if edges is None else join_runs(runs, edges, observed.shape)
        label.ravel()[found.cells] = found.run + 1 + n_before
        tables.append(_extents(found, sign, observed.shape[1], surrogates))
        n_before += found.mass.size
    table = {name: np.concatenate([part[name] for part in tables]) for name in tables[0]}
    if edges is not None:
        del table["feature"]
    order = np.argsort(-table["mass"], kind="stable")
    rank = np.zeros(order.size + 1, dtype=np.int32)
    rank[order + 1] = np.arange(1, order.size + 1)
    return rank[label], {name: column[order] for name, column in table.items()}


def _extents(found: Runs, sign: int, n_window: int, surrogates: Surrogates) -> dict[str, np.ndarray]:
    """Where clusters lie and how large they are, one row a cluster."""
    n = found.mass.size
    feature, window = found.cells // n_window, found.cells % n_window
    first, last = np.full(n, n_window), np.full(n, -1)
    np.minimum.at(first, found.run, window)
    np.maximum.at(last, found.run, window)
    members = np.unique(np.stack([found.run, feature]), axis=1)[0]
    one = np.zeros(n, dtype=np.int64)
    one[found.run] = feature
    windows, onset = surrogates.design.windows, surrogates.features.series.onset
    return {
        "mass": found.mass,
        "cluster_start": onset + windows.starts[first] / windows.rate,
        "cluster_stop": onset + (windows.starts[last] + windows.length) / windows.rate,
        "n_window": last - first + 1,
        "n_feature": np.bincount(members, minlength=n),
        "n_cell": np.bincount(found.run, minlength=n),
        "sign": np.full(n, sign),
        "feature": one,
    }

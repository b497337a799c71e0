"""Correlated component analysis: the weighted sums of channels that are most alike between people."""

from typing import Any

import numpy as np
import xarray as xr

from isc.cube import check_cube, check_values, sampling_rate, subject_ids
from isc.synchrony.smoothness.autocorrelation import require_subjects
from isc.synchrony.surrogate.whole_subjects import Move, WholeScheme, WholeSubjects, whole_subjects
from isc.windows import Windows

SMALLEST_EIGENVALUE = 1e-9  # of the covariance within subjects, as a share of the largest: below, a direction is empty
SCHEMES = ("circular_shift", "sign_flip")


def corrca(
    cube: xr.DataArray,
    *,
    n_components: int | None = None,
    rank: int | None = None,
    shrinkage: float = 0.0,
    scheme: WholeScheme = "circular_shift",
    n_surrogates: int = 0,
    seed: int = 0,
) -> xr.Dataset:
    """Components of largest inter-subject correlation, with a null that fits the components anew.

    Finds weights w that make w'R_b w / w'R_w w largest, where R_b is the mean covariance between different subjects and
    R_w the mean covariance within subjects: the ratio is the components' inter-subject correlation. As the weights are
    chosen to make it large, it is above 0 by chance too: for the null subjects are randomised as in `isc.null_extremes`
    and **the components are fitted again**. Windowed synchrony of a component, ``isc.temporal_isc(
    result.components)``, inherits that choice: test it on other data, or only between windows.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, one feature dim) in any order
        NaN is missing: a sample counts for a subject when all its features are there; products of what is there are
        averaged. Units are kept: a subject of larger amplitude counts more (`isc.zscore` evens that out).
    n_components : int, optional
        Components returned; by default all.
    rank : int, optional
        Keep this many principal directions of R_w before solving, against noise in empty directions (Dmochowski et
        al. 2012); by default all that are not empty (an average reference empties one).
    shrinkage : float
        0 to 1: share of R_w replaced by a multiple of the identity.
    scheme : {"circular_shift", "sign_flip"}
        What is randomised: where a subject's series begin, or their sign.
    n_surrogates : int
        Surrogate data sets for p-values, which need five subjects; 0 for none. Fewer are used where there are fewer
        patterns of signs.
    seed : int
        The same seed gives the same numbers for any order of subjects.

    Returns
    -------
    Dataset
        ``isc`` (component): the ratio, -1 / (n - 1) to 1, with R_w as it was shrunk. ``isc_subject`` (subject,
        component): of each subject with the others. ``weights`` (feature, component), w'R_w w = 1. ``patterns``
        (feature, component): what a component looks like on the sensors (forward model), in the unit of the cube.
        ``components`` (subject, time, component). With surrogates ``p`` (component), familywise over components, and
        ``null`` (surrogate): the largest ratio of every surrogate.

    Raises
    ------
    ValueError
        When the cube has not exactly one feature dim, a feature is missing throughout for a subject, a parameter is
        out of range, or surrogates are asked for with fewer than five subjects.

    References
    ----------
    Dmochowski et al. 2012, Front Hum Neurosci 6:112, doi:10.3389/fnhum.2012.00112.
    Parra, Haufe & Dmochowski 2019, Neurons Behav Data Anal Theory 1, doi:10.51628/001c.7125.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(1, 500, 1)) * [1.0, 0.5, 0.0]
    >>> cube = xr.DataArray(shared + rng.normal(size=(5, 500, 3)), dims=("subject", "time", "channel"),
    ...                     coords={"time": np.arange(500) / 50})
    >>> result = corrca(cube, n_surrogates=19)
    >>> float(result.isc[0]) > 0.5, float(result.p[0])
    (True, 0.05)
    """
    check_cube(cube)
    order = np.argsort(np.array(subject_ids(cube)), kind="stable")  # of all sums: the result is not that of the cube's
    cube = cube.assign_coords(subject=subject_ids(cube)).isel(subject=order)
    values, known, dim = _values(cube)
    _check_options(values.shape[2], n_components, rank, shrinkage)
    chosen = _surrogates(cube, scheme, n_surrogates, seed)
    within = _within(values, known)
    whitener = _whitener(within, rank, shrinkage)
    fit = _Fit(values @ whitener, known)
    strength, rotation = fit.components(None)
    keep = slice(n_components)
    weights = (whitener @ rotation)[:, keep]
    patterns = _patterns(within, weights)
    sign = np.sign(patterns[np.abs(patterns).argmax(axis=0), np.arange(patterns.shape[1])])
    result = _labelled(cube, dim, strength[keep], weights * sign, patterns * sign, values, known)
    if chosen is not None:
        null = _null(fit, chosen)
        p = (1 + (null[:, None] >= strength[keep]).sum(axis=0)) / (null.size + 1)
        result["null"] = ("surrogate", null, {"units": "1", "long_name": "largest ratio of refitted components"})
        result["p"] = ("component", p, {"units": "1", "long_name": "familywise p"})
        result.attrs |= chosen.attrs
    result.attrs |= {"rank": int(whitener.shape[1]), "shrinkage": float(shrinkage)}
    return result.isel(subject=np.argsort(order))


def _values(cube: xr.DataArray) -> tuple[np.ndarray, np.ndarray, str]:
    """Centred values (subject, time, feature) with 0 where missing, which samples are known, and the feature dim."""
    check_values(cube)
    others = [str(dim) for dim in cube.dims if dim not in ("subject", "time")]
    if len(others) != 1:
        raise ValueError(
            f"corrca needs one feature dim beside subject and time; given {others}: select one, or stack them into one"
        )
    values = cube.transpose("subject", "time", others[0]).values.astype(np.float64)
    empty = np.argwhere(~np.isfinite(values).any(axis=1))
    if empty.size:
        subject, feature = empty[0]
        label = cube[others[0]].values[feature] if others[0] in cube.coords else feature
        raise ValueError(
            f"{others[0]} {label} has no data in subject {subject_ids(cube)[subject]}; drop or interpolate it first"
        )
    known = np.asarray(np.isfinite(values).all(axis=2))
    if (known.sum(axis=1) < 2).any():
        raise ValueError("a subject has fewer than two samples in which all features are there; leave that subject out")
    values[~known] = 0.0
    mean = values.sum(axis=1, keepdims=True) / known.sum(axis=1)[:, None, None]
    return np.where(known[:, :, None], values - mean, 0.0), known, others[0]


def _check_options(n_feature: int, n_components: int | None, rank: int | None, shrinkage: float) -> None:
    for name, value in (("n_components", n_components), ("rank", rank)):
        if value is not None and not 1 <= value <= n_feature:
            raise ValueError(f"{name} must be 1 to {n_feature}, the number of features; given {value}")
    if not 0 <= shrinkage < 1:
        raise ValueError(f"shrinkage is a share from 0 to below 1; given {shrinkage}")


def _surrogates(cube: xr.DataArray, scheme: str, n_surrogates: int, seed: int) -> WholeSubjects | None:
    """Surrogates of the whole recording; None when none are asked for."""
    if n_surrogates < 0:
        raise ValueError(f"n_surrogates must be 0 or more; given {n_surrogates}")
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be {' or '.join(SCHEMES)}; given {scheme!r}")
    if n_surrogates == 0:
        return None
    require_subjects(cube.sizes["subject"])
    samples = Windows(np.arange(cube.sizes["time"]), 1, sampling_rate(cube))
    return whole_subjects(cube, samples, scheme=scheme, n_surrogates=n_surrogates, seed=seed)


def _within(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """R_w: mean covariance within subjects over all samples that are there."""
    flat = values.reshape(-1, values.shape[2])
    return flat.T @ flat / known.sum()


def _whitener(within: np.ndarray, rank: int | None, shrinkage: float) -> np.ndarray:
    """Matrix (feature, direction) that makes the (shrunk) R_w the identity in its largest directions."""
    n_feature = len(within)
    shrunk = (1 - shrinkage) * within + shrinkage * np.trace(within) / n_feature * np.eye(n_feature)
    size, direction = np.linalg.eigh(shrunk)
    size, direction = size[::-1], direction[:, ::-1]
    filled = int((size > SMALLEST_EIGENVALUE * size[0]).sum()) if size[0] > 0 else 0
    if filled == 0:
        raise ValueError("no feature moves in any subject; there is nothing to correlate")
    keep = min(filled, rank or n_feature)
    return direction[:, :keep] / np.sqrt(size[:keep])


class _Fit:
    """Whitened data, from which components are fitted with every subject as it is or moved."""

    def __init__(self, whitened: np.ndarray, known: np.ndarray) -> None:
        self.whitened, self.known = whitened, known
        flat = whitened.reshape(-1, whitened.shape[2])
        self.own = flat.T @ flat  # products of subjects with themselves: no move changes them

    def components(self, move: Move | None) -> tuple[np.ndarray, np.ndarray]:
        """Ratios (descending) and rotation (direction, component) of the covariance between subjects.

        Sums over dyads are (sum over subjects)^2 less the subjects' own, so that the cost is linear in subjects; each
        product is divided by how often both subjects were there.
        """
        total = np.zeros(self.whitened.shape[1:])
        count = np.zeros(self.whitened.shape[1])
        for k, (one, there) in enumerate(zip(self.whitened, self.known, strict=True)):
            total += one if move is None else move.of(k, one)
            count += there if move is None else move.in_time(k, there)
        n_product = (count * (count - 1)).sum()
        if n_product == 0:
            raise ValueError("no two subjects have a sample at the same time; check their gaps")
        strength, rotation = np.linalg.eigh((total.T @ total - self.own) / n_product)
        return strength[::-1], rotation[:, ::-1]


def _null(fit: _Fit, chosen: WholeSubjects) -> np.ndarray:
    """Largest ratio of the refitted components of every surrogate."""
    moves = (chosen.move(k) for k in range(chosen.n_surrogates))
    return np.array([fit.components(move)[0][0] for move in moves])


def _patterns(within: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Forward model R_w W (W' R_w W)^-1 (Parra et al. 2019, section 2.6)."""
    spread = within @ weights
    return spread @ np.linalg.inv(weights.T @ spread)


def _subject_ratio(projected: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Ratio of every subject with the others (subject, component): Dmochowski et al. 2012."""
    n_other = (known.sum(axis=0) - known)[:, :, None] * known[:, :, None]
    between = 2 * (projected * (projected.sum(axis=0) - projected)).sum(axis=1)
    others = (projected**2).sum(axis=0) - projected**2
    power = (projected**2 * n_other + others * known[:, :, None]).sum(axis=1)
    return between / np.where(power > 0, power, np.nan)


def _labelled(
    cube: xr.DataArray,
    dim: str,
    strength: np.ndarray,
    weights: np.ndarray,
    patterns: np.ndarray,
    values: np.ndarray,
    known: np.ndarray,
) -> xr.Dataset:
    projected = values @ weights
    shown = np.where(known[:, :, None], projected, np.nan).astype(np.float32)
    data: dict[str, Any] = {
        "isc": ("component", strength, {"units": "1", "long_name": "inter-subject correlation"}),
        "isc_subject": (("subject", "component"), _subject_ratio(projected, known), {"units": "1"}),
        "weights": ((dim, "component"), weights),
        "patterns": ((dim, "component"), patterns, {"units": str(cube.attrs.get("units", "1"))}),
        "components": (("subject", "time", "component"), shown, {"units": "1"}),
    }
    kept = {k: v.variable for k, v in cube.coords.items() if v.dims and set(v.dims) <= {"subject", "time", dim}}
    coords = {**kept, "subject": subject_ids(cube), "component": np.arange(1, strength.size + 1)}
    return xr.Dataset(data, coords=coords, attrs={"n_subject": cube.sizes["subject"]})

"""What synchrony looks like by chance: surrogate data, and the extremes of the statistic over them.

Every surrogate runs through `isc.synchrony.estimate.Statistic`, the code of the observed value. Random
numbers are counter-based and keyed by seed, surrogate and subject id, so that results do not depend on blocks,
threads or the order of subjects.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.kernels import surrogates
from isc.synchrony.blocks import select_features
from isc.synchrony.estimate import Statistic
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.series import Space
from isc.synchrony.temporal import MIN_VALID, thread_count
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, sliding_windows, window_coords

Scheme = Literal["circular_shift", "timepoint_shuffle"]
Scope = Literal["recording", "window"]
DEFAULT_SURROGATES = 1000

REJECTED_NULL = {
    "circular_shift": (
        "subjects' series are unrelated in time: each keeps its own autocorrelation and is shifted circularly by one "
        "random amount, the same for all features"
    ),
    "timepoint_shuffle": (
        "samples of each subject are exchangeable in time (white noise); one permutation per subject, shared by all "
        "features: not a test of synchrony for smooth signals"
    ),
}


def null_extremes(
    cube: xr.DataArray,
    *,
    window: float = DEFAULT_WINDOW,
    step: float = DEFAULT_STEP,
    scheme: Scheme = "circular_shift",
    n_surrogates: int = DEFAULT_SURROGATES,
    seed: int = 0,
    scope: Scope = "recording",
    space: Space = "vector",
    pairs: VertexPairs | None = None,
    min_valid: float = MIN_VALID,
    n_threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.DataArray:
    """Smallest and largest t-ISC of surrogate data without synchrony.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        As in `isc.temporal_isc`. The statistic is the mean over dyads.
    window, step : float
        Seconds.
    scheme : {"circular_shift", "timepoint_shuffle"}
        ``circular_shift``: one uniform shift per subject over the whole recording, before windowing.
        ``timepoint_shuffle``: one permutation of the frames per subject, the published null; it destroys the
        autocorrelation and is **not a test of synchrony** for smooth signals.
    n_surrogates : int
        Surrogate data sets.
    seed : int
        The same seed gives the same numbers for any number of threads and any order of subjects.
    scope : {"recording", "window"}
        Extremes over features and windows, which controls the familywise error over the whole recording, or over
        features in each window, which does so for one window only.
    space : {"vector", "axes", "norm", "displacement"}
        As in `isc.temporal_isc`.
    pairs : VertexPairs, optional
        As in `isc.temporal_isc`.
    min_valid : float
        As in `isc.temporal_isc`.
    n_threads : int, optional
        As in `isc.temporal_isc`.
    progress : callable, optional
        Called with (surrogates done, all surrogates), summed over blocks of features.

    Returns
    -------
    DataArray ``null``, dims (surrogate, extreme) or (surrogate, extreme, window), float64
        ``extreme`` is min, max. NaN cells are left out of the extremes.

    Raises
    ------
    ValueError
        When the scheme or scope is not known, or n_surrogates is below 1.

    References
    ----------
    Nichols & Holmes 2002, Hum Brain Mapp 15:1-25, doi:10.1002/hbm.1058 (maximum statistic).
    Kauppi et al. 2010, Front Neuroinform 4:5, doi:10.3389/fninf.2010.00005 (circular shift).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cube = xr.DataArray(rng.normal(size=(5, 300, 2)), dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(300) / 30})
    >>> null_extremes(cube, n_surrogates=20).sizes["surrogate"]
    20
    """
    _check_null(scheme, scope, n_surrogates)
    features = select_features(cube, space=space, pairs=pairs)
    windows = sliding_windows(cube.sizes["time"], rate=features.series.rate, window=window, step=step)
    threads = thread_count(n_threads)
    how = {"min_valid": min_valid, "n_threads": threads}
    draw = _drawer(scheme, seed, surrogates.subject_keys(subject_ids(cube)), cube.sizes["time"])
    extremes = np.stack([np.full((n_surrogates, windows.starts.size), v) for v in (np.inf, -np.inf)], axis=1)
    statistic = Statistic()
    n_step = features.n_block * n_surrogates
    for k, (_, block) in enumerate(features.blocks(threads)):
        for surrogate in range(n_surrogates):
            values, _ = statistic.compute(block, windows, **draw(surrogate), **how)
            _fold(extremes[surrogate], values)
            if progress is not None:
                progress(k * n_surrogates + surrogate + 1, n_step)
    extremes[~np.isfinite(extremes)] = np.nan
    return _labelled(extremes, scope, window_coords(windows, onset=features.series.onset)).assign_attrs(
        scheme=scheme,
        scope=scope,
        seed=int(seed),
        n_surrogates=int(n_surrogates),
        null_hypothesis=REJECTED_NULL[scheme],
        window_s=float(window),
        step_s=float(step),
        units="1",
    )


def _check_null(scheme: str, scope: str, n_surrogates: int) -> None:
    if scheme not in REJECTED_NULL:
        raise ValueError(f"scheme must be one of {', '.join(REJECTED_NULL)}; given {scheme!r}")
    if scope not in ("recording", "window"):
        raise ValueError(f"scope must be recording or window; given {scope!r}")
    if n_surrogates < 1:
        raise ValueError(f"n_surrogates must be at least 1; given {n_surrogates}")


def _drawer(scheme: str, seed: int, keys: np.ndarray, n_time: int) -> Callable[[int], dict[str, Any]]:
    """Function from the surrogate's number to the kernel arguments that make it."""
    if scheme == "circular_shift":
        return lambda surrogate: {"shifts": surrogates.uniform_shifts(seed, surrogate, keys, n_time)}
    return lambda surrogate: {"frames": surrogates.permutations(seed, surrogate, keys, n_time)}


def _fold(extremes: np.ndarray, values: np.ndarray) -> None:
    """Lower the running minimum and raise the running maximum (extreme, window) by values (feature, window)."""
    np.fmin(extremes[0], np.fmin.reduce(values, axis=0), out=extremes[0])
    np.fmax(extremes[1], np.fmax.reduce(values, axis=0), out=extremes[1])


def _labelled(extremes: np.ndarray, scope: str, coords: dict[str, xr.Variable]) -> xr.DataArray:
    labels = {"extreme": ["min", "max"]}
    if scope == "window":
        return xr.DataArray(extremes, dims=("surrogate", "extreme", "window"), coords={**labels, **coords}, name="null")
    whole = np.stack([np.fmin.reduce(extremes[:, 0], axis=1), np.fmax.reduce(extremes[:, 1], axis=1)], axis=1)
    return xr.DataArray(whole, dims=("surrogate", "extreme"), coords=labels, name="null")

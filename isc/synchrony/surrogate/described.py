"""From a cube, a statistic and a scheme to the surrogates of a test, of which nothing is computed yet."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.kernels.nulls.surrogates import subject_keys
from isc.synchrony.features.blocks import Features, select_features
from isc.synchrony.features.series import Space, as_landmarks
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.statistic.estimate import Estimator, Statistic, Summary
from isc.synchrony.surrogate.design import Design, Randomiser
from isc.synchrony.surrogate.flipped import FlippedSigns, n_sign_patterns
from isc.synchrony.surrogate.moved import MovedInTime, shuffles_recording
from isc.synchrony.surrogate.regrouped import OtherStimuli, partner_order
from isc.synchrony.surrogate.rephased import RandomPhases
from isc.synchrony.surrogate.schemes import PhaseRandomisation, PseudoGroup, Scheme, SignFlip
from isc.synchrony.surrogate.values import DEFAULT_SURROGATES, Surrogates
from isc.synchrony.temporal import MIN_VALID, thread_count
from isc.synchrony.testable import check_data, check_options
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, sliding_windows


def surrogates_of(
    cube: xr.DataArray,
    *,
    scheme: Scheme,
    n_surrogates: int = DEFAULT_SURROGATES,
    seed: int = 0,
    window: float = DEFAULT_WINDOW,
    step: float = DEFAULT_STEP,
    estimator: Estimator = "pairwise",
    summary: Summary = "mean",
    space: Space = "vector",
    detrend: str | None = None,
    pairs: VertexPairs | None = None,
    min_valid: float = MIN_VALID,
    n_threads: int | None = None,
    per_window: bool = False,
    others: Sequence[xr.DataArray] = (),
) -> Surrogates:
    """Surrogates of a test of synchrony; nothing is computed yet.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
    scheme : Scheme
        From `isc.synchrony.surrogate.schemes.scheme_named`.
    n_surrogates : int
        How many at most; a scheme with fewer distinct surrogates gives all of them.
    seed : int
        Names the random draws together with the number of the surrogate and the ids of the subjects.
    window, step : float
        Seconds.
    estimator : {"pairwise", "leave_one_out"}
    summary : {"mean", "median", "fisher_mean"}
    space : {"vector", "axes", "norm", "displacement"}
    detrend : {None, "linear"}
    pairs : VertexPairs, optional
    min_valid : float
    n_threads : int, optional
        As in `isc.temporal_isc`, as are all options of the statistic.
    per_window : bool
        Values are only compared within a window. Shuffles of the whole recording then draw one window a surrogate,
        which has exactly the law of each (for ``pairwise`` only).
    others : sequence of DataArray
        Cubes of the other stimuli, for pseudo groups.

    Returns
    -------
    Surrogates

    Raises
    ------
    ValueError
        When the cube, the windows or the scheme do not go together, or there are fewer than three subjects.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cube = xr.DataArray(rng.normal(size=(5, 300, 2)), dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(300) / 30})
    >>> surrogates = surrogates_of(cube, scheme=SignFlip(), n_surrogates=1000)
    >>> surrogates.n_surrogates, surrogates.exact
    (15, True)
    >>> [(features, values.shape) for features, values in surrogates.values(0, 10)]
    [(slice(0, 2, None), (10, 2, 4))]
    """
    statistic = Statistic(estimator, summary)
    features = select_features(cube, space=space, pairs=pairs)
    windows = sliding_windows(cube.sizes["time"], rate=features.series.rate, window=window, step=step)
    check_options(summary, detrend, min_valid, n_surrogates)
    check_data(cube, scheme, windows, others)
    ids = subject_ids(cube)
    order = np.argsort(np.array(ids), kind="stable")
    ordered = [ids[k] for k in order]
    threads = thread_count(n_threads)
    design = Design(
        statistic, windows, cube.sizes["time"], subject_keys(ordered), int(seed), min_valid, threads, detrend
    )
    partners = tuple(
        (select_features(other, space=space, pairs=pairs), partner_order(cube, other, ordered)) for other in others
    )
    n_pattern = n_sign_patterns(len(ids))
    exact = isinstance(scheme, SignFlip) and n_pattern < n_surrogates
    shortcut = per_window and estimator == "pairwise" and shuffles_recording(scheme)
    randomiser = _randomiser(design, scheme, partners, exact, shortcut)
    features, order = _settled(features, order)
    n_surrogates = n_pattern if exact else n_surrogates
    return Surrogates(features, design, scheme, randomiser, order, n_surrogates, exact, shortcut)


def _randomiser(
    design: Design, scheme: Scheme, partners: tuple[tuple[Features, np.ndarray], ...], exact: bool, shortcut: bool
) -> Randomiser:
    if isinstance(scheme, SignFlip):
        return FlippedSigns(design, exact)
    if isinstance(scheme, PhaseRandomisation):
        return RandomPhases(design)
    if isinstance(scheme, PseudoGroup):
        return OtherStimuli(design, partners)
    return MovedInTime(design, scheme, shortcut)


def _settled(features: Features, order: np.ndarray) -> tuple[Features, np.ndarray]:
    """Landmarks of vertex pairs as the kernels read them, made once, and the order that is left to do."""
    if features.pairs is None:
        return features, order
    in_order = (np.diff(order) > 0).all()
    values = as_landmarks(features.series.values if in_order else features.series.values[order])
    return replace(features, series=replace(features.series, values=values)), np.arange(order.size)

"""What synchrony looks like by chance: the extremes of the statistic over surrogate data.

The values come from `isc.synchrony.surrogate.values`, which computes observed and surrogate data by the same code.
Random numbers are counter-based and keyed by seed, surrogate and subject id, so that results do not depend on blocks,
threads or the order of subjects.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import xarray as xr

from isc.synchrony.features.series import Space
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.statistic.estimate import Estimator, Summary
from isc.synchrony.surrogate.described import surrogates_of
from isc.synchrony.surrogate.extremes import Scope, finished
from isc.synchrony.surrogate.fingerprint import fingerprint_of
from isc.synchrony.surrogate.schemes import SCHEMES, Extent, SchemeName, SharedOver, scheme_named
from isc.synchrony.surrogate.values import DEFAULT_SURROGATES, Surrogates
from isc.synchrony.temporal import MIN_VALID
from isc.synchrony.testable import few_subjects
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, window_coords

CHECKPOINT_SURROGATES = 50  # of a block: about a minute of a full-size study

REJECTED_NULL = {name: kind().null_hypothesis for name, kind in SCHEMES.items()}


def null_extremes(
    cube: xr.DataArray,
    *,
    window: float = DEFAULT_WINDOW,
    step: float = DEFAULT_STEP,
    scheme: SchemeName = "circular_shift",
    n_surrogates: int = DEFAULT_SURROGATES,
    seed: int = 0,
    scope: Scope = "recording",
    estimator: Estimator = "pairwise",
    summary: Summary = "mean",
    space: Space = "vector",
    detrend: Literal["linear"] | None = None,
    pairs: VertexPairs | None = None,
    features: SharedOver | None = None,
    extent: Extent | None = None,
    block: float | None = None,
    others: Sequence[xr.DataArray] = (),
    min_valid: float = MIN_VALID,
    n_threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    checkpoint: Callable[[xr.DataArray], None] | None = None,
    resume_from: xr.DataArray | None = None,
) -> xr.DataArray:
    """Smallest and largest t-ISC of surrogate data without synchrony.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        As in `isc.temporal_isc`; at least three subjects.
    window, step : float
        Seconds.
    scheme : {"circular_shift", "sign_flip", "phase", "block", "pseudo_group", "timepoint_shuffle"}
        What is randomised; see `isc.synchrony.surrogate.schemes` for what each keeps, destroys and assumes.
        ``timepoint_shuffle`` is the published null and **not a test of synchrony** for smooth signals.
    n_surrogates : int
        Surrogate data sets. When all patterns of signs are no more than these, ``sign_flip`` gives every pattern but
        the observed one, and p-values are exact.
    seed : int
        The same seed gives the same numbers for any number of threads and any order of subjects.
    scope : {"recording", "window"}
        Extremes over features and windows, which controls the familywise error over the whole recording, or over
        features in each window, which does so for one window only.
    estimator : {"pairwise", "leave_one_out"}
        For ``leave_one_out`` everybody is randomised, the others of the left-out subject as well. Moving only the
        left-out subject against the observed others, as is common, takes the correlations of different subjects for
        independent though each dyad is in two of them: its null is too narrow by the root of two, and in simulation
        31 % of recordings without synchrony were significant at 5 % (``python -m benchmarks.left_out_null``).
    summary : {"mean", "median", "fisher_mean"}
        As in `isc.temporal_isc`.
    space : {"vector", "axes", "norm", "displacement"}
        As in `isc.temporal_isc`.
    detrend : {None, "linear"}
        As in `isc.temporal_isc`.
    pairs : VertexPairs, optional
        As in `isc.temporal_isc`.
    features : {"shared", "independent"}, optional
        For ``timepoint_shuffle``: one order for all features (default), or one for each.
    extent : {"recording", "within_window"}, optional
        For ``timepoint_shuffle``: frames move over the recording (default), or inside each window.
    block : float, optional
        For ``block``: seconds, at least a window; the window by default.
    others : sequence of DataArray
        For ``pseudo_group``: cubes of other stimuli of equal length with the same subjects and features.
    min_valid : float
        As in `isc.temporal_isc`.
    n_threads : int, optional
        As in `isc.temporal_isc`, as is the use of an active ``dask.distributed.Client``.
    progress : callable, optional
        Called with (surrogates done, all surrogates), summed over blocks of features.
    checkpoint : callable, optional
        Called after every block of surrogates with the null so far, for the caller to keep.
    resume_from : DataArray, optional
        What an earlier call handed to `checkpoint`: its surrogates are not computed again.

    Returns
    -------
    DataArray ``null``, dims (surrogate, extreme) or (surrogate, extreme, window), float64
        ``extreme`` is min, max. NaN cells are left out of the extremes. Those of sign flips are wider by 1e-6, so that
        patterns that give the observed value, many where subjects are missing, count as ties in spite of rounding.
        attrs: scheme and its options, scope, seed, estimator, summary, n_surrogates, exact (1 when the surrogates are
        all there are), shortcut (1 when one random window a surrogate stands for all), null_hypothesis (what a
        rejection rejects), caution.

    Raises
    ------
    ValueError
        When an option is not known, or the scheme does not go with the data; the message says what to change.

    Warns
    -----
    UserWarning
        With three or four subjects, where p-values are coarse and one subject decides.

    References
    ----------
    Nichols & Holmes 2002, Hum Brain Mapp 15:1-25, doi:10.1002/hbm.1058 (maximum statistic).
    Kauppi et al. 2010, Front Neuroinform 4:5, doi:10.3389/fninf.2010.00005 (circular shift).
    Nastase et al. 2019, Soc Cogn Affect Neurosci 14:669-687, doi:10.1093/scan/nsz037 (phase randomisation).
    Moulder et al. 2018, Psychol Methods 23:757-773, doi:10.1037/met0000172 (each scheme has its own null).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cube = xr.DataArray(rng.normal(size=(5, 300, 2)), dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(300) / 30})
    >>> null_extremes(cube, n_surrogates=20).sizes["surrogate"]
    20
    >>> null_extremes(cube, scheme="sign_flip").attrs["exact"]
    1
    """
    if scope not in ("recording", "window"):
        raise ValueError(f"scope must be recording or window; given {scope!r}")
    if scheme == "block" and block is None:
        block = window
    surrogates = surrogates_of(
        cube,
        scheme=scheme_named(scheme, features=features, extent=extent, block=block),
        n_surrogates=n_surrogates,
        seed=seed,
        window=window,
        step=step,
        estimator=estimator,
        summary=summary,
        space=space,
        detrend=detrend,
        pairs=pairs,
        min_valid=min_valid,
        n_threads=n_threads,
        per_window=scope == "window",
        others=others,
    )
    attrs = {**_attrs(surrogates, scope), "window_s": float(window), "step_s": float(step)}
    if checkpoint is not None or resume_from is not None:
        told = {"space": space, "rate_hz": surrogates.design.windows.rate, "randomised": "everybody"}
        attrs["fingerprint"] = fingerprint_of([cube, *others], pairs, {**attrs, **told})
    return _extremes(surrogates, scope, attrs, progress, checkpoint, resume_from)


def _attrs(surrogates: Surrogates, scope: Scope) -> dict[str, str | int | float]:
    """What the numbers are, and what they say."""
    design, n_subject = surrogates.design, surrogates.design.keys.size
    attrs: dict[str, str | int | float] = {
        "scheme": surrogates.scheme.name,
        **surrogates.scheme.options(),
        "scope": scope,
        "seed": design.seed,
        "estimator": design.statistic.estimator,
        "summary": str(design.statistic.summary),
        "detrend": design.detrend or "none",
        "min_valid": design.min_valid,
        "n_subject": n_subject,
        "n_surrogates": surrogates.n_surrogates,
        "exact": int(surrogates.exact),
        "shortcut": int(surrogates.shortcut),
        "null_hypothesis": surrogates.scheme.null_hypothesis,
        "units": "1",
    }
    caution = few_subjects(n_subject, surrogates.n_surrogates if surrogates.exact else None)
    if caution:
        warnings.warn(caution, UserWarning, stacklevel=3)
        attrs["caution"] = caution
    return attrs


def _extremes(
    surrogates: Surrogates,
    scope: Scope,
    attrs: dict[str, str | int | float],
    progress: Callable[[int, int], None] | None,
    checkpoint: Callable[[xr.DataArray], None] | None,
    resume_from: xr.DataArray | None,
) -> xr.DataArray:
    """Extremes of all surrogates, range by range."""
    parts = [] if resume_from is None else [_resumed(resume_from, attrs)]
    done = 0 if resume_from is None else resume_from.sizes["surrogate"]
    most = None if checkpoint is None else CHECKPOINT_SURROGATES
    for block in finished(surrogates, done, scope, progress, most=most):
        parts.append(_labelled(block, surrogates, attrs))
        if checkpoint is not None:
            parts = [xr.concat(parts, dim="surrogate", combine_attrs="override")]
            checkpoint(parts[0])
    return parts[0] if len(parts) == 1 else xr.concat(parts, dim="surrogate", combine_attrs="override")


def _labelled(extremes: np.ndarray, surrogates: Surrogates, attrs: dict[str, str | int | float]) -> xr.DataArray:
    dims: tuple[str, ...] = ("surrogate", "extreme")
    coords: dict[str, object] = {"extreme": ["min", "max"]}
    if extremes.ndim == 3:
        dims = (*dims, "window")
        coords |= window_coords(surrogates.design.windows, onset=surrogates.features.series.onset)
    return xr.DataArray(extremes, dims=dims, coords=coords, name="null", attrs=attrs)


def _resumed(part: xr.DataArray, attrs: dict[str, str | int | float]) -> xr.DataArray:
    """The stored part, after checking that it belongs to this null."""
    if part.attrs.get("fingerprint") != attrs["fingerprint"]:
        raise ValueError(
            "resume_from is a part of another null: data, settings or seed differ; leave it out to begin anew"
        )
    return part

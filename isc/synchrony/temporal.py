"""Inter-subject correlation: how alike people's series are, window by window or over a whole recording."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.lazy import is_lazy
from isc.synchrony.features.blocks import labels_of
from isc.synchrony.features.series import FeatureLabels, Space
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.statistic.estimate import Estimator, Statistic, Summary, dyad_indices
from isc.synchrony.statistic.groups import group_comparisons
from isc.synchrony.statistic.windowed import Request, put_off, values_now
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, Windows, sliding_windows, window_coords

Detrend = Literal["linear"]
MIN_VALID = 0.8  # share of finite samples below which a subject is left out of a window
FEW_SAMPLES = 30  # below which a window's correlations are warned of: the standard error of r is above .18


def temporal_isc(
    cube: xr.DataArray,
    *,
    window: float = DEFAULT_WINDOW,
    step: float = DEFAULT_STEP,
    estimator: Estimator = "pairwise",
    summary: Summary | None = "mean",
    space: Space = "vector",
    detrend: Detrend | None = None,
    pairs: VertexPairs | None = None,
    groups: str | None = None,
    lags: Sequence[float] | None = None,
    min_valid: float = MIN_VALID,
    n_threads: int | None = None,
) -> xr.DataArray:
    """Inter-subject correlation in sliding windows.

    In every window and for every feature, Pearson's r between the series of subjects: over all dyads
    (``pairwise``) or of each subject with the mean of the others (``leave_one_out``), then averaged.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        Any features: vertices (with dim ``space``), blendshapes, head pose, channels, regions. ``time`` in seconds,
        evenly spaced. Of a dask array nothing is computed before the result is: features (with `pairs`, windows) are
        shared out among tasks, on threads or on the workers of an active `dask.distributed.Client`.
    window, step : float
        Seconds. A step longer than the window leaves samples unused.
    estimator : {"pairwise", "leave_one_out"}
        Which correlations.
    summary : {"mean", "median", "fisher_mean", None}
        How dyads or subjects are summarised: arithmetic mean of r, median, mean through Fisher's z, or not at all
        (the result then has dim ``dyad`` or ``subject`` first).
    space : {"vector", "axes", "norm", "displacement"}
        How a vertex is read when the cube has dim ``space``: one feature a point, whose covariances are summed over
        the axes (unchanged when everybody is turned alike); one an axis; the length of the position in the x-y
        plane; or the distance from the subject's own mean position.
    detrend : {None, "linear"}
        Take the straight line out of every window first: a trend that everybody shares within a window is
        synchrony to every correlation.
    pairs : VertexPairs, optional
        Correlate the distances of these vertex pairs; they are formed window by window and never stored.
    groups : str, optional
        Name of a coordinate along ``subject``: average within and between its groups (dim ``comparison`` first).
    lags : sequence of float, optional
        Seconds (dim ``lag`` first): the first subject of a dyad, or the left-out subject, is read this much later.
        A positive lag means that it follows. Without a summary all ordered dyads are returned; a summary over them
        is the same for a lag and its negative.
    min_valid : float
        A subject is left out of a window, for that feature, when a smaller share of its samples is finite, or when
        it is flat there; with fewer than two left the result is NaN. Who misses fewer samples is correlated over
        those that both have; the mean of the others is over who is there, once all are moved to one level.
    n_threads : int, optional
        By default ISC_THREADS or the number of processors. Results do not depend on it, nor on chunks; a dask array
        is computed by as many threads as dask has.

    Returns
    -------
    DataArray ``tisc``, dims (window, feature dims), float32, unit 1
        Coords ``time`` (window centre), ``start``, ``stop`` in seconds and ``n_subject`` (window, feature). The
        pairwise mean is bounded below by -1 / (n - 1) for n subjects.

    Raises
    ------
    TypeError, ValueError
        When the cube or a parameter cannot be used; the message says what to change.

    References
    ----------
    Hasson et al. 2004, Science 303:1634-1640, doi:10.1126/science.1089506 (inter-subject correlation).
    Kauppi et al. 2010, Front Neuroinform 4:5, doi:10.3389/fninf.2010.00005 (in time windows).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared, own = rng.normal(size=300), rng.normal(size=(5, 300))
    >>> seconds = np.arange(300) / 30
    >>> cube = xr.DataArray((shared + own)[..., None], dims=("subject", "time", "vertex"), coords={"time": seconds})
    >>> [round(float(r), 2) for r in temporal_isc(cube).values.ravel()]
    [0.49, 0.47, 0.53, 0.54]
    """
    labels = labels_of(cube, space=space, pairs=pairs)
    windows = sliding_windows(cube.sizes["time"], rate=labels.rate, window=window, step=step)
    statistic = _statistic(cube, estimator, summary, groups)
    request = Request(windows, statistic, space, pairs, _samples(lags, labels.rate), detrend, min_valid, 1)
    result = _labelled(cube, _checked(request, n_threads), labels, lags)
    result.attrs |= {
        "long_name": "temporal inter-subject correlation",
        "window_s": float(window),
        "step_s": float(step),
        "feature": "distance" if pairs is not None else space if "space" in cube.dims else "scalar",
    }
    return result


def isc(
    cube: xr.DataArray,
    *,
    estimator: Estimator = "pairwise",
    summary: Summary | None = "mean",
    space: Space = "vector",
    pairs: VertexPairs | None = None,
    groups: str | None = None,
    lags: Sequence[float] | None = None,
    min_valid: float = MIN_VALID,
    n_threads: int | None = None,
) -> xr.DataArray:
    """Inter-subject correlation over the whole recording: `temporal_isc` with one window.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        As in `temporal_isc`, as are all options.
    estimator : {"pairwise", "leave_one_out"}
    summary : {"mean", "median", "fisher_mean", None}
    space : {"vector", "axes", "norm", "displacement"}
    pairs : VertexPairs, optional
    groups : str, optional
    lags : sequence of float, optional
        Seconds.
    min_valid : float
    n_threads : int, optional

    Returns
    -------
    DataArray ``isc``, dims of the features, float32, unit 1
        With dim ``subject``, ``dyad``, ``comparison`` or ``lag`` first where asked for; coord ``n_subject``.

    References
    ----------
    Nastase et al. 2019, Soc Cogn Affect Neurosci 14:669-687, doi:10.1093/scan/nsz037.

    Examples
    --------
    >>> wave = np.sin(np.arange(100.0))
    >>> cube = xr.DataArray([wave, wave, -wave], dims=("subject", "time"), coords={"time": np.arange(100.0)})
    >>> round(float(isc(cube)), 3)
    -0.333
    """
    labels = labels_of(cube, space=space, pairs=pairs)
    whole = Windows(np.zeros(1, dtype=np.int64), cube.sizes["time"], labels.rate)
    statistic = _statistic(cube, estimator, summary, groups)
    request = Request(whole, statistic, space, pairs, _samples(lags, labels.rate), None, min_valid, 1)
    result = _labelled(cube, _checked(request, n_threads), labels, lags)
    result.attrs["long_name"] = "inter-subject correlation"
    return result.isel(window=0).drop_vars(["time", "start", "stop", "start_sample"]).rename("isc")


def thread_count(n_threads: int | None) -> int:
    """Threads to use: the argument, else ISC_THREADS, else the processors this process may use.

    Parameters
    ----------
    n_threads : int or None
        What the caller asked for.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        When the number is below 1 or the environment variable is not a number.

    Examples
    --------
    >>> thread_count(2)
    2
    """
    if n_threads is None:
        given = os.environ.get("ISC_THREADS", "")
        if given and not given.isdigit():
            raise ValueError(f"ISC_THREADS must be a whole number; it is {given!r}")
        n_threads = int(given) if given else _processors()
    if n_threads < 1:
        raise ValueError(f"n_threads must be at least 1; given {n_threads}")
    return int(n_threads)


def _processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _statistic(cube: xr.DataArray, estimator: Estimator, summary: Summary | None, groups: str | None) -> Statistic:
    comparisons = None if groups is None else group_comparisons(cube, groups)
    return Statistic(estimator, summary, comparisons)


def _samples(lags: Sequence[float] | None, rate: float) -> tuple[int, ...] | None:
    return None if lags is None else tuple(round(lag * rate) for lag in lags)


def _checked(request: Request, n_threads: int | None) -> Request:
    """The request with its number of threads, when what it asks for exists."""
    if request.detrend not in (None, "linear"):
        raise ValueError(f"detrend must be None or linear; given {request.detrend!r}")
    if not 0 < request.min_valid <= 1:
        raise ValueError(f"min_valid is a share between 0 and 1; given {request.min_valid}")
    if request.lags == ():
        raise ValueError("lags is empty; give seconds, such as lags=[0.0, 1.0], or leave it out")
    if request.windows.length < FEW_SAMPLES:
        message = f"a window has {request.windows.length} samples: r of fewer than {FEW_SAMPLES} is very uncertain"
        warnings.warn(message, stacklevel=3)
    return replace(request, n_threads=thread_count(n_threads))


def _labelled(
    cube: xr.DataArray, request: Request, labels: FeatureLabels, lags: Sequence[float] | None
) -> xr.DataArray:
    """Values with their dims, coords and attrs; those of a dask-backed cube are put off."""
    if is_lazy(cube):
        values, n_subject = put_off(cube, request, labels.shape)
    else:
        values, n_subject = values_now(cube, request, labels.shape)
        _warn_of_absent(cube, n_subject)
    dims, coords = _lead_dim(cube, request.statistic, ordered=lags is not None)
    coords |= {**labels.coords, **window_coords(request.windows, onset=labels.onset)}
    first: tuple[str, ...] = ()
    if lags is not None:
        first = ("lag",)
        coords["lag"] = xr.Variable("lag", np.asarray(lags, dtype=np.float64), {"units": "s"})
    attrs = {
        "units": "1",
        "window_samples": request.windows.length,
        "rate_hz": request.windows.rate,
        "estimator": request.statistic.estimator,
        "summary": request.statistic.summary or "none",
        "detrend": request.detrend or "none",
        "min_valid": request.min_valid,
        "n_subject": cube.sizes["subject"],
    }
    result = xr.DataArray(values, dims=(*first, *dims, "window", *labels.dims), coords=coords, name="tisc", attrs=attrs)
    # xarray copies coords given with the values; these counts, as large as the values, are assigned instead
    result.coords["n_subject"] = xr.Variable((*first, "window", *labels.dims), n_subject, {"units": "1"})
    return result


def _warn_of_absent(cube: xr.DataArray, n_subject: np.ndarray) -> None:
    """Name the subjects without a single value, who are left out everywhere."""
    if n_subject.size and n_subject.max() == cube.sizes["subject"]:
        return
    absent = [
        name
        for k, name in enumerate(subject_ids(cube))
        if cube.dtype.kind == "f" and np.isnan(cube.isel(subject=k).values).all()
    ]
    if absent:
        warnings.warn(f"no finite value of subject {', '.join(absent)}: left out everywhere", stacklevel=4)


def _lead_dim(cube: xr.DataArray, statistic: Statistic, *, ordered: bool) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The dim before ``window`` and its coords: none for a summary, else comparison, subject or dyad."""
    if statistic.comparisons is not None:
        return ("comparison",), dict(statistic.comparisons.coords())
    if statistic.summary is not None:
        return (), {}
    ids = subject_ids(cube)
    if statistic.estimator == "leave_one_out":
        return ("subject",), {"subject": ("subject", ids)}
    first, second = dyad_indices(len(ids), ordered=ordered)
    names = np.array(ids)
    return ("dyad",), {"subject_a": ("dyad", names[first]), "subject_b": ("dyad", names[second])}

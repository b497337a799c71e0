"""Inter-subject correlation: how alike people's series are, window by window or over a whole recording."""

import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from isc.cube import sampling_rate, subject_ids
from isc.synchrony.blocks import Block, Features, select_features
from isc.synchrony.detrended import DetrendedBlock
from isc.synchrony.estimate import Estimator, Statistic, Summary, dyad_indices
from isc.synchrony.groups import group_comparisons
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.series import Space
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, Windows, sliding_windows, window_coords

Detrend = Literal["linear"]
MIN_VALID = 0.8  # share of finite samples below which a subject is left out of a window


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
        evenly spaced.
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
        it is flat there. With fewer than two subjects left the result is NaN.
    n_threads : int, optional
        By default ISC_THREADS or the number of processors. Results do not depend on it.

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
    features = select_features(cube, space=space, pairs=pairs)
    windows = sliding_windows(cube.sizes["time"], rate=features.series.rate, window=window, step=step)
    options = {"detrend": detrend, "min_valid": min_valid, "n_threads": n_threads}
    result = _in_windows(cube, features, windows, _statistic(cube, estimator, summary, groups), lags, options)
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
    features = select_features(cube, space=space, pairs=pairs)
    whole = Windows(np.zeros(1, dtype=np.int64), cube.sizes["time"], sampling_rate(cube))
    options = {"detrend": None, "min_valid": min_valid, "n_threads": n_threads}
    result = _in_windows(cube, features, whole, _statistic(cube, estimator, summary, groups), lags, options)
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


def _in_windows(
    cube: xr.DataArray,
    features: Features,
    windows: Windows,
    statistic: Statistic,
    lags: Sequence[float] | None,
    options: dict[str, Any],
) -> xr.DataArray:
    """Values of all blocks, labelled; with lags, one after the other."""
    how, detrend = _kernel_options(**options)
    if lags is not None:
        parts = [
            _labelled(cube, features, windows, _with_lag(statistic, lag, windows.rate), how, detrend) for lag in lags
        ]
        lag = xr.Variable("lag", np.asarray(lags, dtype=np.float64), {"units": "s"})
        return xr.concat(parts, dim=lag, coords="minimal", compat="override", join="override").rename(lag="lag")
    return _labelled(cube, features, windows, statistic, how, detrend)


def _with_lag(statistic: Statistic, lag: float, rate: float) -> Statistic:
    return Statistic(statistic.estimator, statistic.summary, statistic.comparisons, round(lag * rate))


def _kernel_options(detrend: str | None, min_valid: float, n_threads: int | None) -> tuple[dict[str, Any], str | None]:
    if detrend not in (None, "linear"):
        raise ValueError(f"detrend must be None or linear; given {detrend!r}")
    if not 0 < min_valid <= 1:
        raise ValueError(f"min_valid is a share between 0 and 1; given {min_valid}")
    return {"min_valid": min_valid, "n_threads": thread_count(n_threads)}, detrend


def _labelled(
    cube: xr.DataArray,
    features: Features,
    windows: Windows,
    statistic: Statistic,
    how: dict[str, Any],
    detrend: str | None,
) -> xr.DataArray:
    values, n_subject = _compute(features, windows, statistic, how, detrend)
    dims, coords = _lead_dim(cube, statistic)
    coords |= {**features.coords, **window_coords(windows, onset=features.series.onset)}
    coords["n_subject"] = xr.Variable(("window", *features.dims), n_subject, {"units": "1"})
    attrs = {
        "units": "1",
        "window_samples": windows.length,
        "rate_hz": windows.rate,
        "estimator": statistic.estimator,
        "summary": statistic.summary or "none",
        "detrend": detrend or "none",
        "min_valid": how["min_valid"],
        "n_subject": cube.sizes["subject"],
    }
    return xr.DataArray(values, dims=(*dims, "window", *features.dims), coords=coords, name="tisc", attrs=attrs)


def _lead_dim(cube: xr.DataArray, statistic: Statistic) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The dim before ``window`` and its coords: none for a summary, else comparison, subject or dyad."""
    if statistic.comparisons is not None:
        return ("comparison",), dict(statistic.comparisons.coords())
    if statistic.summary is not None:
        return (), {}
    ids = subject_ids(cube)
    if statistic.estimator == "leave_one_out":
        return ("subject",), {"subject": ("subject", ids)}
    first, second = dyad_indices(len(ids), ordered=statistic.lag is not None)
    names = np.array(ids)
    return ("dyad",), {"subject_a": ("dyad", names[first]), "subject_b": ("dyad", names[second])}


def _compute(
    features: Features, windows: Windows, statistic: Statistic, how: dict[str, Any], detrend: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Values (..., window, features) and number of subjects (window, features), block by block."""
    parts, counts = [], []
    for _, block in features.blocks(how["n_threads"]):
        value, count = statistic.compute(prepared(block, detrend), windows, **how)
        parts.append(value)
        counts.append(count)
    values = np.concatenate(parts, axis=-2) if len(parts) > 1 else parts[0]
    count = np.concatenate(counts) if len(counts) > 1 else counts[0]
    values, count = np.swapaxes(values, -1, -2), count.T
    return (
        values.reshape(*values.shape[:-1], *features.shape),
        count.reshape(count.shape[0], *features.shape),
    )


def prepared(block: Block, detrend: str | None) -> Block:
    """The block as its windows are to be read: as it is, or detrended window by window."""
    return block if detrend is None else DetrendedBlock(block)

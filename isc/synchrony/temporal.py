"""Temporal inter-subject correlation: how alike people's series are, window by window."""

import os
from typing import Any, Literal

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.synchrony.blocks import Block, Features, select_features
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.series import Space
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, Windows, sliding_windows, window_coords

Estimator = Literal["pairwise", "leave_one_out"]
Summary = Literal["mean", "median", "fisher_mean"]
MIN_VALID = 0.8  # share of finite samples below which a subject is left out of a window
LARGEST_FISHER_R = 1 - 1e-7  # identical series would have an infinite Fisher z


def temporal_isc(
    cube: xr.DataArray,
    *,
    window: float = DEFAULT_WINDOW,
    step: float = DEFAULT_STEP,
    estimator: Estimator = "pairwise",
    summary: Summary | None = "mean",
    space: Space = "vector",
    pairs: VertexPairs | None = None,
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
    summary : {"mean", "median", "fisher_mean", None}
        How dyads or subjects are summarised: arithmetic mean of r, median, mean through Fisher's z, or not at all
        (the result then has dim ``dyad`` or ``subject`` first).
    space : {"vector", "axes", "norm", "displacement"}
        How a vertex is read when the cube has dim ``space``: see `isc.synchrony.series.as_series`.
    pairs : VertexPairs, optional
        Correlate the distances of these vertex pairs; they are formed window by window and never stored.
    min_valid : float
        A subject is left out of a window, for that feature, when a smaller share of its samples is finite, or when
        it is flat there. With fewer than two subjects left the result is NaN.
    n_threads : int, optional
        By default ISC_THREADS or the number of processors. Results do not depend on it.

    Returns
    -------
    DataArray ``tisc``, dims (window, feature dims), float32, unit 1
        Coords ``time`` (window centre), ``start``, ``stop`` in seconds and ``n_subject`` (window, feature). A value
        is bounded below by -1 / (n - 1) for n subjects.

    Raises
    ------
    TypeError, ValueError
        When the cube or a parameter cannot be used; the message says what to change.

    Notes
    -----
    A trend or onset that everybody shares within a window is synchrony to every correlation.

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
    _check_choices(estimator, summary, min_valid)
    how = {"min_valid": min_valid, "n_threads": thread_count(n_threads)}
    values, n_subject = _compute(features, windows, estimator, summary, how)
    dims, coords = _lead_dim(cube, estimator, summary)
    attrs = {
        "units": "1",
        "long_name": "temporal inter-subject correlation",
        "window_s": float(window),
        "step_s": float(step),
        "window_samples": windows.length,
        "rate_hz": windows.rate,
        "estimator": estimator,
        "summary": summary or "none",
        "min_valid": float(min_valid),
        "n_subject": cube.sizes["subject"],
        "feature": "distance" if pairs is not None else space if "space" in cube.dims else "scalar",
    }
    coords |= {**features.coords, **window_coords(windows, onset=features.series.onset)}
    coords["n_subject"] = xr.Variable(("window", *features.dims), n_subject, {"units": "1"})
    return xr.DataArray(values, dims=(*dims, "window", *features.dims), coords=coords, name="tisc", attrs=attrs)


def thread_count(n_threads: int | None) -> int:
    """Threads to use: the argument, else ISC_THREADS, else the processors this process may use.

    Examples
    --------
    >>> thread_count(2)
    2
    """
    if n_threads is None:
        given = os.environ.get("ISC_THREADS", "")
        if given and not given.isdigit():
            raise ValueError(f"ISC_THREADS must be a whole number; it is {given!r}")
        n_threads = int(given) if given else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (
            os.cpu_count() or 1
        )
    if n_threads < 1:
        raise ValueError(f"n_threads must be at least 1; given {n_threads}")
    return int(n_threads)


def _check_choices(estimator: str, summary: str | None, min_valid: float) -> None:
    if estimator not in ("pairwise", "leave_one_out"):
        raise ValueError(f"estimator must be pairwise or leave_one_out; given {estimator!r}")
    if summary not in ("mean", "median", "fisher_mean", None):
        raise ValueError(f"summary must be mean, median, fisher_mean or None; given {summary!r}")
    if not 0 < min_valid <= 1:
        raise ValueError(f"min_valid is a share between 0 and 1; given {min_valid}")


def _lead_dim(cube: xr.DataArray, estimator: str, summary: str | None) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The dim before ``window`` and its coords: none for a summary, else subject or dyad."""
    if summary is not None:
        return (), {}
    ids = subject_ids(cube)
    if estimator == "leave_one_out":
        return ("subject",), {"subject": ("subject", ids)}
    first, second = np.triu_indices(len(ids), 1)
    names = np.array(ids)
    return ("dyad",), {"subject_a": ("dyad", names[first]), "subject_b": ("dyad", names[second])}


def _compute(
    features: Features, windows: Windows, estimator: Estimator, summary: Summary | None, how: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Values (..., window, features) and number of subjects (window, features), block by block."""
    parts, counts = [], []
    for _, block in features.blocks():
        value, count = window_statistic(block, windows, estimator, summary, **how)
        parts.append(value)
        counts.append(count)
    values = np.concatenate(parts, axis=-2) if len(parts) > 1 else parts[0]
    count = np.concatenate(counts) if len(counts) > 1 else counts[0]
    values, count = np.swapaxes(values, -1, -2), count.T
    return (
        values.reshape(*values.shape[:-1], *features.shape),
        count.reshape(count.shape[0], *features.shape),
    )


def window_statistic(
    block: Block, windows: Windows, estimator: Estimator, summary: Summary | None, **how: Any
) -> tuple[np.ndarray, np.ndarray]:
    """The statistic of one block of features; the observed value and every surrogate go through here.

    Parameters
    ----------
    block : Block
    windows : Windows
    estimator, summary
        As in `temporal_isc`.
    **how
        Passed to the kernel: min_valid, n_threads, and for surrogates shifts or frames.

    Returns
    -------
    values : ndarray, shape (feature, window), or (subject or dyad, feature, window) without summary
    n_subject : ndarray of int, shape (feature, window)
    """
    if estimator == "pairwise" and summary == "mean":
        return block.pairwise_mean(windows.starts, windows.length, **how)
    if estimator == "leave_one_out":
        value, count = block.leave_one_out(windows.starts, windows.length, **how)
        return _summarise(np.moveaxis(value, 1, 0), summary), count
    matrix, count = block.correlation_matrices(windows.starts, windows.length, **how)
    first, second = np.triu_indices(matrix.shape[-1], 1)
    return _summarise(np.moveaxis(matrix[..., first, second], -1, 0), summary), count


def _summarise(values: np.ndarray, summary: Summary | None) -> np.ndarray:
    """Summary over the first axis, NaN left out; NaN where nothing is left."""
    if summary is None:
        return values
    some = np.isfinite(values).any(axis=0)
    filled = np.where(some, values, 0.0)
    if summary == "fisher_mean":
        clipped = np.clip(filled.astype(np.float64), -LARGEST_FISHER_R, LARGEST_FISHER_R)
        result = np.tanh(np.nanmean(np.arctanh(clipped), axis=0))
    else:
        result = {"mean": np.nanmean, "median": np.nanmedian}[summary](filled.astype(np.float64), axis=0)
    return np.where(some, result, np.nan).astype(np.float32)

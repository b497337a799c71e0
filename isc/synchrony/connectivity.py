"""Inter-subject functional connectivity: which feature of one person goes with which feature of the others."""

from typing import Any

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.kernels.connectivity import gapped_connectivity, leave_one_out_connectivity, pairwise_connectivity
from isc.kernels.correlation import least_samples
from isc.synchrony.features.series import FeatureSeries, Space, as_series
from isc.synchrony.statistic.estimate import Estimator
from isc.synchrony.temporal import MIN_VALID
from isc.windows import DEFAULT_STEP, Windows, sliding_windows, window_coords


def isfc(
    cube: xr.DataArray,
    *,
    window: float | None = None,
    step: float = DEFAULT_STEP,
    estimator: Estimator = "leave_one_out",
    space: Space = "axes",
    min_valid: float = MIN_VALID,
) -> xr.DataArray:
    """Correlation of every feature of a subject with every feature of the others.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        Features are flattened; a few hundred of them at most (the result has their square). ``time`` in seconds.
    window : float, optional
        Seconds; by default one value for the whole recording.
    step : float
        Seconds between windows.
    estimator : {"leave_one_out", "pairwise"}
        Mean over subjects of r with the mean of the others (rows: the subject's feature, columns: the others'), or
        mean over dyads (symmetric).
    space : {"axes", "norm", "displacement"}
        How a vertex is read when the cube has dim ``space``; a vector has no single correlation with another.
    min_valid : float
        In a window, a series with a smaller share of finite samples is left out, as is a flat one; the others are
        correlated over the samples that both have, as in `isc.temporal_isc`.

    Returns
    -------
    DataArray ``isfc``, dims ([window,] feature, feature_other), float32, unit 1
        Feature dims are stacked; their labels are coords of ``feature``. The diagonal is the inter-subject
        correlation of each feature.

    Raises
    ------
    ValueError
        When the cube cannot be used, or `space` is vector.

    References
    ----------
    Simony et al. 2016, Nat Commun 7:12141, doi:10.1038/ncomms12141.

    Examples
    --------
    >>> wave = np.sin(np.arange(100.0))
    >>> cube = xr.DataArray(np.tile(np.stack([wave, -wave], axis=1), (3, 1, 1)),
    ...                     dims=("subject", "time", "vertex"), coords={"time": np.arange(100.0)})
    >>> isfc(cube).round(2).values.tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    if space == "vector":
        raise ValueError("isfc correlates single series: space must be axes, norm or displacement, not vector")
    if estimator not in ("leave_one_out", "pairwise"):
        raise ValueError(f"estimator must be leave_one_out or pairwise; given {estimator!r}")
    series = as_series(cube, space=space)
    windows = _windows(cube.sizes["time"], series.rate, window, step)
    values = np.stack([_one_window(series, windows, k, estimator, min_valid) for k in range(windows.starts.size)])
    attrs: dict[str, Any] = {"units": "1", "long_name": "inter-subject functional connectivity"}
    attrs |= {"estimator": estimator, "rate_hz": series.rate, "n_subject": len(subject_ids(cube))}
    coords = {**_feature_coords(series), **window_coords(windows, onset=series.onset)}
    result = xr.DataArray(values, dims=("window", "feature", "feature_other"), coords=coords, name="isfc", attrs=attrs)
    if window is None:
        return result.isel(window=0).drop_vars(["time", "start", "stop", "start_sample"])
    return result.assign_attrs(window_s=float(window), step_s=float(step))


def _windows(n_time: int, rate: float, window: float | None, step: float) -> Windows:
    if window is None:
        return Windows(np.zeros(1, dtype=np.int64), n_time, rate)
    return sliding_windows(n_time, rate=rate, window=window, step=step)


def _one_window(
    series: FeatureSeries, windows: Windows, number: int, estimator: Estimator, min_valid: float
) -> np.ndarray:
    """Connectivity of one window (feature, feature)."""
    start = windows.starts[number]
    samples = np.moveaxis(series.values[:, start : start + windows.length, :, 0], 1, 2)
    count = np.isfinite(samples).sum(axis=-1)
    kept = count >= least_samples(min_valid, windows.length)
    samples = samples if kept.all() else np.where(kept[..., None], samples, np.nan)
    if (kept & (count < windows.length)).any():
        return gapped_connectivity(samples, leave_one_out=estimator == "leave_one_out")
    if estimator == "pairwise":
        return pairwise_connectivity(samples)[0]
    return leave_one_out_connectivity(samples)


def _feature_coords(series: FeatureSeries) -> dict[str, xr.Variable]:
    """Labels of the stacked features: the position along each feature dim, or its coordinate."""
    places = np.unravel_index(np.arange(series.n_feature), series.shape) if series.shape else ()
    coords = {}
    for dim, place in zip(series.dims, places, strict=True):
        labels = series.coords[dim].values if dim in series.coords else np.arange(series.shape[series.dims.index(dim)])
        coords[dim] = xr.Variable("feature", np.asarray(labels)[place])
    return coords

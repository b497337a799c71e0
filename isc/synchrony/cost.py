"""CPU time of synchrony and of its nulls, from measured rates: for sharing work out, and before a study is run."""

import math
from dataclasses import dataclass, replace

import xarray as xr

from isc.lazy.rates import rate
from isc.synchrony.features.blocks import labels_of
from isc.synchrony.features.series import Space
from isc.synchrony.pairs import VertexPairs
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW, sliding_windows

FRAME_SHUFFLES = ("timepoint_shuffle", "block")  # read frame by frame, not in runs


@dataclass(frozen=True)
class Workload:
    """Size of a computation.

    Attributes
    ----------
    n_subject, n_time, n_window : int
        ``n_time`` in samples.
    n_feature : int
        Vertices, channels or vertex pairs.
    n_axis : int
        Series of a feature: 3 for a point in space, 1 otherwise; without meaning for vertex pairs.
    of_pairs : bool
        Features are distances of vertex pairs, formed on the way.
    estimator : {"pairwise", "leave_one_out"}
    summary : {"mean", "median", "fisher_mean"}
        All but the mean need the correlation of every dyad.
    """

    n_subject: int
    n_time: int
    n_window: int
    n_feature: int
    n_axis: int = 1
    of_pairs: bool = False
    estimator: str = "pairwise"
    summary: str = "mean"

    @property
    def samples(self) -> int:
        """Samples of all series of all subjects."""
        return self.n_subject * self.n_time * self.n_feature * (1 if self.of_pairs else self.n_axis)

    @property
    def n_dyad(self) -> int:
        """Dyads, whose correlations a sign flip sums in a cell."""
        return self.n_subject * (self.n_subject - 1) // 2


def workload(
    cube: xr.DataArray,
    *,
    window: float = DEFAULT_WINDOW,
    step: float = DEFAULT_STEP,
    space: Space = "vector",
    pairs: VertexPairs | None = None,
    estimator: str = "pairwise",
    summary: str = "mean",
) -> Workload:
    """Size of the computation that `isc.temporal_isc` does for the same arguments.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...)
        Only its sizes are looked at.
    window, step : float
        Seconds.
    space : {"vector", "axes", "norm", "displacement"}
    pairs : VertexPairs, optional
    estimator : {"pairwise", "leave_one_out"}
    summary : {"mean", "median", "fisher_mean"}

    Returns
    -------
    Workload

    Examples
    --------
    >>> import numpy as np
    >>> cube = xr.DataArray(np.zeros((5, 300, 2)), dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(300) / 30})
    >>> workload(cube).n_window, workload(cube).samples
    (4, 3000)
    """
    labels = labels_of(cube, space=space, pairs=pairs)
    windows = sliding_windows(cube.sizes["time"], rate=labels.rate, window=window, step=step)
    n_axis = cube.sizes["space"] if "space" in cube.dims and space == "vector" else 1
    n_feature = math.prod(labels.shape)
    sizes = (cube.sizes["subject"], cube.sizes["time"], windows.starts.size, n_feature)
    return Workload(*sizes, n_axis, pairs is not None, estimator, summary)


def statistic_seconds(work: Workload) -> float:
    """CPU seconds of t-ISC.

    Parameters
    ----------
    work : Workload

    Returns
    -------
    float

    Examples
    --------
    >>> study = Workload(21, 36_000, 718, 109_278, of_pairs=True)
    >>> 10 < statistic_seconds(study) < 1000
    True
    """
    if work.estimator == "pairwise" and work.summary != "mean":
        return work.samples * work.n_subject * rate(f"matrices/{_form(work)}")
    return work.samples * rate(f"{work.estimator}/{_form(work)}")


def null_seconds(work: Workload, scheme: str, n_surrogates: int, *, one_window: bool = False) -> float:
    """CPU seconds of a null.

    Parameters
    ----------
    work : Workload
    scheme : str
        As in `isc.null_extremes`.
    n_surrogates : int
    one_window : bool
        One window a surrogate stands for all, as for frame shuffles with thresholds for each window.

    Returns
    -------
    float

    Examples
    --------
    >>> study = Workload(21, 36_000, 718, 468, 3)
    >>> null_seconds(study, "sign_flip", 1000) < null_seconds(study, "circular_shift", 1000)
    True
    """
    if scheme == "sign_flip" and work.estimator == "leave_one_out":
        return n_surrogates * statistic_seconds(work)
    if scheme == "sign_flip" and work.summary == "mean":
        once = work.samples * work.n_subject * rate(f"matrices/{_form(work)}")
        return once + n_surrogates * work.n_feature * work.n_window * work.n_dyad * rate("flip")
    if one_window:
        work = replace(work, n_time=max(1, work.n_time // work.n_window))
    return n_surrogates * work.samples * _surrogate_rate(work, scheme)


def _form(work: Workload) -> str:
    return "pairs" if work.of_pairs else "series"


def _surrogate_rate(work: Workload, scheme: str) -> float:
    """CPU seconds of a sample of one surrogate that reads the data at other times."""
    form, how = _form(work), "shuffled" if scheme in FRAME_SHUFFLES else "shifted"
    moved = rate("phase/series") if scheme == "phase" else rate(f"{how}/{form}")
    if work.estimator == "leave_one_out":
        return moved + rate(f"shifted_leave_one_out/{form}") - rate(f"shifted/{form}")
    return moved if work.summary == "mean" else moved + work.n_subject * rate(f"matrices/{form}")

"""Ours against the others: identical arrays, one process, one thread, alternated."""

from collections.abc import Mapping
from typing import Any

import numpy as np

import isc
from benchmarks.competitors import brainiak_loop, corrcoef_loop, pandas_loop, xarray_form
from benchmarks.measure import RATE, Timed, alternated, as_cube, landmarks
from isc.kernels.correlation import leave_one_out, pairwise_mean
from isc.kernels.windows.layout import relayout
from isc.windows import sliding_windows

FEW = 24  # series that the slowest methods get; their times are scaled
KERNEL = "ours, pairwise, kernel layout"
LABELLED = "ours, pairwise, DataArray (subject, time, vertex)"
OTHERS = "ours, leave-one-out, kernel layout"
OTHERS_LABELLED = "ours, leave-one-out, DataArray"
BRAINIAK = "BrainIAK isc(pairwise=True), loop over windows"
BRAINIAK_OTHERS = "BrainIAK isc leave-one-out, loop over windows"


def compare(n_vertex: int = 468, n_time: int = 3600, repeats: int = 9) -> dict[str, Any]:
    """CPU and wall seconds of every method, and ratios to BrainIAK; checked to agree on the way."""
    flat = landmarks(21, n_time, n_vertex).reshape(21, n_time, 3 * n_vertex)
    windows = sliding_windows(n_time, rate=RATE)
    args = (windows.starts, windows.length)
    series, cube = relayout(flat[..., None]), as_cube(flat)
    theirs = np.ascontiguousarray(flat.transpose(1, 2, 0))
    few = np.ascontiguousarray(flat[:, :, :FEW].transpose(2, 0, 1))
    _agree(flat, args, few, theirs)
    fast = alternated(
        {
            KERNEL: lambda: pairwise_mean(series, *args),
            LABELLED: lambda: isc.temporal_isc(cube, n_threads=1),
            OTHERS: lambda: leave_one_out(series, *args),
            OTHERS_LABELLED: lambda: isc.temporal_isc(cube, n_threads=1, estimator="leave_one_out"),
            BRAINIAK: lambda: brainiak_loop(theirs, *args, pairwise=True),
        },
        repeats,
    )
    fast |= _slowly(theirs, args)
    slow = alternated(
        {
            f"numpy.corrcoef loop ({FEW} series, scaled)": lambda: corrcoef_loop(few, *args),
            f"pandas DataFrame.corr loop ({FEW} series, scaled)": lambda: pandas_loop(few, *args),
            f"xarray.corr of constructed windows ({FEW} series, scaled)": lambda: xarray_form(few, *args),
        },
        1,
    )
    scale = flat.shape[2] / FEW
    times = fast | {name: (scale * cpu, scale * wall) for name, (cpu, wall) in slow.items()}
    return {"series": flat.shape[2], "frames": n_time, "windows": windows.starts.size, **_rows(times, series, windows)}


def _slowly(theirs: np.ndarray, args: tuple[np.ndarray, int]) -> Mapping[str, Timed]:
    """BrainIAK's leave-one-out on every tenth window, scaled: a minute a round otherwise."""
    some = args[0][::10]
    cpu, wall = alternated({"": lambda: brainiak_loop(theirs, some, args[1], pairwise=False)}, 1)[""]
    return {BRAINIAK_OTHERS: (cpu * args[0].size / some.size, wall * args[0].size / some.size)}


def _agree(flat: np.ndarray, args: tuple[np.ndarray, int], few: np.ndarray, theirs: np.ndarray) -> None:
    """Raise unless all methods give the same numbers."""
    ours, _ = pairwise_mean(relayout(flat[:, :, :2, None]), args[0][:3], args[1])
    for other in (corrcoef_loop, pandas_loop, xarray_form):
        np.testing.assert_allclose(other(few[:2], args[0][:3], args[1]), ours.T, atol=1e-5)
    np.testing.assert_allclose(brainiak_loop(theirs[:, :2], args[0][:3], args[1], pairwise=True), ours.T, atol=1e-5)


def _rows(times: Mapping[str, Timed], series: np.ndarray, windows: Any) -> dict[str, Any]:
    cells = windows.starts.size * series.shape[0]
    rows = {
        name: {
            "cpu_s": cpu,
            "wall_s": wall,
            "us_per_window_and_series": 1e6 * cpu / cells,
            "ns_per_sample": 1e9 * cpu / series.size,
        }
        for name, (cpu, wall) in times.items()
    }
    pairs = {
        "pairwise, kernel layout": (BRAINIAK, KERNEL),
        "pairwise, from a DataArray": (BRAINIAK, LABELLED),
        "leave-one-out, kernel layout": (BRAINIAK_OTHERS, OTHERS),
        "leave-one-out, from a DataArray": (BRAINIAK_OTHERS, OTHERS_LABELLED),
    }
    return {"rows": rows, "times BrainIAK": {k: times[slow][0] / times[fast][0] for k, (slow, fast) in pairs.items()}}

"""Made data and the clock: what every benchmark uses."""

import os
import resource
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import numpy as np
import xarray as xr

RATE = 30.0  # Hz
Timed = tuple[float, float]


def landmarks(n_subject: int, n_time: int, n_vertex: int, seed: int = 0) -> np.ndarray:
    """White landmarks (subject, time, vertex, space) on a slow drift, in pixels, float32; made subject by subject."""
    rng = np.random.default_rng(seed)
    values = np.empty((n_subject, n_time, n_vertex, 3), dtype=np.float32)
    level = np.linspace(300, 330, n_time, dtype=np.float32)[:, None, None]
    for subject in values:
        rng.standard_normal(out=subject, dtype=np.float32)
        subject += level
    return values


def as_cube(values: np.ndarray) -> xr.DataArray:
    """Values (subject, time, vertex[, space]) as a cube at 30 Hz."""
    dims = ("subject", "time", "vertex", "space")[: values.ndim]
    return xr.DataArray(values, dims=dims, coords={"time": np.arange(values.shape[1]) / RATE})


def timed(function: Callable[[], object]) -> Timed:
    """CPU (user and system, all threads) and wall seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    function()
    return time.process_time() - cpu, time.perf_counter() - wall


def alternated(functions: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, Timed]:
    """Median CPU and wall seconds of every function, called A, B, C, A, B, C, ... after one call to warm up."""
    for function in functions.values():
        function()
    rounds = [{name: timed(function) for name, function in functions.items()} for _ in range(repeats)]
    return {name: (median(r[name][0] for r in rounds), median(r[name][1] for r in rounds)) for name in functions}


def peak_bytes() -> int:
    """Largest memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def machine() -> dict[str, Any]:
    """Processors, their load just now, and the versions that matter for speed."""
    import numba

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "load": round(load, 1),
        "numpy": np.__version__,
        "numba": numba.__version__,
    }

"""How time grows with subjects, frames, features, threads and workers."""

import tempfile
from typing import Any

import numpy as np
import xarray as xr

import isc
from benchmarks.measure import RATE, alternated, as_cube, landmarks, timed
from isc.kernels.correlation import pairwise_mean
from isc.kernels.layout import relayout
from isc.windows import sliding_windows

SIZES = {  # subjects, frames, vertices
    "21 subjects, 3,600 frames, 300 series": (21, 3600, 100),
    "100 subjects": (100, 3600, 100),
    "500 subjects, 60 series": (500, 3600, 20),
    "14,400 frames": (21, 14_400, 100),
    "1,404 series": (21, 3600, 468),
}
PAIR_SIZES = {"496 vertex pairs": (21, 3600, 32), "8,128 vertex pairs": (21, 3600, 128)}


def sizes() -> dict[str, float]:
    """Nanoseconds of CPU per subject, frame and series (or pair): the same number everywhere is linear growth."""
    rows = {}
    for name, size in SIZES.items():
        series, windows = relayout(landmarks(*size)), sliding_windows(size[1], rate=RATE)
        cpu, _ = alternated({"": lambda s=series, w=windows: pairwise_mean(s, w.starts, w.length)}, 3)[""]
        rows[name] = 1e9 * cpu / series.size
    for name, size in PAIR_SIZES.items():
        cube, pairs = as_cube(landmarks(*size)), isc.vertex_pairs(size[2])
        cpu, _ = alternated({"": lambda c=cube, p=pairs: isc.temporal_isc(c, pairs=p, n_threads=1)}, 3)[""]
        rows[name] = 1e9 * cpu / (size[0] * size[1] * len(pairs))
    return rows


def threads() -> dict[str, Any]:
    """Wall seconds of one and two threads, alternated; the results must be the same bits."""
    vertices, few = as_cube(landmarks(21, 3600, 468)), as_cube(landmarks(21, 3600, 96))
    pairs = isc.vertex_pairs(96)
    jobs = {
        "1,404 series": lambda n: isc.temporal_isc(vertices, space="axes", n_threads=n),
        "4,560 vertex pairs": lambda n: isc.temporal_isc(few, pairs=pairs, n_threads=n),
    }
    rows = {}
    for name, job in jobs.items():
        assert job(1).values.tobytes() == job(2).values.tobytes()
        times = alternated({str(n): lambda n=n, job=job: job(n) for n in (1, 2)}, 5)
        rows[name] = {"wall_1_s": times["1"][1], "wall_2_s": times["2"][1], "cpu_1_s": times["1"][0]}
        rows[name]["speedup"] = rows[name]["wall_1_s"] / rows[name]["wall_2_s"]
    return rows


def workers() -> dict[str, Any]:
    """Wall seconds on one and two worker processes of a dask cluster; the results must be the same bits."""
    rows, bits = {}, set()
    with tempfile.TemporaryDirectory() as folder:
        as_cube(landmarks(21, 14_400, 128)).to_dataset(name="cube").to_zarr(f"{folder}/cube.zarr", consolidated=False)
        for n in (1, 2):
            rows[f"wall_{n}_s"], values = _on_cluster(n, f"{folder}/cube.zarr")
            bits.add(values.tobytes())
    return {**rows, "speedup": rows["wall_1_s"] / rows["wall_2_s"], "same_bits": len(bits) == 1}


def _on_cluster(n_workers: int, store: str) -> tuple[float, np.ndarray]:
    """Wall seconds and values of all pairs of a stored cube, once the workers have loaded the kernels."""
    from distributed import Client, LocalCluster

    results: list[np.ndarray] = []
    pairs = isc.vertex_pairs(128)
    with (
        LocalCluster(n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        stored = xr.open_zarr(store, consolidated=False)["cube"]
        isc.temporal_isc(stored.isel(time=slice(0, 900)), pairs=pairs).compute()
        _, wall = timed(lambda: results.append(isc.temporal_isc(stored, pairs=pairs).values))
    return wall, results[0]

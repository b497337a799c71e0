"""How time grows with subjects, frames, features, threads and workers.

    python -m benchmarks.scaling        worker processes only: strong and weak scaling from one to two (two minutes)

The rest is part of ``python -m benchmarks.run``.
"""

from collections.abc import Callable
from typing import Any

import xarray as xr
from distributed import Client, LocalCluster

import isc
from benchmarks.measure import RATE, alternated, as_cube, landmarks, timed
from isc.kernels.correlation import pairwise_mean
from isc.kernels.windows.layout import relayout
from isc.windows import sliding_windows

Job = Callable[[], xr.DataArray]
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


def pairs_job(factor: int) -> Job:
    """t-ISC of 28,680 vertex pairs in 5 minutes, or so many times as long."""
    cube, pairs = as_cube(landmarks(21, 9000 * factor, 240)), isc.vertex_pairs(240)
    return lambda: isc.temporal_isc(cube, pairs=pairs, n_threads=1)


def null_job(factor: int) -> Job:
    """60 circular shifts of 2,016 vertex pairs in 2 minutes, or so many times as many."""
    cube, pairs = as_cube(landmarks(21, 3600, 64)), isc.vertex_pairs(64)
    return lambda: isc.null_extremes(cube, pairs=pairs, n_surrogates=60 * factor, n_threads=1)


JOBS = {"t-ISC of 28,680 vertex pairs": pairs_job, "60 circular shifts of 2,016 vertex pairs": null_job}


def workers() -> dict[str, Any]:
    """Wall seconds on one and two worker processes: of one job (strong scaling), of one twice as large (weak).

    Data are handed over by the active client, which is part of the time. The results must be the same bits as here.
    """
    rows: dict[str, dict[str, Any]] = {name: {} for name in JOBS}
    here = {name: job(1)() for name, job in JOBS.items()}
    for n in (1, 2):
        with (
            LocalCluster(n_workers=n, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
            Client(cluster),
        ):
            for name, job in JOBS.items():
                rows[name][f"wall_{n}_s"], result = _warmed(job(1))
                rows[name]["same_bits"] = rows[name].get("same_bits", True) and result.identical(here[name])
                if n == 2:
                    rows[name]["wall_2_twice_s"], _ = _warmed(job(2))
    for row in rows.values():
        row["strong"] = row["wall_1_s"] / row["wall_2_s"]
        row["weak"] = row["wall_1_s"] / row["wall_2_twice_s"]
    return rows


def _warmed(job: Job) -> tuple[float, xr.DataArray]:
    """Wall seconds and result of a job, once the workers have loaded the kernels."""
    results: list[xr.DataArray] = []
    job()
    _, wall = timed(lambda: results.append(job()))
    return wall, results[0]


if __name__ == "__main__":
    from benchmarks.tables import workers_table

    print(workers_table(workers()))

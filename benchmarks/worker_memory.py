"""Memory of the workers of a cluster, as Dask counts it, beside the limit that docs/cluster.md advises.

``python -m benchmarks.worker_memory`` prints the table of docs/cluster.md (a minute; Linux).
"""

import math
from pathlib import Path

import xarray as xr
from distributed import Client, LocalCluster

import isc
from benchmarks.measure import as_cube, landmarks
from benchmarks.tables import table
from isc.lazy.shared import PROCESS_BYTES, USABLE_SHARE

SIZE = (21, 9000, 468)  # subjects, frames, vertices
N_SURROGATES = 60
THREAD_BYTES = 320 * 2**20  # as docs/cluster.md advises
MIB = 2**20


def resident_peak() -> int:
    """Largest resident memory of this process, bytes, mapped pages included; `ru_maxrss` would inherit the parent's."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def worker_peak(cube: xr.DataArray, n_worker: int, n_thread: int) -> tuple[float, float]:
    """Largest peak of any worker, and its advised limit, in bytes."""
    limit = (cube.values.nbytes + PROCESS_BYTES + n_thread * THREAD_BYTES) / USABLE_SHARE
    options = {"processes": True, "dashboard_address": None, "memory_limit": MIB * math.ceil(limit / MIB)}
    with LocalCluster(n_workers=n_worker, threads_per_worker=n_thread, **options) as cluster, Client(cluster) as client:
        isc.null_extremes(cube, n_surrogates=N_SURROGATES)
        peak = max(client.run(resident_peak).values())
    if peak < cube.values.nbytes:
        raise RuntimeError("the workers did not read the data: raise N_SURROGATES, so that the work is handed over")
    return peak, limit


def main() -> None:
    """One worker of two threads and two of one thread, one after the other."""
    cube = as_cube(landmarks(*SIZE))
    rows = []
    for n_worker, n_thread in ((1, 2), (2, 1)):
        peak, limit = worker_peak(cube, n_worker, n_thread)
        sizes = [f"{math.ceil(size / MIB):,}" for size in (cube.values.nbytes, peak, limit)]
        rows.append([f"{n_worker} of {n_thread} thread{'s' if n_thread > 1 else ''}", *sizes])
    print(table(["workers", "data, MiB", "largest worker, MiB", "advised limit, MiB"], rows))


if __name__ == "__main__":
    main()

"""One job of the full-size study in a process of its own: time, memory above input and output, error.

    python -m benchmarks.full vertices --threads 2
    python -m benchmarks.full pairs --threads 2 --frames 3600

The process makes its data subject by subject, so that making them never takes more memory than holding them and the
peak belongs to the computation. Prints one line of JSON.
"""

import argparse
import json
from typing import Any

import numpy as np
import xarray as xr

import isc
from benchmarks.measure import as_cube, landmarks, peak_bytes, timed
from benchmarks.precision import dyads_of
from isc.synchrony.pairs import VertexPairs

N_SUBJECT, N_FRAME, N_VERTEX = 21, 36_000, 468
CHECKED = 40  # features and windows that are recomputed in float64


def options_of(job: str, n_vertex: int) -> dict[str, Any]:
    """Options of `isc.temporal_isc` for a job."""
    if job == "pairs":
        return {"pairs": isc.vertex_pairs(n_vertex)}
    return {"space": "axes", "estimator": "leave_one_out" if job == "leave_one_out" else "pairwise"}


def largest_error(cube: xr.DataArray, result: xr.DataArray, pairs: VertexPairs | None) -> float:
    """Largest departure of some windows of some features from float64."""
    rng = np.random.default_rng(1)
    values = result.values.reshape(result.sizes["window"], -1)
    starts, length = result["start_sample"].values, result.attrs["window_samples"]
    worst = 0.0
    for w, f in zip(rng.integers(0, values.shape[0], CHECKED), rng.integers(0, values.shape[1], CHECKED), strict=True):
        part = cube.values[:, starts[w] : starts[w] + length].astype(np.float64)
        if pairs is None:
            series = part.reshape(*part.shape[:2], -1)[:, :, f]
        else:
            series = np.linalg.norm(part[:, :, pairs.vertex_a[f]] - part[:, :, pairs.vertex_b[f]], axis=-1)
        worst = max(worst, abs(values[w, f] - dyads_of(series[..., None, None], np.array([0]), length).mean()))
    return float(worst)


def run(job: str, n_frame: int, n_threads: int) -> dict[str, Any]:
    """Time one job and measure its memory."""
    options = options_of(job, N_VERTEX)
    warm = as_cube(landmarks(N_SUBJECT, 300, 5))
    isc.temporal_isc(warm, n_threads=n_threads, **options_of(job, 5))
    cube = as_cube(landmarks(N_SUBJECT, n_frame, N_VERTEX))
    before, results = peak_bytes(), []
    cpu, wall = timed(lambda: results.append(isc.temporal_isc(cube, n_threads=n_threads, **options)))
    after, result = peak_bytes(), results[0]
    output = result.nbytes + result["n_subject"].nbytes
    row = {
        "job": job,
        "features": int(np.prod(result.shape[1:])),
        "frames": n_frame,
        "windows": result.sizes["window"],
        "threads": n_threads,
        "cpu_s": cpu,
        "wall_s": wall,
        "input_MB": cube.nbytes / 2**20,
        "output_MB": output / 2**20,
        "peak_above_input_and_output_MB": (after - before - output) / 2**20,
    }
    if job != "leave_one_out":
        row["largest_error"] = largest_error(cube, result, options.get("pairs"))
    return row


def main() -> None:
    """Run the job that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["vertices", "leave_one_out", "pairs"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frames", type=int, default=N_FRAME)
    given = parser.parse_args()
    print(json.dumps(run(given.job, given.frames, given.threads)))


if __name__ == "__main__":
    main()

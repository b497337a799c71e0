"""Time and memory of the nulls, each row in a process of its own.

    python benchmarks/nulls.py            a small study (minutes), and what its rates amount to for the full one
    python benchmarks/nulls.py --full     the full-size study whole: 21 people x 36,000 frames x 468 vertices
    python benchmarks/nulls.py --full --only "pairs, 1000 sign flips"
    python benchmarks/nulls.py --full --only "pairs, 200 circular shifts" --surrogates 4    of hours, the first minutes

Prints a table and writes it to benchmarks/output/nulls.json. ``cpu_s`` is user and system time of the process,
``wall_s`` the time on the clock, ``peak_above_MB`` the highest resident memory while the null was computed, less
that with imports and input in memory and less the result. ``us_per_cell`` is CPU time per window, feature and
surrogate. ``goal_s`` is the goal for wall time on two idle cores. Machines are shared: read CPU seconds beside them.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

RATE = 30.0
OUTPUT = Path(__file__).parent / "output" / "nulls.json"
FULL = {"n_subject": 21, "n_time": 36_000, "n_vertex": 468}
SMALL = {"n_subject": 21, "n_time": 7_200, "n_vertex": 48}
MINUTE = 60.0

# name: options of null_extremes, whether of vertex pairs, surrogates of the small run, goal for the full one in seconds
ROWS: dict[str, tuple[dict[str, Any], bool, int, float | None]] = {
    "vertices, observed": ({}, False, 0, None),
    "vertices, 200 frame shuffles": ({"scheme": "timepoint_shuffle", "n_surrogates": 200}, False, 100, 5 * MINUTE),
    "vertices, 1000 circular shifts": ({"scheme": "circular_shift", "n_surrogates": 1000}, False, 100, 12 * MINUTE),
    "vertices, 1000 sign flips": ({"scheme": "sign_flip", "n_surrogates": 1000}, False, 1000, None),
    "vertices, 200 circular shifts, leave-one-out": (
        {"scheme": "circular_shift", "n_surrogates": 200, "estimator": "leave_one_out"}, False, 20, None,
    ),
    "vertices, 200 random phases": ({"scheme": "phase", "n_surrogates": 200}, False, 10, None),
    "pairs, observed": ({}, True, 0, 75.0),
    "pairs, 200 frame shuffles, per window": (
        {"scheme": "timepoint_shuffle", "n_surrogates": 200, "scope": "window"}, True, 200, 2 * MINUTE,
    ),
    "pairs, 1000 sign flips": ({"scheme": "sign_flip", "n_surrogates": 1000}, True, 1000, 10 * MINUTE),
    "pairs, 200 circular shifts": ({"scheme": "circular_shift", "n_surrogates": 200}, True, 5, 3.5 * 60 * MINUTE),
}  # fmt: skip
LONG = ("pairs, 200 circular shifts",)  # hours: run whole only when asked for by name


def walk(n_subject: int, n_time: int, n_vertex: int, seed: int = 0) -> xr.DataArray:
    """Landmarks in pixels that wander, made without a second array of their size."""
    rng, piece = np.random.default_rng(seed), 1000
    values = np.empty((n_subject, n_time, n_vertex, 3), dtype=np.float32)
    for subject in values:
        place = 300 + 30 * rng.standard_normal((n_vertex, 3), dtype=np.float32)
        for first in range(0, n_time, piece):
            part = subject[first : first + piece]
            part[:] = 0.1 * np.cumsum(rng.standard_normal(part.shape, dtype=np.float32), axis=0) + place
            place = part[-1]
    coords = {"time": np.arange(n_time) / RATE, "subject": [f"{k:02d}" for k in range(n_subject)]}
    return xr.DataArray(values, dims=("subject", "time", "vertex", "space"), coords=coords)


def resident_mb(what: str) -> float:
    """Resident memory of this process, now (VmRSS) or at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))


def measure(name: str, size: dict[str, int], n_surrogates: int | None, n_threads: int) -> dict[str, float]:
    """One row, in this process."""
    import isc

    options, of_pairs, _, _ = ROWS[name]
    options = {**options, "n_threads": n_threads}
    if n_surrogates:
        options["n_surrogates"] = n_surrogates
    compute = isc.null_extremes if "scheme" in options else isc.temporal_isc
    small = walk(size["n_subject"], 600, 16)  # the kernels take sixteen features at a time
    compute(small, pairs=isc.vertex_pairs(16) if of_pairs else None, **{**options, **_few(options)})  # compiled by now
    cube = walk(**size)
    pairs = isc.vertex_pairs(size["n_vertex"]) if of_pairs else None
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of making the input
    before = resident_mb("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    result = compute(cube, pairs=pairs, **options)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    n_feature = size["n_vertex"] if pairs is None else len(pairs)
    n_window = 1 if options.get("scope") == "window" else int((size["n_time"] - 150) / 50) + 1  # one stands for all
    cells = n_feature * n_window * options.get("n_surrogates", 1)
    output = sum(array.nbytes for array in (result, *result.coords.values())) / 2**20
    peak = resident_mb("VmHWM") - before - output
    return {"wall_s": wall, "cpu_s": cpu, "us_per_cell": 1e6 * cpu / cells, "peak_above_MB": peak}


def _few(options: dict[str, Any]) -> dict[str, int]:
    return {"n_surrogates": 4} if "scheme" in options else {}


def in_process(name: str, full: bool, n_threads: int, n_surrogates: int | None) -> dict[str, float]:
    """One row, in a fresh process."""
    command = [sys.executable, __file__, "--row", name, "--threads", str(n_threads), *(["--full"] if full else [])]
    command += [] if n_surrogates is None else ["--surrogates", str(n_surrogates)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "ISC_THREADS": ""})
    return json.loads(done.stdout.splitlines()[-1])


def projected(name: str, row: dict[str, float]) -> float:
    """Seconds on the clock of two idle cores for the full study, at the small run's rate."""
    options, of_pairs, _, _ = ROWS[name]
    n_vertex = FULL["n_vertex"]
    n_feature = n_vertex * (n_vertex - 1) // 2 if of_pairs else n_vertex
    n_window = 1 if options.get("scope") == "window" else 718
    return row["us_per_cell"] * 1e-6 * n_feature * n_window * options.get("n_surrogates", 1) / 2


def table(rows: dict[str, dict[str, float]]) -> str:
    """Rows as Markdown."""
    columns = list(next(iter(rows.values())))
    lines = ["| row | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        lines.append(f"| {name} | " + " | ".join(f"{row[c]:.4g}" if row[c] is not None else "" for c in columns) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run the rows, print the table, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the full-size study (about an hour, 10 GB of memory)")
    parser.add_argument("--only", action="append", choices=ROWS, help="this row; may be repeated")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--row", choices=ROWS, help=argparse.SUPPRESS)
    parser.add_argument("--surrogates", type=int, help="fewer than the row has; its time is scaled to the row")
    options = parser.parse_args()
    size = FULL if options.full else SMALL
    if options.row:
        n_surrogates = options.surrogates or (None if options.full else ROWS[options.row][2])
        print(json.dumps(measure(options.row, size, n_surrogates, options.threads)))
        return
    rows = {}
    for name in options.only or [name for name in ROWS if not (options.full and name in LONG)]:
        rows[name] = in_process(name, options.full, options.threads, options.surrogates)
        if not options.full or options.surrogates:
            rows[name]["full_study_s_at_this_rate"] = projected(name, rows[name])
        rows[name]["goal_s"] = ROWS[name][3]
        print(name, json.dumps(rows[name]), file=sys.stderr, flush=True)
    print(table(rows))
    OUTPUT.parent.mkdir(exist_ok=True)
    study = {"study": size, "threads": options.threads, "rows": rows}
    OUTPUT.write_text(json.dumps(study, indent=2) + "\n")


if __name__ == "__main__":
    main()

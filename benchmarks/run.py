"""Time this package against what researchers use, on identical arrays in one process, alternated.

    python benchmarks/run.py            the comparison and the scaling table (a few minutes)
    python benchmarks/run.py --full     also the full-size study: 21 people, 36,000 frames, all vertex pairs

Prints a table and writes it to benchmarks/output/results.json. Figures are CPU seconds of this process (user and
system) beside wall seconds; ratios are medians over alternated repeats. Machines differ and are shared: trust ratios.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import xarray as xr

import isc
from isc.kernels.correlation import leave_one_out, pairwise_mean
from isc.kernels.layout import relayout
from isc.windows import sliding_windows

RATE = 30.0
OUTPUT = Path(__file__).parent / "output" / "results.json"
Timed = tuple[float, float]


def cube_of(n_subject: int, n_time: int, n_vertex: int, seed: int = 0) -> np.ndarray:
    """White landmarks (subject, time, vertex, space) on a slow drift, in pixels."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n_subject, n_time, n_vertex, 3), dtype=np.float32)
    values += np.linspace(0, 30, n_time, dtype=np.float32)[:, None, None] + np.float32(300)
    return values


def labelled(values: np.ndarray) -> xr.DataArray:
    """The same array as a cube."""
    time_s = np.arange(values.shape[1]) / RATE
    return xr.DataArray(values, dims=("subject", "time", "vertex", "space"), coords={"time": time_s})


def timed(function: Callable[[], object]) -> Timed:
    """CPU and wall seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    function()
    return time.process_time() - cpu, time.perf_counter() - wall


def alternated(functions: dict[str, Callable[[], object]], repeats: int) -> dict[str, Timed]:
    """Median CPU and wall seconds of every function, called A, B, C, A, B, C, ..."""
    for function in functions.values():
        function()
    rounds = [{name: timed(function) for name, function in functions.items()} for _ in range(repeats)]
    return {name: (median(r[name][0] for r in rounds), median(r[name][1] for r in rounds)) for name in functions}


def brainiak_loop(values: np.ndarray, starts: np.ndarray, length: int, *, pairwise: bool) -> np.ndarray:
    """BrainIAK's isc in a loop over windows, as researchers write it; values (time, feature, subject)."""
    from brainiak.isc import isc as brainiak_isc

    rows = [brainiak_isc(values[s : s + length], pairwise=pairwise, summary_statistic=None).mean(0) for s in starts]
    return np.stack(rows)


def corrcoef_loop(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """numpy.corrcoef in a loop over windows and features; values (feature, subject, time)."""
    upper = np.triu_indices(values.shape[1], 1)
    return np.array([[np.corrcoef(x[:, s : s + length])[upper].mean() for x in values] for s in starts])


def pandas_loop(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """DataFrame.corr in a loop over windows and features."""
    import pandas as pd

    upper = np.triu_indices(values.shape[1], 1)
    frames = [pd.DataFrame(x.T) for x in values]
    return np.array([[f.iloc[s : s + length].corr().values[upper].mean() for f in frames] for s in starts])


def xarray_form(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """xarray.corr of every pair of subjects over constructed windows."""
    series = xr.DataArray(values, dims=("feature", "subject", "time"))
    windows = series.rolling(time=length).construct("sample").isel(time=starts + length - 1)
    first, second = np.triu_indices(values.shape[1], 1)
    pairs = [
        xr.corr(windows.isel(subject=a), windows.isel(subject=b), dim="sample")
        for a, b in zip(first, second, strict=True)
    ]
    return np.mean([p.values for p in pairs], axis=0).T


def comparison(n_feature: int = 1404, n_time: int = 3600, repeats: int = 3) -> dict[str, object]:
    """Ours against the others on the same windows; slow ones on fewer features, scaled per feature."""
    values = cube_of(21, n_time, n_feature // 3)
    windows = sliding_windows(n_time, rate=RATE)
    flat = values.reshape(21, n_time, n_feature)
    series = relayout(flat[..., None])
    cube = xr.DataArray(flat, dims=("subject", "time", "vertex"), coords={"time": np.arange(n_time) / RATE})
    for_brainiak = np.ascontiguousarray(flat.transpose(1, 2, 0))
    few = np.ascontiguousarray(flat[:, :, :24].transpose(2, 0, 1))
    args = (windows.starts, windows.length)
    one = alternated(
        {
            "ours, kernel layout": lambda: pairwise_mean(series, *args),
            "ours, from a DataArray": lambda: isc.temporal_isc(cube, n_threads=1),
            "ours, leave-one-out": lambda: leave_one_out(series, *args),
            "BrainIAK isc(pairwise) loop": lambda: brainiak_loop(for_brainiak, *args, pairwise=True),
            "BrainIAK isc leave-one-out loop": lambda: brainiak_loop(for_brainiak, *args, pairwise=False),
        },
        repeats,
    )
    slow = alternated(
        {
            "numpy.corrcoef loop": lambda: corrcoef_loop(few, *args),
            "pandas corr loop": lambda: pandas_loop(few, *args),
            "xarray corr of windows": lambda: xarray_form(few, *args),
        },
        1,
    )
    cells = windows.starts.size * n_feature
    rows = {
        name: {"cpu_s": t[0], "wall_s": t[1], "us_per_window_feature": 1e6 * t[0] / cells} for name, t in one.items()
    }
    for name, t in slow.items():
        scale = n_feature / 24
        rows[name] = {
            "cpu_s": t[0] * scale,
            "wall_s": t[1] * scale,
            "us_per_window_feature": 1e6 * t[0] * scale / cells,
        }
    ratios = {
        "pairwise, kernel layout": _ratio(rows, "BrainIAK isc(pairwise) loop", "ours, kernel layout"),
        "pairwise, from a DataArray": _ratio(rows, "BrainIAK isc(pairwise) loop", "ours, from a DataArray"),
        "leave-one-out": _ratio(rows, "BrainIAK isc leave-one-out loop", "ours, leave-one-out"),
    }
    return {"rows": rows, "ratios to BrainIAK": ratios}


def _ratio(rows: dict[str, dict[str, float]], slow: str, fast: str) -> float:
    return rows[slow]["cpu_s"] / rows[fast]["cpu_s"]


def scaling() -> dict[str, float]:
    """Nanoseconds of CPU per subject, frame and series, for more subjects, frames and features; and two threads."""
    rows = {}
    for name, (n_subject, n_time, n_vertex) in {
        "21 subjects, 3600 frames, 100 vertices": (21, 3600, 100),
        "100 subjects": (100, 3600, 100),
        "500 subjects": (500, 3600, 20),
        "14400 frames": (21, 14_400, 100),
        "468 vertices": (21, 3600, 468),
    }.items():
        series = relayout(cube_of(n_subject, n_time, n_vertex))
        windows = sliding_windows(n_time, rate=RATE)
        cpu, _ = alternated({"": lambda s=series, w=windows: pairwise_mean(s, w.starts, w.length)}, 3)[""]
        rows[name] = 1e9 * cpu / series.size
    series = relayout(cube_of(21, 3600, 468))
    windows = sliding_windows(3600, rate=RATE)
    threads = alternated(
        {str(n): lambda n=n: pairwise_mean(series, windows.starts, windows.length, n_threads=n) for n in (1, 2)}, 5
    )
    rows["wall of 1 thread over wall of 2 threads"] = threads["1"][1] / threads["2"][1]
    return rows


def full_study(n_threads: int) -> dict[str, object]:
    """The study of the published film, whole: vertices and all 109,278 vertex pairs of 468."""
    cube = labelled(cube_of(21, 36_000, 468))
    rows: dict[str, object] = {}
    isc.temporal_isc(cube.isel(time=slice(0, 300), vertex=slice(0, 4)), pairs=isc.vertex_pairs(4))
    for name, pairs in (("vertices", None), ("all 109,278 vertex pairs", isc.vertex_pairs(468))):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        cpu, wall = timed(lambda p=pairs: isc.temporal_isc(cube, pairs=p, n_threads=n_threads))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows[name] = {"cpu_s": cpu, "wall_s": wall, "threads": n_threads, "peak_above_input_MB": (peak - before) / 1024}
    return rows


def main() -> None:
    """Run the benchmarks, print the tables, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also the full-size study (minutes, 10 GB of memory)")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    results: dict[str, object] = {"comparison": comparison(), "scaling": scaling()}
    if options.full:
        results["full study"] = full_study(options.threads)
    print(json.dumps(results, indent=2, default=float))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()

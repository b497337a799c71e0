"""Rates of the cost model, the model against three measured jobs, and the table of what studies cost.

    python -m benchmarks.cost                 three jobs of other sizes: CPU time predicted and measured
    python -m benchmarks.cost --write         measure the rates anew and write isc/lazy/rates.json
    python -m benchmarks.cost --table         what studies cost, from the rates that are there

The first and the last put their tables into docs/cluster.md.

A rate is CPU seconds (user and system) of a unit on one thread, the median of several calls. Beside a busy neighbour
CPU time grows too: write rates on a quiet machine.
"""

import argparse
import itertools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import xarray as xr

import isc
from benchmarks.measure import RATE, as_cube, landmarks, machine, timed
from benchmarks.tables import table
from isc.lazy.shared import SHARING_RATE
from isc.simulate import simulate_face_video
from isc.simulate.camera import Camera
from isc.stages.plan.cost import estimate_cost
from isc.study import Null, Study
from isc.synchrony.cost import null_seconds, statistic_seconds, workload
from isc.windows import sliding_windows, window_coords

REPOSITORY = Path(__file__).resolve().parents[1]
CORES, N_PAIR = (2, 32, 512), 109_278
RATES = REPOSITORY / "isc" / "lazy" / "rates.json"
PAGE = REPOSITORY / "docs" / "cluster.md"
CHECK = "<!-- written by python -m benchmarks.cost -->\n"
TABLE = "<!-- written by python -m benchmarks.cost --table -->\n"
END = "<!-- end -->\n"
REPEATS = 5
FEW = 60  # every so manieth frame
SAMPLE = "sample of a series of a subject"
DYAD_SAMPLE = "sample of a series of a subject, times subjects"
SHIFTED = f"{SAMPLE}, of one surrogate"
Rates = dict[str, tuple[float, str]]


def cpu(function: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median CPU seconds of a call, after one that compiles."""
    function()
    return median(timed(function)[0] for _ in range(repeats))


def of_synchrony(form: str) -> Rates:
    """Rates of t-ISC and its nulls: of stored series, or of distances of vertex pairs."""
    n_vertex, n_surrogates = (100, 10) if form == "series" else (40, 4)
    cube = as_cube(landmarks(21, 3600, n_vertex))
    pairs = isc.vertex_pairs(n_vertex) if form == "pairs" else None
    work = workload(cube, pairs=pairs)

    def statistic(**how: Any) -> float:
        return cpu(lambda: isc.temporal_isc(cube, pairs=pairs, n_threads=1, **how)) / work.samples

    def null(scheme: str, n: int = n_surrogates, **how: Any) -> float:
        options = {"scheme": scheme, "n_surrogates": n, "pairs": pairs, "n_threads": 1, **how}
        return cpu(lambda: isc.null_extremes(cube, **options), 3)

    few, many = null("sign_flip", 10), null("sign_flip", 2000)
    left_out = null("circular_shift", 3, estimator="leave_one_out")
    rates = {
        f"pairwise/{form}": (statistic(), SAMPLE),
        f"leave_one_out/{form}": (statistic(estimator="leave_one_out"), SAMPLE),
        f"matrices/{form}": (few / work.samples / work.n_subject, DYAD_SAMPLE),
        f"shifted/{form}": (null("circular_shift") / work.samples / n_surrogates, SHIFTED),
        f"shifted_leave_one_out/{form}": (left_out / work.samples / 3, SHIFTED),
        f"shuffled/{form}": (null("timepoint_shuffle") / work.samples / n_surrogates, SHIFTED),
    }
    if form == "series":
        cells = work.n_feature * work.n_window * work.n_dyad
        rates["phase/series"] = (null("phase") / work.samples / n_surrogates, SHIFTED)
        rates["flip"] = ((many - few) / 1990 / cells, "dyad of a cell, of one sign flip")
    return rates


def of_the_relation() -> Rates:
    """Rates of the relation to reports: shifts of 718 windows at one lag, and the autoregressive model."""
    rng, windows = np.random.default_rng(0), sliding_windows(36_000, rate=RATE, window=5.0, step=5 / 3)
    coords = window_coords(windows, onset=0.0)
    n_window = windows.starts.size
    tisc = xr.DataArray(rng.normal(size=(n_window, 1000)), dims=("window", "vertex"), coords=coords)
    agreement = xr.DataArray(rng.normal(size=n_window), dims="window", coords=coords)
    shifts = cpu(lambda: isc.correlate_with_agreement(tisc, agreement, lags=(0.0, 1.0)), 3)
    model = cpu(lambda: isc.correlate_with_agreement(tisc[:, :20], agreement, lags=(0.0, 1.0), method="glsar"), 3)
    return {
        "relation/lag": (shifts / tisc.size, "window and lag of a feature"),
        "relation/glsar": (model / 20, "feature"),
    }


def of_tracking(n_seconds: float = 4.0) -> Rates:
    """Rate of tracking: a rendered video of 640 x 720 pixels, the start of the tracker taken off."""
    time = np.arange(0, n_seconds, 1 / 30)
    course = xr.Dataset({"smile": ("time", np.sin(time) ** 2)}, coords={"time": time})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "face.mp4"
        simulate_face_video(path, subject_index=0, course=course, camera=Camera(rate=30.0, width=640, height=720))
        all_frames, few = (timed(lambda n=n: isc.read_face_video(path, subject="sub-1", every=n))[0] for n in (1, FEW))
    return {"tracking": ((all_frames - few) / (time.size - time.size // FEW), "frame of a video")}


def write_rates() -> None:
    """Measure all rates and write them into the package."""
    rates = of_synchrony("series") | of_synchrony("pairs") | of_the_relation() | of_tracking()
    on = machine()
    told = f"{on['date']}: {on['cores']} cores, load {on['load']}, numpy {on['numpy']}, numba {on['numba']}"
    table = {name: {"seconds": float(f"{seconds:.3g}"), "unit": unit} for name, (seconds, unit) in rates.items()}
    RATES.write_text(json.dumps({"measured_on": told, "rates": table}, indent=2) + "\n", encoding="utf-8")
    print(RATES.read_text(encoding="utf-8"))


def jobs() -> dict[str, tuple[float, Callable[[], object]]]:
    """Predicted CPU seconds and the job, of sizes that no rate was measured at."""
    many, long = as_cube(landmarks(60, 5400, 60)), as_cube(landmarks(12, 18_000, 90))
    pairs = isc.vertex_pairs(90)
    shifts = {"scheme": "circular_shift", "n_surrogates": 40}
    flips = {"scheme": "sign_flip", "n_surrogates": 1000}
    return {
        "60 subjects, 3 min, 60 vertices: 40 circular shifts": (
            null_seconds(workload(many), **shifts),
            lambda: isc.null_extremes(many, n_threads=1, **shifts),
        ),
        "12 subjects, 10 min, 4,005 vertex pairs: t-ISC": (
            statistic_seconds(workload(long, pairs=pairs)),
            lambda: isc.temporal_isc(long, pairs=pairs, n_threads=1),
        ),
        "12 subjects, 10 min, 4,005 vertex pairs: 1,000 sign flips": (
            null_seconds(workload(long, pairs=pairs), **flips),
            lambda: isc.null_extremes(long, pairs=pairs, n_threads=1, **flips),
        ),
    }


def check() -> str:
    """The model against measured jobs."""
    rows = []
    for name, (predicted, job) in jobs().items():
        measured = cpu(job, 1)
        rows.append([name, predicted, measured, f"{predicted / measured:.2f}"])
    return table(["job", "CPU s predicted", "CPU s measured", "predicted / measured"], rows)


def studies() -> str:
    """What studies of all sizes cost."""
    head = ["subjects", "film", "features", "surrogates", "CPU-hours", "GB read", "GB of memory"]
    head += [f"time on {n} cores" for n in CORES]
    sizes = itertools.product((21, 100, 1000), (20, 120), ("vertices", "pairs"), (200, 5000))
    return table(head, [_row(*size) for size in sizes])


def duration(seconds: float) -> str:
    """Seconds in the unit that people would use, two digits."""
    for name, unit in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * unit:
            return f"{float(f'{seconds / unit:.2g}'):,g} {name}"
    return f"{max(1, round(seconds))} s"


def _row(n_subject: int, minutes: int, features: str, n_surrogates: int) -> list[Any]:
    """A study with the recommended two schemes; memory of a machine of 32 cores."""
    study = Study(null=Null(n_surrogates=n_surrogates, compare=()))
    cost = estimate_cost(study, n_subject=n_subject, duration=60.0 * minutes, n_pair=N_PAIR, n_cores=32)
    part = cost[cost["features"] == features]
    hours, read = part["cpu_hours"].sum(), part["read_gb"].sum()
    film = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
    shown = "vertices" if features == "vertices" else "all pairs"
    times = [duration(3600 * hours / n + 1e9 * read / SHARING_RATE) for n in CORES]
    sums = [hours, read, part["memory_gb"].max(), *times]
    return [str(n_subject), film, shown, f"{n_surrogates:,}", *sums]


def show(content: str, mark: str) -> None:
    """Print a table and put it into the page, after its mark."""
    before, rest = PAGE.read_text(encoding="utf-8").split(mark)
    after = rest.split(END, maxsplit=1)[1]
    PAGE.write_text(f"{before}{mark}\n{content}\n{END}{after}", encoding="utf-8")
    print(content)


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="measure the rates anew")
    parser.add_argument("--table", action="store_true", help="write the table of docs/cluster.md anew")
    options = parser.parse_args()
    if options.write:
        write_rates()
    elif options.table:
        show(studies(), TABLE)
    else:
        show(check(), CHECK)


if __name__ == "__main__":
    main()

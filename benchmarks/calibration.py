"""Measure the error rates and the power of every surrogate scheme on data whose truth is known.

    python benchmarks/calibration.py --quick                 a few data sets, to see that it runs
    python benchmarks/calibration.py                         the table of docs/calibration.md (about an hour of CPU)
    python benchmarks/calibration.py --write docs/calibration.md

Data: 10 subjects, 10 features, 50 s at 30 Hz (28 windows of 5 s every 5/3 s) of isc.simulate.null_data, 199 surrogates,
alpha .05. Data set k of a kind has seed [SEED, k]; the surrogates of data set k have seed k. Prints tables in Markdown
and writes them, with every number, to benchmarks/output/calibration.json.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isc.simulate.null_data import KINDS, null_series
from isc.synchrony.calibration import error_rates
from isc.synchrony.outcomes import rate_row
from isc.windows import sliding_windows, window_coords

OUTPUT = Path(__file__).parent / "output" / "calibration.json"
SEED = 20261125
RATE, N_TIME = 30.0, 1500
SHAPE = (10, 10, N_TIME)  # feature, subject, sample
SCHEMES = ("circular_shift", "sign_flip", "phase", "block", "pseudo_group", "timepoint_shuffle")
EPOCH = (600, 900)  # samples with planted synchrony, 20 s to 30 s
N_PLANTED = 3  # features that share something then
STRENGTHS = (0.15, 0.3)  # correlation planted
POWER_KINDS = ("landmark", "ar1", "changing_smoothness")
POWER_COLUMNS = {"hit": "found at all", "found": "true cells found", "false_hit": "any outside"}
COLUMNS = {
    "upper": "recording, greater",
    "lower": "recording, less",
    "either": "both tails at 5 %",
    "two_sided": "both tails at 2.5 %",
    "any_window": "any window",
    "windows": "windows",
    "cells": "cells",
}


def labelled(series: np.ndarray) -> xr.DataArray:
    """Cube of series (feature, subject, sample)."""
    coords = {"time": np.arange(series.shape[-1]) / RATE, "subject": [f"{s:02d}" for s in range(series.shape[1])]}
    return xr.DataArray(series.transpose(1, 2, 0).astype(np.float32), dims=("subject", "time", "vertex"), coords=coords)


def generator(kind: str, number: int, stream: int = 0) -> np.random.Generator:
    """Random numbers of one data set."""
    return np.random.default_rng([SEED, KINDS.index(kind), number, stream])


def null_cube(kind: str, number: int) -> xr.DataArray:
    """A data set without synchrony."""
    return labelled(null_series(kind, shape=SHAPE, rate=RATE, rng=generator(kind, number)))


def other_stimuli(kind: str, number: int) -> list[xr.DataArray]:
    """The same people watching nine other films: what pseudo groups are drawn from."""
    return [
        labelled(null_series(kind, shape=SHAPE, rate=RATE, rng=generator(kind, number, stream=1 + k)))
        for k in range(SHAPE[1] - 1)
    ]


def planted_cube(kind: str, number: int, rho: float) -> xr.DataArray:
    """A data set in which some features correlate by rho between subjects for ten seconds."""
    rng = generator(kind, number, stream=100)
    own = null_series(kind, shape=SHAPE, rate=RATE, rng=rng)
    shared = null_series(kind, shape=(N_PLANTED, 1, N_TIME), rate=RATE, rng=rng)
    part = np.s_[:N_PLANTED, :, EPOCH[0] : EPOCH[1]]
    own[part] = np.sqrt(rho) * shared[..., EPOCH[0] : EPOCH[1]] + np.sqrt(1 - rho) * own[part]
    return labelled(own)


def truth() -> xr.DataArray:
    """1 where a window lies in the epoch and its feature shares something, NaN where it touches the epoch, else 0."""
    windows = window_coords(sliding_windows(N_TIME, rate=RATE))
    start, stop = windows["start_sample"].values, windows["stop"].values * RATE
    state = np.where((stop > EPOCH[0]) & (start < EPOCH[1]), np.nan, 0.0)
    state[(start >= EPOCH[0]) & (stop <= EPOCH[1] + 1e-6)] = 1.0
    planted = np.zeros((state.size, SHAPE[0]))
    planted[:, :N_PLANTED] = state[:, None]
    return xr.DataArray(planted, dims=("window", "vertex"))


def null_rates(kind: str, n_data: int) -> pd.DataFrame:
    """Error rates of every scheme on one kind of data."""
    parts = [
        error_rates(
            (null_cube(kind, number) for number in range(n_data)),
            schemes=[scheme for scheme in SCHEMES if scheme != "pseudo_group"],
            n_threads=1,
        ),
        _pseudo_rates(kind, n_data),
    ]
    return pd.concat(parts, ignore_index=True).assign(kind=kind)


def _pseudo_rates(kind: str, n_data: int) -> pd.DataFrame:
    """Pseudo groups need other stimuli for every data set."""
    rows = [
        error_rates(
            [null_cube(kind, number)],
            schemes=["pseudo_group"],
            seed=number,
            null_options={"others": other_stimuli(kind, number)},
            n_threads=1,
        )
        for number in range(n_data)
    ]
    return _pooled(pd.concat(rows))


def _pooled(rates: pd.DataFrame) -> pd.DataFrame:
    """Rates of single data sets as one rate with its interval."""
    groups = rates.groupby(["scheme", "outcome"], sort=False)["rate"]
    return pd.DataFrame([rate_row(*key, values.to_numpy(), 0.05) for key, values in groups])


def power_rates(kind: str, rho: float, n_data: int) -> pd.DataFrame:
    """How often planted synchrony is found."""
    cubes: Iterator[xr.DataArray] = (planted_cube(kind, number, rho) for number in range(n_data))
    schemes = [scheme for scheme in SCHEMES if scheme not in ("pseudo_group", "timepoint_shuffle")]
    return error_rates(cubes, schemes=schemes, truth=truth(), n_threads=1).assign(kind=kind, rho=rho)


def cell(row: pd.Series) -> str:
    """A rate with its interval, in percent."""
    if np.isnan(row["low"]):
        return f"{100 * row['rate']:.1f}"
    return f"{100 * row['rate']:.0f} [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"


def markdown(rates: pd.DataFrame, index: list[str], columns: dict[str, str]) -> str:
    """A table with a row for each data and scheme, and a column for each outcome."""
    wide = rates.assign(cell=rates.apply(cell, axis=1)).pivot(index=index, columns="outcome", values="cell")
    order = rates[index].drop_duplicates().itertuples(index=False, name=None)
    lines = ["| " + " | ".join([*index, *columns.values()]) + " |", "|" + "---|" * (len(index) + len(columns))]
    for key in order:
        row = wide.loc[key, list(columns)]
        lines.append("| " + " | ".join([*(str(part).replace("_", " ") for part in key), *row]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run the calibration, print the tables, write the JSON file and, when asked, the page of the documentation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-data", type=int, default=200, help="data sets a kind (200)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="five data sets a kind")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tables to a page of the documentation")
    parser.add_argument("--again", action="store_true", help="the tables of the last run, nothing is measured")
    options = parser.parse_args()
    n_data = 5 if options.quick else options.n_data
    if not options.again:
        measure(n_data, options.processes)
    last = json.loads(OUTPUT.read_text())
    error, power = pd.DataFrame(last["error"]), pd.DataFrame(last["power"])
    tables = {
        "error": markdown(error, ["kind", "scheme"], COLUMNS),
        "power": markdown(power, ["kind", "rho", "scheme"], POWER_COLUMNS),
    }
    for name, table in tables.items():
        print(f"\n{name}, n = {last['n_data']} data sets a row\n\n{table}")
    if options.write:
        replace_tables(options.write, tables)


def measure(n_data: int, processes: int) -> None:
    """Run every kind of data and every strength, and write all rates to the JSON file."""
    with ProcessPoolExecutor(processes) as pool:
        nulls = [pool.submit(null_rates, kind, n_data) for kind in KINDS]
        powers = [pool.submit(power_rates, kind, rho, n_data) for kind in POWER_KINDS for rho in STRENGTHS]
        parts = {"error": [], "power": []}
        for name, jobs in (("error", nulls), ("power", powers)):
            for number, job in enumerate(jobs, start=1):
                parts[name].append(job.result())
                print(f"{name}: {number} of {len(jobs)} done", file=sys.stderr, flush=True)
    OUTPUT.parent.mkdir(exist_ok=True)
    rates = {name: pd.concat(of, ignore_index=True).to_dict("records") for name, of in parts.items()}
    OUTPUT.write_text(json.dumps({"n_data": n_data, **rates}, indent=1))


def replace_tables(page: Path, tables: dict[str, str]) -> None:
    """Put the tables between the markers of a page, such as <!-- error --> ... <!-- /error -->."""
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        before, _, rest = text.partition(f"<!-- {name} -->")
        _, _, after = rest.partition(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n\n{table}\n\n<!-- /{name} -->{after}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""How often each test of the relation between synchrony and agreement finds one where there is none.

Films of ten minutes at 30 Hz: 12 faces (AR(1), .97 a frame), 20 raters with 2 presses a minute, windows of 5 s every
5/3 s (358 windows). Shared movement (0.6 of the faces' own, 0.5 s long) and press rate are

    overlap     constant: only the overlap of the windows makes the series autocorrelated
    slow-15     drifting with a time constant of 15 s, independently of each other: nothing to find
    slow-30     30 s
    slow-60     60 s
    power       both driven by one course of 15 s (of the press rate's log variance, 36 % are shared)

    python benchmarks/relation_calibration.py [--runs 500] [--seed 0] [--scenarios overlap slow-15 ...]
    python benchmarks/relation_calibration.py --controls [--runs 200] [--seed 0]
    python benchmarks/relation_calibration.py --speed

Prints the share of films with p <= .05 and its Clopper-Pearson interval (95 %), and how the errors of the circular
shift depend on the number of effective windows; writes benchmarks/output/relation_calibration.json.
"""

import argparse
import json
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter
from scipy.stats import beta

import isc

RATE, FILM = 30, 600  # Hz, s
N_FACE, N_RATER, N_FEATURE = 12, 20, 8
FACE_DECAY = 0.97  # a frame
PRESS_RATE = 2 / 60  # a second
SHARED, SHARED_TIME, DRIFT = 0.6, 0.5, 0.7  # amplitude and s of the shared movement; log sd of its drift
BURN_IN = 600  # frames
SLOWNESS = {"overlap": None, "slow-15": 15.0, "slow-30": 30.0, "slow-60": 60.0, "power": 15.0}  # s
DRIVEN = 0.6  # correlation of the two log drifts in "power"
SEARCH = (0.0, 3.0)  # s
N_PAIR, N_WINDOW = 109_278, 720  # all vertex pairs of a face, 20 minutes
ALPHA, COVERAGE = 0.05, 0.95
EFFECTIVE_BINS = (10, 20, 30, 40, 50, 70, 100, 360)
OUTPUT = Path(__file__).parent / "output" / "relation_calibration.json"
SINGLE = {
    "pearson, naive": {"method": "naive"},
    "circular shift": {"method": "circular_shift"},
    "circular shift, spearman": {"method": "circular_shift", "statistic": "spearman"},
    "effective n (Pyper & Peterman)": {"method": "effective_n"},
    "GLSAR(4)": {"method": "glsar"},
}
SEARCHED = "circular shift, max over 8 features x 2 lags"
UNCORRECTED = "circular shift, smallest of 8 p (lags paid for, features not)"


def autoregressive(rng: np.random.Generator, decay: float, shape: tuple[int, ...] = ()) -> np.ndarray:
    """AR(1) series of variance 1, (*shape, frame)."""
    noise = rng.standard_normal((*shape, FILM * RATE + BURN_IN), dtype=np.float32)
    return lfilter([np.sqrt(1 - decay**2)], [1, -decay], noise)[..., BURN_IN:]


def course(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Slow course of variance 1 with the given time constant, (frame)."""
    slow = autoregressive(rng, np.exp(-1 / (seconds * RATE)))
    return slow / slow.std()


def drifts(rng: np.random.Generator, scenario: str) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude of the shared movement and press rate of a film, both (frame), relative."""
    seconds = SLOWNESS[scenario]
    if seconds is None:
        return np.zeros(FILM * RATE), np.ones(FILM * RATE)
    movement, pressing = course(rng, seconds), course(rng, seconds)
    if scenario == "power":
        pressing = DRIVEN * movement + np.sqrt(1 - DRIVEN**2) * pressing
    return np.exp(DRIFT * movement), np.exp(DRIFT * pressing)


def film(rng: np.random.Generator, scenario: str, n_feature: int = N_FEATURE) -> tuple[xr.DataArray, xr.DataArray]:
    """t-ISC (window, vertex) and agreement (window) of one film."""
    level, pressing = drifts(rng, scenario)
    shared = autoregressive(rng, np.exp(-1 / (SHARED_TIME * RATE)), (n_feature,))
    own = autoregressive(rng, FACE_DECAY, (N_FACE, n_feature))
    second = np.arange(FILM * RATE) / RATE
    faces = xr.DataArray(
        (own + SHARED * level * shared).astype(np.float32), dims=("subject", "vertex", "time"), coords={"time": second}
    )
    tisc = isc.temporal_isc(faces, n_threads=1)
    rater, frame = np.nonzero(rng.random((N_RATER, second.size)) < PRESS_RATE / RATE * pressing / pressing.mean())
    presses = pd.DataFrame({"subject": [f"r{k}" for k in rater], "onset": second[frame]})
    return tisc, isc.peak_agreement(presses, windows=tisc, raters=[f"r{k}" for k in range(N_RATER)])


def p_values(tisc: xr.DataArray, agreement: xr.DataArray, tests: Iterable[str]) -> dict[str, float]:
    """Test one film in each way, p-values: the first feature at lag 0, or all features and lags."""
    found = {}
    for name in tests:
        if name in SINGLE:
            result = isc.correlate_with_agreement(tisc.isel(vertex=0), agreement, lags=(0.0, 0.0), **SINGLE[name])
            found[name] = float(result["p"])
            found["effective_n"], found["r"] = float(result["effective_n"]), float(result["r"])
        else:
            result = isc.correlate_with_agreement(tisc, agreement, lags=SEARCH)
            found[name] = float(result["p_fwe" if name == SEARCHED else "p"].min())
    return found


def calibrate(scenario: str, *, runs: int, seed: int, tests: Iterable[str]) -> pd.DataFrame:
    """p-values of all tests, one row a film. The same seed gives the same films."""
    rows = []
    for run in range(runs):
        rng = np.random.default_rng([seed, list(SLOWNESS).index(scenario), run])
        rows.append(p_values(*film(rng, scenario), tests))
    return pd.DataFrame(rows)


def interval(hits: int, runs: int) -> tuple[float, float]:
    """Clopper-Pearson interval of a share."""
    half = (1 - COVERAGE) / 2
    low = beta.ppf(half, hits, runs - hits + 1) if hits else 0.0
    high = beta.ppf(1 - half, hits + 1, runs - hits) if hits < runs else 1.0
    return float(low), float(high)


def in_words(p: pd.Series) -> str:
    """'7 % [5, 9]'; a film that was refused is no find."""
    low, high = interval(int((p <= ALPHA).sum()), len(p))
    return f"{100 * (p <= ALPHA).mean():.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def print_tables(found: dict[str, pd.DataFrame], tests: list[str]) -> None:
    """Rates of every test in every scenario; rates of the circular shift by effective windows."""
    runs = ", ".join(f"{name} (n={len(table)})" for name, table in found.items()).split(", ")
    print("| p <= .05 | " + " | ".join(runs) + " |\n|" + "---|" * (len(runs) + 1))
    for name in tests:
        print(f"| {name} | " + " | ".join(in_words(table[name]) for table in found.values()) + " |")
    print("| sd of r | " + " | ".join(f"{table['r'].std():.3f}" for table in found.values()) + " |")
    middle = (np.nanquantile(table["effective_n"], [0.05, 0.5, 0.95]) for table in found.values())
    print(
        "| effective windows, median (5-95 %) | "
        + " | ".join(f"{m:.0f} ({a:.0f}-{b:.0f})" for a, m, b in middle)
        + " |"
    )
    unrelated = [table for name, table in found.items() if name != "power"]
    if not unrelated:
        return
    pooled = pd.concat(unrelated)
    print("\n| effective windows | films without a relation | circular shift, p <= .05 |\n|---|---|---|")
    for low, high in zip(EFFECTIVE_BINS[:-1], EFFECTIVE_BINS[1:], strict=True):
        part = pooled.loc[(pooled["effective_n"] >= low) & (pooled["effective_n"] < high), "circular shift"]
        if len(part):
            print(f"| {low} to {high} | {len(part)} | {in_words(part)} |")


def pressing_film(
    rng: np.random.Generator, *, emotion: float, pressing: float
) -> tuple[xr.DataArray, pd.DataFrame, list[str]]:
    """Faces of 16 people (15 min, 6 Hz, 2 vertices), their presses, their names.

    Everybody presses at 60 % of 60 moments of the film, 0 to 1 s late. The film moves all faces at these moments by
    `emotion`; each press moves one's own face by `pressing` for half a second.
    """
    names, time = [f"p{k}" for k in range(16)], np.arange(900 * 6) / 6
    moments = np.sort(rng.uniform(10, 890, 60))
    near = np.exp(-((time[:, None] - moments) ** 2) / 8).sum(axis=1)
    common = gaussian_filter1d(rng.standard_normal(time.size), 1)
    faces, rows = rng.standard_normal((len(names), time.size, 2)), []
    for face, name in zip(faces, names, strict=True):
        onset = moments[rng.random(moments.size) < 0.6] + rng.uniform(0, 1)
        twitch = np.exp(-((time[:, None] - onset - 0.3) ** 2) / 0.1).sum(axis=1)
        face += (emotion * near * common / common.std() + pressing * twitch)[:, None]
        rows.append(pd.DataFrame({"subject": name, "onset": onset}))
    coords = {"subject": names, "time": time}
    return xr.DataArray(faces, dims=("subject", "time", "vertex"), coords=coords), pd.concat(rows), names


def print_controls(runs: int, seed: int) -> None:
    """Share of films in which a relation is found without and with each control."""
    again = partial(isc.temporal_isc, n_threads=1)
    print(f"| p_fwe <= .05 (n={runs}) | no control | split half | press exclusion |\n|---|---|---|---|")
    for label, strength in (
        ("nothing", {"emotion": 0.0, "pressing": 0.0}),
        ("pressing moves one's own face", {"emotion": 0.0, "pressing": 6.0}),
        ("the film moves the faces", {"emotion": 1.0, "pressing": 0.0}),
    ):
        found: dict[str, list[float]] = {"plain": [], "split_half": [], "press_exclusion": []}
        for run in range(runs):
            cube, presses, names = pressing_film(np.random.default_rng([seed, 99, run]), **strength)
            tisc = again(cube)
            agreement = isc.peak_agreement(presses, windows=tisc, raters=names)
            around = {"before": 1.0, "after": 2.0}
            for control in (
                isc.SplitHalf(cube, presses, again, seed=run),
                isc.PressExclusion(cube, presses, again, **around),
            ):
                result = isc.correlate_with_agreement(tisc, agreement, lags=SEARCH, control=control)
                found[control.name].append(float(result["control_p_fwe"].min()))
            found["plain"].append(float(result["p_fwe"].min()))
        print(f"| {label} | " + " | ".join(in_words(pd.Series(p)) for p in found.values()) + " |", flush=True)


def print_speed() -> None:
    """Time the relation of all pairs of a face in a film of 20 minutes."""
    rng = np.random.default_rng(0)
    start = np.arange(N_WINDOW) * 5 / 3
    coords = {"start": ("window", start), "stop": ("window", start + 5), "time": ("window", start + 2.5)}
    values = rng.standard_normal((N_WINDOW, N_PAIR), dtype=np.float32)
    tisc = xr.DataArray(values, dims=("window", "pair"), coords=coords)
    agreement = xr.DataArray(rng.normal(size=N_WINDOW), dims="window", coords=coords)
    cpu, wall = time.process_time(), time.perf_counter()
    result = isc.correlate_with_agreement(tisc, agreement, lags=SEARCH)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    n_lag, n_shift = len(result.attrs["lags_s"]), result.attrs["n_shifts"]
    print(f"{N_PAIR} pairs x {N_WINDOW} windows x {n_lag} lags x {n_shift} shifts: {cpu:.1f} s CPU, {wall:.1f} s wall")


def main() -> None:
    """Run the scenarios, print the tables and keep all p-values."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500, help="films a scenario")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenarios", nargs="*", default=list(SLOWNESS), help="none: print what was kept")
    parser.add_argument("--speed", action="store_true", help="time the relation of all pairs instead")
    parser.add_argument("--controls", action="store_true", help="calibrate the controls for pressing instead")
    options = parser.parse_args()
    if options.controls:
        print_controls(options.runs, options.seed)
        return
    if options.speed:
        print_speed()
        return
    tests = [*SINGLE, SEARCHED, UNCORRECTED]
    kept = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {}
    kept = {key: table for key, table in kept.items() if key.startswith(f"{options.runs}/{options.seed}/")}
    for name in options.scenarios:
        table = calibrate(name, runs=options.runs, seed=options.seed, tests=tests)
        kept[f"{options.runs}/{options.seed}/{name}"] = table.to_dict("list")
        OUTPUT.parent.mkdir(exist_ok=True)
        OUTPUT.write_text(json.dumps(kept))
        print(f"{name} done", flush=True)
    ready = {name: kept.get(f"{options.runs}/{options.seed}/{name}") for name in SLOWNESS}
    print_tables({name: pd.DataFrame(table) for name, table in ready.items() if table}, tests)


if __name__ == "__main__":
    main()

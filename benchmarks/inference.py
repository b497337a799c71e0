"""Measure what the tests and intervals of isc.synchrony promise, on simulated data with known answers.

    python benchmarks/inference.py                     everything (several minutes of CPU)
    python benchmarks/inference.py --only change       one table: clusters, change, bootstrap, groups, smoothness
    python benchmarks/inference.py --n 50 --seed 7     fewer data sets, other data

Rates are printed with their 95 % binomial interval. Data sets are numbered from the seed.
"""

import argparse
from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr
from scipy.stats import binomtest

import isc
from isc.simulate.null_data import KINDS, null_series

RATE = 30.0
ALPHA = 0.05
SHARED_SEED = 99  # the film of the bootstrap is one film: intervals are about other people
Rows = Iterator[tuple[str, ...]]


def rate(hits: list[bool]) -> str:
    """Share of hits with its interval."""
    low, high = binomtest(int(np.sum(hits)), len(hits)).proportion_ci(method="exact")
    return f"{np.mean(hits):.3f} [{low:.3f}, {high:.3f}]"


def cube_of(series: np.ndarray) -> xr.DataArray:
    """Series (feature, subject, time) as a cube."""
    time = np.arange(series.shape[-1]) / RATE
    return xr.DataArray(np.moveaxis(series, 0, 2), dims=("subject", "time", "vertex"), coords={"time": time})


def null_cube(kind: str, shape: tuple[int, int, int], seed: int) -> xr.DataArray:
    """People who share nothing."""
    return cube_of(null_series(kind, shape=shape, rng=np.random.default_rng(seed)))


def clusters(n: int, seed: int) -> Rows:
    """Familywise rate of cluster mass, and its power beside that of the largest cell."""
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]])
    tests = [(scheme, scale) for scheme in ("circular_shift", "sign_flip") for scale in ("feature", None)]
    yield "data", *(f"{scheme}, {'standardised' if scale else 'plain'}" for scheme, scale in tests)
    rows = [(kind, None) for kind in ("white", "ar1", "pink", "landmark", "changing_smoothness")]
    for kind, adjacency in [*rows, ("ar1", edges), ("landmark", edges)]:
        row = []
        for scheme, scale in tests:
            how = {"scheme": scheme, "n_surrogates": 99, "standardise": scale, "adjacency": adjacency}
            found = (isc.cluster_mass(null_cube(kind, (6, 10, 1500), seed + k), seed=k, **how) for k in range(n))
            row.append(rate([bool((result.p <= ALPHA).any()) for result in found]))
        yield f"no synchrony, {kind}, {'runs' if adjacency is None else 'mesh x windows'}", *row
    planted = [planted_cube(seed + k) for k in range(n)]
    row = []
    for scheme, scale in tests:
        found = (isc.cluster_mass(cube, scheme=scheme, n_surrogates=99, standardise=scale) for cube in planted)
        row.append(rate([bool((f.p <= ALPHA).any()) for f in found]))
    yield "10 s planted in 2 of 6 landmark-like features, cluster mass", *row
    row = []
    for scheme in ("circular_shift", "sign_flip"):
        nulls = (isc.null_extremes(cube, scheme=scheme, n_surrogates=99) for cube in planted)
        pairs = zip(planted, nulls, strict=True)
        row += ["", rate([bool((isc.p_values(isc.temporal_isc(cube), null) <= ALPHA).any()) for cube, null in pairs])]
    yield "the same, largest cell", *row


def planted_cube(seed: int) -> xr.DataArray:
    """Landmark-like data with ten seconds of weak synchrony."""
    rng = np.random.default_rng(seed)
    series = null_series("landmark", shape=(6, 10, 1500), rng=rng)
    series[:2, :, 600:900] += 0.35 * null_series("ar1", shape=(1, 1, 300), rng=rng, autocorrelation=0.95)
    return cube_of(series)


SCENES = {
    "three scenes of 20-25 s": [(30.0, 20.0), (110.0, 25.0), (220.0, 20.0)],
    "the last 40 s": [(260.0, 40.0)],
    "every other 20 s": [(20.0 * k, 20.0) for k in range(0, 15, 2)],
}


def change(n: int, seed: int) -> Rows:
    """Rate of test_change under constant synchrony, and its power; also without the turns that overlap."""
    yield "five minutes, 10 people, 4 features", "detrended", "not detrended", "not detrended, distant turns only"
    for autocorrelation in (0.9, 0.98):
        sets = [synchronous(seed + k, autocorrelation, 0.3, []) for k in range(n)]
        for name, epochs in SCENES.items():
            apart = [distant_turns(tisc, epochs) <= ALPHA for tisc in sets]
            yield f"constant r .3, AR(1) {autocorrelation}, {name}", *rejections(sets, epochs), rate(apart)
    for raised in (0.4, 0.5, 0.6):
        for name, epochs in SCENES.items():
            sets = [synchronous(seed + k, 0.98, raised, epochs) for k in range(n // 3)]
            yield f"r .3, in the scenes {raised:g}, AR(1) 0.98, {name}", *rejections(sets, epochs), ""


def rejections(sets: list[xr.DataArray], epochs: list[tuple[float, float]]) -> tuple[str, str]:
    """Rates of rejection, with and without detrending."""
    tests = ([isc.test_change(tisc, epochs=epochs, detrend=how) for tisc in sets] for how in ("linear", None))
    with_line, without = (rate([bool((f.p_fwe <= ALPHA).any()) for f in found]) for found in tests)
    return with_line, without


def synchronous(seed: int, autocorrelation: float, raised: float, epochs: list[tuple[float, float]]) -> xr.DataArray:
    """A t-ISC of r .3, and `raised` in the epochs."""
    rng, n_time = np.random.default_rng(seed), 9000
    shared = null_series("ar1", shape=(1, 1, n_time), rng=rng, autocorrelation=autocorrelation)
    own = null_series("ar1", shape=(4, 10, n_time), rng=rng, autocorrelation=autocorrelation)
    weight = np.full(n_time, 0.3)
    for onset, duration in epochs:
        weight[round(onset * RATE) : round((onset + duration) * RATE)] = raised
    return isc.temporal_isc(cube_of(np.sqrt(weight) * shared + np.sqrt(1 - weight) * own))


def distant_turns(tisc: xr.DataArray, epochs: list[tuple[float, float]]) -> float:
    """Familywise p from the turns by at least a window length only."""
    centre = tisc["time"].values
    inside = np.any([(centre >= onset) & (centre < onset + duration) for onset, duration in epochs], axis=0)
    values = tisc.values.astype(np.float64)
    turns = [np.roll(inside, k) for k in range(inside.size)]
    scores = np.array([values[turn].mean(axis=0) - values[~turn].mean(axis=0) for turn in turns])
    largest = (scores / scores.std(axis=0)).max(axis=1)
    far = largest[3 : inside.size - 2]
    return float((1 + (far >= largest[0]).sum()) / (1 + far.size))


def bootstrap(n: int, seed: int) -> Rows:
    """Coverage of 95 % bootstrap intervals."""
    yield "people", "r", "estimator", "coverage", "interval below the truth", "interval above"
    film = null_series("ar1", shape=(1, 1, 450), rng=np.random.default_rng(SHARED_SEED), autocorrelation=0.9)
    for rho, mixed in ((0.0, False), (0.3, False), (0.3, True)):
        for n_subject in (5, 10, 20):
            for estimator in ("pairwise", "leave_one_out"):
                found = [
                    isc.bootstrap_intervals(
                        audience(film, n_subject, rho, mixed, seed + k), estimator=estimator, n_resamples=500, step=5.0
                    )
                    for k in range(n)
                ]
                truth = np.mean([f.tisc.values for f in found], axis=0)
                low, high = (np.array([f[name].values for f in found]) for name in ("low", "high"))
                shares = [np.mean((low <= truth) & (truth <= high)), np.mean(high < truth), np.mean(low > truth)]
                strength = f"{rho:g}" + (" on average, 0 to .6" if mixed else "")
                yield str(n_subject), strength, estimator, *(f"{share:.3f}" for share in shares)


def audience(film: np.ndarray, n_subject: int, rho: float, mixed: bool, seed: int) -> xr.DataArray:
    """People who follow one film, all alike or each as strongly as they do."""
    rng = np.random.default_rng(seed)
    own = null_series("ar1", shape=(4, n_subject, 450), rng=rng, autocorrelation=0.9)
    weight = rng.uniform(0, 2 * rho, size=(1, n_subject, 1)) if mixed else np.full((1, n_subject, 1), rho)
    return cube_of(np.sqrt(weight) * film + np.sqrt(1 - weight) * own)


def groups(n: int, seed: int) -> Rows:
    """Familywise rate of compare_groups when labels mean nothing."""
    yield "people", "within", "within minus between"
    for sizes in ((5, 5), (8, 8), (5, 12)):
        row = []
        for contrast in ("within", "within_between"):
            hits = []
            for k in range(n):
                cube = null_cube("ar1", (4, sum(sizes), 900), seed + k)
                cube = cube + null_cube("ar1", (4, 1, 900), seed + k + 10_000)[0]
                labelled = cube.assign_coords(group=("subject", np.repeat(["a", "b"], sizes)))
                found = isc.compare_groups(labelled, "group", contrast=contrast, n_permutations=299, seed=k)
                hits.append(bool((found.p <= ALPHA).any()))
            row.append(rate(hits))
        yield f"{sizes[0]} and {sizes[1]}", *row


def smoothness(n: int, seed: int) -> Rows:
    """How often diagnose warns of changing smoothness, and how often the bare ratio of windows exceeds 2."""
    yield "data", "people, features, seconds", "warns", "ratio above 2"
    for shape in ((1, 5, 1500), (6, 10, 1500), (6, 10, 18_000)):
        for kind in KINDS:
            found = [isc.diagnose(null_cube(kind, shape, seed + k)) for k in range(n)]
            warns = ["changing_smoothness" in f.code.values for f in found]
            above = [f.attrs["stationarity_ratio"] > 2 for f in found]
            yield kind, f"{shape[1]}, {shape[0]}, {shape[2] / RATE:.0f}", rate(warns), rate(above)


TABLES: dict[str, tuple[Callable[[int, int], Rows], int]] = {
    "clusters": (clusters, 100),
    "change": (change, 300),
    "bootstrap": (bootstrap, 60),
    "groups": (groups, 200),
    "smoothness": (smoothness, 30),
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=TABLES)
    parser.add_argument("--n", type=int, help="data sets of a row")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in [arguments.only] if arguments.only else TABLES:
        table, n = TABLES[name]
        print(f"\n## {table.__doc__.splitlines()[0]}\n\n{arguments.n or n} data sets a row, seed {arguments.seed}\n")
        for k, row in enumerate(table(arguments.n or n, arguments.seed)):
            print("| " + " | ".join(row) + " |", flush=True)
            if k == 0:
                print("|" + "---|" * len(row))


if __name__ == "__main__":
    main()

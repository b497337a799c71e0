"""Time 1-NN on one Gram matrix against scikit-learn's brute search: leave-one-subject-out and 10-fold, on one machine.

    python benchmarks/classification.py [--clips 2452] [--repeats 2] [--quick] [--memory]

Generated clips (24 people, 6 classes, meshes of 468 vertices); features are the distances of all 109,278 pairs in
float32. Both sides get the identical array in one process, one thread, alternated: CPU seconds beside wall
seconds, medians. Then the same from the meshes, where the distances are never stored, neighbours against a float64
search, and further curves and permutations on the same matrix; with --memory the peak memory of a process that does
nothing else. Writes benchmarks/output/classification.json.
"""

import os

# One thread each, also of scikit-learn's own loops: threads that wait for one another burn CPU time on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import xarray as xr

from isc import DistanceSpace, cross_validate, hit_rate_curve, learning_curve, permutation_test
from isc.classification.clips import clip_table
from isc.classification.splits import make_folds

N_SUBJECT, N_CLASS, N_VERTEX = 24, 6, 468
FLOAT64_BLOCK = 4096  # features of the float64 search that exist at a time
OUTPUT = Path(__file__).parent / "output" / "classification.json"
Timed = tuple[float, float]


def make_meshes(n_clip: int) -> xr.DataArray:
    """Faces that differ, expressions that differ less, and noise; inter-ocular distances."""
    rng = np.random.default_rng(0)
    subject, label = np.arange(n_clip) % N_SUBJECT, np.arange(n_clip) // N_SUBJECT % N_CLASS
    shape = lambda n, size: size * rng.standard_normal((n, N_VERTEX, 3), dtype=np.float32)  # noqa: E731
    values = shape(1, 0.5) + shape(N_SUBJECT, 0.05)[subject] + shape(N_CLASS, 0.02)[label] + shape(n_clip, 0.03)
    coords = {"clip": [f"clip-{k:04d}" for k in range(n_clip)], "hit_rate": ("clip", rng.integers(1, 20, n_clip) * 5.0)}
    coords |= {"subject": ("clip", subject.astype(str)), "label": ("clip", label.astype(str))}
    return xr.DataArray(values, coords, ("clip", "vertex", "space"))


def distances(meshes: xr.DataArray) -> xr.DataArray:
    """All pair distances as a matrix (clip, feature), float32."""
    first, second = np.triu_indices(N_VERTEX, 1)
    values = np.empty((meshes.sizes["clip"], first.size), dtype=np.float32)
    for row, face in zip(values, meshes.values, strict=True):
        gap = face[first] - face[second]
        np.sqrt((gap * gap).sum(axis=1), out=row)
    coords = {name: meshes[name] for name in meshes.coords}
    return xr.DataArray(values, coords, ("clip", "feature"))


def folds_of(data: xr.DataArray) -> dict[str, xr.DataArray]:
    """The two divisions."""
    clips = clip_table(data)
    return {
        name: make_folds(clips, split=split) for name, split in (("loso", "leave_one_subject_out"), ("kfold", "kfold"))
    }


def by_scikit_learn(data: xr.DataArray, folds: dict[str, xr.DataArray], every: int = 1) -> dict[str, np.ndarray]:
    """Predicted classes by brute force, as researchers write it; of every n-th fold only, the others stay empty."""
    from sklearn.neighbors import KNeighborsClassifier

    values, labels, found = data.values, data["label"].values, {}
    for name, division in folds.items():
        fold, said = division.values[0], np.full_like(labels, "")
        for number in np.unique(fold)[::every]:
            test = fold == number
            model = KNeighborsClassifier(1, algorithm="brute").fit(values[~test], labels[~test])
            said[test] = model.predict(values[test])
        found[name] = said
    return found


def by_gram(data: xr.DataArray, folds: dict[str, xr.DataArray]) -> dict[str, np.ndarray]:
    """Predicted classes from one Gram matrix, built here."""
    space = DistanceSpace(data)
    return {name: cross_validate(space, split=division)["predicted"].values[0] for name, division in folds.items()}


def timed(function: Callable[[], dict]) -> tuple[Timed, dict]:
    """CPU and wall seconds of one call, and what it gave."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = function()
    return (time.process_time() - cpu, time.perf_counter() - wall), result


def neighbours_in_float64(data: xr.DataArray, folds: dict[str, xr.DataArray]) -> dict[str, np.ndarray]:
    """Nearest training clip of every clip from squared distances summed in float64."""
    product, found = np.zeros((data.sizes["clip"],) * 2), {}
    for first in range(0, data.sizes["feature"], FLOAT64_BLOCK):
        part = data.values[:, first : first + FLOAT64_BLOCK].astype(np.float64)
        part -= part.mean(axis=0)
        product += part @ part.T
    own = np.diag(product)
    distance = own[:, None] + own - 2 * product
    for name, division in folds.items():
        fold = division.values[0]
        found[name] = np.where(fold[:, None] == fold, np.inf, distance).argmin(axis=1)
    return found


def peak(what: str, n_clip: int) -> float:
    """Peak memory (GB) of a process that only does `what`, less nothing: interpreter and packages included."""
    code = f"import benchmarks.classification as b; b.run_alone({what!r}, {n_clip})"
    where = Path(__file__).parents[1]
    said = subprocess.run([sys.executable, "-c", code], cwd=where, check=True, capture_output=True, text=True).stdout
    return float(said.split()[-1]) / 1e6


def run_alone(what: str, n_clip: int) -> None:
    """One side in a process of its own; prints its peak memory in kB."""
    warnings.simplefilter("ignore")
    meshes = make_meshes(n_clip)
    data = meshes if what == "meshes" else distances(meshes)
    (by_scikit_learn if what == "scikit-learn" else by_gram)(data, folds_of(data))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def compare(
    sides: dict[str, Callable[[], dict]], folds: dict[str, xr.DataArray], repeats: int, scale: float
) -> dict[str, float]:
    """CPU and wall seconds of every side, alternated (the first one's times `scale`); ratios; labels that differ."""
    rounds: list[dict[str, Timed]] = []
    said: dict[str, dict] = {}
    for _ in range(repeats):
        rounds.append({})
        for name, side in sides.items():
            (cpu, wall), said[name] = timed(side)
            share = scale if name == "scikit-learn" else 1.0
            rounds[-1][name] = (cpu * share, wall * share)
    report: dict[str, float] = {}
    for name in sides:
        report[f"{name}, CPU s"], report[f"{name}, wall s"] = (median(r[name][k] for r in rounds) for k in (0, 1))
    for name in list(sides)[1:]:
        report[f"ratio of CPU, scikit-learn / {name}"] = median(r["scikit-learn"][0] / r[name][0] for r in rounds)
        theirs = said["scikit-learn"]
        differ = sum(int(((theirs[fold] != said[name][fold]) & (theirs[fold] != "")).sum()) for fold in folds)
        report[f"labels that differ from scikit-learn, {name}"] = differ
    return report


def main() -> None:
    """Print the comparison and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=2452)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="scikit-learn on every fifth fold only, its time scaled")
    parser.add_argument("--memory", action="store_true", help="also measure peak memory, each side in its own process")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    cross_validate(distances(make_meshes(144)).isel(feature=slice(50)))  # compile
    DistanceSpace(make_meshes(48))
    meshes = make_meshes(options.clips)
    data = distances(meshes)
    folds = folds_of(data)
    every = 5 if options.quick else 1
    sides = {"scikit-learn": lambda: by_scikit_learn(data, folds, every), "gram": lambda: by_gram(data, folds)}
    sides["gram from meshes"] = lambda: by_gram(meshes, folds)
    divisions = [np.unique(division.values).size for division in folds.values()]
    scale = sum(divisions) / sum(-(-n // every) for n in divisions)
    report = compare(sides, folds, options.repeats, scale)
    space = DistanceSpace(data)
    truth = neighbours_in_float64(data, folds)
    for fold, division in folds.items():
        near = cross_validate(space, split=division)["nearest"].values[0]
        report[f"neighbours that differ from float64, {fold}"] = int((near != truth[fold]).sum())
    further = {
        "learning curve (12 sizes x 20 draws), LOSO": lambda: learning_curve(space),
        "hit-rate curve, 18 levels": lambda: hit_rate_curve(space),
        "10,000 permutations, LOSO": lambda: permutation_test(space, n_permutations=10_000),
        "LOSO on 20 components of each fold": lambda: cross_validate(space, n_component=20),
    }
    for name, work in further.items():
        report[f"{name}, CPU s"] = timed(work)[0][0]
    if options.memory:
        for what in ("scikit-learn", "gram", "meshes"):
            report[f"peak memory, {what}, GB"] = peak(what, options.clips)
    for name, value in report.items():
        print(f"{name:60} {value:.3f}")
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps({"clips": options.clips, "repeats": options.repeats} | report, indent=2) + "\n")


if __name__ == "__main__":
    main()

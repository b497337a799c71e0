"""Errors against float64 on data that are hard for float32: pixels on a high level with a slow drift."""

from collections.abc import Callable

import numpy as np

from benchmarks.measure import as_cube
from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.temporal import temporal_isc

N_SUBJECT, N_TIME, N_VERTEX = 12, 1500, 4
DATA = {  # mean, standard deviation, drift
    "z-scored": (0.0, 1.0, 0.0),
    "mean 300, sd 1, drift 30": (300.0, 1.0, 30.0),
    "mean 300, sd 0.1, drift 30": (300.0, 0.1, 30.0),
    "mean 1000, sd 0.05, drift 100": (1000.0, 0.05, 100.0),
}


def pixels(name: str, seed: int = 0) -> np.ndarray:
    """Landmarks (subject, time, vertex, space) as float32: what is compared is rounded once, before both."""
    mean, sd, drift = DATA[name]
    rng = np.random.default_rng(seed)
    shape = (N_SUBJECT, N_TIME, N_VERTEX, 3)
    slow = drift * np.sin(np.arange(N_TIME)[:, None, None] / 700 + rng.uniform(0, 6, (N_SUBJECT, 1, N_VERTEX, 3)))
    values = mean + slow + sd * (rng.standard_normal(shape) + rng.standard_normal(shape[1:]))
    values += 50 * np.arange(N_VERTEX)[:, None]  # vertices apart from one another
    return values.astype(np.float32)


def dyads_of(series: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Correlations (dyad, window, feature) in float64; series (subject, time, feature, component)."""
    first, second = np.triu_indices(series.shape[0], 1)
    out = np.empty((first.size, starts.size, series.shape[2]))
    for w, start in enumerate(starts):
        part = series[:, start : start + length].astype(np.float64)
        part = part - part.mean(axis=1, keepdims=True)
        part = part / np.sqrt((part**2).sum(axis=(1, 3), keepdims=True))
        out[:, w] = np.einsum("dtfc,dtfc->df", part[first], part[second])
    return out


def others_of(series: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Correlation (subject, window, feature) of each subject with the mean of the others in float64."""
    series = series.astype(np.float64)
    total = series.sum(axis=0)
    rows = [dyads_of(np.stack([own, (total - own) / (len(series) - 1)]), starts, length)[0] for own in series]
    return np.stack(rows)


def distances(points: np.ndarray) -> np.ndarray:
    """Distances (subject, time, pair, 1) of all vertex pairs in float64."""
    pairs = vertex_pairs(points.shape[2])
    gap = points[:, :, pairs.vertex_a].astype(np.float64) - points[:, :, pairs.vertex_b]
    return np.sqrt((gap**2).sum(axis=-1))[..., None]


def errors(name: str) -> dict[str, float]:
    """Largest absolute error of every statistic on one kind of data."""
    points = pixels(name)
    cube, axes = as_cube(points), points.reshape(*points.shape[:2], -1, 1)
    plain = temporal_isc(cube)
    starts, length = plain["start_sample"].values, plain.attrs["window_samples"]
    vectors, scalars = dyads_of(points, starts, length), dyads_of(axes, starts, length)
    pairs = vertex_pairs(N_VERTEX)
    found: dict[str, Callable[[], np.ndarray]] = {
        "mean, one axis": lambda: _flat(temporal_isc(cube, space="axes")) - scalars.mean(0),
        "mean, vector": lambda: plain.values - vectors.mean(0),
        "every dyad": lambda: temporal_isc(cube, summary=None).values - vectors,
        "Fisher mean": lambda: (
            temporal_isc(cube, summary="fisher_mean").values - np.tanh(np.arctanh(vectors).mean(axis=0))
        ),
        "leave-one-out": lambda: (
            temporal_isc(cube, estimator="leave_one_out", summary=None).values - others_of(points, starts, length)
        ),
        "vertex pairs": lambda: (
            temporal_isc(cube, pairs=pairs).values - dyads_of(distances(points), starts, length).mean(0)
        ),
    }
    return {statistic: float(np.abs(error()).max()) for statistic, error in found.items()}


def _flat(values: np.ndarray) -> np.ndarray:
    """Values (window, vertex, space) as (window, feature)."""
    return np.asarray(values).reshape(len(values), -1)

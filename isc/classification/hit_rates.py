"""Accuracy against the share of raters who recognised what a clip shows."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.bands import bootstrap_share, with_band
from isc.classification.clips import encode
from isc.classification.curves import draw_sizes
from isc.classification.distance_space import DistanceSpace
from isc.classification.evaluate import folds_of, run_folds
from isc.classification.models import Learner
from isc.classification.splits import Split

LEVELS = tuple(range(90, 0, -5))  # %, of the published curve


def hit_rate_curve(
    space: DistanceSpace | xr.DataArray,
    *,
    levels: Iterable[float] = LEVELS,
    hit_rate: str = "hit_rate",
    split: Split = "kfold",
    n_folds: int = 10,
    n_component: int | None = None,
    n_draws: int = 20,
    seed: int = 0,
) -> xr.Dataset:
    """Accuracy of 1-NN among the clips that at least so many raters recognised, level by level.

    Levels are nested and low levels have more clips to learn from, so ``matched`` gives the accuracy when every level
    learns from as many clips as the strictest, and one trend over all levels is tested rather than each level.

    Parameters
    ----------
    space : DistanceSpace or DataArray, dims (clip, feature)
        With column `hit_rate`.
    levels : iterable of float
        Smallest hit rates, in the unit of the column (%).
    hit_rate : str
        Name of the column.
    split : str
        As in `isc.cross_validate`; as published "kfold".
    n_folds : int
        As there.
    n_component : int, optional
        Components, fitted inside the folds.
    n_draws : int
        Draws of the matched training clips.
    seed : int
        Same seed, same folds and draws.

    Returns
    -------
    Dataset, dims (level,)
        ``accuracy``, ``low``, ``high`` (95 % over subjects), ``n_clip``, ``matched``; scalars ``slope`` (accuracy per
        unit of the hit rate), ``slope_low``, ``slope_high`` and ``p_slope`` (two-sided, bootstrap over subjects).
        Levels with too few clips for the folds are NaN.

    Raises
    ------
    ValueError
        When there is no such column, a hit rate is missing, or no level has enough clips.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> coords = {"subject": ("clip", np.repeat(list("12345"), 4)), "label": ("clip", ["happy", "sad"] * 10),
    ...           "hit_rate": ("clip", np.tile([90.0, 90.0, 40.0, 40.0], 5))}
    >>> data = xr.DataArray(rng.normal(size=(20, 5)), dims=("clip", "feature"), coords=coords)
    >>> hit_rate_curve(data, levels=[80, 10], split="leave_one_subject_out")["n_clip"].values.tolist()
    [10, 20]
    """
    space = space if isinstance(space, DistanceSpace) else DistanceSpace(space, precision="double")
    rates = _hit_rates(space.clips, hit_rate)
    chosen = np.array(sorted(levels, reverse=True), dtype=float)
    share, matched, smallest = np.full((chosen.size, len(space)), np.nan), np.full(chosen.size, np.nan), None
    for row, level in enumerate(chosen):
        keep = np.flatnonzero(rates >= level)
        if not _enough(space.clips.iloc[keep], split, n_folds):
            continue
        part = space.select(keep)
        folds = folds_of(part.clips, split, n_folds, 1, seed)
        share[row, keep] = _right(Learner(part, "1nn", n_component=n_component), folds)
        smallest = smallest or int(keep.size - np.bincount(folds.values[0]).max())
        learner, codes = Learner(part, "1nn", n_component=n_component), encode(part.clips["label"])[0]
        matched[row] = draw_sizes(learner, codes, folds.values[0], np.array([smallest]), n_draws, seed)[0].mean()
    if smallest is None:
        raise ValueError(f"no level of {hit_rate} leaves enough clips for the folds; use fewer folds or lower levels")
    known = np.isfinite(share).any(axis=1)
    n_clip = [int((rates >= level).sum()) for level in chosen]
    result = with_band(share[known], space.clips["subject"], "level", chosen[known], seed).reindex(level=chosen)
    result = result.assign(n_clip=("level", n_clip), matched=("level", matched))
    return result.assign(_trend(share[known], chosen[known], space.clips["subject"], seed)).assign_attrs(split=split)


def _hit_rates(clips: pd.DataFrame, column: str) -> np.ndarray:
    if column not in clips:
        raise ValueError(f"there is no column {column!r}; the columns are {sorted(map(str, clips.columns))}")
    rates = clips[column].to_numpy(dtype=float)
    if not np.isfinite(rates).all():
        raise ValueError(f"clip {clips['clip'][int(np.argmin(np.isfinite(rates)))]} has no {column}; leave it out")
    return rates


def _enough(clips: pd.DataFrame, split: str, n_folds: int) -> bool:
    """Whether every class can be learnt and tested."""
    counts = clips["label"].value_counts()
    people = clips["subject"].nunique()
    if counts.size < 2 or counts.min() < 2:
        return False
    return people >= 2 if split == "leave_one_subject_out" else bool(counts.min() >= n_folds)


def _right(learner: Learner, folds: xr.DataArray) -> np.ndarray:
    """Whether every clip is recognised."""
    codes, classes = encode(learner.clips["label"])
    result = run_folds(learner, codes, classes, folds)
    return (result["predicted"].values[0] == result["label"].values).astype(float)


def _trend(share: np.ndarray, levels: np.ndarray, subject: pd.Series, seed: int) -> dict[str, tuple[tuple, float]]:
    """Slope of the accuracy over the levels, its interval and p by resampling of subjects."""
    if levels.size < 2:
        return {name: ((), np.nan) for name in ("slope", "slope_low", "slope_high", "p_slope")}
    centred = (levels - levels.mean()) / ((levels - levels.mean()) ** 2).sum()
    samples = bootstrap_share(share, subject, seed)
    slopes = samples[np.isfinite(samples).all(axis=1)] @ centred
    low, high = np.quantile(slopes, [0.025, 0.975])
    beyond = min((slopes <= 0).sum(), (slopes >= 0).sum())
    p = min(1.0, 2 * (beyond + 1) / (slopes.size + 1))
    values = {"slope": np.nanmean(share, axis=1) @ centred, "slope_low": low, "slope_high": high, "p_slope": p}
    return {name: ((), float(value)) for name, value in values.items()}

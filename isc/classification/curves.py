"""Accuracy against the size of the training set, the raters' agreement, and the tested person's own clips."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.clips import encode
from isc.classification.distance_space import DistanceSpace
from isc.classification.evaluate import folds_of, run_folds
from isc.classification.inference import permuted_labels
from isc.classification.models import Learner
from isc.classification.scores import subject_weights
from isc.classification.splits import Split
from isc.kernels.gram import best_of_first

N_BOOTSTRAP = 2000
N_CHANCE = 200  # labellings behind the chance level of a curve
N_SIZE = 12  # points of a learning curve
LEVELS = tuple(range(90, 0, -5))  # %, of the published curve


def learning_curve(
    data: Any,
    *,
    model: Any = "1nn",
    split: Split | xr.DataArray = "leave_one_subject_out",
    sizes: Sequence[int] | None = None,
    n_draws: int = 20,
    n_folds: int = 10,
    n_component: int | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Accuracy against the number of training clips, each size drawn many times from the training clips of each fold.

    For 1-NN one walk through a random order of the training clips gives all sizes. Clips that are equally near
    within the precision of the Gram matrix count in the order in which they are drawn.

    Parameters
    ----------
    data : DistanceSpace or DataArray, dims (clip, feature)
        As in `isc.cross_validate`, as are `model`, `split`, `n_folds` and `n_component`.
    model : str or estimator
        As there. Other models than 1-NN learn anew for every size and draw.
    split : str or DataArray
        As there.
    sizes : sequence of int, optional
        Numbers of training clips; by default 12 from one per class to all of the smallest fold, evenly on a
        logarithmic scale.
    n_draws : int
        Random orders of the training clips of every fold.
    n_folds : int
        As there.
    n_component : int, optional
        Components of all training clips of the fold, as published: smaller sizes are drawn after.
    seed : int
        Same seed, same draws.

    Returns
    -------
    Dataset, dims (size,)
        ``accuracy``; ``low``, ``high``, 95 % bootstrap over subjects; ``chance``, ``chance_high``, mean and 95 % of
        label permutations within subjects (1-NN only); ``sd_of_draws``, spread between single draws, what one draw a
        size would have shown; ``share_right`` (size, clip).

    Raises
    ------
    ValueError
        When a size is below 1 or above the training clips of the smallest fold.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> coords = {"subject": ("clip", np.repeat(list("123"), 4)), "label": ("clip", ["happy", "sad"] * 6)}
    >>> data = xr.DataArray(rng.normal(size=(12, 5)) * 0.1 + np.tile([[0], [1]], (6, 1)), dims=("clip", "feature"),
    ...                     coords=coords)
    >>> learning_curve(data, sizes=[1, 8], n_draws=5)["accuracy"].values[-1].round(2)
    np.float64(1.0)
    """
    learner = Learner(data, model, n_component=n_component)
    codes, classes = encode(learner.clips["label"])
    fold = folds_of(learner.clips, split, n_folds, 1, seed).values[0]
    chosen = _checked_sizes(sizes, fold, len(classes))
    right, near = _draws(learner, codes, fold, chosen, n_draws, seed)
    share = right.mean(axis=0)
    result = _with_band(share, learner.clips["subject"], "size", chosen, seed)
    result["sd_of_draws"] = (
        "size",
        np.nanmean(right, axis=2).std(axis=0, ddof=1) if n_draws > 1 else np.full(chosen.size, np.nan),
    )
    if learner.k == 1:
        result = result.assign(_chance(learner.clips, codes, near, seed))
    return result.assign_attrs(model=str(model), split=str(split if isinstance(split, str) else "own"), n_draws=n_draws)


def _draws(
    learner: Learner, codes: np.ndarray, fold: np.ndarray, sizes: np.ndarray, n_draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each clip is recognised (draw, size, clip), and its neighbours (size, clip) in the first draw."""
    right = np.full((n_draws, sizes.size, codes.size), np.nan)
    near = np.full((sizes.size, codes.size), -1)
    for number in np.unique(fold[fold >= 0]):
        test, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        predict = _walk(learner, codes, train, test) if learner.k == 1 else _learn(learner, codes, train, test)
        for draw in range(n_draws):
            order = np.random.default_rng([seed, draw, int(number)]).permutation(train.size)
            said, nearest = predict(order, sizes)
            right[draw][:, test] = said == codes[test]
            if draw == 0 and nearest is not None:
                near[:, test] = nearest
    return right, near


def _checked_sizes(sizes: Sequence[int] | None, fold: np.ndarray, n_class: int) -> np.ndarray:
    tested = fold[fold >= 0]
    largest = fold.size - int(np.bincount(tested).max())
    if sizes is None:
        return np.unique(np.geomspace(min(n_class, largest), largest, N_SIZE).round().astype(np.int64))
    chosen = np.unique(np.asarray(sizes, dtype=np.int64))
    if chosen.size == 0 or chosen[0] < 1 or chosen[-1] > largest:
        raise ValueError(
            f"sizes must lie between 1 and {largest}, the training clips of the smallest fold; given {sizes}"
        )
    return chosen


Predict = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray | None]]


def _walk(learner: Learner, codes: np.ndarray, train: np.ndarray, test: np.ndarray) -> Predict:
    """Nearest among the first n training clips of an order, for all n in one walk."""
    distance = np.ascontiguousarray(learner.distances(train, test))

    def predict(order: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Classes (size, test) and positions of the neighbours."""
        nearest = np.empty((sizes.size, test.size), dtype=np.int64)
        best_of_first(distance, order, sizes, nearest)
        return codes[train[nearest]], train[nearest]

    return predict


def _learn(learner: Learner, codes: np.ndarray, train: np.ndarray, test: np.ndarray) -> Predict:
    """Any model, learnt anew from the first n training clips of an order."""

    def predict(order: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, None]:
        """Classes (size, test); a draw with one class predicts that class."""
        said = np.empty((sizes.size, test.size), dtype=np.int64)
        for row, size in enumerate(sizes):
            part = train[order[:size]]
            one_class = np.unique(codes[part]).size == 1
            said[row] = codes[part[0]] if one_class else learner.predict(codes, part, test).code
        return said, None

    return predict


def _with_band(share: np.ndarray, subject: pd.Series, dim: str, points: np.ndarray, seed: int) -> xr.Dataset:
    """Mean over clips of the share of right predictions (point, clip), with its bootstrap interval over subjects."""
    samples = _bootstrap(share, subject, seed)
    low, high = np.nanquantile(samples, [0.025, 0.975], axis=0)
    variables = {"accuracy": (dim, np.nanmean(share, axis=1)), "low": (dim, low), "high": (dim, high)}
    return xr.Dataset(variables | {"share_right": ((dim, "clip"), share)}, {dim: points})


def _bootstrap(share: np.ndarray, subject: pd.Series, seed: int) -> np.ndarray:
    """Accuracy (bootstrap, point) of subjects drawn with replacement; NaN in `share`: not tested."""
    number, names = pd.factorize(subject, sort=True)
    member = (np.arange(len(names))[:, None] == number).astype(float)
    tested = np.isfinite(share)
    weights = subject_weights(len(names), N_BOOTSTRAP, seed)
    right, clips = weights @ member @ np.where(tested, share, 0).T, weights @ member @ tested.T.astype(float)
    return np.divide(right, clips, out=np.full(right.shape, np.nan), where=clips > 0)


def _chance(clips: pd.DataFrame, codes: np.ndarray, near: np.ndarray, seed: int) -> dict[str, tuple[str, np.ndarray]]:
    """Mean and 95 % of the accuracy when labels are permuted within subjects, for every size."""
    exchange = next((column for column in ("take", "item") if column in clips), "clip")
    labels = permuted_labels(clips, codes, exchange, N_CHANCE, seed)
    tested = near[0] >= 0
    right = np.stack([(labels[:, row[tested]] == labels[:, tested]).mean(axis=1) for row in near])
    return {"chance": ("size", right.mean(axis=1)), "chance_high": ("size", np.quantile(right, 0.95, axis=1))}


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
        matched[row] = _draws(learner, codes, folds.values[0], np.array([smallest]), n_draws, seed)[0].mean()
    if smallest is None:
        raise ValueError(f"no level of {hit_rate} leaves enough clips for the folds; use fewer folds or lower levels")
    known = np.isfinite(share).any(axis=1)
    n_clip = [int((rates >= level).sum()) for level in chosen]
    result = _with_band(share[known], space.clips["subject"], "level", chosen[known], seed).reindex(level=chosen)
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
    samples = _bootstrap(share, subject, seed)
    slopes = samples[np.isfinite(samples).all(axis=1)] @ centred
    low, high = np.quantile(slopes, [0.025, 0.975])
    beyond = min((slopes <= 0).sum(), (slopes >= 0).sum())
    p = min(1.0, 2 * (beyond + 1) / (slopes.size + 1))
    values = {"slope": np.nanmean(share, axis=1) @ centred, "slope_low": low, "slope_high": high, "p_slope": p}
    return {name: ((), float(value)) for name, value in values.items()}


def reintroduction_curve(
    data: Any,
    *,
    model: Any = "1nn",
    n_own: Sequence[int] = (0, 1, 2, 3),
    unit: Literal["clip", "item", "take"] = "clip",
    n_draws: int = 20,
    n_component: int | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Accuracy on people never seen, and after k of their own clips a class are put back into the training set.

    In every draw the same clips of a person are tested for all k: those that are never put back.

    Parameters
    ----------
    data : DistanceSpace or DataArray, dims (clip, feature)
        As in `isc.cross_validate`, as are `model` and `n_component`.
    model : str or estimator
        As there.
    n_own : sequence of int
        Numbers k of own clips (or items, takes) of each class put back.
    unit : {"clip", "item", "take"}
        What is put back whole. "clip", as published, may put back a repetition of the very take that is tested.
    n_draws : int
        Random choices of the clips put back.
    n_component : int, optional
        Components of the training clips.
    seed : int
        Same seed, same draws.

    Returns
    -------
    Dataset, dims (n_own,)
        ``accuracy``, ``low``, ``high`` (95 % over subjects), ``share_right`` (n_own, clip; NaN: never tested),
        ``by_subject`` (n_own, subject).

    Raises
    ------
    ValueError
        When a number is negative, the unit is no column, or no subject has a class with more units than the largest k.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> coords = {"subject": ("clip", np.repeat(list("123"), 6)), "label": ("clip", ["happy", "sad"] * 9)}
    >>> data = xr.DataArray(rng.normal(size=(18, 5)) * 0.1 + np.tile([[0], [1]], (9, 1)), dims=("clip", "feature"),
    ...                     coords=coords)
    >>> reintroduction_curve(data, n_own=[0, 1], n_draws=3)["accuracy"].values.tolist()
    [1.0, 1.0]
    """
    learner = Learner(data, model, n_component=n_component)
    clips, (codes, _) = learner.clips, encode(learner.clips["label"])
    numbers = np.unique(np.asarray(n_own, dtype=np.int64))
    if unit not in clips or numbers.size == 0 or numbers[0] < 0:
        raise ValueError(f"unit must be a column of the clips and n_own not negative; given {unit!r} and {list(n_own)}")
    right, tested = np.zeros((numbers.size, len(clips))), np.zeros(len(clips))
    for subject, own in clips.groupby("subject", sort=True).indices.items():
        others = np.flatnonzero(clips["subject"].to_numpy() != subject)
        for draw in range(n_draws):
            rank = _rank_of_units(clips[unit].to_numpy()[own], codes[own], [seed, draw, *str(subject).encode()])
            test = own[rank >= numbers[-1]]
            tested[test] += 1
            for row, k in enumerate(numbers if test.size else ()):
                train = np.concatenate([others, own[rank < k]])
                right[row, test] += learner.predict(codes, train, test).code == codes[test]
    if not tested.any():
        raise ValueError(f"no subject has a class with more than {numbers[-1]} {unit}s; put fewer back")
    share = np.divide(right, tested, out=np.full(right.shape, np.nan), where=tested > 0)
    result = _with_band(share, clips["subject"], "n_own", numbers, seed)
    frame = pd.DataFrame(share.T).groupby(clips["subject"].to_numpy()).mean()
    result = result.assign_coords(subject=frame.index.to_numpy()).assign(
        by_subject=(("n_own", "subject"), frame.values.T)
    )
    return result.assign_attrs(model=str(model), unit=unit, n_draws=n_draws)


def _rank_of_units(units: np.ndarray, codes: np.ndarray, key: list[int]) -> np.ndarray:
    """Place of each clip's unit in a random order of the units of its class."""
    rng, rank = np.random.default_rng(key), np.empty(codes.size, dtype=np.int64)
    for code in np.unique(codes):
        mine = codes == code
        number, names = pd.factorize(units[mine])
        rank[mine] = rng.permutation(len(names))[number]
    return rank

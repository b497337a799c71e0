"""Accuracy against the number of clips that a model learns from."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.bands import with_band
from isc.classification.clips import encode
from isc.classification.evaluate import folds_of
from isc.classification.models import Learner
from isc.classification.permutations import permuted_labels
from isc.classification.splits import Split
from isc.kernels.gram import best_of_first

N_CHANCE = 200  # labellings behind the chance level of a curve
N_SIZE = 12  # points of a learning curve


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
    right, near = draw_sizes(learner, codes, fold, chosen, n_draws, seed)
    share = right.mean(axis=0)
    result = with_band(share, learner.clips["subject"], "size", chosen, seed)
    result["sd_of_draws"] = (
        "size",
        np.nanmean(right, axis=2).std(axis=0, ddof=1) if n_draws > 1 else np.full(chosen.size, np.nan),
    )
    if learner.k == 1:
        result = result.assign(_chance(learner.clips, codes, near, seed))
    return result.assign_attrs(model=str(model), split=str(split if isinstance(split, str) else "own"), n_draws=n_draws)


def draw_sizes(
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


def _chance(clips: pd.DataFrame, codes: np.ndarray, near: np.ndarray, seed: int) -> dict[str, tuple[str, np.ndarray]]:
    """Mean and 95 % of the accuracy when labels are permuted within subjects, for every size."""
    exchange = next((column for column in ("take", "item") if column in clips), "clip")
    labels = permuted_labels(clips, codes, exchange, N_CHANCE, seed)
    tested = near[0] >= 0
    right = np.stack([(labels[:, row[tested]] == labels[:, tested]).mean(axis=1) for row in near])
    return {"chance": ("size", right.mean(axis=1)), "chance_high": ("size", np.quantile(right, 0.95, axis=1))}

"""Accuracy on people of whom a few clips of their own are known."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.bands import with_band
from isc.classification.clips import encode
from isc.classification.models import Learner


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
    result = with_band(share, clips["subject"], "n_own", numbers, seed)
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

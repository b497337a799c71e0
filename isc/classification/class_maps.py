"""What each expression does to the face, tested over subjects with the familywise error controlled."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.clips import encode
from isc.classification.distance_space import DistanceSpace

MOST_EXACT = 10  # subjects; beyond, sign flips are drawn
FEATURE_BLOCK = 2048  # features of all clips that exist at a time
FEWEST_SUBJECTS = 3


def class_maps(data: DistanceSpace | xr.DataArray, *, n_flip: int = 1000, seed: int = 0) -> xr.Dataset:
    """Mean change of every feature in each class, and its test over subjects.

    For every subject the mean of the class less the mean of the subject's other classes (each counts the same): the
    shape of the face cancels. Signs of whole subjects are flipped, all features and classes together, and the largest
    |t| of each flip makes the null, so that p holds for all features and classes at once.

    Parameters
    ----------
    data : DistanceSpace or DataArray, dims (clip, feature)
        The clips.
    n_flip : int
        Random flips when there are more than 10 subjects; else all flips are taken.
    seed : int
        Key of the flips.

    Returns
    -------
    Dataset, dims (label, feature)
        ``change`` (unit of the features), ``t``, ``p_fwe`` ((b + 1) / (m + 1); exact b / m), and ``n_subject``
        (label). NaN t: a feature that does not vary. attrs: smallest_p.

    Raises
    ------
    ValueError
        When fewer than three subjects show a class beside another.

    References
    ----------
    Nichols & Holmes 2002, Hum Brain Mapp 15:1-25, doi:10.1002/hbm.1058.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> coords = {"subject": ("clip", np.repeat(list("123456"), 2)), "label": ("clip", ["happy", "sad"] * 6)}
    >>> values = rng.normal(size=(12, 3)) * 0.1 + np.tile([[1, 0, 0], [0, 0, 0]], (6, 1))
    >>> maps = class_maps(xr.DataArray(values, dims=("clip", "feature"), coords=coords))
    >>> (maps["p_fwe"].sel(label="happy") < 0.05).values.tolist()
    [True, False, False]
    """
    space = data if isinstance(data, DistanceSpace) else DistanceSpace(data, precision="double")
    codes, names = encode(space.clips["label"])
    contrasts = _contrasts(space.clips["subject"], codes, len(names))
    n_subject = contrasts.any(axis=2).sum(axis=1)
    if n_subject.min() < FEWEST_SUBJECTS:
        raise ValueError(
            f"class {names[int(n_subject.argmin())]!r} is shown beside another by {n_subject.min()} subjects; "
            f"{FEWEST_SUBJECTS} are needed"
        )
    flips = _flips(contrasts.shape[1], n_flip, seed)
    change, t = np.empty((len(names), space.n_feature)), np.empty((len(names), space.n_feature))
    largest = np.zeros(len(flips))
    for first in range(0, space.n_feature, FEATURE_BLOCK):
        last = min(first + FEATURE_BLOCK, space.n_feature)
        values = space.rows(np.arange(len(space)), first, last)
        for number, contrast in enumerate(contrasts):
            there = contrast.any(axis=1)
            gaps = contrast[there] @ values
            change[number, first:last], t[number, first:last] = gaps.mean(axis=0), _t(gaps, np.ones((1, len(gaps))))[0]
            reached = np.abs(_t(gaps, flips[:, there]))
            largest = np.maximum(largest, np.where(np.isfinite(reached), reached, 0).max(axis=1))
    return _labelled(space, names, change, t, largest, n_subject)


def _contrasts(subject: pd.Series, codes: np.ndarray, n_class: int) -> np.ndarray:
    """Weights (class, subject, clip) of the class mean less the mean of the subject's other class means."""
    number, people = pd.factorize(subject, sort=True)
    weights = np.zeros((n_class, len(people), codes.size))
    for person in range(len(people)):
        own = {c: np.flatnonzero((number == person) & (codes == c)) for c in np.unique(codes[number == person])}
        if len(own) < 2:
            continue
        for c in own:
            for other, members in own.items():
                share = 1.0 if other == c else -1.0 / (len(own) - 1)
                weights[c, person, members] = share / members.size
    return weights


def _flips(n_subject: int, n_flip: int, seed: int) -> np.ndarray:
    """Signs (flip, subject); all of them for few subjects, the observed signs first."""
    if n_subject <= MOST_EXACT:
        return 1.0 - 2.0 * ((np.arange(2**n_subject)[:, None] >> np.arange(n_subject)) & 1)
    return np.random.default_rng([seed, n_subject]).choice([-1.0, 1.0], size=(n_flip, n_subject))


def _t(gaps: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """T (flip, feature) of gaps (subject, feature) under flips of signs; a flip leaves the sum of squares."""
    n = len(gaps)
    mean, square = signs @ gaps / n, (gaps**2).mean(axis=0)
    variance = np.maximum(square - mean**2, 0) * n / (n - 1)
    flat = variance <= 1e-14 * square
    return np.divide(mean, np.sqrt(variance / n), out=np.full(mean.shape, np.nan), where=~flat)


def _labelled(
    space: DistanceSpace,
    names: list[str],
    change: np.ndarray,
    t: np.ndarray,
    largest: np.ndarray,
    n_subject: np.ndarray,
) -> xr.Dataset:
    exact = len(set(space.clips["subject"])) <= MOST_EXACT
    ordered = np.sort(largest)
    reached = len(ordered) - np.searchsorted(ordered, np.abs(np.where(np.isfinite(t), t, 0)) * (1 - 1e-12))
    p = reached / len(ordered) if exact else (reached + 1) / (len(ordered) + 1)
    cells = ("label", "feature")
    variables: dict[str, Any] = {"change": (cells, change), "t": (cells, t), "n_subject": ("label", n_subject)}
    variables["p_fwe"] = (cells, np.where(np.isfinite(t), np.minimum(p, 1.0), np.nan))
    coords: dict[str, Any] = {"label": names}
    if space.vertex_a.size:
        coords |= {"vertex_a": ("feature", space.vertex_a), "vertex_b": ("feature", space.vertex_b)}
    smallest = 2 / len(ordered) if exact else 1 / (len(ordered) + 1)
    return xr.Dataset(variables, coords, {"smallest_p": smallest, "n_flip": len(ordered)})

"""What a division of clips lets through from training to test."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.distance_space import DistanceSpace
from isc.classification.splits import check_folds

NEAR_DUPLICATE = 1e-3  # of the median squared distance: two cuts of one recording, or one file twice


def leak_audit(data: DistanceSpace | xr.DataArray, result: xr.Dataset | xr.DataArray) -> pd.DataFrame:
    """Share of tested clips that the training set knows more about than it should.

    Parameters
    ----------
    data : DistanceSpace or DataArray, dims (clip, feature)
        The clips.
    result : Dataset or DataArray
        From `isc.cross_validate`, or folds from `isc.classification.splits.make_folds`.

    Returns
    -------
    DataFrame
        Index ``check``: same_subject, same_take, same_item (a training clip shares it; NaN where there is no such
        column), near_duplicate (a training clip nearer than 0.001 of the median squared distance), exact_duplicate,
        same_subject_neighbour (the nearest training clip is of the same person), neighbour_if_random (share expected
        if neighbours were random), components_from_all_clips. Columns: share, n_clip, says.

    Examples
    --------
    >>> coords = {"subject": ("clip", list("1122")), "label": ("clip", ["happy", "sad"] * 2)}
    >>> data = xr.DataArray([[0.0], [5.0], [0.0], [6.0]], dims=("clip", "feature"), coords=coords)
    >>> folds = xr.DataArray([[0, 0, 1, 1]], dims=("repeat", "clip"), attrs={"group": "subject"})
    >>> leak_audit(data, folds).loc[["same_subject", "exact_duplicate"], "share"].tolist()
    [0.0, 0.5]
    """
    space = data if isinstance(data, DistanceSpace) else DistanceSpace(data, precision="double")
    folds: Any = result["fold"] if isinstance(result, xr.Dataset) else result
    check_folds(folds.assign_attrs(group=""), space.clips)
    found = pd.DataFrame([_audit_fold(space, fold, number) for fold, number in _each_fold(folds)])
    weight = found["n_clip"] / found["n_clip"].sum()
    shares = {name: float((found[name] * weight).sum(skipna=False)) for name in CHECKS if name in found}
    shares["components_from_all_clips"] = float(isinstance(result, xr.Dataset) and result.attrs.get("pca") == "all")
    n_tested = int(found["n_clip"].sum())
    rows = {name: {"share": shares[name], "n_clip": n_tested, "says": CHECKS[name]} for name in CHECKS}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("check")


CHECKS = {
    "same_subject": "the person is in the training set",
    "same_take": "the same expression of the person is in the training set",
    "same_item": "a repetition of the clip is in the training set",
    "near_duplicate": "a training clip is all but the same",
    "exact_duplicate": "a training clip has the same features",
    "same_subject_neighbour": "the nearest training clip is of the same person",
    "neighbour_if_random": "what that share would be if neighbours were random",
    "components_from_all_clips": "principal components were fitted on test clips too",
}


def _each_fold(folds: xr.DataArray) -> list[tuple[np.ndarray, int]]:
    rows = folds.transpose("repeat", "clip").values
    return [(fold, int(number)) for fold in rows for number in np.unique(fold[fold >= 0])]


def _audit_fold(space: DistanceSpace, fold: np.ndarray, number: int) -> dict[str, float]:
    test, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
    found: dict[str, float] = {"n_clip": test.size}
    for column in ("subject", "take", "item"):
        known = column in space.clips
        values = space.clips[column].to_numpy() if known else None
        found[f"same_{column}"] = float(np.isin(values[test], values[train]).mean()) if values is not None else np.nan
    distance = space.squared_distances(test, train)
    near = space.nearest(test, train)[:, 0]
    smallest, subject = distance.min(axis=1), space.clips["subject"].to_numpy()
    found["near_duplicate"] = float((smallest < NEAR_DUPLICATE * np.median(distance)).mean())
    suspects = np.flatnonzero(smallest < NEAR_DUPLICATE * np.median(distance))
    exact = sum(space.exact_squared_distances(int(test[row]), near[row : row + 1])[0] == 0 for row in suspects)
    found["exact_duplicate"] = exact / test.size
    found["same_subject_neighbour"] = float((subject[near] == subject[test]).mean())
    found["neighbour_if_random"] = float((subject[train][None] == subject[test][:, None]).mean())
    return found

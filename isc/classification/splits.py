"""Which clips are tested on which: folds that keep persons, takes or repetitions together, and those that do not."""

import warnings
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

Split = Literal["kfold", "leave_one_subject_out", "subject_grouped", "repetition_grouped", "take_grouped"]
# Column whose values are kept together; None: as published, nothing is.
GROUPS: dict[str, str | None] = {
    "kfold": None,
    "leave_one_subject_out": "subject",
    "subject_grouped": "subject",
    "repetition_grouped": "item",
    "take_grouped": "take",
}


def make_folds(
    clips: pd.DataFrame, *, split: Split = "leave_one_subject_out", n_folds: int = 10, n_repeats: int = 1, seed: int = 0
) -> xr.DataArray:
    """Number of the fold in which each clip is tested.

    Parameters
    ----------
    clips : DataFrame
        Columns clip, subject, label; ``item`` (one subject's label, intensity and statement: its repetitions) for
        "repetition_grouped"; ``take`` (one subject's label and intensity: all statements and repetitions) for
        "take_grouped".
    split : {"kfold", "leave_one_subject_out", "subject_grouped", "repetition_grouped", "take_grouped"}
        "kfold" is the published one: the person who is tested, and often the same take, is in the training set.
    n_folds : int
        Not used by "leave_one_subject_out".
    n_repeats : int
        Random divisions, each with its own seed; one for "leave_one_subject_out".
    seed : int
        Same seed, same folds.

    Returns
    -------
    DataArray of int, dims (repeat, clip)
        attrs ``split`` and ``group`` (the column kept together, or "").

    Raises
    ------
    ValueError
        When the split is not known, its column is missing or holds one group, or there are more folds than groups.

    Warns
    -----
    UserWarning
        For "kfold", and where a class has fewer clips (groups) than there are folds.

    Examples
    --------
    >>> clips = pd.DataFrame({"clip": list("abcd"), "subject": list("1122"), "label": ["happy", "sad"] * 2})
    >>> make_folds(clips).values.tolist()
    [[0, 0, 1, 1]]
    """
    if split not in GROUPS:
        raise ValueError(f"split must be one of {tuple(GROUPS)}; given {split!r}")
    if split == "leave_one_subject_out":
        folds = np.array([pd.factorize(clips["subject"], sort=True)[0]])
        if folds.max() < 1:
            raise ValueError("leave_one_subject_out needs two subjects; all clips are of one")
        return _labelled(folds, clips, split)
    group = GROUPS[split]
    _check_groups(clips, group, n_folds, split)
    if group is None:
        warnings.warn(
            "kfold puts clips of the same person, often of the same take, into training and test: the result says how "
            "well somebody known is recognised; use split='leave_one_subject_out' for people never seen",
            stacklevel=2,
        )
    folds = np.stack([_divide(clips, group, n_folds, seed + repeat) for repeat in range(n_repeats)])
    return _labelled(folds, clips, split)


def _labelled(folds: np.ndarray, clips: pd.DataFrame, split: str) -> xr.DataArray:
    attrs = {"split": split, "group": GROUPS[split] or ""}
    return xr.DataArray(
        folds, dims=("repeat", "clip"), coords={"clip": clips["clip"].to_numpy()}, attrs=attrs, name="fold"
    )


def _check_groups(clips: pd.DataFrame, group: str | None, n_folds: int, split: str) -> None:
    if group is not None and group not in clips:
        raise ValueError(f"split {split!r} needs column {group!r}; the columns are {sorted(map(str, clips.columns))}")
    n_group = len(clips) if group is None else clips[group].nunique()
    if not 2 <= n_folds <= n_group:
        what = "clips" if group is None else f"groups of {group}"
        raise ValueError(f"n_folds must lie between 2 and the number of {what}, {n_group}; given {n_folds}")
    unit = clips if group is None else clips.drop_duplicates([group, "label"])
    fewest = unit["label"].value_counts()
    if fewest.min() < n_folds:
        warnings.warn(
            f"class {fewest.idxmin()!r} has {fewest.min()} {'clips' if group is None else group + 's'} for {n_folds} "
            "folds, so some folds do not test it",
            stacklevel=3,
        )


def _divide(clips: pd.DataFrame, group: str | None, n_folds: int, seed: int) -> np.ndarray:
    """One random division with the classes spread evenly over the folds."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if group is None else StratifiedGroupKFold
    splitter = kind(n_splits=n_folds, shuffle=True, random_state=seed)
    fold = np.empty(len(clips), dtype=int)
    # groups as numbers in the order of the table: what they are called does not change the folds
    number = None if group is None else pd.factorize(clips[group])[0]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # said above, in our words
        divided = splitter.split(clips, clips["label"], number)
        for place, (_, test) in enumerate(divided):
            fold[test] = place
    return fold


def check_folds(folds: xr.DataArray, clips: pd.DataFrame) -> None:
    """Raise an error when folds do not fit the clips, or divide a group that they promise to keep together.

    Parameters
    ----------
    folds : DataArray of int, dims (repeat, clip)
        attrs ``group``: column kept together, "" for none. -1: never tested, always learnt from.
    clips : DataFrame
        The clips in the same order.

    Raises
    ------
    ValueError
        When dims or lengths differ, there are fewer than two folds, or a group is in training and test.

    Examples
    --------
    >>> clips = pd.DataFrame({"clip": list("ab"), "subject": list("11"), "label": ["happy", "sad"]})
    >>> folds = xr.DataArray([[0, 1]], dims=("repeat", "clip"), attrs={"split": "mine", "group": "subject"})
    >>> check_folds(folds, clips)
    Traceback (most recent call last):
        ...
    ValueError: subject 1 is in training and test of fold 0, though the folds promise to keep each subject together...
    """
    if set(folds.dims) != {"repeat", "clip"} or folds.sizes["clip"] != len(clips):
        raise ValueError(f"folds need dims repeat and clip ({len(clips)}); given {dict(folds.sizes)}")
    group = folds.attrs.get("group", "")
    for fold in folds.transpose("repeat", "clip").values:
        if np.unique(fold).size < 2:
            raise ValueError("two folds are needed at least; all clips are in one")
        if not group:
            continue
        spread = pd.Series(fold).groupby(clips[group].to_numpy()).agg(["min", "nunique"])
        divided = spread.index[spread["nunique"] > 1]
        if len(divided):
            raise ValueError(
                f"{group} {divided[0]} is in training and test of fold {max(spread['min'][divided[0]], 0)}, though the "
                f"folds promise to keep each {group} together ({len(divided)} such groups); mend the folds, or set "
                "attrs['group'] to '' and say so in the paper"
            )


def refuse_frames(clips: pd.DataFrame, split: str, frame_wise: str) -> None:
    """Raise an error when rows are frames of clips and the split could put one clip into training and test.

    Parameters
    ----------
    clips : DataFrame
        Rows are frames where there is a column ``frame``; then ``source`` names the video of each.
    split : str
        Name of the split.
    frame_wise : {"refuse", "accept"}
        "accept" is the user's word that this is meant.

    Raises
    ------
    ValueError
        When frame_wise is neither, or the split is refused.

    Examples
    --------
    >>> refuse_frames(pd.DataFrame({"clip": ["a"]}), "kfold", "refuse")
    """
    if frame_wise not in ("refuse", "accept"):
        raise ValueError(f"frame_wise must be 'refuse' or 'accept'; given {frame_wise!r}")
    if frame_wise == "refuse" and "frame" in clips and GROUPS.get(split) != "subject":
        raise ValueError(
            f"the rows are frames, and split {split!r} tests on neighbours of frames that it learnt from; average each "
            "clip, use split='leave_one_subject_out', or say frame_wise='accept'"
        )

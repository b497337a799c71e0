"""Folds keep together what they promise, and say what they do not keep."""

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.classification.clips import clip_table
from isc.classification.splits import check_folds, make_folds, refuse_frames


@pytest.fixture
def clips(meshes):
    return clip_table(meshes)


@pytest.mark.parametrize(
    ("split", "group"),
    [
        ("leave_one_subject_out", "subject"),
        ("subject_grouped", "subject"),
        ("repetition_grouped", "item"),
        ("take_grouped", "take"),
    ],
)
def test_a_group_is_never_divided_and_every_clip_is_tested_once(clips, split, group):
    folds = make_folds(clips, split=split, n_folds=3)
    assert (pd.Series(folds.values[0]).groupby(clips[group].to_numpy()).nunique() == 1).all()
    assert folds.values.min() == 0
    check_folds(folds, clips)


def test_each_subject_is_a_fold_of_leave_one_out(clips):
    folds = make_folds(clips).values[0]
    assert len(set(zip(folds, clips["subject"], strict=True))) == clips["subject"].nunique()


def test_repeats_have_seeds_of_their_own_and_a_seed_gives_the_same_folds(clips):
    folds = make_folds(clips, split="take_grouped", n_folds=3, n_repeats=2, seed=5)
    assert (folds[0] != folds[1]).any()
    np.testing.assert_array_equal(folds[1], make_folds(clips, split="take_grouped", n_folds=3, seed=6)[0])


def test_k_fold_is_as_published_and_warns_that_persons_are_known(clips):
    from sklearn.model_selection import StratifiedKFold

    with pytest.warns(UserWarning, match="same person"):
        folds = make_folds(clips, split="kfold", n_folds=4).values[0]
    theirs = StratifiedKFold(4, shuffle=True, random_state=0).split(clips, clips["label"])
    for number, (_, test) in enumerate(theirs):
        np.testing.assert_array_equal(np.flatnonzero(folds == number), test)


def test_a_class_with_fewer_clips_than_folds_warns(clips):
    few = clips[(clips["label"] != "sad") | (clips["repetition"] == 0)].reset_index(drop=True)
    with (
        pytest.warns(UserWarning, match="same person"),
        pytest.warns(UserWarning, match="class 'sad' has 6 clips for 10"),
    ):
        make_folds(few, split="kfold")


def test_a_subject_in_training_and_test_of_a_grouped_division_is_refused(clips):
    folds = make_folds(clips)
    folds[0, 0] = 3
    with pytest.raises(ValueError, match="subject 00 is in training and test of fold 0"):
        check_folds(folds, clips)
    check_folds(folds.assign_attrs(group=""), clips)


def test_frames_are_divided_by_person_or_on_the_users_word_only(clips):
    frames = clips.assign(frame=1)
    for split in ("kfold", "take_grouped", "own"):
        with pytest.raises(ValueError, match="the rows are frames"):
            refuse_frames(frames, split, "refuse")
        refuse_frames(frames, split, "accept")
    refuse_frames(frames, "leave_one_subject_out", "refuse")
    with pytest.raises(ValueError, match="frame_wise must be"):
        refuse_frames(frames, "kfold", "yes")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "random"}, "split must be one of"),
        ({"split": "take_grouped", "n_folds": 19}, "number of groups of take, 18; given 19"),
        ({"split": "kfold", "n_folds": 1}, "n_folds must lie between 2"),
    ],
)
def test_an_unusable_division_is_refused(clips, options, message):
    with warnings.catch_warnings(), pytest.raises(ValueError, match=message):
        warnings.simplefilter("ignore")
        make_folds(clips, **options)


def test_folds_that_cannot_be_made_or_do_not_fit_are_refused(clips):
    with pytest.raises(ValueError, match="needs column 'take'"):
        make_folds(clips.drop(columns="take"), split="take_grouped")
    with pytest.raises(ValueError, match="all clips are of one"):
        make_folds(clips.assign(subject="1"))
    with pytest.raises(ValueError, match="folds need dims repeat and clip"):
        check_folds(xr.DataArray([[0, 1]], dims=("repeat", "clip")), clips)
    with pytest.raises(ValueError, match="all clips are in one"):
        check_folds(xr.DataArray(np.zeros((1, len(clips)), int), dims=("repeat", "clip")), clips)


def test_a_table_of_clips_lists_all_its_faults():
    data = xr.DataArray(
        [[1.0], [2.0]],
        {"clip": ["a", "a"], "subject": ("clip", ["1", ""]), "label": ("clip", ["x", None])},
        ("clip", "feature"),
    )
    with pytest.raises(ValueError, match="subject of clip a is empty.*label of clip a is empty.*occurs more than once"):
        clip_table(data)
    with pytest.raises(ValueError, match="column subject is missing; column label is missing"):
        clip_table(xr.DataArray([1.0], dims="clip"))
    with pytest.raises(ValueError, match="dim clip is missing"):
        clip_table(xr.DataArray([1.0], dims="time"))
    with pytest.raises(TypeError, match="not DataFrame"):
        clip_table(pd.DataFrame())

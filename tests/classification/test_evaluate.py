"""Predictions are those of scikit-learn fold by fold; unusable data are refused."""

import warnings

import numpy as np
import pytest
import xarray as xr

from isc.classification.clips import select_clips
from isc.classification.distance_space import DistanceSpace
from isc.classification.evaluate import cross_validate
from isc.classification.models import Learner, make_estimator, vote
from isc.classification.scores import score_table
from tests.classification.conftest import make_meshes
from tests.reference_classification import predict_by_components, predict_by_neighbours


def accuracy(result):
    return float((result["predicted"] == result["label"]).mean())


@pytest.mark.parametrize("split", ["leave_one_subject_out", "take_grouped", "repetition_grouped", "kfold"])
@pytest.mark.filterwarnings("ignore:kfold puts")
def test_one_nearest_neighbour_is_that_of_scikit_learn(meshes, features, split):
    result = cross_validate(DistanceSpace(meshes), split=split, n_folds=3)
    expected = predict_by_neighbours(features.values, features["label"].values, result["fold"].values[0])
    np.testing.assert_array_equal(result["predicted"].values[0], expected)
    near = result["nearest"].values[0]
    np.testing.assert_array_equal(result["label"].values[near], expected)


def test_components_are_fitted_inside_the_fold_when_guarded(meshes, features):
    from sklearn.decomposition import PCA

    result = cross_validate(DistanceSpace(meshes, precision="double"), n_component=4)
    folds = result["fold"].values[0]
    expected = predict_by_components(features.values.astype(float), features["label"].values, folds, 4)
    np.testing.assert_array_equal(result["predicted"].values[0], expected)
    assert result.attrs["pca"] == "fold"
    learner = Learner(DistanceSpace(meshes, precision="double"), "1nn", n_component=4)
    theirs = PCA(4, svd_solver="full").fit(features.values[12:].astype(float)).transform(features.values.astype(float))
    ours = learner.features(np.arange(12, 72), np.arange(72))
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-5)


def test_the_published_protocol_fits_components_on_all_clips(meshes, features):
    from sklearn.decomposition import PCA

    with pytest.warns(UserWarning, match="same person"):
        result = cross_validate(DistanceSpace(meshes, precision="double"), protocol="published", n_component=4)
    scores = PCA(4, svd_solver="full").fit_transform(features.values.astype(float))
    expected = predict_by_neighbours(scores, features["label"].values, result["fold"].values[0])
    np.testing.assert_array_equal(result["predicted"].values[0], expected)
    assert (result.attrs["split"], result.attrs["pca"], result["fold"].values.max()) == ("kfold", "all", 9)
    learner = Learner(DistanceSpace(meshes, precision="double"), "1nn", n_component=4, pca="all")
    few = learner.features(np.arange(9), np.arange(72))
    np.testing.assert_allclose(np.abs(few), np.abs(scores), atol=1e-5)


def test_known_persons_are_recognised_better_than_unknown_ones():
    space = DistanceSpace(make_meshes(shape=4.0, expression=0.15))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert accuracy(cross_validate(space, split="kfold")) > accuracy(cross_validate(space)) + 0.3


def test_any_estimator_is_fitted_inside_each_fold(features):
    from sklearn.base import BaseEstimator, TransformerMixin
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    seen = []

    class Spy(TransformerMixin, BaseEstimator):
        def fit(self, values, labels=None):
            seen.append(len(values))
            return self

        def transform(self, values):
            return values

    result = cross_validate(features, model=make_pipeline(Spy(), LogisticRegression()))
    assert seen == [60] * 6
    np.testing.assert_allclose(result["probability"].sum("class"), 1, rtol=1e-6)


def test_a_named_model_scales_inside_the_fold():
    assert [name for name, _ in make_estimator("logistic").steps] == ["standardscaler", "logisticregression"]


def test_an_estimator_learns_from_components_of_a_space(meshes):
    result = cross_validate(DistanceSpace(meshes), model="svm", n_component=5)
    assert accuracy(result) > 0.6
    with pytest.raises(ValueError, match="needs n_component"):
        cross_validate(DistanceSpace(meshes), model="svm")


def test_equally_frequent_classes_are_decided_by_the_nearest():
    assert vote(np.array([[2, 0, 1, 0], [2, 1, 0, 3], [1, 0, 0, 1]])).tolist() == [0, 2, 1]


@pytest.mark.filterwarnings("ignore:kfold puts")
def test_five_neighbours_agree_with_scikit_learn_where_votes_are_clear(features):
    result = cross_validate(features, model="5nn", split="kfold", n_folds=3)
    expected = predict_by_neighbours(features.values, features["label"].values, result["fold"].values[0], k=5)
    assert (result["predicted"].values[0] == expected).mean() > 0.95


def test_repeats_are_kept_apart(features):
    result = cross_validate(features, split="take_grouped", n_folds=3, n_repeats=3)
    assert result["predicted"].shape == (3, 72)
    assert 0 <= score_table(result, n_bootstrap=50).loc["accuracy", "value"] <= 1


def test_clips_that_are_never_tested_are_learnt_from(features):
    fold = np.where(features["subject"] == "00", 0, -1)
    folds = xr.DataArray(fold[None], dims=("repeat", "clip"), attrs={"group": "subject"})
    result = cross_validate(features, split=folds)
    assert (result["predicted"].values[0] != "").sum() == 12


def test_a_subject_that_lacks_a_class_is_scored_over_the_others_with_a_warning(features):
    keep = ~((features["subject"] == "02") & (features["label"] == "sad"))
    with pytest.warns(UserWarning, match="subject 02 has no clip of class 'sad'"):
        cross_validate(features.isel(clip=np.flatnonzero(keep)))


def test_a_class_that_one_person_alone_shows_warns(features):
    keep = (features["label"] != "sad") | (features["subject"] == "01")
    with (
        pytest.warns(UserWarning, match="lack one"),
        pytest.warns(UserWarning, match="class 'sad' is tested in a fold"),
    ):
        cross_validate(features.isel(clip=np.flatnonzero(keep)))


def test_one_clip_of_each_class_for_each_subject_is_enough_for_leave_one_out(features):
    assert accuracy(cross_validate(select_clips(features, repetition=0))) > 0.5


def test_a_class_with_a_single_clip_is_refused(features):
    keep = np.flatnonzero((features["label"] != "sad") | (features["clip"] == "01-sad-0"))
    with pytest.raises(ValueError, match="class 'sad' has one clip only"):
        cross_validate(features.isel(clip=keep))


def test_an_unknown_label_is_refused(features):
    with pytest.raises(ValueError, match="label 'sad' is not among the classes"):
        cross_validate(features, classes=["happy", "angry"])
    with pytest.raises(ValueError, match="at least two classes are needed"):
        cross_validate(select_clips(features, label="sad"))


@pytest.mark.parametrize("model", ["1nn", "logistic"])
def test_features_with_nan_are_refused(features, model):
    features[3, 1] = np.nan
    with pytest.raises(ValueError, match="clip 00-happy-3 has values that are not finite"):
        cross_validate(features, model=model)


def test_training_clips_of_one_class_are_refused(features):
    folds = xr.DataArray((features["label"] == "sad").values[None] * 1, dims=("repeat", "clip"))
    two = features.isel(clip=np.flatnonzero(features["label"] != "angry"))
    with pytest.warns(UserWarning, match="cannot be"), pytest.raises(ValueError, match="all of one class"):
        cross_validate(two, split=folds[:, np.flatnonzero(features["label"] != "angry")])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "0nn"}, "model must be"),
        ({"model": "forest"}, "model must be"),
        ({"protocol": "none"}, "protocol must be one of"),
        ({"pca": "some"}, "pca must be"),
    ],
)
def test_an_unknown_choice_is_refused(features, options, message):
    with pytest.raises(ValueError, match=message):
        cross_validate(features, **options)


def test_an_object_that_cannot_learn_is_refused(features):
    with pytest.raises(TypeError, match="an estimator with fit and predict, not list"):
        cross_validate(features, model=[])
    with pytest.raises(ValueError, match="features need dims clip and feature"):
        Learner(features.expand_dims("x"), "logistic")


def test_frames_as_rows_are_refused_without_the_users_word(features):
    frames = features.assign_coords(frame=("clip", features["repetition"].values))
    with pytest.raises(ValueError, match="the rows are frames"):
        cross_validate(frames, split="take_grouped", n_folds=3)
    cross_validate(frames, split="take_grouped", n_folds=3, frame_wise="accept")


def test_selecting_nothing_or_by_an_unknown_column_is_refused(features):
    with pytest.raises(ValueError, match="no column 'mood'"):
        select_clips(features, mood="good")
    with pytest.raises(ValueError, match="no clip has"):
        select_clips(features, label="calm")

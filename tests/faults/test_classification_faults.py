"""Faults of classification studies, by their numbers in the list: identity, leaks, missing classes, chance."""

import numpy as np
import pytest

import isc
from isc.classification.scores import confusion_scores, subject_confusion, subject_table
from tests.classification.conftest import make_features, make_meshes

N_SUBJECT = 6


@pytest.fixture
def features():
    return make_features()


def identified(space: isc.DistanceSpace) -> float:
    """Share of clips whose nearest clip, other takes only, is of the same person."""
    subject, take = (space.clips[column].to_numpy() for column in ("subject", "take"))
    near = [space.nearest(np.array([k]), np.flatnonzero(take != take[k]))[0, 0] for k in range(len(space))]
    return float((subject[near] == subject).mean())


def test_065_a_face_identifies_its_owner_and_no_longer_does_without_its_mean_shape():
    meshes = make_meshes(shape=4.0, n_subject=N_SUBJECT)
    assert identified(isc.DistanceSpace(meshes, reference="template")) > 0.95
    assert identified(isc.DistanceSpace(meshes, reference="subject_mean")) <= 2 / N_SUBJECT


def test_066_leave_one_subject_out_is_the_default_and_no_person_is_in_training_and_test():
    meshes = make_meshes()
    result = isc.cross_validate(isc.DistanceSpace(meshes))
    near = result["nearest"].values[0]
    assert result.attrs["split"] == "leave_one_subject_out"
    assert (result["subject"].values[near] != result["subject"].values).all()


def test_066_frames_of_clips_are_not_divided_at_random():
    frames = make_meshes().assign_coords(frame=("clip", np.arange(72)))
    with pytest.raises(ValueError, match="the rows are frames"):
        isc.cross_validate(isc.DistanceSpace(frames), split="kfold")


def test_066_a_scaler_sees_the_training_clips_only(features):
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    means = []

    class Recording(StandardScaler):
        def fit(self, values, labels=None, sample_weight=None):
            means.append(values.mean(axis=0))
            return super().fit(values, labels, sample_weight)

    isc.cross_validate(features, model=make_pipeline(Recording(), KNeighborsClassifier(1)))
    people = np.unique(features["subject"])
    expected = [features.values[features["subject"].values != name].mean(axis=0) for name in people]
    np.testing.assert_allclose(means, expected, rtol=1e-6)


def test_067_a_class_that_a_subject_lacks_does_not_lower_its_balanced_accuracy(features):
    keep = ~((features["subject"] == "02") & (features["label"] == "sad"))
    with pytest.warns(UserWarning, match="subject 02 has no clip of class 'sad'"):
        result = isc.cross_validate(features.isel(clip=np.flatnonzero(keep)))
    counts = subject_confusion(result).sel(subject="02", label=["angry", "happy"]).values
    recall = [counts[0, 0] / counts[0].sum(), counts[1, 1] / counts[1].sum()]
    assert subject_table(result).loc["02", "balanced_accuracy"] == pytest.approx(np.mean(recall))
    assert np.isfinite(confusion_scores(subject_confusion(result).values.sum(axis=0))["balanced_accuracy"])


def test_068_permuted_labels_are_recognised_at_chance(features):
    test = isc.permutation_test(features, n_permutations=500)
    assert float(test["chance"]) == pytest.approx(1 / 3, abs=0.03)
    assert float(test["chance_low"]) < 1 / 3 < float(test["chance_high"])

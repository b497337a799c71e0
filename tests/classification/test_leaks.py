"""The audit finds what a division lets through."""

import warnings

import numpy as np
import pytest
import xarray as xr

from isc.classification.distance_space import DistanceSpace
from isc.classification.evaluate import cross_validate
from isc.classification.leaks import leak_audit
from isc.classification.splits import make_folds
from tests.classification.conftest import make_meshes


@pytest.fixture
def space():
    return DistanceSpace(make_meshes(shape=4.0, expression=0.1))


def shares(space, split):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return leak_audit(space, make_folds(space.clips, split=split, n_folds=3))["share"]


def test_each_division_lets_through_what_it_does_not_keep_together(space):
    checks = ["same_subject", "same_take", "same_item"]
    assert shares(space, "leave_one_subject_out")[checks].tolist() == [0, 0, 0]
    assert shares(space, "take_grouped")[checks].tolist() == [1, 0, 0]
    by_item = shares(space, "repetition_grouped")
    assert by_item["same_item"] == 0 and by_item["same_take"] > 0.5
    assert (shares(space, "kfold")[checks] > 0.5).all()


def test_neighbours_of_the_same_person_are_counted_against_chance(space):
    found = shares(space, "kfold")
    assert found["same_subject_neighbour"] > 0.95
    assert found["neighbour_if_random"] < 0.2


def test_components_fitted_on_all_clips_are_reported(space):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        published = cross_validate(space, protocol="published", n_component=3, n_folds=3)
    assert leak_audit(space, published).loc["components_from_all_clips", "share"] == 1
    assert leak_audit(space, cross_validate(space, n_component=3)).loc["components_from_all_clips", "share"] == 0


def test_duplicate_clips_are_found(meshes):
    meshes[5] = meshes[20]
    meshes[7] = meshes[30] + 1e-4
    found = leak_audit(DistanceSpace(meshes), make_folds(DistanceSpace(meshes).clips))
    assert found.loc["exact_duplicate", "share"] == 2 / 72
    assert found.loc["near_duplicate", "share"] == 4 / 72
    assert found.loc["exact_duplicate", "n_clip"] == 72


def test_a_column_that_is_not_there_cannot_be_audited(features):
    audit = leak_audit(features.drop_vars("item"), xr.DataArray([[0] * 36 + [1] * 36], dims=("repeat", "clip")))
    assert np.isnan(audit.loc["same_item", "share"])

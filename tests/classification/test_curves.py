"""Curves rise with what is learnt, and are what a loop over fits finds."""

import warnings

import numpy as np
import pytest

from isc.classification.curves import learning_curve
from isc.classification.distance_space import DistanceSpace
from isc.classification.evaluate import cross_validate
from isc.classification.hit_rates import hit_rate_curve
from isc.classification.reintroduction import reintroduction_curve
from tests.classification.conftest import make_meshes


@pytest.fixture
def different_faces():
    """Persons whose faces differ far more than their expressions."""
    return DistanceSpace(make_meshes(shape=4.0, expression=0.15))


def test_the_last_point_is_the_cross_validation(meshes):
    space = DistanceSpace(meshes)
    curve, result = learning_curve(space, n_draws=3), cross_validate(space)
    assert curve["size"].values[-1] == 60
    assert float(curve["accuracy"][-1]) == pytest.approx(float((result["predicted"] == result["label"]).mean()))
    assert float(curve["sd_of_draws"][-1]) == 0


def test_walking_along_an_order_is_learning_anew_at_every_size(features):
    options = {"sizes": [2, 10, 40], "n_draws": 2, "seed": 4}
    walked = learning_curve(features, **options)
    from sklearn.neighbors import KNeighborsClassifier

    learnt = learning_curve(features, model=KNeighborsClassifier(1, algorithm="brute"), **options)
    np.testing.assert_allclose(walked["share_right"], learnt["share_right"])
    assert "chance" in walked and "chance" not in learnt


def test_more_clips_recognise_more_and_chance_does_not_rise():
    curve = learning_curve(DistanceSpace(make_meshes(noise=0.3)), n_draws=10)
    assert float(curve["accuracy"][-1]) > float(curve["accuracy"][0]) + 0.1
    assert abs(float(curve["chance"][-1]) - 1 / 3) < 0.06
    assert (curve["low"] <= curve["accuracy"]).all() and (curve["accuracy"] <= curve["high"]).all()


def test_components_of_a_curve_are_those_of_all_training_clips(meshes):
    space = DistanceSpace(meshes, precision="double")
    curve, result = learning_curve(space, n_component=4, n_draws=2), cross_validate(space, n_component=4)
    assert float(curve["accuracy"][-1]) == pytest.approx(float((result["predicted"] == result["label"]).mean()))


def test_a_size_beyond_the_training_clips_is_refused(features):
    with pytest.raises(ValueError, match="sizes must lie between 1 and 60"):
        learning_curve(features, sizes=[61])


def test_hit_rate_levels_are_cross_validations_of_the_clips_that_pass(meshes):
    space = DistanceSpace(meshes)
    level = float(np.median(meshes["hit_rate"].values[:9]))  # a rate that a clip has
    curve = hit_rate_curve(space, levels=[level, 10], split="leave_one_subject_out", n_draws=3)
    keep = np.flatnonzero(meshes["hit_rate"].values >= level)
    assert int(np.isfinite(curve["share_right"].sel(level=level)).sum()) == keep.size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = cross_validate(space.select(keep))
    assert int(curve["n_clip"].sel(level=level)) == keep.size
    assert float(curve["accuracy"].sel(level=level)) == pytest.approx(
        float((result["predicted"] == result["label"]).mean())
    )


@pytest.mark.filterwarnings("ignore:kfold puts", "ignore:subject .* has no clip", "ignore:class .* is tested")
def test_a_trend_over_levels_is_found_where_bad_clips_have_low_hit_rates():
    meshes = make_meshes(n_subject=12)
    noise = np.random.default_rng(5).normal(size=meshes.shape) * ((95 - meshes["hit_rate"].values) / 95)[:, None, None]
    curve = hit_rate_curve(DistanceSpace(meshes + noise), levels=range(80, 0, -10), n_folds=5)
    assert float(curve["slope"]) > 0
    assert float(curve["p_slope"]) < 0.05
    assert float(curve["slope_low"]) > 0


@pytest.mark.filterwarnings("ignore:kfold puts", "ignore:subject .* has no clip")
def test_a_level_with_too_few_clips_is_empty(meshes):
    curve = hit_rate_curve(DistanceSpace(meshes), levels=[94, 10], n_folds=5, n_draws=2)
    assert np.isnan(curve["accuracy"].sel(level=94))
    assert np.isfinite(curve["accuracy"].sel(level=10))
    with pytest.raises(ValueError, match="no level of hit_rate leaves enough clips"):
        hit_rate_curve(DistanceSpace(meshes), levels=[94], n_folds=5)


def test_a_missing_hit_rate_is_refused(features):
    with pytest.raises(ValueError, match="no column 'stars'"):
        hit_rate_curve(features, hit_rate="stars")
    rates = features["hit_rate"].values.astype(float)
    rates[3] = np.nan
    with pytest.raises(ValueError, match="clip 00-happy-3 has no hit_rate"):
        hit_rate_curve(features.assign_coords(hit_rate=("clip", rates)))


def test_own_clips_put_back_help_where_faces_differ(different_faces):
    curve = reintroduction_curve(different_faces, n_own=[0, 1, 2], n_draws=5)
    accuracy = curve["accuracy"].values
    assert accuracy[1] > accuracy[0] + 0.2
    assert curve["by_subject"].shape == (3, 6)


def test_putting_nothing_back_is_leave_one_subject_out(different_faces):
    curve, result = reintroduction_curve(different_faces, n_own=[0, 1], n_draws=4), cross_validate(different_faces)
    right = (result["predicted"].values[0] == result["label"].values).astype(float)
    share = curve["share_right"].values[0]
    np.testing.assert_array_equal(share[np.isfinite(share)], right[np.isfinite(share)])


def test_whole_items_are_put_back_or_tested(different_faces):
    curve = reintroduction_curve(different_faces, n_own=[0, 1], unit="item", n_draws=6)
    assert np.isfinite(curve["accuracy"]).all()
    with pytest.raises(ValueError, match="no subject has a class with more than 1 takes"):
        reintroduction_curve(different_faces, n_own=[1], unit="take")


def test_unusable_numbers_or_units_are_refused(features):
    for options in ({"n_own": [-1]}, {"unit": "mood"}, {"n_own": []}):
        with pytest.raises(ValueError, match="unit must be a column"):
            reintroduction_curve(features, **options)

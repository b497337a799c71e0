"""Chance is chance, takes are exchanged whole, and models are compared over subjects."""

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.classification.distance_space import DistanceSpace
from isc.classification.evaluate import cross_validate
from isc.classification.inference import compare_models, permutation_test, sign_flip
from isc.classification.permutations import permuted_labels
from tests.classification.conftest import make_meshes


def without_expression(seed, *, n_subject=8, n_take=4, n_label=3):
    """Clips whose takes are alike for reasons of their own: labels say nothing."""
    rng = np.random.default_rng(seed)
    subject, label, take, repetition = (x.ravel() for x in np.indices((n_subject, n_label, n_take, 2)))
    number = (subject * n_label + label) * n_take + take
    face, look = rng.normal(size=(n_subject, 10)), rng.normal(size=(number.max() + 1, 10))
    values = 0.5 * face[subject] + look[number] + 0.1 * rng.normal(size=(subject.size, 10))
    coords = {"subject": subject.astype(str), "label": label.astype(str), "take": number.astype(str)}
    return xr.DataArray(values, {k: ("clip", v) for k, v in coords.items()}, ("clip", "feature"))


def test_the_null_is_what_a_loop_over_labellings_finds(features):
    test = permutation_test(features, n_permutations=20, seed=3)
    clips = DistanceSpace(features).clips
    codes = pd.factorize(clips["label"], sort=True)[0]
    for value, labels in zip(test["null"].values, permuted_labels(clips, codes, "take", 20, 3), strict=True):
        relabelled = features.assign_coords(label=("clip", np.array(["angry", "happy", "sad"])[labels]))
        result = cross_validate(relabelled)
        assert value == pytest.approx(float((result["predicted"] == result["label"]).mean()))


def test_p_counts_the_observed_among_the_permutations(features):
    test = permutation_test(features, n_permutations=99)
    assert float(test["p"]) == (1 + (test["null"] >= test["observed"]).sum()) / 100
    assert (float(test["p"]), test.attrs["smallest_p"]) == (0.01, 0.01)
    assert float(test["chance"]) == pytest.approx(1 / 3, abs=0.05)


def test_votes_of_permuted_labels_are_those_of_a_loop(features):
    test = permutation_test(features, model="3nn", n_permutations=8, seed=2)
    clips = DistanceSpace(features).clips
    codes = pd.factorize(clips["label"], sort=True)[0]
    for value, labels in zip(test["null"].values, permuted_labels(clips, codes, "take", 8, 2), strict=True):
        relabelled = features.assign_coords(label=("clip", np.array(["angry", "happy", "sad"])[labels]))
        result = cross_validate(relabelled, model="3nn")
        assert value == pytest.approx(float((result["predicted"] == result["label"]).mean()))


def test_other_models_learn_anew_from_every_permutation(features):
    refit = permutation_test(features.isel(feature=slice(4)), model="svm", n_permutations=5)
    assert refit["null"].std() > 0


def test_takes_change_labels_whole_and_within_their_subject(meshes):
    clips = DistanceSpace(meshes).clips
    codes = pd.factorize(clips["label"])[0]
    labels = permuted_labels(clips, codes, "take", 40, 0)
    assert (labels != codes).any()
    for _, rows in clips.groupby("take").indices.items():
        assert (labels[:, rows] == labels[:, rows[:1]]).all()
    for _, rows in clips.groupby("subject").indices.items():
        np.testing.assert_array_equal(np.sort(labels[:, rows], axis=1), np.tile(np.sort(codes[rows]), (40, 1)))


def test_labellings_do_not_depend_on_the_order_of_subjects(meshes):
    clips = DistanceSpace(meshes).clips
    codes, order = pd.factorize(clips["label"], sort=True)[0], np.r_[36:72, 0:36]
    moved = permuted_labels(clips.iloc[order].reset_index(drop=True), codes[order], "take", 9, 0)
    np.testing.assert_array_equal(moved, permuted_labels(clips, codes, "take", 9, 0)[:, order])


def test_takes_of_other_sizes_are_not_exchanged():
    clips = pd.DataFrame({"clip": list("abcde"), "subject": "1", "take": list("xxyyz")})
    labels = permuted_labels(clips, np.array([0, 0, 1, 1, 2]), "take", 20, 0)
    assert (labels[:, 4] == 2).all()


def test_a_subject_whose_labels_are_all_equal_warns():
    clips = pd.DataFrame({"clip": list("abcd"), "subject": list("1122"), "take": list("wxyz")})
    with pytest.warns(UserWarning, match="labels of subject 2 cannot be exchanged"):
        permuted_labels(clips, np.array([0, 1, 1, 1]), "take", 5, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistic": "luck"}, "statistic must be one of"),
        ({"exchange": "mood"}, "needs a column of that name"),
        ({"exchange": "repetition"}, "repetition 0 has clips with different labels"),
        ({"exchange": "subject"}, "has clips with different labels"),
    ],
)
def test_an_unusable_permutation_is_refused(features, options, message):
    with pytest.raises(ValueError, match=message):
        permutation_test(features, n_permutations=9, **options)


def test_labels_that_cannot_be_exchanged_at_all_are_refused():
    clips = pd.DataFrame({"clip": list("ab"), "subject": list("12"), "take": list("xy")})
    with pytest.raises(ValueError, match="no labels can be exchanged"):
        permuted_labels(clips, np.array([0, 1]), "take", 5, 0)


def test_p_is_uniform_when_labels_say_nothing():
    p = [float(permutation_test(without_expression(s), n_permutations=99, seed=s)["p"]) for s in range(60)]
    assert np.mean(np.array(p) <= 0.1) <= 0.2
    assert 0.35 < np.mean(p) < 0.65


@pytest.mark.slow
def test_p_of_takes_is_uniform_and_that_of_single_clips_is_not():
    from scipy.stats import kstest

    p = {"take": [], "clip": []}
    for seed in range(300):
        for exchange, values in p.items():
            data = without_expression(1000 + seed)
            values.append(float(permutation_test(data, n_permutations=199, seed=seed, exchange=exchange)["p"]))
    assert kstest(p["take"], "uniform").pvalue > 0.01
    assert np.mean(np.array(p["take"]) <= 0.05) < 0.08
    assert np.mean(np.array(p["clip"]) <= 0.05) > np.mean(np.array(p["take"]) <= 0.05)


def test_flips_of_few_subjects_are_all_taken():
    gaps = np.array([0.3, -0.1, 0.2, 0.4])
    sums = [abs(np.dot(signs, gaps)) for signs in itertools.product([1, -1], repeat=4)]
    p, smallest = sign_flip(gaps)
    assert p == pytest.approx(np.mean(np.array(sums) >= gaps.sum() - 1e-12))
    assert smallest == 2 / 16


def test_flips_of_many_subjects_are_drawn():
    p, smallest = sign_flip(np.full(20, 0.1))
    assert p == pytest.approx(smallest, abs=2e-4)
    assert sign_flip(np.tile([0.1, -0.1], 10))[0] > 0.5


def test_models_are_compared_on_the_same_clips():
    meshes = make_meshes(shape=4.0, expression=0.2)
    space = DistanceSpace(meshes)
    with pytest.warns(UserWarning, match="same person"):
        known = cross_validate(space, split="kfold")
    unknown = cross_validate(space)
    found = compare_models(known, unknown)
    right = [(r["predicted"] == r["label"]).values[0] for r in (known, unknown)]
    assert float(found["difference"]) == pytest.approx(right[0].mean() - right[1].mean())
    assert (int(found["only_first"]), int(found["only_second"])) == (
        (right[0] & ~right[1]).sum(),
        (right[1] & ~right[0]).sum(),
    )
    assert float(found["p_sign_flip"]) == found.attrs["smallest_p"] == 2 / 64
    assert float(found["low"]) > 0
    same = compare_models(unknown, unknown)
    assert (float(same["p_sign_flip"]), float(same["p_mcnemar"])) == (1.0, 1.0)
    with pytest.raises(ValueError, match="different clips"):
        compare_models(known, unknown.isel(clip=slice(9)))


def test_mcnemar_is_that_of_statsmodels(features):
    from statsmodels.stats.contingency_tables import mcnemar

    first, second = cross_validate(features.isel(feature=slice(3))), cross_validate(features.isel(feature=slice(3, 9)))
    found = compare_models(first, second)
    table = [[0, int(found["only_first"])], [int(found["only_second"]), 0]]
    assert float(found["p_mcnemar"]) == pytest.approx(mcnemar(table, exact=True).pvalue)


def of_people(predicted):
    """Three people with two clips each, classes x and y."""
    coords = {"clip": list("abcdef"), "label": ("clip", list("xyxyxy")), "subject": ("clip", list("112233"))}
    return xr.Dataset({"predicted": (("repeat", "clip"), [predicted])}, coords | {"class": ["x", "y"]})


def test_a_person_of_whom_nothing_was_tested_takes_no_part_in_a_comparison():
    first, second = of_people(["x", "y", "x", "y", "", ""]), of_people(["x", "x", "x", "x", "x", "y"])
    found = compare_models(first, second)
    assert found["subject"].values.tolist() == ["1", "2"] and found.attrs["n_subject"] == 2
    assert (float(found["difference"]), float(found["p_sign_flip"])) == (0.5, 0.5)
    assert (float(found["only_first"]), float(found["only_second"])) == (2, 0)
    nothing = of_people([""] * 6)
    with pytest.raises(ValueError, match="no subject was tested in both results"):
        compare_models(nothing, second)


def test_a_score_that_is_not_defined_is_no_evidence():
    """Only clips of one class are tested and all of them recognised: kappa has no meaning, and p must not be small."""
    coords = {"subject": ("clip", list("111222")), "label": ("clip", list("xxyxxy"))}
    data = xr.DataArray([[0.0], [0.1], [5.0], [0.2], [0.3], [5.1]], coords, ("clip", "feature"))
    folds = xr.DataArray([[0, 0, -1, 1, 1, -1]], dims=("repeat", "clip"))
    test = permutation_test(data, split=folds, statistic="kappa", n_permutations=19, exchange="clip")
    assert np.isnan(float(test["observed"])) and float(test["p"]) == 1.0


@pytest.mark.parametrize("pca", ["fold", "all"])
def test_the_p_is_that_of_the_accuracy_shown_wherever_components_come_from(pca):
    data = without_expression(3)
    how = {"split": "leave_one_subject_out", "n_component": 3, "pca": pca}
    result = cross_validate(data, **how)
    test = permutation_test(data, n_permutations=9, **how)
    assert float(test["observed"]) == float((result["predicted"] == result["label"]).mean())

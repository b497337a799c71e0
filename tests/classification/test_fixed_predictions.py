"""Labels permuted against predictions that stay."""

import numpy as np
import pytest
import xarray as xr

import isc
from isc.classification.fixed_predictions import prediction_test


def result_of(predicted, label, subject, take=None, fold=None):
    subject = np.array(list(subject))
    coords = {"clip": [f"c{n}" for n in range(len(label))], "label": ("clip", list(label))}
    coords |= {"subject": ("clip", subject), "class": sorted(set(label))}
    if take is not None:
        coords["take"] = ("clip", take)
    folds = np.unique(subject, return_inverse=True)[1] if fold is None else fold
    cells = ("repeat", "clip")
    return xr.Dataset({"predicted": (cells, [list(predicted)]), "fold": (cells, [folds])}, coords)


def test_the_p_of_one_subject_is_that_of_all_labellings():
    """Two right of four: of the 6 labellings, 2 of 2 labels each, one is as good as all right."""
    result = result_of("aabb", "aabb", "1111", fold=[0] * 4)
    found = prediction_test(result, n_permutations=20_000)
    assert float(found["p"]) == pytest.approx(1 / 6, abs=0.01)
    assert float(found["chance"]) == pytest.approx(0.5, abs=0.01)
    assert found.attrs["permuted"].startswith("labels within subjects")


def test_takes_keep_one_label():
    result = result_of("aabb", "aabb", "1111", take=list("xxyy"), fold=[0] * 4)
    found = prediction_test(result, n_permutations=2000)
    assert set(np.unique(found["null"])) == {0.0, 1.0} and found.attrs["exchange"] == "take"


def test_always_saying_the_same_is_no_better_than_chance():
    result = result_of("a" * 40, "aabb" * 10, np.repeat(list("12345"), 8))
    found = prediction_test(result, n_permutations=99)
    assert float(found["p"]) == 1.0 and float(found["chance"]) == 0.5


def test_p_is_uniform_when_predictions_know_nothing():
    rng = np.random.default_rng(0)
    ps = []
    for seed in range(200):
        predicted = rng.choice(list("abc"), 36)
        result = result_of(predicted, "abc" * 12, np.repeat(list("1234"), 9))
        ps.append(float(prediction_test(result, n_permutations=199, statistic="macro_f1", seed=seed)["p"]))
    assert 0.02 <= np.mean(np.array(ps) <= 0.05) + 0.01 <= 0.1
    assert 0.4 < np.mean(ps) < 0.62


def test_it_agrees_with_the_test_that_finds_neighbours_once_where_both_apply():
    """1-NN on noise around class means: both tests are far beyond their smallest p."""
    rng = np.random.default_rng(1)
    code = np.tile([0, 1, 2], 12)
    coords = {"subject": ("clip", np.repeat(list("1234"), 9)), "label": ("clip", np.array(list("abc"))[code])}
    data = xr.DataArray(rng.normal(code[:, None], 0.2, (36, 4)), dims=("clip", "feature"), coords=coords)
    fixed = prediction_test(isc.cross_validate(data), n_permutations=999)
    refitted = isc.permutation_test(data, n_permutations=999)
    assert float(fixed["observed"]) == float(refitted["observed"])
    assert float(fixed["p"]) == float(refitted["p"]) == 0.001


def test_clips_that_were_not_tested_are_left_out():
    result = result_of(["a", "b", "", "a", "b", "b"], "abbabb", "111222", fold=[0, 0, -1, 1, 1, 1])
    result["fold"].values[0, 2] = 0
    assert float(prediction_test(result, n_permutations=9)["observed"]) == 1.0


@pytest.mark.parametrize(
    ("options", "fold", "message"),
    [
        ({"statistic": "auc"}, None, "statistic must be one of"),
        ({}, [0, 1, 0, 1], "subject 1 is in training and test, so the predictions know"),
        ({"exchange": "statement"}, None, "exchange='statement' needs a column"),
    ],
)
def test_what_is_no_test_is_refused(options, fold, message):
    with pytest.raises(ValueError, match=message):
        prediction_test(result_of("abab", "abab", "1122", fold=fold), **options)

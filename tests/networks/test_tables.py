"""Tables of compared systems."""

import numpy as np
import pytest
import xarray as xr

from isc.networks.tables import class_f1, holdout_result, mean_interval, paired_table, system_scores


def result_of(share, seed):
    """Eight people, six clips each; each clip is recognised with a probability."""
    label = np.tile(list("abc"), 16)
    rng = np.random.default_rng(seed)
    predicted = np.where(rng.random(48) < share, label, np.roll(label, 1))
    subject = np.repeat(list("12345678"), 6)
    coords = {"clip": np.arange(48).astype(str), "label": ("clip", label), "subject": ("clip", subject)}
    fold = subject.astype(int) - 1
    cells = ("repeat", "clip")
    return xr.Dataset({"predicted": (cells, [predicted]), "fold": (cells, [fold])}, coords | {"class": list("abc")})


def test_scores_of_a_good_and_of_a_useless_system():
    good, useless = (system_scores(result_of(share, 1), n_permutations=499) for share in (0.95, 0.33))
    assert good["p"] == 0.002 and good["accuracy_low"] <= good["accuracy"] <= good["accuracy_high"]
    assert good["abaw"] == pytest.approx(0.67 * good["macro_f1"] + 0.33 * good["accuracy"])
    assert useless["p"] > 0.05 and useless["chance"] == pytest.approx(1 / 3, abs=0.03)


def test_every_class_has_its_f1():
    assert class_f1(result_of(1.0, 0)) == {"a": 1.0, "b": 1.0, "c": 1.0}


def test_every_system_is_compared_with_every_baseline_once():
    results = {"1nn": result_of(0.5, 0), "logistic": result_of(0.6, 1), "net": result_of(0.95, 2)}
    table = paired_table(results, ["1nn", "logistic"])
    pairs = table[["system", "baseline"]].values.tolist()
    assert pairs == [["logistic", "1nn"], ["net", "1nn"], ["net", "logistic"]]
    by_p = table.sort_values("p_sign_flip")
    assert np.allclose(by_p["p_holm"], np.maximum.accumulate(np.minimum(by_p["p_sign_flip"] * [3, 2, 1], 1)))
    row = table.iloc[1]
    assert row["difference"] > 0.2 and row["p_sign_flip"] <= 0.05 and row["smallest_p"] == 2 / 2**8


def test_a_baseline_that_was_not_run_is_refused():
    with pytest.raises(ValueError, match=r"baseline '1nn' is not among the systems \['net'\]"):
        paired_table({"net": result_of(0.5, 0)}, ["1nn"])


@pytest.fixture
def aside():
    """Four people, three clips each, of whom the last two were put aside."""
    label = np.tile(list("abc"), 4)
    coords = {"clip": np.arange(12).astype(str), "subject": ("clip", np.repeat(list("1234"), 3))}
    return xr.Dataset(coords=coords | {"label": ("clip", label), "take": ("clip", label)})


def test_people_put_aside_are_scored_and_tested_and_labelled_as_what_they_are(aside):
    said = np.eye(3)[[0, 1, 2, 0, 1, 1]]
    result = holdout_result(aside, np.arange(6, 12), said, list("abc"), model="net")
    assert result.attrs == {"split": "holdout", "group": "subject", "model": "net"}
    assert result["predicted"].values[0].tolist() == list("abcabb")
    assert set(result["subject"].values) == {"3", "4"} and "take" in result.coords
    assert system_scores(result, n_permutations=99)["accuracy"] == pytest.approx(5 / 6)


def test_people_who_are_not_wholly_put_aside_and_wrong_probabilities_are_refused(aside):
    with pytest.raises(ValueError, match="subject 2 has test clips and others"):
        holdout_result(aside, np.arange(5, 12), np.full((7, 3), 1 / 3), list("abc"), model="net")
    for said in (np.ones((6, 2)), np.full((6, 3), np.nan)):
        with pytest.raises(ValueError, match=r"finite probabilities of shape \(6, 3\) are needed"):
            holdout_result(aside, np.arange(6, 12), said, list("abc"), model="net")


def test_the_interval_of_a_mean_is_that_of_the_textbook():
    """Five values: mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776445 of the tables."""
    found = mean_interval([1, 2, 3, 4, 5])
    half = 2.776445 * np.sqrt(2.5 / 5)
    assert found == pytest.approx((3.0, 3 - half, 3 + half), abs=1e-6)
    assert mean_interval([2.0, 2.0]) == (2.0, 2.0, 2.0)
    narrow = mean_interval([1, 2, 3, 4, 5], level=0.9)
    assert narrow.high - 3 == pytest.approx(2.131847 * np.sqrt(0.5), abs=1e-6)


def test_the_interval_holds_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = [mean_interval(of, level=0.8) for of in rng.normal(1.5, 2.0, (2000, 6))]
    assert np.mean([of.low <= 1.5 <= of.high for of in found]) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("values", [[1.0], [], [1.0, np.nan], [[1.0, 2.0]]])
def test_an_interval_of_less_than_two_known_values_is_refused(values):
    with pytest.raises(ValueError, match="needs two finite values at least"):
        mean_interval(values)
    with pytest.raises(ValueError, match="level must lie between 0 and 1; given 95"):
        mean_interval([1.0, 2.0], level=95)

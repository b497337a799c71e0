"""Tables of compared systems."""

import numpy as np
import pytest
import xarray as xr

from isc.networks.tables import class_f1, paired_table, system_scores


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
    row = table.iloc[1]
    assert row["difference"] > 0.2 and row["p_sign_flip"] <= 0.05 and row["smallest_p"] == 2 / 2**8


def test_a_baseline_that_was_not_run_is_refused():
    with pytest.raises(ValueError, match=r"baseline '1nn' is not among the systems \['net'\]"):
        paired_table({"net": result_of(0.5, 0)}, ["1nn"])

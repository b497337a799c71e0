"""Sidecars come from the data dictionary, and the dictionary is compared with products in both directions."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.io.files.sidecars import (
    column_descriptions,
    dictionary_folder,
    dictionary_names,
    differences,
    read_dictionary,
    sidecar_for,
)

PEAKS = pd.DataFrame({"onset": [1.5], "duration": [0.0], "trial_type": ["press"], "key": ["space"], "n_row": [1]})


def tisc(feature="vertex", dtype=np.float32):
    """A t-ISC with all its coords."""
    seconds = {name: ("window", np.zeros(2)) for name in ("time", "start", "stop")}
    return xr.DataArray(
        np.zeros((2, 3), dtype),
        dims=("window", feature),
        coords={
            **seconds,
            "start_sample": ("window", np.zeros(2, np.int64)),
            "n_subject": (("window", feature), np.zeros((2, 3), np.int32)),
            "p": (("window", feature), np.ones((2, 3))),
            "significant": (("window", feature), np.zeros((2, 3), bool)),
        },
        name="tisc",
    )


def test_the_dictionary_lies_beside_or_inside_the_package():
    assert (dictionary_folder() / "tisc.json").is_file()
    assert set(dictionary_names()) >= {"participants", "events", "peaks", "tisc", "null", "thresholds"}


def test_a_sidecar_of_a_table_explains_its_columns_and_says_what_the_run_knows():
    sidecar = sidecar_for("peaks", Sources=["bids:raw:x"], Seed=3)
    assert sidecar["onset"]["Units"] == "s"
    assert sidecar["trial_type"]["Levels"] == {"press": "key press"}
    assert (sidecar["Sources"], sidecar["Seed"]) == (["bids:raw:x"], 3)
    assert list(sidecar)[:2] == ["LongName", "Description"]
    assert set(PEAKS.columns) <= set(sidecar)


def test_a_sidecar_of_an_array_explains_its_variables():
    assert sidecar_for("tisc")["Variables"]["tisc"]["dims"] == ["window", "feature"]


def test_a_sidecar_of_values_explains_them():
    assert sidecar_for("thresholds")["ValueDescriptions"]["upper"]["LongName"] == "Upper threshold"


def test_an_unknown_entry_is_refused():
    with pytest.raises(ValueError, match="the data dictionary has no 'tiscs'; it has .*agreement"):
        read_dictionary("tiscs")


def test_columns_that_the_dictionary_does_not_know_are_not_described():
    assert list(column_descriptions("participants", ["participant_id", "shoe_size"])) == ["participant_id"]


def test_a_table_that_agrees_has_no_differences():
    assert differences("peaks", PEAKS) == []


@pytest.mark.parametrize("feature", ["vertex", "pair", "channel"])
def test_an_array_of_any_features_that_agrees_has_no_differences(feature):
    assert differences("tisc", tisc(feature)) == []
    assert differences("tisc", tisc(feature).to_dataset()) == []


def test_a_column_that_only_one_of_them_has_is_found():
    assert differences("peaks", PEAKS.assign(extra=1)) == ["peaks: 'extra' is not in the dictionary"]
    assert differences("peaks", PEAKS.drop(columns="key")) == ["peaks: 'key' is not in the product"]


def test_another_dtype_is_found():
    expected = ["peaks: dtype of 'n_row' is float64, in the dictionary int64"]
    assert differences("peaks", PEAKS.astype({"n_row": float})) == expected
    expected = ["tisc: dtype of 'tisc' is float64, in the dictionary float32"]
    assert differences("tisc", tisc(dtype=np.float64)) == expected


def test_other_dims_are_found():
    found = differences("tisc", tisc().T)
    assert found[0] == "tisc: dims of 'tisc' is ['vertex', 'window'], in the dictionary ['window', 'feature']"


def test_a_coordinate_too_much_is_found():
    assert differences("tisc", tisc().assign_coords(more=1.0)) == ["tisc: 'more' is not in the dictionary"]


def test_values_are_compared_by_name():
    values = dict.fromkeys(read_dictionary("thresholds")["Values"])
    assert differences("thresholds", values) == []
    assert differences("thresholds", values | {"more": 1}) == ["thresholds: 'more' is not in the dictionary"]
    values.pop("upper")
    assert differences("thresholds", values) == ["thresholds: 'upper' is not in the product"]


def test_optional_entries_may_be_absent():
    assert differences("participants", pd.DataFrame({"participant_id": ["sub-01"]})) == []

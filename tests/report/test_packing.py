import base64

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.report.packing import NO_VALUE, encode, pack_epochs, pack_layer, pack_series, quantise


def _decode(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=dtype)


def test_encoded_values_are_little_endian_in_c_order():
    values = np.array([[1, 2], [3, 4]]).T
    assert _decode(encode(values, "<u2"), "<u2").tolist() == [1, 3, 2, 4]


def test_quantised_values_come_back_within_half_a_unit():
    values = np.random.default_rng(0).uniform(-0.8, 0.9, 1000)
    packed = quantise(values)
    assert np.abs(_decode(packed["data"], "<i2") * packed["unit"] - values).max() <= packed["unit"] / 2 * (1 + 1e-9)
    assert packed["unit"] == pytest.approx(np.abs(values).max() / 32767)


def test_missing_and_infinite_values_have_a_mark_of_their_own():
    data = _decode(quantise(np.array([np.nan, np.inf, -1.0, 1.0, 0.0]))["data"], "<i2")
    assert data.tolist() == [NO_VALUE, NO_VALUE, -32767, 32767, 0]


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_nothing_but_zeros_or_missing_values_can_be_quantised(value):
    assert quantise(np.full(3, value))["unit"] == 1.0


def test_significance_takes_one_bit_a_cell():
    flags = np.random.default_rng(0).random((7, 11)) < 0.3
    values = xr.DataArray(np.zeros((7, 11)), dims=("window", "vertex"))
    packed = pack_layer(values, values.copy(data=flags), None)
    bits = np.unpackbits(_decode(packed["significant"], "u1"), bitorder="little")[:77]
    assert (bits.reshape(7, 11) == flags).all()


@pytest.mark.parametrize(
    ("counts", "columns", "expected"),
    [
        (21, 1, [21, 21]),
        (("window", [20, 21]), 1, [20, 21]),
        (("vertex", [3, 4, 5]), 3, [3, 4, 5, 3, 4, 5]),
        ((("vertex", "window"), [[9, 8], [9, 8], [9, 8]]), 1, [9, 8]),
    ],
)
def test_numbers_of_subjects_are_stored_once_where_all_features_share_them(counts, columns, expected):
    values = xr.DataArray(np.zeros((2, 3)), dims=("window", "vertex"), coords={"n_subject": counts})
    packed = pack_layer(values, None, None)["n_subject"]
    assert packed["columns"] == columns
    assert _decode(packed["data"], "<u2").tolist() == expected


def test_an_attribute_is_a_number_of_subjects_too():
    values = xr.DataArray(np.zeros((2, 3)), dims=("window", "vertex"), attrs={"n_subject": 7})
    assert _decode(pack_layer(values, None, None)["n_subject"]["data"], "<u2").tolist() == [7, 7]


def test_thresholds_keep_their_infinite_side():
    values = xr.DataArray(np.zeros((2, 1)), dims=("window", "vertex"))
    limits = (np.full(2, -np.inf), np.array([0.25, 0.5]))
    lower, upper = (_decode(side, "<f4") for side in pack_layer(values, None, limits)["limits"])
    assert np.isneginf(lower).all()
    assert upper.tolist() == [0.25, 0.5]


def test_nothing_is_packed_of_what_is_not_there():
    packed = pack_layer(xr.DataArray(np.zeros((2, 1)), dims=("window", "vertex")), None, None)
    assert [packed[name] for name in ("significant", "limits", "n_subject")] == [None] * 3
    assert pack_series(None) is None
    assert pack_epochs(None) == []


def test_epochs_keep_their_names():
    epochs = pd.DataFrame({"onset": [1], "duration": [2.5], "trial_type": ["threat"]})
    assert pack_epochs(epochs) == [{"onset": 1.0, "duration": 2.5, "name": "threat"}]


def test_epochs_without_a_duration_are_refused():
    with pytest.raises(ValueError, match=r"columns onset and duration in seconds; \['duration'\] missing"):
        pack_epochs(pd.DataFrame({"onset": [1.0]}))

"""Tables and values come back as they were written, or are refused."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isc.io.files.atomic import DerivativeError
from isc.io.files.derived_tables import read_table, read_values, write_table, write_values
from isc.io.files.products import is_current, product_key, read_sidecar
from isc.io.files.text import TableError
from isc.io.layout.names import sidecar_path

KEY = product_key([], parameters={}, code_version="1")
TABLE = pd.DataFrame(
    {
        "onset": [0.1, np.nan, 1 / 3],
        "weight": np.array([0.1, np.nan, 1e-30], np.float32),
        "n_row": [1, -2, 2**62],
        "valid": [True, False, True],
        "key": ["space", None, "=A1"],
    }
)


@pytest.fixture(params=["x_events.tsv", "x_physio.tsv.gz", "x_motion.tsv", "x_beh.tsv"])
def path(request, tmp_path):
    return tmp_path / request.param


def test_a_table_comes_back_as_it_was(path):
    write_table(TABLE, path, {})
    back = read_table(path)
    pd.testing.assert_frame_equal(back, TABLE, check_dtype=False)
    assert back.dtypes[["onset", "weight", "n_row", "valid"]].tolist() == TABLE.dtypes.tolist()[:4]


def test_a_table_without_rows_keeps_its_columns_and_types(path):
    write_table(TABLE.iloc[:0], path, {})
    back = read_table(path)
    assert back.shape == (0, 5)
    assert back["onset"].dtype == np.float64


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(), st.floats(width=32)), min_size=1, max_size=10))
def test_every_float_comes_back_with_all_its_digits(tmp_path, rows):
    table = pd.DataFrame(rows, columns=["double", "single"]).astype({"single": np.float32})
    write_table(table, tmp_path / "x_beh.tsv", {})
    back = read_table(tmp_path / "x_beh.tsv")
    for name in table.columns:
        np.testing.assert_array_equal(back[name].to_numpy(), table[name].to_numpy())


def test_names_of_columns_are_in_the_sidecar_where_bids_wants_no_header(tmp_path):
    write_table(TABLE, tmp_path / "x_physio.tsv.gz", {"SamplingFrequency": 30.0})
    text = gzip.decompress((tmp_path / "x_physio.tsv.gz").read_bytes()).decode()
    assert text.splitlines()[0].startswith("0.1\t0.1\t1\tTrue\tspace")
    assert read_sidecar(tmp_path / "x_physio.tsv.gz")["Columns"] == list(TABLE.columns)


def test_names_of_columns_are_in_the_header_elsewhere(tmp_path):
    write_table(TABLE, tmp_path / "x_events.tsv", {})
    assert (tmp_path / "x_events.tsv").read_text().splitlines()[0].split("\t") == list(TABLE.columns)
    assert "Columns" not in read_sidecar(tmp_path / "x_events.tsv")


def test_the_sidecar_keeps_what_the_caller_says_about_a_column(path):
    write_table(TABLE, path, {"onset": {"Units": "s"}, "ProductKey": KEY})
    assert read_sidecar(path)["onset"] == {"Units": "s", "dtype": "float64"}
    assert is_current(path, KEY)


def test_equal_tables_give_equal_bytes(path):
    contents = []
    for _ in range(2):
        write_table(TABLE, path, {})
        contents.append([file.read_bytes() for file in sorted(path.parent.iterdir())])
    assert contents[0] == contents[1]


def test_a_compressed_table_has_no_date(tmp_path):
    write_table(TABLE, tmp_path / "x_physio.tsv.gz", {})
    assert (tmp_path / "x_physio.tsv.gz").read_bytes()[4:8] == b"\0\0\0\0"  # RFC 1952, MTIME


def test_a_changed_table_is_refused(path):
    write_table(TABLE, path, {})
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DerivativeError, match=f"{path.name} was changed or damaged"):
        read_table(path)


@pytest.mark.parametrize("name", ["Description", "Files"])
def test_a_column_cannot_have_the_name_of_another_entry(path, name):
    with pytest.raises(TableError, match=f"a column cannot be called '{name}'"):
        write_table(pd.DataFrame({name: [1.0]}), path, {"Description": "an example"})


def test_pandas_own_number_types_are_refused(path):
    with pytest.raises(TableError, match="column 'n' is Int64; convert it to a NumPy dtype"):
        write_table(pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}), path, {})


def test_text_that_would_break_the_columns_leaves_no_file(path):
    with pytest.raises(TableError, match="holds a tab"):
        write_table(pd.DataFrame({"key": ["a\tb"]}), path, {})
    assert not path.exists()


VALUES = {"upper": 0.31, "lower": None, "schemes": ["circular_shift"], "nested": {"n": 3}}


def test_values_come_back_as_they_were(tmp_path):
    path = tmp_path / "x_thresholds.json"
    write_values(VALUES, path, {"Description": "an example", "ProductKey": KEY})
    assert read_values(path) == VALUES
    assert is_current(path, KEY)
    assert not is_current(path, "other")
    assert list(json.loads(path.read_text()))[:3] == ["Description", "ProductKey", "Values"]
    assert sidecar_path(path) == path


@pytest.mark.parametrize(("old", "new"), [("0.31", "0.32"), ("an example", "another"), ("SHA256", "SHA1")])
def test_changed_values_are_refused(tmp_path, old, new):
    path = tmp_path / "x_thresholds.json"
    write_values(VALUES, path, {"Description": "an example"})
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DerivativeError, match="x_thresholds.json was changed or damaged"):
        read_values(path)


def test_a_sidecar_holds_no_values(tmp_path):
    write_table(TABLE, tmp_path / "x_beh.tsv", {})
    with pytest.raises(DerivativeError, match="x_beh.json was changed or damaged"):
        read_values(tmp_path / "x_beh.json")


def test_values_have_a_json_file_of_their_own(tmp_path):
    with pytest.raises(ValueError, match="x.tsv must end in .json"):
        write_values(VALUES, tmp_path / "x.tsv", {})


def test_values_that_json_does_not_have_are_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_values({"upper": np.inf}, tmp_path / "x.json", {})
    assert not (tmp_path / "x.json").exists()

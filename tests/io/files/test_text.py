"""Tables and JSON of others are read strictly; ours keep every digit."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isc.io.files.text import TableError, format_tsv, read_json, read_tsv, unguarded, write_json, write_tsv

TABLE = "onset\tkey\n1.5\tspace\n2.5\tü\n"
CELLS = {"onset": ["1.5", "2.5"], "key": ["space", "ü"]}
ENCODINGS = {
    "UTF-8": TABLE.encode(),
    "UTF-8 with mark": TABLE.encode("utf-8-sig"),
    "UTF-16": TABLE.encode("utf-16"),
    "UTF-16 of the other byte order": b"\xfe\xff" + TABLE.encode("utf-16-be"),
    "Windows line ends": TABLE.replace("\n", "\r\n").encode(),
    "old Macintosh line ends": TABLE.replace("\n", "\r").encode(),
    "no last line end": TABLE.rstrip().encode(),
    "empty lines": TABLE.replace("\n", "\n\n").encode(),
    "quoted fields": b'"onset"\t"key"\n"1.5"\t"space"\n2.5\t"\xc3\xbc"\n',
}


@pytest.mark.parametrize("content", ENCODINGS.values(), ids=ENCODINGS)
def test_a_table_reads_the_same_in_every_encoding(tmp_path, content):
    path = tmp_path / "events.tsv"
    path.write_bytes(content)
    assert read_tsv(path).to_dict("list") == CELLS


def test_a_tab_in_a_quoted_field_shifts_no_column(tmp_path):
    path = tmp_path / "events.tsv"
    path.write_text('onset\tkey\tn\n1.5\t"a\tb"\t7\n')
    assert read_tsv(path).to_dict("records") == [{"onset": "1.5", "key": "a\tb", "n": "7"}]


def test_rows_are_known_by_their_line(tmp_path):
    path = tmp_path / "events.tsv"
    path.write_text("onset\n\n1\n2\n")
    assert read_tsv(path).index.tolist() == [3, 4]


def test_an_empty_file_has_no_columns_and_a_header_alone_no_rows(tmp_path):
    path = tmp_path / "events.tsv"
    path.touch()
    assert read_tsv(path).shape == (0, 0)
    path.write_text("onset\tkey\n")
    assert read_tsv(path).shape == (0, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"onset\tkey\n1.5\n", "line 2: 1 fields under 2 columns"),
        (b"onset\tkey\n1.5\ta\tb\n", "line 2: 3 fields under 2 columns"),
        (b'onset\tkey\n1.5\t"a\n2.5\tb\n', r"line 3: .*a quoted field needs both quotes"),
        (b"onset\tonset\n1\t2\n", "column names must be given and differ; found 'onset', 'onset'"),
        (b"onset\t\n1\t2\n", "column names must be given"),
        (b"onset\n\xff\xfe\n", "is no UTF-8 text"),
        (b"\xff\xfea", "is no UTF-16 text"),
        (b"o\0n\0s\0e\0t\0\n\0", "NUL characters"),
    ],
)
def test_a_table_that_would_have_to_be_guessed_is_refused(tmp_path, content, message):
    path = tmp_path / "events.tsv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=message):
        read_tsv(path)


def test_a_huge_table_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "events.tsv"
    with open(path, "wb") as file:
        file.truncate(2**30)  # a hole: takes no room on the disk
    with pytest.raises(TableError, match="has 1073741824 bytes; tables are read up to"):
        read_tsv(path)


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_floats_keep_all_their_digits(values):
    text = format_tsv(pd.DataFrame({"x": values})).decode().split("\n")[1:-1]
    assert [float(cell) for cell in text] == values


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1))
def test_single_precision_floats_keep_all_their_digits(values):
    column = np.array(values, np.float32)
    text = format_tsv(pd.DataFrame({"x": column})).decode().split("\n")[1:-1]
    assert (np.array(text, dtype=np.float64).astype(np.float32) == column).all()


def test_missing_values_are_written_as_bids_wants_them(tmp_path):
    path = tmp_path / "x.tsv"
    write_tsv(pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None], "c": ["", "y"], "d": [True, False]}), path)
    assert path.read_bytes() == b"a\tb\tc\td\n1.0\tx\tn/a\tTrue\nn/a\tn/a\ty\tFalse\n"


def test_a_table_can_do_without_its_header():
    assert format_tsv(pd.DataFrame({"a": [1]}), header=False) == b"1\n"


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "'=x", "''=x"])
def test_text_that_a_spreadsheet_would_run_is_guarded_and_comes_back(text):
    cell = format_tsv(pd.DataFrame({"key": [text]}), header=False).decode().rstrip("\n")
    assert cell == "'" + text
    assert unguarded(cell) == text


@pytest.mark.parametrize("text", ["'s", "a=b", "'"])
def test_harmless_text_is_left_alone(text):
    assert format_tsv(pd.DataFrame({"key": [text]}), header=False).decode() == text + "\n"
    assert unguarded(text) == text


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\rb", 'a"b'])
def test_text_that_would_break_the_columns_is_refused(text):
    with pytest.raises(TableError, match="holds a tab, line break or quotation mark"):
        format_tsv(pd.DataFrame({"key": [text]}))


def test_the_table_given_stays_as_it_was():
    table = pd.DataFrame({"key": ["=x", ""]})
    format_tsv(table)
    assert table["key"].tolist() == ["=x", ""]


def test_json_comes_back_with_its_keys_in_order(tmp_path):
    content = {"b": [1, 2.5, None, True], "a": {"ü": "ß"}}
    write_json(content, tmp_path / "x.json")
    assert read_json(tmp_path / "x.json") == content
    assert list(read_json(tmp_path / "x.json")) == ["b", "a"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"x": NaN}', "NaN is not JSON; write null"),
        (b'{"x": -Infinity}', "-Infinity is not JSON"),
        (b"{'x': 1}", "is not valid JSON"),
        (b"", "is not valid JSON"),
        (b"[1]", "must hold a JSON object {...}, not list"),
        (b'{"x": ' + b"[" * 100_000, "nested deeper than 64 levels"),
        (b'{"x": ' + b"1" * 10_000 + b"}", "is not valid JSON"),
        (b'{"x": "\xff"}', "is no UTF-8 text"),
    ],
)
def test_json_that_is_broken_or_hostile_is_refused(tmp_path, content, message):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(TableError, match=message.replace("{...}", r"\{\.\.\.\}")):
        read_json(path)


def test_brackets_in_text_are_no_nesting(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"x": '[{"\\' * 1000}))
    assert read_json(path)["x"].startswith("[{")


def test_a_huge_json_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "x.json"
    with open(path, "wb") as file:
        file.truncate(2**30)
    with pytest.raises(TableError, match="has 1073741824 bytes; JSON is read up to"):
        read_json(path)

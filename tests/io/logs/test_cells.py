"""Cells keep their columns whatever the separator, the encoding and the line ends."""

import gzip

import pytest

from isc.io.logs.cells import TableError, read_cells, read_text

TEXT = 'key;rt;note\nspace;1,5;"a;b"\nup;2;\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_separators_inside_quotes_do_not_shift_columns(tmp_path, encoding, line_end):
    path = tmp_path / "log.csv"
    path.write_bytes(TEXT.replace("\n", line_end).encode(encoding))
    assert read_cells(path, delimiter=";").values.tolist() == [["space", "1,5", "a;b"], ["up", "2", ""]]


def test_a_separator_at_the_end_of_all_lines_is_no_column(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("a,b,\n1,2,\n")
    assert read_cells(path, delimiter=",").columns.tolist() == ["a", "b"]
    path.write_text("a,b,\n1,2,3\n")
    with pytest.raises(TableError, match="column names must be given and differ"):
        read_cells(path, delimiter=",")


def test_lines_before_the_header_are_skipped_and_counted(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("made by a program\na\tb\n1\t2\n1\n")
    with pytest.raises(TableError, match="line 4: 1 fields under 2 columns"):
        read_cells(path, delimiter="\t", skip_lines=1)


def test_a_spreadsheet_of_another_country_is_told_apart(tmp_path):
    path = tmp_path / "who.csv"
    path.write_text("participant_id;video_onset\nsub-01;2,5\n")
    told = r"2 fields under 1 columns \(the header has a semicolon in it\); separate fields by one comma"
    with pytest.raises(TableError, match=told):
        read_cells(path, delimiter=",")
    with pytest.raises(TableError, match="1 fields under 2 columns; separate fields by one semicolon"):
        path.write_text("a;b\n1\n")
        read_cells(path, delimiter=";")


def test_compressed_text_is_read_and_a_false_gzip_refused(tmp_path):
    path = tmp_path / "log.tsv.gz"
    path.write_bytes(gzip.compress(b"a\tb\n"))
    assert read_text(path) == "a\tb\n"
    path.write_bytes(b"a\tb\n")
    with pytest.raises(TableError, match="is no gzip file, or a damaged one"):
        read_text(path)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("isc.io.logs.cells.MAX_TABLE_BYTES", 1000)
    path = tmp_path / "log.tsv.gz"
    path.write_bytes(gzip.compress(b"a" * 2000))
    with pytest.raises(TableError, match="holds more than 1000 bytes"):
        read_text(path)

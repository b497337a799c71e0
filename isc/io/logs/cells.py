"""Cells of tables that others wrote: any separator, UTF-8 or UTF-16, gzip; columns are never shifted."""

import csv
import gzip
import io
import zlib
from pathlib import Path

import pandas as pd

MAX_TABLE_BYTES = 512 * 2**20
MAX_RATIO = 100  # unpacked bytes for each packed one, beyond ...
RATIO_FREE_BYTES = 64 * 2**20  # ... a table of this size: a dial that rests packs very well
SEPARATORS = {"\t": "tab", ",": "comma", ";": "semicolon"}
BYTE_ORDER_MARK = "\ufeff"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class TableError(ValueError):
    """A table or JSON file that cannot be read without guessing."""


def read_cells(path: Path, *, delimiter: str, skip_lines: int = 0) -> pd.DataFrame:
    r"""Cells of a table with a header and any separator, as text; the rules are those of `read_tsv`.

    Parameters
    ----------
    path : Path
        Text, compressed if its name ends in ``.gz``.
    delimiter : str
        One character. A last column without name and content (rows that end in a separator) is left out.
    skip_lines : int
        Lines before the header.

    Returns
    -------
    DataFrame of str

    Raises
    ------
    TableError
        As `read_tsv`.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "log.csv")
    >>> _ = path.write_text("key;rt;\nspace;1,5;\n")
    >>> read_cells(path, delimiter=";").values.tolist()
    [['space', '1,5']]
    """
    (_, header), *rows = _numbered_rows(path, delimiter, skip_lines) or [(0, [])]
    if header and header[-1] == "" and all(row[-1] == "" for _, row in rows if len(row) == len(header)):
        rows = [(line, row[:-1] if len(row) == len(header) else row) for line, row in rows]
        header = header[:-1]
    _check_cells(path, header, rows, SEPARATORS.get(delimiter, repr(delimiter)))
    return pd.DataFrame([row for _, row in rows], columns=header, index=[line for line, _ in rows], dtype=object)


def _numbered_rows(path: Path, delimiter: str, skip_lines: int) -> list[tuple[int, list[str]]]:
    """Line on which a row ends, and its fields; empty lines are left out."""
    text = io.StringIO(read_text(path), newline="")
    for _ in range(skip_lines):
        text.readline()
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        return [(skip_lines + reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        line = skip_lines + reader.line_num
        raise TableError(f"{path.name}, line {line}: {error} (a quoted field needs both quotes)") from error


def read_text(path: Path) -> str:
    """Text of a file in UTF-8 (with or without mark) or UTF-16 (with mark); ``.gz`` is decompressed.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Line ends as they are.

    Raises
    ------
    TableError
        When the file is too large, no gzip file although its name says so, or in another encoding.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "log.txt")
    >>> _ = path.write_bytes("Level: 1".encode("utf-16"))
    >>> read_text(path)
    'Level: 1'
    """
    content = _content(path)
    encoding = "UTF-16" if content.startswith(UTF16_MARKS) else "UTF-8"
    try:
        text = content.decode(encoding).removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise TableError(f"{path.name} is no {encoding} text (byte {error.start}); save it as UTF-8") from error
    if "\0" in text:
        raise TableError(f"{path.name} holds NUL characters (UTF-16 without its mark, or no text); save it as UTF-8")
    return text


def _content(path: Path) -> bytes:
    """Bytes of the file, unpacked; a small file that unpacks to gigabytes is refused."""
    if path.stat().st_size > MAX_TABLE_BYTES:
        raise TableError(f"{path.name} has {path.stat().st_size} bytes; tables are read up to {MAX_TABLE_BYTES}")
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as stream:
            content = stream.read(MAX_TABLE_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise TableError(f"{path.name} is no gzip file, or a damaged one ({error})") from error
    if len(content) > RATIO_FREE_BYTES and len(content) > MAX_RATIO * path.stat().st_size:
        raise TableError(f"{path.name} unpacks to more than {MAX_RATIO} times its size; give it unpacked")
    if len(content) > MAX_TABLE_BYTES:
        raise TableError(f"{path.name} holds more than {MAX_TABLE_BYTES} bytes; tables are read up to that")
    return content


def _check_cells(path: Path, header: list[str], rows: list[tuple[int, list[str]]], separator: str) -> None:
    if "" in header or len(set(header)) < len(header):
        raise TableError(f"{path.name}: column names must be given and differ; found {', '.join(map(repr, header))}")
    for line, row in rows:
        if len(row) != len(header):
            other = [name for mark, name in SEPARATORS.items() if len(header) == 1 and mark in header[0]]
            seen = f" (the header has a {other[0]} in it)" if other else ""
            raise TableError(
                f"{path.name}, line {line}: {len(row)} fields under {len(header)} columns{seen}; "
                f"separate fields by one {separator} and write n/a where a value is missing"
            )

"""Tab-separated tables and JSON as text: strict reading of what others wrote, atomic writing of ours."""

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from isc.io.files.atomic import write_bytes
from isc.io.files.json_format import format_json
from isc.io.logs.cells import TableError, read_cells, read_text

MISSING = "n/a"  # how BIDS writes a missing value
MAX_JSON_BYTES = 64 * 2**20  # the largest of ours lists the files of a cube; a sidecar by hand has kilobytes
MAX_JSON_DEPTH = 64
JSON_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # possessive: linear whatever the text
# Spreadsheets run cells that begin so; an apostrophe in front makes them text again.
FORMULA = re.compile(r"'*[=+\-@]")


def read_tsv(path: Path) -> pd.DataFrame:
    r"""Cells of a tab-separated table with a header, as text.

    UTF-8 (with or without byte order mark) and UTF-16 (with mark) are read; line ends may be of any system. Fields
    may be quoted.

    Parameters
    ----------
    path : Path
        A .tsv file.

    Returns
    -------
    DataFrame of str
        Index: the line of the file on which a row ends. ``n/a`` and empty cells are kept as they are. A file of
        0 bytes gives no columns and no rows.

    Raises
    ------
    TableError
        When the encoding is another one, a column name is empty or occurs twice, or a row has more or fewer fields
        than the header: columns are never shifted.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "events.tsv")
    >>> _ = path.write_text("onset\tkey\n1.5\tspace\n")
    >>> read_tsv(path).loc[2].to_dict()
    {'onset': '1.5', 'key': 'space'}
    """
    return read_cells(path, delimiter="\t")


def format_tsv(table: pd.DataFrame, *, header: bool = True) -> bytes:
    r"""Bytes of a tab-separated table in UTF-8: missing values as n/a, floats with all their digits.

    Parameters
    ----------
    table : DataFrame
        Columns of numbers, booleans or text; the index is left out. Empty text counts as missing. Text that a
        spreadsheet would run as a formula gets an apostrophe in front.
    header : bool
        False for the kinds of file that BIDS wants without column names.

    Returns
    -------
    bytes
        Lines end in a line feed.

    Raises
    ------
    TableError
        When text holds a tab, line break or quotation mark.

    Examples
    --------
    >>> format_tsv(pd.DataFrame({"onset": [0.1, np.nan], "key": ["a", "=A1"]}))
    b"onset\tkey\n0.1\ta\nn/a\t'=A1\n"
    """
    cells = table.copy()
    for name in cells.columns:
        if not pd.api.types.is_numeric_dtype(cells[name]):
            cells[name] = cells[name].map(_cell, na_action="ignore").astype(object)
    return cells.to_csv(
        sep="\t", na_rep=MISSING, index=False, header=header, lineterminator="\n", quoting=csv.QUOTE_NONE
    ).encode()


def _cell(value: object) -> str | float:
    text = str(value)
    if re.search(r'[\t\r\n"]', text):
        raise TableError(f"the text {text!r} holds a tab, line break or quotation mark, which a table cannot keep")
    if not text:
        return np.nan
    return f"'{text}" if FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Text of a cell without the apostrophe that `format_tsv` put before a formula.

    Parameters
    ----------
    text : str
        A cell as it stands in the file.

    Returns
    -------
    str
        The text that was written.

    Examples
    --------
    >>> unguarded("'=A1"), unguarded("'s")
    ('=A1', "'s")
    """
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def write_tsv(table: pd.DataFrame, path: Path) -> None:
    r"""Write a table of a raw data set, whole or not at all.

    Parameters
    ----------
    table : DataFrame
        See `format_tsv` for the format and what it refuses.
    path : Path
        Ends in ``.tsv``; its folder is made when it is absent.

    Raises
    ------
    DerivativeError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "participants.tsv")
    >>> write_tsv(pd.DataFrame({"participant_id": ["sub-01"]}), path)
    >>> path.read_text()
    'participant_id\nsub-01\n'
    """
    write_bytes(path, format_tsv(table))


def read_json(path: Path) -> dict[str, Any]:
    """Content of a JSON file whose top level is an object.

    Parameters
    ----------
    path : Path
        UTF-8, or UTF-16 with its mark.

    Returns
    -------
    dict
        Keys in the order of the file.

    Raises
    ------
    TableError
        When the file is no JSON object, is larger than 64 MiB, nested deeper than 64 levels, names a key twice in one
        object, or holds NaN or infinity, which JSON does not have.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "events.json")
    >>> write_json({"onset": {"Units": "s"}}, path)
    >>> read_json(path)
    {'onset': {'Units': 's'}}
    """
    if path.stat().st_size > MAX_JSON_BYTES:
        raise TableError(f"{path.name} has {path.stat().st_size} bytes; JSON is read up to {MAX_JSON_BYTES}")
    text = read_text(path)
    if _depth(text) > MAX_JSON_DEPTH:
        raise TableError(f"{path.name} is nested deeper than {MAX_JSON_DEPTH} levels")
    try:
        content = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except ValueError as error:
        raise TableError(f"{path.name} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise TableError(f"{path.name} must hold a JSON object {{...}}, not {type(content).__name__}")
    return content


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON; write null where a number is missing")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Object of a JSON file; of a key that occurs twice nobody knows which value was meant."""
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} occurs twice in one object; keep one")
    return content


def _depth(text: str) -> int:
    """Deepest nesting, found without recursion so that a hostile file cannot exhaust the stack."""
    brackets = re.findall(r"[\[\]{}]", JSON_STRING.sub("", text))
    steps = np.array([1 if bracket in "[{" else -1 for bracket in brackets], dtype=np.int64)
    return int(np.cumsum(steps).max(initial=0))


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write a JSON file, whole or not at all.

    Parameters
    ----------
    content : mapping
        See `format_json` for what it refuses.
    path : Path
        Its folder is made when it is absent.

    Raises
    ------
    DerivativeError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> write_json({}, Path(tempfile.mkdtemp(), "participants.json"))
    """
    write_bytes(path, format_json(content))

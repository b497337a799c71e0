"""Tables and small sets of values as products: every digit kept, missing values as n/a, checked when read."""

import csv
import gzip
import io
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from isc.io.files.atomic import DerivativeError, write_bytes, writing
from isc.io.files.json_format import format_json
from isc.io.files.products import FILES, publishing, read_sidecar, verified_sidecar
from isc.io.files.stores import NUMBER_KINDS
from isc.io.files.text import MISSING, TableError, format_tsv, unguarded

HEADERLESS = ("physio", "stim", "motion")  # suffixes whose column names BIDS wants in the sidecar only
TEXT = "str"
VALUES = "Values"
CHECKSUM = "SHA256"


def write_table(table: pd.DataFrame, path: Path, sidecar: Mapping[str, Any]) -> None:
    """Write a table as one product.

    Floats keep all their digits, missing values are ``n/a``. ``_physio``, ``_stim`` and ``_motion`` tables have no
    header, as BIDS wants it: their sidecar has the column names in ``Columns``.

    Parameters
    ----------
    table : DataFrame
        Columns of numbers, booleans or text; the index is left out.
    path : Path
        Ends in ``.tsv`` or ``.tsv.gz``; an older product there is replaced.
    sidecar : mapping
        What the sidecar shall say; its entry of a column gets that column's dtype.

    Raises
    ------
    TableError
        When text holds a tab, line break or quotation mark, a column is called like another entry of the sidecar, or
        has one of pandas' own number types.
    DerivativeError
        When the product cannot be written; the older one is then still there.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "sub-01_task-film_desc-peaks_events.tsv")
    >>> write_table(pd.DataFrame({"onset": [1.5], "key": ["space"]}), path, {"onset": {"Units": "s"}})
    >>> read_table(path).to_dict("records")
    [{'onset': 1.5, 'key': 'space'}]
    """
    named = not _headerless(path)
    content = format_tsv(table, header=named)
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    note = dict(sidecar) | ({} if named else {"Columns": list(table.columns)})
    note |= {name: _column_entry(name, table[name].dtype, note) for name in table.columns}
    with publishing(path, note) as temporary, writing(path):
        temporary.write_bytes(content)


def _headerless(path: Path) -> bool:
    return path.name.partition(".")[0].rpartition("_")[2] in HEADERLESS


def _column_entry(name: str, dtype: Any, note: Mapping[str, Any]) -> dict[str, Any]:
    described = note.get(name, {})
    if not isinstance(described, Mapping) or name == FILES:
        raise TableError(f"a column cannot be called {name!r}: the sidecar uses this name; rename the column")
    if isinstance(dtype, np.dtype) and dtype.kind in NUMBER_KINDS:
        return {**described, "dtype": str(dtype)}
    if pd.api.types.is_numeric_dtype(dtype):
        raise TableError(f"column {name!r} is {dtype}; convert it to a NumPy dtype, with NaN for missing numbers")
    return {**described, "dtype": TEXT}


def read_table(path: Path) -> pd.DataFrame:
    """Table of a product, its bytes checked against its sidecar first.

    Parameters
    ----------
    path : Path
        Written by `write_table`.

    Returns
    -------
    DataFrame
        Columns of the dtypes they were written with; ``n/a`` is NaN. Text that was empty is missing.

    Raises
    ------
    DerivativeError
        When the product is absent, unfinished or damaged.

    Examples
    --------
    >>> read_table(Path("no-such_events.tsv"))
    Traceback (most recent call last):
    isc.io.files.atomic.DerivativeError: no-such_events.tsv has no sidecar ...
    """
    sidecar = verified_sidecar(path)
    content = path.read_bytes()
    cells = pd.read_csv(
        io.BytesIO(gzip.decompress(content) if path.suffix == ".gz" else content),
        sep="\t",
        names=sidecar["Columns"] if _headerless(path) else None,
        dtype=object,
        na_values=[MISSING],
        keep_default_na=False,
        quoting=csv.QUOTE_NONE,
    )
    return pd.DataFrame({name: _typed(cells[name], sidecar[name]["dtype"]) for name in cells.columns})


def _typed(cells: pd.Series, dtype: str) -> pd.Series:
    """Column of the dtype it was written with; Python's own conversion, since pandas' rounds the last digit."""
    if dtype == TEXT:
        return cells.map(unguarded, na_action="ignore")
    if dtype == "bool":
        return cells == "True"
    return cells.astype(dtype)


def write_values(values: Mapping[str, Any], path: Path, sidecar: Mapping[str, Any]) -> None:
    """Write a few values, such as thresholds, as one JSON file that is its own sidecar.

    Parameters
    ----------
    values : mapping
        What JSON can hold; None where a number is missing.
    path : Path
        Ends in ``.json``.
    sidecar : mapping
        What explains the values; stands before them in the file.

    Raises
    ------
    ValueError
        When a number is NaN or infinite, or the extension is another one.
    DerivativeError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "task-film_desc-win5000ms_thresholds.json")
    >>> write_values({"upper": 0.31}, path, {"Description": "an example"})
    >>> read_values(path)
    {'upper': 0.31}
    """
    if path.suffix != ".json":
        raise ValueError(f"{path.name} must end in .json; arrays and tables have their own functions")
    content = {**sidecar, VALUES: dict(values), FILES: {}}
    write_bytes(path, format_json({**content, CHECKSUM: sha256(format_json(content)).hexdigest()}))


def read_values(path: Path) -> dict[str, Any]:
    """Values of a JSON product, checked against the checksum in it.

    Parameters
    ----------
    path : Path
        Written by `write_values`.

    Returns
    -------
    dict

    Raises
    ------
    DerivativeError
        When the file is absent or damaged.

    Examples
    --------
    >>> read_values(Path("no-such_thresholds.json"))
    Traceback (most recent call last):
    isc.io.files.atomic.DerivativeError: no-such_thresholds.json has no sidecar ...
    """
    content = read_sidecar(path)
    checksum = content.pop(CHECKSUM, None)
    if checksum != sha256(format_json(content)).hexdigest() or VALUES not in content:
        raise DerivativeError(f"{path.name} was changed or damaged (SHA-256 differs); make it again")
    return content[VALUES]

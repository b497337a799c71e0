"""Physiological recordings: heart, skin, breath, pupil from BIDS _physio.tsv.gz or tables with a header."""

import csv
import gzip
import io
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.files.text import MISSING, TableError
from isc.io.layout.metadata import inherited_metadata, sidecar_number

TIME = "time"  # column of seconds in tables that have their own clock
HEADERLESS = (".tsv.gz",)  # how BIDS writes physio: the names are in the sidecar
MISSING_CELLS = (MISSING, "", "nan", "NaN", "NA", "null")
MAX_BYTES = 2 * 2**30  # of one table, unpacked: 25 hours of 10 channels at 1 kHz


def read_physio(
    path: str | Path,
    *,
    subject: str,
    rate: float | None = None,
    start: float | None = None,
    columns: Sequence[str] | None = None,
) -> xr.DataArray:
    r"""One participant's physiological signals.

    Parameters
    ----------
    path : path
        BIDS ``_physio.tsv.gz`` (no header; its sidecar, own or inherited, gives ``Columns``, ``SamplingFrequency``
        and ``StartTime``), or a ``.csv`` or ``.tsv`` with a header.
    subject : str
        The participant's label.
    rate : float, optional
        Samples per second, for tables without ``SamplingFrequency`` and without a column ``time`` (s).
    start : float, optional
        Time of the first sample in s from stimulus onset; by default ``StartTime`` of the sidecar, else 0.
    columns : sequence of str, optional
        Channels to keep; by default all.

    Returns
    -------
    DataArray ``physio``, dims (time, channel), float32
        Coords ``time`` (s from stimulus onset), ``unit`` (channel; from the sidecar, else n/a), scalar ``subject``;
        attrs rate_hz. ``n/a`` and empty cells are NaN.

    Raises
    ------
    TableError
        When the sidecar and the table do not fit, the rate is unknown or contradicts, a cell is no number, or a
        column is not there.
    FileNotFoundError
        When there is no such file.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "skin.csv")
    >>> _ = path.write_text("eda,pulse\n0.1,60\n0.2,n/a\n")
    >>> physio = read_physio(path, subject="01", rate=4)
    >>> physio.time.values.tolist(), physio.sel(channel="eda").values.round(1).tolist()
    ([0.0, 0.25], [0.10000000149011612, 0.20000000298023224])
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no recording at {path}")
    metadata = inherited_metadata(path)
    table = _table(path, metadata)
    clock = _clock(path, table, metadata, rate, start)
    kept = _kept(path, table.drop(columns=TIME, errors="ignore"), columns)
    units = [_unit(metadata, name) for name in kept.columns]
    return xr.DataArray(
        kept.to_numpy(np.float32),
        dims=("time", "channel"),
        coords={
            "time": ("time", clock, {"units": "s"}),
            "channel": list(kept.columns),
            "unit": ("channel", units),
            "subject": subject,
        },
        name="physio",
        attrs={"rate_hz": float(f"{(clock.size - 1) / (clock[-1] - clock[0]):.10g}")},
    )


def _table(path: Path, metadata: Mapping[str, Any]) -> pd.DataFrame:
    """Numbers under their names; NaN where a value is missing."""
    headerless = path.name.endswith(HEADERLESS)
    names = metadata.get("Columns") if headerless else None
    if headerless and not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        raise TableError(f"{path.name} has no header, so its JSON sidecar must list the column names in Columns")
    text = _text(path)
    separator = "," if path.suffix == ".csv" and "\t" not in text[: text.find("\n")] else "\t"
    try:
        cells = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=None if headerless else 0,
            na_values=list(MISSING_CELLS),
            quoting=csv.QUOTE_MINIMAL,
            index_col=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TableError(f"{path.name} cannot be read as a table: {error}") from error
    if names is not None:
        if len(names) != cells.shape[1]:
            raise TableError(f"{path.name} has {cells.shape[1]} columns, but its sidecar names {len(names)}")
        cells.columns = pd.Index(names)
    return _numbers(path, cells)


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise TableError(f"{path.name} is larger than {MAX_BYTES} bytes; split it")
    content = path.read_bytes()
    try:
        if path.suffix == ".gz":
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise TableError(f"{path.name} is larger than {MAX_BYTES} bytes; split it")
        return content.decode("utf-8-sig")
    except (gzip.BadGzipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
        raise TableError(f"{path.name} cannot be unpacked as text ({error}); copy it again") from error


def _numbers(path: Path, cells: pd.DataFrame) -> pd.DataFrame:
    if len(cells) < 2:
        raise TableError(f"{path.name} has {len(cells)} rows; at least two samples are needed")
    for name in cells.columns:
        numbers = pd.to_numeric(cells[name], errors="coerce")
        wrong = numbers.isna() & cells[name].notna()
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise TableError(
                f"{path.name}: column {name!r} has {cells[name].iloc[row]!r} in sample {row + 1}, which is no number; "
                "write n/a where a value is missing, and a decimal point"
            )
        cells[name] = numbers
    return cells


def _clock(
    path: Path, table: pd.DataFrame, metadata: Mapping[str, Any], rate: float | None, start: float | None
) -> np.ndarray:
    """Seconds from stimulus onset of every sample."""
    given = metadata.get("SamplingFrequency")
    described = None if given is None else sidecar_number(path, metadata, "SamplingFrequency")
    if described is not None and rate is not None and abs(described / rate - 1) > 1e-3:
        raise TableError(f"{path.name}: rate={rate:g} Hz, but SamplingFrequency in the sidecar is {given} Hz")
    rate = rate if described is None else described
    if start is None:
        start = sidecar_number(path, {"StartTime": 0.0} | dict(metadata), "StartTime")
    if rate is not None:
        if not (np.isfinite(rate) and rate > 0):
            raise TableError(f"{path.name}: the rate must be positive, in Hz; given {rate}")
        return start + np.arange(len(table)) / rate
    if TIME not in table.columns:
        raise TableError(
            f"{path.name}: the rate is not known; give rate= in Hz, SamplingFrequency in the sidecar, or a column time"
        )
    clock = table[TIME].to_numpy(np.float64)
    if not (np.diff(clock) > 0).all():
        raise TableError(f"{path.name}: column time must hold increasing seconds without gaps")
    return clock + start


def _kept(path: Path, table: pd.DataFrame, columns: Sequence[str] | None) -> pd.DataFrame:
    missing = [name for name in columns or () if name not in table.columns]
    if missing:
        raise TableError(f"{path.name} has no column {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")
    return table if columns is None else table[list(columns)]


def _unit(metadata: Mapping[str, Any], name: str) -> str:
    described = metadata.get(name, {})
    return str(described.get("Units", "n/a")) if isinstance(described, Mapping) else "n/a"

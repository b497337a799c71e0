"""Episodes that observers mark in a film: one row an episode, with its start and its end."""

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from isc.io.layout.metadata import inherited_metadata
from isc.io.logs.cells import TableError, read_cells
from isc.io.logs.film_clock import FAR_OUTSIDE, SECONDS_IN, KeyLogError, check_duration, numbers_of
from isc.io.ratings import subject_of


def read_episodes(
    path: str | Path,
    *,
    start: str = "onset",
    stop: str | None = None,
    units: str | None = None,
    duration: float | None = None,
    stimulus_onset: float = 0.0,
    repeats: Literal["once", "each"] = "once",
) -> pd.DataFrame:
    r"""Episodes that one observer marked, such as the emotions of a character.

    Parameters
    ----------
    path : path
        A ``.tsv`` (BIDS events too) or ``.csv`` table, one row an episode in any order.
    start : str
        Column of the start.
    stop : str, optional
        Column of the end; by default the column ``duration`` says how long an episode lasts.
    units : {"s", "ms"}, optional
        Unit of both columns; by default what a JSON sidecar says of `start`, else s.
    duration : float, optional
        Length of the film, s. Episodes are cut at its start and end; those outside are dropped, with a warning.
    stimulus_onset : float
        Start of the film on the clock of the table, s.
    repeats : {"once", "each"}
        Rows that are alike in every column count once, with a warning, as in all logs; or each, where an observer may
        mark several episodes alike (five faces in a crowd).

    Returns
    -------
    DataFrame
        Columns ``subject`` (``sub-01`` of a BIDS name, else the name without ending), ``onset`` and ``duration``
        (s from stimulus onset), then all other columns as text; sorted by onset. `peak_agreement` takes it as it is.

    Raises
    ------
    KeyLogError
        When the table cannot be read, a column is absent, a cell is no number, an episode ends before it starts, or
        the episodes do not fit the film.
    ValueError
        When the duration is not positive or units is neither s nor ms.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "av1o01.csv")
    >>> _ = path.write_text("start,end,emotion\n192,260,LOVE\n")
    >>> read_episodes(path, start="start", stop="end").values.tolist()
    [['av1o01', 192.0, 68.0, 'LOVE']]
    """
    path = Path(path)
    check_duration(duration)
    try:
        cells = read_cells(path, delimiter="," if path.suffix == ".csv" else "\t")
        described = inherited_metadata(path).get(start, {})
    except TableError as error:
        raise KeyLogError(str(error)) from error
    cells = _without_repeats(path, cells, repeats)
    unit = units or (described.get("Units", "s") if isinstance(described, dict) else "s")
    if unit not in SECONDS_IN:
        raise ValueError(f"units of {path.name} must be s or ms; given {unit!r}")
    edges = _edges(path, cells, start, stop) * SECONDS_IN[unit] - stimulus_onset
    others = cells.drop(columns=[start, stop or "duration"])
    table = pd.concat([edges, others], axis=1).sort_values("onset", kind="stable", ignore_index=True)
    table = _within_film(path, table, duration)
    table["stop"] -= table["onset"]
    table.insert(0, "subject", subject_of(path))
    return table.rename(columns={"stop": "duration"})


def _without_repeats(path: Path, cells: pd.DataFrame, repeats: str) -> pd.DataFrame:
    if repeats not in ("once", "each"):
        raise ValueError(f"repeats must be once or each; given {repeats!r}")
    kept = cells.drop_duplicates() if repeats == "once" else cells
    if len(kept) < len(cells):
        text = f"{len(cells) - len(kept)} of {len(cells)} rows repeat another in every column and count once"
        warnings.warn(f'{path.name}: {text}; repeats="each" keeps them', stacklevel=3)
    return kept


def _edges(path: Path, cells: pd.DataFrame, start: str, stop: str | None) -> pd.DataFrame:
    """Start and end of every episode as columns onset and stop, in the unit of the table."""
    second = stop or "duration"
    missing = [name for name in (start, second) if name not in cells.columns]
    if missing:
        found = ", ".join(map(str, cells.columns))
        raise KeyLogError(f"{path.name} has no column {', '.join(missing)}; found {found}; name start and stop")
    first, last = numbers_of(path.name, cells[start]), numbers_of(path.name, cells[second])
    last = last if stop is not None else first + last
    wrong = first.index[last < first]
    if wrong.size:
        line = wrong[0]
        raise KeyLogError(
            f"{path.name}, line {line}: an episode ends ({last[line]:g}) before it starts ({first[line]:g})"
        )
    return pd.DataFrame({"onset": first, "stop": last})


def _within_film(path: Path, table: pd.DataFrame, duration: float | None) -> pd.DataFrame:
    """Episodes cut at the ends of the film; those outside are left out and counted."""
    end = np.inf if duration is None else duration
    inside = (table["stop"] >= 0) & (table["onset"] <= end)
    if len(table) and (not inside.any() or table["onset"].max() > FAR_OUTSIDE * end):
        raise KeyLogError(
            f"{path.name}: episodes from {table['onset'].min():g} to {table['stop'].max():g} s do not fit a film of "
            f"{end:g} s; give the right units (s or ms) or stimulus_onset"
        )
    if not inside.all():
        text = f"{(~inside).sum()} of {len(table)} episodes lie outside of the film (0 to {end:g} s); dropped"
        warnings.warn(f"{path.name}: {text}", stacklevel=3)
    kept = table[inside].reset_index(drop=True)
    return kept.assign(onset=kept["onset"].clip(lower=0.0), stop=kept["stop"].clip(upper=end))

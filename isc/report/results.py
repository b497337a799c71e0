"""Results of an experiment on disk: vector figures, tables, and a flat summary that the data dictionary explains."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from isc.io.files.atomic import write_bytes
from isc.io.files.sidecars import differences, read_dictionary
from isc.io.files.text import write_tsv
from isc.report.vector import figure_svg

PLACEHOLDER = re.compile(r"<\w+>")  # in keys of the dictionary: <clip> stands for any one part between slashes
UNDATED = {"CreationDate": None, "Creator": None, "Producer": None}


def write_results(
    folder: Path,
    *,
    summary: Mapping[str, float],
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, Figure],
    dictionary: str,
) -> None:
    """Write ``summary.json``, ``tables/NAME.tsv`` and ``figures/NAME.svg`` and ``.pdf`` of an experiment.

    Parameters
    ----------
    folder : Path
        Made when it is absent.
    summary : mapping of str to number
        Flat, keys with slashes (``film/poster/r/max``). NaN is written as null.
    tables : mapping of str to DataFrame
    figures : mapping of str to Figure
    dictionary : str
        Entry of the data dictionary whose ``Values`` explain the summary (``<word>`` in its keys stands for any part);
        the entries ``dictionary_NAME`` explain the columns of the tables.

    Raises
    ------
    ValueError
        When a key or column is not explained, or an explained one is missing.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_results(folder, summary={"a": 1.0}, tables={}, figures={}, dictionary="recovery")
    Traceback (most recent call last):
    ValueError: results and data_dictionary/recovery.json differ: a is not explained; ...
    """
    faults = summary_faults(summary, read_dictionary(dictionary)["Values"])
    for name, table in tables.items():
        faults += [f"table {name}: {text}" for text in differences(f"{dictionary}_{name}", table)]
    if faults:
        raise ValueError(f"results and data_dictionary/{dictionary}.json differ: {'; '.join(faults)}")
    for name, table in tables.items():
        write_tsv(table, folder / "tables" / f"{name}.tsv")
    for name, figure in figures.items():
        write_bytes(folder / "figures" / f"{name}.svg", figure_svg(figure).encode())
        with rc_context({"pdf.fonttype": 42}):
            figure.savefig(folder / "figures" / f"{name}.pdf", metadata=UNDATED)
    plain = {key: _plain(value) for key, value in summary.items()}
    write_bytes(folder / "summary.json", (json.dumps(plain, indent=2) + "\n").encode())


def summary_faults(keys: Iterable[str], described: Iterable[str]) -> list[str]:
    """How the keys of a summary and those of the dictionary differ, in either direction.

    Parameters
    ----------
    keys : iterable of str
        Of the summary.
    described : iterable of str
        Of the dictionary, with placeholders such as ``<clip>``.

    Returns
    -------
    list of str
        Empty when every key is explained and every explanation used.

    Examples
    --------
    >>> summary_faults(["ceap/V1/mean", "n"], ["ceap/<clip>/mean", "seed"])
    ['n is not explained', 'seed is missing']
    """
    keys = list(keys)
    patterns = {text: re.compile("[^/]+".join(map(re.escape, PLACEHOLDER.split(text)))) for text in described}
    unexplained = [key for key in keys if not any(pattern.fullmatch(key) for pattern in patterns.values())]
    unused = [text for text, pattern in patterns.items() if not any(pattern.fullmatch(key) for key in keys)]
    return [f"{key} is not explained" for key in unexplained] + [f"{text} is missing" for text in unused]


def _plain(value: float) -> float | None:
    number = float(value)
    if not np.isfinite(number):
        return None
    return int(number) if isinstance(value, int | np.integer | bool) else number

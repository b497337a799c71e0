"""Measured CPU seconds of a unit of every kind of work: what is worth handing over, and what a study will cost."""

import json
from functools import cache
from importlib import resources


def rate(name: str) -> float:
    """CPU seconds of one unit of a kind of work.

    The table was written by ``python -m benchmarks.cost --write``, which says what a unit is; it depends on the
    processor.

    Parameters
    ----------
    name : str
        Such as ``pairwise/pairs``.

    Returns
    -------
    float

    Raises
    ------
    KeyError
        When no such kind was measured.

    Examples
    --------
    >>> 0 < rate("pairwise/series") < 1e-7
    True
    """
    return _table()["rates"][name]["seconds"]


def measured_on() -> str:
    """Where and when the table was measured.

    Returns
    -------
    str

    Examples
    --------
    >>> "cores" in measured_on()
    True
    """
    return str(_table()["measured_on"])


@cache
def _table() -> dict:
    return json.loads(resources.files("isc.lazy").joinpath("rates.json").read_text(encoding="utf-8"))

"""The clip table: who shows what in which clip, and the checks that every analysis makes once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

REQUIRED = ("clip", "subject", "label")


def clip_table(data: xr.DataArray | xr.Dataset) -> pd.DataFrame:
    """All one-dimensional coordinates along ``clip`` as a table.

    Parameters
    ----------
    data : DataArray or Dataset with dim ``clip``
        Coords ``subject`` and ``label`` along it; ``take``, ``item``, ``hit_rate`` ... as far as known.

    Returns
    -------
    DataFrame
        A row a clip, in the order of the array; column ``clip`` holds the names (positions where it has none).

    Raises
    ------
    TypeError
        When `data` is not an xarray object.
    ValueError
        When dim ``clip``, the subject or the label is missing, a label is empty or a clip's name occurs twice.

    Examples
    --------
    >>> data = xr.DataArray([[0.0], [1.0]], dims=("clip", "feature"),
    ...                     coords={"subject": ("clip", ["1", "2"]), "label": ("clip", ["happy", "sad"])})
    >>> clip_table(data)["label"].tolist()
    ['happy', 'sad']
    """
    if not isinstance(data, xr.DataArray | xr.Dataset):
        raise TypeError(f"clips are an xarray object with dim clip, not {type(data).__name__}; name the dims")
    if "clip" not in data.dims:
        raise ValueError(f"dim clip is missing; the dims are {tuple(map(str, data.dims))}")
    columns = {str(name): coord.values for name, coord in data.coords.items() if coord.dims == ("clip",)}
    table = pd.DataFrame({"clip": np.arange(data.sizes["clip"]).astype(str)} | columns)
    check_clips(table)
    for column in ("clip", "subject", "label"):
        table[column] = table[column].astype(str)
    return table


def check_clips(clips: pd.DataFrame) -> None:
    """Raise one error that lists every fault of a clip table.

    Parameters
    ----------
    clips : DataFrame
        A row a clip.

    Raises
    ------
    ValueError
        When a column of `REQUIRED` is missing, a subject or a label is empty, or a name occurs twice.

    Examples
    --------
    >>> check_clips(pd.DataFrame({"clip": ["a"], "subject": ["1"], "label": ["happy"]}))
    """
    faults = [f"column {name} is missing" for name in REQUIRED if name not in clips]
    if not faults:
        for column in ("subject", "label"):
            empty = clips["clip"][clips[column].isna() | (clips[column].astype(str).str.strip() == "")]
            if len(empty):
                faults.append(f"{column} of clip {empty.iloc[0]} is empty ({len(empty)} in all)")
        twice = clips["clip"][clips["clip"].duplicated()]
        if len(twice):
            faults.append(f"clip {twice.iloc[0]} occurs more than once ({len(twice)} repeats in all)")
    if faults:
        raise ValueError("clips: " + "; ".join(faults) + "; correct the table or leave these clips out")


def encode(labels: Sequence[str] | pd.Series, classes: Sequence[str] | None = None) -> tuple[np.ndarray, list[str]]:
    """Labels as numbers, and the classes that the numbers stand for.

    Parameters
    ----------
    labels : sequence of str
        Label of every clip.
    classes : sequence of str, optional
        The classes that exist, in the order of tables and figures; by default those that occur, sorted.

    Returns
    -------
    codes : ndarray of int64
    classes : list of str

    Raises
    ------
    ValueError
        When a label is not among the classes, fewer than two classes occur, or a class has a single clip: it could
        never be recognised, as there is nothing to learn it from.

    Examples
    --------
    >>> encode(["sad", "happy", "sad", "happy"])[0].tolist()
    [1, 0, 1, 0]
    """
    found = pd.Series(np.asarray(labels, dtype=object)).value_counts()
    known = sorted(found.index) if classes is None else list(classes)
    unknown = sorted(set(found.index) - set(known))
    if unknown:
        raise ValueError(f"label {unknown[0]!r} is not among the classes {known}; leave its clips out or add the class")
    if len(found) < 2:
        raise ValueError(f"at least two classes are needed; all clips are labelled {list(found.index)}")
    single = sorted(found.index[found == 1])
    if single:
        raise ValueError(f"class {single[0]!r} has one clip only; two are needed to learn one and test the other")
    return pd.Index(known).get_indexer(np.asarray(labels, dtype=object)), known


def select_clips(data: xr.DataArray, **columns: object) -> xr.DataArray:
    """The clips whose columns have one of the given values.

    Parameters
    ----------
    data : DataArray with dim ``clip``
    **columns : value or collection of values
        Such as ``label=["happy", "sad"]`` or ``genuine=True``.

    Returns
    -------
    DataArray

    Raises
    ------
    ValueError
        When a column is missing or no clip is left.

    Examples
    --------
    >>> data = xr.DataArray([0.0, 1.0], dims="clip", coords={"label": ("clip", ["happy", "sad"])})
    >>> select_clips(data, label="sad").values.tolist()
    [1.0]
    """
    keep = np.ones(data.sizes["clip"], dtype=bool)
    for name, wanted in columns.items():
        if name not in data.coords:
            raise ValueError(f"clips have no column {name!r}; columns are {sorted(map(str, data.coords))}")
        values: Any = list(wanted) if isinstance(wanted, list | tuple | set | frozenset | np.ndarray) else [wanted]
        keep &= np.isin(data[name].values, values)
    if not keep.any():
        raise ValueError(f"no clip has {columns}; look at the table of clips")
    return data.isel(clip=np.flatnonzero(keep))

"""Sidecars from the data dictionary: what every column and variable means, in one place."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from isc.io.files.text import read_json

FEATURE = "feature"  # in the dims of the dictionary: vertex, pair, blendshape or another dim of features
TEXT_KINDS = "UTO"  # NumPy kinds of text
PARTS = ("Columns", "Variables", "Values")  # of a table, an array, a set of values


def dictionary_folder() -> Path:
    """Folder of the data dictionary: inside the installed package, or beside the package in the repository.

    Returns
    -------
    Path
        Holds one JSON file a table, array or set of values.

    Examples
    --------
    >>> (dictionary_folder() / "tisc.json").is_file()
    True
    """
    package = Path(str(files("isc")))
    installed = package / "data_dictionary"
    return installed if installed.is_dir() else package.parent / "data_dictionary"


def dictionary_names() -> tuple[str, ...]:
    """Names of all entries of the data dictionary.

    Returns
    -------
    tuple of str
        Sorted.

    Examples
    --------
    >>> "tisc" in dictionary_names()
    True
    """
    return tuple(sorted(path.stem for path in dictionary_folder().glob("*.json")))


def read_dictionary(name: str) -> dict[str, Any]:
    """Entry of the data dictionary.

    Parameters
    ----------
    name : str
        Such as ``tisc``; for derivatives the key of `isc.io.bids.PRODUCTS`.

    Returns
    -------
    dict
        ``LongName``, ``Description``, ``File`` and one of ``Columns`` (of a table), ``Variables`` (of an array) or
        ``Values``: what each means (LongName, Description, Units, Levels, dtype, dims, source, Optional).

    Raises
    ------
    ValueError
        When there is no such entry.

    Examples
    --------
    >>> read_dictionary("tisc")["Variables"]["tisc"]["Units"]
    '1'
    """
    if name not in dictionary_names():
        raise ValueError(f"the data dictionary has no {name!r}; it has {', '.join(dictionary_names())}")
    return read_json(dictionary_folder() / f"{name}.json")


def sidecar_for(name: str, **extra: Any) -> dict[str, Any]:
    """Sidecar of a product: its entry of the data dictionary, and what this run knows about it.

    Parameters
    ----------
    name : str
        Entry of the data dictionary.
    **extra
        Further keys: ``Sources`` (BIDS URIs), ``Parameters``, ``Seed``, ``SoftwareVersions``, ``InputSHA256``,
        ``ModelSHA256``, ``ProductKey``, and what BIDS wants of the kind of file, such as ``SamplingFrequency``.

    Returns
    -------
    dict
        ``LongName``, ``Description``, then the columns of a table by their names, or ``Variables``, or the meaning
        of the values as ``ValueDescriptions``; `extra` last.

    Raises
    ------
    ValueError
        When there is no such entry.

    Examples
    --------
    >>> sidecar_for("peaks", Sources=["bids:raw:sub-01/beh/sub-01_task-film_events.tsv"])["onset"]["Units"]
    's'
    """
    entry = read_dictionary(name)
    sidecar = {key: entry[key] for key in ("LongName", "Description")}
    if "Columns" in entry:
        sidecar |= entry["Columns"]
    if "Variables" in entry:
        sidecar["Variables"] = entry["Variables"]
    if "Values" in entry:
        sidecar["ValueDescriptions"] = entry["Values"]
    return sidecar | extra


def column_descriptions(name: str, columns: list[str]) -> dict[str, Any]:
    """Entries of some columns of a table, as the JSON files of a raw data set have them.

    Parameters
    ----------
    name : str
        Entry of the data dictionary that describes a table.
    columns : list of str
        Columns that the table has; those that the dictionary does not know are left out.

    Returns
    -------
    dict
        Description by column.

    Examples
    --------
    >>> list(column_descriptions("events", ["onset", "hair_colour"]))
    ['onset']
    """
    known = read_dictionary(name)["Columns"]
    return {column: known[column] for column in columns if column in known}


def differences(name: str, product: pd.DataFrame | xr.DataArray | xr.Dataset | Mapping[str, Any]) -> list[str]:
    """Where a product and its entry of the data dictionary disagree, in either direction.

    Parameters
    ----------
    name : str
        Entry of the data dictionary.
    product : DataFrame, DataArray, Dataset or mapping
        As it was written: a table, an array, or a set of values.

    Returns
    -------
    list of str
        One sentence a difference: a name that only one of them has (``Optional`` ones may be absent), another dtype,
        other dims. Empty when they agree.

    Examples
    --------
    >>> differences("descriptions", pd.DataFrame({"desc_id": ["desc-qc"], "text": ["quality"]}))
    ["descriptions: 'text' is not in the dictionary", "descriptions: 'description' is not in the product"]
    """
    entry = read_dictionary(name)
    described = next(entry[part] for part in PARTS if part in entry)
    present = _parts(product)
    found = [f"{name}: {key!r} is not in the dictionary" for key in present if key not in described]
    for key, description in described.items():
        if key not in present:
            found += [] if description.get("Optional") else [f"{name}: {key!r} is not in the product"]
            continue
        expected = {"dtype": description["dtype"], "dims": description.get("dims")}
        for trait, value in present[key].items():
            if not _agrees(value, expected[trait]):
                found.append(f"{name}: {trait} of {key!r} is {value}, in the dictionary {expected[trait]}")
    return found


def _parts(product: pd.DataFrame | xr.DataArray | xr.Dataset | Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Dtype (and dims) of each column, variable and coord, or nothing of each value."""
    if isinstance(product, pd.DataFrame):
        return {str(name): {"dtype": _type_name(product[name].dtype)} for name in product.columns}
    if isinstance(product, xr.DataArray):
        product = product.to_dataset(name=product.name)
    if isinstance(product, xr.Dataset):
        return {
            str(name): {"dtype": _type_name(variable.dtype), "dims": list(map(str, variable.dims))}
            for name, variable in product.variables.items()
        }
    return {name: {} for name in product}


def _type_name(dtype: Any) -> str:
    return "str" if getattr(dtype, "kind", "O") in TEXT_KINDS else str(dtype)


def _agrees(value: Any, expected: Any) -> bool:
    if isinstance(expected, list) and isinstance(value, list) and len(value) == len(expected):
        return all(wanted in (dim, FEATURE) for dim, wanted in zip(value, expected, strict=True))
    return value == expected

"""JSON as bytes: strict, readable, equal for equal content."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def format_json(content: Mapping[str, Any]) -> bytes:
    r"""Bytes of a JSON file: UTF-8, keys in the order given, NumPy numbers as plain ones.

    Parameters
    ----------
    content : mapping
        Text, numbers, booleans, None, lists and mappings of these.

    Returns
    -------
    bytes
        Indented by two spaces.

    Raises
    ------
    ValueError
        When a number is NaN or infinite; write None where it is missing.
    TypeError
        When a value has no JSON form.

    Examples
    --------
    >>> format_json({"rate": np.float32(30)})
    b'{\n  "rate": 30.0\n}\n'
    """
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=as_plain) + "\n").encode()


def as_plain(value: object) -> object:
    """Python's own form of a NumPy number or array, for ``json.dumps(default=...)``.

    Parameters
    ----------
    value : object
        What `json` could not write.

    Returns
    -------
    int, float, bool, str or list
        Equal to `value`.

    Raises
    ------
    TypeError
        When `value` has no JSON form.

    Examples
    --------
    >>> as_plain(np.float32(0.5))
    0.5
    """
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} ({type(value).__name__}) has no JSON form; give text, numbers, lists or mappings")

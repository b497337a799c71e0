"""Columns of participants.tsv whose cells BIDS itself prescribes."""

import re

from isc.io.files.text import MISSING

AGE = re.compile(r"\d+(\.\d+)?|89\+")
# BIDS 1.10 schema, objects.columns: each word in small letters, capitals, or with a capital in front.
WORDS = {
    "sex": ("male", "m", "female", "f", "other", "o"),
    "handedness": ("left", "l", "right", "r", "ambidextrous", "a"),
}


def column_fault(column: str, text: str) -> str:
    """What BIDS objects to in a cell of participants.tsv.

    Parameters
    ----------
    column : str
        Name of the column, as it is written.
    text : str
        Content of the cell.

    Returns
    -------
    str
        Empty where there is nothing to object to: BIDS prescribes age, sex and handedness, and every other column
        is free.

    Examples
    --------
    >>> column_fault("age", "24"), column_fault("mood", "fine")
    ('', '')
    >>> column_fault("sex", "woman")
    "sex 'woman' is not BIDS: write male, female or other (or their first letters), or n/a"
    """
    if text in ("", MISSING):
        return ""
    if column == "age" and not AGE.fullmatch(text):
        return f"age {text!r} is not BIDS: write years as a number (89+ from 89 on), or n/a"
    if column in WORDS and text not in _spellings(column):
        first, second, third = WORDS[column][::2]
        return f"{column} {text!r} is not BIDS: write {first}, {second} or {third} (or their first letters), or n/a"
    return ""


def _spellings(column: str) -> set[str]:
    return {spelt for word in WORDS[column] for spelt in (word, word.upper(), word.capitalize())}

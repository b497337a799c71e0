"""The page itself: content into a template, and the bytes onto the disk."""

import base64
import hashlib
import re
from functools import cache
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from pandas.api.types import is_bool_dtype, is_float_dtype, is_integer_dtype

from isc.io.files.atomic import write_bytes
from isc.report.content import Notice, ReportContent, ReportTable, Severity

MOST_ROWS = 40  # of a table; the whole is behind its link
SEVERITY_WORDS: dict[Severity, str] = {"error": "Error", "warning": "Warning", "note": "Note"}  # the gravest first
NO_VALUE = "n/a"
MOST_DECIMALS = 6
PIXELS_PER_POINT = 96 / 72
ENLARGED = 1.25


class _Column(NamedTuple):
    name: str
    texts: list[str]
    is_number: bool


def write_report(path: Path, content: ReportContent) -> None:
    """Write the report as one HTML file that opens from the disk, without a network and without a script.

    Equal content gives equal bytes; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        Usually ``report.html`` in the derivative data set: the links of tables are relative to its folder.
    content : ReportContent
        What the page shows.

    Raises
    ------
    isc.io.files.atomic.DerivativeError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "report.html")
    >>> write_report(path, ReportContent(title="Pilot <1>"))
    >>> "<h1>Pilot &lt;1&gt;</h1>" in path.read_text(encoding="utf-8")
    True
    """
    write_bytes(path, render_report(content).encode("utf-8"))


def render_report(content: ReportContent) -> str:
    """The page as text.

    Parameters
    ----------
    content : ReportContent
        What the page shows; every string is escaped.

    Returns
    -------
    str
        A whole HTML document.

    Examples
    --------
    >>> render_report(ReportContent(title="Pilot")).splitlines()[0]
    '<!doctype html>'
    """
    environment = page_environment()
    style = environment.get_template("report.css").render()
    return environment.get_template("report.html").render(
        content=content,
        notices=sorted(content.warnings, key=lambda notice: list(SEVERITY_WORDS).index(notice.severity)),
        most_rows=MOST_ROWS,
        style=style,
        style_hash=content_hash(style),
        figure_number=count(1).__next__,
        table_number=count(1).__next__,
    )


def content_hash(text: str) -> str:
    """SHA-256 in base64, by which a page's security policy knows the style and the script it carries.

    Parameters
    ----------
    text : str
        All that stands between the tags.

    Returns
    -------
    str

    Examples
    --------
    >>> content_hash("")
    '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def page_environment() -> Environment:
    """Templates of this package: every value is escaped, and a missing one is an error."""
    environment = Environment(
        loader=PackageLoader("isc.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "address": lambda path: quote(path),
        "place": lambda link: quote(link, safe="/#="),
        "columns": _columns,
        "image": _image,
        "paragraphs": _paragraphs,
        "severity": _severity_word,
        "width": _width,
    }
    return environment


def _severity_word(notice: Notice) -> str:
    return SEVERITY_WORDS[notice.severity]


def _paragraphs(text: str) -> list[str]:
    """Paragraphs are separated by empty lines."""
    return [part.strip() for part in text.split("\n\n") if part.strip()]


def _image(svg: str) -> str:
    """A data address: as an image, SVG runs no script and its ids cannot clash with those of another figure."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode()


def _width(svg: str) -> int | None:
    """Pixels on the page: larger than on paper, where 7 pt are read at arm's length."""
    found = re.search(r'<svg[^>]* width="([0-9.]+)pt"', svg)
    return round(float(found[1]) * PIXELS_PER_POINT * ENLARGED) if found else None


def _columns(table: ReportTable) -> list[_Column]:
    """Headings and texts of the first `MOST_ROWS` rows, column by column."""
    shown = table.table.head(MOST_ROWS)
    return [_column(str(name), shown.iloc[:, number]) for number, name in enumerate(shown.columns)]


def _column(name: str, values: pd.Series) -> _Column:
    if is_float_dtype(values.dtype):
        return _Column(name, _float_texts(values.to_numpy(dtype=float, na_value=np.nan)), is_number=True)
    words = {True: "yes", False: "no"} if is_bool_dtype(values.dtype) else {}
    texts = [NO_VALUE if pd.isna(value) else words.get(value, str(value)) for value in values]
    return _Column(name, texts, is_number=is_integer_dtype(values.dtype))


def _float_texts(values: np.ndarray) -> list[str]:
    """As many decimals in the whole column as show three digits of its largest value."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    decimals = int(np.clip(2 - np.floor(np.log10(sizes.max())), 0, MOST_DECIMALS)) if sizes.size else 0
    return [_float_text(value, decimals) for value in values.tolist()]


def _float_text(value: float, decimals: int) -> str:
    if not np.isfinite(value):
        return NO_VALUE
    text = f"{value:.{decimals}f}"
    return f"{value:.1g}" if value != 0 and float(text) == 0 else text  # a p of 0.0002 is not 0

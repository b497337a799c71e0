"""What a report holds: plain frozen containers that a stage fills and the page shows in order.

All text is plain text: the page escapes it, so that a participant may be called ``<script>``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal, get_args

import pandas as pd

Severity = Literal["error", "warning", "note"]
DOI = re.compile(r"10\.\d{4,9}/[^\s<>\"]+")


def _check_link(link: str) -> None:
    path = PurePosixPath(link)
    if path.is_absolute() or ".." in path.parts or ":" in link or "\\" in link or not path.parts:
        raise ValueError(f"link must be a path below the report's folder, with /; given {link!r}")


@dataclass(frozen=True)
class Fact:
    """One line of the page's header: 'participants', '21 (2 left out)'.

    Examples
    --------
    >>> Fact("participants", "21").label
    'participants'
    """

    label: str
    value: str


@dataclass(frozen=True)
class Notice:
    """Something to know before reading the results; errors stand before warnings, warnings before notes.

    Examples
    --------
    >>> Notice("warning", "8 subjects: maps settle at about 20.").severity
    'warning'
    """

    severity: Severity
    text: str

    def __post_init__(self) -> None:
        """Refuse a severity that has no place on the page."""
        if self.severity not in get_args(Severity):
            raise ValueError(f"severity must be one of {', '.join(get_args(Severity))}; given {self.severity!r}")


@dataclass(frozen=True)
class ReportFigure:
    """A figure.

    Attributes
    ----------
    svg : str
        From `isc.report.figure_svg`. It is embedded as an image, in which no script runs.
    caption : str
        What is shown, with n and units; the page puts the number before it.
    alt : str
        What somebody who does not see the figure has to know: its message, not its parts.
    link : str, optional
        Page that shows more, relative to the report; it may end in ``#place``, such as ``explore.html#window=3``.
    """

    svg: str
    caption: str
    alt: str
    link: str | None = None

    def __post_init__(self) -> None:
        """Refuse a figure that cannot be shown or has nothing for readers who do not see it."""
        if "<svg" not in self.svg:
            raise ValueError(
                f"svg must hold an <svg> element, as isc.report.figure_svg makes it; given {self.svg[:40]!r}"
            )
        if not self.alt.strip():
            raise ValueError(f"the figure {self.caption[:40]!r} has no alt text; say in a sentence what it shows")
        if self.link is not None:
            _check_link(self.link)


@dataclass(frozen=True, eq=False)
class ReportTable:
    """A table; long ones are shown in part, with a link to the whole.

    Attributes
    ----------
    table : DataFrame
        Columns become headings, the first column names the rows; the index is not shown.
    caption : str
        What is listed, with units; the page puts the number before it.
    link : str, optional
        File with the whole table, relative to the report, such as ``group/task-film_agreement.tsv``.
    row_links : mapping of str to str
        Name of a row (its text in the first column) to the page it leads to, relative to the report.
    """

    table: pd.DataFrame
    caption: str
    link: str | None = None
    row_links: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a link that leaves the folder of the report."""
        for link in (*([] if self.link is None else [self.link]), *self.row_links.values()):
            _check_link(link)


@dataclass(frozen=True)
class Section:
    """One part of the page, with its own heading and entry in the contents.

    Attributes
    ----------
    title : str
        Heading.
    intro : str
        Paragraphs, separated by empty lines.
    figures, tables : tuple
        Shown in this order, figures first.
    """

    title: str
    intro: str = ""
    figures: tuple[ReportFigure, ...] = ()
    tables: tuple[ReportTable, ...] = ()


@dataclass(frozen=True)
class Citation:
    """A reference; its DOI becomes a link.

    Examples
    --------
    >>> Citation("Hasson et al. 2004, Science 303:1634-1640", "10.1126/science.1089506").doi
    '10.1126/science.1089506'
    """

    text: str
    doi: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no DOI: it would become a link to somewhere else."""
        if self.doi is not None and not DOI.fullmatch(self.doi):
            raise ValueError(f"a DOI is written 10.number/name, without an address before it; given {self.doi!r}")


@dataclass(frozen=True)
class ReportContent:
    """Everything on the page, in the order of the page.

    Attributes
    ----------
    title : str
        Name of the study.
    warnings : tuple of Notice
        Shown first, the gravest first.
    facts : tuple of Fact
        Participants, stimulus, windows, null and what it controls, seed.
    sections : tuple of Section
        Quality, t-ISC, face map, nulls, peaks.
    methods : str
        Paragraphs, separated by empty lines.
    citations : tuple of Citation
        What the methods cite.
    software : mapping of str to str
        Package to version.
    pages : mapping of str to str
        Pages beside this one: what is there, and the file, relative to the report.

    Examples
    --------
    >>> ReportContent(title="Pilot").sections
    ()
    """

    title: str
    warnings: tuple[Notice, ...] = ()
    facts: tuple[Fact, ...] = ()
    sections: tuple[Section, ...] = ()
    methods: str = ""
    citations: tuple[Citation, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a link that leaves the folder of the report."""
        for link in self.pages.values():
            _check_link(link)

"""What has to be said about a result: warnings as objects that travel with the result into the report."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import xarray as xr

Severity = Literal["note", "warning", "error"]  # the words of the report
Plain = str | int | float | list[str] | list[float]


@dataclass(frozen=True)
class Finding:
    """One thing that a reader has to know before the numbers.

    Attributes
    ----------
    code : str
        Stable name of the kind of finding, for programs: ``few_subjects``.
    severity : {"note", "warning", "error"}
        ``warning``: results are right but easily misread, or rest on an assumption that fails here. ``error``:
        no inference is given.
    message : str
        What was found, in the data's own numbers, and what to do.
    values : mapping of str to str, int, float or list
        The numbers in the message.
    """

    code: str
    severity: Severity
    message: str
    values: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a severity that no report knows."""
        if self.severity not in get_args(Severity):
            raise ValueError(f"severity must be one of {', '.join(get_args(Severity))}; given {self.severity!r}")


def with_findings(result: xr.Dataset, findings: Iterable[Finding]) -> xr.Dataset:
    """The result with its findings as variables of text, so that they are saved with it.

    Parameters
    ----------
    result : Dataset
        Findings that it has already are kept; the same finding is not said twice.
    findings : iterable of Finding

    Returns
    -------
    Dataset
        With ``warnings`` (finding) and the coords ``code``, ``severity`` and ``values`` (JSON) along it.

    Examples
    --------
    >>> told = with_findings(xr.Dataset(), [Finding("few_subjects", "warning", "8 subjects.", {"n_subject": 8})])
    >>> told.warnings.values.tolist(), told.code.values.tolist()
    (['8 subjects.'], ['few_subjects'])
    """
    kept = read_findings(result)
    kept += [finding for finding in findings if finding not in kept]
    columns = {
        "warnings": [f.message for f in kept],
        "code": [f.code for f in kept],
        "severity": [f.severity for f in kept],
        "values": [json.dumps(dict(f.values), sort_keys=True) for f in kept],
    }
    text = {name: ("finding", np.array(column, dtype=np.str_)) for name, column in columns.items()}
    bare = result.drop_vars([name for name in text if name in result.variables])
    return bare.assign(warnings=text.pop("warnings")).assign_coords(text)


def read_findings(result: xr.Dataset) -> list[Finding]:
    """Findings that a result carries; none when it has no ``warnings``.

    Parameters
    ----------
    result : Dataset
        From `with_findings`, or read back from a file.

    Returns
    -------
    list of Finding

    Examples
    --------
    >>> read_findings(xr.Dataset())
    []
    """
    if "warnings" not in result.variables:
        return []
    columns = [result[name].values.tolist() for name in ("code", "severity", "warnings", "values")]
    return [Finding(code, severity, text, json.loads(v)) for code, severity, text, v in zip(*columns, strict=True)]

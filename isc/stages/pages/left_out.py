"""Pages for participants whom the group leaves out: they say why, and show what is known of the recording."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from isc.io.bids import participant_page
from isc.io.derivatives import DerivativeError
from isc.report import Fact, Notice, ReportContent, render_report
from isc.stages.pages.participant_page import participant_content
from isc.stages.provenance.shelf import Shelf
from isc.stages.provenance.version import code_version, software_versions
from isc.study import Study

SHOWN = ("quality", "headpose", "peaks")  # products that a page is drawn from


def left_out_reason(name: str, notes: Sequence[str]) -> str:
    """The note of the group that says why somebody is left out.

    Parameters
    ----------
    name : str
        Such as ``sub-01``.
    notes : sequence of str
        From `isc.stages.group.members.usable_participants`.

    Returns
    -------
    str

    Examples
    --------
    >>> left_out_reason("sub-01", ["sub-011 is left out: died", "sub-01 is left out: no face"])
    'sub-01 is left out: no face'
    """
    return next((note for note in notes if note.startswith(f"{name} ")), f"{name} is left out.")


def left_out_inputs(left_out: Mapping[str, Shelf]) -> list[Path]:
    """Finished products that the pages are drawn from."""
    paths = [shelf.path(product) for shelf in left_out.values() for product in SHOWN]
    return [path for path in paths if path.is_file()]


def left_out_pages(study: Study, left_out: Mapping[str, Shelf], reasons: Mapping[str, str]) -> dict[Path, bytes]:
    """A page for everybody who is left out.

    Parameters
    ----------
    study : Study
    left_out : mapping of str to Shelf
    reasons : mapping of str to str

    Returns
    -------
    dict of Path to bytes
    """
    return {
        participant_page(shelf.root, str(shelf.entities.subject)): render_report(
            left_out_content(study, shelf, reasons[name])
        ).encode()
        for name, shelf in left_out.items()
    }


def left_out_content(study: Study, shelf: Shelf, reason: str) -> ReportContent:
    """What a page shows: the reason first, then the recording as far as it was analysed.

    Parameters
    ----------
    study : Study
    shelf : Shelf
        Of the participant.
    reason : str

    Returns
    -------
    ReportContent
    """
    first = Notice("error", f"{reason.rstrip('.')}. Nothing of this recording is in the results of the group.")
    try:
        content = participant_content(study, shelf)
    except DerivativeError:
        content = ReportContent(
            title=f"sub-{shelf.entities.subject}: {study.title}",
            warnings=(Notice("note", "The recording was not analysed to the end, so there is nothing to show of it."),),
            facts=(Fact("stimulus", f"task {shelf.entities.task}"), Fact("software", f"isc-toolkit {code_version()}")),
            software=software_versions(),
            pages={"Report of the group": "report.html"},
        )
    return replace(content, warnings=(first, *content.warnings))

"""The group level from cube to report: makes every product, then tells what is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import xarray as xr

from isc.io.bids import figures_folder, participant_page, root_path
from isc.io.derivatives import DerivativeError, read_sidecar, read_table
from isc.io.files.file_sets import write_file_set
from isc.mesh import mean_shape
from isc.report import CITATIONS, Fact, Notice, ReportContent, render_report
from isc.stages.group.head_pose import head_pose_cube
from isc.stages.group.members import (
    Group,
    Progress,
    epochs_path,
    film_duration,
    usable_participants,
)
from isc.stages.group.products import Products, make_products
from isc.stages.group.synchrony import diagnosis_of, inference_findings
from isc.stages.pages.classification_page import classification_link, classification_section, classification_tables
from isc.stages.pages.evidence import behaviour_section, diagnostics_section, null_section
from isc.stages.pages.explorer import study_explorer
from isc.stages.pages.left_out import left_out_inputs, left_out_pages, left_out_reason
from isc.stages.pages.methods import cited, methods_text
from isc.stages.pages.participant_page import participant_content
from isc.stages.pages.results import results_of
from isc.stages.pages.sections import Results, face_section, quality_section, series_section
from isc.stages.provenance.ledger import Ledger
from isc.stages.provenance.shelf import Shelf, load_array, load_dataset, stored_warnings
from isc.stages.provenance.version import code_version, software_versions
from isc.study import Study, StudyError
from isc.synchrony.smoothness.autocorrelation import REFUSE_SUBJECTS

STAGES = ("tisc", "report")


def analyse_group(
    study: Study,
    shelf: Shelf,
    participants: Mapping[str, Shelf],
    failed: Mapping[str, str],
    progress: Progress,
    *,
    stages: Sequence[str] = STAGES,
) -> Path | None:
    """Make all products of the group and draw the report, a page a participant and the explorer.

    Parameters
    ----------
    study : Study
    shelf : Shelf
        Of the group.
    participants : mapping of str to Shelf
        Everybody with a recording, by name such as ``sub-01``.
    failed : mapping of str to str
        Why a participant failed in this run.
    progress : callable
        Called with (step, surrogates done, surrogates expected).
    stages : sequence of str
        Of ``tisc`` (cube, synchrony, its tests and its relation to reports) and ``report``.

    Returns
    -------
    Path or None
        report.html, when it was asked for.

    Raises
    ------
    StudyError
        When fewer than two participants can be used, their recordings do not fit together, or the report alone was
        asked for and a product is not up to date.
    """
    notes: list[str] = []
    usable = usable_participants(study, participants, failed, notes)
    group = Group(study, shelf, usable, notes, film_duration(usable, notes))
    products = make_products(group, progress) if "tisc" in stages else _finished(group)
    return make_report(group, products, participants) if "report" in stages else None


def _finished(group: Group) -> Products:
    """Products of the group as they are, all of them up to date."""
    ledger = Ledger(planning=True)
    products = make_products(replace(group, shelf=replace(group.shelf, ledger=ledger, force=False)), lambda *said: None)
    for path, reason in ledger.reasons.items():
        raise StudyError(f"the report needs {path.name}, which is not up to date ({reason}); run the stage tisc first")
    return products


def make_report(group: Group, products: Products, recorded: Mapping[str, Shelf]) -> Path:
    """Page with its figures; drawn only when a product, a setting or a note differs from what the last one shows.

    Parameters
    ----------
    group : Group
    products : Products
    recorded : mapping of str to Shelf
        Participants with a recording, those left out included; everybody gets a page.

    Returns
    -------
    Path
        report.html
    """
    left_out = {name: shelf for name, shelf in recorded.items() if name not in group.participants}
    page, inputs = root_path(group.shelf.root, "report"), [*_report_inputs(group, products), *left_out_inputs(left_out)]
    parameters: dict[str, object] = {}
    if not any(group.shelf.ledger.planned(path) for path in inputs):
        notes = [*group.notes, *_participant_notes(group)]
        parameters = {"settings": group.study.model_dump(), "notes": notes, "n_recorded": len(recorded)}
    sidecar = group.shelf.due("report", inputs=inputs, parameters=parameters)
    if sidecar is not None:
        reasons = {name: left_out_reason(name, group.notes) for name in left_out}
        content = _content(group, products, left_out)
        figures = _figure_files(group, content)
        values = {"page": page.name, "figures": [path.relative_to(group.shelf.root).as_posix() for path in figures]}
        files = {page: render_report(content).encode(), **figures, **_other_pages(group)}
        files |= left_out_pages(group.study, left_out, reasons)
        write_file_set(files, group.shelf.path("report"), values, sidecar)
    return page


def _other_pages(group: Group) -> dict[Path, bytes]:
    """A page for each participant, and the explorer."""
    root, study = group.shelf.root, group.study
    pages = {
        participant_page(root, str(shelf.entities.subject)): render_report(participant_content(study, shelf)).encode()
        for shelf in group.participants.values()
    }
    return pages | {root_path(root, "explorer"): study_explorer(study, group.shelf).html.encode()}


def _report_inputs(group: Group, products: Products) -> list[Path]:
    """All that the page is drawn from."""
    epochs = epochs_path(group.shelf.raw_root, group.study.task)
    paths = [products.cube, *products.tisc.values(), *products.associations.values()]
    paths += [path for schemes in products.nulls.values() for path in schemes.values()]
    for shelf in group.participants.values():
        paths += [shelf.path("quality"), shelf.path("headpose")]
        paths += [shelf.path("peaks")] if shelf.path("peaks").is_file() else []
    paths += [] if products.agreement is None else [products.agreement]
    paths += classification_tables(group.shelf.root)
    return paths + ([epochs] if epochs.is_file() else [])


def _figure_files(group: Group, content: ReportContent) -> dict[Path, bytes]:
    """Figures of the report as files for papers: vector graphics, numbered as in the report."""
    folder = figures_folder(group.shelf.root)
    figures = [figure for section in content.sections for figure in section.figures]
    return {
        folder / f"task-{group.study.task}_figure-{number:02d}.svg": figure.svg.encode()
        for number, figure in enumerate(figures, start=1)
    }


def _content(group: Group, products: Products, left_out: Mapping[str, Shelf]) -> ReportContent:
    cube = load_array(products.cube)
    results = results_of(
        group,
        products,
        mean_face=mean_shape(cube),
        quality=_quality_table(group),
        pages={name: participant_page(group.shelf.root, name.removeprefix("sub-")).name for name in group.participants},
    )
    participant_notes = _participant_notes(group)
    vertices = load_dataset(products.tisc["vertices"])
    diagnosis = diagnosis_of(group, cube, vertices, head_pose=head_pose_cube(group, cube))
    inference = inference_findings(group, diagnosis, cube.sizes["subject"])
    study_notes = [*group.notes, *participant_notes]
    sections = [
        series_section(results),
        face_section(results),
        null_section(results),
        diagnostics_section(diagnosis),
        behaviour_section(results),
        classification_section(group.shelf.root),
        quality_section(results),
    ]
    is_related = any(table["p"].notna().any() for table in results.associations.values())
    methods = methods_text(group.study, cube, results.tisc["vertices"], results.agreement, has_relation=is_related)
    return ReportContent(
        title=group.study.title,
        warnings=(
            *(Notice(finding.severity, finding.message) for finding in inference),
            *(Notice("warning", text) for text in study_notes),
        ),
        facts=_facts(group, results, cube, len(left_out)),
        sections=tuple(section for section in sections if section is not None),
        methods=methods,
        citations=tuple(CITATIONS[name] for name in cited(methods)),
        software=software_versions(),
        pages={
            "Interactive map of synchrony": root_path(group.shelf.root, "explorer").name,
            **classification_link(group.shelf.root),
            **{f"{name} (left out)": participant_page(group.shelf.root, name[4:]).name for name in left_out},
        },
    )


def _quality_table(group: Group) -> pd.DataFrame:
    return pd.concat([read_table(shelf.path("quality")) for shelf in group.participants.values()], ignore_index=True)


def _participant_notes(group: Group) -> list[str]:
    """Warnings that the participants' own products were made with."""
    notes = []
    said: dict[str, list[str]] = {}
    for name, shelf in group.participants.items():
        if read_sidecar(shelf.path("landmarks_aligned"))["Parameters"]["stimulus_onset_s"] is None:
            notes.append(f"{name}: scans.tsv has no stimulus_onset; its video is taken to start with the film.")
        for product in ("landmarks_tracked", "peaks"):
            try:
                for text in stored_warnings(shelf.path(product)):
                    said.setdefault(text.replace(f"{name}_", ""), []).append(name)
            except DerivativeError:
                continue
    return notes + [f"{', '.join(names)}: {text}" for text, names in said.items()]


def _facts(group: Group, results: Results, cube: xr.DataArray, left_out: int) -> tuple[Fact, ...]:
    duration = group.film_duration
    film = "length not logged" if duration is None else f"{duration:.1f} s"
    return (
        Fact("participants", f"{cube.sizes['subject']}" + (f" ({left_out} left out)" if left_out else "")),
        Fact("stimulus", f"task {group.study.task}, {film}"),
        Fact("recording used", f"{cube.sizes['time']} samples at {results.tisc['vertices'].attrs['rate_hz']:g} Hz"),
        *inference_facts(group.study, results),
    )


def inference_facts(study: Study, results: Results) -> tuple[Fact, ...]:
    """Windows, nulls and what they control, seed and software.

    Parameters
    ----------
    study : Study
    results : Results

    Returns
    -------
    tuple of Fact
    """
    tisc, limits = results.tisc[results.main], results.deciding[results.main]
    families = f"; {' and '.join(results.tisc)} are families of their own, each with this rate"
    covered = limits.attrs["error_rate"] + (families if len(results.tisc) > 1 else "")
    tested = (
        Fact("nulls that decide significance", f"{results.scheme} (a cell has to pass all)"),
        Fact("what significance rejects", limits.attrs["null_hypothesis"]),
        Fact("what its error rate covers", covered),
    )
    return (
        Fact(
            "windows",
            f"{tisc.sizes['window']} of {tisc.attrs['window_s']:g} s, one every {tisc.attrs['step_s']:.3g} s",
        ),
        *(() if tisc.attrs["n_subject"] < REFUSE_SUBJECTS else tested),
        Fact("surrogates, seed", f"{limits.attrs['n_surrogates']} a scheme, seed {study.null.seed}"),
        Fact("software", f"isc-toolkit {code_version()}"),
    )

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
from isc.stages.behaviour import read_agreement
from isc.stages.evidence import behaviour_section, diagnostics_section, null_section
from isc.stages.explorer import study_explorer
from isc.stages.group import (
    Group,
    Progress,
    epochs_path,
    film_duration,
    read_epochs,
    usable_participants,
)
from isc.stages.group_products import Products, make_products
from isc.stages.ledger import Ledger
from isc.stages.maps import flat
from isc.stages.methods import cited, methods_text
from isc.stages.participant_page import participant_content
from isc.stages.sections import Results, face_section, quality_section, series_section
from isc.stages.shelf import Shelf, load_array, load_dataset, stored_warnings
from isc.stages.synchrony import deciding_schemes, diagnosis_of, inference_findings
from isc.stages.version import code_version, software_versions
from isc.study import Study, StudyError
from isc.synchrony.decision import strictest
from isc.synchrony.inference import thresholds

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
    return make_report(group, products, len(participants)) if "report" in stages else None


def _finished(group: Group) -> Products:
    """Products of the group as they are, all of them up to date."""
    ledger = Ledger(planning=True)
    products = make_products(replace(group, shelf=replace(group.shelf, ledger=ledger, force=False)), lambda *said: None)
    for path, reason in ledger.reasons.items():
        raise StudyError(f"the report needs {path.name}, which is not up to date ({reason}); run the stage tisc first")
    return products


def make_report(group: Group, products: Products, n_recorded: int) -> Path:
    """Page with its figures; drawn only when a product, a setting or a note differs from what the last one shows.

    Parameters
    ----------
    group : Group
    products : Products
    n_recorded : int
        Participants with a recording, those left out included.

    Returns
    -------
    Path
        report.html
    """
    page, inputs = root_path(group.shelf.root, "report"), _report_inputs(group, products)
    parameters: dict[str, object] = {}
    if not any(group.shelf.ledger.planned(path) for path in inputs):
        notes = [*group.notes, *_participant_notes(group)]
        parameters = {"settings": group.study.model_dump(), "notes": notes, "n_recorded": n_recorded}
    sidecar = group.shelf.due("report", inputs=inputs, parameters=parameters)
    if sidecar is not None:
        content = _content(group, products, n_recorded)
        figures = _figure_files(group, content)
        values = {"page": page.name, "figures": [path.relative_to(group.shelf.root).as_posix() for path in figures]}
        files = {page: render_report(content).encode(), **figures, **_other_pages(group)}
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
    return paths + ([epochs] if epochs.is_file() else [])


def _figure_files(group: Group, content: ReportContent) -> dict[Path, bytes]:
    """Figures of the report as files for papers: vector graphics, numbered as in the report."""
    folder = figures_folder(group.shelf.root)
    figures = [figure for section in content.sections for figure in section.figures]
    return {
        folder / f"task-{group.study.task}_figure-{number:02d}.svg": figure.svg.encode()
        for number, figure in enumerate(figures, start=1)
    }


def _content(group: Group, products: Products, n_recorded: int) -> ReportContent:
    cube = load_array(products.cube)
    results = results_of(
        group,
        products,
        mean_face=mean_shape(cube),
        quality=_quality_table(group),
        pages={name: participant_page(group.shelf.root, name.removeprefix("sub-")).name for name in group.participants},
    )
    participant_notes = _participant_notes(group)
    diagnosis = diagnosis_of(group, cube, load_dataset(products.tisc["vertices"]))
    inference = inference_findings(group, diagnosis, cube.sizes["subject"])
    study_notes = [*group.notes, *participant_notes]
    sections = [
        series_section(results),
        face_section(results),
        null_section(results),
        diagnostics_section(diagnosis),
        behaviour_section(results),
        quality_section(results),
    ]
    methods = methods_text(group.study, cube, results.tisc["vertices"], results.agreement)
    return ReportContent(
        title=group.study.title,
        warnings=(
            *(Notice(finding.severity, finding.message) for finding in inference),
            *(Notice("warning", text) for text in study_notes),
        ),
        facts=_facts(group, results, cube, n_recorded),
        sections=tuple(section for section in sections if section is not None),
        methods=methods,
        citations=tuple(CITATIONS[name] for name in cited(methods)),
        software=software_versions(),
        pages={"Interactive map of synchrony": root_path(group.shelf.root, "explorer").name},
    )


def results_of(
    group: Group,
    products: Products,
    *,
    mean_face: xr.DataArray | None,
    quality: pd.DataFrame,
    pages: Mapping[str, str] | None = None,
) -> Results:
    """Everything the sections show, read back from the products.

    Parameters
    ----------
    group : Group
    products : Products
    mean_face : DataArray or None
        None when the features are not those of a face.
    quality : DataFrame
        One row a recording.
    pages : mapping of str to str, optional
        Participant to the page about the recording.

    Returns
    -------
    Results
        Features in one dim (`isc.stages.maps.flat`).
    """
    tisc = {name: flat(load_dataset(path)) for name, path in products.tisc.items()}
    nulls = {
        name: {scheme: load_array(path) for scheme, path in paths.items()} for name, paths in products.nulls.items()
    }
    alpha, tail = group.study.null.alpha, group.study.null.tail
    limits = {
        name: {scheme: thresholds(null, alpha=alpha, tail=tail) for scheme, null in of.items()}
        for name, of in nulls.items()
    }
    n_subject = next(iter(tisc.values()))["tisc"].attrs["n_subject"]
    schemes = deciding_schemes(group.study, n_subject)
    return Results(
        tisc={name: result["tisc"] for name, result in tisc.items()},
        significant={name: result["significant"] for name, result in tisc.items()},
        p={name: result["p"] for name, result in tisc.items()},
        nulls=nulls,
        thresholds=limits,
        deciding={name: strictest({scheme: of[scheme] for scheme in schemes}) for name, of in limits.items()},
        mean_face=mean_face,
        agreement=None if products.agreement is None else read_agreement(products.agreement),
        chance_upper=_chance_upper(products.agreement),
        associations={name: read_table(path) for name, path in products.associations.items()},
        association_notes=_association_notes(products),
        quality=quality,
        epochs=_epochs(group),
        links=_links(group, products),
        pages=pages or {},
    )


def _chance_upper(agreement: Path | None) -> float | None:
    return None if agreement is None else float(read_table(agreement)["chance_upper"].iloc[0])


def _association_notes(products: Products) -> tuple[str, ...]:
    found = [text for path in products.associations.values() for text in stored_warnings(path)]
    return tuple(dict.fromkeys(found))


def _quality_table(group: Group) -> pd.DataFrame:
    return pd.concat([read_table(shelf.path("quality")) for shelf in group.participants.values()], ignore_index=True)


def _epochs(group: Group) -> pd.DataFrame | None:
    """Annotated epochs of the film; a note when their table cannot be used."""
    try:
        return read_epochs(group.shelf.raw_root, group.study.task)
    except StudyError as error:
        group.notes.append(str(error))
        return None


def _links(group: Group, products: Products) -> dict[str, str]:
    """Tables and arrays behind the figures, relative to the report."""
    paths = {f"tisc {name}": path for name, path in products.tisc.items()}
    paths |= {f"association {name}": path for name, path in products.associations.items()}
    if products.agreement is not None:
        paths["agreement"] = products.agreement
    return {name: path.relative_to(group.shelf.root).as_posix() for name, path in paths.items()}


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


def _facts(group: Group, results: Results, cube: xr.DataArray, n_recorded: int) -> tuple[Fact, ...]:
    left_out, duration = n_recorded - cube.sizes["subject"], group.film_duration
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
    return (
        Fact(
            "windows",
            f"{tisc.sizes['window']} of {tisc.attrs['window_s']:g} s, one every {tisc.attrs['step_s']:.3g} s",
        ),
        Fact("nulls that decide significance", f"{results.scheme} (a cell has to pass all)"),
        Fact("what significance rejects", limits.attrs["null_hypothesis"]),
        Fact("what its error rate covers", limits.attrs["error_rate"]),
        Fact("surrogates, seed", f"{limits.attrs['n_surrogates']} a scheme, seed {study.null.seed}"),
        Fact("software", f"isc-toolkit {code_version()}"),
    )

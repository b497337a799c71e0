"""A page for each participant: how the recording went, how the head moved, when the key was pressed. No frame."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.bids import participant_page
from isc.io.derivatives import DerivativeError, read_table
from isc.io.files.sidecars import read_dictionary
from isc.plots import plot_recording
from isc.report import Fact, Notice, ReportContent, ReportFigure, ReportTable, Section, figure_svg, write_report
from isc.stages.group.head_pose import read_head_pose
from isc.stages.group.members import log_sidecar
from isc.stages.provenance.shelf import Shelf, stored_warnings
from isc.stages.provenance.version import code_version, software_versions
from isc.study import Study

FEW_FRAMES = 0.9  # share of frames with a face below which a reader should look twice
TOLD = ("landmarks_tracked", "peaks")  # products whose warnings the page repeats


def write_participant_page(study: Study, shelf: Shelf) -> Path:
    """Page about one recording, from its products.

    Parameters
    ----------
    study : Study
    shelf : Shelf
        Of the participant.

    Returns
    -------
    Path
        sub-<label>.html

    Raises
    ------
    DerivativeError
        When the recording was not analysed.
    """
    path = participant_page(shelf.root, str(shelf.entities.subject))
    write_report(path, participant_content(study, shelf))
    return path


def participant_content(study: Study, shelf: Shelf) -> ReportContent:
    """What the page shows.

    Parameters
    ----------
    study : Study
    shelf : Shelf
        Of the participant.

    Returns
    -------
    ReportContent

    Raises
    ------
    DerivativeError
        When the quality or the head pose of the recording is absent or damaged.
    """
    quality, log = read_table(shelf.path("quality")).iloc[0], log_sidecar(shelf)
    presses = None if log is None else read_table(shelf.path("peaks"))
    sections = [_course(shelf, quality, presses), _quality(shelf, quality)]
    if presses is not None:
        sections.append(_presses(shelf, presses))
    return ReportContent(
        title=f"sub-{shelf.entities.subject}: {study.title}",
        warnings=tuple(Notice("warning", text) for text in _warnings(study, shelf, quality, log)),
        facts=_facts(shelf, quality, log, presses),
        sections=tuple(sections),
        software=software_versions(),
        pages={"Report of the group": "report.html"},
    )


def _warnings(study: Study, shelf: Shelf, quality: pd.Series, log: dict | None) -> list[str]:
    """What to know about this recording before its numbers are used."""
    found = _tracking_warnings(study, quality)
    if log is None:
        found.append("There is no key log.")
    elif not log["LogValid"]:
        found.append(f"The key log counts as missing: {log['LogReason']}.")
    for product in TOLD:
        try:
            found += stored_warnings(shelf.path(product))
        except DerivativeError:
            continue
    return list(dict.fromkeys(found))


def _tracking_warnings(study: Study, quality: pd.Series) -> list[str]:
    found, share = [], quality["detected_share"]
    if share < max(FEW_FRAMES, study.cube.min_detected):
        consequence = " only: the group leaves this participant out" if share < study.cube.min_detected else ""
        found.append(f"The face was seen in {share:.1%} of frames{consequence}.")
    if quality["second_face_share"] > 0:
        found.append(f"A second face was seen in {quality['second_face_share']:.1%} of frames and not followed.")
    if quality["n_identity_switch"] > 0:
        found.append(f"The tracker may have changed to another person {quality['n_identity_switch']} times.")
    if quality["n_frozen"] > 0:
        found.append(f"No landmark moved for {quality['frozen_s']:.1f} s in all: a frozen picture or tracker.")
    return found


def _facts(shelf: Shelf, quality: pd.Series, log: dict | None, presses: pd.DataFrame | None) -> tuple[Fact, ...]:
    pressed = "no key log" if presses is None else f"{len(presses)}"
    span = "" if log is None or log.get("LogStop") is None else f" in {log['LogStop'] - log['LogStart']:.1f} s"
    return (
        Fact("stimulus", f"task {shelf.entities.task}"),
        Fact("recording", f"{quality['n_frame']} frames, {quality['duration_s']:.1f} s"),
        Fact("frame rate", f"{quality['median_rate_hz']:.3g} Hz (median)"),
        Fact("frames with a face", f"{quality['detected_share']:.1%}"),
        Fact("reported peaks", pressed + span),
        Fact("software", f"isc-toolkit {code_version()}"),
    )


def _course(shelf: Shelf, quality: pd.Series, presses: pd.DataFrame | None) -> Section:
    """Head pose, lost stretches and presses over time."""
    onsets = None if presses is None else presses["onset"].to_numpy(float)
    figure = plot_recording(read_head_pose(shelf), presses=onsets)
    shown = ReportFigure(
        figure_svg(figure),
        "Rotation and position of the head relative to their medians, and the reported peaks; hatched: no face was "
        "found. Long recordings are drawn as means of neighbouring samples.",
        f"Head pose over {quality['duration_s']:.0f} s; the face was found in {quality['detected_share']:.0%} of "
        f"frames, the longest gap lasts {quality['longest_gap_s']:.1f} s.",
    )
    path = shelf.path("headpose").relative_to(shelf.root).as_posix()
    table = ReportTable(_spread(read_head_pose(shelf)), "Movement of the head.", path)
    return Section("Over time", figures=(shown,), tables=(table,))


def _spread(pose: xr.DataArray) -> pd.DataFrame:
    units = {name: entry["Units"] for name, entry in read_dictionary("headpose")["Columns"].items()}
    names = [str(name) for name in pose["channel"].values]
    quantiles = pose.quantile([0.05, 0.5, 0.95], dim="time").values
    columns = dict(zip(("5 %", "median", "95 %"), quantiles, strict=True))
    return pd.DataFrame({"channel": names, "unit": [units[name] for name in names], **columns})


def _quality(shelf: Shelf, quality: pd.Series) -> Section:
    """Every measure of quality with its unit and what it means."""
    described = read_dictionary("quality")["Columns"]
    rows = [
        {
            "measure": described[name]["LongName"],
            "value": f"{value:.4g}" if isinstance(value, float) else str(value),
            "unit": described[name].get("Units", "").replace("1", ""),
            "meaning": described[name]["Description"],
        }
        for name, value in quality.items()
        if name != "subject"
    ]
    link = shelf.path("quality").relative_to(shelf.root).as_posix()
    return Section("Quality", tables=(ReportTable(pd.DataFrame(rows), "Measures of this recording.", link),))


def _presses(shelf: Shelf, presses: pd.DataFrame) -> Section:
    link = shelf.path("peaks").relative_to(shelf.root).as_posix()
    shown = presses[["onset", "duration"]].round(2).rename(columns={"onset": "onset (s)", "duration": "duration (s)"})
    shown.insert(0, "peak", np.arange(1, len(shown) + 1))
    return Section("Reported peaks", tables=(ReportTable(shown, "Presses, seconds from stimulus onset.", link),))

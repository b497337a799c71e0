"""The whole job: which participants, which level, with which settings; what failed, and the exit code."""

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isc.io.atomic import DerivativeError, write_bytes
from isc.io.bids import root_path
from isc.io.bids_dataset import write_derivative_dataset
from isc.io.bids_names import BidsError, Entities
from isc.io.bids_study import RawStudy, Recording, read_raw_study
from isc.io.derivatives import output_lock, remove_leftovers
from isc.io.face_model import FaceModelError, find_face_model
from isc.stages.group import label_meanings
from isc.stages.participant import ParticipantTask, process_participant
from isc.stages.processes import Outcome, run_each
from isc.stages.progress import Display
from isc.stages.report import analyse_group
from isc.stages.shelf import Shelf
from isc.stages.version import code_version
from isc.study import Study, StudyError, format_study, read_study

DONE, SOME_FAILED, UNUSABLE = 0, 1, 2  # exit codes
UNUSABLE_INPUT = (StudyError, BidsError, DerivativeError, FaceModelError, FileNotFoundError)


@dataclass(frozen=True)
class RunRequest:
    """What the command line asks for; absent values come from the settings or their defaults."""

    bids_dir: Path
    out_dir: Path
    levels: tuple[str, ...] = ("participant", "group")
    participants: tuple[str, ...] = ()
    task: str | None = None
    settings: Path | None = None
    n_procs: int | None = None
    seed: int | None = None
    force: bool = False


def run(request: RunRequest) -> int:
    """Run the levels that were asked for and say what became of them.

    Parameters
    ----------
    request : RunRequest

    Returns
    -------
    int
        0 all done, 1 some participants failed (named on the terminal and in logs/run.jsonl), 2 unusable input.
    """
    started = time.monotonic()
    try:
        study = effective_study(request)
        raw = _raw_study(request, study)
        with output_lock(request.out_dir):
            remove_leftovers(request.out_dir)
            _write_top(request, study)
            return _run_levels(request, study, raw, started)
    except UNUSABLE_INPUT as error:
        print(f"isc: {error}", file=sys.stderr)
        return UNUSABLE


def effective_study(request: RunRequest) -> Study:
    """Settings of a run: the file, then what the command line overrides.

    Parameters
    ----------
    request : RunRequest

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        When the settings cannot be used.
    """
    study = Study() if request.settings is None else read_study(request.settings)
    if request.task is not None:
        study = study.model_copy(update={"task": request.task})
    if request.seed is not None:
        study = study.model_copy(update={"null": study.null.model_copy(update={"seed": request.seed})})
    return Study.model_validate(study.model_dump())


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _raw_study(request: RunRequest, study: Study) -> RawStudy:
    """Participants and recordings; exactly one recording of the film for each participant that has any."""
    raw = read_raw_study(request.bids_dir, labels=request.participants or None, task=study.task)
    for participant in raw.participants:
        if len(participant.recordings) > 1:
            names = ", ".join(recording.video.name for recording in participant.recordings)
            raise StudyError(
                f"sub-{participant.label} has {len(participant.recordings)} recordings of task {study.task} ({names}); "
                "keep one in the study, or give each film its own task label"
            )
    return raw


def _write_top(request: RunRequest, study: Study) -> None:
    meanings = label_meanings(study)
    write_derivative_dataset(request.out_dir, raw=request.bids_dir, version=code_version(), descriptions=meanings)
    write_bytes(root_path(request.out_dir, "settings"), format_study(study).encode())


def _run_levels(request: RunRequest, study: Study, raw: RawStudy, started: float) -> int:
    shelves = {
        f"sub-{recording.entities.subject}": Shelf(request.out_dir, request.bids_dir, recording.entities, request.force)
        for recording in raw.recordings
    }
    outcomes: list[Outcome] = []
    if "participant" in request.levels:
        find_face_model()  # one error for all instead of one for each
        outcomes = _run_participants(request, study, raw.recordings, shelves)
    failed = {outcome.participant: outcome.message for outcome in outcomes if outcome.status == "failed"}
    if "group" in request.levels:
        group_shelf = Shelf(request.out_dir, request.bids_dir, Entities(task=study.task), request.force)
        with Display("surrogates") as display:
            report = analyse_group(study, group_shelf, shelves, failed, display.update)
        print(f"report: {report}")
    log(request.out_dir, "run", seconds=round(time.monotonic() - started, 1), failed=list(failed))
    return SOME_FAILED if failed else DONE


def _run_participants(
    request: RunRequest, study: Study, recordings: tuple[Recording, ...], shelves: Mapping[str, Shelf]
) -> list[Outcome]:
    """Track every video in a process of its own, and tell what became of it."""
    tasks = [
        (
            f"sub-{recording.entities.subject}",
            ParticipantTask(study, shelves[f"sub-{recording.entities.subject}"], recording),
        )
        for recording in recordings
    ]
    with Display("frames") as display:
        outcomes = run_each(
            tasks, process_participant, n_procs=request.n_procs or processors(), progress=display.update
        )
        for outcome in outcomes:
            tail = f": {outcome.message}" if outcome.message else ""
            display.say(f"{outcome.participant} {outcome.status}{tail}")
            log(
                request.out_dir,
                "participant",
                participant=outcome.participant,
                status=outcome.status,
                message=outcome.message,
                warnings=outcome.warnings,
            )
    return outcomes


def log(out_dir: Path, event: str, **fields: Any) -> None:
    """Append a line to logs/run.jsonl.

    Parameters
    ----------
    out_dir : Path
        Derivative data set.
    event : str
        What happened.
    **fields
        What JSON can hold; no path and no name of a person.
    """
    path = root_path(out_dir, "log")
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "event": event, **fields}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")

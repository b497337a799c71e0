"""The whole job: which participants, which stages, with which settings; what failed, and the exit code."""

import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from isc.io.bids import root_path
from isc.io.derivatives import output_lock, remove_leftovers
from isc.io.face_model import find_face_model
from isc.io.files.atomic import write_bytes
from isc.io.layout.dataset import check_output_folder, write_derivative_dataset
from isc.io.layout.names import BidsError, Entities
from isc.io.layout.raw_study import RawStudy, read_raw_study
from isc.io.layout.validation import VALIDATOR, has_validator, validation_errors
from isc.lazy import ClusterError, active_client
from isc.stages.group.members import label_meanings
from isc.stages.pages.report import analyse_group
from isc.stages.plan.cost import due_cost
from isc.stages.plan.dry_run import cost_line, memory_lines, plan_lines, plan_run, skippable
from isc.stages.plan.request import LEVELS, RunRequest, effective_study, processors
from isc.stages.plan.resources import check_memory, fitting_procs, format_size, memory_needs, parse_size, probed
from isc.stages.privacy.consent import with_consent
from isc.stages.privacy.forgetting import without_forgotten
from isc.stages.privacy.overlays import update_frames
from isc.stages.provenance.hash_memory import HashMemory
from isc.stages.provenance.ledger import Ledger
from isc.stages.provenance.shelf import Shelf
from isc.stages.provenance.version import code_version
from isc.stages.recordings.extraction import warning_texts
from isc.stages.recordings.participant import USER_ERRORS, ParticipantTask, process_participant
from isc.stages.running.cluster import cluster
from isc.stages.running.journal import log, measured_rate
from isc.stages.running.messages import one_line
from isc.stages.running.processes import Outcome, run_each, run_on_cluster
from isc.stages.running.progress import Display
from isc.study import Study, StudyError, format_study

__all__ = ["RunRequest", "effective_study", "processors", "run"]

DONE, SOME_FAILED, UNUSABLE = 0, 1, 2  # exit codes
UNUSABLE_INPUT = (*USER_ERRORS, BidsError, ClusterError)
SHOWN_FAULTS = 5  # of the validator


@dataclass(frozen=True)
class Job:
    """A request with what it works on."""

    request: RunRequest
    study: Study
    tasks: tuple[ParticipantTask, ...]
    group: Shelf
    columns: Mapping[str, Mapping[str, str]]

    @property
    def shelves(self) -> Mapping[str, Shelf]:
        """Shelves of the participants by name."""
        return {task.name: task.shelf for task in self.tasks}


def run(request: RunRequest) -> int:
    """Run the stages that were asked for and say what became of them.

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
        job = _job(request)
        if request.dry_run:
            return _tell_plan(job)
        if request.max_memory is not None:
            job = _within_memory(job, parse_size(request.max_memory))
        with output_lock(request.out_dir):
            remove_leftovers(request.out_dir)
            try:
                _write_top(job)
                with cluster(request.scheduler, request.out_dir):
                    return _run_stages(job, started)
            finally:
                remove_leftovers(request.out_dir)  # of workers that were stopped
    except UNUSABLE_INPUT as error:
        print(f"isc: {one_line(error)}", file=sys.stderr)
        return UNUSABLE


def _job(request: RunRequest) -> Job:
    check_output_folder(request.out_dir)
    study = effective_study(request)
    raw = _raw_study(request, study)
    stages, ledger = request.of_level("participant"), Ledger()
    memory = HashMemory.load(request.bids_dir, request.out_dir)

    def shelf(entities: Entities) -> Shelf:
        return Shelf(request.out_dir, request.bids_dir, entities, request.force, ledger, memory)

    tasks = [ParticipantTask(study, shelf(found.entities), found, stages) for found in raw.recordings]
    columns = {f"sub-{participant.label}": participant.columns for participant in raw.participants}
    return Job(request, study, tuple(tasks), shelf(Entities(task=study.task)), columns)


def _raw_study(request: RunRequest, study: Study) -> RawStudy:
    """Participants and recordings; exactly one recording of the film for each participant that has any."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        raw = read_raw_study(request.bids_dir, labels=request.participants or None, task=study.task)
    for warning in caught:
        print(f"isc: {warning.message}", file=sys.stderr)
    raw = with_consent(without_forgotten(raw, request.out_dir))
    for participant in raw.participants:
        if len(participant.recordings) > 1:
            names = ", ".join(recording.video.name for recording in participant.recordings)
            raise StudyError(
                f"sub-{participant.label} has {len(participant.recordings)} recordings of task {study.task} ({names}); "
                "keep one in the study, or give each film its own task label"
            )
    return raw


def _within_memory(job: Job, limit: int) -> Job:
    """Job that tracks as many videos at a time as memory allows; its needs are printed, or refused, first."""
    request, group = job.request, bool(job.request.of_level("group"))
    tasks = job.tasks if "extract" in request.wanted else ()
    skipped = skippable(tasks)
    due = probed([task.recording.video for task in tasks if task.name not in skipped])
    everybody = probed([task.recording.video for task in job.tasks]) if group else []
    wanted = request.n_procs or processors()
    n_procs = fitting_procs(job.study, due, n_procs=wanted, limit=limit)
    needs = memory_needs(job.study, due, everybody, n_procs=n_procs, group=group)
    for need in needs:
        print(f"memory, {need} of {format_size(limit)}", flush=True)
    check_memory(needs, limit)
    return replace(job, request=replace(request, n_procs=n_procs))


def _tell_plan(job: Job) -> int:
    """Print what a run would do; nothing is written."""
    request = job.request
    tasks = job.tasks if request.of_level("participant") else ()
    ledger, notes = plan_run(job.study, tasks, job.shelves, job.group, request.of_level("group"))
    rate, n_procs = measured_rate(request.out_dir), request.n_procs or processors()
    cost = cost_line(job.study, tasks, ledger, rate=rate, n_procs=n_procs)
    whole = due_cost(job.study, job.tasks, job.group, ledger, rate=rate, n_cores=n_procs)
    lines = plan_lines(ledger, request.out_dir, detail="all" if request.verbose else "causes")
    memory = memory_lines(job.study, job.tasks, ledger, n_procs=n_procs, group=bool(request.of_level("group")))
    print("\n".join([*lines, *notes, *(line for line in (cost, whole) if line), *memory]))
    return DONE


def _write_top(job: Job) -> None:
    request, meanings = job.request, label_meanings(job.study)
    write_derivative_dataset(request.out_dir, raw=request.bids_dir, version=code_version(), descriptions=meanings)
    write_bytes(root_path(request.out_dir, "settings"), format_study(job.study).encode())


def _run_stages(job: Job, started: float) -> int:
    request, ledger = job.request, job.group.ledger
    stages = {"stages": list(request.wanted), "seed": job.study.null.seed, "code": code_version()}
    outcomes = _run_participants(job) if request.of_level("participant") else []
    failed = {outcome.participant: outcome.message for outcome in outcomes if outcome.status == "failed"}
    if request.of_level("group"):
        report = _analyse_group(job, failed)
        if report is not None:
            print(f"report: {report}")
    made = [path.name for path in ledger.reasons]
    idle = not made and all(outcome.status == "skipped" for outcome in outcomes)
    seconds = round(time.monotonic() - started, 1)
    if idle:
        print(f"nothing to do: {len(ledger.checked)} products are up to date ({seconds} s)")
    log(request.out_dir, "run", seconds=seconds, failed=list(failed), made=made, **stages)
    return SOME_FAILED if failed else DONE


def _analyse_group(job: Job, failed: Mapping[str, str]) -> Path | None:
    """Group level, with its warnings told once, one line each; the report says them as well."""
    with Display("surrogates") as display, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        stages = job.request.of_level("group")
        report = analyse_group(job.study, job.group, job.shelves, failed, display.update, stages=stages)
        for text in [*warning_texts(caught), *_stale(job)]:
            display.say(f"warning: {text}")
    return report


def _stale(job: Job) -> list[str]:
    """Warning about participants whose products are not those that this code and the raw study would give."""
    if job.request.of_level("participant"):
        return []
    whole = [replace(task, stages=LEVELS["participant"]) for task in job.tasks]
    current = skippable(whole)
    stale = [task.name for task in whole if task.name not in current]
    if not stale:
        return []
    return [f"products of {', '.join(stale)} are not up to date; run the participant level to make them anew"]


def _run_participants(job: Job) -> list[Outcome]:
    """Track the videos that are due, each in a process of its own, and tell what became of everybody."""
    request = job.request
    skipped = skippable(job.tasks)
    due = [(task.name, task) for task in job.tasks if task.name not in skipped]
    if job.group.memory is not None:
        job.group.memory.save(request.out_dir)
    if due:
        _validate(request)
    if due and "extract" in request.wanted:
        find_face_model()  # one error for all instead of one for each
    here = active_client() is None
    with Display("frames" if here else "videos") as display:
        if here:
            n_procs = request.n_procs or processors()
            made = run_each(due, process_participant, n_procs=n_procs, progress=display.update)
        else:
            made = run_on_cluster(due, process_participant, progress=display.update)
        found = skipped | {outcome.participant: outcome for outcome in made}
        outcomes = [found[task.name] for task in job.tasks]
        for outcome in outcomes:
            _tell(outcome, display, request)
        done = [task for task in job.tasks if found[task.name].status != "failed"]
        for text in update_frames(done, job.columns, wanted=request.write_frames):
            display.say(f"warning: {text}")
    return outcomes


def _tell(outcome: Outcome, display: Display, request: RunRequest) -> None:
    tail = f": {outcome.message}" if outcome.message else ""
    display.say(f"{outcome.participant} {outcome.status}{tail}")
    if request.verbose or outcome.status != "skipped":
        for warning in outcome.warnings:
            display.say(f"  warning: {warning}")
    if request.verbose:
        for path, reason in outcome.made.items():
            display.say(f"  made {path}: {reason}")
    log(
        request.out_dir,
        "participant",
        participant=outcome.participant,
        status=outcome.status,
        message=outcome.message,
        warnings=outcome.warnings,
        made=list(outcome.made),
        frames=outcome.frames,
        seconds=round(outcome.seconds, 2),
    )


def _validate(request: RunRequest) -> None:
    """Refuse a raw study that is not BIDS, where the validator is there to say so."""
    if request.skip_bids_validation:
        return
    if not has_validator():
        print(f"isc: the raw study was not validated; to have it done: pip install {VALIDATOR}", file=sys.stderr)
        return
    faults = validation_errors(request.bids_dir)
    if faults:
        more = f" and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise StudyError(
            f"the raw study is not valid BIDS: {'; '.join(faults[:SHOWN_FAULTS])}{more}; mend it (`{VALIDATOR} "
            "BIDS_DIR` says more), or go on with --skip-bids-validation"
        )

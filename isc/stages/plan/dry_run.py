"""What a run would do, why, and how long it may take: a dry run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from isc.io.camera.video import VideoError
from isc.stages.group.members import Progress
from isc.stages.pages.report import analyse_group
from isc.stages.plan.resources import memory_needs, probed
from isc.stages.provenance.ledger import Ledger
from isc.stages.provenance.shelf import Shelf
from isc.stages.recordings.extraction import frames_expected
from isc.stages.recordings.participant import ParticipantTask, plan_participant
from isc.stages.running.messages import one_line
from isc.stages.running.processes import Outcome
from isc.study import Study, StudyError

MINUTE = 60  # seconds
NOTHING: Progress = lambda name, done, expected: None  # noqa: E731 - a plan makes no progress


def skippable(tasks: Sequence[ParticipantTask]) -> dict[str, Outcome]:
    """Participants of whom everything is up to date, with the warnings that their products were made with.

    Parameters
    ----------
    tasks : sequence of ParticipantTask

    Returns
    -------
    dict of str to Outcome
    """
    outcomes = {}
    for task in tasks:
        planned = replace(task, shelf=replace(task.shelf, ledger=Ledger(planning=True)))
        outcome = plan_participant(planned)
        if outcome is not None:
            task.shelf.ledger.checked |= planned.shelf.ledger.checked
            outcomes[task.name] = outcome
    return outcomes


def plan_run(
    study: Study, tasks: Sequence[ParticipantTask], shelves: Mapping[str, Shelf], group: Shelf, stages: Sequence[str]
) -> tuple[Ledger, list[str]]:
    """Go through all stages without making anything.

    Parameters
    ----------
    study : Study
    tasks : sequence of ParticipantTask
        Empty when no participant stage was asked for.
    shelves : mapping of str to Shelf
        Of all participants.
    group : Shelf
    stages : sequence of str
        Of the group.

    Returns
    -------
    ledger : Ledger
        What is due, and why.
    notes : list of str
        What stands in the way of the group's stages.
    """
    ledger, notes = Ledger(planning=True), []
    for task in tasks:
        plan_participant(replace(task, shelf=replace(task.shelf, ledger=ledger)))
    if stages:
        planned = {name: replace(shelf, ledger=ledger) for name, shelf in shelves.items()}
        try:
            analyse_group(study, replace(group, ledger=ledger), planned, {}, NOTHING, stages=stages)
        except StudyError as error:
            notes.append(f"the group cannot be analysed: {one_line(error)}")
    return ledger, notes


def plan_lines(ledger: Ledger, root: Path, *, detail: Literal["causes", "all"] = "causes") -> list[str]:
    """What is due, one line each, then how much is up to date.

    Parameters
    ----------
    ledger : Ledger
    root : Path
        Derivatives, that paths are shown relative to.
    detail : {"causes", "all"}
        Whether products that are due only because another one is get a line each, or are counted.

    Returns
    -------
    list of str

    Examples
    --------
    >>> ledger = Ledger(planning=True)
    >>> ledger.record(Path("isc/group/task-film_desc-vertices_cube.zarr"), "absent")
    >>> plan_lines(ledger, Path("isc"))
    ['would make group/task-film_desc-vertices_cube.zarr: absent', '1 product to make, 0 up to date']
    """
    shown = ledger.causes if detail == "causes" else ledger.reasons
    lines = [f"would make {path.relative_to(root).as_posix()}: {reason}" for path, reason in shown.items()]
    due, hidden = len(ledger.reasons), len(ledger.reasons) - len(shown)
    lines += [f"would make {hidden} products that follow from these (-v lists them)"] if hidden else []
    return [*lines, f"{due} product{'' if due == 1 else 's'} to make, {len(ledger.checked) - due} up to date"]


def cost_line(
    study: Study, tasks: Sequence[ParticipantTask], ledger: Ledger, *, rate: float | None, n_procs: int
) -> str:
    """Frames to track, and how long that takes at the measured speed; empty when there are none.

    Parameters
    ----------
    study : Study
    tasks : sequence of ParticipantTask
    ledger : Ledger
        Of the plan.
    rate : float or None
        Frames a second of one process.
    n_procs : int
        Videos at a time.

    Returns
    -------
    str
    """
    due = [task for task in tasks if task.shelf.path("landmarks_tracked") in ledger.reasons]
    if not due:
        return ""
    counts = [_frames(study, task.recording.video) for task in due]
    frames = sum(count for count in counts if count is not None)
    unknown = f" (and {counts.count(None)} videos of unknown length)" if None in counts else ""
    told = f"{frames} frames of {len(due)} video{'' if len(due) == 1 else 's'} to track{unknown}"
    if rate is None:
        return f"{told}; the speed is not known before the first run in this folder"
    minutes = frames / rate / min(n_procs, len(due)) / MINUTE
    return f"{told}: about {minutes:.1f} min at {rate:.0f} frames/s a process, as measured in this folder"


def memory_lines(
    study: Study, tasks: Sequence[ParticipantTask], ledger: Ledger, *, n_procs: int, group: bool
) -> list[str]:
    """Memory that a run would need, a line a level; empty when nothing is due that needs much.

    Parameters
    ----------
    study : Study
    tasks : sequence of ParticipantTask
        Of everybody.
    ledger : Ledger
        Of the plan.
    n_procs : int
        Videos at a time.
    group : bool
        Whether the group was asked for.

    Returns
    -------
    list of str
    """
    if not ledger.reasons:
        return []
    due = [task for task in tasks if task.shelf.path("landmarks_tracked") in ledger.reasons]
    everybody = probed([task.recording.video for task in tasks]) if group else []
    needs = memory_needs(study, probed([task.recording.video for task in due]), everybody, n_procs=n_procs, group=group)
    return [f"memory, {need}" for need in needs]


def _frames(study: Study, video: Path) -> int | None:
    try:
        return frames_expected(study, video)
    except VideoError:
        return None

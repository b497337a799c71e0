"""One face a clip: each is tracked once and kept, so that a killed run goes on where it was."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from isc.classification.features import clip_meshes
from isc.io.camera.picture import PICTURES, Box, read_face_picture
from isc.io.face import track_face_video
from isc.io.face_model import MODEL_SHA256, find_face_model
from isc.io.layout.names import Entities
from isc.preprocessing.align import align_faces
from isc.stages.classification.clip_table import bids_labels
from isc.stages.provenance.ledger import Ledger
from isc.stages.provenance.shelf import WARNINGS, Shelf, load_array
from isc.stages.recordings.extraction import warning_texts
from isc.stages.recordings.participant import USER_ERRORS
from isc.stages.running.messages import one_line
from isc.stages.running.processes import Outcome, run_each
from isc.study import Extraction, Study, StudyError

MOST_CLIPS = 32  # that one process tracks, one after the other: starting a process takes as long as a clip or two
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class ClipTask:
    """What a worker process needs to know of a clip.

    Attributes
    ----------
    shelf : Shelf
        Of the person who is shown.
    clip : str
        Name of the clip.
    video : Path
    label : str
        The clip's label ``desc-``.
    statistic : {"mean", "apex"}
        As in `isc.classification.features.clip_meshes`.
    box : Box, optional
        Where the face is, for pictures with several.
    extraction : Extraction
        Which frames of a video are tracked, and whether a damaged one is.
    """

    shelf: Shelf
    clip: str
    video: Path
    label: str
    statistic: str = "mean"
    box: Box | None = None
    extraction: Extraction = Extraction()

    @property
    def path(self) -> Path:
        """The product."""
        return self.shelf.path("mesh", desc=self.label)

    @property
    def how(self) -> dict[str, Any]:
        """Settings of the tracker; segments are longer than clips."""
        return self.extraction.model_dump(include={"every", "allow_truncated"})

    def due(self) -> dict[str, Any] | None:
        """Sidecar of a mesh that has to be made; None when there is nothing to do, or only a plan."""
        parameters = {"statistic": self.statistic, "box": self.box, "ModelSHA256": MODEL_SHA256, **self.how}
        return self.shelf.due("mesh", inputs=[self.video], parameters=parameters, desc=self.label)


def clip_tasks(clips: pd.DataFrame, group: Shelf, study: Study) -> list[ClipTask]:
    """A task a clip, in the order of the table.

    Parameters
    ----------
    clips : DataFrame
        Columns clip, subject and path, relative to the raw folder of the shelf; of pictures with several faces also
        top, left, right and bottom (px).
    group : Shelf
        Its entities without a subject; every person gets a folder of their own beside its products.
    study : Study
        Its extraction and its statistic count.

    Returns
    -------
    list of ClipTask
    """
    boxed = set(Box._fields) <= set(clips.columns)
    people, names = bids_labels(clips["subject"]), bids_labels(clips["clip"])
    return [
        ClipTask(
            replace(group, entities=Entities(task=group.entities.task, subject=people[str(row.subject)])),
            str(row.clip),
            group.raw_root / str(row.path),
            names[str(row.clip)],
            study.classification.statistic,
            Box(*(float(getattr(row, side)) for side in Box._fields)) if boxed else None,
            study.extraction,
        )
        for row in clips.itertuples()
    ]


def track_clips(tasks: Sequence[ClipTask], *, n_procs: int, progress: Progress | None = None) -> dict[str, str]:
    """Make the meshes that are absent or out of date, in processes of their own.

    Parameters
    ----------
    tasks : sequence of ClipTask
    n_procs : int
        Clips tracked at a time.
    progress : callable, optional
        Called with ("clips", clips done, clips to do).

    Returns
    -------
    dict of str to str
        Clips that cannot be used, and why. A clip that kills its process fails alone: the others of the process are
        then tracked one a process.
    """
    planned = Ledger(planning=True)
    due = due_clips(tasks, planned)
    if not due:
        return {}
    find_face_model()  # one error for all instead of one for each
    done: dict[str, int] = {}

    def count(name: str, n_done: int, _: int | None) -> None:
        """Add up what all processes have done."""
        done[name] = n_done
        if progress is not None:
            progress("clips", sum(done.values()), len(due))

    failures, died = _track(due, min(MOST_CLIPS, ceil(len(due) / n_procs)), n_procs, count)
    if died:
        done.clear()
        left = due_clips([task for task in due if task.clip in died], Ledger(planning=True))
        again, alone = _track(left, 1, n_procs, count)
        failures |= again | alone
    ledger = tasks[0].shelf.ledger
    for task in due:
        if task.clip not in failures:
            ledger.record(task.path, planned.reasons[task.path])
    return failures


def due_clips(tasks: Sequence[ClipTask], ledger: Ledger) -> list[ClipTask]:
    """The clips whose meshes have to be made; the planning ledger gets the reasons."""
    for task in tasks:
        replace(task, shelf=replace(task.shelf, ledger=ledger)).due()
    if tasks:
        tasks[0].shelf.ledger.checked |= ledger.checked
    return [task for task in tasks if task.path in ledger.reasons]


def _track(
    tasks: Sequence[ClipTask], size: int, n_procs: int, progress: Progress
) -> tuple[dict[str, str], dict[str, str]]:
    """Failures by clip; then the clips of processes that died, and what of."""
    batches = [tuple(tasks[first : first + size]) for first in range(0, len(tasks), size)]
    named = [(batch[0].clip, batch) for batch in batches]
    failures: dict[str, str] = {}
    died: dict[str, str] = {}
    outcomes = run_each(named, process_clips, n_procs=n_procs, progress=progress)
    for batch, outcome in zip(batches, outcomes, strict=True):
        failures |= outcome.failures
        if outcome.status == "failed":
            died |= {task.clip: outcome.message for task in batch if task.clip not in outcome.failures}
    return failures, died


def process_clips(tasks: Sequence[ClipTask], report: Callable[[int, int | None], None]) -> Outcome:
    """Make the meshes of some clips.

    Parameters
    ----------
    tasks : sequence of ClipTask
    report : callable
        Called with (clips done, clips).

    Returns
    -------
    Outcome
        A faulty clip is one of its failures, not an exception.
    """
    failures: dict[str, str] = {}
    for number, task in enumerate(tasks, start=1):
        try:
            make_mesh(task)
        except USER_ERRORS as error:
            failures[task.clip] = one_line(error)
        report(number, len(tasks))
    return Outcome(tasks[0].clip, "done", failures=failures)


def make_mesh(task: ClipTask) -> Path:
    """Mesh of a clip without head movement, unit: inter-ocular distance.

    Parameters
    ----------
    task : ClipTask

    Returns
    -------
    Path
        The product; kept when it is up to date.

    Raises
    ------
    StudyError
        When no face is found.
    VideoError
        When the video cannot be read.
    """
    sidecar = task.due()
    if sidecar is not None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            mesh = _mesh(task)
        told = {"Clip": task.clip, "ModelSHA256": MODEL_SHA256, WARNINGS: warning_texts(caught)}
        task.shelf.write(mesh, task.path, {**sidecar, **told})
    return task.path


def _mesh(task: ClipTask) -> xr.DataArray:
    subject = str(task.shelf.entities.subject)
    if task.video.suffix.lower() in PICTURES:
        landmarks = read_face_picture(task.video, subject=subject, box=task.box)
    else:
        recording = track_face_video(task.video, subject=subject, **task.how)
        landmarks = recording["landmarks"].assign_coords(detected=recording["detected"])
    if not bool(landmarks["detected"].any()):
        raise StudyError(f"{task.video.name}: no face was found in any frame")
    row = pd.DataFrame({"clip": [task.clip], "subject": ["one"], "label": ["any"]})
    how: Any = task.statistic
    mesh = clip_meshes([align_faces(landmarks)], row, statistic=how).isel(clip=0)
    return mesh.drop_vars(["clip", "subject", "label"])


def load_meshes(clips: pd.DataFrame, paths: Mapping[str, Path]) -> xr.DataArray:
    """Meshes of all clips with what is known of each.

    Parameters
    ----------
    clips : DataFrame
        Columns clip, subject, label, ...
    paths : mapping of str to Path
        Product of every clip that could be tracked, by name; other clips are left out.

    Returns
    -------
    DataArray, dims (clip, vertex, space)

    Raises
    ------
    DerivativeError
        When a product is absent or damaged.
    """
    known = clips[clips["clip"].isin(list(paths))].drop(columns="path")
    meshes = [load_array(paths[clip]) for clip in known["clip"]]
    together = xr.concat(meshes, "clip", combine_attrs="drop_conflicts")
    return together.assign_coords({str(name): ("clip", column.to_numpy()) for name, column in known.items()})

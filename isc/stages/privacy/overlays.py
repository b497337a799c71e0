"""Pictures of participants with the tracked points: only when asked for, only of those who consented to it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from isc.io.camera.video import Frame, read_frames
from isc.io.derivatives import DerivativeError, read_array
from isc.io.files.atomic import remove
from isc.io.files.file_sets import write_file_set
from isc.plots.overlay import draw_overlay
from isc.report.vector import figure_png
from isc.stages.privacy.consent import FRAMES, YES, consents
from isc.stages.recordings.participant import ParticipantTask

SHOWN = 6  # frames, evenly spread over those with a face


def update_frames(
    tasks: Sequence[ParticipantTask], columns: Mapping[str, Mapping[str, str]], *, wanted: bool
) -> list[str]:
    """Write the pictures that were asked for, and remove those of participants who no longer consent.

    Parameters
    ----------
    tasks : sequence of ParticipantTask
        Whose videos were tracked.
    columns : mapping of str to mapping
        Row of participants.tsv by participant.
    wanted : bool
        Whether pictures are to be written.

    Returns
    -------
    list of str
        Warnings: who was skipped, whose pictures were removed.
    """
    warnings = []
    for task in tasks:
        row = columns.get(task.name, {})
        if consents(row, FRAMES):
            if wanted:
                warnings += _write(task)
            continue
        reason = f"{FRAMES} is {row[FRAMES]!r}, not {YES}" if FRAMES in row else f"participants.tsv has no {FRAMES}"
        if _remove(task):
            warnings.append(f"{task.name}: pictures of an earlier run were removed ({reason})")
        elif wanted:
            warnings.append(f"{task.name}: no frames written ({reason})")
    return warnings


def _picture(task: ParticipantTask) -> Path:
    return task.shelf.path("frames").with_suffix(".png")


def _remove(task: ParticipantTask) -> bool:
    """Remove the pictures of a participant; whether there were any."""
    paths = [path for path in (_picture(task), task.shelf.path("frames")) if path.exists()]
    for path in paths:
        remove(path)
    return bool(paths)


def _write(task: ParticipantTask) -> list[str]:
    """Write the pictures of one participant unless they are up to date; warnings."""
    tracked, video = task.shelf.path("landmarks_tracked"), task.recording.video
    sidecar = task.shelf.due("frames", inputs=[tracked, video], parameters={"shown": SHOWN})
    if sidecar is None:
        return []
    try:
        recording = read_array(tracked)
    except DerivativeError:
        return [f"{task.name}: no frames written (its landmarks are not finished)"]
    seen = np.flatnonzero(recording["detected"].values)
    rows = [int(row) for row in np.unique(seen[np.linspace(0, seen.size - 1, SHOWN).round().astype(int)])]
    extraction = task.study.extraction
    frames = read_frames(video, every=extraction.every, allow_truncated=extraction.allow_truncated)
    shown = list(_chosen(frames, rows))
    points = [recording["landmarks"].isel(time=row).transpose("vertex", "space").values for row in rows]
    figure = draw_overlay([frame.picture for frame in shown], points, [frame.time for frame in shown])
    values = {"picture": _picture(task).name, "rows": rows, "consent": YES}
    write_file_set({_picture(task): figure_png(figure)}, task.shelf.path("frames"), values, sidecar)
    return []


def _chosen(frames: Iterator[Frame], rows: Sequence[int]) -> Iterator[Frame]:
    """Frames at some rows, in their order; the film is read no further than the last."""
    wanted = set(rows)
    for row, frame in enumerate(frames):
        if row in wanted:
            yield frame
        if row >= max(wanted):
            return

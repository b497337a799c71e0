"""Face video to landmarks, the long step of a study."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import xarray as xr

from isc.io.camera.face_rows import Checkpoint
from isc.io.camera.face_segments import track_segments
from isc.io.camera.video import probe_video
from isc.io.derivatives import landmark_writer
from isc.io.face_model import MODEL_SHA256
from isc.io.layout.raw_study import Recording
from isc.stages.provenance.shelf import WARNINGS, Shelf
from isc.stages.recordings.parts import Parts
from isc.study import Study, StudyError


def track(study: Study, shelf: Shelf, recording: Recording, report: Callable[[int, int | None], None]) -> Path:
    """Landmarks of a video, frame by frame.

    Parameters
    ----------
    study : Study
    shelf : Shelf
        Of the participant.
    recording : Recording
    report : callable
        Called with (frames done, frames expected).

    Returns
    -------
    Path
        The product.

    Raises
    ------
    StudyError
        When no face is found in any frame, or a single frame is tracked.
    """
    parameters = {**study.extraction.model_dump(), "ModelSHA256": MODEL_SHA256}
    path = shelf.path("landmarks_tracked")
    sidecar = shelf.due("landmarks_tracked", inputs=[recording.video], parameters=parameters)
    if sidecar is None:
        if not shelf.ledger.planning:
            Parts.remove_all(path)  # of a run that was killed between the last two steps
        return path
    sidecar["ModelSHA256"] = MODEL_SHA256
    parts = Parts(path, sidecar["ProductKey"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        with landmark_writer(path, sidecar) as writer:
            found, n_row = False, 0
            for segment in _segments(study, recording, parts, report):
                writer.append(segment)
                found |= bool(segment["detected"].any())
                n_row += segment.sizes["time"]
            if not found:
                raise StudyError(f"{recording.video.name}: no face was found in any frame; exclude this participant")
            if n_row < 2:
                raise StudyError(
                    f"{recording.video.name}: one frame is tracked, which is shorter than one window; copy the file "
                    "again, or exclude this participant"
                )
            sidecar[WARNINGS] = warning_texts(caught)
    Parts.remove_all(path)
    return path


def _segments(
    study: Study, recording: Recording, parts: Parts, report: Callable[[int, int | None], None]
) -> Iterator[xr.Dataset]:
    """Segments of the recording: those that a killed run left, then new ones, which are kept until the end."""
    video, options = recording.video, study.extraction.model_dump()
    expected = frames_expected(study, video)
    start: Checkpoint | None = None
    for segment, start in parts.stored():  # noqa: B007 - the last one is where to go on
        yield segment
    report(start.n_row if start else 0, expected)
    new = track_segments(
        video,
        subject=f"sub-{recording.entities.subject}",
        start=start,
        progress=lambda done: report(done, expected),
        **options,
    )
    for segment, point in new:
        if segment.sizes["time"] == study.extraction.segment:
            parts.keep(segment, point)
        report(point.n_row, expected)
        yield segment


def frames_expected(study: Study, video: Path) -> int | None:
    """Frames to track of a video; None when it does not say."""
    return -(-probe_video(video).n_frame // study.extraction.every) or None


def warning_texts(caught: list[warnings.WarningMessage]) -> list[str]:
    """Texts of the warnings to keep, each once."""
    return list(dict.fromkeys(str(warning.message) for warning in caught if warning.category is UserWarning))

"""Face video to landmarks, the long step of a study."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isc.io.bids_study import Recording
from isc.io.derivatives import landmark_writer
from isc.io.face import track_blocks
from isc.io.face_model import MODEL_SHA256
from isc.io.video import probe_video
from isc.stages.shelf import WARNINGS, Shelf
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
        When no face is found in any frame.
    """
    video = recording.video
    parameters = {**study.extraction.model_dump(), "ModelSHA256": MODEL_SHA256}
    path = shelf.path("landmarks_tracked")
    sidecar = shelf.due("landmarks_tracked", inputs=[video], parameters=parameters)
    if sidecar is None:
        return path
    sidecar["ModelSHA256"] = MODEL_SHA256
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        options: dict[str, Any] = study.extraction.model_dump()
        found, done, expected = False, 0, frames_expected(study, video)
        report(done, expected)
        with landmark_writer(path, sidecar) as writer:
            for block in track_blocks(video, subject=f"sub-{recording.entities.subject}", **options):
                writer.append(block)
                found |= bool(block["detected"].any())
                done += block.sizes["time"]
                report(done, expected)
            if not found:
                raise StudyError(f"{video.name}: no face was found in any frame; exclude this participant")
            sidecar[WARNINGS] = warning_texts(caught)
    return path


def frames_expected(study: Study, video: Path) -> int | None:
    """Frames to track of a video; None when it does not say."""
    return -(-probe_video(video).n_frame // study.extraction.every) or None


def warning_texts(caught: list[warnings.WarningMessage]) -> list[str]:
    """Texts of the warnings to keep, each once."""
    return list(dict.fromkeys(str(warning.message) for warning in caught if warning.category is UserWarning))

"""One participant: face video to landmarks, and what is read from them; key log to peaks."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.bids_study import Recording
from isc.io.derivatives import DerivativeError, landmark_writer, read_table
from isc.io.face import track_blocks
from isc.io.face_model import MODEL_SHA256, FaceModelError
from isc.io.face_tracker import FaceTrackerError
from isc.io.keyboard import KeyLogError, read_key_log
from isc.io.text import TableError
from isc.io.video import VideoError, probe_video
from isc.preprocessing.align import align_faces
from isc.preprocessing.head_pose import UNITS, head_motion
from isc.preprocessing.quality import face_quality
from isc.preprocessing.resample import resample
from isc.stages.processes import Outcome
from isc.stages.shelf import WARNINGS, Shelf, load_dataset, stored_warnings
from isc.study import Study, StudyError

USER_ERRORS = (
    StudyError,
    VideoError,
    FaceModelError,
    FaceTrackerError,
    KeyLogError,
    TableError,
    DerivativeError,
    FileNotFoundError,
)
Report = Callable[[int, int | None], None]


@dataclass(frozen=True)
class ParticipantTask:
    """What a worker process needs to know.

    Attributes
    ----------
    study : Study
    shelf : Shelf
        Of the participant.
    recording : Recording
    """

    study: Study
    shelf: Shelf
    recording: Recording


def process_participant(task: ParticipantTask, report: Report) -> Outcome:
    """Make all products of one participant that are absent or out of date.

    Parameters
    ----------
    task : ParticipantTask
    report : callable
        Called with (frames done, frames expected).

    Returns
    -------
    Outcome
        A faulty video or key log is a failed participant with a one-line message, not an exception.
    """
    name = f"sub-{task.recording.entities.subject}"
    notes: list[str] = []
    try:
        tracked, fresh = _track(task, report)
        notes += stored_warnings(tracked)
        _derive(task, tracked)
        if task.recording.events is not None:
            notes += stored_warnings(_peaks(task, task.recording.events))
    except USER_ERRORS as error:
        return Outcome(name, "failed", str(error), notes)
    return Outcome(name, "done" if fresh else "skipped", warnings=notes)


def _track(task: ParticipantTask, report: Report) -> tuple[Path, bool]:
    """Landmarks of the video, frame by frame; the long step."""
    study, shelf, video = task.study, task.shelf, task.recording.video
    parameters = {**study.extraction.model_dump(), "ModelSHA256": MODEL_SHA256}
    path = shelf.path("landmarks_tracked")
    key = shelf.key([video], parameters)
    if not shelf.needs(path, key):
        return path, False
    sidecar = shelf.sidecar("landmarks_tracked", [video], parameters, key, ModelSHA256=MODEL_SHA256)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        options: dict[str, Any] = study.extraction.model_dump()
        found, done, expected = False, 0, -(-probe_video(video).n_frame // study.extraction.every) or None
        with landmark_writer(path, sidecar) as writer:
            for block in track_blocks(video, subject=f"sub-{task.recording.entities.subject}", **options):
                writer.append(block)
                found |= bool(block["detected"].any())
                done += block.sizes["time"]
                report(done, expected)
            if not found:
                raise StudyError(f"{video.name}: no face was found in any frame; exclude this participant")
            sidecar[WARNINGS] = _texts(caught)
    return path, True


def _texts(caught: list[warnings.WarningMessage]) -> list[str]:
    return list(dict.fromkeys(str(warning.message) for warning in caught if warning.category is UserWarning))


def stimulus_offset(recording: Recording, first_timestamp: float) -> float:
    """Seconds to add to a recording's own time (0 at its first frame) to get time from stimulus onset.

    Parameters
    ----------
    recording : Recording
    first_timestamp : float
        Time stamp of the first frame on the file's own clock, s.

    Returns
    -------
    float
        Zero offset on the file's clock when the study does not know the stimulus onset.
    """
    return first_timestamp - (recording.video_onset or 0.0)


def _derive(task: ParticipantTask, tracked: Path) -> None:
    """Everything read from the tracked landmarks; the recording is loaded only when something is to be made."""
    shelf, recording = task.shelf, task.recording
    onset = {"stimulus_onset_s": recording.video_onset}
    loaded: list[xr.Dataset] = []

    def on_film_clock() -> xr.Dataset:
        if not loaded:
            data = load_dataset(tracked)
            offset = stimulus_offset(recording, float(data.attrs.get("first_timestamp_s", 0.0)))
            loaded.append(data.assign_coords(time=("time", data["time"].values + offset, {"units": "s"})))
        return loaded[0]

    shelf.make(
        "landmarks_aligned", lambda: align_faces(on_film_clock()["landmarks"]), inputs=[tracked], parameters=onset
    )
    shelf.make("quality", lambda: face_quality(on_film_clock()), inputs=[tracked], parameters={})
    _even_table(task, "blendshapes", tracked, onset, lambda: _blendshapes(on_film_clock()))
    _even_table(task, "headpose", tracked, onset, lambda: _head_pose(on_film_clock()))
    shelf.make("headpose_channels", _channels_table, inputs=[], parameters={})


def _even_table(
    task: ParticipantTask, product: str, tracked: Path, onset: dict[str, Any], series: Callable[[], xr.DataArray]
) -> None:
    """Table of series at an even rate, with rate and start time in its sidecar as BIDS wants it."""
    shelf = task.shelf
    path = shelf.path(product)
    key = shelf.key([tracked], onset)
    if not shelf.needs(path, key):
        return
    even = series()
    table = pd.DataFrame(even.values, columns=[str(c) for c in even[even.dims[1]].values])
    timing = {"SamplingFrequency": even.attrs["rate_hz"], "StartTime": float(even["time"].values[0])}
    shelf.write(product, table, path, shelf.sidecar(product, [tracked], onset, key, **timing))


def _even(series: xr.DataArray, recording: xr.Dataset) -> xr.DataArray:
    return resample(series, rate=round(float(recording.attrs["rate_hz"]), 3))


def _blendshapes(recording: xr.Dataset) -> xr.DataArray:
    return _even(recording["blendshapes"], recording)


def _head_pose(recording: xr.Dataset) -> xr.DataArray:
    return _even(head_motion(recording["head_pose"]), recording)


def _channels_table() -> pd.DataFrame:
    """Channels of the head pose in the terms of Motion-BIDS."""
    names = ("yaw", "pitch", "roll", "x", "y", "z")
    return pd.DataFrame(
        {
            "name": names,
            "component": ("y", "x", "z", "x", "y", "z"),
            "type": ["ORNT"] * 3 + ["POS"] * 3,
            "tracked_point": ["head"] * 6,
            "units": UNITS,
        }
    )


def _peaks(task: ParticipantTask, events: Path) -> Path:
    """Presses of a key log, cleaned; a log without presses but with markers is a table of no rows."""
    parameters = {"merge": task.study.behaviour.merge, "events_onset_s": task.recording.events_onset}
    shelf = task.shelf
    path = shelf.path("peaks")
    key = shelf.key([events], parameters)
    if not shelf.needs(path, key):
        return path
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        log = read_key_log(events, merge=task.study.behaviour.merge, stimulus_onset=task.recording.events_onset)
    more = {
        "LogValid": log.attrs["valid"],
        "LogReason": log.attrs["reason"],
        "LogStart": log.attrs["start"],
        "LogStop": log.attrs["stop"],
        WARNINGS: _texts(caught),
    }
    shelf.write("peaks", log, path, shelf.sidecar("peaks", [events], parameters, key, **more))
    return path


def with_participant(shelf: Shelf, recording: Recording) -> Shelf:
    """The shelf of a participant's recording."""
    return replace(shelf, entities=recording.entities)


def detected_share(shelf: Shelf) -> float:
    """Share of frames with a face, from the quality table."""
    return float(np.asarray(read_table(shelf.path("quality"))["detected_share"])[0])

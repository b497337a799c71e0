"""One participant: face video to landmarks, and what is read from them; key log to peaks."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.camera.face_tracker import FaceTrackerError
from isc.io.camera.video import VideoError
from isc.io.derivatives import DerivativeError, read_table
from isc.io.face_model import FaceModelError
from isc.io.files.text import TableError
from isc.io.keyboard import KeyLogError, read_key_log
from isc.io.layout.raw_study import Recording
from isc.preprocessing.align import align_faces
from isc.preprocessing.head_pose import UNITS, head_motion
from isc.preprocessing.quality import face_quality
from isc.preprocessing.resample import resample
from isc.stages.provenance.ledger import REPLACED
from isc.stages.provenance.shelf import WARNINGS, Shelf, load_dataset, stored_warnings
from isc.stages.recordings.extraction import track, warning_texts
from isc.stages.running.messages import one_line
from isc.stages.running.processes import Outcome
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
STAGES = ("extract", "peaks")


@dataclass(frozen=True)
class ParticipantTask:
    """What a worker process needs to know.

    Attributes
    ----------
    study : Study
    shelf : Shelf
        Of the participant.
    recording : Recording
    stages : tuple of str
        Of ``extract`` (the video) and ``peaks`` (the key log).
    """

    study: Study
    shelf: Shelf
    recording: Recording
    stages: tuple[str, ...] = STAGES

    @property
    def name(self) -> str:
        """Participant, such as ``sub-01``."""
        return f"sub-{self.recording.entities.subject}"


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
    notes: list[str] = []
    speed = Speed(report)
    try:
        _make(task, speed.update, notes)
    except USER_ERRORS as error:
        return Outcome(task.name, "failed", one_line(error), notes)
    made = {path.name: reason for path, reason in task.shelf.ledger.reasons.items()}
    status = "done" if made else "skipped"
    return Outcome(task.name, status, warnings=notes, made=made, frames=speed.frames, seconds=speed.seconds)


class Speed:
    """Frames tracked and the time they took; passes progress on.

    Parameters
    ----------
    report : callable
        Called with (frames done, frames expected).

    Examples
    --------
    >>> speed = Speed(print)
    >>> speed.update(0, 9), speed.update(9, 9), speed.frames
    0 9
    9 9
    (None, None, 9)
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._first: tuple[int, float] | None = None
        self.frames, self.seconds = 0, 0.0

    def update(self, done: int, expected: int | None) -> None:
        """Take the next number of frames; the first one counts as where the work began."""
        now = time.monotonic()
        self._first = self._first or (done, now)
        self.frames, self.seconds = done - self._first[0], now - self._first[1]
        self._report(done, expected)


def plan_participant(task: ParticipantTask) -> Outcome | None:
    """Say in the shelf's ledger what is due of a participant, without making anything.

    Parameters
    ----------
    task : ParticipantTask
        Its ledger is planning.

    Returns
    -------
    Outcome or None
        None when something is due; otherwise that of a participant who can be skipped, with the stored warnings.
    """
    notes: list[str] = []
    try:
        _make(task, lambda done, expected: None, notes)
    except USER_ERRORS:
        return None  # the worker says what is wrong
    due = any(task.shelf.ledger.planned(path) for path in task.shelf.ledger.checked)
    return None if due else Outcome(task.name, "skipped", warnings=notes)


def _make(task: ParticipantTask, report: Report, notes: list[str]) -> None:
    """Each product in turn; `notes` gets the warnings that they were made with."""
    ledger = task.shelf.ledger
    if "extract" in task.stages:
        tracked = track(task.study, task.shelf, task.recording, report)
        _derive(task, tracked)
        notes += [] if ledger.planned(tracked) else stored_warnings(tracked)
        notes += [f"{reason}; what follows from it is made anew" for reason in _replaced(ledger.reasons.get(tracked))]
        if task.recording.video_onset is None:
            notes.append("scans.tsv has no stimulus_onset; the video is taken to start with the film")
    if "peaks" in task.stages and task.recording.events is not None:
        peaks = _peaks(task, task.recording.events)
        notes += [] if ledger.planned(peaks) else stored_warnings(peaks)
        notes += [f"{reason}; what follows from it is made anew" for reason in _replaced(ledger.reasons.get(peaks))]


def _replaced(reason: str | None) -> list[str]:
    return [reason] if reason is not None and reason.endswith(REPLACED) else []


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
    sidecar = task.shelf.due(product, inputs=[tracked], parameters=onset)
    if sidecar is None:
        return
    even = series()
    table = pd.DataFrame(even.values, columns=[str(c) for c in even[even.dims[1]].values])
    timing = {"SamplingFrequency": even.attrs["rate_hz"], "StartTime": float(even["time"].values[0])}
    task.shelf.write(table, task.shelf.path(product), {**sidecar, **timing})


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
    sidecar = shelf.due("peaks", inputs=[events], parameters=parameters)
    if sidecar is None:
        return path
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        log = read_key_log(events, merge=task.study.behaviour.merge, stimulus_onset=task.recording.events_onset)
    told = {
        "LogValid": log.attrs["valid"],
        "LogReason": log.attrs["reason"],
        "LogStart": log.attrs["start"],
        "LogStop": log.attrs["stop"],
        WARNINGS: warning_texts(caught),
    }
    shelf.write(log, path, {**sidecar, **told})
    return path


def detected_share(shelf: Shelf) -> float:
    """Share of frames with a face, from the quality table."""
    return float(np.asarray(read_table(shelf.path("quality"))["detected_share"])[0])

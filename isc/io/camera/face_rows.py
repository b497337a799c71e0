"""Rows of a face recording: what was seen in each frame of a video, put together to labelled arrays."""

import warnings
from collections.abc import Generator, Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from isc.io.camera.face_tracker import BLENDSHAPES, N_VERTEX, Face, FaceFollower, FacePlace, FaceTracker
from isc.io.camera.video import Frame, probe_video
from isc.io.face_model import MODEL_SHA256

SPACE = ("x", "y", "z")


class Checkpoint(NamedTuple):
    """Where tracking can go on after an interruption, with the same numbers as without one.

    Attributes
    ----------
    n_row : int
        Rows of the recording that are done, a multiple of the segment.
    place : FacePlace or None
        Where the participant's face was last.
    """

    n_row: int
    place: FacePlace | None


class Row(NamedTuple):
    """What was seen in one frame."""

    time: float
    n_face: int
    face: Face | None


def recording_attrs(path: Path, every: int) -> dict[str, Any]:
    """What a recording says of its video; oddities of the file become warnings."""
    info = probe_video(path)
    for oddity in info.warnings:
        warnings.warn(oddity, stacklevel=3)
    return {
        "rate_hz": info.rate / every,
        "model_sha256": MODEL_SHA256,
        "width_px": info.width,
        "height_px": info.height,
        "tracker": f"MediaPipe {metadata.version('mediapipe')} FaceLandmarker",
    }


def follow(
    frames: Iterable[Frame], model: Path, attrs: dict[str, Any], segment: int, start: Checkpoint | None = None
) -> Generator[tuple[Row, FacePlace | None]]:
    """Participant's face in each frame from `start`, and where it was last.

    Parameters
    ----------
    frames : iterable of Frame
        Of the whole video.
    model : Path
        From `isc.io.face_model.find_face_model`.
    attrs : dict
        Gets the time stamp of the first frame, which becomes zero.
    segment : int
        Rows after which a new tracker begins.
    start : Checkpoint, optional
        Frames before it are not tracked.

    Yields
    ------
    row : Row
    place : FacePlace or None
    """
    n_done, place = start or Checkpoint(0, None)
    follower, tracker = FaceFollower(place), None
    try:
        for number, frame in enumerate(frames):
            time = frame.time - attrs.setdefault("first_timestamp_s", frame.time)
            if number < n_done:
                continue
            if tracker is None or number % segment == 0:
                if tracker is not None:
                    tracker.close()
                tracker = FaceTracker(model)
            faces = tracker.faces(frame.picture, time)
            yield Row(time, len(faces), follower.pick(faces, time)), follower.place
    finally:
        if tracker is not None:
            tracker.close()


def as_recording(rows: list[Row], subject: str, attrs: dict[str, Any]) -> xr.Dataset:
    """Labelled arrays of some rows; NaN where the face was not found."""
    landmarks = np.full((len(rows), N_VERTEX, len(SPACE)), np.nan, np.float32)
    blendshapes = np.full((len(rows), len(BLENDSHAPES)), np.nan, np.float32)
    head_pose = np.full((len(rows), 4, 4), np.nan, np.float32)
    for k, row in enumerate(rows):
        if row.face is not None:
            landmarks[k], blendshapes[k], head_pose[k] = row.face
    return xr.Dataset(
        {
            "landmarks": (("time", "vertex", "space"), landmarks, {"units": "px"}),
            "blendshapes": (("time", "blendshape"), blendshapes, {"units": "1"}),
            "head_pose": (("time", "row", "column"), head_pose),
        },
        coords={
            "time": ("time", np.array([row.time for row in rows]), {"units": "s"}),
            "vertex": np.arange(N_VERTEX),
            "space": list(SPACE),
            "blendshape": list(BLENDSHAPES),
            "subject": subject,
            "detected": ("time", np.array([row.face is not None for row in rows])),
            "n_face": ("time", np.array([row.n_face for row in rows], np.uint8)),
        },
        attrs=attrs,
    )

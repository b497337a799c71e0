"""MediaPipe's face landmarker with its traps closed: one tracker a video, contiguous pictures, rising timestamps.

MediaPipe misreads a picture whose bytes are not in C order, returns "no face" after it was closed, and refuses a
timestamp that does not rise. Told to look for one face it smooths landmarks over time: they lag behind a movement by
one to three frames and settle during the first second. Told to look for two it does neither.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

N_VERTEX = 478  # 468 on the face, 10 on the irises
N_FACES = 2  # to look for: the participant and whoever else comes into the picture
MILLISECONDS = 1000  # in a second
STDERR = 2  # the file descriptor
MAX_JUMP = 1.0  # face sizes; a face that appears farther away than this is somebody else's ...
MEMORY = 1.0  # seconds; ... unless the participant was lost for longer than this
SYSTEM_LIBRARIES = ("libegl1", "libgles2", "libgl1", "libglib2.0-0")  # packages of Debian and Ubuntu
INSTALL_LIBRARIES = f"apt-get install {' '.join(SYSTEM_LIBRARIES)}"
_MOVES = {
    "brow": ("DownLeft", "DownRight", "InnerUp", "OuterUpLeft", "OuterUpRight"),
    "cheek": ("Puff", "SquintLeft", "SquintRight"),
    "eyeBlink": ("Left", "Right"),
    "eyeLook": ("DownLeft", "DownRight", "InLeft", "InRight", "OutLeft", "OutRight", "UpLeft", "UpRight"),
    "eye": ("SquintLeft", "SquintRight", "WideLeft", "WideRight"),
    "jaw": ("Forward", "Left", "Open", "Right"),
    "mouth": (
        *("Close", "DimpleLeft", "DimpleRight", "FrownLeft", "FrownRight", "Funnel", "Left"),
        *("LowerDownLeft", "LowerDownRight", "PressLeft", "PressRight", "Pucker", "Right", "RollLower", "RollUpper"),
        *("ShrugLower", "ShrugUpper", "SmileLeft", "SmileRight", "StretchLeft", "StretchRight"),
        *("UpperUpLeft", "UpperUpRight"),
    ),
    "noseSneer": ("Left", "Right"),
}
BLENDSHAPES = ("_neutral", *(part + move for part, moves in _MOVES.items() for move in moves))  # MediaPipe's order
# What MediaPipe, TensorFlow Lite and their logger write to stderr whenever a tracker is made.
CHATTER = re.compile(
    rb"^([IW]\d{4} \d\d:\d\d:\d+|WARNING: (All log messages|Logging) before|INFO: (Created|Initialized) )"
)


class FaceTrackerError(RuntimeError):
    """MediaPipe cannot be started on this machine."""


class Face(NamedTuple):
    """One face in one picture.

    Attributes
    ----------
    landmarks : ndarray of float32, shape (478, 3)
        x to the right, y down, z away from the camera, in pixels.
    blendshapes : ndarray of float32, shape (52,)
        0 to 1, in the order of `BLENDSHAPES`.
    head_pose : ndarray of float32, shape (4, 4)
        Turns and moves MediaPipe's canonical face into the camera's space (cm).
    """

    landmarks: np.ndarray
    blendshapes: np.ndarray
    head_pose: np.ndarray

    @property
    def centre(self) -> np.ndarray:
        """Middle of the face in the picture: x and y in pixels."""
        return self.landmarks[:, :2].mean(axis=0)

    @property
    def size(self) -> float:
        """Mean of the face's width and height in pixels."""
        return float(np.ptp(self.landmarks[:, :2], axis=0).mean())


@contextmanager
def without_chatter() -> Iterator[None]:
    r"""Hold back what compiled code writes to stderr; let through afterwards what is not known chatter.

    Python's own messages pass too, once the block has ended.

    Examples
    --------
    >>> with without_chatter():
    ...     written = os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
    """
    sys.stderr.flush()
    stderr = os.dup(STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, STDERR)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not CHATTER.match(line):
                    os.write(STDERR, line)


class FaceTracker:
    """Faces in the pictures of one video, in their order.

    A tracker carries over what it saw: use one for each video and close it, best in a ``with`` block.

    Parameters
    ----------
    model : Path
        From `isc.io.face_model.find_face_model`.

    Raises
    ------
    FaceTrackerError
        When MediaPipe cannot be loaded, mostly for want of a system library.

    Examples
    --------
    >>> from isc.io.face_model import find_face_model
    >>> with FaceTracker(find_face_model()) as tracker:
    ...     tracker.faces(np.zeros((96, 96, 3), np.uint8), 0.0)
    []
    """

    def __init__(self, model: Path) -> None:
        with without_chatter():
            self._landmarker, self._image = _start_mediapipe(model)
        self._last_ms = -1

    def faces(self, picture: np.ndarray, time: float) -> list[Face]:
        """Find the faces of the next picture.

        Parameters
        ----------
        picture : ndarray of uint8, shape (height, width, 3)
            Red, green, blue; any memory layout.
        time : float
            Seconds since the first picture. Handed on as whole milliseconds, raised where two would coincide.

        Returns
        -------
        list of Face
            None, one or two, in no particular order.

        Raises
        ------
        RuntimeError
            When the tracker is closed.
        """
        if self._landmarker is None:
            raise RuntimeError("this face tracker is closed; make a new one for each video")
        self._last_ms = max(self._last_ms + 1, round(time * MILLISECONDS))
        found = self._landmarker.detect_for_video(self._image(np.ascontiguousarray(picture)), self._last_ms)
        height, width = picture.shape[:2]
        parts = zip(found.face_landmarks, found.face_blendshapes, found.facial_transformation_matrixes, strict=True)
        return [_face(*part, pixels=np.array([width, height, width], np.float32)) for part in parts]

    def close(self) -> None:
        """Free MediaPipe's memory; closing twice is allowed."""
        if self._landmarker is not None:
            self._landmarker.close()
        self._landmarker = None

    def __enter__(self) -> Self:
        """Give the tracker itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the tracker."""
        self.close()


class FacePlace(NamedTuple):
    """Where the participant's face was last: centre and size in pixels, and when, in seconds."""

    centre: tuple[float, float]
    size: float
    seen: float


class FaceFollower:
    """Keeps to the participant's face when another one comes into the picture.

    The first face is the largest one. From then on it is the one nearest to the last place of the participant's
    face. A face that appears more than a face size away from there is taken for the participant's only when that
    has been out of sight for more than a second: a hand before the face does not hand over to a passer-by.

    Parameters
    ----------
    place : FacePlace, optional
        Where another follower stopped.

    Examples
    --------
    >>> def face(x, size):
    ...     return Face(np.array([[x, 0, 0], [x + size, size, 0]], np.float32), np.zeros(52), np.eye(4))
    >>> follower = FaceFollower()
    >>> participant, guest = face(100, 50), face(300, 60)
    >>> follower.pick([participant], 0.0) is participant, follower.pick([guest, participant], 0.1) is participant
    (True, True)
    >>> follower.pick([guest], 0.2) is None
    True
    """

    def __init__(self, place: FacePlace | None = None) -> None:
        self._centre: np.ndarray | None = None if place is None else np.array(place.centre, np.float32)  # pixels
        self._size = 0.0 if place is None else place.size  # pixels
        self._seen = 0.0 if place is None else place.seen  # seconds

    @property
    def place(self) -> FacePlace | None:
        """Where the face was last; a new follower that is given it goes on as this one would."""
        if self._centre is None:
            return None
        return FacePlace((float(self._centre[0]), float(self._centre[1])), float(self._size), float(self._seen))

    def pick(self, faces: Sequence[Face], time: float) -> Face | None:
        """Choose the participant's face.

        Parameters
        ----------
        faces : sequence of Face
            All faces of a picture.
        time : float
            Seconds, rising from call to call.

        Returns
        -------
        Face or None
            None when no face is the participant's.
        """
        if not faces:
            return None
        if self._centre is None:
            return self._follow(max(faces, key=lambda face: face.size), time)
        ways = [np.linalg.norm(face.centre - self._centre) for face in faces]
        nearest = int(np.argmin(ways))
        if ways[nearest] > MAX_JUMP * self._size and time - self._seen <= MEMORY:
            return None
        return self._follow(faces[nearest], time)

    def _follow(self, face: Face, time: float) -> Face:
        self._centre, self._size, self._seen = face.centre, face.size, time
        return face


def _start_mediapipe(model: Path) -> tuple[Any, Any]:
    """Landmarker in video mode, and the function that wraps a picture for it."""
    try:
        from mediapipe import Image, ImageFormat
        from mediapipe.tasks.python import BaseOptions, vision

        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=vision.RunningMode.VIDEO,
            num_faces=N_FACES,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        landmarker = vision.FaceLandmarker.create_from_options(options)
    except (ImportError, OSError) as error:
        raise FaceTrackerError(
            f"MediaPipe cannot be loaded ({error}); install its system libraries: {INSTALL_LIBRARIES}"
        ) from None
    return landmarker, lambda picture: Image(image_format=ImageFormat.SRGB, data=picture)


def _face(landmarks: Any, blendshapes: Any, head_pose: np.ndarray, *, pixels: np.ndarray) -> Face:
    """Arrays from MediaPipe's objects; x and z are shares of the width, y of the height (`pixels`)."""
    coordinates = chain.from_iterable(map(attrgetter("x", "y", "z"), landmarks))
    normalised = np.fromiter(coordinates, np.float32).reshape(N_VERTEX, -1)
    scores = np.array([shape.score for shape in blendshapes], np.float32)
    return Face(normalised * pixels, scores, np.asarray(head_pose, np.float32))

"""A face in a single picture."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from isc.io.camera.container import MAX_PIXELS, VideoError
from isc.io.camera.face_rows import Row, as_recording
from isc.io.camera.face_tracker import FaceTracker
from isc.io.face_model import find_face_model

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
FORMATS = "jpeg_pipe,png_pipe,bmp_pipe,webp_pipe,image2"
MARGIN = 0.3  # of a box' size, kept around it: the tracker needs to see the whole head


class Box(NamedTuple):
    """Where a face is, pixels of the picture."""

    top: float
    left: float
    right: float
    bottom: float


def read_face_picture(path: Path, *, subject: str, box: Box | None = None) -> xr.DataArray:
    """Face landmarks of a picture.

    Parameters
    ----------
    path : Path
        Ends in one of `PICTURES`.
    subject : str
        Label of the person.
    box : Box, optional
        Where the person's face is; of several faces in and around it, the one nearest to its middle is taken.

    Returns
    -------
    DataArray, dims (time, vertex, space), float32
        One row, as `isc.read_face_video` gives it; pixels of the picture, or of its part around the box.

    Raises
    ------
    VideoError
        When the picture cannot be read, the box is not in it, or there are two faces and no box says whose it is.
    FaceModelError, FaceTrackerError
        As `isc.read_face_video`.

    Examples
    --------
    >>> read_face_picture(Path("absent.jpg"), subject="01")
    Traceback (most recent call last):
        ...
    isc.io.camera.container.VideoError: absent.jpg is no picture that can be read; correct the path or leave it out
    """
    picture = read_picture(path)
    picture, middle = (picture, None) if box is None else _part(picture, box, path)
    with FaceTracker(find_face_model()) as tracker:
        faces = tracker.faces(picture, 0.0)
    if len(faces) > 1 and middle is None:
        raise VideoError(f"{path.name} shows two faces or more; whose expression is meant is not known: leave it out")
    nearest = None
    if faces:
        nearest = min(faces, key=lambda face: 0 if middle is None else float(np.linalg.norm(face.centre - middle)))
    attrs = {"width_px": picture.shape[1], "height_px": picture.shape[0]}
    recording = as_recording([Row(0.0, len(faces), nearest)], subject, attrs)
    return recording["landmarks"].assign_coords(detected=recording["detected"]).assign_attrs(attrs)


def read_picture(path: Path) -> np.ndarray:
    """Pixels of a picture.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Red, green, blue.

    Raises
    ------
    VideoError
        When it cannot be read.
    """
    import av

    try:
        with av.open(
            f"file:{path.absolute()}",
            container_options={"protocol_whitelist": "file", "format_whitelist": FORMATS},
            stream_options=[{"max_pixels": str(MAX_PIXELS)}],  # type: ignore[list-item]  # as PyAV's manual has it
        ) as container:
            stream = container.streams.video[0]
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            return next(container.decode(video=0)).to_ndarray(format="rgb24")
    except (av.error.FFmpegError, OSError, StopIteration, IndexError):
        raise VideoError(f"{path.name} is no picture that can be read; correct the path or leave it out") from None


def _part(picture: np.ndarray, box: Box, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The picture around a box, and the middle of the box in it."""
    height, width = picture.shape[:2]
    if not (0 <= box.top < box.bottom <= height and 0 <= box.left < box.right <= width):
        raise VideoError(f"{path.name}: the box {tuple(box)} is not in the picture ({width} x {height}); correct it")
    across, down = MARGIN * (box.right - box.left), MARGIN * (box.bottom - box.top)
    top, left = max(0, int(box.top - down)), max(0, int(box.left - across))
    part = picture[top : int(box.bottom + down), left : int(box.right + across)]
    return part, np.array([(box.left + box.right) / 2 - left, (box.top + box.bottom) / 2 - top])

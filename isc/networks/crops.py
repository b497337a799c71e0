"""Faces cut out of pictures, upright and of one size, and all that networks learn from a table of clips.

A similarity transform (rotation by the line through both irises, one scale, one shift) puts the irises, or the irises
and the middle of the mouth, where they are in every crop.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.clips import check_clips
from isc.classification.features import clip_meshes
from isc.io.camera.picture import read_picture
from isc.io.camera.video import read_frames
from isc.io.face import read_face_video
from isc.preprocessing.align import align_faces

Anchors = Literal["irises", "irises_mouth"]
Progress = Callable[[str, int, int | None], None]
IRISES = (468, 473)  # centres in MediaPipe's 478 points: the image-left one first
EYELIDS = ((33, 133, 159, 145), (263, 362, 386, 374))  # corners and lids, where there are no irises
MOUTH = (13, 14)  # inner lips, above and below
# Places in a crop, share of its side, x and y: irises, then the middle of the mouth.
PLACES = np.array([[0.32, 0.38], [0.68, 0.38], [0.5, 0.75]])


def anchor_points(landmarks: np.ndarray, anchors: Anchors = "irises") -> np.ndarray:
    """Middle of both irises, and of the mouth if wanted, in pixels.

    Parameters
    ----------
    landmarks : ndarray, shape (vertex, 2 or 3)
        478 points of MediaPipe, px; of 468 points the eyelids' means stand for the irises.
    anchors : {"irises", "irises_mouth"}
        Which.

    Returns
    -------
    ndarray, shape (2 or 3, 2)
        Image-left iris, image-right iris, mouth.

    Raises
    ------
    ValueError
        When the choice is not known or the points are not MediaPipe's.

    Examples
    --------
    >>> anchor_points(np.zeros((478, 3))).shape
    (2, 2)
    """
    if anchors not in ("irises", "irises_mouth"):
        raise ValueError(f"anchors must be 'irises' or 'irises_mouth'; given {anchors!r}")
    points = np.asarray(landmarks, dtype=np.float64)
    if points.ndim != 2 or points.shape[0] not in (468, 478) or points.shape[1] < 2:
        raise ValueError(f"landmarks are 468 or 478 points of x and y; given an array of shape {points.shape}")
    plane = points[:, :2]
    if len(plane) == 478:
        eyes = [plane[iris] for iris in IRISES]
    else:
        eyes = [plane[list(lids)].mean(axis=0) for lids in EYELIDS]
    mouth = [plane[list(MOUTH)].mean(axis=0)] if anchors == "irises_mouth" else []
    return np.stack(eyes + mouth)


def crop_transform(points: np.ndarray, size: int) -> np.ndarray:
    """Rotation, scale and shift that bring anchor points to their places in a crop (least squares).

    Parameters
    ----------
    points : ndarray, shape (2 or 3, 2)
        From `anchor_points`, px.
    size : int
        Side of the crop, px.

    Returns
    -------
    ndarray, shape (2, 3)
        Crop x, y = matrix @ (x, y, 1).

    Raises
    ------
    ValueError
        When a point is not finite, or all lie in one place.

    References
    ----------
    Umeyama 1991, IEEE TPAMI 13(4):376-380, doi:10.1109/34.88573; in the plane a similarity is a complex number.

    Examples
    --------
    >>> bool(np.allclose(crop_transform(PLACES[:2] * 100, 100), np.eye(2, 3)))
    True
    """
    source = points @ [1, 1j]
    target = (PLACES[: len(points)] * size) @ [1, 1j]
    middle, goal = source.mean(), target.mean()
    spread = np.vdot(source - middle, source - middle).real
    if not np.isfinite(spread) or spread == 0:
        raise ValueError("the irises (and the mouth) are not known or lie in one place; leave this picture out")
    turn = np.vdot(source - middle, target - goal) / spread
    shift = goal - turn * middle
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def align_crop(
    picture: np.ndarray, landmarks: np.ndarray, *, size: int = 112, anchors: Anchors = "irises"
) -> np.ndarray:
    """The face of a picture, upright, with the irises at their places.

    Parameters
    ----------
    picture : ndarray of uint8, shape (row, column, 3)
        RGB.
    landmarks : ndarray, shape (vertex, 2 or 3)
        Of the face, px of the picture.
    size : int
        Side of the crop, px.
    anchors : {"irises", "irises_mouth"}
        What is brought to its place.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
        What lies outside the picture repeats its edge.

    Raises
    ------
    ValueError
        As `anchor_points` and `crop_transform`.

    Examples
    --------
    >>> points = np.random.default_rng(0).uniform(20, 80, (478, 3))
    >>> align_crop(np.zeros((100, 100, 3), np.uint8), points, size=48).shape
    (48, 48, 3)
    """
    import cv2

    matrix = crop_transform(anchor_points(landmarks, anchors), size)
    shrinks = np.hypot(*matrix[:, 0]) < 0.5  # a smaller picture from many pixels: average first
    if shrinks:
        factor = float(np.hypot(*matrix[:, 0]))
        picture = cv2.GaussianBlur(picture, (0, 0), 0.5 / factor)
    return cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def read_crop(path: Path, size: int, box: np.ndarray | None = None) -> np.ndarray:
    """A picture, or the box of a face in it, scaled to a square.

    Parameters
    ----------
    path : Path
        A picture.
    size : int
        Side, px.
    box : ndarray, shape (4,), optional
        Top, left, right and bottom of the face, px.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
        RGB.

    Raises
    ------
    VideoError
        When the picture cannot be read.
    ValueError
        When the box is not in the picture.

    Examples
    --------
    >>> read_crop(Path("absent.jpg"), 112)
    Traceback (most recent call last):
        ...
    isc.io.camera.container.VideoError: absent.jpg is no picture that can be read; correct the path or leave it out
    """
    import cv2

    picture = read_picture(path)
    if box is not None:
        top, left, right, bottom = (int(round(edge)) for edge in box)
        picture = picture[max(top, 0) : bottom, max(left, 0) : right]
        if not picture.size:
            raise ValueError(f"the box {[top, left, right, bottom]} of {path.name} is not in the picture")
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)


def clip_corpus(
    clips: pd.DataFrame,
    folder: Path | str,
    *,
    size: int = 64,
    n_frame: int = 3,
    n_time: int = 6,
    anchors: Anchors = "irises",
    progress: Progress | None = None,
) -> xr.Dataset:
    """All that networks learn from clips of faces: aligned crops, mean meshes and sequences of meshes.

    Parameters
    ----------
    clips : DataFrame
        A row a clip: clip, subject, label, path (relative to `folder`) and whatever else is known.
    folder : path
        Of the videos.
    size : int
        Side of the crops, px.
    n_frame : int
        Crops of a clip: evenly spaced frames with a face from its second half.
    n_time : int
        Meshes of a sequence: evenly spaced frames with a face from the whole clip.
    anchors : {"irises", "irises_mouth"}
        As in `align_crop`.
    progress : callable, optional
        Called with ("clips", clips done, clips).

    Returns
    -------
    Dataset
        ``crop`` (clip, frame, row, column, channel), uint8; ``crop_landmark`` (clip, frame, vertex, axis), float32,
        the landmarks in the pixels of the crop; ``mesh`` (clip, vertex, space), float32, mean over frames without
        head movement; ``sequence`` (clip, time, vertex, space), float32, the same frame by frame. Coords: the
        columns of `clips` along clip. Clips without a face are left out.

    Raises
    ------
    ValueError
        When the table is unusable or no clip shows a face.
    VideoError, FaceModelError, FaceTrackerError
        As `isc.read_face_video`.

    Examples
    --------
    >>> clip_corpus(pd.DataFrame({"clip": ["a"], "subject": ["1"]}), "videos")
    Traceback (most recent call last):
        ...
    ValueError: clips: column label is missing; correct the table or leave these clips out
    """
    check_clips(clips)
    found: list[xr.Dataset] = []
    kept: list[int] = []
    for number, row in enumerate(clips.itertuples()):
        path = Path(folder) / str(row.path)
        landmarks = read_face_video(path, subject=str(row.subject))
        seen = np.flatnonzero(np.isfinite(landmarks.values).all(axis=(1, 2)))
        if seen.size:
            kept.append(number)
            crops = _crops(path, landmarks.values, _spread(seen[seen.size // 2 :], n_frame), size, anchors)
            found.append(_one_clip(landmarks, _spread(seen, n_time), *crops))
        if progress is not None:
            progress("clips", number + 1, len(clips))
    if not found:
        raise ValueError(f"no face was found in any of the {len(clips)} clips; look at the videos")
    table = clips.iloc[kept]
    columns = {str(name): ("clip", column.to_numpy()) for name, column in table.items()}
    return xr.concat(found, "clip").assign_coords(columns).assign_attrs(anchors=anchors)


def _spread(frames: np.ndarray, n: int) -> np.ndarray:
    """Evenly spaced ones of some frames, the first and the last among them; repeated where there are too few."""
    return frames[np.rint(np.linspace(0, len(frames) - 1, n)).astype(int)] if n > 1 else frames[-1:]


def _crops(
    path: Path, landmarks: np.ndarray, frames: np.ndarray, size: int, anchors: Anchors
) -> tuple[np.ndarray, np.ndarray]:
    """Crops (frame, row, column, channel) and their landmarks (frame, vertex, axis)."""
    pictures = dict(_wanted(path, set(frames.tolist())))
    crops = np.stack([align_crop(pictures[f], landmarks[f], size=size, anchors=anchors) for f in frames])
    matrices = [crop_transform(anchor_points(landmarks[f], anchors), size) for f in frames]
    moved = [landmarks[f][:, :2] @ m[:, :2].T + m[:, 2] for f, m in zip(frames, matrices, strict=True)]
    return crops, np.stack(moved).astype(np.float32)


def _wanted(path: Path, frames: set[int]) -> Iterator[tuple[int, np.ndarray]]:
    for number, frame in enumerate(read_frames(path)):
        if number in frames:
            yield number, frame.picture


def _one_clip(landmarks: xr.DataArray, frames: np.ndarray, crops: np.ndarray, points: np.ndarray) -> xr.Dataset:
    aligned = align_faces(landmarks)
    row = pd.DataFrame({"clip": ["one"], "subject": ["one"], "label": ["any"]})
    mesh = clip_meshes([aligned], row).isel(clip=0).transpose("vertex", "space").values
    sequence = aligned.transpose("time", "vertex", "space").values[frames]
    variables = {
        "crop": (("frame", "row", "column", "channel"), crops),
        "crop_landmark": (("frame", "vertex", "axis"), points),
        "mesh": (("vertex", "space"), mesh),
        "sequence": (("time", "vertex", "space"), sequence.astype(np.float32)),
    }
    return xr.Dataset(variables)

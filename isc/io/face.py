"""Face video in, recording out: 478 landmarks in pixels, 52 blendshapes and the head pose of one participant.

Landmarks identify people: they are personal data, as the video is.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import xarray as xr

from isc.io.camera.face_rows import as_recording, follow, recording_attrs
from isc.io.camera.video import check_count, probe_video, read_frames
from isc.io.face_model import find_face_model

BLOCK = 256  # frames
SEGMENT = 4096  # frames that one tracker sees: one to three minutes of video


def read_face_video(path: str | Path, *, subject: str, model: str | Path | None = None, every: int = 1) -> xr.DataArray:
    """Face landmarks of a video.

    Parameters
    ----------
    path : path
        Video of one participant's face.
    subject : str
        The participant's label.
    model : path, optional
        ``face_landmarker.task``; see `isc.io.face_model.find_face_model` for where it is looked for.
    every : int
        Track every frame (1), every second one (2), ...

    Returns
    -------
    DataArray, dims (time, vertex, space), float32
        ``landmarks`` in pixels, with the coords and attrs of `track_face_video`. NaN where no face was found.

    Raises
    ------
    VideoError, FaceModelError, FaceTrackerError
        As `track_blocks`.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from isc.io.camera.writer import write_video
    >>> path = Path(tempfile.mkdtemp(), "nobody.mp4")
    >>> write_video(path, np.full((3, 96, 96, 3), 128, np.uint8), rate=25)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     dict(read_face_video(path, subject="01").sizes)
    {'time': 3, 'vertex': 478, 'space': 3}
    """
    recording = track_face_video(path, subject=subject, model=model, every=every)
    return recording["landmarks"].assign_coords(detected=recording["detected"]).assign_attrs(recording.attrs)


def track_face_video(
    path: str | Path,
    *,
    subject: str,
    model: str | Path | None = None,
    every: int = 1,
    allow_truncated: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> xr.Dataset:
    """Recording of a whole video in memory (about 7 kB a frame); `track_blocks` gives it piece by piece.

    Parameters
    ----------
    path, subject, model, every, allow_truncated : see `track_blocks`
        As there.
    progress : callable, optional
        Called after every block with the number of frames done and the number expected (None when unknown).

    Returns
    -------
    Dataset
        All blocks of `track_blocks` joined along time.

    Raises
    ------
    VideoError, FaceModelError, FaceTrackerError
        As `track_blocks`.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from isc.io.camera.writer import write_video
    >>> path = Path(tempfile.mkdtemp(), "nobody.mp4")
    >>> write_video(path, np.full((3, 96, 96, 3), 128, np.uint8), rate=25)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     recording = track_face_video(path, subject="01", progress=print)
    3 3
    >>> recording["detected"].values.tolist()
    [False, False, False]
    """
    check_count("every", every)
    expected = -(-probe_video(path).n_frame // every) or None
    blocks: list[xr.Dataset] = []
    done = 0
    for block in track_blocks(path, subject=subject, model=model, every=every, allow_truncated=allow_truncated):
        blocks.append(block)
        done += block.sizes["time"]
        if progress is not None:
            progress(done, expected)
    return xr.concat(blocks, dim="time", data_vars="minimal", coords="minimal", compat="override", join="override")


def track_blocks(
    path: str | Path,
    *,
    subject: str,
    model: str | Path | None = None,
    every: int = 1,
    block: int = BLOCK,
    segment: int = SEGMENT,
    allow_truncated: bool = False,
) -> Iterator[xr.Dataset]:
    """Recording of a face video, block by block; the memory needed does not depend on the video's length.

    The face is that of one participant: the largest at first, then the one that continues it (`FaceFollower`).
    A new tracker is made for every video, so that the same video gives the same numbers whatever came before, and
    after every `segment` rows, so that an interrupted recording can go on from there (see `track_segments`).
    Landmarks are not smoothed over time: they do not lag behind the picture.

    Parameters
    ----------
    path : path
        Video of one participant's face.
    subject : str
        The participant's label.
    model : path, optional
        ``face_landmarker.task``; see `isc.io.face_model.find_face_model` for where it is looked for.
    every : int
        Track every frame (1), every second one (2), ...
    block : int
        Frames in a block; the last one may be shorter.
    segment : int
        Rows that one tracker makes.
    allow_truncated : bool
        Accept a damaged video up to the break.

    Yields
    ------
    Dataset
        ``landmarks`` (time, vertex 478, space x y z), float32, pixels of the upright picture: MediaPipe's shares
        times width, height and width. ``blendshapes`` (time, blendshape 52), float32, 0 to 1. ``head_pose`` (time,
        row 4, column 4), float32. All NaN where the participant's face was not found.
        Coords: ``time``, seconds since the first frame from the presentation timestamps; ``detected`` (time), bool;
        ``n_face`` (time), uint8, 0 to 2; scalar ``subject``.
        Attrs: rate_hz (of the rows), first_timestamp_s (of the first frame on the file's own clock), model_sha256,
        width_px, height_px, tracker.

    Raises
    ------
    VideoError
        As `isc.io.camera.video.read_frames`.
    FaceModelError, FileNotFoundError
        As `isc.io.face_model.find_face_model`.
    FaceTrackerError
        When MediaPipe does not start.
    ValueError
        When `every` or `block` is less than one.

    Warns
    -----
    UserWarning
        When no face is found in the whole video, for oddities of the file, and for what `read_frames` warns of.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from isc.io.camera.writer import write_video
    >>> path = Path(tempfile.mkdtemp(), "nobody.mp4")
    >>> write_video(path, np.full((5, 96, 96, 3), 128, np.uint8), rate=25)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     [block.sizes["time"] for block in track_blocks(path, subject="01", block=2)]
    [2, 2, 1]
    """
    check_count("every", every)
    check_count("block", block)
    check_count("segment", segment)
    path = Path(path)
    found_face = False
    attrs = recording_attrs(path, every)
    frames = read_frames(path, every=every, allow_truncated=allow_truncated)
    with closing(follow(frames, find_face_model(model), attrs, segment)) as rows:
        while batch := [row for row, _ in islice(rows, block)]:
            recording = as_recording(batch, subject, attrs)
            found_face |= bool(recording["detected"].any())
            yield recording
    if not found_face:
        warnings.warn(f"{path.name}: no face was found in any frame, all landmarks are NaN", stacklevel=2)

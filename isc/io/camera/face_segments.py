"""Face video in, recording out in segments, between which a long extraction can be interrupted and resumed."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import xarray as xr

from isc.io.camera.face_rows import Checkpoint, as_recording, follow, recording_attrs
from isc.io.camera.video import check_count, read_frames
from isc.io.face import BLOCK, SEGMENT
from isc.io.face_model import find_face_model


def track_segments(
    path: str | Path,
    *,
    subject: str,
    model: str | Path | None = None,
    every: int = 1,
    segment: int = SEGMENT,
    allow_truncated: bool = False,
    start: Checkpoint | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[tuple[xr.Dataset, Checkpoint]]:
    """Recording of a face video, segment by segment, each with the point from which one can go on later.

    The segments are the same whether tracking was interrupted or not: each has a tracker of its own. Frames before
    `start` are decoded, which is quick beside tracking them.

    Parameters
    ----------
    path, subject, model, every, segment, allow_truncated : see `track_blocks`
        As there; one segment is in memory at a time (7 kB a row).
    start : Checkpoint, optional
        Given with the last segment that is kept from before.
    progress : callable, optional
        Called now and then with the number of rows done.

    Yields
    ------
    recording : Dataset
        As in `track_blocks`.
    checkpoint : Checkpoint
        After this segment.

    Raises
    ------
    VideoError, FaceModelError, FaceTrackerError, ValueError
        As `track_blocks`.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from isc.io.camera.writer import write_video
    >>> path = Path(tempfile.mkdtemp(), "nobody.mp4")
    >>> write_video(path, np.full((5, 96, 96, 3), 128, np.uint8), rate=25)
    >>> parts = list(track_segments(path, subject="01", segment=2))
    >>> [point.n_row for _, point in parts]
    [2, 4, 5]
    >>> rest = list(track_segments(path, subject="01", segment=2, start=parts[0][1]))
    >>> rest[0][0].identical(parts[1][0])
    True
    """
    check_count("every", every)
    check_count("segment", segment)
    path = Path(path)
    attrs, n_row = recording_attrs(path, every), start.n_row if start else 0
    frames = read_frames(path, every=every, allow_truncated=allow_truncated)
    with closing(follow(frames, find_face_model(model), attrs, segment, start)) as rows:
        while batch := list(_counted(islice(rows, segment), n_row, progress)):
            n_row += len(batch)
            recording = as_recording([row for row, _ in batch], subject, attrs)
            yield recording, Checkpoint(n_row, batch[-1][1])


def _counted(rows: Iterator[Any], done: int, progress: Callable[[int], None] | None) -> Iterator[Any]:
    for count, row in enumerate(rows, start=done + 1):
        yield row
        if progress is not None and count % BLOCK == 0:
            progress(count)

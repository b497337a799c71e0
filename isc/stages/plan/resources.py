"""What a run needs of a machine: its memory estimated before anything is made, and held against a limit.

The constants were measured with ``python -m benchmarks.soak``; they are rounded up. Extend `memory_needs` (or stand
beside it) for other resources: it knows the lengths of all videos and the settings.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isc.io.camera.video import VideoError, VideoInfo, probe_video
from isc.study import Study, StudyError

MIB = 2**20
UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?\s*", re.IGNORECASE)
WORKER_BYTES = 700 * MIB  # Python, MediaPipe and its model
GROUP_BYTES = 600 * MIB  # Python with all packages, series of one block, figures
SEGMENT_ROW_BYTES = 32 * 2**10  # of a row of the segment in memory: what was seen, its arrays, their compression
PICTURE_COPIES = 24  # decoded pictures (3 bytes a pixel) that decoder, scaler and tracker hold at a time
DERIVED_ROW_BYTES = 24 * 2**10  # of a tracked frame while the recording is aligned and judged, whole
RECORDING_COPIES = 2  # of all recordings at their own rate, while they are put on one clock ...
RESAMPLE_BYTES = 350 * MIB  # ... and of the block that is
CUBE_COPIES = 4  # of the cube while it is tested
VERTEX_BYTES = 478 * 3 * 4  # of one sample of one participant, float32
CELL_BYTES = 64  # of one window and feature: t-ISC, counts, p of every scheme, and their copies


@dataclass(frozen=True)
class Need:
    """Memory of one part of a run.

    Attributes
    ----------
    part : str
        What needs it.
    n_bytes : int
    """

    part: str
    n_bytes: int

    def __str__(self) -> str:
        """The part and its size in words."""
        return f"{self.part}: about {format_size(self.n_bytes)}"


def parse_size(text: str) -> int:
    """Bytes of a size as people write it.

    Parameters
    ----------
    text : str
        A number and k, M, G or T (powers of 1024), with or without ``B`` or ``iB``.

    Returns
    -------
    int

    Raises
    ------
    StudyError
        When it is no such size, or none.

    Examples
    --------
    >>> parse_size("1.5 GiB"), parse_size("800M"), parse_size("4096")
    (1610612736, 838860800, 4096)
    """
    found = SIZE.fullmatch(text)
    n_bytes = int(float(found[1]) * UNITS[found[2].lower()]) if found else 0
    if n_bytes < 1:
        raise StudyError(f"a size of memory reads like 800M or 4G; given {text!r}")
    return n_bytes


def format_size(n_bytes: int) -> str:
    """A size in words, three digits.

    Parameters
    ----------
    n_bytes : int

    Returns
    -------
    str

    Examples
    --------
    >>> format_size(1610612736), format_size(300 * 2**20)
    ('1.5 GiB', '300 MiB')
    """
    mib = n_bytes / MIB
    return f"{mib / 1024:.3g} GiB" if mib >= 1000 else f"{max(mib, 1):.3g} MiB"


def probed(videos: Sequence[Path]) -> list[VideoInfo]:
    """What the videos say of themselves; those that cannot be read are left out, their own error comes later.

    Parameters
    ----------
    videos : sequence of Path

    Returns
    -------
    list of VideoInfo

    Examples
    --------
    >>> probed([Path("absent.mp4")])
    []
    """
    found = []
    for video in videos:
        try:
            found.append(probe_video(video))
        except VideoError:
            continue
    return found


def worker_need(study: Study, video: VideoInfo) -> int:
    """Bytes of the process that tracks one video.

    Parameters
    ----------
    study : Study
    video : VideoInfo

    Returns
    -------
    int
        Pictures and one segment of rows do not depend on the length; what is kept of every frame does.

    Examples
    --------
    >>> video = VideoInfo(60.0, 30.0, 30.0, 1800, 1280, 720, 0, ())
    >>> format_size(worker_need(Study(), video))
    '862 MiB'
    """
    rows = -(-video.n_frame // study.extraction.every)
    pictures = PICTURE_COPIES * 3 * video.width * video.height
    return WORKER_BYTES + pictures + min(rows, study.extraction.segment) * SEGMENT_ROW_BYTES + rows * DERIVED_ROW_BYTES


def group_need(study: Study, videos: Sequence[VideoInfo], *, n_pair: int | None = None) -> int:
    """Bytes of the group level, which holds the cube of everybody in memory.

    Parameters
    ----------
    study : Study
    videos : sequence of VideoInfo
        Of all participants.
    n_pair : int, optional
        Vertex pairs; by default those of the settings. Their distances are formed in blocks and never stored: they
        cost what their results do.

    Returns
    -------
    int

    Examples
    --------
    >>> video = VideoInfo(3600.0, 30.0, 30.0, 108_000, 1280, 720, 0, ())
    >>> format_size(group_need(Study(), [video] * 20))
    '46.8 GiB'
    """
    seconds = max(map(_seconds, videos), default=0.0)
    rates = [video.rate / study.extraction.every for video in videos if np.isfinite(video.rate)]
    own = min(rates, default=0.0)
    second = len(videos) * seconds * VERTEX_BYTES  # of all, a sample a second
    stacked = max(RECORDING_COPIES * own * second + RESAMPLE_BYTES, CUBE_COPIES * (study.cube.rate or own) * second)
    features = 478 + (len(study.tisc.pairs) if n_pair is None else n_pair)
    return GROUP_BYTES + int(stacked + CELL_BYTES * features * seconds / study.tisc.step)


def _seconds(video: VideoInfo) -> float:
    return video.duration if np.isfinite(video.duration) else video.n_frame / video.rate if video.rate > 0 else 0.0


def memory_needs(
    study: Study, due: Sequence[VideoInfo], everybody: Sequence[VideoInfo], *, n_procs: int, group: bool
) -> list[Need]:
    """Memory of each level of a run.

    Parameters
    ----------
    study : Study
    due : sequence of VideoInfo
        Videos that are to be tracked.
    everybody : sequence of VideoInfo
        Videos of all participants.
    n_procs : int
        Videos tracked at a time: the largest count.
    group : bool
        Whether the group is analysed.

    Returns
    -------
    list of Need

    Examples
    --------
    >>> video = VideoInfo(60.0, 30.0, 30.0, 1800, 1280, 720, 0, ())
    >>> for need in memory_needs(Study(), [video] * 3, [video] * 3, n_procs=2, group=True):
    ...     print(need)
    participants (2 videos at a time): about 1.68 GiB
    group (3 participants): about 0.986 GiB
    """
    needs = []
    if due:
        largest = sorted((worker_need(study, video) for video in due), reverse=True)[:n_procs]
        at_a_time = f"{len(largest)} video{'' if len(largest) == 1 else 's'} at a time"
        needs.append(Need(f"participants ({at_a_time})", sum(largest)))
    if group and everybody:
        needs.append(Need(f"group ({len(everybody)} participants)", group_need(study, everybody)))
    return needs


def fitting_procs(study: Study, due: Sequence[VideoInfo], *, n_procs: int, limit: int) -> int:
    """Videos that can be tracked at a time within a limit of memory; at least one.

    Parameters
    ----------
    study : Study
    due : sequence of VideoInfo
    n_procs : int
        As many as are wanted.
    limit : int
        Bytes.

    Returns
    -------
    int

    Examples
    --------
    >>> video = VideoInfo(60.0, 30.0, 30.0, 1800, 1280, 720, 0, ())
    >>> fitting_procs(Study(), [video] * 8, n_procs=8, limit=parse_size("2G"))
    2
    """
    totals = np.cumsum(sorted((worker_need(study, video) for video in due), reverse=True)[:n_procs])
    return max(1, int((totals <= limit).sum())) if totals.size else n_procs


def check_memory(needs: Sequence[Need], limit: int) -> None:
    """Refuse a run that needs more memory than it may have.

    Parameters
    ----------
    needs : sequence of Need
    limit : int
        Bytes.

    Raises
    ------
    StudyError
        When a part needs more; what would make it smaller is named.

    Examples
    --------
    >>> check_memory([Need("group (20 participants)", 48 * 2**30)], parse_size("16G"))
    Traceback (most recent call last):
    isc.study.StudyError: group (20 participants): about 48 GiB, more than --max-memory 16 GiB; ...
    """
    for need in needs:
        if need.n_bytes > limit:
            raise StudyError(
                f"{need}, more than --max-memory {format_size(limit)}; track every n-th frame (extraction.every), "
                "set a lower rate (cube.rate), shorten or scale down the videos, or use a larger machine"
            )

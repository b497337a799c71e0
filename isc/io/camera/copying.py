"""Copies of videos without what does not belong into a study: the pictures only, packet by packet, verified."""

import hashlib
from pathlib import Path
from typing import Any

from isc.io.camera.container import VideoError, open_video
from isc.io.camera.video import probe_video
from isc.io.files.atomic import hash_file

MICROSECOND = 1e-6  # time stamps that agree so far are the same
CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".avi": "avi"}


def copy_pictures(source: Path, target: Path) -> None:
    """Copy the pictures of a video without decoding them; sound, place, device and date stay behind.

    Parameters
    ----------
    source : Path
        A video file.
    target : Path
        Of the same kind of container; nothing is there yet.

    Raises
    ------
    VideoError
        When the file cannot be read, or the copy would not have the same pictures at the same times; nothing is left
        at `target` then.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from isc.io.camera.writer import write_video
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_video(folder / "a.mp4", np.full((5, 48, 64, 3), 128, np.uint8), rate=25)
    >>> copy_pictures(folder / "a.mp4", folder / "b.mp4")
    >>> picture_hash(folder / "a.mp4") == picture_hash(folder / "b.mp4")
    True
    """
    import av

    try:
        _remux(source, target)
        if picture_hash(source) != picture_hash(target) or _shape(source) != _shape(target):
            raise VideoError("the copy differs from it")
    except (VideoError, av.error.FFmpegError, ValueError) as error:
        target.unlink(missing_ok=True)
        raise VideoError(
            f"{source.name} cannot be copied without its metadata ({error}); copy it whole with --whole-videos"
        ) from error


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file byte by byte and compare the hashes.

    Parameters
    ----------
    source, target : Path
        Nothing is at `target` yet.

    Raises
    ------
    OSError
        When the copy cannot be written, or differs.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("a log")
    >>> copy_whole(folder / "a.txt", folder / "b.txt")
    >>> (folder / "b.txt").read_text()
    'a log'
    """
    with open(source, "rb") as original, open(target, "xb") as copy:
        while block := original.read(2**20):
            copy.write(block)
    if hash_file(source) != hash_file(target):
        raise OSError(f"the copy of {source.name} differs from it; try again, and check the disk")


def picture_hash(path: Path) -> str:
    """SHA-256 over all encoded pictures of a video and their time stamps.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Equal for files whose pictures and times (to the microsecond) are equal, whatever else they hold.

    Raises
    ------
    VideoError
        When the file cannot be read as a video.

    Examples
    --------
    >>> picture_hash(Path("absent.mp4"))
    Traceback (most recent call last):
    isc.io.camera.container.VideoError: absent.mp4 does not exist or is not a file; correct the path
    """
    digest = hashlib.sha256()
    with open_video(path) as (container, stream):
        for packet in container.demux(stream):
            if packet.size:
                time = None if packet.pts is None else round(float(packet.pts * packet.time_base) / MICROSECOND)
                digest.update(f"{time} {packet.size} ".encode())
                digest.update(bytes(packet))
    return digest.hexdigest()


def _remux(source: Path, target: Path) -> None:
    import av

    with open_video(source) as (container, stream):
        # Timestamps stay as they are, negative ones too: they are the clock of the recording.
        options = {"avoid_negative_ts": "disabled"}
        with av.open(f"file:{target.absolute()}", "w", format=CONTAINERS[target.suffix], options=options) as output:
            copy = output.add_stream_from_template(stream)
            copy.time_base = stream.time_base
            copy.metadata.clear()
            for packet in container.demux(stream):
                if packet.size:
                    packet.stream = copy
                    output.mux(packet)


def _shape(path: Path) -> tuple[Any, ...]:
    info = probe_video(path)
    return info.width, info.height, info.rotation

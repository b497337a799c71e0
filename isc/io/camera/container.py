"""Video files opened safely, only files, only as films, and decoded up to their end or the place where they break.

The decoder library also reads playlists, image lists and web addresses. None of them is opened: a playlist renamed
to .mp4 cannot make it read other files or send requests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,asf,flv,ogg"  # films; no playlists, no image lists
MAX_PIXELS = 2**26  # in one frame: 8192 x 8192; a damaged header may declare more than the memory holds
END_TOLERANCE = 1.0  # seconds by which a film may end before its declared duration
MICROSECONDS = 1_000_000  # in a second; the container's unit


class VideoError(ValueError):
    """A file that cannot be read as a video."""


class BrokenVideoError(VideoError):
    """A video that ends, or cannot be decoded, before its declared end."""


@contextmanager
def open_video(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a film file.

    Parameters
    ----------
    path : Path
        Opened as a file, whatever characters its name has.

    Yields
    ------
    container, stream
        PyAV's objects, the stream decoding in one thread; closed at the end.

    Raises
    ------
    VideoError
        When the file is missing, empty, no film, without index or pictures, or declares frames of absurd size.

    Examples
    --------
    >>> with open_video(Path("absent.mp4")):
    ...     pass
    Traceback (most recent call last):
        ...
    isc.io.camera.container.VideoError: absent.mp4 does not exist or is not a file; correct the path
    """
    import av

    if not path.is_file():
        raise VideoError(f"{path.name} does not exist or is not a file; correct the path")
    try:
        container = av.open(
            f"file:{path.absolute()}",
            metadata_errors="ignore",
            container_options={"protocol_whitelist": "file", "format_whitelist": FORMATS},
        )
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(f"{path.name} {_why_unreadable(path, error)}") from None
    with container:
        stream = _picture_stream(container, path)
        stream.thread_type = "NONE"  # films are read in parallel, and a break is found where it is
        yield container, stream


def _why_unreadable(path: Path, error: Exception) -> str:
    """End of a sentence that begins with the file's name."""
    if isinstance(error, PermissionError):
        return "may not be read: change its permissions"
    if path.stat().st_size == 0:
        return "is empty (0 bytes); copy it again"
    boxes = _box_names(path)
    if b"moov" not in boxes and {b"ftyp", b"mdat"} & set(boxes):
        return "has no index (no moov atom): the recording or the copy was cut off; copy it again or repair it"
    return "is not a video, whatever its name says, or its first bytes are damaged; give a video file"


def _box_names(path: Path) -> list[bytes]:
    """Names of the boxes that an MP4 or MOV file consists of, as far as they make sense."""
    names = []
    with path.open("rb") as file:
        while len(header := file.read(8)) == 8:
            size = int.from_bytes(header[:4], "big")
            names.append(header[4:])
            if size == 1:  # the true size follows in eight bytes
                size = int.from_bytes(file.read(8), "big") - 8
            if size < 8:
                break
            file.seek(size - 8, 1)
    return names


def _picture_stream(container: Any, path: Path) -> Any:
    """First stream of pictures, cover pictures left out."""
    from av.stream import Disposition

    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        kind = "sound only" if container.streams.audio else "no pictures"
        raise VideoError(f"{path.name} holds {kind}; give the file with the film of the face")
    if streams[0].codec_context is None:
        raise VideoError(f"{path.name} uses a codec that cannot be decoded here; convert it to H.264")
    width, height = streams[0].codec_context.width, streams[0].codec_context.height
    if width * height > MAX_PIXELS:
        raise VideoError(
            f"{path.name} declares frames of {width} x {height} pixels; at most {MAX_PIXELS} pixels are decoded: "
            "scale the film down, or copy it again if the header is damaged"
        )
    return streams[0]


def declared_seconds(container: Any, stream: Any) -> tuple[float, float]:
    """Start and duration of the film as the file declares them.

    Parameters
    ----------
    container, stream : objects of PyAV
        From `open_video`.

    Returns
    -------
    start, duration : float
        Seconds; the duration is NaN where the file does not say.

    Examples
    --------
    >>> from types import SimpleNamespace as Declared
    >>> declared_seconds(Declared(duration=3_000_000, start_time=None), Declared(duration=None))
    (0.0, 3.0)
    """
    if stream.duration is not None:
        return float((stream.start_time or 0) * stream.time_base), float(stream.duration * stream.time_base)
    if container.duration is not None:
        return (container.start_time or 0) / MICROSECONDS, container.duration / MICROSECONDS
    return 0.0, np.nan


def decoded_frames(container: Any, stream: Any, path: Path) -> Iterator[Any]:
    """Frames of a film as PyAV gives them.

    Parameters
    ----------
    container, stream : objects of PyAV
        From `open_video`.
    path : Path
        For the error.

    Yields
    ------
    av.VideoFrame
        In the order in which they are shown.

    Raises
    ------
    BrokenVideoError
        After the last good frame, when the file breaks off or is damaged there.

    Examples
    --------
    >>> import tempfile
    >>> from isc.io.camera.writer import write_video
    >>> path = Path(tempfile.mkdtemp(), "grey.mp4")
    >>> write_video(path, np.full((3, 48, 64, 3), 128, np.uint8), rate=25)
    >>> with open_video(path) as (container, stream):
    ...     [frame.pts for frame in decoded_frames(container, stream, path)]
    [0, 512, 1024]
    """
    end = 0.0  # seconds at which the last good frame ends
    declared = sum(declared_seconds(container, stream))
    packets = container.demux(stream)
    reading = True
    while reading:
        frames, broken, reading = _next_frames(packets, stream)
        for frame in frames:
            yield frame
            end = frame.time + float((frame.duration or 0) * frame.time_base)
        if broken:
            raise _broken(path, end, declared)
    if declared - end > END_TOLERANCE:
        raise _broken(path, end, declared)


def _next_frames(packets: Iterator[Any], stream: Any) -> tuple[list[Any], bool, bool]:
    """Good frames of the next packet, whether the film breaks off there, and whether there may be more."""
    import av

    try:
        packet = next(packets, None)
        if packet is None:
            return [], False, False
        frames = [] if packet.is_corrupt else packet.decode()
        if not packet.is_corrupt and not any(frame.is_corrupt for frame in frames):
            return frames, False, True
    except av.error.FFmpegError:
        pass
    held_back = [frame for frame in stream.decode(None) if not frame.is_corrupt]  # they waited for their order
    for frame in held_back:
        frame.time_base = stream.time_base  # which PyAV takes from packets only
    return held_back, True, False


def _broken(path: Path, end: float, declared: float) -> BrokenVideoError:
    whole = "" if np.isnan(declared) else f" of {declared:.2f} s"
    return BrokenVideoError(f"{path.name} breaks off or is damaged at {end:.2f} s{whole}")

"""Video files in: frames with their presentation timestamps, upright and contiguous.

Time is what the file says of each frame, never a count of frames times a rate: phones and webcams drop and delay
frames.
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from isc.io.camera.container import BrokenVideoError, VideoError, declared_seconds, decoded_frames, open_video

PROBE_PACKETS = 1000  # read for the frame rate; half a minute of film
EVEN_INTERVAL = 0.5  # intervals within ±50 % of the median make the rate; others are gaps or bursts
RATE_TOLERANCE = 0.01  # share by which the header's rate may miss the timestamps'
REORDERED = 16  # packets come in decoding order: so many of the last ones read may have gaps between them
FEW = 4  # times as many packets are few enough to need them all
QUARTER_TURN = 90  # degrees


class Frame(NamedTuple):
    """One frame of a video.

    Attributes
    ----------
    time : float
        Presentation timestamp in seconds, as stored in the file.
    picture : ndarray of uint8, shape (height, width, 3)
        Red, green, blue; upright, square pixels, C-contiguous.
    """

    time: float
    picture: np.ndarray


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says about itself, and what its timestamps say.

    Attributes
    ----------
    duration : float
        Seconds, as declared; NaN where the file does not say.
    rate : float
        Frames per second from the timestamps of the first 1000 frames, gaps left out; NaN for a single frame.
    header_rate : float
        Frames per second that the header claims; NaN where it does not.
    n_frame : int
        Frames to expect; 0 when unknown.
    width, height : int
        Pixels of the upright picture.
    rotation : int
        Degrees, counter-clockwise, by which the stored picture is turned for showing.
    warnings : tuple of str
        One sentence for each oddity that does not prevent reading.
    """

    duration: float
    rate: float
    header_rate: float
    n_frame: int
    width: int
    height: int
    rotation: int
    warnings: tuple[str, ...]


def probe_video(path: str | Path) -> VideoInfo:
    """Duration, frame rate, size and rotation of a video, without decoding more than its first frame.

    Parameters
    ----------
    path : path
        A video file.

    Returns
    -------
    VideoInfo
        Seconds, frames per second, pixels, degrees.

    Raises
    ------
    VideoError
        When the file cannot be read as a video; see `read_frames`.

    Examples
    --------
    >>> import tempfile
    >>> from isc.io.camera.writer import write_video
    >>> path = Path(tempfile.mkdtemp(), "grey.mp4")
    >>> write_video(path, np.full((10, 48, 64, 3), 128, np.uint8), rate=25)
    >>> info = probe_video(path)
    >>> info.rate, info.width, info.n_frame
    (25.0, 64, 10)
    """
    path = Path(path)
    rotation = _first_frame(path).rotation
    with open_video(path) as (container, stream):
        times = _packet_times(container, stream)
        rate, unevenness = _even_rate(times), _unevenness(times)
        average = None if unevenness else stream.average_rate  # of an uneven film it is counted, not claimed
        header_rate = float(stream.codec_context.framerate or average or np.nan)
        duration = declared_seconds(container, stream)[1]
        width, height = _shown_size(stream, rotation)
        n_frame = stream.frames or (0 if np.isnan(duration * rate) else round(duration * rate))
    oddities = (unevenness, _mismatch(rate, header_rate))
    said = tuple(f"{path.name}: {oddity}; the timestamps are used" for oddity in oddities if oddity)
    return VideoInfo(duration, rate, header_rate, n_frame, width, height, rotation, said)


def read_frames(path: str | Path, *, every: int = 1, allow_truncated: bool = False) -> Iterator[Frame]:
    """Frames of a video one after the other, with their presentation timestamps.

    The memory needed does not depend on the length. Rotation stored by a phone is undone, pixels that are not
    square are resampled to square ones, and a change of size in mid-film is scaled to the first size.

    Parameters
    ----------
    path : path
        A video file; nothing else is opened, whatever it refers to.
    every : int
        1 for every frame, 2 for every second frame, and so on.
    allow_truncated : bool
        Keep the frames up to the break of a damaged file, with a warning.

    Yields
    ------
    Frame
        Time in seconds, strictly increasing; picture (height, width, 3), uint8.

    Raises
    ------
    VideoError
        When the file is missing, empty, no video, sound only, without index (moov atom), or when timestamps go
        backwards or two different frames have the same time.
    BrokenVideoError
        When the file ends or is damaged before its declared end, with the time of the break.

    Warns
    -----
    UserWarning
        When exact duplicates of frames were dropped, or a truncated file was accepted.

    Examples
    --------
    >>> import tempfile
    >>> from isc.io.camera.writer import write_video
    >>> path = Path(tempfile.mkdtemp(), "grey.mp4")
    >>> write_video(path, np.full((10, 48, 64, 3), 128, np.uint8), rate=25)
    >>> [round(frame.time, 2) for frame in read_frames(path, every=4)]
    [0.0, 0.16, 0.32]
    """
    from av.video.reformatter import VideoReformatter

    path = Path(path)
    check_count("every", every)
    scaler = VideoReformatter()  # one for all frames: a frame's own would be set up anew for each
    with open_video(path) as (container, stream):
        size: tuple[int, int] | None = None
        try:
            for index, frame in enumerate(_in_order(decoded_frames(container, stream, path), path)):
                size = size or _shown_size(stream, frame.rotation)
                if index % every == 0:
                    yield Frame(frame.time, _upright_picture(frame, size, scaler))
        except BrokenVideoError as broken:
            if not allow_truncated:
                advice = "copy the file again, or keep the frames before the break with allow_truncated"
                raise BrokenVideoError(f"{broken}; {advice}") from None
            warnings.warn(f"{broken}; the frames before are kept", stacklevel=2)


def check_count(name: str, count: int) -> None:
    """Raise an error when a number of frames is less than one.

    Parameters
    ----------
    name : str
        Of the parameter.
    count : int
        What was given for it.

    Raises
    ------
    ValueError
        When the count is 0 or less.

    Examples
    --------
    >>> check_count("every", 2)
    """
    if count < 1:
        raise ValueError(f"{name} is {count}, but it counts frames: give 1 or more")


def _in_order(frames: Iterable[Any], path: Path) -> Iterator[Any]:
    """Frames whose timestamps increase; exact duplicates dropped and counted in a warning."""
    last = None
    n_dropped = 0
    for frame in frames:
        if last is not None and frame.time <= last.time:
            if not _same(frame, last):
                raise VideoError(_disorder(path, last.time, frame.time))
            n_dropped += 1
            continue
        yield frame
        last = frame
    if n_dropped:
        warnings.warn(f"{path.name}: {n_dropped} exact duplicates of frames dropped", stacklevel=3)


def _same(frame: Any, other: Any) -> bool:
    return frame.time == other.time and np.array_equal(frame.to_ndarray(), other.to_ndarray())


def _disorder(path: Path, before: float, after: float) -> str:
    fault = "two different frames at" if after == before else f"a frame at {after:.3f} s after one at"
    return (
        f"{path.name} has {fault} {before:.3f} s; timestamps must increase: "
        "write them anew, e.g. ffmpeg -i IN -fps_mode cfr OUT, if the rate is known to be constant"
    )


def _first_frame(path: Path) -> Any:
    with open_video(path) as (container, stream):
        first = next(decoded_frames(container, stream, path), None)
    if first is None:
        raise VideoError(f"{path.name} holds no frame; copy the file again")
    return first


def _packet_times(container: Any, stream: Any) -> np.ndarray:
    """Sorted timestamps (s) of the first packets, which need not be decoded for it."""
    import av

    times = []
    with suppress(av.error.FFmpegError):  # read_frames tells where a film breaks off
        for packet in islice(container.demux(stream), PROBE_PACKETS):
            if packet.pts is not None:
                times.append(float(packet.pts * packet.time_base))
    settled = len(times) - REORDERED if len(times) > FEW * REORDERED else len(times)
    return np.unique(times)[:settled]


def _even_rate(times: np.ndarray) -> float:
    """Frames per second over the intervals that are neither gaps nor bursts."""
    if times.size < 2:
        return np.nan
    intervals = np.diff(times)
    return float(f"{1 / intervals[_is_even(intervals)].mean():.10g}")  # 30, not 29.99999999999999


def _is_even(intervals: np.ndarray) -> np.ndarray:
    typical = np.quantile(intervals, 0.5, method="lower")  # one of them, or none might be near
    return np.abs(intervals / typical - 1) <= EVEN_INTERVAL


def _unevenness(times: np.ndarray) -> str:
    intervals = np.diff(times)
    if times.size < 2 or _is_even(intervals).all():
        return ""
    return f"variable frame rate, intervals of {intervals.min() * 1000:.0f} to {intervals.max() * 1000:.0f} ms"


def _mismatch(rate: float, header_rate: float) -> str:
    if not abs(header_rate / rate - 1) > RATE_TOLERANCE:  # NaN is no mismatch
        return ""
    return f"the header says {header_rate:.4g} frames per second, the timestamps {rate:.4g}"


def _shown_size(stream: Any, rotation: int) -> tuple[int, int]:
    """Width and height of the upright picture with square pixels."""
    codec = stream.codec_context
    width = round(codec.width * float(stream.sample_aspect_ratio or 1))
    return (codec.height, width) if round(rotation / QUARTER_TURN) % 2 else (width, codec.height)


def _upright_picture(frame: Any, size: tuple[int, int], scaler: Any) -> np.ndarray:
    turns = round(frame.rotation / QUARTER_TURN)
    width, height = size[::-1] if turns % 2 else size
    stored = scaler.reformat(frame, width=width, height=height, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(stored, turns))

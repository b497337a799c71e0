"""Small real films of generated faces, with the faults that cameras, phones and people bring about."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import xarray as xr

from isc.io.camera.video import read_frames
from isc.simulate import Camera, simulate_face_video

RATE = 10.0  # frames per second of the generated films


def face_film(path: Path, *, person: int = 0, duration: float = 3.0, lost: Sequence[tuple[float, float]] = ()) -> Path:
    """Write a film of a generated person who smiles more and more."""
    time = np.linspace(0, duration, 31)
    course = xr.Dataset({"smile": ("time", 0.5 - 0.5 * np.cos(2 * time))}, coords={"time": time})
    simulate_face_video(path, subject_index=person, course=course, lost=lost, camera=Camera(rate=RATE), seed=3)
    return path


def pictures_of(path: Path) -> np.ndarray:
    """All pictures of a film, (time, height, width, 3)."""
    return np.stack([frame.picture for frame in read_frames(path)])


def encode(path: Path, pictures: np.ndarray, *, prepare: Callable[[Any], None] | None = None, **options: str) -> Path:
    """Write pictures as H.264 at 10 frames per second; `options` are the container's."""
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=int(RATE))
        stream.height, stream.width = pictures.shape[1:3]
        stream.pix_fmt = "yuv420p"
        if prepare is not None:
            prepare(stream)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture))))
        container.mux(stream.encode(None))
    return path


def encode_at(path: Path, pictures: np.ndarray, milliseconds: Sequence[int], *, header_rate: int = 10) -> Path:
    """Write each picture as a JPEG of its own with the given timestamp, in any order; equal pictures, equal bytes."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=header_rate)
        stream.height, stream.width = pictures.shape[1:3]
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = 2
        for position, (picture, moment) in enumerate(zip(pictures, milliseconds, strict=True)):
            for packet in stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture))):
                packet.time_base = Fraction(1, 1000)
                packet.dts, packet.pts = position, int(moment)
                container.mux(packet)
    return path


def sound_only(path: Path) -> Path:
    """Write an mp4 of one second of silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        silence.rate = 8000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    return path


def raw_study(folder: Path, films: Sequence[Callable[[Path], Any]], onsets: Sequence[float] | None = None) -> Path:
    """Write a raw BIDS study: participant k has the film that the k-th function writes."""
    labels = [f"{k + 1:02d}" for k in range(len(films))]
    folder.mkdir()
    (folder / "dataset_description.json").write_text('{"Name": "Faults", "BIDSVersion": "1.10.0"}')
    (folder / "participants.tsv").write_text("participant_id\n" + "".join(f"sub-{label}\n" for label in labels))
    for k, (label, write) in enumerate(zip(labels, films, strict=True)):
        video = folder / f"sub-{label}" / "beh" / f"sub-{label}_task-film_recording-face_video.mp4"
        video.parent.mkdir(parents=True)
        write(video)
        if onsets is not None:
            row = f"beh/{video.name}\t{onsets[k]}\n"
            (folder / f"sub-{label}" / f"sub-{label}_scans.tsv").write_text("filename\tstimulus_onset\n" + row)
    return folder

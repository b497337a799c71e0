"""The long studies that `benchmarks.soak` runs: looped films, and landmarks generated where a tracker would stand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from isc.demo import TASK, write_demo_study
from isc.io.bids import raw_path
from isc.io.camera.face_rows import Checkpoint, recording_attrs
from isc.io.camera.face_tracker import BLENDSHAPES
from isc.io.camera.writer import write_video
from isc.io.layout.names import Entities
from isc.simulate import simulate_audience, simulate_face_video
from isc.simulate.camera import Camera
from isc.simulate.portrait import load_portrait
from isc.stages import run as runs
from isc.stages.recordings import extraction
from isc.stages.run import RunRequest, processors

N_VIEWER = 3  # the fewest that can be tested
RATE = {"video": 10.0, "landmarks": 4.0}  # Hz, of films and of generated landmarks
LOOP = 20.0  # s: what is rendered, then repeated
SEGMENT = {"video": 100, "landmarks": 2000}  # rows
SEED = 8
FACE_PX, MIDDLE_PX, NOISE_PX = 60.0, 100.0, 0.3
SETTINGS = """
task = "film"
[extraction]
segment = {segment}
every = {every}
[cube]
extent = "common"
rate = {rate}
[tisc]
window = {window}
step = 5.0
[null]
n_surrogates = 19
"""
EVERY = {"video": 10, "landmarks": 1}  # every n-th frame is tracked
CUBE_RATE, WINDOW = {"video": 1.0, "landmarks": 2.0}, {"video": 30.0, "landmarks": 15.0}  # Hz, s
OPTIONS = {"segment": SEGMENT, "every": EVERY, "rate": CUBE_RATE, "window": WINDOW}


def write_study(kind: str, folder: Path, seconds: float) -> int:
    """Raw study of three viewers of a film of so many seconds; the rows that tracking a video will give."""
    audience = simulate_audience(N_VIEWER, duration=seconds, rate=5.0, n_solo=0, seed=SEED)
    for viewer in audience.viewers:
        name = f"{viewer.subject_index + 1:02d}"
        video = raw_path(folder, "video", Entities(task=TASK, subject=name))
        truth = folder / "sourcedata" / f"sub-{name}_task-{TASK}_truth.nc"
        for path in (video, truth):
            path.parent.mkdir(parents=True, exist_ok=True)
        truth.touch()  # stands for a viewer that was rendered
        if kind == "video":
            _write_looped(video, viewer, seconds)
        else:
            grey = np.full((16, 16, 3), 128, np.uint8)
            write_video(video, (grey for _ in range(int(seconds))), rate=1)
    write_demo_study(folder, audience, n_procs=1)
    (folder / "code" / "soak.toml").write_text(
        SETTINGS.format(**{name: value[kind] for name, value in OPTIONS.items()})
    )
    return int(seconds * RATE[kind]) // EVERY[kind]


def _write_looped(path: Path, viewer: Any, seconds: float) -> None:
    """A few rendered seconds of a viewer, repeated without encoding them again."""
    import av

    clock = viewer.course["time"]
    course = viewer.course.isel(time=(clock <= clock[0] + LOOP).values)
    loop = path.with_name("loop.mp4")
    simulate_face_video(
        loop, subject_index=viewer.subject_index, course=course, camera=Camera(rate=RATE["video"]), seed=SEED
    )
    n_repeat, shift = int(np.ceil((seconds + viewer.start_offset + 1) / LOOP)), 0
    with av.open(str(path), "w") as out:
        stream = None
        for _ in range(n_repeat):
            with av.open(str(loop)) as film:
                source = film.streams.video[0]
                stream = stream or out.add_stream_from_template(source)
                last = 0
                for packet in film.demux(source):
                    if packet.size:
                        last = max(last, packet.pts + packet.duration)
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = stream
                        out.mux(packet)
                shift += last
    loop.unlink()


def run_study(kind: str, study: Path, out: Path) -> int:
    """Run a study as `isc run` does; landmarks are generated in this process instead of tracked in others."""
    settings = study / "code" / "soak.toml"
    if kind == "landmarks":
        extraction.track_segments = generated_segments
        runs.run_each = _here
    return runs.run(RunRequest(study, out, settings=settings, n_procs=processors(), skip_bids_validation=True))


def _here(tasks: Any, worker: Any, **how: Any) -> list[Any]:
    return [worker(task, lambda done, expected: None) for _, task in tasks]


def generated_segments(
    path: Path, *, subject: str, segment: int, start: Checkpoint | None = None, **_: Any
) -> Iterator[tuple[xr.Dataset, Checkpoint]]:
    """Landmarks as `track_segments` would give them, four a second; each segment has its own seed."""
    attrs = {**recording_attrs(path, 1), "rate_hz": RATE["landmarks"], "first_timestamp_s": 0.0}
    n_row = int(_seconds(path) * RATE["landmarks"])
    person = int(subject.removeprefix("sub-"))
    for first in range(start.n_row if start else 0, n_row, segment):
        rows = np.arange(first, min(first + segment, n_row))
        yield _recording(rows, subject, person, attrs), Checkpoint(int(rows[-1]) + 1, None)


def _seconds(path: Path) -> float:
    """Length of a film, s."""
    from isc.io.camera.video import probe_video

    return probe_video(path).duration


def _recording(rows: np.ndarray, subject: str, person: int, attrs: dict[str, Any]) -> xr.Dataset:
    time, rng = rows / RATE["landmarks"], np.random.default_rng([SEED, person, int(rows[0])])
    shared, own = np.sin(time / 3.1 + np.sin(time / 17)), np.sin(time / 2.3 + person)
    neutral = (load_portrait().neutral[:478] * FACE_PX + MIDDLE_PX).astype(np.float32)
    moved = neutral[None] + NOISE_PX * rng.standard_normal((time.size, *neutral.shape), dtype=np.float32)
    moved[:, :100, 1] += (2 * shared + own).astype(np.float32)[:, None]
    pose = np.broadcast_to(np.eye(4, dtype=np.float32), (time.size, 4, 4)).copy()
    pose[:, 2, 3] = -40 + own
    return xr.Dataset(
        {
            "landmarks": (("time", "vertex", "space"), moved, {"units": "px"}),
            "blendshapes": (
                ("time", "blendshape"),
                rng.random((time.size, len(BLENDSHAPES)), dtype=np.float32),
                {"units": "1"},
            ),
            "head_pose": (("time", "row", "column"), pose),
        },
        coords={
            "time": ("time", time, {"units": "s"}),
            "vertex": np.arange(478),
            "space": ["x", "y", "z"],
            "blendshape": list(BLENDSHAPES),
            "subject": subject,
            "detected": ("time", np.ones(time.size, bool)),
            "n_face": ("time", np.ones(time.size, np.uint8)),
        },
        attrs=attrs,
    )

"""What a study costs before it is run: CPU time from measured rates, data read, memory of a machine."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from isc.io.camera.video import VideoError, VideoInfo, probe_video
from isc.lazy.rates import measured_on, rate
from isc.stages.group.members import label
from isc.stages.plan.resources import worker_need
from isc.stages.provenance.ledger import Ledger
from isc.stages.provenance.shelf import Shelf
from isc.stages.recordings.extraction import frames_expected
from isc.stages.recordings.participant import ParticipantTask
from isc.study import Study
from isc.synchrony.cost import Workload, null_seconds, statistic_seconds

HOUR, GB = 3600.0, 1e9
N_VERTEX, N_AXIS = 478, 3  # of MediaPipe's face
FLOAT_BYTES = 4
CELL_BYTES = 8  # a value and the number of its subjects
PROCESS_BYTES, TASK_BYTES = 0.35e9, 0.32e9  # of a worker, and of each of its tasks, as `isc.lazy` asks for
TYPICAL_PICTURE = (1280, 720)  # pixels of a video, where no file says it
VIDEO_BYTES = 0.5e6  # of a second of video, where no file says it: 4 Mbit


@dataclass(frozen=True)
class Step:
    """A step of a study and what it takes.

    Attributes
    ----------
    name : str
    features : str
        ``vertices``, ``pairs``, or empty.
    cpu_seconds : float
        Of one core, summed over all.
    read_bytes : float
        From the disk, once on a machine.
    """

    name: str
    features: str
    cpu_seconds: float
    read_bytes: float


def estimate_cost(
    study: Study,
    *,
    n_subject: int,
    duration: float,
    frame_rate: float = 30.0,
    n_pair: int | None = None,
    n_cores: int = 1,
) -> pd.DataFrame:
    """CPU time, data read and memory of every step of a study, before there is any data.

    Rates were measured on one processor (`isc.lazy.rates.measured_on`): another one may be twice as quick or slow.

    Parameters
    ----------
    study : Study
        Windows, schemes and numbers of surrogates.
    n_subject : int
    duration : float
        Length of the film, s.
    frame_rate : float
        Of the videos, Hz.
    n_pair : int, optional
        Vertex pairs; those of the settings by default.
    n_cores : int
        Of one machine, which memory is counted for: the data once, and each core's own.

    Returns
    -------
    DataFrame
        A row a step: step, features, cpu_hours, read_gb, memory_gb (10^9 bytes).

    Raises
    ------
    ValueError
        When a number is not positive.

    Examples
    --------
    >>> cost = estimate_cost(Study(), n_subject=21, duration=1200.0)
    >>> cost["step"].iloc[0], bool((cost["cpu_hours"] > 0).all())
    ('tracking', True)
    """
    numbers = {"n_subject": n_subject, "duration": duration, "frame_rate": frame_rate, "n_cores": n_cores}
    for name, value in numbers.items():
        if not value > 0:
            raise ValueError(f"{name} must be a positive number; given {value}")
    film = VideoInfo(duration, frame_rate, frame_rate, round(duration * frame_rate), *TYPICAL_PICTURE, 0, ())
    tracker, rows = worker_need(study, film), []
    for step in steps_of(study, n_subject=n_subject, duration=duration, frame_rate=frame_rate, n_pair=n_pair):
        rows.append(
            {
                "step": step.name,
                "features": step.features,
                "cpu_hours": step.cpu_seconds / HOUR,
                "read_gb": step.read_bytes / GB,
                "memory_gb": _memory(step, n_cores, tracker) / GB,
            }
        )
    return pd.DataFrame(rows)


def steps_of(
    study: Study, *, n_subject: int, duration: float, frame_rate: float, n_pair: int | None = None
) -> Iterator[Step]:
    """Steps of a study in their order: tracking, then t-ISC, its nulls and its relation to reports.

    Parameters
    ----------
    study : Study
    n_subject : int
    duration : float
        Seconds.
    frame_rate : float
        Hz, of the videos.
    n_pair : int, optional
        Vertex pairs; those of the settings by default.

    Yields
    ------
    Step
    """
    frames = n_subject * duration * frame_rate / study.extraction.every
    yield replace(tracking_step(frames, None), read_bytes=n_subject * duration * VIDEO_BYTES)
    yield from group_steps(study, n_subject=n_subject, duration=duration, frame_rate=frame_rate, n_pair=n_pair)


def tracking_step(n_frame: float, frames_a_second: float | None) -> Step:
    """Tracking of so many frames, at the measured speed of one process or at that of the table."""
    return Step("tracking", "", n_frame / frames_a_second if frames_a_second else n_frame * rate("tracking"), 0.0)


def group_steps(
    study: Study, *, n_subject: int, duration: float, frame_rate: float, n_pair: int | None = None
) -> Iterator[Step]:
    """Steps of the group level; see `steps_of`."""
    n_time = max(1, round(duration * (study.cube.rate or frame_rate / study.extraction.every)))
    n_window = max(1, int((duration - study.tisc.window) / study.tisc.step) + 1)
    cube = n_subject * n_time * N_VERTEX * N_AXIS * FLOAT_BYTES
    n_pair = len(study.tisc.pairs) if n_pair is None else n_pair
    of_vertices = Workload(n_subject, n_time, n_window, N_VERTEX, N_AXIS if study.tisc.space == "vector" else 1)
    of_pairs = Workload(n_subject, n_time, n_window, n_pair, of_pairs=True)
    lags = 1 + (study.behaviour.lags[1] - study.behaviour.lags[0]) / study.tisc.step
    for features, work in (("vertices", of_vertices), ("pairs", of_pairs)):
        if not work.n_feature:
            continue
        yield Step("t-ISC", features, statistic_seconds(work), cube)
        for scheme in study.null.shown:
            one_window = scheme == "timepoint_shuffle" and study.null.scope == "window"
            seconds = null_seconds(work, scheme, study.null.n_surrogates, one_window=one_window)
            yield Step(scheme, features, seconds, cube)
        cells = work.n_feature * n_window
        yield Step("relation", features, cells * lags * rate("relation/lag"), cells * CELL_BYTES)


def _memory(step: Step, n_cores: int, tracker: float) -> float:
    """Bytes on one machine: the data once, and what every core needs beside them (to track: `tracker`)."""
    if step.name == "tracking":
        return n_cores * tracker
    return PROCESS_BYTES + step.read_bytes + n_cores * TASK_BYTES


def cost_words(steps: Iterable[Step], *, n_cores: int) -> str:
    """Some steps in one line: CPU time, data read, and the time on this many cores; empty without steps.

    Parameters
    ----------
    steps : iterable of Step
    n_cores : int

    Returns
    -------
    str

    Examples
    --------
    >>> cost_words([Step("tracking", "", 7200.0, 3e9), Step("t-ISC", "pairs", 360.0, 1e9)], n_cores=2)
    'cost: 2.1 h of CPU time (tracking 2 h, t-ISC of pairs 6 min), 4 GB read: about 63 min on 2 cores; rates of ...'
    """
    parts = list(steps)
    if not parts:
        return ""
    seconds, read = sum(step.cpu_seconds for step in parts), sum(step.read_bytes for step in parts) / GB
    named = [f"{step.name}{f' of {step.features}' if step.features else ''}" for step in parts]
    told = ", ".join(f"{name} {_in_words(step.cpu_seconds)}" for name, step in zip(named, parts, strict=True))
    return (
        f"cost: {_in_words(seconds)} of CPU time ({told}), {read:.2g} GB read: about {_in_words(seconds / n_cores)} "
        f"on {n_cores} core{'' if n_cores == 1 else 's'}; rates of {measured_on()}"
    )


def _in_words(seconds: float) -> str:
    """A length of time in the unit that people would use, two digits."""
    for name, unit in (("days", 24 * HOUR), ("h", HOUR), ("min", HOUR / 60)):
        if seconds >= 2 * unit:
            return f"{float(f'{seconds / unit:.2g}'):g} {name}"
    return f"{seconds:.0f} s" if seconds >= 1 else "< 1 s"


def due_cost(
    study: Study, tasks: Sequence[ParticipantTask], group: Shelf, ledger: Ledger, *, rate: float | None, n_cores: int
) -> str:
    """CPU time of the long steps that are due, and what they read; empty when there are none.

    Parameters
    ----------
    study : Study
    tasks : sequence of ParticipantTask
        Of everybody.
    group : Shelf
    ledger : Ledger
        Of the plan.
    rate : float or None
        Frames a second of one process, where it was measured.
    n_cores : int

    Returns
    -------
    str
    """
    due = [task for task in tasks if task.shelf.path("landmarks_tracked") in ledger.reasons]
    frames = sum(_frames(study, task.recording.video) for task in due)
    read = sum(task.recording.video.stat().st_size for task in due)
    steps = [replace(tracking_step(frames, rate), read_bytes=read)] if due else []
    videos = [info for info in (_probe(task.recording.video) for task in tasks) if info is not None]
    if videos:
        duration, frame_rate = max(video.duration for video in videos), min(video.rate for video in videos)
        all_steps = group_steps(study, n_subject=len(videos), duration=duration, frame_rate=frame_rate)
        steps += [step for step in all_steps if _product(study, group, step) in ledger.reasons]
    return cost_words(steps, n_cores=n_cores)


def _product(study: Study, group: Shelf, step: Step) -> Path:
    """The product that a step of the group makes."""
    if step.name in ("t-ISC", "relation"):
        product = "tisc" if step.name == "t-ISC" else "association"
        return group.path(product, desc=label(study, step.features))
    return group.path("null", desc=label(study, step.features, step.name))


def _probe(video: Path) -> VideoInfo | None:
    """What a video says; None where it cannot be read or does not tell its length."""
    try:
        info = probe_video(video)
    except VideoError:
        return None
    return info if info.duration > 0 and info.rate > 0 else None


def _frames(study: Study, video: Path) -> int:
    """Frames to track; 0 when the video does not say."""
    try:
        return frames_expected(study, video) or 0
    except VideoError:
        return 0

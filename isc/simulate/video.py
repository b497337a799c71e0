"""Face videos of generated viewers, with the injected truth."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import xarray as xr

from isc.simulate.action_units import ACTIONS, UNITS
from isc.simulate.camera import Camera
from isc.simulate.identity import make_identity
from isc.simulate.motion import HEAD, Motion, move
from isc.simulate.render import render_frames

TICKS_PER_SECOND = 90_000  # of the presentation timestamps in the file
# One thread and no look-ahead (zerolatency): x264's look-ahead gives other bytes at every run for this frame height.
# force-cfr keeps the rate in the stream's header that of the camera, not that of the clock.
ENCODER = {"crf": "20", "preset": "veryfast", "tune": "zerolatency", "threads": "1", "x264-params": "force-cfr=1"}


def simulate_face_video(
    path: Path | str,
    *,
    subject_index: int,
    course: xr.Dataset,
    lost: Sequence[tuple[float, float]] = (),
    camera: Camera | None = None,
    seed: int = 0,
    motion_seed: int | None = None,
) -> xr.Dataset:
    """Write the face video of one generated viewer and give the injected truth.

    One portrait is bent into other faces and expressions, so the frames look like a person but are evidence
    about nobody. The viewer performs the course and also blinks, sways and glances. Trackers recover movements
    with gains other than one (about 0.8 for the jaw and the smile, 0.5 for the brows): compare courses by
    correlation.

    Parameters
    ----------
    path : path-like
        The mp4 file to write (H.264, yuv420p, real presentation timestamps from 0).
    subject_index : int
        Number of the viewer, from 0: face, colours and asymmetry.
    course : xarray.Dataset
        What the viewer expresses: variables (time,) named after an action (``smile``, ``brow``, ``jaw``) or an
        action unit (``AU4`` ...), amplitude 1 = the full action. ``time`` in seconds on any clock, for example
        from the onset of the film; the camera runs from its first to its last value. Read linearly between
        samples.
    lost : sequence of (float, float), optional
        Stretches, start and stop on the clock of `course`, in which the face is out of the picture.
    camera : Camera, optional
        Rate, size, noise; default 15 frames per second of 192 x 216 pixels.
    seed : int, default 0
        Same seed, same frames.
    motion_seed : int, optional
        Key of blinks, sway, glances and noise, to film the same person again; default `seed`.

    Returns
    -------
    xarray.Dataset
        Dims time, unit. ``time`` = presentation timestamps (s), ``course_time`` = the same on the clock of
        `course`. Variables: those of `course`; ``amplitude`` (time, unit) of all action units, blinks (AU43) and
        muscle tone included, mean of both sides; ``yaw`` (degrees, positive: the nose to the left of the image),
        ``pitch`` (nose down), ``roll`` (clockwise), ``right``, ``down`` (outer-eye-corner distances);
        ``face_present`` (bool). No NaN.

    Raises
    ------
    ValueError
        If the course names an unknown action, has no usable time, is not finite or is shorter than a frame, or
        if a lost stretch ends before it starts.

    Examples
    --------
    >>> import tempfile, numpy as np, xarray as xr
    >>> time = np.arange(0, 1.01, 0.1)
    >>> course = xr.Dataset({"smile": ("time", time)}, coords={"time": time})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = simulate_face_video(f"{folder}/face.mp4", subject_index=0, course=course)
    >>> truth.sizes["time"], truth.sizes["unit"]
    (16, 19)
    """
    camera = camera or Camera()
    moving = seed if motion_seed is None else motion_seed
    _check_course(course)
    _check_length(course["time"].values, camera)
    _check_lost(lost)
    clock = course["time"].values
    time = camera.frame_times(clock[-1] - clock[0], seed=[moving, subject_index])
    time = np.rint(time * TICKS_PER_SECOND) / TICKS_PER_SECOND
    actions = {str(name): np.interp(clock[0] + time, clock, course[name].values) for name in course.data_vars}
    identity = make_identity(subject_index, seed=seed)
    motion = move(time, actions, identity, seed=moving)
    present = _face_present(clock[0] + time, lost)
    frames = render_frames(identity, motion, camera=camera, seed=moving, face_present=present)
    _encode(Path(path), frames, time, camera)
    truth = _truth(time, actions, motion).assign(face_present=("time", present))
    truth = truth.assign_coords(course_time=("time", clock[0] + time, {"units": "s"}))
    return truth.assign_attrs(
        rate_hz=camera.rate,
        width_px=camera.width,
        height_px=camera.height,
        subject_index=subject_index,
        seed=seed,
    )


def _check_course(course: xr.Dataset) -> None:
    known = (*ACTIONS, *UNITS)
    unknown = [name for name in course.data_vars if name not in known]
    if unknown or not course.data_vars:
        raise ValueError(
            f"course must hold some of {', '.join(known)}, got {unknown or 'nothing'}; rename or drop them"
        )
    if "time" not in course.coords or course["time"].size < 2 or not (np.diff(course["time"]) > 0).all():
        raise ValueError("course needs a coordinate time (s) with at least two strictly increasing values")
    bad = [
        name for name, values in course.data_vars.items() if values.dims != ("time",) or not np.isfinite(values).all()
    ]
    if bad:
        raise ValueError(f"course variables must be finite and have the one dimension time; not so: {bad}")


def _check_length(clock: np.ndarray, camera: Camera) -> None:
    duration = clock[-1] - clock[0]
    if duration * camera.rate < 1:
        raise ValueError(f"course lasts {duration:g} s but a frame lasts {1 / camera.rate:g} s; give a longer course")


def _check_lost(lost: Sequence[tuple[float, float]]) -> None:
    for start, stop in lost:
        if not start < stop:
            raise ValueError(f"a lost stretch must stop after it starts, got ({start}, {stop})")


def _face_present(moments: np.ndarray, lost: Sequence[tuple[float, float]]) -> np.ndarray:
    away = np.zeros(len(moments), dtype=bool)
    for start, stop in lost:
        away |= (moments >= start) & (moments < stop)
    return ~away


def _encode(path: Path, frames: Iterable[np.ndarray], time: np.ndarray, camera: Camera) -> None:
    import av

    with av.open(path, mode="w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(camera.rate).limit_denominator(1000), options=ENCODER)
        stream.width, stream.height, stream.pix_fmt = camera.width, camera.height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS_PER_SECOND)
        stream.time_base = Fraction(1, TICKS_PER_SECOND)
        for moment, pixels in zip(time, frames, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = round(moment * TICKS_PER_SECOND)
            frame.time_base = Fraction(1, TICKS_PER_SECOND)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _truth(time: np.ndarray, actions: dict[str, np.ndarray], motion: Motion) -> xr.Dataset:
    share = {"units": "1", "description": "amplitude, 1 = the full action"}
    variables: dict[str, tuple] = {name: ("time", values, share) for name, values in actions.items()}
    variables["amplitude"] = (("time", "unit"), motion.amplitude.mean(axis=2), share)
    for (name, unit), values in zip(HEAD.items(), motion.head.T, strict=True):
        variables[name] = ("time", values, {"units": unit})
    return xr.Dataset(variables, coords={"time": ("time", time, {"units": "s"}), "unit": list(UNITS)})

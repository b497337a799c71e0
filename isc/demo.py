"""The demo: a raw BIDS study of generated viewers, and the main job run on it."""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.bids import derivative_path, raw_path
from isc.io.camera.video import probe_video
from isc.io.files.atomic import DerivativeError, temporary_beside, write_bytes
from isc.io.files.text import write_json, write_tsv
from isc.io.layout.dataset import write_raw_dataset, write_scans
from isc.io.layout.names import Entities, sidecar_path
from isc.simulate import Audience, Viewer, simulate_audience, simulate_face_video
from isc.stages.group.members import epochs_path, label
from isc.stages.provenance.shelf import load_array, load_dataset
from isc.stages.run import RunRequest, effective_study, processors, run
from isc.stages.running.processes import Outcome, run_each
from isc.stages.running.progress import Display

TASK = "film"
N_SUBJECT = 8
MOUTH = (0, 13, 14, 17, 37, 39, 61, 78, 84, 181, 267, 269, 291, 308, 314, 405)  # lips of MediaPipe's mesh
EPOCHS = ((3.0, 11.5), (21.0, 29.5))  # seconds of film in which the sharing viewers move together
LOG_LEAD = 2.0  # seconds the key logs run before the film
SETTINGS = """\
# Settings of the demo. Times are seconds, rates Hz; what is absent takes its default.
task = "film"
title = "Demo: {n_subject} generated viewers of one film"

[cube]
extent = "common"  # cameras were started and stopped at different times

[null]
schemes = ["circular_shift", "sign_flip"]  # a cell has to pass both
compare = ["timepoint_shuffle"]  # the published null, shown beside; it decides nothing
n_surrogates = 200  # as published; 1000 or more for a study of yours
seed = {seed}
"""


@dataclass(frozen=True)
class Rendering:
    """What a worker process needs to render one viewer.

    Attributes
    ----------
    path : Path
        Video to write.
    truth : Path
        netCDF file for the injected truth.
    viewer : Viewer
    seed : int
    """

    path: Path
    truth: Path
    viewer: Viewer
    seed: int


def run_demo(folder: Path, *, n_procs: int | None = None, seed: int = 0) -> int:
    """Render the demo study into a folder, run the main job on it and say what was found of what was planted.

    Parameters
    ----------
    folder : Path
        Raw study; its derivatives go to ``derivatives/isc`` below it. Finished parts are kept.
    n_procs : int, optional
        Processes at a time; by default one a processor.
    seed : int
        Seed of the audience and of the surrogates.

    Returns
    -------
    int
        Exit code of the run.
    """
    started = time.monotonic()
    audience = simulate_audience(N_SUBJECT, epochs=EPOCHS, seed=seed)
    try:
        write_demo_study(folder, audience, n_procs=n_procs or processors())
    except DerivativeError as error:
        print(f"isc: {error}", file=sys.stderr)
        return 2
    print(f"rendered {N_SUBJECT} generated viewers into {folder} ({time.monotonic() - started:.0f} s)", flush=True)
    out_dir = folder / "derivatives" / "isc"
    request = RunRequest(folder, out_dir, settings=folder / "code" / "demo.toml", n_procs=n_procs)
    code = run(request)
    if code == 0:
        for name, value in planted_and_found(folder, request).items():
            print(f"{name}: {value}")
        print(f"the whole demo took {time.monotonic() - started:.0f} s")
    return code


def write_demo_study(folder: Path, audience: Audience, *, n_procs: int) -> None:
    """Write the raw BIDS study of an audience: videos, key logs, clocks, settings and the planted truth.

    Parameters
    ----------
    folder : Path
    audience : Audience
        From `isc.simulate.simulate_audience`.
    n_procs : int
        Videos rendered at a time; those that are there already are kept.

    Raises
    ------
    DerivativeError
        When a file cannot be written.
    """
    names = [f"{viewer.subject_index + 1:02d}" for viewer in audience.viewers]
    shares = ["yes" if viewer.shares else "no" for viewer in audience.viewers]
    table = pd.DataFrame({"participant_id": [f"sub-{name}" for name in names], "shares_planted_course": shares})
    write_raw_dataset(folder, table, name="Demo study of generated viewers", tasks=[TASK])
    write_bytes(folder / "code" / "demo.toml", SETTINGS.format(n_subject=len(names), seed=audience.seed).encode())
    write_tsv(audience.epochs[["onset", "duration"]].assign(trial_type="planted"), epochs_path(folder, TASK))
    renderings = []
    for name, viewer in zip(names, audience.viewers, strict=True):
        entities = Entities(task=TASK, subject=name)
        rendering = Rendering(raw_path(folder, "video", entities), _truth_path(folder, name), viewer, audience.seed)
        renderings.append((f"sub-{name}", rendering))
        _write_log(folder, entities, viewer, audience.duration)
    _render_all(renderings, n_procs)
    for _, rendering in renderings:
        _write_video_sidecar(rendering.path)


def _truth_path(folder: Path, name: str) -> Path:
    return folder / "sourcedata" / f"sub-{name}_task-{TASK}_truth.nc"


def _write_log(folder: Path, entities: Entities, viewer: Viewer, duration: float) -> None:
    """Key log on its own clock with markers of the film, and the clocks of log and camera."""
    events = raw_path(folder, "events", entities)
    start = pd.DataFrame({"onset": [0.0], "duration": [0.0], "trial_type": ["start"], "key": ["n/a"]})
    stop = start.assign(onset=duration, trial_type="stop")
    rows = pd.concat([start, viewer.key_log, stop], ignore_index=True)
    write_tsv(rows.assign(onset=(rows["onset"] + LOG_LEAD).round(3)), events)
    video = raw_path(folder, "video", entities)
    write_scans(folder, entities, {video: round(viewer.start_offset, 6), events: LOG_LEAD})


def _render_all(renderings: list[tuple[str, Rendering]], n_procs: int) -> None:
    missing = [(name, task) for name, task in renderings if not (task.path.exists() and task.truth.exists())]
    with Display("videos") as display:
        for outcome in run_each(missing, render_viewer, n_procs=n_procs, progress=display.update):
            if outcome.status == "failed":
                raise DerivativeError(f"{outcome.participant}: {outcome.message}")


def render_viewer(task: Rendering, report: Callable[[int, int | None], None]) -> Outcome:
    """Render one viewer; the video and its truth appear whole or not at all.

    Parameters
    ----------
    task : Rendering
    report : callable
        Called with (videos done, videos expected).

    Returns
    -------
    Outcome
    """
    viewer = task.viewer
    for path in (task.path, task.truth):
        path.parent.mkdir(parents=True, exist_ok=True)
    video = temporary_beside(task.path)
    truth = simulate_face_video(
        video, subject_index=viewer.subject_index, course=viewer.course, lost=viewer.lost, seed=task.seed
    )
    partial = temporary_beside(task.truth)
    truth.to_netcdf(partial, engine="h5netcdf")
    os.replace(partial, task.truth)
    os.replace(video, task.path)
    report(1, 1)
    return Outcome(task.path.name, "done")


def _write_video_sidecar(path: Path) -> None:
    info = probe_video(path)
    content = {
        "Device": "rendered from the public-domain portrait of scikit-image (data.astronaut)",
        "RecordingDuration": round(info.duration, 3),
        "VideoCodec": "h264",
        "VideoFrameRate": round(info.rate, 3),
        "VideoFrameCount": info.n_frame,
        "ImageWidth": info.width,
        "ImageHeight": info.height,
    }
    write_json(content, sidecar_path(path))


def planted_and_found(folder: Path, request: RunRequest) -> dict[str, str]:
    """What was planted in the demo and what the analysis found of it, in words.

    Parameters
    ----------
    folder : Path
        The raw study.
    request : RunRequest
        That was run.

    Returns
    -------
    dict of str to str
    """
    found = recovery(folder, request)
    return {
        "planted epochs (s)": json.dumps(found["epochs"]),
        "median t-ISC over mouth vertices inside the planted epochs": f"{found['inside']:.3f}",
        "median t-ISC over mouth vertices outside": f"{found['outside']:.3f}",
        "significant (circular shift and sign flip) among cells inside / outside": (
            f"{found['significant_inside']:.1%} / {found['significant_outside']:.1%}"
        ),
        "injected and recovered smile correlate (median over participants)": f"{found['smile_r']:.3f}",
    }


def recovery(folder: Path, request: RunRequest) -> dict[str, object]:
    """Numbers of `planted_and_found`.

    Parameters
    ----------
    folder : Path
    request : RunRequest

    Returns
    -------
    dict
        ``epochs`` (list of (start, stop) s), ``inside`` and ``outside`` (median t-ISC over mouth vertices of windows
        that lie wholly inside an epoch or touch none), ``significant_inside``, ``significant_outside`` (share of
        cells over all vertices), ``smile_r``.
    """
    study = effective_study(request)
    group = Entities(task=study.task)
    result = load_dataset(derivative_path(request.out_dir, "tisc", group, desc=label(study, "vertices")))
    epochs = pd.read_csv(epochs_path(folder, TASK), sep="\t")
    spans = [(float(row.onset), float(row.onset + row.duration)) for row in epochs.itertuples()]
    inside, outside = windows_by_epochs(result["tisc"], spans)
    mouth = result["tisc"].isel(vertex=list(MOUTH))
    return {
        "epochs": [[round(a, 2), round(b, 2)] for a, b in spans],
        "inside": float(mouth[inside].median()),
        "outside": float(mouth[outside].median()),
        "significant_inside": float(result["significant"][inside].mean()),
        "significant_outside": float(result["significant"][outside].mean()),
        "smile_r": float(np.median(_smile_correlations(folder, request.out_dir))),
    }


def windows_by_epochs(tisc: xr.DataArray, spans: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Windows that lie wholly inside one span, and those that touch none.

    Parameters
    ----------
    tisc : DataArray with dim ``window`` and coords start, stop
    spans : list of (float, float)
        Start and stop, s.

    Returns
    -------
    inside, outside : ndarray of bool, shape (window,)
    """
    start, stop = tisc["start"].values, tisc["stop"].values
    inside, touching = np.zeros(start.size, dtype=bool), np.zeros(start.size, dtype=bool)
    for first, last in spans:
        inside |= (start >= first) & (stop <= last)
        touching |= (start < last) & (stop > first)
    return inside, ~touching


def _smile_correlations(folder: Path, out_dir: Path) -> list[float]:
    """Correlation of the injected smile with the recovered width of the mouth, per participant."""
    correlations = []
    for path in sorted((folder / "sourcedata").glob("*_truth.nc")):
        subject = path.name.split("_")[0].removeprefix("sub-")
        truth = xr.load_dataset(path, engine="h5netcdf")
        aligned = derivative_path(out_dir, "landmarks_aligned", Entities(task=TASK, subject=subject))
        landmarks = load_array(aligned)
        gap = landmarks.isel(vertex=61) - landmarks.isel(vertex=291)
        width = np.linalg.norm(gap.transpose("time", "space").values, axis=1)
        injected = np.interp(landmarks["time"].values, truth["course_time"].values, truth["smile"].values)
        kept = np.isfinite(width)
        correlations.append(float(np.corrcoef(width[kept], injected[kept])[0, 1]))
    return correlations

"""A lab folder into a raw BIDS study: checked whole, listed, then written whole or not at all."""

import os
import shutil
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from isc.io.bids import raw_path
from isc.io.camera.copying import copy_pictures, copy_whole
from isc.io.camera.video import VideoError, probe_video
from isc.io.files.atomic import (
    LOCK_NAME,
    TEMPORARY_PREFIX,
    TEMPORARY_SUFFIX,
    DerivativeError,
    output_lock,
    remove,
    writing,
)
from isc.io.files.text import TableError, read_tsv, write_json
from isc.io.keyboard import KeyLogError, read_key_log
from isc.io.layout.dataset import write_raw_dataset, write_scans
from isc.io.layout.names import BidsError, Entities, sidecar_path
from isc.io.layout.raw_study import VIDEO_EXTENSIONS
from isc.io.log_mapping import LogMapping, read_log_mapping
from isc.stages.lab.files import (
    RATING,
    mapped_events,
    rating_series,
    video_description,
    write_events,
    write_mapped_events,
    write_rating,
)
from isc.stages.lab.table import LabRecording, read_lab_table
from isc.stages.running.messages import one_line
from isc.stages.running.progress import Display
from isc.study import StudyError

DONE, UNUSABLE = 0, 2  # exit codes
FAULTS = (StudyError, BidsError, TableError, KeyLogError, VideoError, DerivativeError, OSError)
SPARE = 2**27  # bytes of disk to leave
START = "start"


@dataclass(frozen=True)
class ImportRequest:
    """What the command line asks for."""

    lab_folder: Path
    bids_dir: Path
    table: Path
    task: str | None = None
    name: str | None = None
    clean_labels: bool = False
    whole_videos: bool = False
    log_mapping: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class Transfer:
    """One file of the lab folder, where it goes (relative to the study), and how."""

    source: Path
    target: Path
    write: Callable[[Path, Path], None]
    note: str = ""


def import_lab(request: ImportRequest) -> int:
    """Turn a lab folder into a raw BIDS study, or say all that stands in the way.

    Parameters
    ----------
    request : ImportRequest

    Returns
    -------
    int
        0 done (or listed), 2 when anything is unclear; nothing is written then.
    """
    try:
        if not request.lab_folder.is_dir():
            raise StudyError(f"LAB_FOLDER {request.lab_folder.name} is no folder; give the one with the recordings")
        recordings, faults = read_lab_table(
            request.table, request.lab_folder, task=request.task, clean_labels=request.clean_labels
        )
        mapping = None if request.log_mapping is None else read_log_mapping(request.log_mapping)
        transfers = [transfer for recording in recordings for transfer in _transfers(request, recording, mapping)]
        faults += _faults_of_target(request, transfers) + _faults_of_content(recordings, mapping)
        if faults:
            things = "1 thing is" if len(faults) == 1 else f"{len(faults)} things are"
            raise StudyError(f"{things} unclear, nothing was written\n  " + "\n  ".join(faults))
        _list(request, transfers)
        if not request.dry_run:
            _write(request, recordings, transfers)
    except FAULTS as error:
        text = str(error) if isinstance(error, StudyError) else one_line(error)
        print(f"isc: {text}", file=sys.stderr)
        return UNUSABLE
    return DONE


def _transfers(request: ImportRequest, recording: LabRecording, mapping: LogMapping | None) -> list[Transfer]:
    """Where the files of a recording go."""
    files, root = recording.files, request.bids_dir
    video = files["video"]
    target = raw_path(root, "video", recording.entities, extension=video.suffix.lower())
    found = [
        Transfer(video, target, copy_whole, "whole, with sound and the camera's metadata")
        if request.whole_videos
        else Transfer(video, target, copy_pictures, "pictures only")
    ]
    if "key_log" in files:
        log, write = (
            files["key_log"],
            write_events if mapping is None else partial(write_mapped_events, mapping=mapping),
        )
        found.append(Transfer(log, raw_path(root, "events", recording.entities), write, "key presses"))
        found.append(Transfer(log, _original_path(root, recording.entities, log), copy_whole, "as it was"))
    if RATING in files:
        found.append(Transfer(files[RATING], raw_path(root, RATING, recording.entities), write_rating, "rating"))
    return found


def _original_path(root: Path, entities: Entities, log: Path) -> Path:
    """Place of an original log: by the BIDS name, since the lab's own may be a person's."""
    events = raw_path(root, "events", entities)
    return root / "sourcedata" / f"sub-{entities.subject}" / events.name.replace("_events.tsv", f"_keylog{log.suffix}")


def _faults_of_target(request: ImportRequest, transfers: Sequence[Transfer]) -> list[str]:
    """Nothing is overwritten, and there must be room."""
    faults, root = [], request.bids_dir
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        faults.append(f"BIDS_DIR {root.name} exists and is not empty; give a new folder")
    if root.resolve().is_relative_to(request.lab_folder.resolve()):
        faults.append("BIDS_DIR lies in LAB_FOLDER, which is only read; give a folder elsewhere")
    existing = next(folder for folder in (root.absolute(), *root.absolute().parents) if folder.exists())
    needed = sum(transfer.source.stat().st_size for transfer in transfers) + SPARE
    free = shutil.disk_usage(existing).free
    if needed > free:
        faults.append(f"the study needs {needed / 1e9:.1f} GB, the disk has {free / 1e9:.1f} GB left")
    return faults


def _faults_of_content(recordings: Sequence[LabRecording], mapping: LogMapping | None) -> list[str]:
    """What is wrong inside the files; each is opened."""
    faults = []
    for recording in recordings:
        checks = {
            "video": lambda path, onset: probe_video(path),
            "key_log": lambda path, onset: _check_log(path, onset, mapping),
            RATING: lambda path, onset: rating_series(path),
        }
        for name, path in recording.files.items():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)
                    checks[name](path, recording.onsets[name])
            except FAULTS as error:
                faults.append(f"line {recording.line}: {one_line(error)}")
    return faults


def _check_log(path: Path, onset: float | None, mapping: LogMapping | None) -> None:
    if mapping is not None:
        if onset is not None:
            raise StudyError(f"{path.name}: the mapping says where the film starts; write n/a in key_log_onset")
        mapped_events(path, mapping)
        return
    read_key_log(path, stimulus_onset=onset)
    cells = read_tsv(path)
    if onset is None and not ("trial_type" in cells.columns and (cells["trial_type"] == START).any()):
        raise StudyError(f"{path.name} has no start marker: give key_log_onset (0 if its clock starts with the film)")


def _list(request: ImportRequest, transfers: Sequence[Transfer]) -> None:
    """What goes where, and what stays."""
    for transfer in transfers:
        source = transfer.source.relative_to(request.lab_folder).as_posix()
        target = transfer.target.relative_to(request.bids_dir).as_posix()
        print(f"{source} -> {target} ({transfer.note})")
    known = {transfer.source.resolve() for transfer in transfers} | {request.table.resolve()}
    left = [path for path in sorted(request.lab_folder.rglob("*")) if path.is_file() and path.resolve() not in known]
    for path in left:
        kind = "video" if path.suffix.lower() in VIDEO_EXTENSIONS else "file"
        print(f"{path.relative_to(request.lab_folder).as_posix()} stays: no row of the table names this {kind}")


def _write(request: ImportRequest, recordings: Sequence[LabRecording], transfers: Sequence[Transfer]) -> None:
    """Build the study beside its place, then put it there with one renaming."""
    root = request.bids_dir
    building = root.with_name(f"{TEMPORARY_PREFIX}{root.name}{TEMPORARY_SUFFIX}")
    with output_lock(building):
        try:
            for leftover in [path for path in building.iterdir() if path.name != LOCK_NAME]:
                remove(leftover)  # of an import that was killed
            _build(building, request, recordings, transfers)
            (building / LOCK_NAME).unlink()
            with writing(root):
                if root.is_dir():
                    root.rmdir()  # empty: checked before
                os.replace(building, root)
        finally:
            remove(building)
    print(f"{len(transfers)} files of {len({r.name for r in recordings})} participants are in {root}")


def _build(
    building: Path, request: ImportRequest, recordings: Sequence[LabRecording], transfers: Sequence[Transfer]
) -> None:
    tasks = sorted({recording.entities.task for recording in recordings})
    logged = sorted({recording.entities.task for recording in recordings if "key_log" in recording.files})
    name = request.name or request.bids_dir.name
    write_raw_dataset(building, _participants(recordings), name=name, tasks=tasks, logged=logged)
    with Display("files") as display:
        for number, transfer in enumerate(transfers, start=1):
            target = building / transfer.target.relative_to(request.bids_dir)
            with writing(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                transfer.write(transfer.source, target)
            display.update("import", number, len(transfers))
    for recording in recordings:
        video = raw_path(building, "video", recording.entities, extension=recording.files["video"].suffix.lower())
        write_json(video_description(video), sidecar_path(video))
    _write_clocks(building, recordings)


def _participants(recordings: Sequence[LabRecording]) -> pd.DataFrame:
    rows = {recording.name: {"participant_id": recording.name, **recording.columns} for recording in recordings}
    return pd.DataFrame(list(rows.values()))


def _write_clocks(building: Path, recordings: Sequence[LabRecording]) -> None:
    """Start of the film on each file's own clock, one table a participant and session."""
    tables: dict[tuple[str | None, str | None], dict[Path, float | None]] = {}
    visits = {(r.entities.subject, r.entities.session): r.entities for r in recordings}
    kinds = {"video": "video", "key_log": "events", RATING: RATING}
    for recording in recordings:
        table = tables.setdefault((recording.entities.subject, recording.entities.session), {})
        for name, path in recording.files.items():
            extension = path.suffix.lower() if name == "video" else None
            target = raw_path(building, kinds[name], recording.entities, extension=extension)
            table[target] = recording.onsets[name]
    for visit, table in tables.items():
        write_scans(building, visits[visit], table)

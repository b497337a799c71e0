"""A raw study as found on disk: participants in the order of participants.tsv, their face videos and key logs."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
import pandas as pd

from isc.io.bids import FACE_RECORDING, raw_path
from isc.io.files.text import MISSING, TableError, read_tsv
from isc.io.layout.names import BidsError, Entities, check_label, inside, parse_name, participant_label

Links = Literal["inside", "anywhere"]
VIDEO_EXTENSIONS = (".mp4", ".mov", ".avi", ".mkv")
PARTICIPANTS = "participants.tsv"


@dataclass(frozen=True)
class Recording:
    """One face video and the key log of the same run.

    Attributes
    ----------
    entities : Entities
    video : Path
    events : Path or None
        None when the participant has no key log for this run.
    video_onset, events_onset : float or None
        Start of the stimulus in seconds on the clock of the video, or of the log; None where scans.tsv has none.
    """

    entities: Entities
    video: Path
    events: Path | None
    video_onset: float | None
    events_onset: float | None


@dataclass(frozen=True)
class Participant:
    """A row of participants.tsv and the recordings found for it.

    Attributes
    ----------
    label : str
        Without ``sub-``.
    columns : mapping of str to str
        The other columns, as text.
    recordings : tuple of Recording
        Sorted by session, task and run; empty when the folder holds no face video.
    """

    label: str
    columns: Mapping[str, str]
    recordings: tuple[Recording, ...]


@dataclass(frozen=True)
class RawStudy:
    """A raw BIDS data set of face videos."""

    root: Path
    participants: tuple[Participant, ...]

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """All recordings, participant by participant."""
        return tuple(recording for participant in self.participants for recording in participant.recordings)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Films of the study, sorted."""
        return tuple(sorted({recording.entities.task for recording in self.recordings}))


def read_raw_study(
    root: Path, *, labels: Sequence[str] | None = None, task: str | None = None, links: Links = "inside"
) -> RawStudy:
    """Find the participants of a study, their face videos and their key logs.

    Parameters
    ----------
    root : Path
        Folder with participants.tsv. Videos are
        ``sub-01/[ses-x/]beh/sub-01[_ses-x]_task-film[_run-1]_recording-face_video`` with extension .mp4, .mov, .avi
        or .mkv; key logs the ``_events.tsv`` beside them; ``sub-01_scans.tsv`` may give column ``stimulus_onset``
        (s, on each file's own clock).
    labels : sequence of str, optional
        Keep these participants only, with or without ``sub-``.
    task : str, optional
        Keep this film only.
    links : {"inside", "anywhere"}
        Whether symbolic links may lead out of `root`; they are only ever read.

    Returns
    -------
    RawStudy
        Participants in the order of participants.tsv. Those without a face video have no recordings; a warning
        names them.

    Raises
    ------
    BidsError
        When participants.tsv is absent or names someone twice, a label breaks the rule, a wanted participant or any
        face video is missing, two videos claim one run, or a path leaves `root`.

    Examples
    --------
    >>> read_raw_study(Path("no-such-study"))
    Traceback (most recent call last):
    isc.io.layout.names.BidsError: no-such-study/participants.tsv is missing; it lists one participant a row
    """
    listed = _participant_rows(root)
    _warn_unlisted(root, listed)
    rows = _selected(listed, labels)
    found = [Participant(label, row, _recordings(root, label, task, links)) for label, row in rows.items()]
    without = [participant.label for participant in found if not participant.recordings]
    if len(without) == len(found):
        wanted = raw_path(root, "video", Entities(task=task or "film", subject=without[0] if without else "01"))
        raise BidsError(
            f"no participant has a face video; expected such as {wanted.relative_to(root).as_posix()}{_hint(root)}"
        )
    if without:
        warnings.warn(f"no face video found for sub-{', sub-'.join(without)}; they are left out", stacklevel=2)
    return RawStudy(root, tuple(found))


def _hint(root: Path) -> str:
    """Where recordings that are no videos are analysed."""
    other = next((name for name in ("eeg", "meg", "func") if any(root.glob(f"sub-*/**/{name}"))), None)
    return "" if other is None else f"; recordings in {other}/ go through a cube and isc analyse (isc analyse --help)"


def _participant_rows(root: Path) -> dict[str, dict[str, str]]:
    """Other columns of participants.tsv by label, in the order of the file."""
    path = root / PARTICIPANTS
    if not path.is_file():
        raise BidsError(f"{root.name}/{PARTICIPANTS} is missing; it lists one participant a row")
    table = _table(path, ("participant_id",))
    rows: dict[str, dict[str, str]] = {}
    for row in table.to_dict("records"):
        label = participant_label(row.pop("participant_id"))
        if label in rows:
            raise BidsError(f"{PARTICIPANTS} lists sub-{label} twice; keep one row a participant")
        rows[label] = row
    return rows


def _selected(rows: dict[str, dict[str, str]], labels: Sequence[str] | None) -> dict[str, dict[str, str]]:
    if labels is None:
        return rows
    wanted = [check_label(label.removeprefix("sub-"), of="participant") for label in labels]
    absent = [label for label in wanted if label not in rows]
    if absent:
        raise BidsError(f"sub-{', sub-'.join(absent)} not in {PARTICIPANTS}; it lists sub-{', sub-'.join(rows)}")
    return {label: row for label, row in rows.items() if label in wanted}


def _warn_unlisted(root: Path, rows: Mapping[str, object]) -> None:
    folders = sorted(path.name for path in root.glob("sub-*") if path.is_dir())
    unlisted = [name for name in folders if name.removeprefix("sub-") not in rows]
    if unlisted:
        warnings.warn(f"{', '.join(unlisted)} not in {PARTICIPANTS}: left out; add a row to use them", stacklevel=3)


def _recordings(root: Path, label: str, task: str | None, links: Links) -> tuple[Recording, ...]:
    """Find the recordings of one participant, over all sessions."""
    folder = root / f"sub-{label}"
    found: dict[Entities, Recording] = {}
    for visit in (folder, *sorted(folder.glob("ses-*"))):
        onsets = _stimulus_onsets(root, visit, links)
        for video in _face_videos(visit / "beh"):
            entities = _entities_of(video, visit)
            if entities in found:
                raise BidsError(f"{found[entities].video.name} and {video.name} claim the same run; keep one of them")
            found[entities] = _recording(root, entities, video, onsets, links)
    chosen = [recording for recording in found.values() if task is None or recording.entities.task == task]
    return tuple(sorted(chosen, key=_session_task_run))


def _session_task_run(recording: Recording) -> tuple[str, str, int]:
    entities = recording.entities
    return entities.session or "", entities.task, int(entities.run or 0)


def _face_videos(folder: Path) -> list[Path]:
    ending = f"_recording-{FACE_RECORDING}_video"
    return sorted(
        path for path in folder.glob("*") if path.suffix.lower() in VIDEO_EXTENSIONS and path.stem.endswith(ending)
    )


def _entities_of(video: Path, visit: Path) -> Entities:
    """Entities in the name of a video, which must agree with its folders."""
    labels = parse_name(video.name).entities
    owner = "_".join(f"{key}-{labels[key]}" for key in ("sub", "ses") if key in labels)
    expected = visit.name if visit.name.startswith("sub-") else f"{visit.parent.name}_{visit.name}"
    if owner != expected or "task" not in labels:
        raise BidsError(f"{video.name} lies in the folder of {expected}; its name must begin {expected}_task-<film>")
    return Entities(labels["task"], labels["sub"], labels.get("ses"), labels.get("run"))


def _recording(
    root: Path, entities: Entities, video: Path, onsets: Mapping[str, float | None], links: Links
) -> Recording:
    events = video.with_name(raw_path(root, "events", entities).name)
    _check_link(root, video, links)
    if not events.is_file():
        return Recording(entities, video, None, onsets.get(video.name), None)
    _check_link(root, events, links)
    return Recording(entities, video, events, onsets.get(video.name), onsets.get(events.name))


def _check_link(root: Path, path: Path, links: Links) -> None:
    if links == "inside":
        try:
            inside(root, path)
        except BidsError as error:
            raise BidsError(f'{error}; copy the file, or allow links with links="anywhere"') from error


def _stimulus_onsets(root: Path, visit: Path, links: Links) -> dict[str, float | None]:
    """Start of the stimulus on the clock of each file that scans.tsv lists, by file name; None where unknown."""
    session = f"_{visit.name}" if visit.name.startswith("ses-") else ""
    subject = visit.parent.name if session else visit.name
    path = visit / f"{subject}{session}_scans.tsv"
    if not path.is_file():
        return {}
    _check_link(root, path, links)
    table = _table(path, ("filename",))
    if "stimulus_onset" not in table.columns:
        return {}
    names = [_scan_name(path, name) for name in table["filename"]]
    return {name: _seconds(path, text) for name, text in zip(names, table["stimulus_onset"], strict=True)}


def _scan_name(path: Path, name: str) -> str:
    scan = PurePosixPath(name)
    if scan.is_absolute() or ".." in scan.parts or "\\" in name:
        raise BidsError(f"{path.name}: filename {name!r} must be a path below the folder of the table, without '..'")
    return scan.name


def _seconds(path: Path, text: str) -> float | None:
    if text == MISSING:
        return None
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise BidsError(f"{path.name}: stimulus_onset {text!r} must be seconds on the file's own clock, or n/a")
    return value


def _table(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    try:
        table = read_tsv(path)
    except TableError as error:
        raise BidsError(str(error)) from error
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise BidsError(f"{path.name} needs column {', '.join(absent)}; it has {', '.join(table.columns) or 'none'}")
    return table

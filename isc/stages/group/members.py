"""The group: who takes part, and their aligned landmarks as one cube on the clock of the film."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.bids import window_label
from isc.io.derivatives import DerivativeError, read_sidecar
from isc.io.files.text import TableError, read_tsv
from isc.preprocessing.stack import stack_subjects
from isc.stages.provenance.shelf import Shelf, load_array
from isc.stages.recordings.participant import detected_share
from isc.study import Study, StudyError
from isc.synchrony.testable import FEWEST_SUBJECTS

FEATURES = {"vertices": "face vertices", "pairs": "distances between vertices"}
FEATURE_SETS = tuple(FEATURES)
FILM_TOLERANCE = 1.0  # seconds by which participants' logs may disagree about the length of the film
Progress = Callable[[str, int, int | None], None]


@dataclass
class Group:
    """What the group stage works on.

    Attributes
    ----------
    study : Study
    shelf : Shelf
        Of the group.
    participants : mapping of str to Shelf
        Those with landmarks, by name such as ``sub-01``.
    notes : list of str
        Warnings for the reader of the report, in the order they came up.
    film_duration : float or None
        Length of the film, s; None when no key log says it.
    """

    study: Study
    shelf: Shelf
    participants: Mapping[str, Shelf]
    notes: list[str] = field(default_factory=list)
    film_duration: float | None = None

    @property
    def logs(self) -> list[Path]:
        """Where the tables of reported peaks lie, or would lie."""
        return [shelf.path("peaks") for shelf in self.participants.values()]


def usable_participants(
    study: Study, shelves: Mapping[str, Shelf], failed: Mapping[str, str], notes: list[str]
) -> dict[str, Shelf]:
    """Participants whose landmarks are there and whose face was seen often enough; the others are named in `notes`.

    Parameters
    ----------
    study : Study
    shelves : mapping of str to Shelf
    failed : mapping of str to str
        Why a participant failed in this run.
    notes : list of str
        Appended to.

    Returns
    -------
    dict of str to Shelf

    Raises
    ------
    StudyError
        When fewer than three are left: there would be nothing to test.
    """
    usable = {}
    for name, shelf in shelves.items():
        if name in failed:
            notes.append(f"{name} is left out: {failed[name]}")
            continue
        if shelf.ledger.planned(shelf.path("landmarks_aligned")):
            usable[name] = shelf
            continue
        try:
            read_sidecar(shelf.path("landmarks_aligned"))
            share = detected_share(shelf)
        except DerivativeError:
            notes.append(f"{name} has no finished landmarks and is left out; run the participant level first.")
            continue
        if share < study.cube.min_detected:
            notes.append(f"{name} is left out: its face was seen in {share:.0%} of frames only.")
            continue
        usable[name] = shelf
    if len(usable) < FEWEST_SUBJECTS:
        raise StudyError(
            f"synchrony needs at least {FEWEST_SUBJECTS} participants with landmarks; there are {len(usable)}"
            + (f" ({', '.join(usable)})" if usable else "")
        )
    return usable


def film_duration(participants: Mapping[str, Shelf], notes: list[str]) -> float | None:
    """Length of the film in seconds from the start and stop markers of the key logs.

    Parameters
    ----------
    participants : mapping of str to Shelf
    notes : list of str
        Appended to when the logs disagree.

    Returns
    -------
    float or None
        Median over the logs; None when no log has markers.
    """
    logs = [log_sidecar(shelf) for shelf in participants.values()]
    stops = [float(log["LogStop"]) for log in logs if log is not None and log.get("LogStop") is not None]
    if not stops:
        return None
    values = np.array(stops)
    if np.ptp(values) > FILM_TOLERANCE:
        notes.append(
            f"key logs disagree about the length of the film ({values.min():.1f} to {values.max():.1f} s); "
            "the median is used."
        )
    return float(np.median(values))


def log_sidecar(shelf: Shelf) -> dict[str, Any] | None:
    """What the key log of a participant was: its sidecar, or None without a log."""
    path = shelf.path("peaks")
    try:
        return read_sidecar(path) if path.is_file() else None
    except DerivativeError:
        return None


def make_cube(group: Group) -> Path:
    """Cube of the participants' aligned landmarks on the clock of the film, from its onset to its end."""
    study, inputs = group.study, [shelf.path("landmarks_aligned") for shelf in group.participants.values()]
    duration = group.film_duration
    parameters = {**study.cube.model_dump(), "film_duration_s": duration, "subjects": list(group.participants)}

    def compute() -> xr.DataArray:
        recordings = {name: _on_film(shelf, duration) for name, shelf in group.participants.items()}
        try:
            return stack_subjects(
                recordings, rate=study.cube.rate, extent=study.cube.extent, max_gap=study.cube.max_gap
            )
        except ValueError as error:
            raise StudyError(str(error)) from error

    return group.shelf.make("cube", compute, inputs=inputs, parameters=parameters, uncertain=group.logs)


def _on_film(shelf: Shelf, duration: float | None) -> xr.DataArray:
    """Aligned landmarks of one participant between the onset and the end of the film."""
    landmarks = load_array(shelf.path("landmarks_aligned"))
    kept = landmarks["time"] >= 0
    if duration is not None:
        kept &= landmarks["time"] <= duration
    inside = landmarks.isel(time=np.flatnonzero(kept.values))
    return inside.drop_vars([c for c in inside.coords if c not in inside.dims])


def label(study: Study, features: str, scheme: str = "") -> str:
    """BIDS desc label of a feature set, its window and a surrogate scheme: letters and digits."""
    return features + window_label(study.tisc.window) + scheme.replace("_", "")


def label_meanings(study: Study, features: Mapping[str, str] = FEATURES) -> dict[str, str]:
    """What the ``desc-`` labels of the group's products mean, for descriptions.tsv."""
    spans = f"in windows of {study.tisc.window:g} s every {study.tisc.step:.3g} s"
    meanings = {label(study, name): f"{text}, {spans}" for name, text in features.items()}
    for scheme in study.null.shown:
        meanings |= {
            label(study, name, scheme): f"{text}, {spans}, against the scheme {scheme.replace('_', ' ')}"
            for name, text in features.items()
        }
    return meanings


def epochs_path(raw_root: Path, task: str) -> Path:
    """Optional table of annotated epochs of the film: onset, duration (s), trial_type; shaded in the figures.

    Parameters
    ----------
    raw_root : Path
        The raw study.
    task : str
        BIDS task label.

    Returns
    -------
    Path
        In ``stimuli``, which BIDS leaves to the study.

    Examples
    --------
    >>> epochs_path(Path("study"), "film").as_posix()
    'study/stimuli/task-film_epochs.tsv'
    """
    return raw_root / "stimuli" / f"task-{task}_epochs.tsv"


def read_epochs(raw_root: Path, task: str) -> pd.DataFrame | None:
    """Annotated epochs of the film, when the study has them.

    Parameters
    ----------
    raw_root : Path
        The raw study.
    task : str
        BIDS task label.

    Returns
    -------
    DataFrame or None
        Columns onset, duration (s) and whatever else the table has.

    Raises
    ------
    StudyError
        When there is a table that cannot be used.

    Examples
    --------
    >>> read_epochs(Path("no-such-study"), "film") is None
    True
    """
    path = epochs_path(raw_root, task)
    if not path.is_file():
        return None
    try:
        return read_tsv(path).astype({"onset": float, "duration": float})
    except (TableError, KeyError, ValueError) as error:
        raise StudyError(f"{path.name} cannot be used and no epochs are shaded: {error}") from error

"""What a run is asked for, and the settings that follow from it."""

import os
from dataclasses import dataclass
from pathlib import Path

from isc.stages.recordings.participant import STAGES as PARTICIPANT_STAGES
from isc.study import Study, read_study

GROUP_STAGES = ("tisc", "report")
LEVELS = {"participant": PARTICIPANT_STAGES, "group": GROUP_STAGES}


@dataclass(frozen=True)
class RunRequest:
    """What the command line asks for; absent values come from the settings or their defaults.

    Attributes
    ----------
    bids_dir, out_dir : Path
        Raw study and derivatives.
    levels : tuple of {"participant", "group"}
    stages : tuple of {"extract", "peaks", "tisc", "report"}
        Single stages instead of whole levels.
    participants : tuple of str
        Labels; all when empty.
    task : str, optional
    settings : Path, optional
    n_procs : int, optional
        Videos tracked at a time.
    scheduler : str, optional
        Address of a dask scheduler whose workers do the work instead of this machine, or ``local:N``.
    seed : int, optional
    max_memory : str, optional
        A size such as 16G: a run whose estimate is larger is refused, and fewer videos are tracked at a time.
    write_frames : bool
        Write pictures of participants who consented (``consent_frames`` in participants.tsv) with the tracked points.
    force, dry_run, skip_bids_validation, verbose : bool
    """

    bids_dir: Path
    out_dir: Path
    levels: tuple[str, ...] = ("participant", "group")
    stages: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    task: str | None = None
    settings: Path | None = None
    n_procs: int | None = None
    scheduler: str | None = None
    seed: int | None = None
    max_memory: str | None = None
    write_frames: bool = False
    force: bool = False
    dry_run: bool = False
    skip_bids_validation: bool = False
    verbose: bool = False

    @property
    def wanted(self) -> tuple[str, ...]:
        """Stages to run, in their order."""
        asked = self.stages or [stage for level in self.levels for stage in LEVELS[level]]
        return tuple(stage for stage in (*PARTICIPANT_STAGES, *GROUP_STAGES) if stage in asked)

    def of_level(self, level: str) -> tuple[str, ...]:
        """Stages to run of a level."""
        return tuple(stage for stage in self.wanted if stage in LEVELS[level])


def effective_study(request: RunRequest) -> Study:
    """Settings of a run: the file, then what the command line overrides.

    Parameters
    ----------
    request : RunRequest

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        When the settings cannot be used.
    """
    study = Study() if request.settings is None else read_study(request.settings)
    if request.task is not None:
        study = study.model_copy(update={"task": request.task})
    if request.seed is not None:
        study = study.model_copy(update={"null": study.null.model_copy(update={"seed": request.seed})})
    return Study.model_validate(study.model_dump())


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

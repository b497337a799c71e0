"""The commands: one entry each. Adding a command is adding an entry to `COMMANDS`."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isc.cli.manuals import (
    ANALYSE,
    CALIBRATE,
    CLASSIFY,
    DEMO,
    DOCTOR,
    EXPLORE,
    EXTRACT,
    FORGET,
    IMPORT,
    PEAKS,
    REPORT,
    RUN,
    TISC,
)

UNUSABLE = 2  # exit code
# As in isc.stages.classification.clip_table.
CORPORA = ("ravdess", "pedfe", "facexp", "crema_d", "affectnet", "aff_wild2", "expw")
SPLITS = ("leave_one_subject_out", "subject_grouped", "repetition_grouped", "take_grouped")


@dataclass(frozen=True)
class Command:
    """A command of `isc`.

    Attributes
    ----------
    name : str
    summary : str
        One line for ``isc --help``.
    manual : str
        The rest of ``isc NAME --help``, with examples.
    add_arguments : callable
        Gets the command's parser.
    run : callable
        Gets the parsed options, returns the exit code; imports what it needs itself.
    """

    name: str
    summary: str
    manual: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def _study_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of all commands that work on a study."""
    parser.add_argument("bids_dir", type=Path, metavar="BIDS_DIR", help="raw BIDS dataset")
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="derivatives, such as BIDS_DIR/derivatives/isc")
    parser.add_argument(
        "--participant-label", nargs="+", metavar="LABEL", help="only these participants (01 or sub-01)"
    )
    parser.add_argument("--task-id", metavar="TASK", help="BIDS task label (default: from the settings)")
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="settings in TOML (default: the recommended ones)"
    )
    parser.add_argument("--n-procs", type=int, metavar="N", help="videos tracked at a time (default: one a processor)")
    _scheduler_argument(parser)
    parser.add_argument("--random-seed", type=int, metavar="S", help="seed of the surrogates (default: settings, 0)")
    parser.add_argument(
        "--max-memory", metavar="SIZE", help="refuse to run when more memory than this is needed (800M, 16G)"
    )
    parser.add_argument(
        "--write-frames",
        action="store_true",
        help="write pictures with the tracked points of participants whose consent_frames is yes",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be made, why, how long it takes and its memory"
    )
    parser.add_argument("--force", action="store_true", help="do finished work again")
    parser.add_argument(
        "--skip-bids-validation", action="store_true", help="do not ask bids-validator-deno before tracking"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say why each product is made, and old warnings")


def _scheduler_argument(parser: argparse.ArgumentParser) -> None:
    """The cluster that does the work."""
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="have a cluster do the work: tcp://HOST:PORT of a dask scheduler, or local:N for N processes here",
    )


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    _study_arguments(parser)
    parser.add_argument("level", nargs="+", choices=("participant", "group"), help="what to run")


def _run(options: argparse.Namespace, *, stages: tuple[str, ...] = ()) -> int:
    from isc.stages.run import RunRequest, run

    return run(
        RunRequest(
            bids_dir=options.bids_dir,
            out_dir=options.out_dir,
            levels=() if stages else tuple(options.level),
            stages=stages,
            participants=tuple(options.participant_label or ()),
            task=options.task_id,
            settings=options.settings,
            n_procs=options.n_procs,
            scheduler=options.scheduler,
            seed=options.random_seed,
            max_memory=options.max_memory,
            write_frames=options.write_frames,
            force=options.force,
            dry_run=options.dry_run,
            skip_bids_validation=options.skip_bids_validation,
            verbose=options.verbose,
        )
    )


def _stage(name: str, summary: str, manual: str) -> Command:
    """Command that runs a single stage of `isc run`."""
    return Command(name, summary, manual, _study_arguments, lambda options: _run(options, stages=(name,)))


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="new folder for the raw study and its derivatives")
    parser.add_argument("--n-procs", type=int, metavar="N", help="videos at a time (default: one a processor)")
    parser.add_argument("--random-seed", type=int, default=0, metavar="S", help="seed of faces and surrogates (0)")


def _demo(options: argparse.Namespace) -> int:
    from isc.demo import run_demo

    return run_demo(options.folder, n_procs=options.n_procs, seed=options.random_seed)


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lab_folder", type=Path, metavar="LAB_FOLDER", help="folder with the recordings; only read")
    parser.add_argument("bids_dir", type=Path, metavar="BIDS_DIR", help="new folder for the raw BIDS study")
    parser.add_argument("--table", type=Path, required=True, metavar="FILE", help="who, which files, which clocks")
    parser.add_argument("--task-id", metavar="TASK", help="film, when the table has no column task")
    parser.add_argument("--name", metavar="TEXT", help="name of the study (default: that of BIDS_DIR)")
    parser.add_argument("--clean-labels", action="store_true", help="drop what BIDS forbids in labels: P_07 is sub-P07")
    parser.add_argument("--log-mapping", type=Path, metavar="FILE", help="how to read the key logs of your program")
    parser.add_argument("--whole-videos", action="store_true", help="copy videos byte by byte, with all they hold")
    parser.add_argument("--dry-run", action="store_true", help="only list what goes where")


def _import(options: argparse.Namespace) -> int:
    from isc.stages.lab_import import ImportRequest, import_lab

    return import_lab(
        ImportRequest(
            lab_folder=options.lab_folder,
            bids_dir=options.bids_dir,
            table=options.table,
            task=options.task_id,
            name=options.name,
            clean_labels=options.clean_labels,
            whole_videos=options.whole_videos,
            log_mapping=options.log_mapping,
            dry_run=options.dry_run,
        )
    )


def _analyse_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=Path, metavar="CUBE", help="netCDF file of a cube: subject, time, features")
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="derivatives, in a folder of their own")
    parser.add_argument("--task-id", metavar="TASK", help="BIDS task label of the products (default: settings, film)")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings in TOML: [tisc] and [null]")
    parser.add_argument("--image", type=Path, metavar="FILE", help="atlas or mask of regions or voxels (NIfTI)")
    parser.add_argument("--surface-left", type=Path, metavar="FILE", help="mesh of the left hemisphere (GIFTI)")
    parser.add_argument("--surface-right", type=Path, metavar="FILE", help="mesh of the right hemisphere (GIFTI)")
    parser.add_argument("--random-seed", type=int, metavar="S", help="seed of the surrogates (default: settings, 0)")
    parser.add_argument("--force", action="store_true", help="do finished work again")


def _analyse(options: argparse.Namespace) -> int:
    from isc.stages.analysis import AnalysisRequest, run_analysis

    surfaces = {"left": options.surface_left, "right": options.surface_right}
    return run_analysis(
        AnalysisRequest(
            cube=options.cube,
            out_dir=options.out_dir,
            settings=options.settings,
            task=options.task_id,
            image=options.image,
            surfaces={side: path for side, path in surfaces.items() if path is not None},
            seed=options.random_seed,
            force=options.force,
        )
    )


def _explore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="derivatives of a finished group level")
    parser.add_argument("--task-id", metavar="TASK", help="BIDS task label (default: from the settings)")


def _explore(options: argparse.Namespace) -> int:
    from isc.stages.pages.explorer import run_explorer

    return run_explorer(options.out_dir, task=options.task_id)


def _classify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips_folder", type=Path, metavar="CLIPS_FOLDER", help="folder of the clips; only read")
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="derivatives, in a folder of their own")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--corpus", choices=CORPORA, help="whose rules the names follow")
    which.add_argument("--clips", type=Path, metavar="TABLE", help="table of clips: path, subject, label, ...")
    parser.add_argument("--task-id", metavar="TASK", help="BIDS task label of the products (default: the corpus)")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings in TOML: [classification]")
    parser.add_argument("--split", choices=SPLITS, help="what is kept together (default: leave_one_subject_out)")
    parser.add_argument("--n-procs", type=int, metavar="N", help="clips tracked at a time (default: one a processor)")
    parser.add_argument("--random-seed", type=int, metavar="S", help="seed of folds and permutations (settings, 0)")
    parser.add_argument("--leave-out", action="store_true", help="go on without files that do not follow the rules")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be made, and why")
    parser.add_argument("--force", action="store_true", help="do finished work again")


def _classify(options: argparse.Namespace) -> int:
    from isc.stages.classify import ClassifyRequest, classify

    return classify(
        ClassifyRequest(
            clips_folder=options.clips_folder,
            out_dir=options.out_dir,
            corpus=options.corpus,
            table=options.clips,
            task=options.task_id,
            settings=options.settings,
            split=options.split,
            n_procs=options.n_procs,
            seed=options.random_seed,
            leave_out=options.leave_out,
            force=options.force,
            dry_run=options.dry_run,
        )
    )


def _calibrate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="derivatives of a finished group level")
    parser.add_argument("--task-id", metavar="TASK", help="BIDS task label (default: from the settings)")
    parser.add_argument("--n-data", type=int, default=200, metavar="N", help="data sets a way of breaking (200)")
    parser.add_argument("--n-surrogates", type=int, default=199, metavar="M", help="surrogates of each data set (199)")
    parser.add_argument("--n-vertices", type=int, default=16, metavar="V", help="evenly chosen vertices (16)")
    _scheduler_argument(parser)
    parser.add_argument("--force", action="store_true", help="measure again")


def _calibrate(options: argparse.Namespace) -> int:
    from isc.stages.calibration import CalibrationRequest, run_calibration

    return run_calibration(
        CalibrationRequest(
            out_dir=options.out_dir,
            task=options.task_id,
            n_data=options.n_data,
            n_surrogates=options.n_surrogates,
            n_vertex=options.n_vertices,
            scheduler=options.scheduler,
            force=options.force,
        )
    )


def _forget_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="derivatives that isc run wrote")
    parser.add_argument("participants", nargs="+", metavar="sub-LABEL", help="participants who withdrew")
    parser.add_argument("--dry-run", action="store_true", help="only list what would be removed")
    parser.add_argument("--recompute", action="store_true", help="compute the group anew without them afterwards")


def _forget(options: argparse.Namespace) -> int:
    from isc.stages.withdrawal import withdraw

    return withdraw(options.out_dir, options.participants, dry_run=options.dry_run, recompute=options.recompute)


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """Take no argument."""


def _doctor(options: argparse.Namespace) -> int:
    from isc.doctor import run_doctor

    return run_doctor()


COMMANDS = (
    Command("demo", "render a study of generated faces and analyse it", DEMO, _demo_arguments, _demo),
    Command("import", "turn a lab folder into a raw BIDS study", IMPORT, _import_arguments, _import),
    Command("run", "run the analysis on a BIDS study", RUN, _run_arguments, _run),
    _stage("extract", "only track the faces of the videos", EXTRACT),
    _stage("peaks", "only read the key logs", PEAKS),
    _stage("tisc", "only compute synchrony, its tests and its relation to reports", TISC),
    _stage("report", "only draw the report", REPORT),
    Command("analyse", "test the synchrony of a cube of EEG, fMRI, ...", ANALYSE, _analyse_arguments, _analyse),
    Command("classify", "tell expressions in labelled clips apart", CLASSIFY, _classify_arguments, _classify),
    Command("explore", "write the interactive map of a finished analysis", EXPLORE, _explore_arguments, _explore),
    Command("calibrate", "measure error rates on your own recordings", CALIBRATE, _calibrate_arguments, _calibrate),
    Command("forget", "remove all that was made from a participant", FORGET, _forget_arguments, _forget),
    Command("doctor", "check this machine", DOCTOR, _no_arguments, _doctor),
)

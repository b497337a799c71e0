"""The command line: parse, then call the stages. Nothing heavy is imported before a command runs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

DONE, SOME_FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130  # exit codes

DESCRIPTION = """\
Inter-subject synchrony of faces: do people who watch the same film move their faces together,
when, with which part of the face, and is it when they say that they feel something?

  isc demo demo                                      a whole study on generated faces, in minutes
  isc run BIDS_DIR OUT_DIR participant               face videos to landmarks, key logs to peaks
  isc run BIDS_DIR OUT_DIR group                     landmarks to synchrony, its tests and a report
  isc explore OUT_DIR                                the interactive map of synchrony, explore.html, anew
  isc doctor                                         what is missing on this machine, and how to get it
"""

RUN_DESCRIPTION = """\
Run one or both levels of the analysis. Finished work is kept: after a crash, run the same command again.

  participant   track every face video, align the landmarks, check their quality, read the key logs
  group         stack the participants, compute temporal inter-subject correlation (t-ISC) and its nulls,
                relate it to the reported peaks, write figures and report.html
"""

EXIT_CODES = "exit codes: 0 all done, 1 some participants failed (named), 2 unusable input or settings, 130 interrupted"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command of `isc`.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        Exit code: 0 all done, 1 some participants failed, 2 unusable input or settings, 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except KeyboardInterrupt:
        print("isc: interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="isc", description=DESCRIPTION, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_demo(commands)
    explore = commands.add_parser("explore", help="write the interactive map of a finished analysis")
    explore.add_argument("derivatives", type=Path, metavar="OUT_DIR", help="derivatives of a finished group level")
    explore.add_argument("--task-id", metavar="TASK", help="BIDS task label (default: from the settings)")
    explore.set_defaults(command=_explore)
    doctor = commands.add_parser("doctor", help="check this machine")
    doctor.set_defaults(command=_doctor)
    return parser


class _Version(argparse.Action):
    """Print the version without importing the package's metadata for every other command."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from isc import __version__

        print(f"isc {__version__}")
        parser.exit()


def _add_run(commands: argparse._SubParsersAction) -> None:
    run = commands.add_parser(
        "run",
        help="run the analysis on a BIDS study",
        description=RUN_DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("bids_dir", type=Path, metavar="BIDS_DIR", help="raw BIDS dataset")
    run.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="derivatives, such as BIDS_DIR/derivatives/isc")
    run.add_argument("level", nargs="+", choices=("participant", "group"), help="what to run")
    run.add_argument("--participant-label", nargs="+", metavar="LABEL", help="only these participants (01 or sub-01)")
    run.add_argument("--task-id", metavar="TASK", help="BIDS task label (default: from the settings)")
    run.add_argument("--settings", type=Path, metavar="FILE", help="settings in TOML (default: the recommended ones)")
    run.add_argument("--n-procs", type=int, metavar="N", help="videos tracked at a time (default: one a processor)")
    run.add_argument("--random-seed", type=int, metavar="S", help="seed of the surrogates (default: from the settings)")
    run.add_argument("--force", action="store_true", help="do finished work again")
    run.set_defaults(command=_run)


def _add_demo(commands: argparse._SubParsersAction) -> None:
    demo = commands.add_parser("demo", help="render a study of generated faces and analyse it")
    demo.add_argument("folder", type=Path, metavar="FOLDER", help="new folder for the raw study and its derivatives")
    demo.add_argument("--n-procs", type=int, metavar="N", help="videos at a time (default: one a processor)")
    demo.add_argument("--random-seed", type=int, default=0, metavar="S", help="seed of faces and surrogates (0)")
    demo.set_defaults(command=_demo)


def _run(options: argparse.Namespace) -> int:
    from isc.stages.run import RunRequest, run

    return run(
        RunRequest(
            bids_dir=options.bids_dir,
            out_dir=options.out_dir,
            levels=tuple(options.level),
            participants=tuple(options.participant_label or ()),
            task=options.task_id,
            settings=options.settings,
            n_procs=options.n_procs,
            seed=options.random_seed,
            force=options.force,
        )
    )


def _demo(options: argparse.Namespace) -> int:
    from isc.demo import run_demo

    return run_demo(options.folder, n_procs=options.n_procs, seed=options.random_seed)


def _explore(options: argparse.Namespace) -> int:
    from isc.stages.explorer import run_explorer

    return run_explorer(options.derivatives, task=options.task_id)


def _doctor(options: argparse.Namespace) -> int:
    from isc.doctor import run_doctor

    return run_doctor()


if __name__ == "__main__":
    sys.exit(main())

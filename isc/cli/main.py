"""The parser of all commands, and what happens around each."""

import argparse
import sys
from collections.abc import Sequence

from isc.cli.commands import COMMANDS

INTERRUPTED = 130  # exit code

DESCRIPTION = """\
Inter-subject synchrony of faces: do people who watch the same film move their faces together,
when, with which part of the face, and is it when they say that they feel something?

  isc demo demo                                      a whole study on generated faces, in minutes
  isc import LAB_FOLDER BIDS_DIR --table FILE        videos and key logs of a lab into a BIDS study
  isc run BIDS_DIR OUT_DIR participant               face videos to landmarks, key logs to peaks
  isc run BIDS_DIR OUT_DIR group                     landmarks to synchrony, its tests and a report
  isc classify CLIPS_FOLDER OUT_DIR --corpus NAME    expressions told apart in labelled clips
  isc explore OUT_DIR                                the interactive map of synchrony, explore.html, anew
  isc doctor                                         what is missing on this machine, and how to get it
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
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except KeyboardInterrupt:
        print("isc: interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """Parser of all commands in `isc.cli.commands.COMMANDS`.

    Returns
    -------
    ArgumentParser
        Gives a namespace whose ``command`` is the function to call with it.
    """
    top = argparse.ArgumentParser(
        prog="isc", description=DESCRIPTION, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        below = commands.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.\n\n{command.manual}".strip(),
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(below)
        below.set_defaults(command=command.run)
    return top


class _Version(argparse.Action):
    """Print the version without importing the package's metadata for every other command."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from isc import __version__

        print(f"isc {__version__}")
        parser.exit()

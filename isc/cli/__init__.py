"""The command line: parse, then call the stages. Nothing heavy is imported before a command runs."""

from isc.cli.main import main

__all__ = ["main"]

"""Progress on the terminal: a bar for everyone being worked on, or plain lines where there is no terminal."""

import sys
import time
from types import TracebackType
from typing import Self

LINE_INTERVAL = 10.0  # seconds between lines where there is no terminal


class Display:
    """Bars with rate and remaining time (rich) on a terminal, a line now and then elsewhere.

    Parameters
    ----------
    unit : str
        What is counted, in the plural.

    Examples
    --------
    >>> with Display("frames") as display:
    ...     display.update("sub-01", 10, 100)
    """

    def __init__(self, unit: str) -> None:
        """Begin without bars."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

        self._unit = unit
        self._console = Console(file=sys.stderr)
        columns = (
            TextColumn("{task.description:<14}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} " + unit),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._bars = Progress(*columns, console=self._console, disable=not self._console.is_terminal)
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self._said: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bars as they are."""
        self._bars.stop()

    def update(self, name: str, done: int, expected: int | None) -> None:
        """Say how far `name` is.

        Parameters
        ----------
        name : str
            Participant or step.
        done : int
        expected : int or None
            None when nobody knows how many there will be.
        """
        now = time.monotonic()
        first = self._started.setdefault(name, now)
        rate = done / (now - first) if now > first else 0.0
        if not self._bars.disable:
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(name, total=expected, rate="")
            shown = f"{rate:.0f} {self._unit}/s" if rate else ""
            self._bars.update(self._tasks[name], completed=done, total=expected or done, rate=shown)
        elif now - self._said.get(name, first) >= LINE_INTERVAL:
            self._said[name] = now
            self.say(f"{name}: {done}/{expected or '?'} {self._unit}, {rate:.0f}/s{_remaining(done, expected, rate)}")

    def say(self, text: str) -> None:
        """Print a line above the bars.

        Parameters
        ----------
        text : str
        """
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)


def _remaining(done: int, expected: int | None, rate: float) -> str:
    if not (expected and rate):
        return ""
    return f", about {(expected - done) / rate:.0f} s left"

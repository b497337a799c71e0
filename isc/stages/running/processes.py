"""One process a participant: a crash, a kill or a bad file stops that participant only."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from isc.stages.running.messages import one_line

Progress = Callable[[str, int, int | None], None]
SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Outcome:
    """What became of one participant.

    Attributes
    ----------
    participant : str
        BIDS name, such as ``sub-01``.
    status : {"done", "skipped", "failed"}
    message : str
        Why it failed, one line; empty otherwise.
    warnings : list of str
        What a reader of the results has to know.
    made : dict of str to str
        Products that were made, by name, and why.
    frames : int
        Video frames that were tracked.
    seconds : float
        Spent on them.
    failures : dict of str to str
        Parts of the task that failed while the others went on, by name, and why.
    """

    participant: str
    status: str
    message: str = ""
    warnings: list[str] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)
    frames: int = 0
    seconds: float = 0.0
    failures: dict[str, str] = field(default_factory=dict)


Worker = Callable[[Any, Callable[[int, int | None], None]], Outcome]


def run_each(
    tasks: Sequence[tuple[str, Any]], worker: Worker, *, n_procs: int, progress: Progress | None = None
) -> list[Outcome]:
    """Run ``worker(task, report)`` for every (participant, task), each in a process of its own.

    Parameters
    ----------
    tasks : sequence of (str, object)
        Participant and picklable task.
    worker : callable, importable by name
        Gets the task and a function to report (steps done, steps expected) with; returns an Outcome.
    n_procs : int
        Processes at a time.
    progress : callable, optional
        Called in this process with (participant, steps done, steps expected).

    Returns
    -------
    list of Outcome
        In the order of `tasks`. A worker that dies (killed, out of memory) is a failed participant.
    """
    waiting = list(tasks)[::-1]
    running: dict[Connection, tuple[str, Any]] = {}
    outcomes: dict[str, Outcome] = {}
    try:
        while waiting or running:
            while waiting and len(running) < n_procs:
                participant, task = waiting.pop()
                connection, process = _start(worker, task)
                running[connection] = (participant, process)
            for ready in wait(list(running)):
                connection = cast(Connection, ready)
                participant, process = running[connection]
                message = _receive(connection)
                if isinstance(message, tuple):
                    if progress is not None:
                        progress(participant, *message)
                    continue
                process.join()
                outcomes[participant] = message or _died(participant, process.exitcode)
                del running[connection]
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
    return [outcomes[participant] for participant, _ in tasks]


def run_on_cluster(
    tasks: Sequence[tuple[str, Any]], worker: Worker, *, progress: Progress | None = None
) -> list[Outcome]:
    """Run ``worker(task, report)`` for every (participant, task) on the workers of the connected cluster.

    Parameters
    ----------
    tasks : sequence of (str, object)
        Their files must be found under the same paths on all machines.
    worker : callable, importable by name
        As in `run_each`; what it reports stays on its machine.
    progress : callable, optional
        Called with (name, participants done, participants).

    Returns
    -------
    list of Outcome
        In the order of `tasks`. A worker that dies is a failed participant.
    """
    from isc.lazy import on_workers

    outcomes: dict[str, Outcome] = {}
    for participant, result in on_workers(_quietly, {name: (worker, task) for name, task in tasks}):
        if not isinstance(result, Outcome):
            result = Outcome(participant, "failed", f"its worker failed: {type(result).__name__}: {one_line(result)}")
        outcomes[participant] = result
        if progress is not None:
            progress("participants", len(outcomes), len(tasks))
    return [outcomes[participant] for participant, _ in tasks]


def _quietly(given: tuple[Worker, Any]) -> Outcome:
    worker, task = given
    return worker(task, lambda done, expected: None)


def _start(worker: Worker, task: Any) -> tuple[Connection, Any]:
    """Start one worker; returns the end of the pipe that it reports through."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(worker, task, sender), daemon=True)
    process.start()
    sender.close()
    return receiver, process


def _work(worker: Worker, task: Any, sender: Connection) -> None:
    """Body of the worker process. An unexpected error prints its traceback and ends the process with code 1."""
    for name in SINGLE_THREADED:
        os.environ[name] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the parent ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    outcome = worker(task, lambda done, expected: sender.send((done, expected)))
    sender.send(outcome)
    sender.close()


def _end_with_parent() -> None:
    """End this process when its parent is gone: a killed run must not go on writing beside the next one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _receive(connection: Connection) -> tuple[int, int | None] | Outcome | None:
    """Next message of a worker; None when it is gone."""
    try:
        return connection.recv()
    except EOFError:
        return None


def _died(participant: str, exit_code: int | None) -> Outcome:
    signal = f"signal {-exit_code}" if exit_code is not None and exit_code < 0 else f"exit code {exit_code}"
    hint = "see the traceback above" if exit_code == 1 else "if memory ran out, use fewer processes (--n-procs 1)"
    return Outcome(participant, "failed", f"its process died ({signal}); {hint}")

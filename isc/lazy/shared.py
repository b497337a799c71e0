"""Work shared out among the workers of a cluster: data written once to a folder that all see, small tasks and answers.

A task carries a path and a key. Each worker process opens the job once; the arrays in it are maps of files, which the
operating system reads once a machine, however many processes use them. A worker that dies takes its tasks with it to
another one: a task depends on nothing but the files and its own numbers.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from isc.lazy.cluster import ClusterError, active_client
from isc.lazy.mapped import Place, close, opened, shared

TASK_SECONDS = 1.0  # of CPU time: below it, the scheduler's own work shows
LONGEST_TASK = 60.0  # CPU seconds that a dying worker may cost
TASKS_A_THREAD = 8  # so that the last tasks leave few threads idle
SHARING_RATE = 200e6  # bytes a second: to write the data for the workers, and for them to read it
USABLE_SHARE = 0.7  # of a worker's memory limit: dask pauses a worker at 0.8
PROCESS_BYTES = 350 * 2**20  # of a worker that has loaded this package

Work = Callable[[Any, Any], Any]


class Capacity(NamedTuple):
    """What the workers of the active client can do.

    Attributes
    ----------
    n_threads : int
        Of all workers.
    task_bytes : float
        Memory for each task that runs at a time; infinite without a limit.
    """

    n_threads: int
    task_bytes: float

    def task_count(self, cpu_seconds: float) -> int:
        """Tasks to share so much work among: several a thread, a second each at least, a minute at most.

        Examples
        --------
        >>> [Capacity(2, np.inf).task_count(seconds) for seconds in (0.5, 5.0, 100.0, 3600.0)]
        [1, 5, 16, 60]
        """
        several = min(self.n_threads * TASKS_A_THREAD, cpu_seconds / TASK_SECONDS)
        return max(1, round(max(several, cpu_seconds / LONGEST_TASK)))


def capacity(*, cpu_seconds: float, n_bytes: int, task_bytes: int) -> Capacity | None:
    """What the cluster can do for some work; None when it is to be done here.

    That is so without an active client, and for work that takes less time than handing it over.

    Parameters
    ----------
    cpu_seconds : float
        Expected CPU time of the work.
    n_bytes : int
        Data that the workers need.
    task_bytes : int
        Memory that a task needs beside them, at least.

    Returns
    -------
    Capacity or None

    Raises
    ------
    ClusterError
        When the memory limit of a worker is too small for the data and its tasks.
    """
    client = active_client()
    if client is None or cpu_seconds < 2 * TASK_SECONDS + n_bytes / SHARING_RATE:
        return None
    client.wait_for_workers(1)  # a batch system starts them when it likes
    workers = list(client.scheduler_info(n_workers=-1)["workers"].values())
    room = min(_room(worker, n_bytes) for worker in workers)
    if room < task_bytes:
        tight = min(workers, key=lambda worker: _room(worker, n_bytes))
        needed = (PROCESS_BYTES + n_bytes + tight["nthreads"] * task_bytes) / USABLE_SHARE
        raise ClusterError(
            f"a worker of {tight['nthreads']} threads needs a memory limit of {math.ceil(needed / 2**20)} MiB for "
            f"{n_bytes / 2**20:.0f} MiB of data and its tasks; it has {tight['memory_limit'] / 2**20:.0f} MiB: give it "
            "more (--memory-limit), or fewer threads"
        )
    return Capacity(sum(worker["nthreads"] for worker in workers), room)


def _room(worker: dict[str, Any], n_bytes: int) -> float:
    """Bytes for each task that runs at a time on a worker, beside the data: dask counts the pages of a mapped file."""
    if not worker["memory_limit"]:
        return np.inf
    return (USABLE_SHARE * worker["memory_limit"] - PROCESS_BYTES - n_bytes) / worker["nthreads"]


def task_ranges(n: int, n_task: int, *, first: int = 0) -> list[range]:
    """Consecutive numbers from `first` on, cut into about equal ranges, none of them empty.

    Parameters
    ----------
    n : int
        How many numbers.
    n_task : int
        Ranges at most.
    first : int

    Returns
    -------
    list of range

    Examples
    --------
    >>> task_ranges(5, 2), task_ranges(2, 9, first=10)
    ([range(0, 2), range(2, 5)], [range(10, 11), range(11, 12)])
    """
    edges = first + np.linspace(0, n, min(n, n_task) + 1).round().astype(int)
    return [range(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def computed(function: Work, job: Any, tasks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Run ``function(job, task)`` for every task on the workers of the active client.

    Parameters
    ----------
    function : callable
        Defined at the top of a module.
    job : object
        What all tasks share; its arrays are written once and mapped by the workers. Not to be changed by the function.
    tasks : sequence of object
        Small.

    Yields
    ------
    number : int
        Of the task.
    answer : object
        In the order in which tasks are done.

    Raises
    ------
    ClusterError
        When the workers do not see the folder, or a task ended one worker after the other.
    """
    from distributed import KilledWorker, as_completed

    client: Any = active_client()
    with shared(job) as place:
        futures = {
            client.submit(_answer, function, place, task, pure=False): number for number, task in enumerate(tasks)
        }
        try:
            for future in as_completed(futures):
                number = futures.pop(future)
                yield number, future.result()
        except KilledWorker as error:
            raise ClusterError(
                "a task ended one worker after the other, perhaps for want of memory: give workers more, or fewer "
                "threads each, and look into their logs"
            ) from error
        finally:
            client.cancel(list(futures))
            client.run(close, on_error="ignore")


def _answer(function: Work, place: Place, task: Any) -> Any:
    return function(opened(place), task)

"""The workers of a cluster: whether there are any, a cluster for the command line, and one task a worker thread."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

SECONDS_TO_CONNECT = 10
LOCAL = "local:"  # a scheduler on this machine, with so many worker processes


class ClusterError(ValueError):
    """A cluster that cannot be used as it is; the message is one line and says what to change."""


def active_client() -> Any | None:
    """The client that ``dask.compute`` would use now; None where work stays on this machine.

    Work that runs on a worker stays there: its threads have enough to do with their own tasks.

    Returns
    -------
    distributed.Client or None

    Examples
    --------
    >>> active_client() is None
    True
    """
    if "distributed" not in sys.modules:  # nobody has made a client; loading it takes a second
        return None
    import distributed
    from dask.base import get_scheduler

    with suppress(ValueError):
        distributed.get_worker()
        return None
    client = getattr(get_scheduler(), "__self__", None)
    return client if isinstance(client, distributed.Client) else None


@contextmanager
def connected(address: str, *, scratch: Path | None = None) -> Iterator[str]:
    """Have everything computed by a cluster while the block runs.

    Parameters
    ----------
    address : str
        Of a scheduler, such as ``tcp://10.0.0.1:8786``; or ``local:4`` for four worker processes on this machine.
    scratch : Path, optional
        Folder under the same path on all machines, for the data that workers read; by default dask's
        ``temporary-directory``, else that of the system.

    Yields
    ------
    str
        Address of the dashboard; empty where there is none.

    Raises
    ------
    ClusterError
        When dask.distributed is not installed, the address cannot be read, or nobody answers.

    Examples
    --------
    >>> with connected("tcp://127.0.0.1:1"):
    ...     pass
    Traceback (most recent call last):
    isc.lazy.cluster.ClusterError: no dask scheduler answers at tcp://127.0.0.1:1; ...
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ClusterError("a scheduler needs dask.distributed: pip install 'isc-toolkit[cluster]'") from error
    with ExitStack() as stack:
        target = stack.enter_context(_local_cluster(address)) if address.startswith(LOCAL) else address
        try:
            client = stack.enter_context(distributed.Client(target, timeout=SECONDS_TO_CONNECT))
        except (OSError, ValueError) as error:
            raise ClusterError(f"no dask scheduler answers at {address}; start one with `dask scheduler`") from error
        if scratch is not None:
            stack.enter_context(dask.config.set({"temporary-directory": str(scratch)}))
        yield client.dashboard_link if "dashboard" in client.scheduler_info().get("services", {}) else ""


def _local_cluster(address: str) -> Any:
    """Worker processes on this machine, one thread each."""
    from distributed import LocalCluster

    n_workers = address.removeprefix(LOCAL)
    if not n_workers.isdigit() or int(n_workers) < 1:
        raise ClusterError(f"{address!r} is no number of workers; write local:4 for four on this machine")
    return LocalCluster(n_workers=int(n_workers), threads_per_worker=1, processes=True, dashboard_address=":0")


def on_workers(function: Callable[[Any], Any], tasks: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Run a function on each task, one task at a time and worker thread, of the active client.

    Parameters
    ----------
    function : callable
        Defined at the top of a module.
    tasks : mapping of str to object
        By name; what can be pickled.

    Yields
    ------
    name : str
    result : object or Exception
        In the order in which they are done. What the function raised, or that its worker died, is the result.
    """
    from distributed import as_completed

    client: Any = active_client()
    futures = {client.submit(function, task, pure=False, retries=0): name for name, task in tasks.items()}
    for future in as_completed(futures):
        yield futures[future], future.exception() or future.result()

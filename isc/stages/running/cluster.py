"""The cluster that a command was asked to use."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isc.lazy import connected, kept_arrays


@contextmanager
def cluster(scheduler: str | None, out_dir: Path) -> Iterator[None]:
    """Have everything computed by a cluster, if one was asked for, and say where it can be watched.

    Parameters
    ----------
    scheduler : str or None
        As for `isc.lazy.connected`.
    out_dir : Path
        Derivatives: all machines see them, so that the data for the workers lie there for a while.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    ClusterError
        When it cannot be used.
    """
    if scheduler is None:
        yield
        return
    with connected(scheduler, scratch=out_dir) as dashboard:
        print(f"dashboard: {dashboard or 'none'}", file=sys.stderr)
        with kept_arrays():  # the cube is written once for all nulls
            yield

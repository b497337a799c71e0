"""A job as files that all workers of a cluster see: pickled, with its large arrays as maps of files."""

import io
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from isc.lazy.cluster import ClusterError, active_client

MAPPED_BYTES = 2**20  # arrays of at least this size are files, smaller ones go with the rest of the job
_kept: ContextVar[Path | None] = ContextVar("kept", default=None)  # folder of arrays that outlive their job
PREFIX, SUFFIX = ".isc-", ".tmp"  # as `isc.io.files.atomic` names what a killed run leaves behind


class Place(NamedTuple):
    """Where a job lies: all that a task says about its data."""

    folder: str
    key: str


@contextmanager
def kept_arrays() -> Iterator[None]:
    """Write an array that several jobs share once only, while the block runs; nothing without an active client.

    Yields
    ------
    None
        Nothing.
    """
    if _kept.get() is not None or active_client() is None:
        yield
        return
    with _scratch() as folder:
        token = _kept.set(folder)
        try:
            yield
        finally:
            _kept.reset(token)


@contextmanager
def shared(job: Any) -> Iterator[Place]:
    """Write a job for the workers, to a folder that is removed at the end.

    The folder is in dask's ``temporary-directory``, else in the system's. Arrays are named by a hash of their content
    and the job by a hash of it all, so that a worker never takes one for another.

    Parameters
    ----------
    job : object
        What can be pickled. Arrays that are maps of a file already, opened for reading only, are not written again.

    Yields
    ------
    Place
    """
    with _scratch() as folder:
        content = io.BytesIO()
        _Writer(content, _kept.get() or folder).dump(job)
        key = _key(content.getbuffer())
        (folder / f"{key}.job").write_bytes(content.getbuffer())
        yield Place(str(folder), key)


@contextmanager
def _scratch() -> Iterator[Path]:
    """A new folder that workers see, removed at the end."""
    import dask

    parent = dask.config.get("temporary-directory", None) or tempfile.gettempdir()
    Path(parent).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@lru_cache(maxsize=1)
def opened(place: Place) -> Any:
    """The job at a place, once a process.

    Parameters
    ----------
    place : Place

    Returns
    -------
    object

    Raises
    ------
    ClusterError
        When it is not there, or not what was written.

    Examples
    --------
    >>> with shared({"cube": np.zeros((2, 2**18))}) as place:
    ...     opened(place)["cube"].shape
    (2, 262144)
    """
    folder = Path(place.folder)
    try:
        content = (folder / f"{place.key}.job").read_bytes()
    except FileNotFoundError as error:
        raise ClusterError(
            f"a worker does not see {folder.parent}; name a folder that all machines share: "
            "dask.config.set({'temporary-directory': '/shared/scratch'})"
        ) from error
    if _key(content) != place.key:  # a pickle runs code: only what the scheduler's own process wrote is read
        raise ClusterError(f"the job {place.key} in {folder.name} is not what was written; start the run again")
    return _Reader(io.BytesIO(content), folder).load()


def close() -> None:
    """Let go of the files of the last job, which would stay on the disk otherwise."""
    opened.cache_clear()


def _key(content: Any) -> str:
    return blake2b(content, digest_size=16).hexdigest()


class _Mapped(NamedTuple):
    """An array in a file."""

    path: str  # a bare name lies in the folder of the job
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


class _Writer(pickle.Pickler):
    """Pickles a job, and leaves its large arrays to files."""

    def __init__(self, content: io.BytesIO, folder: Path) -> None:
        super().__init__(content, protocol=pickle.HIGHEST_PROTOCOL)
        self._folder = folder
        self._written: dict[int, tuple[np.ndarray, _Mapped]] = {}  # arrays are kept, so that no other gets their id

    def persistent_id(self, item: object) -> _Mapped | None:
        """The file of a large array; None for all that is pickled as usual."""
        if not isinstance(item, np.ndarray) or item.nbytes < MAPPED_BYTES or item.dtype.kind not in "biufc":
            return None
        if id(item) not in self._written:
            self._written[id(item)] = item, _in_a_file(item) or self._write(item)
        return self._written[id(item)][1]

    def _write(self, array: np.ndarray) -> _Mapped:
        """A copy of an array in C order, written row by row so that no second one is in memory."""
        rows = array if array.ndim > 1 else array[None]
        digest = blake2b(digest_size=16)
        for row in rows:
            digest.update(np.ascontiguousarray(row).data)
        path = self._folder / digest.hexdigest()
        if not path.exists():
            with path.with_suffix(SUFFIX).open("wb") as file:
                for row in rows:
                    file.write(np.ascontiguousarray(row).data)
                file.flush()
                os.fsync(file.fileno())  # other machines are to see it
            path.with_suffix(SUFFIX).rename(path)
        strides = np.cumprod([array.itemsize, *array.shape[:0:-1]])[::-1]
        name = str(path) if self._folder == _kept.get() else path.name
        return _Mapped(name, array.dtype.str, array.shape, tuple(int(s) for s in strides), 0)


def _in_a_file(array: np.ndarray) -> _Mapped | None:
    """Where an array lies that is part of a file opened for reading only."""
    owner: Any = array
    outer: Any = None
    while owner is not None:
        outer, owner = owner if isinstance(owner, np.memmap) else outer, getattr(owner, "base", None)
    if outer is None or outer.mode != "r" or outer.filename is None:
        return None
    offset = array.__array_interface__["data"][0] - outer.__array_interface__["data"][0] + outer.offset
    return _Mapped(str(outer.filename), array.dtype.str, array.shape, array.strides, offset)


class _Reader(pickle.Unpickler):
    """Reads a job whose large arrays are files."""

    def __init__(self, content: Any, folder: Path) -> None:
        super().__init__(content)
        self._folder = folder

    def persistent_load(self, mapped: _Mapped) -> np.ndarray:
        """The array, mapped; writing to it would change this process's pages only, so that kernels take it as any."""
        pages = np.memmap(self._folder / mapped.path, mode="c")
        return np.ndarray(mapped.shape, mapped.dtype, buffer=pages, offset=mapped.offset, strides=mapped.strides)

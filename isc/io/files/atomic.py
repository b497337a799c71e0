"""Files that appear whole or not at all: temporary names, flushed writes, leftovers, one writer at a time."""

import contextlib
import hashlib
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

TEMPORARY_PREFIX = ".isc-"
TEMPORARY_SUFFIX = ".tmp"
LOCK_NAME = ".isc.lock"
LOCKED_BYTE = 1 << 20  # on Windows a locked byte cannot be read: lock one far behind the holder's name


class DerivativeError(ValueError):
    """An output that cannot be written, or a product that is absent, damaged or of another version."""


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Parameters
    ----------
    path : Path
        Read in blocks: memory does not depend on the file's size.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "empty.txt")
    >>> path.touch()
    >>> hash_file(path)[:16]
    'e3b0c44298fc1c14'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def temporary_beside(path: Path) -> Path:
    """Unused hidden name in the folder of `path`, so that a rename onto `path` stays within one file system.

    Parameters
    ----------
    path : Path
        Where the file shall be in the end.

    Returns
    -------
    Path
        Nothing is there yet.

    Examples
    --------
    >>> temporary_beside(Path("out", "cube.zarr")).parent.name
    'out'
    """
    # The name is short whatever the product's is: file systems stop at 255 bytes.
    return path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a small file so that its old content stays until the new one is whole.

    Parameters
    ----------
    path : Path
        Its folder is made when it is absent.
    content : bytes
        The whole file.

    Raises
    ------
    DerivativeError
        When the file cannot be written, or is a link to another place.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "note.txt")
    >>> write_bytes(path, b"whole")
    >>> path.read_bytes()
    b'whole'
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_beside(path)
        try:
            temporary.write_bytes(content)
            sync(temporary)
            os.replace(temporary, path)
            sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system says against writing `path` into one line that names the file.

    Parameters
    ----------
    path : Path
        What the block writes.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    DerivativeError
        When `path` is a symbolic link, or an OSError leaves the block (disk full, read-only, no permission).

    Examples
    --------
    >>> with writing(Path("cube.zarr")):
    ...     raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    isc.io.files.atomic.DerivativeError: cube.zarr could not be written: No space left on device
    """
    if path.is_symlink():
        raise DerivativeError(f"{path.name} is a symbolic link; outputs are not written through links, remove it")
    try:
        yield
    except OSError as error:
        raise DerivativeError(f"{path.name} could not be written: {error.strerror or error}") from error


def sync(path: Path) -> None:
    """Wait until a file or a folder's list of names is on the disk.

    Parameters
    ----------
    path : Path
        What a folder holds is not waited for; see `sync_tree`.

    Examples
    --------
    >>> import tempfile
    >>> sync(Path(tempfile.mkdtemp()))
    """
    if path.is_dir() and sys.platform == "win32":  # Windows opens no folders, and keeps names without being asked
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(path: Path) -> None:
    """Wait until a file, or a folder and all below it, is on the disk.

    Parameters
    ----------
    path : Path
        File or folder.

    Examples
    --------
    >>> import tempfile
    >>> sync_tree(Path(tempfile.mkdtemp()))
    """
    for below in path.rglob("*"):
        sync(below)
    sync(path)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all it holds; nothing happens where there is none.

    Parameters
    ----------
    path : Path
        A link is removed, not what it leads to.

    Examples
    --------
    >>> remove(Path("no-such-file"))
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> int:
    """Remove the temporary files of runs that were killed.

    Call it while holding `output_lock`: the temporary files of a living run look the same.

    Parameters
    ----------
    folder : Path
        Searched with all folders below it; links are not followed.

    Returns
    -------
    int
        How many temporary files and folders were removed.

    Examples
    --------
    >>> import tempfile
    >>> remove_leftovers(Path(tempfile.mkdtemp()))
    0
    """
    pattern = f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}"
    leftovers = [Path(parent, name) for parent, folders, files in os.walk(folder) for name in (*folders, *files)]
    leftovers = [path for path in leftovers if path.match(pattern)]
    for path in leftovers:
        remove(path)
    return len(leftovers)


@contextlib.contextmanager
def output_lock(folder: Path) -> Iterator[None]:
    """Keep an output folder for this process while the block runs.

    The operating system frees the lock when the process ends, however it ends, so a killed run leaves none behind
    (only the file ``.isc.lock``, which holds nothing by then). Entering also proves that the folder can be written.

    Parameters
    ----------
    folder : Path
        Made when it is absent.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    DerivativeError
        When another process (named) holds the folder, or the folder cannot be written or is a symbolic link.

    Examples
    --------
    >>> import tempfile
    >>> with output_lock(Path(tempfile.mkdtemp()) / "isc"):
    ...     pass
    """
    path = folder / LOCK_NAME
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+b")  # noqa: SIM115 - held open while the lock lasts
    with file:
        if not _lock(file):
            holder = file.read().decode(errors="replace") or "another process"
            raise DerivativeError(f"{folder.resolve().name} is in use by {holder}; wait or choose another folder")
        try:
            _sign(file, f"process {os.getpid()} on {socket.gethostname()}".encode())
            yield
        finally:
            _sign(file, b"")


def _sign(file: BinaryIO, holder: bytes) -> None:
    file.seek(0)
    file.truncate()
    file.write(holder)
    file.flush()


def _lock(file: BinaryIO) -> bool:
    """Take the exclusive lock of an open file; False when another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        file.seek(0)
    return True

"""Files of others, checked before they are believed: what a header declares is compared with what is there.

NumPy files are read without pickle and only when their declared size fits the file; TOML within limits that keep a
hostile file from filling memory or time. JSON and tables have their limits in `isc.io`.
"""

import tokenize
import tomllib
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

MIB = 2**20
MAX_ARRAY_BYTES = 8 * 2**30  # unpacked, of one file
MAX_RATIO = 100  # unpacked bytes for each stored one ...
RATIO_FREE_BYTES = MIB  # ... beyond these
MAX_TOML_BYTES = 1_000_000
MAX_DOTS_IN_LINE = 100  # the parser's time grows with the square of the parts of a key
HEADER_FAULTS = (ValueError, EOFError, SyntaxError, TypeError, RecursionError, MemoryError, tokenize.TokenError)
ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class UntrustedFileError(ValueError):
    """A file that declares more than it holds, or holds what is never read."""


def parse_toml(text: str) -> dict[str, Any]:
    r"""Content of a TOML text, with limits on its size, its nesting and the parts of its keys.

    Parameters
    ----------
    text : str

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        When it is no TOML (keys that occur twice are none) or beyond a limit; the message ends a sentence.

    Examples
    --------
    >>> parse_toml("[null]\nseed = 1")
    {'null': {'seed': 1}}
    >>> parse_toml("seed = 1\nseed = 2")
    Traceback (most recent call last):
    tomllib.TOMLDecodeError: Cannot overwrite a value ...
    """
    if len(text) > MAX_TOML_BYTES:
        raise ValueError(f"it has {len(text)} characters; settings are read up to {MAX_TOML_BYTES}")
    if max(map(lambda line: line.count("."), text.splitlines()), default=0) > MAX_DOTS_IN_LINE:
        raise ValueError(f"a line has more than {MAX_DOTS_IN_LINE} dots; write the list on several lines")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep; no setting needs more than three levels") from None


def load_npy(path: str | Path) -> np.ndarray:
    """Array of a ``.npy`` file that is as long as it declares.

    Parameters
    ----------
    path : path

    Returns
    -------
    ndarray

    Raises
    ------
    UntrustedFileError
        When it is no such file, holds Python objects (they would have to be unpickled, which runs code), or its
        header declares more than the file holds.
    FileNotFoundError
        When it is absent.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.npy")
    >>> np.save(path, np.arange(3))
    >>> load_npy(path).tolist()
    [0, 1, 2]
    """
    path = Path(path)
    with open(path, "rb") as file:
        return _array(file, path.stat().st_size, path.name)


def load_npz(path: str | Path) -> dict[str, np.ndarray]:
    """Arrays of an ``.npz`` file by name; nothing is unpacked before all declared sizes were checked.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    UntrustedFileError
        When it is no such file, a member has a path in its name or is no array, it unpacks to more than 8 GiB or to
        more than 100 times its size, or a member is refused as by `load_npy`.
    FileNotFoundError
        When it is absent.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.npz")
    >>> np.savez(path, rate=np.array(30.0))
    >>> load_npz(path)
    {'rate': array(30.)}
    """
    path = Path(path)
    path.stat()  # an absent file is absent, not damaged
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_members(members, path.name)
            arrays = {}
            for member in members:
                with archive.open(member) as file:
                    name = f"{member.filename} in {path.name}"
                    arrays[member.filename.removesuffix(".npy")] = _array(file, member.file_size, name)  # type: ignore[arg-type]
            return arrays
    except UntrustedFileError:
        raise
    except ZIP_FAULTS as error:
        raise UntrustedFileError(f"{path.name} is no .npz file, or a damaged one ({error})") from error


def check_archive(path: Path) -> None:
    """Refuse an archive that unpacks to more than 8 GiB, or to more than 100 times its size.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UntrustedFileError
        See `check_size`.
    zipfile.BadZipFile
        When it is no archive.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "bomb.npz")
    >>> np.savez_compressed(path, a=np.zeros(2**20))
    >>> check_archive(path)
    Traceback (most recent call last):
    isc.untrusted.UntrustedFileError: bomb.npz declares 8388736 bytes and stores ...
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    check_size(sum(m.file_size for m in members), sum(m.compress_size for m in members), path.name)


def check_members(members: list[zipfile.ZipInfo], name: str) -> None:
    """Refuse an archive whose members leave its folder or unpack to more than they should.

    Parameters
    ----------
    members : list of ZipInfo
    name : str
        Of the archive.

    Raises
    ------
    UntrustedFileError
        See `load_npz`.

    Examples
    --------
    >>> check_members([zipfile.ZipInfo("../../evil.npy")], "a.npz")
    Traceback (most recent call last):
    isc.untrusted.UntrustedFileError: a.npz has a member '../../evil.npy'; members are arrays without folders: ...
    """
    for member in members:
        parts = set(member.filename.replace("\\", "/").split("/"))
        if len(parts) > 1 or not member.filename.endswith(".npy") or ":" in member.filename:
            raise UntrustedFileError(
                f"{name} has a member {member.filename!r}; members are arrays without folders: save it with numpy.savez"
            )
    check_size(sum(m.file_size for m in members), sum(m.compress_size for m in members), name)
    if len({member.filename for member in members}) < len(members):
        raise UntrustedFileError(f"{name} has two members of one name; save it again with numpy.savez")


def check_size(declared: int, stored: int, name: str) -> None:
    """Refuse what unpacks to too much.

    Parameters
    ----------
    declared, stored : int
        Bytes unpacked and as stored.
    name : str
        Of the file.

    Raises
    ------
    UntrustedFileError
        When more than 8 GiB, or (beyond 1 MiB) more than 100 bytes are declared for each stored one.

    Examples
    --------
    >>> check_size(10**15, 10**15, "bomb.h5")
    Traceback (most recent call last):
    isc.untrusted.UntrustedFileError: bomb.h5 declares 1000000000000000 bytes; files of others are read up to ...
    """
    if declared > MAX_ARRAY_BYTES:
        raise UntrustedFileError(f"{name} declares {declared} bytes; files of others are read up to {MAX_ARRAY_BYTES}")
    if declared > RATIO_FREE_BYTES and declared > MAX_RATIO * stored:
        raise UntrustedFileError(
            f"{name} declares {declared} bytes and stores {stored}: more than {MAX_RATIO} for one is refused"
        )


def _array(file: BinaryIO, size: int, name: str) -> np.ndarray:
    """Array at the start of an open file of `size` bytes."""
    try:
        shape, order, dtype = _header(file)
    except HEADER_FAULTS as error:
        raise UntrustedFileError(f"{name} is no .npy file, or a damaged one ({error})") from error
    if dtype.hasobject:
        raise UntrustedFileError(
            f"{name} holds Python objects, which are never unpickled: a pickle can run any program; save numbers"
        )
    declared = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
    if min(shape, default=0) < 0 or declared > size - file.tell():
        raise UntrustedFileError(f"{name} declares {declared} bytes, more than the file holds; copy it again")
    check_size(declared, declared, name)
    content = file.read(declared)
    if len(content) < declared:
        raise UntrustedFileError(f"{name} breaks off after {len(content)} of {declared} bytes; copy it again")
    flat = np.frombuffer(bytearray(content), dtype=dtype) if dtype.itemsize else np.zeros(int(np.prod(shape)), dtype)
    return flat.reshape(shape, order="F" if order else "C")


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = npy.read_magic(file)
    if version == (1, 0):
        return npy.read_array_header_1_0(file)
    if version == (2, 0):
        return npy.read_array_header_2_0(file)
    raise ValueError(f"version {version} is not read")

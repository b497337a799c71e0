"""HDF5 files of others, looked at before anything of them is read."""

from pathlib import Path
from typing import Any

from isc.untrusted import check_size

MOST_LEVELS = 16  # of groups


class LinkedFileError(ValueError):
    """An HDF5 file whose data lie in other files."""


def check_hdf5(path: Path) -> None:
    """Refuse an HDF5 or netCDF-4 file that declares more than it holds, or points at other files.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UntrustedFileError
        When its data sets unpack to more than 8 GiB or to more than 100 times the file.
    LinkedFileError
        When a link or a data set leads to another file: whatever it names on this machine would be read.
    OSError
        When it is no HDF5 file.

    Examples
    --------
    >>> import tempfile, h5py
    >>> path = Path(tempfile.mkdtemp(), "bomb.h5")
    >>> with h5py.File(path, "w") as file:
    ...     _ = file.create_dataset("v", (10**6, 478, 3), "f4", chunks=(512, 478, 3))
    >>> check_hdf5(path)
    Traceback (most recent call last):
    isc.untrusted.UntrustedFileError: bomb.h5 declares 5736000000 bytes and stores ...
    """
    import h5py

    with h5py.File(path, "r") as file:
        declared = _declared(file, path.name, depth=0)
    check_size(declared, path.stat().st_size, path.name)


def _declared(group: Any, name: str, *, depth: int) -> int:
    """Bytes of all data sets below a group, unpacked."""
    import h5py

    if depth > MOST_LEVELS:
        raise LinkedFileError(f"{name} has groups more than {MOST_LEVELS} deep, or links in a circle; save it flat")
    total = 0
    for key in group:
        link = group.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise LinkedFileError(f"{name} links {key} to another place; save its data in the file itself")
        item = group[key]
        if isinstance(item, h5py.Group):
            total += _declared(item, name, depth=depth + 1)
        elif isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise LinkedFileError(f"{name} keeps {key} in another file; save its data in the file itself")
            total += item.size * item.dtype.itemsize if item.shape is not None else 0
    return total

"""Derivatives: arrays, tables and values, each written whole beside its sidecar and checked when it is read.

A product is a file or zarr folder and the JSON sidecar of the same name, which lists the SHA-256 of every file and is
written last. Without its sidecar a product does not exist. Equal content gives equal bytes: no date is stored.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from isc.io.files.atomic import DerivativeError, hash_file, output_lock, remove_leftovers, writing
from isc.io.files.derived_tables import read_table, read_values, write_table, write_values
from isc.io.files.products import input_hash, is_current, product_key, publishing, read_sidecar, verified_sidecar
from isc.io.files.stores import append_zarr, read_netcdf, read_zarr, write_netcdf, write_zarr

__all__ = [
    "DerivativeError",
    "LandmarkWriter",
    "hash_file",
    "input_hash",
    "is_current",
    "landmark_writer",
    "output_lock",
    "product_key",
    "read_array",
    "read_sidecar",
    "read_table",
    "read_values",
    "remove_leftovers",
    "write_array",
    "write_table",
    "write_values",
]

STORES = {".zarr": (write_zarr, read_zarr), ".nc": (write_netcdf, read_netcdf)}
ARRAY_NAME = "DataArray"
UNNAMED = "values"


def write_array(array: xr.DataArray | xr.Dataset, path: Path, sidecar: Mapping[str, Any]) -> None:
    """Write an array or data set as one product.

    Parameters
    ----------
    array : DataArray or Dataset
        Variables and coords of numbers, booleans or text; NaN is kept.
    path : Path
        Ends in ``.zarr`` (large) or ``.nc`` (small); an older product there is replaced.
    sidecar : mapping
        What the sidecar shall say, such as `isc.io.files.sidecars.sidecar_for` gives it.

    Raises
    ------
    DerivativeError
        When the product cannot be written; the older one is then still there.
    TypeError
        When a variable holds dates or objects.
    ValueError
        When the extension is another one.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "task-film_desc-win5000ms_tisc.nc")
    >>> tisc = xr.DataArray([0.1, 0.2], dims="window", name="tisc")
    >>> write_array(tisc, path, {"Description": "an example"})
    >>> read_array(path).identical(tisc)
    True
    """
    write, _ = _store(path)
    dataset, note = array, dict(sidecar)
    if isinstance(array, xr.DataArray):
        dataset = array.to_dataset(name=array.name or UNNAMED)
        note[ARRAY_NAME] = array.name
    with publishing(path, note) as temporary, writing(path):
        write(dataset, temporary)


def read_array(path: Path) -> xr.DataArray | xr.Dataset:
    """Array or data set of a product, every byte checked against its sidecar first.

    Parameters
    ----------
    path : Path
        Written by `write_array` or `landmark_writer`.

    Returns
    -------
    DataArray or Dataset
        As it was written. The values of a zarr product are read from the disk when they are used.

    Raises
    ------
    DerivativeError
        When the product is absent, unfinished or damaged; the file is named.

    Examples
    --------
    >>> read_array(Path("no-such-cube.zarr"))
    Traceback (most recent call last):
    isc.io.files.atomic.DerivativeError: no-such-cube.zarr has no sidecar ...
    """
    _, read = _store(path)
    sidecar = verified_sidecar(path)
    dataset = read(path)
    if ARRAY_NAME not in sidecar:
        return dataset
    name = sidecar[ARRAY_NAME]
    return dataset[name or UNNAMED].rename(name)


def _store(path: Path) -> tuple:
    if path.suffix not in STORES:
        raise ValueError(f"{path.name} must end in {' or '.join(STORES)}; other arrays are not stored")
    return STORES[path.suffix]


class LandmarkWriter:
    """Appends blocks of one recording along time; see `landmark_writer`.

    Parameters
    ----------
    path : Path
        The zarr folder to make.
    name : str
        What errors call it.
    """

    def __init__(self, path: Path, *, name: str) -> None:
        self._path = path
        self._name = name
        self._first: xr.Dataset | None = None

    @property
    def empty(self) -> bool:
        """Whether no block was appended yet."""
        return self._first is None

    def append(self, block: xr.Dataset) -> None:
        """Append the next frames.

        Parameters
        ----------
        block : Dataset with dim ``time``
            As in `isc.io.face.read_face_video`. Blocks of a multiple of 512 frames are the quickest.

        Raises
        ------
        DerivativeError
            When variables, dtypes, or anything without dim ``time`` differ from the first block, or the disk is full.
        """
        with writing(Path(self._name)):
            if self._first is None:
                write_zarr(block, self._path)
                self._first = block.isel(time=slice(0, 0)).copy(deep=True)
            else:
                self._check(block, self._first)
                append_zarr(block, self._path)

    def _check(self, block: xr.Dataset, first: xr.Dataset) -> None:
        now = block.isel(time=slice(0, 0))
        types = {name: variable.dtype for name, variable in now.variables.items()}
        expected = {name: variable.dtype for name, variable in first.variables.items()}
        if types != expected or not now.equals(first):
            raise DerivativeError(
                f"a block of {self._name} differs from the first beside time (variables, dtypes, sizes or labels); "
                "give every block of a recording the same"
            )


@contextlib.contextmanager
def landmark_writer(path: Path, sidecar: Mapping[str, Any]) -> Iterator[LandmarkWriter]:
    """Writer of one long recording, block after block; memory does not depend on its length.

    The bytes do not depend on how the recording was cut into blocks. Attrs are those of the first block.

    Parameters
    ----------
    path : Path
        Ends in ``.zarr``; the recording appears there when the block ends without an error.
    sidecar : mapping
        Read at the end, so that the block may add to it.

    Yields
    ------
    LandmarkWriter

    Raises
    ------
    DerivativeError
        When no block was appended, or the product cannot be written; an older one is then still there.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "sub-01_task-film_desc-tracked_landmarks.zarr")
    >>> frame = xr.Dataset({"n_face": ("time", [1])}, coords={"time": [0.0]})
    >>> with landmark_writer(path, {}) as writer:
    ...     writer.append(frame)
    ...     writer.append(frame.assign_coords(time=[0.04]))
    >>> read_array(path)["time"].values.tolist()
    [0.0, 0.04]
    """
    with publishing(path, sidecar) as temporary:
        writer = LandmarkWriter(temporary, name=path.name)
        yield writer
        if writer.empty:
            raise DerivativeError(f"{path.name} got no block, so there is no recording to keep; append at least one")

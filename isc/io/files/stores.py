"""Labelled arrays in zarr (version 3) and netCDF-4, so that what is read is what was written."""

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from isc.io.files.json_format import as_plain

NUMBER_KINDS = "biuf"  # NumPy kinds: boolean, signed and unsigned integer, float
FEATURE_CHUNK = 16  # features a chunk of a cube: a correlation reads all time of few features
FRAME_CHUNK = 512  # frames a chunk of one recording, which is written and read along time
SERIES_CHUNK = 2**16  # samples a chunk of a series without features: few files for long recordings
HDF5_ERROR = re.compile(r"errno = (\d+), error message")  # how it hides what the operating system said
JSON_MARK = "json:"  # netCDF has no lists of one, booleans or mappings: kept as text behind this mark


def write_zarr(dataset: xr.Dataset, path: Path) -> None:
    """Write a data set to a new zarr folder.

    Chunks follow the reader: one subject, all time and 16 features of a cube; 512 frames of a recording. Values are
    compressed without loss (blosc, lz4, bitshuffle).

    Parameters
    ----------
    dataset : Dataset
        Variables and coords of numbers, booleans or text; attrs that JSON can hold.
    path : Path
        Nothing is there yet.

    Raises
    ------
    TypeError
        When a variable holds anything else, such as dates or objects.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "cube.zarr")
    >>> write_zarr(xr.Dataset({"cube": ("time", np.arange(3.0))}, coords={"subject": "sub-01"}), path)
    >>> read_zarr(path)["cube"].values.tolist()
    [0.0, 1.0, 2.0]
    """
    from zarr.codecs import BloscCodec

    plain = _storable(dataset, text=_growing_text, attrs=dict)
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in plain.variables.items():
        encoding[str(name)] = {"_FillValue": None, "chunks": _chunks(variable)}
        if variable.dtype.kind in NUMBER_KINDS:
            encoding[str(name)]["compressors"] = (BloscCodec(cname="lz4", shuffle="bitshuffle"),)
    with _settling():
        plain.to_zarr(path, mode="w-", zarr_format=3, consolidated=False, encoding=encoding)


def append_zarr(block: xr.Dataset, path: Path) -> None:
    """Append a block along time to a folder that `write_zarr` began.

    Parameters
    ----------
    block : Dataset
        Variables, dtypes and sizes beside time as in the first block. What has no dim ``time`` is not written again.
    path : Path
        The zarr folder.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "landmarks.zarr")
    >>> block = xr.Dataset({"n_face": ("time", np.ones(2, np.uint8))})
    >>> write_zarr(block, path)
    >>> append_zarr(block, path)
    >>> read_zarr(path).sizes["time"]
    4
    """
    growing = block.drop_vars([name for name, variable in block.variables.items() if "time" not in variable.dims])
    with _settling():
        _storable(growing, text=_growing_text, attrs=dict).to_zarr(path, append_dim="time", consolidated=False)


@contextmanager
def _settling() -> Iterator[None]:
    """Wait for chunks still being written when one of them failed: who removes the folder must find them all."""
    try:
        yield
    except OSError:
        from zarr.core.sync import sync

        sync(_others())
        raise


async def _others() -> None:
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.gather(*running, return_exceptions=True)


def read_zarr(path: Path) -> xr.Dataset:
    """Open the data set of a zarr folder; values are read when they are used.

    Parameters
    ----------
    path : Path
        Written by `write_zarr`.

    Returns
    -------
    Dataset
        Text as fixed-length strings, attrs as they were.

    Examples
    --------
    >>> read_zarr(Path("no-such-cube.zarr"))
    Traceback (most recent call last):
    FileNotFoundError: ...
    """
    # Version 3 only: stores of version 2 may name pickles, and whether zarr runs them is zarr's affair.
    stored = xr.open_zarr(
        path, chunks=None, consolidated=False, decode_times=False, mask_and_scale=False, zarr_format=3
    )
    return _restored(stored, attrs=dict)


def write_netcdf(dataset: xr.Dataset, path: Path) -> None:
    """Write a data set to a new netCDF-4 file.

    Parameters
    ----------
    dataset : Dataset
        Variables and coords of numbers, booleans or text; attrs that JSON can hold.
    path : Path
        Nothing is there yet.

    Raises
    ------
    TypeError
        When a variable holds anything else, such as dates or objects.
    OSError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "tisc.nc")
    >>> write_netcdf(xr.Dataset({"tisc": ("window", np.zeros(3))}, attrs={"window_s": 5.0}), path)
    >>> read_netcdf(path).attrs
    {'window_s': 5.0}
    """
    plain = _storable(dataset, text=lambda values: values.astype(str), attrs=_netcdf_attrs)
    encoding = {name: {"_FillValue": None} for name in plain.variables}
    try:
        plain.to_netcdf(path, engine="h5netcdf", format="NETCDF4", encoding=encoding)
    except (OSError, RuntimeError) as error:
        hidden = HDF5_ERROR.search(str(error))
        if hidden is None:
            raise
        raise OSError(int(hidden[1]), os.strerror(int(hidden[1]))) from error


def read_netcdf(path: Path) -> xr.Dataset:
    """Read the data set of a netCDF-4 file into memory.

    Parameters
    ----------
    path : Path
        Written by `write_netcdf`.

    Returns
    -------
    Dataset
        Text as fixed-length strings, attrs as they were.

    Examples
    --------
    >>> read_netcdf(Path("no-such-tisc.nc"))
    Traceback (most recent call last):
    FileNotFoundError: ...
    """
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False, mask_and_scale=False) as stored:
        return _restored(stored.load(), attrs=_python_attrs)


def _storable(
    dataset: xr.Dataset, *, text: Callable[[np.ndarray], np.ndarray], attrs: Callable[[dict], dict]
) -> xr.Dataset:
    """Turn text and attrs into the types that the format keeps, and forget the encodings of another file."""
    stored = dataset.drop_encoding().copy()
    for name, variable in dataset.variables.items():
        if variable.dtype.kind not in NUMBER_KINDS:
            stored[name] = (variable.dims, text(_as_text(str(name), variable.values)), variable.attrs)
    stored.attrs = attrs(_json_attrs(stored.attrs))
    for variable in stored.variables.values():
        variable.attrs = attrs(_json_attrs(variable.attrs))
    return stored


def _as_text(name: str, values: np.ndarray) -> np.ndarray:
    if not all(isinstance(value, str) for value in values.ravel()):
        raise TypeError(f"variable {name!r} is {values.dtype}; only numbers, booleans and text can be stored")
    return values


def _growing_text(values: np.ndarray) -> np.ndarray:
    """Text of any length: zarr has no settled format for fixed-length strings."""
    return values.astype(np.dtypes.StringDType())


def _restored(stored: xr.Dataset, *, attrs: Callable[[dict], dict]) -> xr.Dataset:
    dataset = stored.drop_encoding()
    for name, variable in stored.variables.items():
        if variable.dtype.kind not in NUMBER_KINDS:
            text = np.array(variable.values.tolist(), dtype=str).reshape(variable.shape)
            dataset[name] = (variable.dims, text, variable.attrs)
    dataset.attrs = attrs(dataset.attrs)
    for variable in dataset.variables.values():
        variable.attrs = attrs(variable.attrs)
    return dataset


def _chunks(variable: xr.Variable) -> tuple[int, ...]:
    sizes = dict(variable.sizes)
    if "subject" in sizes and "time" in sizes:
        sizes["subject"] = 1
        features = [dim for dim in sizes if dim not in ("subject", "time", "space")]
        sizes |= {dim: min(sizes[dim], FEATURE_CHUNK) for dim in features}
    elif "time" in sizes:
        # Not limited to the length at hand: the chunks of a recording do not depend on the blocks it came in.
        sizes["time"] = SERIES_CHUNK if len(sizes) == 1 else FRAME_CHUNK
    return tuple(max(1, size) for size in sizes.values())


def _json_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Attrs as Python's own numbers, text and lists."""
    return json.loads(json.dumps(dict(attrs), default=as_plain))


def _netcdf_attrs(attrs: dict[str, Any]) -> dict[str, Any]:
    return {name: value if _native(value) else JSON_MARK + json.dumps(value) for name, value in attrs.items()}


def _native(value: object) -> bool:
    """Whether netCDF gives this value back unchanged."""
    if isinstance(value, list):
        kinds = {type(item) for item in value}
        return len(value) > 1 and (kinds == {str} or kinds == {int} or kinds == {float})
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _python_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Attrs of a netCDF file as they were before `_netcdf_attrs`."""
    plain = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in attrs.items()}
    marked = {name: value for name, value in plain.items() if isinstance(value, str) and value.startswith(JSON_MARK)}
    return plain | {name: json.loads(value.removeprefix(JSON_MARK)) for name, value in marked.items()}

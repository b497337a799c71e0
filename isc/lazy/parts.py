"""A function run on parts of a dask-backed cube, the result put together but not computed.

A part is a region of the cube, large enough that the scheduler costs nothing beside it and small enough for memory.
Inside a part there is no dask. Whoever computes the result chooses where: threads, or the workers of an active
`dask.distributed.Client`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from isc.lazy.shared import computed

TASK_BYTES = 256 * 2**20  # of float32 samples that one task reads

Function = Callable[..., tuple[np.ndarray, np.ndarray]]


class Part(NamedTuple):
    """A task: what it reads and what it gives.

    Attributes
    ----------
    region : mapping of dim to slice
        What is read of the cube; dims not named are read whole.
    shapes : tuple of two shapes
        Of the two arrays that the function returns for this part.
    options : mapping
        Keyword arguments of the function for this part.
    """

    region: Mapping[str, slice]
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    options: Mapping[str, Any]


def is_lazy(cube: xr.DataArray) -> bool:
    """Whether the values are a dask array, which is not to be computed before its result is.

    Parameters
    ----------
    cube : DataArray

    Returns
    -------
    bool

    Examples
    --------
    >>> cube = xr.DataArray(np.zeros(4), dims="time")
    >>> is_lazy(cube), is_lazy(cube.chunk())
    (False, True)
    """
    return cube.chunks is not None


def regions(cube: xr.DataArray, dims: Sequence[str], *, task_bytes: int = TASK_BYTES) -> np.ndarray:
    """Cut a cube along some dims into regions that each fit into a task.

    The last dim is cut last. A region ends where a stored chunk ends, when a chunk fits into a task.

    Parameters
    ----------
    cube : DataArray
    dims : sequence of str
        Dims that may be cut; the others are always read whole.
    task_bytes : int
        Memory for the float32 samples of one region.

    Returns
    -------
    ndarray of mappings from dim to slice, one axis a dim; a single empty mapping where no dim may be cut

    Examples
    --------
    >>> cube = xr.DataArray(np.zeros((2, 10, 6)), dims=("subject", "time", "vertex")).chunk()
    >>> [region["vertex"] for region in regions(cube, ["vertex"], task_bytes=320)]
    [slice(0, 4, None), slice(4, 6, None)]
    """
    room = max(1, task_bytes // (4 * int(np.prod([n for d, n in cube.sizes.items() if d not in dims]))))
    cuts = []
    for dim in reversed(dims):
        size = min(room, cube.sizes[dim])
        stored = cube.chunksizes.get(dim, (1,))[0]
        size -= size % stored if size > stored and size < cube.sizes[dim] else 0
        cuts.append([slice(k, min(k + size, cube.sizes[dim])) for k in range(0, cube.sizes[dim], size)])
        room = max(1, room // size)
    cuts.reverse()
    grid = np.empty([len(cut) for cut in cuts] or [1], dtype=object)
    for place in np.ndindex(grid.shape):
        grid[place] = {dim: cut[k] for dim, cut, k in zip(dims, cuts, place, strict=False)}
    return grid


def in_parts(function: Function, cube: xr.DataArray, parts: np.ndarray, common: Any) -> tuple[Any, Any]:
    """Run a function on every part of a cube when the result is computed.

    Parameters
    ----------
    function : callable
        ``function(part of the cube, common, **options)`` gives a float32 and an int32 array. Defined at the top of a
        module, so that other processes can find it. The part it gets is in memory and has its coordinates.
    cube : DataArray, dask-backed
    parts : ndarray of `Part`
        Its axes are the last axes of the two arrays: results stand beside one another as their parts do.
    common : object
        Sent once, whatever the number of parts.

    Returns
    -------
    dask.array.Array of float32, dask.array.Array of int32

    Examples
    --------
    >>> cube = xr.DataArray(np.arange(6.0), dims="vertex").chunk()
    >>> parts = np.empty(2, dtype=object)
    >>> parts[:] = [Part({"vertex": slice(k, k + 3)}, ((3,), (3,)), {}) for k in (0, 3)]
    >>> def twice(part, factor):
    ...     return (factor * part.values).astype("float32"), np.arange(3, dtype="int32")
    >>> values, counts = in_parts(twice, cube, parts, 2)
    >>> values.compute().tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    import dask
    import dask.array as da

    labels = cube.coords.to_dataset().compute()
    sent = dask.delayed((tuple(cube.dims), labels, common), pure=True)
    run = dask.delayed(_run, pure=True, nout=2)
    values, counts = np.empty(parts.shape, dtype=object), np.empty(parts.shape, dtype=object)
    for place in np.ndindex(parts.shape):
        part: Part = parts[place]  # type: ignore[assignment]  # an array of objects
        samples = cube.isel(part.region).data.rechunk(-1).to_delayed().item()
        value, count = run(function, samples, sent, part.region, part.options)
        values[place] = da.from_delayed(value, part.shapes[0], np.float32)
        counts[place] = da.from_delayed(count, part.shapes[1], np.int32)
    return da.block(values.tolist()), da.block(counts.tolist())


def computed_parts(function: Function, cube: xr.DataArray, parts: np.ndarray, common: Any) -> tuple[Any, Any]:
    """Have the workers of the active client run a function on every part of a cube, now.

    Parameters
    ----------
    function : callable
        As for `in_parts`.
    cube : DataArray
        In memory; the workers map it.
    parts : ndarray of `Part`
    common : object

    Returns
    -------
    ndarray of float32, ndarray of int32
        As `in_parts` gives them.
    """
    places = list(np.ndindex(parts.shape))
    edges = [_edges(parts, axis) for axis in range(parts.ndim)]
    first: Part = parts.flat[0]
    values, counts = (
        np.empty((*shape[: len(shape) - parts.ndim], *(ends[-1] for ends in edges)), dtype)
        for shape, dtype in zip(first.shapes, (np.float32, np.int32), strict=True)
    )
    tasks = [(part.region, part.options) for part in parts.flat]
    for number, found in computed(_run_mapped, (function, cube, common), tasks):
        spot: Any = (..., *(slice(ends[k], ends[k + 1]) for ends, k in zip(edges, places[number], strict=True)))
        values[spot], counts[spot] = found
    return values, counts


def _edges(parts: np.ndarray, axis: int) -> np.ndarray:
    """Where the results of parts begin and end along an axis of their grid."""
    row = np.moveaxis(parts, axis, 0).reshape(parts.shape[axis], -1)[:, 0]
    return np.concatenate([[0], np.cumsum([part.shapes[0][axis - parts.ndim] for part in row])])


def _run_mapped(
    job: tuple[Function, xr.DataArray, Any], task: tuple[Mapping[str, slice], Mapping[str, Any]]
) -> tuple[np.ndarray, np.ndarray]:
    """One task on a worker."""
    function, cube, common = job
    region, options = task
    return function(cube.isel(region), common, **options)


def _run(
    function: Function,
    samples: np.ndarray,
    sent: tuple[tuple[str, ...], xr.Dataset, Any],
    region: Mapping[str, slice],
    options: Mapping[str, Any],
) -> tuple[np.ndarray, np.ndarray]:
    """One task: the part with its labels, handed to the function."""
    dims, labels, common = sent
    coords = labels.isel(region, missing_dims="ignore").coords
    return function(xr.DataArray(samples, dims=dims, coords=coords), common, **options)

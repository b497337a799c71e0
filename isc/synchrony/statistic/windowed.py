"""The values of every window: in memory, or of a dask-backed cube by tasks that are put off."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from isc.lazy import TASK_BYTES, Part, capacity, computed_parts, in_parts, regions
from isc.synchrony.cost import Workload, statistic_seconds
from isc.synchrony.features.blocks import PAIRS_PER_BLOCK, Block, Features, select_features
from isc.synchrony.features.detrended import DetrendedBlock
from isc.synchrony.features.series import Space
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.statistic.estimate import Statistic, dyad_indices
from isc.windows import Windows

Arrays = tuple[np.ndarray, np.ndarray]
LEAST_TASK_BYTES = 64 * 2**20  # a worker has to have room for this much
LEAST_WINDOWS = 12  # lengths of a window that a task reads
TASK_COPIES = 4  # what a task reads, relaid or packed, and its results


@dataclass(frozen=True)
class Request:
    """What is asked of a cube.

    Attributes
    ----------
    windows : Windows
    statistic : Statistic
    space : {"vector", "axes", "norm", "displacement"}
    pairs : VertexPairs, optional
    lags : tuple of int, optional
        Samples; the results of all lags stand one behind the other.
    detrend : {None, "linear"}
    min_valid : float
    n_threads : int
    """

    windows: Windows
    statistic: Statistic
    space: Space
    pairs: VertexPairs | None
    lags: tuple[int, ...] | None
    detrend: str | None
    min_valid: float
    n_threads: int


def window_values(cube: xr.DataArray, request: Request) -> Arrays:
    """Values and number of subjects of every window and feature of a cube in memory.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...)
    request : Request

    Returns
    -------
    values : ndarray of float32, shape ([lag,] [comparison, subject or dyad,] window, features)
    n_subject : ndarray of int32, shape ([lag,] window, features)
    """
    unlaid = request.lags is None and _plain(request, request.statistic)
    features = select_features(cube, space=request.space, pairs=request.pairs, unlaid=unlaid)
    if request.lags is None:
        return _by_blocks(features, request, request.statistic)
    each = [_by_blocks(features, request, replace(request.statistic, lag=lag)) for lag in request.lags]
    return np.stack([values for values, _ in each]), np.stack([count for _, count in each])


def _by_blocks(features: Features, request: Request, statistic: Statistic) -> Arrays:
    """Values (..., window, features) and number of subjects (window, features), filled in block by block."""
    how = {"min_valid": request.min_valid, "n_threads": request.n_threads}
    # The mean over dyads packs the landmarks once a block and needs no memory beside its result: one block is best.
    # Without pairs it reads a cube where it lies.
    plain = _plain(request, statistic)
    n_pair = features.n_feature if plain else PAIRS_PER_BLOCK
    n_window = request.windows.starts.size
    values, counts = np.empty(0, dtype=np.float32), np.empty((n_window, 0), dtype=np.int32)
    for place, block in features.blocks(request.n_threads, n_pair=n_pair, unlaid=plain):
        value, count = statistic.compute(prepared(block, request.detrend), request.windows, **how)
        value, count = np.swapaxes(value, -1, -2), count.T.astype(np.int32, copy=False)
        if block.n_feature == features.n_feature:
            values, counts = value, count
            break
        if not values.size:
            counts = np.empty((n_window, features.n_feature), dtype=np.int32)
            values = np.empty((*value.shape[:-2], *counts.shape), dtype=np.float32)
        values[..., place], counts[:, place] = value, count
    return (
        values.reshape(*values.shape[:-1], *features.shape),
        counts.reshape(n_window, *features.shape),
    )


def _plain(request: Request, statistic: Statistic) -> bool:
    """Whether only the mean over all dyads of the series as they are is asked for."""
    return statistic == Statistic() and request.detrend is None


def prepared(block: Block, detrend: str | None) -> Block:
    """The block as its windows are to be read: as it is, or detrended window by window."""
    return block if detrend is None else DetrendedBlock(block)


def put_off(cube: xr.DataArray, request: Request, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """What `window_values` gives, as dask arrays: nothing of the cube is read yet.

    Features are shared out among tasks; with vertex pairs, windows are. The values are those of `window_values` bit
    for bit. Tasks use one thread each: how many run at a time is the scheduler's to say.

    Parameters
    ----------
    cube : DataArray, dask-backed
    request : Request
    shape : tuple of int
        Sizes of the feature dims.

    Returns
    -------
    dask.array.Array of float32, dask.array.Array of int32
        Shapes as in `window_values`.
    """
    function, ordered, parts = _cut(cube, request, shape, TASK_BYTES)
    return in_parts(function, ordered, parts, replace(request, n_threads=1))


def values_now(cube: xr.DataArray, request: Request, shape: tuple[int, ...]) -> Arrays:
    """What `window_values` gives, by this machine or by the workers of the active client.

    Parameters
    ----------
    cube : DataArray, in memory
    request : Request
    shape : tuple of int
        Sizes of the feature dims.

    Returns
    -------
    ndarray of float32, ndarray of int32
        Shapes as in `window_values`.
    """
    seconds = _seconds(cube, request, shape)
    room = capacity(cpu_seconds=seconds, n_bytes=cube.nbytes, task_bytes=LEAST_TASK_BYTES)
    if room is None:
        return window_values(cube, request)
    task_bytes = min(TASK_BYTES, room.task_bytes / TASK_COPIES, cube.nbytes / room.task_count(seconds))
    if request.pairs is not None:  # a task computes neighbours of its windows as well, a third of all at most
        sample_bytes = 4 * cube.size // cube.sizes["time"]
        task_bytes = max(task_bytes, LEAST_WINDOWS * request.windows.length * sample_bytes)
    function, ordered, parts = _cut(cube, request, shape, int(task_bytes))
    return computed_parts(function, ordered, parts, replace(request, n_threads=1))


def _seconds(cube: xr.DataArray, request: Request, shape: tuple[int, ...]) -> float:
    """CPU time that all windows take."""
    n_subject, n_time = cube.sizes["subject"], cube.sizes["time"]
    n_axis = cube.sizes["space"] if "space" in cube.dims and request.space == "vector" else 1
    summary = "dyads" if request.statistic.comparisons is not None else str(request.statistic.summary)
    work = Workload(
        n_subject,
        n_time,
        request.windows.starts.size,
        int(np.prod(shape, dtype=int)),
        n_axis,
        request.pairs is not None,
        request.statistic.estimator,
        summary,
    )
    return statistic_seconds(work) * len(request.lags or (0,))


def _cut(
    cube: xr.DataArray, request: Request, shape: tuple[int, ...], task_bytes: int
) -> tuple[Any, xr.DataArray, np.ndarray]:
    """The function of a task, the cube as tasks read it, and its parts."""
    if request.pairs is not None:
        return _some_windows, cube, _window_parts(cube, request, shape, task_bytes)
    kept = [str(d) for d in cube.dims if d not in ("subject", "time", "space")]
    grid = regions(cube, kept, task_bytes=task_bytes)
    parts = np.empty(grid.shape, dtype=object)
    for place in np.ndindex(grid.shape):
        region: dict[str, slice] = grid[place]  # type: ignore[assignment]  # an array of objects
        part = tuple(cut.stop - cut.start for cut in region.values())
        parts[place] = Part(region, _shapes(request, cube.sizes["subject"], (*part, *shape[len(kept) :])), {})
    if len(shape) > len(kept):
        parts = parts[..., None]
    return window_values, cube.transpose("subject", "time", *kept, ...), parts


def _shapes(request: Request, n_subject: int, features: tuple[int, ...], n_window: int | None = None) -> Any:
    """Shapes of the values and numbers of subjects for features of these sizes."""
    inner = (request.windows.starts.size if n_window is None else n_window, *features)
    lags = () if request.lags is None else (len(request.lags),)
    return (*lags, *_lead_shape(request, n_subject), *inner), (*lags, *inner)


def _lead_shape(request: Request, n_subject: int) -> tuple[int, ...]:
    """Size of the dim of comparisons, subjects or dyads, if there is one."""
    statistic = request.statistic
    if statistic.comparisons is not None:
        return (len(statistic.comparisons.group_a),)
    if statistic.summary is not None:
        return ()
    if statistic.estimator == "leave_one_out":
        return (n_subject,)
    return (dyad_indices(n_subject, ordered=request.lags is not None)[0].size,)


def _window_parts(cube: xr.DataArray, request: Request, shape: tuple[int, ...], task_bytes: int) -> np.ndarray:
    """Tasks of consecutive windows, (task, 1).

    A task also computes the windows that share samples with its own, and drops them: time is cut into blocks at the
    edges of all windows, and other blocks would round otherwise.
    """
    starts, length = request.windows.starts, request.windows.length
    room = max(1, task_bytes // (4 * cube.size // cube.sizes["time"]))
    lags = (0, *(request.lags or ()))
    tasks, first = [], 0
    while first < starts.size:
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + room - 3 * length, "right")))
        low = int(np.searchsorted(starts, starts[first] - length, "right"))
        high = int(np.searchsorted(starts, starts[last - 1] + length, "left"))
        begin = max(0, int(starts[low]) + min(lags))
        end = min(cube.sizes["time"], int(starts[high - 1]) + length + max(lags))
        options = {"windows": slice(low, high), "begin": begin, "kept": slice(first - low, last - low)}
        shapes = _shapes(request, cube.sizes["subject"], shape, last - first)
        tasks.append(Part({"time": slice(begin, end)}, shapes, options))
        first = last
    parts = np.empty((len(tasks), 1), dtype=object)
    for k, task in enumerate(tasks):
        parts[k, 0] = task
    return parts


def _some_windows(cube: xr.DataArray, request: Request, *, windows: slice, begin: int, kept: slice) -> Arrays:
    """Values of some windows of vertex pairs; the cube begins at sample `begin` of the recording."""
    whole = request.windows
    local = Windows(whole.starts[windows] - begin, whole.length, whole.rate)
    values, count = window_values(cube, replace(request, windows=local))
    return np.ascontiguousarray(values[..., kept, :]), np.ascontiguousarray(count[..., kept, :])

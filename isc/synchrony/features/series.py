"""From a labelled cube to the blocks of series that the kernels read, and back to labels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr

from isc.cube import check_cube, check_values, sampling_rate
from isc.kernels.unlaid import is_readable
from isc.kernels.windows.layout import relayout

Space = Literal["vector", "axes", "norm", "displacement"]
SPACES = ("vector", "axes", "norm", "displacement")
LENGTH_BYTES = 32 * 2**20  # of float64 positions turned into lengths at a time
BLOCK_BYTES = 64 * 2**20  # of float32 series relaid at a time: bounds memory whatever the number of features


@dataclass(frozen=True)
class FeatureSeries:
    """Values as (subject, time, feature, component) and the dims and coords of the features.

    `component` holds the axes of a vector feature, whose covariances are summed; it has size 1 for scalars. `screen`,
    where there is one, has still to be called by whoever cannot be sure that no value is infinite or absurd.
    """

    values: np.ndarray
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    coords: dict[str, xr.Variable]
    rate: float
    onset: float
    screen: Callable[[], None] | None = None

    @property
    def n_feature(self) -> int:
        """Number of features over all feature dims."""
        return self.values.shape[2]

    @property
    def block_size(self) -> int:
        """Features whose relaid series fit into one block."""
        n_subject, n_time, _, n_component = self.values.shape
        return max(1, BLOCK_BYTES // (4 * n_subject * n_time * n_component))

    @property
    def n_block(self) -> int:
        """How many blocks `blocks` yields."""
        return -(-self.n_feature // self.block_size)

    def blocks(self, n_threads: int = 1) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (features, series (feature, component, subject, time) float32), one memory-bounded block at a time.

        The memory of a block is used again for the next one.
        """
        n_subject, n_time, _, n_component = self.values.shape
        buffer = np.empty(n_subject * n_time * n_component * min(self.block_size, self.n_feature), dtype=np.float32)
        for first in range(0, self.n_feature, self.block_size):
            features = slice(first, min(first + self.block_size, self.n_feature))
            yield features, relayout(self.values, features=features, out=buffer, n_threads=n_threads)


class FeatureLabels(NamedTuple):
    """Dims, sizes and coords of the features of a cube, and its clock, known without reading a value."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    coords: dict[str, xr.Variable]
    rate: float
    onset: float


def feature_labels(cube: xr.DataArray, *, space: Space = "vector") -> FeatureLabels:
    """Labels of the features that `as_series` gives.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
    space : {"vector", "axes", "norm", "displacement"}

    Returns
    -------
    FeatureLabels
        ``rate`` in Hz, ``onset`` (time of sample 0) in seconds.

    Raises
    ------
    ValueError
        When the cube is not usable (see `isc.cube.check_cube`) or `space` is not known.

    Examples
    --------
    >>> cube = xr.DataArray(np.zeros((2, 4, 6, 3)), dims=("subject", "time", "vertex", "space"),
    ...                     coords={"time": np.arange(4.0)})
    >>> feature_labels(cube).dims, feature_labels(cube, space="axes").shape
    (('vertex',), (6, 3))
    """
    check_cube(cube)
    if space not in SPACES:
        raise ValueError(f"space must be one of {', '.join(SPACES)}; given {space!r}")
    kept = [str(d) for d in cube.dims if d not in ("subject", "time", "space")]
    dims = (*kept, "space") if "space" in cube.dims and space == "axes" else tuple(kept)
    coords = {str(k): v.variable for k, v in cube.coords.items() if v.dims and set(v.dims) <= set(dims)}
    shape = tuple(cube.sizes[d] for d in dims)
    return FeatureLabels(dims, shape, coords, sampling_rate(cube), float(cube["time"].values[0]))


def as_series(cube: xr.DataArray, *, space: Space = "vector", late: bool = False) -> FeatureSeries:
    """Features of a cube and how a point in space is read.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        All further dims are features, but ``space``. A dask array is computed.
    space : {"vector", "axes", "norm", "displacement"}
        For cubes with dim ``space``. ``vector``: one feature a point, covariances summed over the axes (unchanged
        when everybody is turned by one rotation). ``axes``: one feature an axis. ``norm``: length of the position
        in the x-y plane, as the published scripts had it. ``displacement``: distance from the subject's own mean
        position.
    late : bool
        Leave the search for infinite and absurd values to the reader, who then has to call ``screen``, where the
        values can be read as they lie: a pass over all of them is a sixth of the time of the mean over dyads.

    Returns
    -------
    FeatureSeries

    Raises
    ------
    ValueError
        When the cube is not usable (see `isc.cube.check_cube`), holds an infinite or absurd value, or `space` is not
        known.
    """
    labels = feature_labels(cube, space=space)
    ordered = cube.transpose("subject", "time", ..., *(["space"] if "space" in cube.dims else []))
    values = np.asarray(ordered.data)
    n_axis = values.shape[-1] if "space" in cube.dims and space != "axes" else 1
    values = values.reshape(*values.shape[:2], int(np.prod(labels.shape, dtype=int)), n_axis)
    of_lengths = "space" in cube.dims and space in ("norm", "displacement")
    screen = partial(check_values, cube) if late and not of_lengths and is_readable(values) else None
    if screen is None:
        check_values(cube)
    return FeatureSeries(_length(values, space) if of_lengths else values, *labels, screen)


def as_landmarks(values: np.ndarray) -> np.ndarray:
    """Landmarks as float32 in C order, with the same distances between vertices.

    float32 landmarks in C order are returned as they are. Those of other precision are first moved, frame by frame,
    to begin at zero: an offset of 1e8 would leave float32 no digits for a distance.

    Parameters
    ----------
    values : ndarray, shape (subject, time, vertex, axis)

    Returns
    -------
    ndarray of float32, same shape

    Examples
    --------
    >>> as_landmarks(1e8 + np.array([[[[0.25], [3.0]]]])).ravel().tolist()
    [0.0, 2.75]
    """
    if values.dtype.kind == "f" and values.dtype.itemsize <= 4:
        return np.ascontiguousarray(values, dtype=np.float32)
    moved = np.empty(values.shape, dtype=np.float32)
    size = max(1, LENGTH_BYTES // (8 * values[0, 0].size))
    for subject, first in np.ndindex(values.shape[0], -(-values.shape[1] // size)):
        frames = values[subject, first * size : (first + 1) * size].astype(np.float64)
        moved[subject, first * size : (first + 1) * size] = frames - np.fmin.reduce(frames, axis=1, keepdims=True)
    return moved


def _length(values: np.ndarray, space: Space) -> np.ndarray:
    """Length of the position in the x-y plane, or distance from the subject's own mean position, in float64.

    Values are (subject, time, feature, axis). A few features at a time are copied to one order in memory, so that
    sums are made in the same order whatever the order of the cube.
    """
    length = np.empty((*values.shape[:3], 1))
    size = max(1, LENGTH_BYTES // (8 * values[:, :, 0].size))
    for first in range(0, values.shape[2], size):
        part = np.array(values[:, :, first : first + size], dtype=np.float64, order="C")
        if space == "norm":
            part = part[..., :2]
        else:
            part -= part.mean(axis=1, keepdims=True) if np.isfinite(part).all() else _present_mean(part)
        length[:, :, first : first + size, 0] = np.sqrt((part**2).sum(axis=-1))
    return length


def _present_mean(part: np.ndarray) -> np.ndarray:
    """Mean over time of the values that are there, (subject, 1, feature, axis); NaN where there is none."""
    present = np.isfinite(part)
    count = present.sum(axis=1, keepdims=True)
    total = np.where(present, part, 0.0).sum(axis=1, keepdims=True)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)

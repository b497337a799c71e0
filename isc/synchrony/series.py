"""From a labelled cube to the blocks of series that the kernels read, and back to labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from isc.cube import check_cube, check_values, sampling_rate
from isc.kernels.layout import relayout

Space = Literal["vector", "axes", "norm", "displacement"]
BLOCK_BYTES = 64 * 2**20  # of float32 series relaid at a time: bounds memory whatever the number of features


@dataclass(frozen=True)
class FeatureSeries:
    """Values as (subject, time, feature, component) and the dims and coords of the features.

    `component` holds the axes of a vector feature, whose covariances are summed; it has size 1 for scalars.
    """

    values: np.ndarray
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    coords: dict[str, xr.Variable]
    rate: float
    onset: float

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


def as_series(cube: xr.DataArray, *, space: Space = "vector") -> FeatureSeries:
    """Features of a cube and how a point in space is read.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        All further dims are features, but ``space``.
    space : {"vector", "axes", "norm", "displacement"}
        For cubes with dim ``space``. ``vector``: one feature a point, covariances summed over the axes (unchanged
        when everybody is turned by one rotation). ``axes``: one feature an axis. ``norm``: length of the position
        in the x-y plane, as the published scripts had it. ``displacement``: distance from the subject's own mean
        position.

    Returns
    -------
    FeatureSeries

    Raises
    ------
    ValueError
        When the cube is not usable (see `isc.cube.check_cube`) or `space` is not known.
    """
    check_cube(cube)
    check_values(cube)
    known = ("vector", "axes", "norm", "displacement")
    if space not in known:
        raise ValueError(f"space must be one of {', '.join(known)}; given {space!r}")
    ordered = (
        cube.transpose("subject", "time", ..., "space")
        if "space" in cube.dims
        else cube.transpose("subject", "time", ...)
    )
    if "space" in ordered.dims and space in ("norm", "displacement"):
        ordered = _length(ordered, space)
    vector = "space" in ordered.dims and space == "vector"
    return _flatten(ordered, vector=vector)


def _length(cube: xr.DataArray, space: Space) -> xr.DataArray:
    """Length of the position in the x-y plane, or distance from the subject's own mean position."""
    if space == "norm":
        return ((cube.isel(space=slice(0, 2)).astype(np.float64) ** 2).sum("space", skipna=False)) ** 0.5
    centred = cube.astype(np.float64) - cube.mean("time", dtype=np.float64)
    return (centred**2).sum("space", skipna=False) ** 0.5


def _flatten(cube: xr.DataArray, *, vector: bool) -> FeatureSeries:
    dims = tuple(str(d) for d in cube.dims[2 : -1 if vector else None])
    values = np.asarray(cube.data)
    n_component = values.shape[-1] if vector else 1
    shape = tuple(cube.sizes[d] for d in dims)
    values = values.reshape(*values.shape[:2], int(np.prod(shape, dtype=int)), n_component)
    coords = {str(k): v.variable for k, v in cube.coords.items() if v.dims and set(v.dims) <= set(dims)}
    onset = float(cube["time"].values[0])
    return FeatureSeries(values, dims, shape, coords, sampling_rate(cube), onset)

"""What a cube is: a DataArray with dims subject and time, and the checks every labelled function makes once."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from isc.kernels.windows.screen import first_unusable

LARGEST_VALUE = 1e15  # beyond this a number is not a measurement: the float32 square would overflow
UNEVEN_TOLERANCE = 0.02  # largest allowed departure of a sample interval, as a share of the mean interval
MINIMUM_SUBJECTS = 2


def check_cube(cube: xr.DataArray, *, feature_dims: Sequence[str] = (), minimum: int = MINIMUM_SUBJECTS) -> None:
    """Raise one error that lists every fault of a cube's dims and coords.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
        Needs numeric ``time`` in seconds, evenly spaced and increasing, and unique subjects when they are labelled.
    feature_dims : sequence of str
        Further dims that must be present.
    minimum : int
        Fewest subjects allowed.

    Raises
    ------
    TypeError
        When `cube` is not a DataArray: dims are never guessed from their order.
    ValueError
        When dims are missing, subjects repeat or are too few, or time is uneven.

    Examples
    --------
    >>> cube = xr.DataArray(np.zeros((3, 4)), dims=("subject", "time"), coords={"time": np.arange(4.0)})
    >>> check_cube(cube)
    """
    if not isinstance(cube, xr.DataArray):
        raise TypeError(
            f"a cube is an xarray.DataArray with dims subject and time, not {type(cube).__name__}; "
            "name the dims: xarray.DataArray(values, dims=('subject', 'time', 'vertex'), coords={'time': seconds})"
        )
    faults = [f"dim {dim!r} is missing" for dim in ("subject", "time", *feature_dims) if dim not in cube.dims]
    if not faults:
        faults = [*_subject_faults(cube, minimum), *_time_faults(cube), *_dtype_faults(cube)]
    if faults:
        raise ValueError(f"cube with dims {tuple(map(str, cube.dims))}: " + "; ".join(faults))


def _subject_faults(cube: xr.DataArray, minimum: int) -> list[str]:
    if cube.sizes["subject"] < minimum:
        return [f"{minimum} subjects are needed, {cube.sizes['subject']} given"]
    if "subject" not in cube.coords:
        return []
    names, counts = np.unique(cube["subject"].values.astype(str), return_counts=True)
    return [
        f"subject {str(name)!r} occurs {count} times" for name, count in zip(names, counts, strict=True) if count > 1
    ]


def _time_faults(cube: xr.DataArray) -> list[str]:
    if "time" not in cube.coords:
        return ["time has no coordinate; give seconds from stimulus onset"]
    time = cube["time"].values
    if time.dtype.kind not in "fiu":
        return [f"time is {time.dtype}, not seconds"]
    if time.size < 2:
        return ["time has fewer than two samples"]
    interval = np.diff(time.astype(np.float64))
    if not (interval > 0).all():
        return ["time does not increase strictly; sort it and drop duplicates"]
    largest = np.abs(interval / interval.mean() - 1).max()
    if largest > UNEVEN_TOLERANCE:
        return [f"time is uneven (an interval departs by {largest:.0%} from the mean); use isc.resample first"]
    return []


def _dtype_faults(cube: xr.DataArray) -> list[str]:
    if cube.dtype.kind not in "fiu":
        return [f"values are {cube.dtype}, not real numbers"]
    return []


def check_values(cube: xr.DataArray) -> None:
    """Raise a ValueError that names the first infinite or absurdly large value; NaN is allowed.

    Parameters
    ----------
    cube : DataArray
        Any dims; dask arrays are read block by block.

    Examples
    --------
    >>> check_values(xr.DataArray([0.0, np.nan]))
    """
    if cube.dtype.kind in "iu":
        return
    for offset, block in _blocks(cube):
        place = first_unusable(block, LARGEST_VALUE)
        if place is not None:
            _raise_unusable(cube, [int(o) + int(p) for o, p in zip(offset, place, strict=True)])


def _blocks(cube: xr.DataArray) -> Iterator[tuple[Sequence[int], np.ndarray]]:
    """Offset and values of each block: the array itself, or the chunks of a dask array one after the other."""
    if cube.chunks is None:
        yield (0,) * cube.ndim, np.asarray(cube.data)
        return
    for index in np.ndindex(*cube.data.numblocks):
        offset = [sum(sizes[:i]) for sizes, i in zip(cube.chunks, index, strict=True)]
        yield offset, np.asarray(cube.data.blocks[index])


def _raise_unusable(cube: xr.DataArray, place: list[int]) -> None:
    here = cube[tuple(place)]
    labels = [
        f"{dim} {cube[dim].values[i] if dim in cube.coords else i}" for dim, i in zip(cube.dims, place, strict=True)
    ]
    raise ValueError(
        f"the value at {', '.join(labels)} is {float(here.values):g}; "
        f"values must be NaN (missing) or within ±{LARGEST_VALUE:g}: mark unusable samples as NaN"
    )


def sampling_rate(x: xr.DataArray | xr.Dataset) -> float:
    """Samples per second from the time coordinate.

    Parameters
    ----------
    x : DataArray or Dataset with coord ``time`` in seconds, evenly spaced
        At least two samples.

    Returns
    -------
    float
        Hz, rounded to ten significant digits so that decimal time stamps give back the rate they were made from.

    Examples
    --------
    >>> sampling_rate(xr.DataArray(np.zeros(61), dims="time", coords={"time": np.arange(61) / 30}))
    30.0
    """
    time = x["time"].values.astype(np.float64)
    return float(f"{(time.size - 1) / (time[-1] - time[0]):.10g}")


def subject_ids(cube: xr.DataArray) -> list[str]:
    """Names of the subjects as text; their positions where the dim has no coordinate.

    Parameters
    ----------
    cube : DataArray with dim ``subject``

    Returns
    -------
    list of str

    Examples
    --------
    >>> subject_ids(xr.DataArray(np.zeros(2), dims="subject", coords={"subject": ["sub-01", "sub-02"]}))
    ['sub-01', 'sub-02']
    """
    if "subject" not in cube.coords:
        return [str(position) for position in range(cube.sizes["subject"])]
    return [str(name) for name in cube["subject"].values]

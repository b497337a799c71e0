"""The same features in every recording: matched by label, never by position."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

LARGEST_SHIFT = 0.04  # m; heads differ in where a sensor sits by less than this, montages by more
POSITION = ("x", "y", "z")
MOST_NAMED = 5  # labels listed in a message


def match_features(recordings: Mapping[str, xr.DataArray]) -> tuple[dict[str, xr.DataArray], dict[str, xr.Variable]]:
    """Recordings with their features in one order, and the coordinates of the features.

    Parameters
    ----------
    recordings : mapping of subject id to DataArray with dim ``time``
        Other dims are matched by their labels (channels, regions, ...) where they have any, else by position.

    Returns
    -------
    matched : dict of subject id to DataArray
        Dims and labels in the order of the first recording.
    coords : dict of Variable
        Coordinates without dim ``time``: those of the first recording where all agree; sensor positions x, y, z in m
        are averaged over subjects (a montage digitised on every head); others that differ have dim ``subject`` first.

    Raises
    ------
    ValueError
        When sizes, labels or positions show that the recordings do not hold the same features.

    Examples
    --------
    >>> one = xr.DataArray([[1.0, 2.0]], dims=("time", "channel"), coords={"channel": ["Fz", "Pz"]})
    >>> matched, _ = match_features({"a": one, "b": one[:, ::-1]})
    >>> matched["b"].values.tolist()
    [[1.0, 2.0]]
    """
    first_name, first = next(iter(recordings.items()))
    matched = {name: _matched(first_name, first, name, x) for name, x in recordings.items()}
    coords = {}
    for key, coord in first.coords.items():
        if "time" not in coord.dims and key != "subject" and all(key in x.coords for x in matched.values()):
            coords[str(key)] = _shared(str(key), {name: x.coords[key] for name, x in matched.items()})
    return matched, coords


def _matched(first_name: str, first: xr.DataArray, name: str, x: xr.DataArray) -> xr.DataArray:
    dims = [dim for dim in first.dims if dim != "time"]
    if set(x.dims) != set(first.dims):
        raise ValueError(
            f"recordings {first_name!r} and {name!r} differ beside time: {dict(first.sizes)} and {dict(x.sizes)}; "
            "give all the same features"
        )
    for dim in dims:
        labelled = dim in first.coords and dim in x.coords
        if labelled and not np.array_equal(first[dim].values, x[dim].values):
            _check_labels(str(dim), first_name, first, name, x)
            x = x.sel({dim: first[dim].values})
        elif first.sizes[dim] != x.sizes[dim]:
            raise ValueError(
                f"recordings {first_name!r} and {name!r} differ beside time: {dict(first.sizes)} and "
                f"{dict(x.sizes)}; give all the same features"
            )
    return x.transpose(*first.dims)


def _check_labels(dim: str, first_name: str, first: xr.DataArray, name: str, x: xr.DataArray) -> None:
    """Raise a ValueError that names the labels which only one of two recordings has."""
    ours, theirs = ([str(label) for label in array[dim].values] for array in (first, x))
    for labels, owner in ((ours, first_name), (theirs, name)):
        if len(set(labels)) < len(labels):
            raise ValueError(f"recording {owner!r} has the same {dim} twice; give every {dim} its own name")
    only = [(first_name, [label for label in ours if label not in theirs])]
    only += [(name, [label for label in theirs if label not in ours])]
    parts = [f"only {owner!r} has {_listed(labels)}" for owner, labels in only if labels]
    if parts:
        raise ValueError(
            f"recordings {first_name!r} and {name!r} differ along {dim}: {'; '.join(parts)}. Keep what all have with "
            f"x.sel({dim}=[...]), or mark what is missing as NaN with x.reindex({dim}=[...])"
        )


def _listed(labels: list[str]) -> str:
    more = len(labels) - MOST_NAMED
    return ", ".join(labels[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shared(key: str, coords: Mapping[str, xr.DataArray]) -> xr.Variable:
    """One coordinate for all recordings."""
    first = next(iter(coords.values())).variable
    if all(coord.variable.equals(first) for coord in coords.values()):
        return first
    values = np.stack([coord.values for coord in coords.values()])
    if key in POSITION and first.attrs.get("units") == "m":
        _check_positions(key, coords, values)
        return xr.Variable(first.dims, values.mean(axis=0), first.attrs)
    return xr.Variable(("subject", *first.dims), values, first.attrs)


def _check_positions(key: str, coords: Mapping[str, xr.DataArray], values: np.ndarray) -> None:
    shift = np.nan_to_num(abs(values - values[0]))
    if shift.max() > LARGEST_SHIFT:
        subject, *place = np.unravel_index(shift.argmax(), shift.shape)
        names = list(coords)
        dim = next(iter(coords.values())).dims[0]
        label = coords[names[0]][dim].values[place[0]]
        raise ValueError(
            f"{dim} {label} lies {100 * shift.max():.1f} cm apart along {key} in recordings {names[0]!r} and "
            f"{names[int(subject)]!r}: they have different montages; give all the same one"
        )

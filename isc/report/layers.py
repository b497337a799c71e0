"""Layers of the explorer: feature sets checked and put in one order, before they are packed into the page."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from isc.mesh import N_MESH_VERTEX
from isc.plots.style import check_dims

MOST_PAIRS = 300  # more lines on one face cannot be told apart


@dataclass(frozen=True, eq=False)
class Layer:
    """One feature set: values (window, feature), what is significant, and both thresholds of every window."""

    values: xr.DataArray
    significant: xr.DataArray | None
    limits: tuple[np.ndarray, np.ndarray] | None


def layer_of(
    given: xr.DataArray | xr.Dataset, dim: str, significant: xr.DataArray | None, thresholds: xr.Dataset | None
) -> Layer:
    """The feature set with its parts in one order of dims."""
    what = "pairs" if dim == "pair" else "tisc"
    if isinstance(given, xr.Dataset):
        if "tisc" not in given:
            raise ValueError(f"the data set of {what} needs a variable tisc; it has {', '.join(map(str, given))}")
        significant = given.get("significant") if significant is None else significant
        thresholds = given if thresholds is None and "threshold" in given else thresholds
        given = given["tisc"]
    values = check_dims(given, ("window", dim), what)
    if "time" not in values.coords:
        raise ValueError(f"{what} needs the coord time, the centre of each window in seconds")
    limits = None if thresholds is None else _limits(thresholds["threshold"], values)
    if significant is None and limits is not None:
        lower, upper = (xr.DataArray(side, dims="window") for side in limits)
        significant = (values > upper) | (values < lower)
    if significant is not None:
        significant = check_dims(significant, ("window", dim), "significant")
        if significant.shape != values.shape:
            raise ValueError(f"significant is {significant.shape} and {what} {values.shape}; give one flag a cell")
    return Layer(values, significant, limits)


def _limits(threshold: xr.DataArray, values: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = (threshold.sel(extreme=side).values for side in ("min", "max"))
    n_window = values.sizes["window"]
    if lower.shape not in ((), (n_window,)):
        raise ValueError(f"threshold has shape {lower.shape} and there are {n_window} windows; give one, or one each")
    return np.broadcast_to(lower, n_window), np.broadcast_to(upper, n_window)


def check_mesh(values: xr.DataArray, shape: xr.DataArray) -> None:
    """Refuse a face that the explorer cannot draw."""
    shape = check_dims(shape, ("vertex", "space"), "shape")
    n_vertex = values.sizes["vertex"]
    if shape.shape != (n_vertex, 3) or n_vertex < N_MESH_VERTEX:
        raise ValueError(
            f"tisc has {n_vertex} vertices and shape is {shape.shape}; both need MediaPipe's mesh, 468 or 478 "
            "vertices, and shape three axes"
        )
    if not np.isfinite(shape.values).any():
        raise ValueError("no vertex of the shape has a position; use recordings in which the face was seen")


def check_windows(array: xr.DataArray | xr.Dataset | None, values: xr.DataArray, what: str) -> None:
    """Refuse a companion of the t-ISC that has other windows."""
    if array is not None and array.sizes.get("window") != values.sizes["window"]:
        raise ValueError(
            f"{what} has {array.sizes.get('window', 0)} windows and tisc {values.sizes['window']}; use the same windows"
        )


def strongest(layer: Layer) -> Layer:
    """The `MOST_PAIRS` pairs with the largest absolute values, in their own order."""
    missing = {"vertex_a", "vertex_b"} - set(layer.values.coords)
    if missing:
        raise ValueError(f"pairs needs the coords vertex_a and vertex_b; {sorted(missing)} missing")
    size = np.nan_to_num(np.abs(layer.values.values), nan=-1.0).max(axis=0)
    kept = np.sort(np.argsort(-size, kind="stable")[:MOST_PAIRS])
    significant = None if layer.significant is None else layer.significant.isel(pair=kept)
    return Layer(layer.values.isel(pair=kept), significant, layer.limits)

"""Which map belongs to a cube: the face, the head, the brain; chosen by the coordinates that its features have."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from isc.mesh import N_MESH_VERTEX, mean_shape
from isc.plots import plot_brain_map, plot_face_map, plot_surface_map, plot_topomap, plot_topomaps
from isc.study import StudyError

if TYPE_CHECKING:
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")
POSITION = {"x", "y", "z"}
Draw = Callable[[xr.DataArray, xr.DataArray | None, "Normalize"], "Figure"]


@dataclass(frozen=True)
class FeatureMap:
    """How values of the features are drawn in their own space.

    Attributes
    ----------
    title : str
        Heading of the section.
    words : str
        What a figure shows, after "t-ISC of every ...".
    draw : mapping of str to callable
        Part of the map (``""``, ``left hemisphere``) to what draws it from (values, significant or None, scale).
    """

    title: str
    words: str
    draw: Mapping[str, Draw]


def map_of(cube: xr.DataArray, *, image: Path | None = None, surfaces: Mapping[str, Path] | None = None) -> FeatureMap:
    """The map of a cube's features.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, feature dims)
        ``channel`` with positions is drawn on the head (one head a band), ``region`` and ``voxel`` in the brain,
        ``vertex`` on the given surfaces, or on the face where it is MediaPipe's mesh.
    image : Path, optional
        Atlas of labels, or mask, of regions or voxels.
    surfaces : mapping of {"left", "right"} to Path, optional
        Meshes of surface vertices.

    Returns
    -------
    FeatureMap

    Raises
    ------
    StudyError
        When nothing says where the features are; the message says what would.
    """
    dims = tuple(str(dim) for dim in cube.dims if dim not in ("subject", "time"))
    if dims[:1] == ("vertex",) and "space" in dims:
        return _face(cube)
    kind = next((dim for dim in ("channel", "region", "voxel", "vertex") if dim in dims), "")
    if kind == "channel" and len(dims) < 3:
        _need_positions(cube, "channel", "give isc.read_eeg a montage=")
        plot: Draw = _heads if len(dims) == 2 else _head
        return FeatureMap("Where on the head", "seen from above, interpolated between the sensors", {"": plot})
    if kind in ("region", "voxel") and len(dims) == 1:
        return _brain(cube, kind, image)
    if kind == "vertex" and len(dims) == 1:
        return _surface(surfaces)
    raise StudyError(
        f"features of dims {dims} have no place on a head, brain or face: the report has no map; maps are drawn of "
        "(channel), (channel, band), (region), (voxel), (vertex) and (vertex, space)"
    )


def _need_positions(cube: xr.DataArray, dim: str, remedy: str) -> None:
    known = set(cube.coords) >= POSITION and all(cube[axis].dims == (dim,) for axis in POSITION)
    if not known or not np.isfinite(np.stack([cube[axis].values for axis in "xyz"])).all(axis=0).any():
        raise StudyError(f"the {dim}s have no positions (coords x, y, z in m): the report has no map; {remedy}")


def _head(values: xr.DataArray, significant: xr.DataArray | None, scale: "Normalize") -> "Figure":
    return plot_topomap(values, significant=significant, scale=scale)


def _heads(values: xr.DataArray, significant: xr.DataArray | None, scale: "Normalize") -> "Figure":
    return plot_topomaps(values, significant=significant, scale=scale)


def _brain(cube: xr.DataArray, kind: str, image: Path | None) -> FeatureMap:
    if image is None:
        _need_positions(cube, kind, "give the atlas or the mask (--image)")
    dots = image is None and kind == "region"
    how = (
        "a dot at the centre of each, in mm of the atlas' space"
        if dots
        else "the largest value along each line of sight"
    )

    def draw(values: xr.DataArray, significant: xr.DataArray | None, scale: "Normalize") -> "Figure":
        some = significant is not None and (dots or bool(significant.any()))
        return plot_brain_map(values, image, significant=significant if some else None, scale=scale)

    only = "; significant ones have a thick edge" if dots else "; where any is significant, only these are shown"
    return FeatureMap("Where in the brain", f"through a glass brain, {how}{only}", {"": draw})


def _surface(surfaces: Mapping[str, Path] | None) -> FeatureMap:
    if not surfaces:
        raise StudyError(
            "vertices of a surface are drawn on its mesh: the report has no map; give --surface-left, -right"
        )

    def on(side: Side, mesh: Path) -> Draw:
        def draw(values: xr.DataArray, significant: xr.DataArray | None, scale: "Normalize") -> "Figure":
            some = significant if significant is not None and bool(significant.any()) else None
            return plot_surface_map(values, mesh, hemisphere=side, significant=some, scale=scale)

        return draw

    drawn = {f"{side} hemisphere": on(side, surfaces[side]) for side in SIDES if side in surfaces}
    return FeatureMap("Where on the cortex", "from the side; where any is significant, only these are shown", drawn)


def _face(cube: xr.DataArray) -> FeatureMap:
    if cube.sizes["vertex"] < N_MESH_VERTEX:
        raise StudyError(
            f"{cube.sizes['vertex']} vertices are not MediaPipe's mesh of {N_MESH_VERTEX}: the report has no map"
        )
    shape = mean_shape(cube)

    def draw(values: xr.DataArray, significant: xr.DataArray | None, scale: "Normalize") -> "Figure":
        return plot_face_map(values, shape, significant=significant, scale=scale)

    return FeatureMap("Where on the face", "on the mean face of the study", {"": draw})


def flat(result: xr.Dataset) -> xr.Dataset:
    """Results with one feature dim: several are stacked to ``feature``, with their own labels as coords.

    Parameters
    ----------
    result : Dataset
        With ``tisc`` (window, feature dims).

    Returns
    -------
    Dataset
        As it is with one feature dim. The last dims vary slowest: all channels of a band lie together.

    Examples
    --------
    >>> tisc = xr.DataArray(np.zeros((1, 2, 2)), dims=("window", "channel", "band"), coords={"band": ["a", "b"]})
    >>> flat(tisc.to_dataset(name="tisc"))["feature"].values.tolist()
    ['channel 0, a', 'channel 1, a', 'channel 0, b', 'channel 1, b']
    """
    dims = [str(dim) for dim in result["tisc"].dims if dim != "window"]
    if len(dims) == 1:
        return result
    stacked = result.stack(feature=dims[::-1]).reset_index("feature")
    names = [", ".join(map(str, pair)) for pair in zip(*[_labels(stacked, dim) for dim in dims], strict=True)]
    return stacked.transpose("window", "feature", ...).assign_coords(feature=names)


def _labels(stacked: xr.Dataset, dim: str) -> Iterator[str]:
    """'Oz', or 'channel 3' where channels have no names."""
    for label in stacked[dim].values:
        yield str(label) if isinstance(label, str) else f"{dim} {label}"

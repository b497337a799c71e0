"""Values of regions, voxels and surface vertices on the brain, drawn by nilearn."""

import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from isc.plots.style import DIVERGING, add_colour_bar, centred_scale, figure_of, get_axes, styled, value_label

BrainView = Literal["glass", "slices"]
NOTHING = 1e-12  # values closer to zero are not drawn: nilearn has no other sign for "no value"
WIDTH, HEIGHT = 180.0, 60.0  # mm
SURFACE_WIDTH, SURFACE_HEIGHT = 90.0, 70.0  # mm


@styled
def plot_brain_map(
    values: xr.DataArray,
    image: Any,
    *,
    significant: xr.DataArray | None = None,
    view: BrainView = "glass",
    scale: Normalize | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Values of regions or voxels in the brain (nilearn.plotting).

    Parameters
    ----------
    values : DataArray, dims (region,) with coord ``label``, or (voxel,) with coords ``i``, ``j``, ``k``
        As they come from cubes of `isc.read_bold` and `isc.voxel_blocks`. NaN is not drawn.
    image : path or NIfTI image, 3-D
        The atlas of labels, or the mask, with which the cube was read.
    significant : DataArray of bool, dims of `values`, optional
        Only these are drawn.
    view : {"glass", "slices"}
        Through the whole brain, or three slices on the MNI template.
    scale : Normalize, optional
        Colour scale, to share it between figures; by default from -m to m with m the largest absolute value.
    ax : Axes, optional
        Where to draw; by default a new figure, 180 mm wide.

    Returns
    -------
    Figure
        Neither shown nor saved.

    Raises
    ------
    ValueError
        When dims or coords are not those of regions or voxels, the image is not 3-D or lacks a label, or the view is
        not known.

    Examples
    --------
    >>> import nibabel as nib
    >>> labels = nib.Nifti1Image(np.repeat(np.int16([1, 2]), 500).reshape(10, 10, 10), np.diag([9.0, 9, 9, 1]))
    >>> values = xr.DataArray([0.1, -0.2], dims="region", coords={"label": ("region", [1, 2])}, name="tisc")
    >>> isinstance(plot_brain_map(values, labels), Figure)
    True
    """
    if view not in ("glass", "slices"):
        raise ValueError(f"view must be glass or slices; given {view!r}")
    shown = values if significant is None else values.where(significant)
    scale = scale or centred_scale(values.values)
    volume = _volume(shown, image)
    ax = get_axes(ax, height=HEIGHT, width=WIDTH)
    ax.set_axis_off()
    add_colour_bar(ax, scale, value_label(values))
    _draw(ax, volume, view, scale)
    if significant is not None:
        ax.set_title(f"significant: {int(significant.sum())} of {values.size} {values.dims[0]}s")
    return figure_of(ax)


def _volume(values: xr.DataArray, image: Any) -> Any:
    """Image with the values in their voxels and 0 elsewhere."""
    import nibabel as nib

    loaded: Any = nib.load(image) if isinstance(image, str | Path) else image
    if len(loaded.shape) != 3:
        raise ValueError(f"a brain map needs a 3-D image of labels or a mask; given shape {loaded.shape}")
    filled = np.zeros(loaded.shape, dtype=np.float32)
    if values.dims == ("voxel",) and {"i", "j", "k"} <= set(values.coords):
        filled[tuple(values[axis].values for axis in "ijk")] = values.values
    elif values.dims == ("region",) and "label" in values.coords:
        labels = np.asanyarray(loaded.dataobj)
        for label, value in zip(values["label"].values, values.values, strict=True):
            inside = labels == label
            if not inside.any():
                raise ValueError(f"the image has no label {label}; give the atlas with which the cube was read")
            filled[inside] = value
    else:
        raise ValueError(
            "a brain map needs dims (region,) with coord label, or (voxel,) with coords i, j, k; given dims "
            f"{values.dims} with coords {', '.join(map(str, values.coords))}"
        )
    return nib.Nifti1Image(np.nan_to_num(filled), loaded.affine)


def _strongest(volume: Any) -> tuple[float, ...]:
    """Place in mm of the voxel with the largest absolute value that is nearest to the middle of all such."""
    size = np.abs(volume.get_fdata())
    places = np.argwhere(size >= size.max() * (1 - 1e-6))
    middle = places[((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    return tuple(map(float, volume.affine[:3, :3] @ middle + volume.affine[:3, 3]))


def _draw(ax: Axes, volume: Any, view: BrainView, scale: Normalize) -> None:
    from nilearn import plotting

    options = {"figure": figure_of(ax), "axes": ax, "colorbar": False, "cmap": DIVERGING}
    options |= {"vmin": scale.vmin, "vmax": scale.vmax, "threshold": NOTHING}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "empty mask")  # nothing significant is a result, not a fault
        if view == "glass":
            plotting.plot_glass_brain(volume, plot_abs=False, display_mode="lyrz", **options)
        else:
            plotting.plot_stat_map(volume, cut_coords=_strongest(volume), draw_cross=False, **options)


@styled
def plot_surface_map(
    values: xr.DataArray,
    mesh: Any,
    *,
    hemisphere: Literal["left", "right"] = "left",
    significant: xr.DataArray | None = None,
    background: Any = None,
    view: str = "lateral",
    scale: Normalize | None = None,
) -> Figure:
    """Values of surface vertices on one hemisphere (nilearn.plotting.plot_surf).

    Parameters
    ----------
    values : DataArray, dims (vertex,)
        As they come from cubes of `isc.read_bold`; where both hemispheres are in it (coord ``hemisphere``), the one
        asked for is drawn. NaN is not drawn.
    mesh : path or mesh
        Surface (``.surf.gii``) with as many vertices as that hemisphere.
    hemisphere : {"left", "right"}
        From which side ``view`` is.
    significant : DataArray of bool, dims (vertex,), optional
        Only these are drawn.
    background : path or array, optional
        Depth of the sulci or curvature, drawn in grey where there is no value.
    view : str
        As nilearn names views: lateral, medial, dorsal, ...
    scale : Normalize, optional
        Colour scale; by default from -m to m with m the largest absolute value.

    Returns
    -------
    Figure
        Neither shown nor saved.

    Raises
    ------
    ValueError
        When dims differ or the mesh has another number of vertices.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(30, 3))
    >>> mesh = (points, np.arange(30).reshape(10, 3))
    >>> isinstance(plot_surface_map(xr.DataArray(np.zeros(30), dims="vertex"), mesh), Figure)
    True
    """
    from nilearn.plotting import plot_surf
    from nilearn.surface import load_surf_mesh

    if values.dims != ("vertex",):
        raise ValueError(f"a surface map needs dims (vertex,); given {values.dims}")
    scale = scale or centred_scale(values.values)
    shown = values if significant is None else values.where(significant)
    if "hemisphere" in values.coords and (values["hemisphere"] == hemisphere).any():
        shown = shown[values["hemisphere"].values == hemisphere]
    surface = load_surf_mesh(mesh)
    n_vertex = len(surface.coordinates)
    if n_vertex != shown.size:
        raise ValueError(f"the mesh has {n_vertex} vertices and values {shown.size}; give the mesh of the recording")
    ax = get_axes(None, height=SURFACE_HEIGHT, width=SURFACE_WIDTH)
    figure = figure_of(ax)
    ax.remove()
    ax = figure.add_subplot(projection="3d")
    plot_surf(
        surface,
        surf_map=shown.values,
        bg_map=background,
        hemi=hemisphere,
        view=view,
        cmap=DIVERGING,
        vmin=scale.vmin,
        vmax=scale.vmax,
        colorbar=False,
        axes=ax,
        figure=figure,
    )
    add_colour_bar(ax, scale, value_label(values))
    return figure

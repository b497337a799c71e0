"""Values of regions, voxels and surface vertices on the brain, drawn by nilearn."""

import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from isc.plots.style import (
    DIVERGING,
    INK,
    add_colour_bar,
    centred_scale,
    figure_of,
    get_axes,
    styled,
    value_label,
)

BrainView = Literal["glass", "slices"]
NOTHING = 1e-12  # values closer to zero are not drawn: nilearn has no other sign for "no value"
WIDTH, HEIGHT = 180.0, 60.0  # mm
MM_PER_M = 1e3
DOT, THIN, THICK = 24.0, 0.3, 1.2  # pt^2; pt of the edge
SURFACE_WIDTH, SURFACE_HEIGHT = 90.0, 70.0  # mm


@styled
def plot_brain_map(
    values: xr.DataArray,
    image: Any = None,
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
    image : path or NIfTI image, 3-D, optional
        The atlas of labels, or the mask, with which the cube was read. Without it regions are dots at their centres
        (coords ``x``, ``y``, ``z``, m), and voxels lie where their coords say.
    significant : DataArray of bool, dims of `values`, optional
        Only these are drawn; of dots, these have a thick edge.
    view : {"glass", "slices"}
        Through the whole brain, or three slices on the MNI template (volumes only).
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
        When dims or coords are not those of regions or voxels, the image is not 3-D or lacks a label, nothing says
        where the features are, or the view is not known.

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
    scale = scale or centred_scale(values.values)
    dotted = image is None and values.dims == ("region",)
    shown = values if significant is None or dotted else values.where(significant)
    drawn = _places(values) if dotted else _volume(shown, _grid(values) if image is None else image)
    ax = get_axes(ax, height=HEIGHT, width=WIDTH)
    ax.set_axis_off()
    add_colour_bar(ax, scale, value_label(values))
    if dotted:
        _draw_dots(ax, values, drawn, significant, scale)
    else:
        _draw(ax, drawn, view, scale)
    if significant is not None:
        ax.set_title(f"significant: {int(significant.sum())} of {values.size} {values.dims[0]}s")
    return figure_of(ax)


def _places(values: xr.DataArray) -> np.ndarray:
    """Positions (feature, 3) in mm."""
    if not set("xyz") <= set(values.coords):
        raise ValueError(
            f"without an image a brain map needs coords x, y, z (m) of every {values.dims[0]}; isc.read_bold gives "
            "them with an atlas of volumes: give the atlas as image= instead"
        )
    return np.stack([values[axis].values for axis in "xyz"], axis=1) * MM_PER_M


def _grid(values: xr.DataArray) -> Any:
    """Empty image in which voxels lie where their indices i, j, k and their positions say."""
    import nibabel as nib

    places = _places(values)
    if values.dims != ("voxel",) or not {"i", "j", "k"} <= set(values.coords):
        raise ValueError(
            f"without an image a brain map needs regions, or voxels with coords i, j, k; given {values.dims}"
        )
    index = np.stack([values[axis].values for axis in "ijk"], axis=1)
    solved = np.linalg.lstsq(np.column_stack([index, np.ones(len(index))]), places, rcond=None)[0]
    affine = np.eye(4)
    affine[:3] = solved.T
    return nib.Nifti1Image(np.zeros(index.max(axis=0) + 1, dtype=np.int8), affine)


def _draw_dots(
    ax: Axes, values: xr.DataArray, places: np.ndarray, significant: xr.DataArray | None, scale: Normalize
) -> None:
    """Regions as dots in a glass brain, the largest values on top; a thick edge says significant."""
    from nilearn import plotting

    display = plotting.plot_glass_brain(None, display_mode="lyrz", figure=figure_of(ax), axes=ax)
    kept = np.isfinite(values.values) & np.isfinite(places).all(axis=1)
    order = np.flatnonzero(kept)[np.argsort(np.abs(values.values[kept]), kind="stable")]
    marked = np.zeros(values.size, bool) if significant is None else significant.values.astype(bool)
    for inside, width in ((~marked, THIN), (marked, THICK)):  # of one call, nilearn takes one edge for all
        dots = order[inside[order]]
        if dots.size:
            colours = colormaps[DIVERGING](scale(values.values[dots]))
            display.add_markers(places[dots], colours, DOT, edgecolors=INK, linewidths=width)


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
        As they come from cubes of `isc.read_bold`; where both hemispheres are in it (coord ``hemisphere``, or
        ``structure`` and ``index`` of CIFTI), the one asked for is drawn. NaN is not drawn.
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
        Neither shown nor saved. The surface is pixels: for print, save it with ``dpi=300``.

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
    surface = load_surf_mesh(mesh)
    on_mesh = _of_hemisphere(shown, hemisphere, len(surface.coordinates))
    ax = get_axes(None, height=SURFACE_HEIGHT, width=SURFACE_WIDTH)
    figure = figure_of(ax)
    ax.remove()
    ax = figure.add_subplot(projection="3d")
    plot_surf(
        surface,
        surf_map=on_mesh,
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
    for triangles in ax.collections:
        triangles.set_rasterized(True)  # 20,000 of them are 4 MB as vectors
    add_colour_bar(ax, scale, value_label(values))
    return figure


def _of_hemisphere(values: xr.DataArray, hemisphere: str, n_vertex: int) -> np.ndarray:
    """One value a vertex of the mesh; NaN where CIFTI has none (the medial wall)."""
    if "structure" in values.coords and "index" in values.coords:
        inside = values["structure"].values == f"cortex_{hemisphere}"
        index = values["index"].values[inside]
        if not inside.any() or index.max() >= n_vertex:
            raise ValueError(
                f"the mesh has {n_vertex} vertices, and the {hemisphere} cortex of values "
                f"{'none' if not inside.any() else int(index.max()) + 1}; give the mesh of the recording"
            )
        filled = np.full(n_vertex, np.nan)
        filled[index] = values.values[inside]
        return filled
    if "hemisphere" in values.coords and (values["hemisphere"] == hemisphere).any():
        values = values[values["hemisphere"].values == hemisphere]
    if n_vertex != values.size:
        raise ValueError(f"the mesh has {n_vertex} vertices and values {values.size}; give the mesh of the recording")
    return values.values

"""Volumes: region means through nilearn's maskers, and the voxels of a mask."""

from pathlib import Path
from typing import Any

import numpy as np

from isc.io.brain.confounds import BoldError, Signals

SECONDS_PER = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6, "unknown": 1.0}
M_PER_MM = 1e-3
SAME_GRID = 1e-3  # mm by which two affines may differ


def volume_signals(image: Any, atlas: Any, mask: Any) -> Signals:
    """Region means or voxels of one 4-D image.

    Parameters
    ----------
    image : path or NIfTI image
    atlas : labels, maps or atlas of nilearn, or None for voxels
    mask : path or NIfTI image, or None

    Returns
    -------
    Signals
        NaN at volumes with a missing value, and in regions without data.
    """
    loaded = load_image(image, 4)
    if atlas is None:
        if mask is None:
            raise BoldError("a volume without an atlas needs mask=, an image of the voxels to use")
        return _voxels(loaded, load_image(mask, 3))
    finite, usable = _finite(loaded)
    gaps = ~finite
    maps, names = _maps_and_names(atlas)
    inside = usable if mask is None else on_same_grid(loaded, load_image(mask, 3), "mask") & usable
    values, labels, places = _region_means(loaded, maps, names, None if inside.all() else inside)
    values[gaps] = np.nan
    return Signals(values, "region", {"region": labels, **places}, header_tr(loaded))


def load_image(image: Any, n_dim: int) -> Any:
    """NIfTI image of a path (or as it is), whose data are not read yet; a BoldError when it has other dims."""
    import nibabel as nib
    from nibabel.filebasedimages import ImageFileError

    try:
        loaded: Any = nib.load(image) if isinstance(image, str | Path) else image
    except (ImageFileError, EOFError, OSError) as error:
        raise BoldError(f"{Path(image).name} is no image that nibabel reads ({error})") from error
    if not hasattr(loaded, "affine") or len(loaded.shape) != n_dim:
        shape = getattr(loaded, "shape", type(loaded).__name__)
        raise BoldError(f"a {n_dim}-D NIfTI image is needed; given {shape}")
    return loaded


def header_tr(image: Any) -> float:
    """Repetition time in the header of a 4-D image, in seconds; 0 when it is not set."""
    unit = image.header.get_xyzt_units()[1] if hasattr(image.header, "get_xyzt_units") else "sec"
    return float(image.header.get_zooms()[3]) * SECONDS_PER.get(unit, 1.0)


def _finite(image: Any) -> tuple[np.ndarray, np.ndarray]:
    """Volumes without a missing value (time,), and voxels that ever have one (x, y, z).

    nilearn would read NaN as 0: a region would then be pulled to 0 where a scan is missing.
    """
    usable = np.zeros(image.shape[:3], dtype=bool)
    counts = np.zeros(image.shape[3], dtype=np.int64)
    blocks = [np.isfinite(np.asanyarray(image.dataobj[..., t])) for t in range(image.shape[3])]
    for t, block in enumerate(blocks):
        usable |= block
        counts[t] = block.sum()
    return counts == usable.sum(), usable


def _maps_and_names(atlas: Any) -> tuple[Any, dict[int, str] | list[str] | None]:
    """Image of the atlas, and names of its regions where it has any."""
    import nibabel as nib

    maps = getattr(atlas, "maps", atlas)
    loaded = nib.load(maps) if isinstance(maps, str | Path) else maps
    lut = getattr(atlas, "lut", None)
    if lut is not None:
        return loaded, dict(zip(lut["index"].astype(int), lut["name"].astype(str), strict=True))
    labels = getattr(atlas, "labels", None)
    return loaded, None if labels is None else [str(label) for label in labels]


def _region_means(
    image: Any, maps: Any, names: dict[int, str] | list[str] | None, inside: np.ndarray | None
) -> tuple[np.ndarray, list[str], dict[str, Any]]:
    """Mean series of labels or series of maps, their names and centres, through nilearn's maskers."""
    import nibabel as nib
    from nilearn.maskers import NiftiLabelsMasker, NiftiMapsMasker

    _check_overlap(image, maps)
    mask = None if inside is None else nib.Nifti1Image(inside.astype(np.int8), image.affine)
    if len(maps.shape) == 4:
        masker = NiftiMapsMasker(maps, mask_img=mask, standardize=None, keep_masked_maps=True, reports=False)
        found = list(range(maps.shape[3]))
        labels = names if isinstance(names, list) else [str(k) for k in found]
    else:
        indices = [int(k) for k in np.unique(np.asanyarray(maps.dataobj)) if k != 0]
        named = _names_by_index(indices, names)
        masker = NiftiLabelsMasker(
            maps, lut=_lookup_table(named), mask_img=mask, standardize=None, keep_masked_labels=False, reports=False
        )
    values = masker.fit_transform(_without_nan(image, inside)).astype(np.float64)
    if len(maps.shape) == 3:
        found = [int(k) for k in masker.region_ids_.values() if isinstance(k, int | np.integer) and k != 0][
            -values.shape[1] :
        ]
        labels = [named[k] for k in found]
    if len(labels) != values.shape[1]:
        raise BoldError(f"the atlas has {values.shape[1]} maps but {len(labels)} labels; give one name a map")
    return values, labels, {"label": ("region", np.array(found)), **_centres(maps, found)}


def _check_overlap(image: Any, maps: Any) -> None:
    """Raise a BoldError when atlas and image lie in different places (another space, a lost header)."""
    corners = [_bounds(part) for part in (image, maps)]
    if (corners[0][1] < corners[1][0]).any() or (corners[1][1] < corners[0][0]).any():
        raise BoldError(
            "image and atlas do not overlap in space; bring both into one space (such as MNI152NLin2009cAsym)"
        )


def _bounds(image: Any) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner in mm."""
    ends = np.stack(np.meshgrid(*[(0, n - 1) for n in image.shape[:3]], indexing="ij"), axis=-1).reshape(-1, 3)
    corners = ends @ image.affine[:3, :3].T + image.affine[:3, 3]
    return corners.min(axis=0), corners.max(axis=0)


def _names_by_index(indices: list[int], names: dict[int, str] | list[str] | None) -> dict[int, str]:
    if names is None:
        return {k: str(k) for k in indices}
    if isinstance(names, dict):
        return {k: names.get(k, str(k)) for k in indices}
    if len(names) == len(indices) + 1 and names[0].lower().startswith("background"):
        names = names[1:]
    if len(names) != len(indices):
        raise BoldError(f"the atlas has {len(indices)} regions but {len(names)} labels; give a lut of index and name")
    return dict(zip(indices, names, strict=True))


def _lookup_table(names: dict[int, str]) -> Any:
    import pandas as pd

    return pd.DataFrame({"index": [0, *names], "name": ["Background", *names.values()]})


def _without_nan(image: Any, inside: np.ndarray | None) -> Any:
    """The image itself, or with 0 outside of what a mask lets through anyway."""
    import nibabel as nib

    if inside is None:
        return image
    data = np.asanyarray(image.dataobj, dtype=np.float32)
    return nib.Nifti1Image(np.nan_to_num(data, posinf=0.0, neginf=0.0), image.affine, image.header)


def _centres(maps: Any, found: list[int]) -> dict[str, Any]:
    """Centres of mass of the regions in m."""
    data = np.asanyarray(maps.dataobj)
    weights = [np.abs(data[..., k]) if data.ndim == 4 else data == k for k in found]
    grids = [np.argwhere(weight > 0) for weight in weights]
    centres = [
        np.average(grid, axis=0, weights=weight[tuple(grid.T)].astype(float)) if len(grid) else np.full(3, np.nan)
        for grid, weight in zip(grids, weights, strict=True)
    ]
    return _places(np.array(centres), maps.affine, "region")


def _places(voxels: np.ndarray, affine: np.ndarray, dim: str) -> dict[str, Any]:
    """Coordinates x, y, z in m of voxel indices (n, 3)."""
    metres = (voxels.reshape(-1, 3) @ affine[:3, :3].T + affine[:3, 3]) * M_PER_MM
    return {axis: (dim, metres[:, k], {"units": "m"}) for k, axis in enumerate("xyz")}


def on_same_grid(image: Any, mask: Any, name: str) -> np.ndarray:
    """Voxels of the mask; a BoldError when it has another grid than the image."""
    if tuple(mask.shape) != tuple(image.shape[:3]) or abs(mask.affine - image.affine).max() > SAME_GRID:
        raise BoldError(
            f"the {name} has another grid (shape {tuple(mask.shape)}) than the image (shape {tuple(image.shape[:3])}), "
            "or another affine; bring it there with nilearn.image.resample_to_img"
        )
    return np.asanyarray(mask.dataobj) > 0


def _voxels(image: Any, mask: Any) -> Signals:
    inside = on_same_grid(image, mask, "mask")
    values = np.empty((image.shape[3], int(inside.sum())), dtype=np.float32)
    for t in range(image.shape[3]):
        values[t] = np.asanyarray(image.dataobj[..., t])[inside]
    voxels = np.argwhere(inside)
    return Signals(values, "voxel", voxel_coords(voxels, mask.affine), header_tr(image))


def voxel_coords(voxels: np.ndarray, affine: np.ndarray) -> dict[str, Any]:
    """Coordinates of voxels: indices i, j, k in the image and x, y, z in m.

    Parameters
    ----------
    voxels : ndarray of int, shape (voxel, 3)
    affine : ndarray, shape (4, 4)

    Returns
    -------
    dict
    """
    indices = {axis: ("voxel", voxels[:, d]) for d, axis in enumerate("ijk")}
    return {**indices, **_places(voxels, affine, "voxel")}


def masker_signals(image: Any, masker: Any) -> Signals:
    """Series from any masker of nilearn, as it was set up."""
    values = np.asarray(masker.fit_transform(image), dtype=np.float64)
    names = getattr(masker, "region_names_", None)
    labels = list(map(str, names.values())) if names and len(names) == values.shape[1] else None
    coords = {"region": labels if labels is not None else [str(k) for k in range(values.shape[1])]}
    stated = getattr(masker, "t_r", None) or (header_tr(load_image(image, 4)) if _is_volume(image) else 0.0)
    return Signals(values, "region", coords, float(stated))


def _is_volume(image: Any) -> bool:
    return isinstance(image, str | Path) or len(getattr(image, "shape", ())) == 4

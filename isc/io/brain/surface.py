"""Surfaces: GIFTI hemispheres and CIFTI greyordinates, by vertex or as means of labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isc.io.brain.confounds import BoldError, Signals

HEMISPHERES = ("left", "right")
BACKGROUND = 0  # key of what belongs to no region


def gifti_signals(paths: Sequence[Path], atlas: Any) -> Signals:
    """Vertices or region means of one hemisphere, or of a left and a right one.

    Parameters
    ----------
    paths : sequence of path
        One file, or two (left, right).
    atlas : label file(s) or array(s) with one label a vertex, or None

    Returns
    -------
    Signals
    """
    from nilearn.surface import load_surf_data

    if len(paths) > 2:
        raise BoldError(f"give one hemisphere, or a left and a right one; given {len(paths)} files")
    series = [np.atleast_2d(np.asarray(load_surf_data(path), dtype=np.float64)).T for path in paths]
    if len({part.shape[0] for part in series}) > 1:
        raise BoldError(
            f"the hemispheres have {series[0].shape[0]} and {series[1].shape[0]} volumes; they are of two runs"
        )
    sides = HEMISPHERES[: len(paths)] if len(paths) == 2 else ("",)
    values = np.concatenate(series, axis=1)
    tr = _gifti_tr(paths[0])
    if atlas is None:
        hemisphere = np.repeat(sides, [part.shape[1] for part in series])
        vertex = np.concatenate([np.arange(part.shape[1]) for part in series])
        coords = {"vertex": np.arange(values.shape[1]), "index": ("vertex", vertex)}
        return Signals(values, "vertex", {**coords, "hemisphere": ("vertex", hemisphere)}, tr)
    return _of_labels(values, *_labels_of(atlas, [part.shape[1] for part in series], sides), tr)


def _gifti_tr(path: Path) -> float:
    """TR in the metadata (TimeStep in ms, as FreeSurfer and Connectome Workbench write it); 0 without one."""
    import nibabel as nib

    image: Any = nib.load(path)
    step = image.meta.get("TimeStep")
    return 0.0 if step is None else float(step) * 1e-3


def _labels_of(atlas: Any, sizes: Sequence[int], sides: Sequence[str]) -> tuple[np.ndarray, dict[int, str]]:
    """Label of every vertex of all hemispheres, and the names; keys are unique over hemispheres."""
    parts = atlas if isinstance(atlas, list | tuple) else [atlas]
    if len(parts) != len(sizes):
        raise BoldError(f"{len(sizes)} hemispheres need as many label files; given {len(parts)}")
    keys: list[np.ndarray] = []
    names: dict[int, str] = {}
    offset = 0
    for part, size, side in zip(parts, sizes, sides, strict=True):
        labels, found = _label_file(part)
        if labels.size != size:
            raise BoldError(f"the atlas has {labels.size} vertices and the surface {size}; use one of the same mesh")
        keys.append(np.where(labels == BACKGROUND, BACKGROUND, labels + offset))
        names |= {k + offset: f"{side} {name}".strip() for k, name in found.items() if k != BACKGROUND}
        offset += int(labels.max()) + 1
    return np.concatenate(keys), names


def _label_file(part: Any) -> tuple[np.ndarray, dict[int, str]]:
    import nibabel as nib
    from nilearn.surface import load_surf_data

    labels = np.asarray(load_surf_data(part) if isinstance(part, str | Path) else part)
    if labels.ndim != 1:
        raise BoldError(f"an atlas has one label a vertex; given an array of shape {labels.shape}")
    names = {int(k): str(int(k)) for k in np.unique(labels)}
    if str(part).endswith(".gii"):
        image: Any = nib.load(part)
        table = image.labeltable.get_labels_as_dict()
        names |= {k: str(name) for k, name in table.items() if k in names}
    return labels.astype(np.int64), names


def _of_labels(values: np.ndarray, keys: np.ndarray, names: dict[int, str], tr: float) -> Signals:
    """Mean over the vertices of every label; vertices without data are left out."""
    present = [k for k in sorted(names) if k != BACKGROUND and (keys == k).any()]
    if not present:
        raise BoldError("no vertex has a label other than 0 (background); give another atlas")
    some = np.isfinite(values).any(axis=0)
    means = [values[:, (keys == k) & some].mean(axis=1) if ((keys == k) & some).any() else None for k in present]
    empty = np.full(values.shape[0], np.nan)
    stacked = np.stack([empty if mean is None else mean for mean in means], axis=1)
    return Signals(stacked, "region", {"region": [names[k] for k in present]}, tr)


def cifti_signals(path: Path, atlas: Any) -> Signals:
    """Greyordinates, parcels, or label means of a CIFTI series.

    Parameters
    ----------
    path : Path
        ``.dtseries.nii`` or ``.ptseries.nii``.
    atlas : path of a ``.dlabel.nii``, or None

    Returns
    -------
    Signals
    """
    axes = _cifti_axes()
    image = _load_cifti(path)
    series, features = (image.header.get_axis(k) for k in range(2))
    if not isinstance(series, axes.SeriesAxis):
        raise BoldError(f"{path.name} holds no time series; a .dtseries.nii or .ptseries.nii is needed")
    values = np.asarray(image.get_fdata(dtype=np.float32), dtype=np.float64)
    tr = float(series.step) if str(series.unit).upper() == "SECOND" else 0.0
    if isinstance(features, axes.ParcelsAxis):
        if atlas is not None:
            raise BoldError(f"{path.name} is of parcels already; leave out atlas=")
        return Signals(values, "region", {"region": list(map(str, features.name))}, tr)
    structure = np.array([str(name).removeprefix("CIFTI_STRUCTURE_").lower() for name in features.name])
    if atlas is None:
        coords = {"vertex": np.arange(values.shape[1]), "index": ("vertex", np.asarray(features.vertex))}
        return Signals(values, "vertex", {**coords, "structure": ("vertex", structure)}, tr)
    return _of_labels(values, *_cifti_labels(Path(atlas), features), tr)


def _cifti_axes() -> Any:
    try:
        from nibabel.cifti2 import cifti2_axes
    except ImportError as error:
        raise ImportError(
            f"CIFTI files need nibabel with its cifti2 package ({error}); install it with: pip install 'nibabel>=5'"
        ) from error
    return cifti2_axes


def _load_cifti(path: Path) -> Any:
    import nibabel as nib
    from nibabel.filebasedimages import ImageFileError

    try:
        image = nib.load(path)
    except (ImageFileError, OSError, EOFError) as error:
        raise BoldError(f"{path.name} is no CIFTI file that nibabel reads ({error})") from error
    if not isinstance(image, nib.Cifti2Image):
        raise BoldError(f"{path.name} is no CIFTI file, whatever its name says; rename it to .nii to read a volume")
    return image


def _cifti_labels(path: Path, features: Any) -> tuple[np.ndarray, dict[int, str]]:
    """Label of every greyordinate of a series: atlases may hold other vertices (the medial wall) or no volume."""
    label_axis, model = (_load_cifti(path).header.get_axis(k) for k in range(2))
    if not hasattr(label_axis, "label"):
        raise BoldError(f"{path.name} holds no labels; a .dlabel.nii is needed")
    values = np.asarray(_load_cifti(path).dataobj)[0].astype(np.int64)
    known = dict(zip(_greyordinates(model), values.tolist(), strict=True))
    keys = np.array([known.get(place, BACKGROUND) for place in _greyordinates(features)])
    return keys, {int(k): str(name) for k, (name, _) in label_axis.label[0].items()}


def _greyordinates(model: Any) -> list[tuple[str, int, tuple[int, ...]]]:
    """Structure, vertex and voxel of every greyordinate, to find it in another file."""
    return [
        (str(name), int(vertex), tuple(map(int, voxel)))
        for name, vertex, voxel in zip(model.name, model.vertex, model.voxel, strict=True)
    ]

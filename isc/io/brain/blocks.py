"""Cubes of all people's voxels, one part of the brain after the other: memory does not grow with the image."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from isc.io.brain.confounds import SAME_TR, BoldError, clean_signals, load_confounds, repetition_time, same_length
from isc.io.brain.volume import header_tr, load_image, on_same_grid, voxel_coords

DEFAULT_MEMORY = 512 * 2**20  # bytes


def voxel_blocks(
    images: Mapping[str, Any],
    *,
    mask: Any,
    confounds: Mapping[str, Any] | None = None,
    tr: float | None = None,
    high_pass: float | None = None,
    standardize: bool = True,
    memory: int = DEFAULT_MEMORY,
) -> Iterator[xr.DataArray]:
    """Cubes (subject, time, voxel) of all people's voxels, one part of the brain after the other.

    Each block is a cube for every function of the package; results of the blocks are put together along ``voxel``,
    extremes of a null by their minimum and maximum: draws are the same for each block.

    Parameters
    ----------
    images : mapping of subject id to path or NIfTI image
        4-D, all on the grid of the mask and of one length. Uncompressed files are read slice by slice; compressed
        ones are unpacked once a block, so that a larger `memory` makes them faster.
    mask : path or NIfTI image
        Voxels to use.
    confounds : mapping of subject id to what `isc.read_bold` takes, optional
    tr : float, optional
        As in `isc.read_bold`, as are the following.
    high_pass : float, optional
    standardize : bool
    memory : int
        Bytes of one block's cube; what is needed besides is one subject's slices and their cleaning.

    Yields
    ------
    DataArray ``bold``, dims (subject, time, voxel), float32
        Coords i, j, k (indices in the image) and x, y, z (m) of the voxels.

    Raises
    ------
    BoldError
        When grids, lengths or TRs differ between subjects.

    Examples
    --------
    >>> import nibabel as nib
    >>> rng = np.random.default_rng(0)
    >>> images = {s: nib.Nifti1Image(rng.normal(size=(3, 3, 3, 20)).astype("f4"), np.eye(4)) for s in "abc"}
    >>> brain = nib.Nifti1Image(np.ones((3, 3, 3), np.int8), np.eye(4))
    >>> [block.sizes["voxel"] for block in voxel_blocks(images, mask=brain, tr=2.0, memory=4 * 3 * 20 * 10)]
    [9, 9, 9]
    """
    brain = load_image(mask, 3)
    loaded = {subject: load_image(image, 4) for subject, image in images.items()}
    inside = {subject: on_same_grid(image, brain, f"mask of {subject}") for subject, image in loaded.items()}
    same_length({subject: image.shape[3] for subject, image in loaded.items()})
    times = {subject: repetition_time(images[subject], header_tr(image), tr) for subject, image in loaded.items()}
    if max(times.values()) > (1 + SAME_TR) * min(times.values()):
        raise BoldError(f"the subjects' repetition times differ: {times}; give all the same protocol")
    n_volume, time = next(iter(loaded.values())).shape[3], next(iter(times.values()))
    nuisance = {s: load_confounds(images[s], (confounds or {}).get(s), n_volume) for s in images}
    how = {"tr": time, "high_pass": high_pass, "standardize": standardize}
    most = max(1, memory // (4 * len(images) * n_volume))
    coords = {"time": ("time", np.arange(n_volume) * time, {"units": "s"}), "subject": list(images)}
    for low, high, part in _parts(next(iter(inside.values())), most):
        cube = np.empty((len(images), n_volume, len(part)), dtype=np.float32)
        for k, (subject, image) in enumerate(loaded.items()):
            values = _read_slices(image, low, high, part)
            cube[k] = clean_signals(values, *nuisance[subject], **how)  # type: ignore[arg-type]
        yield xr.DataArray(
            cube,
            dims=("subject", "time", "voxel"),
            coords={**coords, **voxel_coords(part, brain.affine)},
            name="bold",
            attrs={"rate_hz": 1 / time},
        )


def _parts(inside: np.ndarray, most: int) -> Iterator[tuple[int, int, np.ndarray]]:
    """First and last slice (exclusive) and voxels (n, 3) of every block of at most `most` voxels."""
    slices = [np.argwhere(inside[:, :, k]) for k in range(inside.shape[2])]
    whole = [np.column_stack([part, np.full(len(part), k)]) for k, part in enumerate(slices)]
    low, held = 0, 0
    for k, part in enumerate(whole):
        if held and held + len(part) > most:
            yield low, k, np.concatenate(whole[low:k])
            held = 0
        if held == 0:
            low = k
        if len(part) > most:  # a slice that is too large alone is read once for each of its pieces
            for piece in np.array_split(part, -(-len(part) // most)):
                yield k, k + 1, piece
        else:
            held += len(part)
    if held:
        yield low, len(whole), np.concatenate(whole[low:])


def _read_slices(image: Any, low: int, high: int, voxels: np.ndarray) -> np.ndarray:
    """Series (time, voxel) from the slices that hold the voxels."""
    slab = np.asanyarray(image.dataobj[:, :, low:high, :])
    return slab[voxels[:, 0], voxels[:, 1], voxels[:, 2] - low].T.astype(np.float32)

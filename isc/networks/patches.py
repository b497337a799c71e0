"""Patches of the parts of a face that carry expression, cut out where its landmarks say they are."""

from functools import cache

import numpy as np
import torch

from isc.mesh import regions
from isc.networks.batches import Batch
from isc.networks.scoring import as_input

# Part to its grid of patches (rows, columns); the filmed person's own left and right.
PARTS = {"brow_right": (1, 2), "brow_left": (1, 2), "eye_right": (1, 2), "eye_left": (1, 2), "mouth": (2, 3)}
MARGIN = 0.15  # by which a part is enlarged on every side, of its width or height
PATCH_SIZE = 12  # px, side of a patch after resampling


@cache
def patch_names() -> tuple[str, ...]:
    """Name of every patch, in their order: part, row and column in the image.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> patch_names()[:2], len(patch_names())
    (('brow_right_0_0', 'brow_right_0_1'), 14)
    """
    return tuple(
        f"{part}_{row}_{column}"
        for part, (rows, columns) in PARTS.items()
        for row in range(rows)
        for column in range(columns)
    )


@cache
def mirrored_patches() -> tuple[int, ...]:
    """Place of the patch that each patch becomes when the face is mirrored left to right.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> mirrored = np.array(mirrored_patches())
    >>> bool((mirrored[mirrored] == np.arange(14)).all())
    True
    """
    names = {name: place for place, name in enumerate(patch_names())}
    sides = {"right": "left", "left": "right"}
    found = []
    for name in names:
        part, row, column = name.rsplit("_", 2)
        stem, _, side = part.partition("_")
        other = f"{stem}_{sides[side]}" if side else stem
        found.append(names[f"{other}_{row}_{PARTS[part][1] - 1 - int(column)}"])
    return tuple(found)


def patch_boxes(landmarks: np.ndarray) -> np.ndarray:
    """Box of every patch of every face.

    Parameters
    ----------
    landmarks : ndarray, shape (sample, vertex, 2)
        MediaPipe's points, x and y in pixels of the picture; 478 vertices.

    Returns
    -------
    ndarray of float64, shape (sample, patch, 4)
        Left, top, right, bottom, px. Brows, eyes and mouth with the skin around them (`isc.mesh.regions`), enlarged
        by 15 % on every side.

    Raises
    ------
    ValueError
        When the shape differs.

    Examples
    --------
    >>> patch_boxes(np.random.default_rng(0).uniform(10, 50, (2, 478, 2))).shape
    (2, 14, 4)
    """
    landmarks = np.asarray(landmarks, dtype=float)
    if landmarks.ndim != 3 or landmarks.shape[1:] != (478, 2):
        raise ValueError(f"landmarks have the shape (sample, 478, 2); given {landmarks.shape}")
    boxes = []
    for part, (rows, columns) in PARTS.items():
        points = landmarks[:, regions()[part]]
        low, high = points.min(axis=1), points.max(axis=1)
        low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
        step = (high - low) / [columns, rows]
        for row in range(rows):
            for column in range(columns):
                corner = low + step * [column, row]
                boxes.append(np.concatenate([corner, corner + step], axis=1))
    return np.stack(boxes, axis=1)


def cut_patches(pictures: np.ndarray, boxes: np.ndarray, *, size: int = PATCH_SIZE) -> np.ndarray:
    """The pictures in the boxes, resampled bilinearly to squares; beyond the edge the picture goes on as it ends.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (sample, row, column, channel)
    boxes : ndarray, shape (sample, patch, 4)
        From `patch_boxes`.
    size : int
        Side of a patch, px.

    Returns
    -------
    ndarray of uint8, shape (sample, patch, row, column, channel)

    Examples
    --------
    >>> ramp = np.repeat(10 * np.arange(8, dtype=np.uint8), 8).reshape(1, 8, 8, 1)
    >>> cut_patches(ramp, np.array([[[0.0, 2.0, 4.0, 6.0]]]), size=2)[0, 0, :, 0, 0].tolist()
    [25, 45]
    """
    share = (np.arange(size) + 0.5) / size
    x = boxes[..., 0, None] + share * (boxes[..., 2] - boxes[..., 0])[..., None]
    y = boxes[..., 1, None] + share * (boxes[..., 3] - boxes[..., 1])[..., None]
    (top, below, down), (left, right, across) = (_ends(v, n) for v, n in zip((y, x), pictures.shape[1:3], strict=True))
    which = np.arange(len(pictures))[:, None, None, None]
    rows, columns = (lambda v: v[..., :, None]), (lambda v: v[..., None, :])
    across, down = columns(across)[..., None], rows(down)[..., None]
    upper = (
        pictures[which, rows(top), columns(left)] * (1 - across) + pictures[which, rows(top), columns(right)] * across
    )
    lower = pictures[which, rows(below), columns(left)] * (1 - across)
    lower = lower + pictures[which, rows(below), columns(right)] * across
    return np.rint(upper * (1 - down) + lower * down).astype(np.uint8)


def _ends(places: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels on either side of some places, and how far towards the second; a pixel's centre is at its half."""
    inside = np.clip(places - 0.5, 0, length - 1)
    first = np.floor(inside).astype(int)
    return first, np.minimum(first + 1, length - 1), inside - first


def mirror_patches(batch: Batch, rng: np.random.Generator) -> Batch:
    """Half of the faces mirrored left to right, patch by patch and each patch in itself; and other brightness.

    Parameters
    ----------
    batch : mapping
        ``input`` (sample, patch, row, column, channel) of bytes.
    rng : numpy Generator

    Returns
    -------
    mapping
        ``input`` as float32 (sample, patch, channel, row, column), 0 to 1.

    Examples
    --------
    >>> batch = {"input": torch.zeros(2, 14, 4, 4, 3, dtype=torch.uint8)}
    >>> mirror_patches(batch, np.random.default_rng(0))["input"].shape
    torch.Size([2, 14, 3, 4, 4])
    """
    patches = as_input(batch["input"])
    n = len(patches)
    other = patches[:, list(mirrored_patches())].flip(-1)
    chosen = torch.from_numpy(rng.random(n) < 0.5).view(n, 1, 1, 1, 1)
    light = torch.as_tensor(rng.uniform(0.7, 1.3, n), dtype=torch.float32).view(n, 1, 1, 1, 1)
    return dict(batch) | {"input": (torch.where(chosen, other, patches) * light).clamp(0, 1)}

"""Head pose and distance to the camera removed, so that what is left is the face's own movement."""

import numpy as np
import xarray as xr

OUTER_EYE_CORNERS = (33, 263)  # image left, image right: the inter-ocular distance
FOREHEAD_CHIN = (10, 152)  # top and bottom of the face oval
# Forehead, temples, nose bridge and eye corners: bone under thin tissue, little moved by expression.
STABLE_VERTICES = (
    *(10, 151, 109, 338, 67, 297, 103, 332, 54, 284, 21, 251, 162, 389, 127, 356, 234, 454),
    *(168, 6, 197, 195, 33, 133, 362, 263),
)
BLOCK_FRAMES = 2048  # frames aligned at a time: bounds the memory of the float64 copies
TEMPLATE_ROUNDS = 2


def align_faces(landmarks: xr.DataArray) -> xr.DataArray:
    """Landmarks without head movement, in units of the inter-ocular distance.

    Every frame is fitted by rotation, translation and scale (least squares, Umeyama 1991) to the recording's own
    mean of 26 stable vertices (forehead, temples, nose bridge, eye corners). The mean is turned into a canonical
    frame: origin between the outer eye corners, x from vertex 33 to 263 (image left to right), y down the face,
    z towards the back of the head.

    Parameters
    ----------
    landmarks : DataArray, dims (time, vertex, space), px
        One recording; ``space`` is x, y, z. Frames without a face are NaN and stay NaN.

    Returns
    -------
    DataArray, same dims, float32, inter-ocular distances
        attrs ``preprocessing`` says what was done, ``interocular_px`` the mean inter-ocular distance in px.

    Raises
    ------
    ValueError
        When dims are not (time, vertex, space) with three axes, a stable vertex is missing, or no frame has a face.

    References
    ----------
    Umeyama 1991, IEEE TPAMI 13(4):376-380, doi:10.1109/34.88573.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> face = rng.normal(size=(478, 3)) * 40 + 100
    >>> video = xr.DataArray(np.stack([face, face + 5]), dims=("time", "vertex", "space"))
    >>> aligned = align_faces(video)
    >>> bool(np.allclose(aligned[0], aligned[1], atol=1e-5))
    True
    """
    _check_landmarks(landmarks)
    ordered = landmarks.transpose("time", "vertex", "space")
    points = ordered.values
    seen = np.isfinite(points[:, STABLE_VERTICES, :]).all(axis=(1, 2))
    if not seen.any():
        raise ValueError("no frame has a face, so there is nothing to align; exclude this recording")
    template, scale = _canonical_template(points[seen])
    aligned = np.full(points.shape, np.nan, dtype=np.float32)
    frames = np.flatnonzero(seen)
    for block in np.array_split(frames, -(-frames.size // BLOCK_FRAMES)):
        aligned[block] = _fit(points[block].astype(np.float64), template)
    return _labelled(ordered, aligned, scale)


def _check_landmarks(landmarks: xr.DataArray) -> None:
    if set(landmarks.dims) != {"time", "vertex", "space"} or landmarks.sizes["space"] != 3:
        raise ValueError(
            "landmarks need dims time, vertex and space (x, y, z); "
            f"given {dict(zip(map(str, landmarks.dims), landmarks.shape, strict=True))}"
        )
    if landmarks.sizes["vertex"] <= max(STABLE_VERTICES):
        raise ValueError(
            f"landmarks need MediaPipe's face mesh (468 or 478 vertices) but have {landmarks.sizes['vertex']} vertices"
        )


def _labelled(landmarks: xr.DataArray, aligned: np.ndarray, scale: float) -> xr.DataArray:
    kept = {k: v for k, v in landmarks.attrs.items() if k != "units"}
    attrs = {
        **kept,
        "units": "inter-ocular distance",
        "interocular_px": float(scale),
        "preprocessing": "similarity alignment to the recording's mean of 26 stable vertices",
    }
    return landmarks.copy(data=aligned).rename("landmarks").assign_attrs(attrs)


def _canonical_template(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Mean stable shape (26, 3) in the canonical frame, and the mean inter-ocular distance in px."""
    stable = points[:, STABLE_VERTICES, :].astype(np.float64)
    ends = points[:, (*OUTER_EYE_CORNERS, *FOREHEAD_CHIN), :].astype(np.float64)
    interocular = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=-1).mean()
    template = stable[0]
    for _ in range(TEMPLATE_ROUNDS):
        rotation, move, size = _similarity(stable, template)
        template = (size[:, None, None] * stable @ rotation + move).mean(axis=0)
    rotation, move, size = _similarity(stable, template)
    left, right, top, bottom = (size[:, None, None] * ends @ rotation + move).mean(axis=0)
    axes = _face_axes(left, right, top, bottom)
    return (template - (left + right) / 2) @ axes.T / np.linalg.norm(right - left), interocular


def _face_axes(left: np.ndarray, right: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Rows x, y, z of the canonical frame: along the eyes, down the face, towards the back."""
    x = (right - left) / np.linalg.norm(right - left)
    down = bottom - top
    y = down - (down @ x) * x
    y /= np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)])


def _similarity(points: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotation (frame, 3, 3), translation (frame, 1, 3), scale (frame,) with scale * points @ rotation + translation.

    Umeyama 1991, equations 34-43: least squares over the vertices of every frame.
    """
    centre = points.mean(axis=1, keepdims=True)
    goal = template.mean(axis=0)
    centred = points - centre
    u, singular, vt = np.linalg.svd(np.swapaxes(centred, 1, 2) @ (template - goal))
    sign = np.ones_like(singular)
    sign[:, 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * sign[:, None, :]) @ vt
    scale = (singular * sign).sum(axis=1) / (centred**2).sum(axis=(1, 2))
    return rotation, goal - scale[:, None, None] * (centre @ rotation), scale


def _fit(points: np.ndarray, template: np.ndarray) -> np.ndarray:
    """All vertices of every frame moved by the similarity that fits its stable vertices to the template."""
    rotation, move, scale = _similarity(points[:, STABLE_VERTICES, :], template)
    return scale[:, None, None] * (points @ rotation) + move

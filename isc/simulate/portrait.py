"""The portrait behind every generated face: a public-domain photograph as a textured mesh with a closed mouth.

Model units: the distance between the outer corners of the eyes (landmarks 33 and 263) is 1, the origin lies
between the eyes, x points to the image's right, y down, z away from the camera (MediaPipe's convention).
The first 478 vertices are MediaPipe's landmarks; rings around the face and a still outer frame follow.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from isc.simulate.splines import thin_plate_spline
from isc.simulate.topology import (
    BROWS,
    CHEEKS,
    EYE_RIMS,
    EYE_RINGS,
    FACE_OVAL,
    IRIS,
    LIP_LOWER,
    LIP_UPPER,
    LIPS,
    MOUTH_CORNERS,
    MOUTH_OPENING,
    N_LANDMARK,
    NOSE_BRIDGE,
    NOSE_TIP,
    NOSE_WINGS,
    OUTER_EYE_CORNERS,
    face_triangles,
)

LANDMARK_FILE = "portrait_landmarks.txt"
RINGS = ((1.22, 1.0), (1.5, 0.8), (1.95, 0.35))  # size relative to the face oval, share of the head's motion
FRAME_HALF_SIZE = (2.6, 2.9)  # of the still outer frame, model units
FRAME_SIDE = 9  # vertices on each side of the outer frame
SEAM_MARGIN = 0.02  # keeps the portrait's line of teeth out of the lips' texture, model units
CHIN_PINS = np.array([199, 175])

# How the open smile becomes closed, level lips.
CLOSED_WIDTH = 0.78  # of the smile's width
CORNER_DROP = 0.12  # the corners go down by this much, model units
LOWER_LIP_SHARE = 0.3  # of the gap; the upper lip covers the rest
CLOSED_THICKNESS = 1.25  # of the smile's lip height
SEAM_CURVE = 2.2  # exponent: the seam is level in the middle and bends at the corners


@dataclass(frozen=True)
class Portrait:
    """A photograph as a textured mesh.

    Attributes
    ----------
    image : numpy.ndarray
        (height, width, 3) RGB, uint8.
    texture : numpy.ndarray
        (vertex, 2) pixel of every vertex in `image`.
    smiling, neutral : numpy.ndarray
        (vertex, 3) as photographed, and with closed, level lips; model units.
    head_share : numpy.ndarray
        (vertex,) share of the head's motion: 1 on the face, 0 on the outer frame.
    triangles : dict of str to numpy.ndarray
        (triangle, 3) vertices of the layers ``background``, ``teeth``, ``eyes`` and ``skin``.
    """

    image: np.ndarray
    texture: np.ndarray
    smiling: np.ndarray
    neutral: np.ndarray
    head_share: np.ndarray
    triangles: dict[str, np.ndarray]


@cache
def load_portrait() -> Portrait:
    """Portrait of Eileen Collins (NASA, public domain; shipped inside scikit-image) as a textured mesh.

    Nothing is downloaded. The landmarks were tracked once (see `isc.simulate.track_portrait`).

    Returns
    -------
    Portrait
        564 vertices, the first 478 of them landmarks. The object is shared: do not write into its arrays.

    Examples
    --------
    >>> load_portrait().neutral.shape
    (564, 3)
    """
    from skimage.data import astronaut

    landmarks = _read_landmarks()
    centre, scale, turn = _model_frame(landmarks)
    smiling, head_share = _add_surroundings((landmarks - centre) @ turn.T / scale)
    return Portrait(
        image=astronaut(),
        texture=_texture((smiling * scale) @ turn + centre, scale),
        smiling=smiling,
        neutral=_close_mouth(smiling),
        head_share=head_share,
        triangles=_layers(smiling),
    )


def _read_landmarks() -> np.ndarray:
    with resources.files("isc.simulate").joinpath(LANDMARK_FILE).open(encoding="utf-8") as file:
        return np.loadtxt(file)


def _model_frame(landmarks: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Origin (px), unit (px) and in-plane rotation that level the eyes and put them one unit apart."""
    left, right = landmarks[OUTER_EYE_CORNERS]
    across = (right - left)[:2]
    scale = float(np.hypot(*across))
    cos, sin = across / scale
    return (left + right) / 2, scale, np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])


def _add_surroundings(face: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rings of hair and neck that move less and less with the head, then a frame that does not move."""
    oval = face[FACE_OVAL][::2]
    middle = face[FACE_OVAL].mean(axis=0)
    parts, shares = [face], [np.ones(len(face))]
    for size, share in RINGS:
        ring = middle + (oval - middle) * [size, size, 1]
        ring[:, 2] = middle[2] + (oval[:, 2] - middle[2]) * 0.5 + (size - 1) * 0.3  # hair lies behind the face
        parts.append(ring)
        shares.append(np.full(len(ring), share))
    side = np.linspace(-1, 1, FRAME_SIDE)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    border = grid[np.abs(grid).max(axis=1) == 1]
    parts.append(np.column_stack([middle[:2] + border * FRAME_HALF_SIZE, np.zeros(len(border))]))
    shares.append(np.zeros(len(border)))
    return np.vstack(parts), np.concatenate(shares)


def _texture(pixels: np.ndarray, scale: float) -> np.ndarray:
    texture = pixels[:, :2].copy()
    texture[LIP_UPPER[3, 1:-1], 1] -= SEAM_MARGIN * scale
    texture[LIP_LOWER[3, 1:-1], 1] += SEAM_MARGIN * scale
    return texture


def _close_mouth(smiling: np.ndarray) -> np.ndarray:
    """Vertices (vertex, 3) with the open smile closed, spread smoothly over the lower face."""
    lips = _closed_lips(smiling) - smiling[LIPS, :2]
    cheek = CHEEKS[:, 4]
    still = np.concatenate([EYE_RIMS, BROWS.ravel(), NOSE_BRIDGE, NOSE_TIP, NOSE_WINGS[:, :3].ravel(), FACE_OVAL])
    anchors = np.concatenate([LIPS, still, cheek, CHIN_PINS])
    shifts = np.vstack([lips, np.zeros((len(still), 2)), np.tile([0, 0.02], (2, 1)), np.tile([0, -0.012], (2, 1))])
    neutral = smiling.copy()
    moving = np.setdiff1d(np.arange(N_LANDMARK), np.union1d(EYE_RIMS, IRIS))
    neutral[moving, :2] += thin_plate_spline(smiling[anchors, :2], shifts, smiling[moving, :2])
    return neutral


def _closed_lips(smiling: np.ndarray) -> np.ndarray:
    """Positions (lip vertex, 2) of closed, level lips, in the order of LIPS."""
    middle_x = smiling[MOUTH_CORNERS, 0].mean()
    upper_mid, lower_mid = smiling[LIP_UPPER[3, 5], 1], smiling[LIP_LOWER[3, 5], 1]
    seam_mid = lower_mid - (lower_mid - upper_mid) * LOWER_LIP_SHARE
    corner_y = smiling[MOUTH_CORNERS, 1].mean() + CORNER_DROP
    bend = np.abs(np.linspace(-1, 1, LIP_UPPER.shape[1])) ** SEAM_CURVE
    seam = seam_mid + (corner_y - seam_mid) * bend
    thickness = np.full(LIP_UPPER.shape[1], CLOSED_THICKNESS)
    thickness[[0, -1]] = 1.0
    closed = smiling[:, :2].copy()
    closed[LIPS, 0] = middle_x + (smiling[LIPS, 0] - middle_x) * CLOSED_WIDTH
    for lip in (LIP_UPPER, LIP_LOWER):
        closed[lip, 1] = seam + (smiling[lip, 1] - smiling[lip[3], 1]) * thickness
    return closed[LIPS]


def _layers(vertices: np.ndarray) -> dict[str, np.ndarray]:
    """Triangles of each layer of the picture, in the order in which they are painted."""
    plane = vertices[:, :2]
    outside = np.concatenate([FACE_OVAL, np.arange(N_LANDMARK, len(vertices))])
    background = _triangulate(plane, outside)
    background = background[~_inside(plane[background].mean(axis=1), plane[FACE_OVAL])]
    eyes = [_fill(plane, ring, np.concatenate([ring, iris])) for ring, iris in zip(EYE_RINGS, IRIS, strict=True)]
    teeth = _fill(plane, MOUTH_OPENING, MOUTH_OPENING)
    return {"background": background, "teeth": teeth, "eyes": np.vstack(eyes), "skin": face_triangles()}


def _fill(plane: np.ndarray, outline: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    triangles = _triangulate(plane, vertices)
    return triangles[_inside(plane[triangles].mean(axis=1), plane[outline])]


def _triangulate(plane: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    from scipy.spatial import Delaunay

    return vertices[Delaunay(plane[vertices]).simplices]


def _inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Whether each point lies in the polygon: a ray to the right crosses its outline an odd number of times."""
    (x, y), (next_x, next_y) = polygon.T, np.roll(polygon, -1, axis=0).T
    px, py = points[:, :1], points[:, 1:]
    straddles = (y > py) != (next_y > py)
    crossing = x + (py - y) * (next_x - x) / np.where(next_y == y, np.inf, next_y - y)
    return (straddles & (px < crossing)).sum(axis=1) % 2 == 1

"""Pictures from vertices.

The triangles are painted far to near into an index image, each as its own number; then every pixel knows the affine
map of its triangle, and one look-up in the portrait fetches all colours.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from isc.simulate.camera import Camera
from isc.simulate.identity import Identity
from isc.simulate.motion import Motion
from isc.simulate.portrait import load_portrait
from isc.simulate.pose import face_vertices, project, teeth_vertices
from isc.simulate.topology import MOUTH_OPENING

FRAME_PER_BLOCK = 64  # frames posed together; memory does not grow with the length of the video
UNITS_PER_WIDTH = 2.75  # width of the picture, model units
EYE_HEIGHT = 0.44  # of the eyes from the top, share of the picture's height
SUBPIXEL_BITS = 4  # OpenCV paints polygons with corners at 1/16 pixel
SMALLEST_HEIGHT = 0.5  # px; thinner triangles are left to their neighbours, their texture would run away
MOUTH_COLOUR = (52, 22, 24)  # RGB of the dark behind the lips
LENS_BLUR = 0.55  # px, also hides the stairs at the edges of triangles
NOISE_POOL_MARGIN = 64  # px by which the stored noise picture is larger than a frame
WALL_STRIP = 8  # px at the left and right edge that show the wall
STREAM = 7  # keeps the camera's noise apart from the other draws


def render_frames(
    identity: Identity, motion: Motion, *, camera: Camera, seed: int, face_present: np.ndarray
) -> Iterator[np.ndarray]:
    """Frames of a viewer, one after the other.

    Parameters
    ----------
    identity : Identity
        The viewer.
    motion : Motion
        What moves in each of `time` frames.
    camera : Camera
        Size and noise of the picture; its rate is not used here.
    seed : int
        Key of the sensor's noise.
    face_present : numpy.ndarray
        (time,) bool; where False the frame shows the empty wall behind the viewer.

    Yields
    ------
    numpy.ndarray
        (height, width, 3) RGB, uint8, C order.

    Examples
    --------
    >>> import numpy as np
    >>> from isc.simulate.identity import make_identity
    >>> from isc.simulate.motion import move
    >>> viewer = make_identity(0)
    >>> motion = move(np.arange(3) / 15, {}, viewer, seed=0)
    >>> frames = render_frames(viewer, motion, camera=Camera(), seed=0, face_present=np.ones(3, bool))
    >>> next(frames).shape
    (216, 192, 3)
    """
    rng = np.random.default_rng([seed, identity.subject_index, STREAM])
    size = (camera.height + NOISE_POOL_MARGIN, camera.width + NOISE_POOL_MARGIN, 3)
    pool = np.rint(rng.normal(0, camera.noise, size)).astype(np.int16)
    offsets = rng.integers(0, NOISE_POOL_MARGIN, (len(motion.light), 2))
    for picture, present, light, (row, column) in zip(
        _pictures(identity, motion, camera), face_present, motion.light, offsets, strict=True
    ):
        clean = picture if present else _wall(picture)
        lit = (clean * np.float32(light)).astype(np.int16)
        lit += pool[row : row + camera.height, column : column + camera.width]
        yield np.clip(lit, 0, 255).astype(np.uint8)


def _pictures(identity: Identity, motion: Motion, camera: Camera) -> Iterator[np.ndarray]:
    """Pictures without noise; the vertices of a block of frames are computed together."""
    scale = identity.zoom * camera.width / UNITS_PER_WIDTH
    place = partial(project, scale=scale, centre=(camera.width / 2, camera.height * EYE_HEIGHT))
    teeth = teeth_vertices(identity)
    for start in range(0, len(motion.light), FRAME_PER_BLOCK):
        block = motion[start : start + FRAME_PER_BLOCK]
        if identity.mirrored:
            block = block.mirrored()
        face, eyes = face_vertices(identity, block)
        layers = {"face": face, "eyes": eyes, "teeth": teeth}
        projected = {name: place(vertices, block.head) for name, vertices in layers.items()}
        for frame in range(len(face)):
            picture = _paint(identity.image, {name: v[frame] for name, v in projected.items()}, camera)
            yield picture[:, ::-1] if identity.mirrored else picture


def _paint(image: np.ndarray, vertices: dict[str, np.ndarray], camera: Camera) -> np.ndarray:
    """One picture without noise from the portrait's image and the projected vertices of ``face, eyes, teeth``."""
    import cv2

    corners, triangles, n_background = _painting_order(vertices)
    mouth = vertices["face"][MOUTH_OPENING, :2]
    index = _index_image(corners, mouth, n_background, (camera.height, camera.width))
    maps = np.take(_texture_maps(corners, load_portrait().texture[triangles]), index, axis=0)
    x = np.arange(camera.width, dtype=np.float32)
    y = np.arange(camera.height, dtype=np.float32)[:, None]
    texture_x = maps[..., 0] * x + maps[..., 2] * y + maps[..., 4]
    texture_y = maps[..., 1] * x + maps[..., 3] * y + maps[..., 5]
    picture = cv2.remap(image, texture_x, texture_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    picture[index == len(corners)] = MOUTH_COLOUR
    return cv2.GaussianBlur(picture, (0, 0), LENS_BLUR)


def _painting_order(vertices: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, int]:
    """Corners (triangle, 3, 2) and vertices (triangle, 3) of all triangles, far to near in each layer.

    The third value is the number of triangles in the first layer, the background.
    """
    corners, triangles = [], []
    layers = {"background": "face", "teeth": "teeth", "eyes": "eyes", "skin": "face"}
    for layer, source in layers.items():
        layer_triangles = load_portrait().triangles[layer]
        points = vertices[source][layer_triangles]
        order = np.argsort(-points[..., 2].sum(axis=1), kind="stable")
        order = order[~_is_thin(points[order, :, :2])]
        triangles.append(layer_triangles[order])
        corners.append(points[order, :, :2])
    return np.concatenate(corners), np.concatenate(triangles), len(triangles[0])


def _is_thin(corners: np.ndarray) -> np.ndarray:
    sides = np.roll(corners, -1, axis=1) - corners
    longest = np.sqrt((sides**2).sum(axis=2)).max(axis=1)
    double_area = sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0]
    return np.abs(double_area) < SMALLEST_HEIGHT * longest


def _index_image(corners: np.ndarray, mouth: np.ndarray, n_background: int, shape: tuple[int, int]) -> np.ndarray:
    """Number of the triangle seen at each pixel; the number after the last triangle is the dark of the mouth."""
    import cv2

    index = np.zeros(shape, np.int32)
    fixed = np.rint(corners * 2**SUBPIXEL_BITS).astype(np.int32)
    opening = np.rint(mouth * 2**SUBPIXEL_BITS).astype(np.int32)
    fill = cv2.fillConvexPoly
    for number in range(n_background):
        fill(index, fixed[number], number, cv2.LINE_8, SUBPIXEL_BITS)
    cv2.fillPoly(index, [opening], len(corners), cv2.LINE_8, SUBPIXEL_BITS)
    for number in range(n_background, len(fixed)):
        fill(index, fixed[number], number, cv2.LINE_8, SUBPIXEL_BITS)
    return index


def _texture_maps(corners: np.ndarray, texture: np.ndarray) -> np.ndarray:
    """Affine map of every triangle from the picture to the portrait.

    Returns (triangle + 1, 6) float32: portrait x = c0 * x + c2 * y + c4, portrait y = c1 * x + c3 * y + c5. The
    last row stands for the dark of the mouth.
    """
    (ax, ay), (bx, by) = (corners[:, 1:] - corners[:, :1]).transpose(1, 2, 0)
    along_a, along_b = (texture[:, 1:] - texture[:, :1]).transpose(1, 0, 2)
    double_area = ax * by - ay * bx
    per_x = (by[:, None] * along_a - ay[:, None] * along_b) / double_area[:, None]
    per_y = (ax[:, None] * along_b - bx[:, None] * along_a) / double_area[:, None]
    origin = texture[:, 0] - per_x * corners[:, 0, :1] - per_y * corners[:, 0, 1:]
    maps = np.zeros((len(corners) + 1, 6), np.float32)
    maps[:-1] = np.concatenate([per_x, per_y, origin], axis=1)
    return maps


def _wall(picture: np.ndarray) -> np.ndarray:
    """The wall behind the viewer, from the colours at both edges of the upper half of the picture."""
    height, width = picture.shape[:2]
    left, right = (np.median(edge, axis=(0, 1)) for edge in _upper_edges(picture))
    share = np.linspace(0, 1, width)[:, None]
    row = left * (1 - share) + right * share
    return np.broadcast_to(np.rint(row).astype(np.uint8), picture.shape)


def _upper_edges(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    upper = picture[: len(picture) // 2]
    return upper[:, :WALL_STRIP], upper[:, -WALL_STRIP:]

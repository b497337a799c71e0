"""The face mesh: its triangles, edges, named regions, mirror symmetry and the study's own mean shape.

The topology is MediaPipe's; the coordinates are always the study's aligned landmarks (x to the right of the image,
y down the face, z towards the back of the head).

Left and right are the filmed person's own: in a video that is not mirrored, the left eye (vertex 263) has the
larger x. Vertices 468 to 477 are the irises and belong to no triangle.
"""

from functools import cache

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

N_VERTEX = 478  # with the irises
N_MESH_VERTEX = 468  # corners of triangles
MIRROR_ROUNDS = 20  # rounds of matching and fitting the plane; aligned faces settle in two or three

# Where the regions start, from the top of the face to its bottom: a connection set of MediaPipe, or vertices that
# stand for a part that MediaPipe does not name.
_SEEDS: dict[str, str | tuple[int, ...]] = {
    "oval": "FACE_LANDMARKS_FACE_OVAL",
    "forehead": (8, 9, 151, 108, 337, 69, 299, 104, 333, 68, 298),
    "brow_left": "FACE_LANDMARKS_LEFT_EYEBROW",
    "brow_right": "FACE_LANDMARKS_RIGHT_EYEBROW",
    "eye_left": "FACE_LANDMARKS_LEFT_EYE",
    "eye_right": "FACE_LANDMARKS_RIGHT_EYE",
    "nose": "FACE_LANDMARKS_NOSE",
    "cheek_left": (280, 425, 352, 346, 411, 427, 330, 347, 376),
    "cheek_right": (50, 205, 123, 117, 187, 207, 101, 118, 147),
    "mouth": "FACE_LANDMARKS_LIPS",
    "jaw": (
        *(58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288),  # the lower part of the oval
        *(214, 434, 211, 431, 32, 262, 208, 428, 199, 200, 175),
    ),
}


@cache
def triangles() -> np.ndarray:
    """Triangles of MediaPipe's face mesh; both eyes and the opening of the mouth are free.

    MediaPipe publishes its tesselation as directed edges; three consecutive edges walk round one triangle.

    Returns
    -------
    ndarray of int64, shape (852, 3), read-only
        Vertex numbers 0 to 467.

    Examples
    --------
    >>> triangles().shape
    (852, 3)
    """
    return _frozen(_connections("FACE_LANDMARKS_TESSELATION")[:, 0].reshape(-1, 3))


@cache
def edges() -> np.ndarray:
    """Edges of the face mesh, each once.

    Returns
    -------
    ndarray of int64, shape (1322, 2), read-only
        Smaller vertex number first, sorted.

    Examples
    --------
    >>> edges().shape
    (1322, 2)
    """
    corners = triangles()
    sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    return _frozen(np.unique(np.sort(sides, axis=1), axis=0))


@cache
def contours() -> np.ndarray:
    """Lines that make a face recognisable: MediaPipe's outlines of the face, eyes, brows and lips.

    Returns
    -------
    ndarray of int64, shape (124, 2), read-only
        Vertex numbers of both ends of every line.

    Examples
    --------
    >>> contours().shape
    (124, 2)
    """
    return _frozen(_connections("FACE_LANDMARKS_CONTOURS"))


def regions() -> dict[str, np.ndarray]:
    """Named parts of the face; every one of the 478 vertices belongs to exactly one.

    A vertex belongs to the part that it reaches over the fewest edges: eyes, brows, nose, mouth and oval start from
    MediaPipe's connection sets, cheeks, jaw and forehead from a few vertices. So "mouth" is the lips with the skin
    around them, and "oval" the outline above the jaw with the temples.

    Returns
    -------
    dict of str to ndarray of int64
        From the top of the face to its bottom: oval, forehead, brow_left, brow_right, eye_left, eye_right, nose,
        cheek_left, cheek_right, mouth, jaw; left and right are the filmed person's own.

    Examples
    --------
    >>> sum(len(vertices) for vertices in regions().values())
    478
    >>> bool(263 in regions()["eye_left"])
    True
    """
    hops = np.stack([_hops(seeds) for seeds in _SEEDS.values()])
    nearest = len(_SEEDS) - 1 - hops[::-1].argmin(axis=0)  # where two parts are equally near, the lower one
    nearest[468:473], nearest[473:] = list(_SEEDS).index("eye_right"), list(_SEEDS).index("eye_left")  # irises
    return {name: np.flatnonzero(nearest == number) for number, name in enumerate(_SEEDS)}


def region_of(vertex: ArrayLike) -> np.ndarray:
    """Names of the regions that vertices belong to.

    Parameters
    ----------
    vertex : int or array of int
        Vertex numbers, 0 to 477.

    Returns
    -------
    ndarray of str, same shape
        Names as in `regions`.

    Raises
    ------
    ValueError
        When a number is not a vertex of the mesh.

    Examples
    --------
    >>> region_of([263, 13]).tolist()
    ['eye_left', 'mouth']
    """
    numbers = np.asarray(vertex)
    if numbers.dtype.kind not in "iu" or numbers.size and (numbers.min() < 0 or numbers.max() >= N_VERTEX):
        raise ValueError(f"vertex numbers are whole numbers from 0 to {N_VERTEX - 1}; given {vertex!r:.80}")
    names = np.empty(N_VERTEX, dtype="<U11")
    for name, members in regions().items():
        names[members] = name
    return names[numbers]


def mean_shape(cube: xr.DataArray) -> xr.DataArray:
    """Mean face of a study: over time for each subject, then over subjects.

    Every subject counts the same, however many frames were lost. Frames and subjects with NaN are left out, vertex
    by vertex; a vertex that was never seen is NaN.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, vertex, space) in any order
        Aligned landmarks; ``subject`` may be missing (one recording).

    Returns
    -------
    DataArray ``shape``, dims (vertex, space), float64
        In the unit of the landmarks, which is kept in attrs["units"].

    Raises
    ------
    ValueError
        When a dim is missing.

    Examples
    --------
    >>> cube = xr.DataArray(np.ones((2, 5, 478, 3)), dims=("subject", "time", "vertex", "space"))
    >>> mean_shape(cube).sizes
    Frozen({'vertex': 478, 'space': 3})
    """
    missing = [dim for dim in ("time", "vertex", "space") if dim not in cube.dims]
    if missing:
        raise ValueError(f"landmarks need dims time, vertex and space; {', '.join(missing)} missing in {cube.dims}")
    shape = cube.mean("time", dtype=np.float64)
    if "subject" in shape.dims:
        shape = shape.mean("subject")
    kept = {key: value for key, value in cube.attrs.items() if key == "units"}
    return shape.transpose("vertex", "space").rename("shape").assign_attrs(kept)


def mirror_vertices(shape: xr.DataArray) -> np.ndarray:
    """Vertex on the other half of the face for every vertex; a vertex on the midline is its own mirror.

    The shape is reflected at a plane (first across x, through the mean), every vertex is matched with its nearest
    reflected vertex (one to one), the plane is fitted to the matched pairs, and so on until the matching stays the
    same: a face that is slightly turned or tilted is matched too.

    Parameters
    ----------
    shape : DataArray, dims (vertex, space)
        Mean shape; any unit, two or three axes with x first, no NaN.

    Returns
    -------
    ndarray of int64, shape (n_vertex,)
        A permutation that is its own inverse.

    Raises
    ------
    ValueError
        When dims differ or a coordinate is not finite.

    Examples
    --------
    >>> square = xr.DataArray([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]], dims=("vertex", "space"))
    >>> mirror_vertices(square).tolist()
    [1, 0, 2]
    """
    points = _finite_points(shape)
    normal, centre = np.eye(points.shape[1])[0], points.mean(axis=0)
    mirror = np.arange(len(points))
    for _ in range(MIRROR_ROUNDS):
        previous, mirror = mirror, _match(points, normal, centre)
        if (mirror == previous).all():
            break
        normal, centre = _mirror_plane(points, mirror, normal)
    return mirror


def _finite_points(shape: xr.DataArray) -> np.ndarray:
    if set(shape.dims) != {"vertex", "space"}:
        raise ValueError(f"a shape has dims vertex and space; given {shape.dims}")
    points = shape.transpose("vertex", "space").values.astype(np.float64)
    lost = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if lost.size:
        raise ValueError(f"vertex {lost[0]} has no position ({lost.size} in all); use a shape without NaN")
    return points


def _match(points: np.ndarray, normal: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Every vertex with the vertex nearest to its mirror image, so that the sum of squared distances is smallest."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    reflected = points - 2 * np.outer((points - centre) @ normal, normal)
    distance = cdist(reflected, points, "sqeuclidean")
    _, mirror = linear_sum_assignment(distance + distance.T)  # symmetric but for rounding
    return _paired(mirror)


def _paired(permutation: np.ndarray) -> np.ndarray:
    """The permutation with every cycle longer than two cut into pairs of neighbours (and one single, if odd)."""
    mirror = np.full(permutation.size, -1)
    for start in range(permutation.size):
        vertex = start
        while mirror[vertex] < 0:
            partner = permutation[vertex] if mirror[permutation[vertex]] < 0 else vertex
            mirror[vertex], mirror[partner] = partner, vertex
            vertex = permutation[partner]
    return mirror


def _mirror_plane(points: np.ndarray, mirror: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normal and a point of the plane that lies halfway between matched vertices."""
    across = points - points[mirror]
    across *= np.where(across @ normal < 0, -1.0, 1.0)[:, None]
    length = np.linalg.norm(across.sum(axis=0))
    fitted = across.sum(axis=0) / length if length > 0 else normal
    return fitted, ((points + points[mirror]) / 2).mean(axis=0)


def _hops(seeds: str | tuple[int, ...]) -> np.ndarray:
    """Fewest edges from every vertex to the nearest seed (N_VERTEX where there is no way)."""
    first, second = edges().T
    hops = np.full(N_VERTEX, N_VERTEX)
    hops[_connections(seeds).ravel() if isinstance(seeds, str) else list(seeds)] = 0
    while True:
        nearer = hops.copy()
        np.minimum.at(nearer, first, hops[second] + 1)
        np.minimum.at(nearer, second, hops[first] + 1)
        if (nearer == hops).all():
            return hops
        hops = nearer


def _connections(name: str) -> np.ndarray:
    """One of MediaPipe's connection sets as vertex numbers, shape (n_connection, 2)."""
    from mediapipe.tasks.python.vision import FaceLandmarksConnections

    return np.array([(edge.start, edge.end) for edge in getattr(FaceLandmarksConnections, name)], dtype=np.int64)


def _frozen(array: np.ndarray) -> np.ndarray:
    """The array made read-only: cached results are shared."""
    array.flags.writeable = False
    return array

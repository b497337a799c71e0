"""Which vertices are coupled: index arrays, never data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr


@dataclass(frozen=True)
class VertexPairs:
    """Pairs of vertices whose distance is a feature.

    Attributes
    ----------
    vertex_a, vertex_b : ndarray of int64, shape (n_pair,)
        Positions along dim ``vertex`` (on MediaPipe's mesh also the vertex numbers); a and b differ.
    region : tuple of str, length n_pair or 0
        A name for each pair, such as ``mouth`` or ``brow_left-eye_left``; empty when pairs have no regions.

    Examples
    --------
    >>> pairs = VertexPairs(np.array([61, 13]), np.array([291, 14]))
    >>> len(pairs)
    2
    """

    vertex_a: np.ndarray
    vertex_b: np.ndarray
    region: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        """Number of pairs."""
        return int(self.vertex_a.size)

    def coords(self) -> dict[str, xr.Variable]:
        """Coordinates of dim ``pair``: vertex_a, vertex_b and, when known, region."""
        coords = {
            "vertex_a": xr.Variable("pair", self.vertex_a, {"long_name": "first vertex of the pair"}),
            "vertex_b": xr.Variable("pair", self.vertex_b, {"long_name": "second vertex of the pair"}),
        }
        if self.region:
            coords["region"] = xr.Variable("pair", np.array(self.region))
        return coords


def vertex_pairs(
    vertices: xr.DataArray | int | Iterable[tuple[int, int]],
    *,
    regions: Mapping[str, np.ndarray] | None = None,
    between: bool = False,
    neighbours: np.ndarray | None = None,
    mirror: np.ndarray | None = None,
) -> VertexPairs:
    """Pairs of vertices: all, a given list, within or between regions, mesh neighbours, or mirror images.

    Parameters
    ----------
    vertices : DataArray with dim ``vertex``, int, or iterable of (int, int)
        Landmarks or the number of vertices n: all n (n - 1) / 2 pairs, in the order (0, 1), (0, 2), ...
        An iterable of pairs is taken as it stands.
    regions : mapping of name to vertices, optional
        Keep the pairs inside each region (a pair in several regions appears once, in the first of them).
    between : bool
        With `regions`: keep the pairs that join two different regions instead, named ``first-second``.
    neighbours : ndarray of int, shape (n_edge, 2), optional
        Keep these edges of a mesh only (`isc.mesh.edges`).
    mirror : ndarray of int, shape (n_vertex,), optional
        Keep each vertex with its mirror image on the other half of the face only (`isc.mesh.mirror_vertices`).

    Returns
    -------
    VertexPairs

    Raises
    ------
    ValueError
        When fewer than one pair results, a vertex is paired with itself, or an index is outside the mesh.

    Examples
    --------
    >>> len(vertex_pairs(468))
    109278
    >>> vertex_pairs([(61, 291), (13, 14)]).vertex_b.tolist()
    [291, 14]
    >>> vertex_pairs(468, regions={"mouth": np.array([61, 291, 13])}).region
    ('mouth', 'mouth', 'mouth')
    """
    n_vertex = _vertex_count(vertices)
    if neighbours is not None:
        edges = np.unique(np.sort(np.asarray(neighbours, dtype=np.int64), axis=1), axis=0)
        return _checked(VertexPairs(edges[:, 0], edges[:, 1]), n_vertex)
    if mirror is not None:
        image = np.asarray(mirror, dtype=np.int64)
        left = np.flatnonzero(np.arange(image.size) < image)
        return _checked(VertexPairs(left, image[left]), n_vertex)
    if regions is not None:
        return _checked(_between_regions(regions) if between else _within_regions(regions), n_vertex)
    if n_vertex is None:
        given = np.array([tuple(pair) for pair in vertices], dtype=np.int64).reshape(-1, 2)  # type: ignore[union-attr]
        return _checked(VertexPairs(given[:, 0].copy(), given[:, 1].copy()), None)
    first, second = np.triu_indices(n_vertex, 1)
    return _checked(VertexPairs(first.astype(np.int64), second.astype(np.int64)), n_vertex)


def _vertex_count(vertices: xr.DataArray | int | Iterable[tuple[int, int]]) -> int | None:
    if isinstance(vertices, xr.DataArray):
        return int(vertices.sizes["vertex"])
    return int(vertices) if isinstance(vertices, int | np.integer) else None


def _within_regions(regions: Mapping[str, np.ndarray]) -> VertexPairs:
    found: dict[tuple[int, int], str] = {}
    for name, vertices in regions.items():
        members = np.unique(np.asarray(vertices, dtype=np.int64))
        for a, b in zip(*(members[i] for i in np.triu_indices(members.size, 1)), strict=True):
            found.setdefault((int(a), int(b)), name)
    return _from_mapping(found)


def _between_regions(regions: Mapping[str, np.ndarray]) -> VertexPairs:
    found: dict[tuple[int, int], str] = {}
    names = list(regions)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            for a in np.setdiff1d(regions[first], regions[second]):
                for b in np.setdiff1d(regions[second], regions[first]):
                    found.setdefault((int(min(a, b)), int(max(a, b))), f"{first}-{second}")
    return _from_mapping(found)


def _from_mapping(found: Mapping[tuple[int, int], str]) -> VertexPairs:
    index = np.array(list(found), dtype=np.int64).reshape(-1, 2)
    return VertexPairs(index[:, 0].copy(), index[:, 1].copy(), tuple(found.values()))


def _checked(pairs: VertexPairs, n_vertex: int | None) -> VertexPairs:
    if len(pairs) == 0:
        raise ValueError("no vertex pair was selected; at least one is needed")
    same = np.flatnonzero(pairs.vertex_a == pairs.vertex_b)
    if same.size:
        raise ValueError(f"vertex {pairs.vertex_a[same[0]]} is paired with itself; a pair needs two vertices")
    largest = max(pairs.vertex_a.max(), pairs.vertex_b.max())
    if min(pairs.vertex_a.min(), pairs.vertex_b.min()) < 0 or (n_vertex is not None and largest >= n_vertex):
        limit = "" if n_vertex is None else f" and below {n_vertex}"
        raise ValueError(f"vertex numbers must be at least 0{limit}; the largest given is {largest}")
    return pairs

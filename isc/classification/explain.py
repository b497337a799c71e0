"""Why a clip was called what it was: exact shares of vertex pairs, vertices and regions in every decision.

The squared distance of two clips is a sum over features. For a clip x with nearest hit h (nearest training clip of its
class) and nearest miss m, feature p adds (x_p - m_p)^2 - (x_p - h_p)^2 to the margin d(x, m)^2 - d(x, h)^2: the parts
sum to the margin, nothing is approximated. A positive margin is a clip that 1-NN recognises.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.distance_space import ROW_FEATURES, DistanceSpace
from isc.mesh import N_VERTEX, regions

TRAINING_FEATURES = 1024  # features of all training clips that exist at a time
N_NEIGHBOUR = 5  # prototypes shown


def explain(
    space: DistanceSpace,
    clips: Sequence[Any],
    *,
    folds: xr.Dataset | xr.DataArray | None = None,
    n_component: int | None = None,
    parts: Mapping[str, np.ndarray] | None = None,
) -> xr.Dataset:
    """What each pair, vertex and region adds to the margin between the nearest miss and the nearest hit.

    Parameters
    ----------
    space : DistanceSpace
        Of pair distances, or of any features (then there are no vertices and regions).
    clips : sequence of str or int
        Names or positions of the clips to explain.
    folds : Dataset or DataArray, optional
        From `isc.cross_validate` or `make_folds` (first repeat): what each clip's training set is. By default all
        other clips.
    n_component : int, optional
        Explain 1-NN on principal components of the training clips: feature p adds z_p (VV'z)_p with V the
        components. Needs precision "double".
    parts : mapping of name to vertices, optional
        Regions; by default those of `isc.mesh.regions` when the mesh is MediaPipe's.

    Returns
    -------
    Dataset
        ``contribution`` (clip, feature); ``by_vertex`` (clip, vertex), half of each pair to either end;
        ``by_region`` (clip, region, other_region), pairs between two regions half to either cell; ``margin`` (clip),
        from the distances themselves. Each sums to the margin. Coords hit, miss, hit_subject, miss_subject,
        hit_label, miss_label (clip); vertex_a, vertex_b (feature). float64.

    Raises
    ------
    ValueError
        When a clip is not in the space, a clip has no hit or no miss to learn from, a vertex belongs to no region, or
        components are asked for in single precision.

    Examples
    --------
    >>> faces = np.random.default_rng(0).normal(size=(6, 5, 3))
    >>> coords = {"subject": ("clip", list("112233")), "label": ("clip", ["happy", "sad"] * 3)}
    >>> space = DistanceSpace(xr.DataArray(faces, dims=("clip", "vertex", "space"), coords=coords))
    >>> why = explain(space, [0])
    >>> bool(np.isclose(why["contribution"].sum(), why["margin"][0], rtol=1e-12))
    True
    """
    if n_component is not None and space.precision != "double":
        raise ValueError("components can be explained exactly in a space with precision='double' only")
    places = [_position(space, clip) for clip in clips]
    found = [_hit_and_miss(space, place, _training(space, place, folds), n_component) for place in places]
    contribution = np.stack([_shares(space, decision, n_component) for decision in found])
    margin = [_margin(space, decision, n_component) for decision in found]
    table = space.clips
    coords: dict[str, Any] = {"clip": table["clip"].to_numpy()[places]}
    for column in ("subject", "label"):
        coords[column] = ("clip", table[column].to_numpy()[places])
    for name in ("hit", "miss"):
        chosen = [getattr(decision, name) for decision in found]
        coords[name] = ("clip", table["clip"].to_numpy()[chosen])
        coords |= {f"{name}_{c}": ("clip", table[c].to_numpy()[chosen]) for c in ("subject", "label")}
    result = xr.Dataset({"contribution": (("clip", "feature"), contribution), "margin": ("clip", margin)}, coords)
    if not space.vertex_a.size:
        return result
    ends = {"vertex_a": ("feature", space.vertex_a), "vertex_b": ("feature", space.vertex_b)}
    return _on_the_face(result.assign_coords(ends), parts)


def _position(space: DistanceSpace, clip: Any) -> int:
    if isinstance(clip, int | np.integer) and 0 <= clip < len(space):
        return int(clip)
    found = np.flatnonzero(space.clips["clip"].to_numpy() == clip)
    if not found.size:
        raise ValueError(f"there is no clip {clip!r}; give names of column 'clip' or positions 0 to {len(space) - 1}")
    return int(found[0])


def _training(space: DistanceSpace, place: int, folds: xr.Dataset | xr.DataArray | None) -> np.ndarray:
    if folds is None:
        return np.flatnonzero(np.arange(len(space)) != place)
    fold = (folds["fold"] if isinstance(folds, xr.Dataset) else folds).transpose("repeat", "clip").values[0]
    if fold.size != len(space) or fold[place] < 0:
        raise ValueError(f"the folds do not test clip {space.clips['clip'][place]}; give those of this space")
    return np.flatnonzero(fold != fold[place])


class _Decision(NamedTuple):
    """A clip, its nearest hit and miss, and the training clips, by position."""

    clip: int
    hit: int
    miss: int
    train: np.ndarray


def _hit_and_miss(space: DistanceSpace, place: int, train: np.ndarray, n_component: int | None) -> _Decision:
    """The nearest hit and the nearest miss among the training clips."""
    labels = space.clips["label"].to_numpy()
    same = train[labels[train] == labels[place]]
    other = train[labels[train] != labels[place]]
    if not same.size or not other.size:
        raise ValueError(f"clip {space.clips['clip'][place]} has no training clip of its own or of another class")
    if n_component is None:
        here = np.array([place])
        return _Decision(place, int(space.nearest(here, same)[0, 0]), int(space.nearest(here, other)[0, 0]), train)
    scores = space.components(train, np.concatenate([[place], same, other]), n_component)
    distance = ((scores[1:] - scores[0]) ** 2).sum(axis=1)
    hit, miss = same[distance[: same.size].argmin()], other[distance[same.size :].argmin()]
    return _Decision(place, int(hit), int(miss), train)


def _margin(space: DistanceSpace, decision: _Decision, n_component: int | None) -> float:
    """Squared distance of the miss less that of the hit."""
    if n_component is None:
        ends = np.array([decision.hit, decision.miss])
        to_hit, to_miss = space.exact_squared_distances(decision.clip, ends)
        return float(to_miss - to_hit)
    own, of_hit, of_miss = space.components(decision.train, np.array(decision[:3]), n_component)
    return float(((own - of_miss) ** 2).sum() - ((own - of_hit) ** 2).sum())


def _shares(space: DistanceSpace, decision: _Decision, n_component: int | None) -> np.ndarray:
    """Part of the margin that every feature adds; features outside the used blocks add nothing."""
    share, used = np.zeros(space.n_feature), np.zeros(space.n_feature, dtype=bool)
    used[space.used] = True
    weights = None if n_component is None else _back_projection(space, decision, n_component)
    width = ROW_FEATURES if weights is None else TRAINING_FEATURES
    for first in range(0, space.n_feature, width):
        last = min(first + width, space.n_feature)
        own, of_hit, of_miss = space.rows(np.array(decision[:3]), first, last)
        gaps = np.stack([own - of_miss, own - of_hit])
        projected = gaps if weights is None else weights @ space.rows(decision.train, first, last)
        share[first:last] = gaps[0] * projected[0] - gaps[1] * projected[1]
    return np.where(used, share, 0.0)


def _back_projection(space: DistanceSpace, decision: _Decision, n_component: int) -> np.ndarray:
    """Weights (2, train) with which the training clips make VV'z, for z = x - m and z = x - h."""
    clip, hit, miss, train = decision
    basis, variance = space.component_weights(train, n_component)
    gaps = np.stack([space.gram[clip, train] - space.gram[other, train] for other in (miss, hit)])
    gaps -= gaps.mean(axis=1, keepdims=True)
    return ((gaps @ basis) / variance) @ basis.T


def _on_the_face(result: xr.Dataset, parts: Mapping[str, np.ndarray] | None) -> xr.Dataset:
    """Sums over the pairs at every vertex and between regions."""
    share, ends = result["contribution"].values, [result["vertex_a"].values, result["vertex_b"].values]
    n_vertex = int(max(end.max() for end in ends)) + 1
    at_vertex = np.stack([sum(np.bincount(end, row / 2, n_vertex) for end in ends) for row in share])
    result = result.assign(by_vertex=(("clip", "vertex"), at_vertex))
    if parts is None:
        if n_vertex > N_VERTEX or n_vertex < N_VERTEX - 10:
            return result
        parts = regions()
    names, number = list(parts), np.full(n_vertex, -1)
    for index, vertices in enumerate(parts.values()):
        inside = np.asarray(vertices)
        number[inside[inside < n_vertex]] = index
    if (number[np.unique(np.concatenate(ends))] < 0).any():
        raise ValueError("a vertex of the pairs belongs to no region; give parts that cover all of them")
    cells = np.zeros((len(share), len(names), len(names)))
    for row, values in zip(cells, share, strict=True):
        np.add.at(row, (number[ends[0]], number[ends[1]]), values / 2)
        np.add.at(row, (number[ends[1]], number[ends[0]]), values / 2)
    result = result.assign(by_region=(("clip", "region", "other_region"), cells))
    return result.assign_coords(region=names, other_region=names)


def prototypes(
    space: DistanceSpace,
    clips: Sequence[Any],
    *,
    folds: xr.Dataset | xr.DataArray | None = None,
    n_neighbour: int = N_NEIGHBOUR,
) -> pd.DataFrame:
    """The training clips nearest to each clip, and who shows what in them.

    Parameters
    ----------
    space : DistanceSpace
        Any.
    clips : sequence of str or int
        Names or positions.
    folds : Dataset or DataArray, optional
        As in `explain`.
    n_neighbour : int
        Clips shown for each.

    Returns
    -------
    DataFrame
        Columns clip, rank, neighbour, subject, label, distance (not squared), same_subject, same_label.

    Examples
    --------
    >>> coords = {"subject": ("clip", list("1122")), "label": ("clip", ["happy", "sad"] * 2)}
    >>> data = xr.DataArray([[0.0], [5.0], [1.0], [6.0]], dims=("clip", "feature"), coords=coords)
    >>> prototypes(DistanceSpace(data), [0], n_neighbour=1)[["neighbour", "distance", "same_label"]].values.tolist()
    [['2', 1.0, True]]
    """
    table, rows = space.clips, []
    for place in (_position(space, clip) for clip in clips):
        near = space.nearest(np.array([place]), _training(space, place, folds), n_neighbour)[0]
        distance = np.sqrt(space.exact_squared_distances(place, near))
        own = table.iloc[place]
        for rank, (neighbour, far) in enumerate(zip(near, distance, strict=True), start=1):
            other = table.iloc[neighbour]
            rows.append(
                {
                    "clip": own["clip"],
                    "rank": rank,
                    "neighbour": other["clip"],
                    "subject": other["subject"],
                    "label": other["label"],
                    "distance": float(far),
                    "same_subject": bool(other["subject"] == own["subject"]),
                    "same_label": bool(other["label"] == own["label"]),
                }
            )
    return pd.DataFrame(rows)

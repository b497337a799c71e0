"""What a distance space is made from: checks of the data, the pairs, the blocks and the references."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.sources import FeatureSource, Matrix, PairDistances, scaled_meshes

REFERENCES = ("template", "grand_mean", "subject_mean", "subject_neutral")


def check_finite(data: xr.DataArray, names: np.ndarray) -> None:
    """Raise a ValueError that names the first clip with a value that is not finite."""
    if data.dtype.kind not in "fiub":
        raise ValueError(f"features are {data.dtype}, not numbers")
    others = [dim for dim in data.dims if dim != "clip"]
    lost = ~np.isfinite(data.transpose("clip", *others).values).reshape(len(names), -1).all(axis=1)
    if lost.any():
        raise ValueError(
            f"clip {names[lost][0]} has values that are not finite ({int(lost.sum())} such clips in all); leave these "
            "clips out or fill the gaps: a distance to nowhere is none"
        )


def pairs_of(data: xr.DataArray, pairs: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both vertices of every pair; empty for features that are no meshes."""
    if "vertex" not in data.dims:
        if pairs is not None:
            raise ValueError("pairs are of the vertices of meshes; these are features without dim vertex")
        empty = np.empty(0, dtype=np.int64)
        return empty, empty
    n_vertex = data.sizes["vertex"]
    if pairs is None:
        first, second = np.triu_indices(min(n_vertex, 468), 1)
        return first.astype(np.int64), second.astype(np.int64)
    ends = (pairs.vertex_a, pairs.vertex_b) if hasattr(pairs, "vertex_a") else pairs
    first, second = (np.asarray(end, dtype=np.int64) for end in ends)
    if first.size == 0 or first.shape != second.shape or min(first.min(), second.min()) < 0:
        raise ValueError("pairs are two arrays of as many vertices, at least one pair, none negative")
    if max(first.max(), second.max()) >= n_vertex:
        raise ValueError(
            f"the meshes have vertices 0 to {n_vertex - 1}; a pair asks for {max(first.max(), second.max())}"
        )
    return first, second


def source_of(data: xr.DataArray, vertex_a: np.ndarray, vertex_b: np.ndarray, scale: str) -> FeatureSource:
    """Where the features come from, by the dims of the data."""
    if set(data.dims) == {"clip", "vertex", "space"}:
        return PairDistances(scaled_meshes(data, scale), vertex_a, vertex_b)
    if set(data.dims) == {"clip", "feature"}:
        if scale != "none":
            raise ValueError(f"scale={scale!r} needs meshes; features without dim vertex are taken as they are")
        return Matrix(data.transpose("clip", "feature").values)
    raise ValueError(f"dims must be (clip, vertex, space) or (clip, feature); given {tuple(map(str, data.dims))}")


def checked_blocks(blocks: Sequence[str] | None, n_feature: int) -> np.ndarray | None:
    """Name of the block of every feature; None for a single block."""
    if blocks is None:
        return None
    if len(blocks) != n_feature:
        raise ValueError(f"blocks name {len(blocks)} features and there are {n_feature}; give a name for each")
    return np.asarray(blocks, dtype=str)


def reference_clips(clips: pd.DataFrame, reference: str, neutral: str) -> Mapping[int, np.ndarray] | None:
    """Clips whose mean is subtracted from each clip; None where all clips have the same reference."""
    if reference not in REFERENCES:
        raise ValueError(f"reference must be one of {REFERENCES}; given {reference!r}")
    if reference in ("template", "grand_mean"):
        return None
    subject = clips["subject"].to_numpy()
    chosen = np.ones(len(clips), dtype=bool) if reference == "subject_mean" else (clips["label"] == neutral).to_numpy()
    without = sorted(set(subject) - set(subject[chosen]))
    if without:
        raise ValueError(f"subject {without[0]} has no clip labelled {neutral!r}; choose another reference or label")
    members = {name: np.flatnonzero((subject == name) & chosen) for name in np.unique(subject)}
    return {clip: members[name] for clip, name in enumerate(subject)}


def centring_matrix(reference: Mapping[int, np.ndarray] | None) -> np.ndarray | None:
    """Matrix that subtracts each clip's reference from its features, applied to both sides of a Gram matrix."""
    if reference is None:
        return None
    centring = np.eye(len(reference))
    for clip, members in reference.items():
        centring[clip, members] -= 1 / members.size
    return centring

"""From the recordings of labelled clips to one mesh or one row of features a clip."""

import warnings
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.clips import check_clips
from isc.classification.sources import OUTER_EYE_CORNERS

Statistic = Literal["mean", "sd", "apex", "range"]
STATISTICS = ("mean", "sd", "apex", "range")
KINDS = ("positions", "distances", "blendshapes")
REFERENCES = ("none", "template", "grand_mean", "subject_mean", "subject_neutral")
Recordings = Iterable[xr.DataArray | xr.Dataset]
PAIR_BLOCK = 4096  # pairs whose distances in all frames of a clip exist at a time


def clip_meshes(
    recordings: Recordings,
    clips: pd.DataFrame,
    *,
    statistic: Statistic = "mean",
    scale: Literal["interocular", "none"] = "none",
) -> xr.DataArray:
    """One mesh a clip: the mean of its frames, its apex, or the spread of every coordinate.

    Parameters
    ----------
    recordings : iterable of DataArray or Dataset, dims (time, vertex, space)
        Landmarks of each clip, without head movement (`isc.align_faces`); of a Dataset the variable ``landmarks``.
        Read one after the other, so a generator may load them. Frames with NaN are left out.
    clips : DataFrame
        A row a recording, in the same order: clip, subject, label and whatever else is known.
    statistic : {"mean", "sd", "apex", "range"}
        "apex": the frame that departs most (sum of squares over vertices) from the clip's first frame with a face.
        "sd" (n - 1) and "range": of every coordinate over time.
    scale : {"none", "interocular"}
        "interocular": in units of the clip's mean distance of the outer eye corners.

    Returns
    -------
    DataArray ``mesh``, dims (clip, vertex, space), float32
        Coords: the columns of `clips`, and ``n_frame``, frames with a face. NaN: a clip in which no face was found.

    Raises
    ------
    ValueError
        For an unknown choice, an unusable table, another number of recordings, or other dims or vertices.

    Warns
    -----
    UserWarning
        When a clip has no frame with a face.

    Examples
    --------
    >>> faces = [xr.DataArray(np.full((4, 5, 3), k), dims=("time", "vertex", "space")) for k in (1.0, 2.0)]
    >>> clips = pd.DataFrame({"clip": ["a", "b"], "subject": ["1", "2"], "label": ["happy", "sad"]})
    >>> clip_meshes(faces, clips)[1, 0].values.tolist()
    [2.0, 2.0, 2.0]
    """
    _check_choice("statistic", statistic, STATISTICS)
    _check_choice("scale", scale, ("interocular", "none"))
    rows, counts, shape = [], [], None
    for frames in _each(recordings, clips, "landmarks", ("time", "vertex", "space")):
        shape = _same_shape(shape, frames.shape[1:])
        seen = _scaled(frames[np.isfinite(frames).all(axis=(1, 2))], scale)
        rows.append(_over_time(seen, statistic))
        counts.append(len(seen))
    _warn_of_faceless(clips, counts)
    coords = _coords(clips, counts) | {"vertex": np.arange(rows[0].shape[0])}
    attrs = {"statistic": statistic, "scale": scale}
    return xr.DataArray(np.stack(rows).astype(np.float32), coords, ("clip", "vertex", "space"), "mesh", attrs)


def clip_features(
    recordings: Recordings,
    clips: pd.DataFrame,
    *,
    of: Literal["positions", "distances", "blendshapes"] = "distances",
    statistic: Statistic = "mean",
    reference: Literal["none", "template", "grand_mean", "subject_mean", "subject_neutral"] = "none",
    template: xr.DataArray | None = None,
    neutral: str = "neutral",
    scale: Literal["interocular", "none"] = "none",
    pairs: Any = None,
) -> xr.DataArray:
    """One row of features a clip, from vertex positions, distances of vertex pairs, or blendshapes.

    A row of all 109,278 pairs takes 0.4 MB a clip; `isc.DistanceSpace` needs the meshes of `clip_meshes` only.

    Parameters
    ----------
    recordings : iterable of DataArray or Dataset
        As in `clip_meshes`; for blendshapes dims (time, blendshape), of a Dataset the variable ``blendshapes``.
    clips : DataFrame
        As in `clip_meshes`.
    of : {"distances", "positions", "blendshapes"}
        "distances" with statistic "mean" or "apex" are those of the mean mesh or the apex mesh (as published); with
        "sd" or "range", of the distances over time.
    statistic : {"mean", "sd", "apex", "range"}
        As in `clip_meshes`.
    reference : {"none", "template", "grand_mean", "subject_mean", "subject_neutral"}
        What is subtracted from each clip's row: the template's features, or the mean of the rows of all clips, of the
        subject's, or of the subject's clips labelled `neutral`. The subject's own means use unlabelled (or neutral)
        clips of the person who is tested: say so in the paper.
    template : DataArray, dims (vertex, space) or (blendshape,), optional
        For reference "template": the face at rest.
    neutral : str
        Label of neutral clips.
    scale : {"none", "interocular"}
        As in `clip_meshes`; not for blendshapes.
    pairs : VertexPairs or (array of int, array of int), optional
        Both vertices of every pair; by default all pairs of the first 468 vertices.

    Returns
    -------
    DataArray ``features``, dims (clip, feature), float32
        Coords: the columns of `clips` and ``n_frame`` (clip); ``vertex_a``, ``vertex_b``, or ``vertex``, ``axis``, or
        ``blendshape`` (feature). NaN: a clip in which no face was found.

    Raises
    ------
    ValueError
        As `clip_meshes`; when the template is missing or does not fit, or a subject has no neutral clip.

    Warns
    -----
    UserWarning
        When a clip has no frame with a face.

    Examples
    --------
    >>> face = np.zeros((4, 3, 3))
    >>> face[:, 1, 0], face[:, 2, 1] = 3.0, 4.0
    >>> clips = pd.DataFrame({"clip": ["a"], "subject": ["1"], "label": ["happy"]})
    >>> clip_features([xr.DataArray(face, dims=("time", "vertex", "space"))], clips).values.tolist()
    [[3.0, 4.0, 5.0]]
    """
    _check_choice("of", of, KINDS)
    _check_choice("statistic", statistic, STATISTICS)
    _check_choice("reference", reference, REFERENCES)
    if of == "blendshapes" and scale != "none":
        raise ValueError("blendshapes have no unit to scale; use scale='none'")
    rows, counts, shape = [], [], None
    name, dims = (
        ("blendshapes", ("time", "blendshape")) if of == "blendshapes" else ("landmarks", ("time", "vertex", "space"))
    )
    for frames in _each(recordings, clips, name, dims):
        shape = _same_shape(shape, frames.shape[1:])
        seen = frames[np.isfinite(frames).reshape(len(frames), -1).all(axis=1)]
        rows.append(_row(_scaled(seen, scale), of, statistic, pairs))
        counts.append(len(seen))
    _warn_of_faceless(clips, counts)
    values = np.stack(rows)
    if reference != "none":
        values = values - _reference_rows(values, clips, reference, neutral, _template_row(template, of, pairs))
    attrs = {"of": of, "statistic": statistic, "reference": reference, "scale": scale}
    coords = _coords(clips, counts) | _feature_coords(of, shape, pairs)
    return xr.DataArray(values.astype(np.float32), coords, ("clip", "feature"), "features", attrs)


def _check_choice(name: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise ValueError(f"{name} must be one of {known}; given {given!r}")


def _each(recordings: Recordings, clips: pd.DataFrame, name: str, dims: tuple[str, ...]) -> Iterable[np.ndarray]:
    """Values (time, ...) of every recording in float64, checked against the table."""
    check_clips(clips)
    number = 0
    for number, recording in enumerate(recordings, start=1):
        array = recording[name] if isinstance(recording, xr.Dataset) else recording
        if set(array.dims) != set(dims):
            raise ValueError(f"recording {number} needs dims {dims}; given {tuple(map(str, array.dims))}")
        if number > len(clips):
            break
        yield array.transpose(*dims).values.astype(np.float64)
    if number != len(clips):
        raise ValueError(f"the table has {len(clips)} clips and there are {number} recordings or more; give one a row")


def _same_shape(known: tuple[int, ...] | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    if known is not None and known != shape:
        raise ValueError(f"all recordings need the same vertices or blendshapes; given {known} and {shape}")
    return shape


def _scaled(frames: np.ndarray, scale: str) -> np.ndarray:
    if scale == "none" or not len(frames):
        return frames
    if frames.shape[1] <= max(OUTER_EYE_CORNERS):
        raise ValueError(f"scale='interocular' needs vertices {OUTER_EYE_CORNERS}; there are {frames.shape[1]}")
    left, right = (frames[:, vertex] for vertex in OUTER_EYE_CORNERS)
    return frames / np.sqrt(((right - left) ** 2).sum(axis=1)).mean()


def _over_time(frames: np.ndarray, statistic: str) -> np.ndarray:
    """Statistic over the first axis; NaN without frames, and the sd of one frame."""
    if not len(frames) or (statistic == "sd" and len(frames) < 2):
        return np.full(frames.shape[1:], np.nan)
    if statistic == "apex":
        departure = ((frames - frames[0]) ** 2).reshape(len(frames), -1).sum(axis=1)
        return frames[departure.argmax()]
    how: dict[str, Callable[..., np.ndarray]] = {"mean": np.mean, "sd": np.std, "range": np.ptp}
    return how[statistic](frames, axis=0, **({"ddof": 1} if statistic == "sd" else {}))


def _row(frames: np.ndarray, of: str, statistic: str, pairs: Any) -> np.ndarray:
    if of != "distances":
        return _over_time(frames, statistic).ravel()
    if statistic in ("mean", "apex"):
        return _distances(_over_time(frames, statistic)[None], pairs)[0]
    first, second = _ends(frames.shape[1], pairs)
    parts = [slice(start, start + PAIR_BLOCK) for start in range(0, first.size, PAIR_BLOCK)]
    return np.concatenate([_over_time(_distances(frames, (first[p], second[p])), statistic) for p in parts])


def _distances(meshes: np.ndarray, pairs: Any) -> np.ndarray:
    first, second = _ends(meshes.shape[1], pairs)
    gap = meshes[:, first] - meshes[:, second]
    return np.sqrt((gap**2).sum(axis=-1))


def _ends(n_vertex: int, pairs: Any) -> tuple[np.ndarray, np.ndarray]:
    if pairs is None:
        return np.triu_indices(min(n_vertex, 468), 1)
    first, second = (pairs.vertex_a, pairs.vertex_b) if hasattr(pairs, "vertex_a") else pairs
    return np.asarray(first), np.asarray(second)


def _template_row(template: xr.DataArray | None, of: str, pairs: Any) -> np.ndarray | None:
    if template is None:
        return None
    dims = ("blendshape",) if of == "blendshapes" else ("vertex", "space")
    if set(template.dims) != set(dims):
        raise ValueError(f"the template needs dims {dims}; given {tuple(map(str, template.dims))}")
    values = template.transpose(*dims).values.astype(np.float64)
    return _distances(values[None], pairs)[0] if of == "distances" else values.ravel()


def _reference_rows(
    rows: np.ndarray, clips: pd.DataFrame, reference: str, neutral: str, template: np.ndarray | None
) -> np.ndarray:
    """What is subtracted from each row."""
    if reference == "template":
        if template is None or template.size != rows.shape[1]:
            raise ValueError(
                "reference='template' needs template=, a face at rest with the same vertices or blendshapes"
            )
        return template
    if reference == "grand_mean":
        return np.nanmean(rows, axis=0)
    subject = clips["subject"].astype(str).to_numpy()
    counted = np.ones(len(rows), bool) if reference == "subject_mean" else (clips["label"] == neutral).to_numpy()
    result = np.empty_like(rows)
    for name in np.unique(subject):
        own = (subject == name) & counted & np.isfinite(rows).all(axis=1)
        if not own.any():
            raise ValueError(
                f"subject {name} has no usable clip labelled {neutral!r} to refer to; use another reference"
            )
        result[subject == name] = rows[own].mean(axis=0)
    return result


def _warn_of_faceless(clips: pd.DataFrame, counts: list[int]) -> None:
    faceless = clips["clip"].to_numpy()[np.array(counts) == 0]
    if faceless.size:
        warnings.warn(
            f"no face was found in clip {faceless[0]} ({faceless.size} in all); its features are NaN", stacklevel=3
        )


def _coords(clips: pd.DataFrame, counts: list[int]) -> dict[str, Any]:
    columns = {str(name): ("clip", column.to_numpy()) for name, column in clips.items()}
    return columns | {"n_frame": ("clip", np.array(counts))}


def _feature_coords(of: str, shape: tuple[int, ...] | None, pairs: Any) -> dict[str, Any]:
    assert shape is not None  # a table with rows was read
    if of == "blendshapes":
        return {"blendshape": ("feature", np.arange(shape[0]))}
    if of == "positions":
        vertex, axis = np.indices(shape).reshape(2, -1)
        return {"vertex": ("feature", vertex), "axis": ("feature", np.array(list("xyz"))[axis])}
    first, second = _ends(shape[0], pairs)
    return {"vertex_a": ("feature", first), "vertex_b": ("feature", second)}

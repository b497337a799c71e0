"""Quality of a face recording in one table row: what was lost, how it moved, whether it is one living person."""

import numpy as np
import pandas as pd
import xarray as xr

NEEDED = ("landmarks", "head_pose", "detected", "n_face")
OUTER_EYE_CORNERS = (33, 263)
NOSE_BRIDGE = (168, 6, 197, 195)  # moved by the head, hardly by expressions
# Eye corners, nose, temples, forehead, cheekbones: their distances tell faces apart and hardly follow expressions.
RIGID = (33, 133, 362, 263, 168, 6, 2, 4, 10, 127, 356, 234, 454)
GAUSSIAN_SD_PER_MAD = 1.4826
NOISE_GAIN = np.sqrt(6.0)  # standard deviation of x[t-1] - 2 x[t] + x[t+1] for white noise of sd 1
EVEN_INTERVAL = 1.5  # median intervals; frames farther apart are not neighbours
FROZEN = 0.5  # seconds without any change of any landmark
SUDDEN = 0.2  # seconds averaged before and after a change of the face's shape
LEAST_AVERAGED = 3  # frames
SHAPE_CHANGE = 0.042  # RMS change of log distances; the largest in 4 min of two talking people was 0.039
CENTRE_JUMP = 1.0  # face sizes ...
JUMP_TIME = 1.0  # ... within so many seconds


def face_quality(recording: xr.Dataset) -> pd.DataFrame:
    """Quality of one participant's recording, as a row of the quality table.

    Parameters
    ----------
    recording : Dataset
        ``landmarks`` (time, vertex, space) in pixels, ``head_pose`` (time, row, column), coords ``detected`` (time)
        and ``n_face`` (time), as `isc.io.face.track_face_video` gives them. NaN rows are frames without the face.

    Returns
    -------
    DataFrame
        One row. NaN where a value needs more frames with a face than there are.

        - ``subject``: label.
        - ``n_frame``: frames.
        - ``duration_s``: from the first frame to the last.
        - ``detected_share``: share of frames with the participant's face.
        - ``n_gap``: stretches of frames without it.
        - ``longest_gap_s``: of these, from the first frame without to the next one with the face.
        - ``second_face_share``: share of frames with more than one face.
        - ``n_identity_switch``: places where the tracker may have taken another person: the distances within the
          face change by more than 4.2 % (RMS; 0.2 s before against 0.2 s after), or its centre jumps by more than
          its size within a second. People of like features are not told apart.
        - ``n_frozen``: stretches of 0.5 s or more in which no landmark changes at all.
        - ``frozen_s``: their total.
        - ``jitter_iod``: standard deviation of the noise of the nose bridge in x and y, in inter-ocular distances,
          from second differences of neighbouring frames: what changes from frame to frame, not the head's motion.
        - ``head_speed_deg_s``: median speed of the head's rotation, tracking noise included.
        - ``nominal_rate_hz``: frames per second that the recording declares.
        - ``median_rate_hz``: one over the median interval between frames.
        - ``shortest_interval_s``, ``longest_interval_s``: between frames.

    Raises
    ------
    ValueError
        When a part of the recording is missing.

    Examples
    --------
    >>> n = 50
    >>> recording = xr.Dataset(
    ...     {
    ...         "landmarks": (("time", "vertex", "space"), np.full((n, 478, 3), np.nan)),
    ...         "head_pose": (("time", "row", "column"), np.full((n, 4, 4), np.nan)),
    ...     },
    ...     coords={
    ...         "time": np.arange(n) / 25,
    ...         "detected": ("time", np.zeros(n, bool)),
    ...         "n_face": ("time", np.zeros(n, np.uint8)),
    ...         "subject": "01",
    ...     },
    ...     attrs={"rate_hz": 25.0},
    ... )
    >>> face_quality(recording)[["subject", "detected_share", "longest_gap_s"]].values.tolist()
    [['01', 0.0, 2.0]]
    """
    _check(recording)
    time = recording["time"].values.astype(np.float64)
    detected = recording["detected"].values
    landmarks = recording["landmarks"].transpose("time", "vertex", "space").values
    row = {
        "subject": str(recording["subject"].item()) if "subject" in recording.coords else "",
        "n_frame": time.size,
        "duration_s": time[-1] - time[0],
        "detected_share": detected.mean(),
        **_gaps(time, detected),
        "second_face_share": (recording["n_face"].values > 1).mean(),
        "n_identity_switch": _identity_switches(time[detected], landmarks[detected]),
        **_frozen(time, landmarks),
        "jitter_iod": _jitter(time, landmarks),
        "head_speed_deg_s": _head_speed(time, recording["head_pose"].transpose("time", "row", "column").values),
        "nominal_rate_hz": recording.attrs.get("rate_hz", np.nan),
        **_intervals(time),
    }
    return pd.DataFrame([row])


def _check(recording: xr.Dataset) -> None:
    missing = [name for name in NEEDED if name not in recording.variables]
    if missing or recording.sizes.get("time", 0) == 0:
        raise ValueError(
            f"a recording needs {', '.join(NEEDED)} at one time or more; "
            f"{', '.join(missing) if missing else 'times'} missing: track the video again"
        )


def _typical_interval(time: np.ndarray) -> float:
    return float(np.median(np.diff(time))) if time.size > 1 else np.nan


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """First and one-past-last position of every stretch of True."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _gaps(time: np.ndarray, detected: np.ndarray) -> dict[str, float]:
    end = time[-1] + np.nan_to_num(_typical_interval(time))
    stops = np.append(time, end)
    lengths = [stops[stop] - time[start] for start, stop in _runs(~detected)]
    return {"n_gap": len(lengths), "longest_gap_s": max(lengths, default=0.0)}


def _frozen(time: np.ndarray, landmarks: np.ndarray) -> dict[str, float]:
    """Stretches of equal landmarks; frames are compared one by one to spare the memory of a second recording."""
    equal = [np.array_equal(after, before) for before, after in zip(landmarks[:-1], landmarks[1:], strict=True)]
    lengths = [time[stop] - time[start] for start, stop in _runs(np.array(equal, bool))]
    frozen = [length for length in lengths if length >= FROZEN]
    return {"n_frozen": len(frozen), "frozen_s": sum(frozen, 0.0)}


def _jitter(time: np.ndarray, landmarks: np.ndarray) -> float:
    left, right = (landmarks[:, corner] for corner in OUTER_EYE_CORNERS)
    inter_ocular = _median(np.linalg.norm(left - right, axis=-1))
    near = np.diff(time) <= EVEN_INTERVAL * _typical_interval(time)
    bends = np.diff(landmarks[:, NOSE_BRIDGE, :2].astype(np.float64), n=2, axis=0)[near[1:] & near[:-1]]
    spread = np.array([_median(np.abs(bends[:, :, axis])) for axis in (0, 1)])
    return float(np.sqrt((spread**2).mean()) * GAUSSIAN_SD_PER_MAD / NOISE_GAIN / inter_ocular)


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else np.nan


def _head_speed(time: np.ndarray, head_pose: np.ndarray) -> float:
    """Median angle between the rotations of neighbouring frames over the time between them."""
    rotation = head_pose[:, :3, :3].astype(np.float64)
    size = np.linalg.norm(rotation, axis=(1, 2)) / np.sqrt(3)  # the matrix may carry a scale
    cosine = (np.einsum("tij,tij->t", rotation[1:], rotation[:-1]) / (size[1:] * size[:-1]) - 1) / 2
    degrees = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return _median(degrees / np.diff(time))


def _intervals(time: np.ndarray) -> dict[str, float]:
    intervals = np.diff(time) if time.size > 1 else np.array([np.nan])
    return {
        "median_rate_hz": 1 / np.median(intervals),
        "shortest_interval_s": intervals.min(),
        "longest_interval_s": intervals.max(),
    }


def _identity_switches(time: np.ndarray, landmarks: np.ndarray) -> int:
    """Places of a sudden change of shape or centre; those within a second of one another count once."""
    if time.size < 2:
        return 0
    sudden = (_shape_change(time, landmarks) > SHAPE_CHANGE) | _jumps(time, landmarks)
    places = time[1:][sudden]
    return int(places.size > 0) + int((np.diff(places) > JUMP_TIME).sum())


def _shape_change(time: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """RMS difference of mean log distances before and after each pair of neighbours; scale and pose drop out."""
    points = landmarks[:, RIGID].astype(np.float64)
    first, second = np.triu_indices(len(RIGID), k=1)
    shape = np.log(np.linalg.norm(points[:, first] - points[:, second], axis=-1))
    shape -= shape.mean(axis=1, keepdims=True)
    n_averaged = max(LEAST_AVERAGED, round(SUDDEN / _typical_interval(time)))
    total = np.concatenate([np.zeros((1, first.size)), np.cumsum(shape, axis=0)])
    change = np.zeros(time.size - 1)
    place = np.arange(n_averaged, time.size - n_averaged + 1)
    step = (total[place + n_averaged] - 2 * total[place] + total[place - n_averaged]) / n_averaged
    change[place - 1] = np.sqrt((step**2).mean(axis=1))
    return change


def _jumps(time: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    flat = landmarks[:, :, :2]
    way = np.linalg.norm(np.diff(flat.mean(axis=1), axis=0), axis=-1)
    size = np.ptp(flat, axis=1).mean(axis=-1)[:-1]
    return (way > CENTRE_JUMP * size) & (np.diff(time) <= JUMP_TIME)

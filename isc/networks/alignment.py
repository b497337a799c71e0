"""Two recordings of one sentence put on one clock: by the phones of their TextGrids, or by their meshes."""

import re
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

LARGEST_FILE = 16 * 2**20  # bytes of a TextGrid
_TOKEN = re.compile(r'"((?:[^"]|"")*)"|<exists>|(-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)')


class Phones(NamedTuple):
    """Phones of a recording, in their order.

    Attributes
    ----------
    start, stop : ndarray of float, shape (phone,)
        Seconds.
    label : list of str
    """

    start: np.ndarray
    stop: np.ndarray
    label: list[str]


def read_textgrid(path: Path | str, *, tier: str = "phones") -> Phones:
    """An interval tier of a Praat TextGrid, in the long or the short text format.

    Parameters
    ----------
    path : path
        UTF-8 or UTF-16 text.
    tier : str
        Name of the tier.

    Returns
    -------
    Phones
        Empty labels are silence and are kept.

    Raises
    ------
    ValueError
        When the file is larger than 16 MiB, is no TextGrid, has no such tier of intervals, or ends too early.

    References
    ----------
    Boersma & Weenink, Praat manual, "TextGrid file formats".

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.TextGrid"
    >>> words = ['"ooTextFile"', '"TextGrid"', "0 1 <exists> 1", '"IntervalTier" "phones" 0 1 2', '0 0.4 "a" 0.4 1 "b"']
    >>> _ = path.write_text(" ".join(words))
    >>> read_textgrid(path).label
    ['a', 'b']
    """
    path = Path(path)
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"{path.name} is larger than {LARGEST_FILE >> 20} MiB; give the TextGrid of one recording")
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is neither UTF-8 nor UTF-16 text; save it so") from error
    # The long format says "xmin = 0" where the short one says "0": quoted words and numbers are the same in both.
    text = re.sub(r"(item|intervals|points) *\[\d*\]|intervals: size", " ", text)
    tokens = [match.group(1) if match.group(1) is not None else match.group(0) for match in _TOKEN.finditer(text)]
    if tokens[:2] != ["ooTextFile", "TextGrid"]:
        raise ValueError(f"{path.name} is no TextGrid: it does not begin with ooTextFile and TextGrid")
    try:
        return _tier(iter(tokens[2:]), tier, path.name)
    except (StopIteration, ValueError, RuntimeError) as error:
        text = str(error) or "it ends before its intervals do"
        raise ValueError(text if path.name in text else f"{path.name} cannot be read: {text}") from error


def _tier(tokens: "object", wanted: str, name: str) -> Phones:
    following = tokens.__next__  # type: ignore[attr-defined]  # an iterator of words
    float(following()), float(following())
    if following() != "<exists>":
        raise ValueError(f"{name} has no tiers")
    names = []
    for _ in range(int(following())):
        kind, tier = following(), following()
        float(following()), float(following())
        width = 3 if kind == "IntervalTier" else 2
        rows = [[following() for _ in range(width)] for _ in range(int(following()))]
        names.append(tier)
        if tier == wanted and width == 3:
            times = np.array([[float(start), float(stop)] for start, stop, _ in rows]).reshape(-1, 2)
            return Phones(times[:, 0], times[:, 1], [label.replace('""', '"') for _, _, label in rows])
    raise ValueError(f"{name} has no interval tier {wanted!r}; there are {', '.join(names)}")


def match_phones(first: Phones, second: Phones, times: np.ndarray) -> np.ndarray:
    """Times of the second recording that belong to times of the first: the same phone, as far into it.

    Parameters
    ----------
    first, second : Phones
        The same phones in the same order; silence (an empty label) may differ.
    times : ndarray of float, shape (time,)
        Seconds of the first recording.

    Returns
    -------
    ndarray of float, shape (time,)
        Seconds; NaN outside the phones.

    Raises
    ------
    ValueError
        When the recordings do not say the same phones.

    Examples
    --------
    >>> one = Phones(np.array([0.0, 1.0]), np.array([1.0, 2.0]), ["a", "b"])
    >>> two = Phones(np.array([0.0, 0.5]), np.array([0.5, 2.5]), ["a", "b"])
    >>> match_phones(one, two, np.array([0.5, 1.5])).tolist()
    [0.25, 1.5]
    """
    ours, theirs = ([n for n, label in enumerate(of.label) if label] for of in (first, second))
    said = [[of.label[n] for n in rows] for of, rows in ((first, ours), (second, theirs))]
    if said[0] != said[1]:
        place = next((n for n, (a, b) in enumerate(zip(*said, strict=False)) if a != b), min(map(len, said)))
        raise ValueError(
            f"the recordings do not say the same: {len(said[0])} and {len(said[1])} phones, apart from number {place}"
        )
    times = np.asarray(times, dtype=float)
    found = np.full(times.shape, np.nan)
    for mine, other in zip(ours, theirs, strict=True):
        inside = (times >= first.start[mine]) & (times < first.stop[mine])
        share = (times[inside] - first.start[mine]) / (first.stop[mine] - first.start[mine])
        found[inside] = second.start[other] + share * (second.stop[other] - second.start[other])
    return found


def match_frames(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Frame of the second recording that belongs to each frame of the first: the same phone, as far into it.

    Parameters
    ----------
    first, second : ndarray of int, shape (time,)
        Phone that is said in each frame; the same sentence, each in its own rhythm.

    Returns
    -------
    ndarray of int, shape (time of the first,)
        Never falls.

    Raises
    ------
    ValueError
        When a recording has no frame.

    Warns
    -----
    UserWarning
        When the recordings do not show the same turns of phones, such as where one was too short for a frame. Frames
        are then matched by time alone, from the first to the last.

    Examples
    --------
    >>> match_frames(np.array([4, 4, 4, 1, 1]), np.array([4, 1, 1, 1, 1])).tolist()
    [0, 0, 0, 2, 4]
    """
    first, second = np.asarray(first), np.asarray(second)
    if not first.size or not second.size:
        raise ValueError(f"both recordings need a frame; given {first.size} and {second.size}")
    starts = [np.flatnonzero(np.append(True, np.diff(of) != 0)) for of in (first, second)]
    if not np.array_equal(first[starts[0]], second[starts[1]]):
        warnings.warn(
            f"two recordings of a sentence show other phones ({len(starts[0])} and {len(starts[1])} turns), so their "
            "frames are matched by time alone, not phone by phone; correct the phones or leave the recordings out",
            stacklevel=2,
        )
        return np.rint(np.linspace(0, len(second) - 1, len(first))).astype(int)
    stops = [np.append(of[1:], len(row)) for of, row in zip(starts, (first, second), strict=True)]
    frames = np.empty(len(first), dtype=int)
    for a, b, c, d in zip(starts[0], stops[0], starts[1], stops[1], strict=True):
        frames[a:b] = c + ((np.arange(b - a) + 0.5) / (b - a) * (d - c)).astype(int)
    return frames


def warp(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Frame of the second sequence that belongs to each frame of the first, by dynamic time warping.

    Parameters
    ----------
    first, second : ndarray, shape (time, value)
        Meshes, flat; each is centred on its own mean, so that a resting expression does not count.

    Returns
    -------
    ndarray of int, shape (time of the first,)
        The last of those that belong to it. Never falls; the last frames belong together.

    Raises
    ------
    ValueError
        When a sequence has no frame, a value is not finite, or the numbers of values differ.

    References
    ----------
    Sakoe & Chiba 1978, IEEE Trans ASSP 26:43-49, doi:10.1109/TASSP.1978.1163055.

    Examples
    --------
    >>> warp(np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [0.0], [1.0], [2.0]])).tolist()
    [1, 2, 3]
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.ndim != 2 or second.ndim != 2 or first.shape[1:] != second.shape[1:] or not first.size or not second.size:
        raise ValueError(f"sequences are (time, value) with as many values; given {first.shape} and {second.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("sequences hold values that are not finite; leave those frames out")
    a, b = first - first.mean(axis=0), second - second.mean(axis=0)
    cost = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    total = np.full((len(a) + 1, len(b) + 1), np.inf)
    total[0, 0] = 0.0
    for i in range(len(a)):
        for j in range(len(b)):
            total[i + 1, j + 1] = cost[i, j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
    i, j = len(a) - 1, len(b) - 1
    path = np.empty(len(a), dtype=int)
    path[i] = j
    while i or j:
        steps = {(i - 1, j - 1): total[i, j], (i - 1, j): total[i, j + 1], (i, j - 1): total[i + 1, j]}
        before = min(steps, key=lambda place: (steps[place], place != (i - 1, j - 1)))
        if before[0] < i:
            path[before[0]] = before[1]
        i, j = before
    return path

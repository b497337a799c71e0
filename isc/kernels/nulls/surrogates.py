"""Random draws for surrogates, each named by (seed, surrogate, subject) and so independent of order and threads.

The words come from `isc.kernels.nulls.philox`. A subject keeps its draws when others join or leave the study.
"""

import hashlib
from collections.abc import Iterable

import numpy as np

from isc.kernels.nulls.philox import draw_orders, drawn_words, stream_key


def subject_keys(ids: Iterable[str]) -> np.ndarray:
    """Key (subject,) uint64 of every subject, from its id alone (BLAKE2b).

    Parameters
    ----------
    ids : iterable of str
        Subject ids.

    Returns
    -------
    ndarray of uint64, shape (subject,)

    Examples
    --------
    >>> one, two = subject_keys(["01", "02"]), subject_keys(["02", "01"])
    >>> bool(one[0] == two[1] and one[0] != one[1])
    True
    """
    digests = [hashlib.blake2b(str(name).encode(), digest_size=8).digest() for name in ids]
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def uniform_shifts(seed: int, surrogate: int, keys: np.ndarray, n_time: int) -> np.ndarray:
    """One offset per subject, uniform on 0 .. n_time-1.

    Parameters
    ----------
    seed, surrogate : int
        Name of the draw.
    keys : ndarray (subject,) uint64
        From `subject_keys`.
    n_time : int
        Samples of the recording.

    Returns
    -------
    ndarray (subject,) int64
        Samples. The share of any offset differs from 1/n_time by less than 2**-64.

    Examples
    --------
    >>> shifts = uniform_shifts(1, 0, subject_keys(["01", "02"]), 1000)
    >>> bool((shifts >= 0).all() and (shifts < 1000).all())
    True
    """
    return _bounded(stream_key(seed, "shift", 0), surrogate, keys, n_time)


def _bounded(key: np.uint64, surrogate: int, keys: np.ndarray, n: int) -> np.ndarray:
    """One integer per subject, uniform on 0 .. n-1, from 64 random bits."""
    words = drawn_words(key, [surrogate], keys, 2)[0].tolist()
    return np.array([(high << 32 | low) * n >> 64 for low, high in words], dtype=np.int64)


def permutations(
    seed: int, surrogate: int, keys: np.ndarray, n: int, *, n_draw: int | None = None, stream: int = 0
) -> np.ndarray:
    """One uniform random order of 0 .. n-1 per subject.

    Parameters
    ----------
    seed, surrogate : int
        Name of the draw.
    keys : ndarray (subject,) uint64
        From `subject_keys`.
    n : int
        How many frames are put in order.
    n_draw : int, optional
        Draw only the first `n_draw` frames of the order; the rest is not computed.
    stream : int
        Another number gives an unrelated draw, for example one per feature.

    Returns
    -------
    ndarray (subject, n_draw) int32

    Examples
    --------
    >>> order = permutations(1, 0, subject_keys(["01", "02"]), 5)
    >>> np.sort(order, axis=1).tolist()
    [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    """
    drawn = np.empty((len(keys), n if n_draw is None else n_draw), dtype=np.int32)
    key = stream_key(seed, "permutation", stream)
    draw_orders(key, np.uint32(surrogate), np.asarray(keys, dtype=np.uint64), n, drawn)
    return drawn


def signs(seed: int, surrogates: Iterable[int], keys: np.ndarray) -> np.ndarray:
    """Independent random signs, one per surrogate and subject.

    Parameters
    ----------
    seed : int
        Name of the draw.
    surrogates : iterable of int
        Numbers of the surrogates.
    keys : ndarray (subject,) uint64
        From `subject_keys`.

    Returns
    -------
    ndarray (surrogate, subject) float32
        Values -1 and 1.

    Examples
    --------
    >>> flips = signs(1, range(100), subject_keys(["01", "02"]))
    >>> flips.shape, np.unique(flips).tolist()
    ((100, 2), [-1.0, 1.0])
    """
    words = drawn_words(stream_key(seed, "sign", 0), np.fromiter(surrogates, dtype=np.uint32), keys, 1)
    return 1 - 2 * (words[:, :, 0] & np.uint32(1)).astype(np.float32)


def phases(seed: int, surrogate: int, keys: np.ndarray, n: int) -> np.ndarray:
    """Phases uniform on the circle, n per subject.

    Parameters
    ----------
    seed, surrogate : int
        Name of the draw.
    keys : ndarray (subject,) uint64
        From `subject_keys`.
    n : int
        How many phases.

    Returns
    -------
    ndarray (subject, n) float64
        Radians, from 0 up to but not including 2 pi, in steps of 2 pi / 2**32.

    Examples
    --------
    >>> phases(1, 0, subject_keys(["01", "02"]), 4).shape
    (2, 4)
    """
    words = drawn_words(stream_key(seed, "phase", 0), [surrogate], keys, n)[0]
    return words * (2 * np.pi / 2**32)


def block_permutations(seed: int, surrogate: int, keys: np.ndarray, n: int, block: int) -> np.ndarray:
    """Frames that put blocks of a recording in random order, one order per subject.

    The recording is closed to a circle and cut at a random place first, so that no sample is
    always at an edge. The last block is shorter when `block` does not divide `n`.

    Parameters
    ----------
    seed, surrogate : int
        Name of the draw.
    keys : ndarray (subject,) uint64
        From `subject_keys`.
    n, block : int
        Samples of the recording and of a block.

    Returns
    -------
    ndarray (subject, n) int32

    Examples
    --------
    >>> frames = block_permutations(1, 0, subject_keys(["01"]), 9, 3)
    >>> np.sort(frames[0]).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8]
    """
    key = stream_key(seed, "block", 0)
    order = np.empty((len(keys), -(-n // block)), dtype=np.int32)
    draw_orders(key, np.uint32(surrogate), np.asarray(keys, dtype=np.uint64), order.shape[1], order)
    cut = _bounded(stream_key(seed, "block", 1), surrogate, keys, n)
    pieces = np.array_split(np.arange(n), range(block, n, block))
    rows = [np.concatenate([pieces[k] for k in row]) for row in order]
    return ((np.stack(rows) + cut[:, None]) % n).astype(np.int32)


def random_groups(seed: int, surrogate: int, keys: np.ndarray, n_group: int) -> np.ndarray:
    """One of `n_group` groups for every subject, groups as equal in size as possible.

    Parameters
    ----------
    seed, surrogate : int
        Name of the draw.
    keys : ndarray (subject,) uint64
        From `subject_keys`.
    n_group : int

    Returns
    -------
    ndarray (subject,) int64
        Group numbers, 0 .. n_group - 1.

    Examples
    --------
    >>> np.sort(random_groups(1, 0, subject_keys("abcd"), 2)).tolist()
    [0, 0, 1, 1]
    """
    ranks = np.argsort(np.argsort(_bounded(stream_key(seed, "group", 0), surrogate, keys, 2**62)))
    names = np.empty((1, n_group), dtype=np.int32)
    draw_orders(stream_key(seed, "group", 1), np.uint32(surrogate), np.zeros(1, np.uint64), n_group, names)
    return names[0, ranks % n_group].astype(np.int64)

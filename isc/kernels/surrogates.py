"""Random draws for surrogates, each named by (seed, surrogate, subject) and so independent of order and threads.

The generator is Philox 4x32-10, a function of a counter and a key: the key comes from the seed,
the purpose of the draw and a stream number, the counter holds the surrogate and the subject. The
same names give the same bits on any number of threads, workers or chunks, and a subject keeps its
draws when others join or leave the study.

References
----------
Salmon, Moraes, Dror & Shaw (2011). Parallel random numbers: as easy as 1, 2, 3. SC'11.
https://doi.org/10.1145/2063384.2063405
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numba import njit

# draws that must not be related
_PURPOSES = {"shift": 1, "permutation": 2, "sign": 3, "phase": 4, "block": 5, "group": 6, "label": 7, "resample": 8}
_BATCH = 256  # random words made at a time
_COMPILED: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": True}


@njit(**_COMPILED)
def philox(a: Any, b: Any, c: Any, d: Any, key: Any, other: Any) -> Any:  # pragma: no cover - compiled
    """Philox 4x32-10: four random words for the counter (a, b, c, d) and the key (key, other), all uint32."""
    for _ in range(10):
        left, right = np.uint64(a) * np.uint64(0xD2511F53), np.uint64(c) * np.uint64(0xCD9E8D57)
        a, b, c, d = (
            np.uint32(right >> np.uint64(32)) ^ b ^ key,
            np.uint32(right),
            np.uint32(left >> np.uint64(32)) ^ d ^ other,
            np.uint32(left),
        )
        key, other = np.uint32(key + np.uint32(0x9E3779B9)), np.uint32(other + np.uint32(0xBB67AE85))
    return a, b, c, d


@njit(**_COMPILED)
def _fill_words(key: Any, surrogate: Any, subject: Any, batch: Any, words: Any) -> Any:  # pragma: no cover - compiled
    """Fill words (multiple of 4) uint32 with the batch-th piece of one subject's stream."""
    one, other = np.uint32(key), np.uint32(key >> np.uint64(32))
    low, high = np.uint32(subject), np.uint32(subject >> np.uint64(32))
    count = words.size // 4
    for k in range(count):
        words[4 * k], words[4 * k + 1], words[4 * k + 2], words[4 * k + 3] = philox(
            np.uint32(batch * count + k), np.uint32(surrogate), low, high, one, other
        )


@njit(**_COMPILED)
def _draw_order(
    key: Any, surrogate: Any, subject: Any, order: Any, swaps: Any, words: Any
) -> Any:  # pragma: no cover - compiled
    """Move a uniform ordered sample of `swaps.size` entries to the front of `order` (Fisher-Yates).

    A word is multiplied by the number of entries left and its high half taken; words that would
    make some entries likelier are drawn again (Lemire 2019, https://doi.org/10.1145/3230636).
    `swaps` records the exchanges for `_undo_draw`.
    """
    used, batch = words.size, 0
    for k in range(swaps.size):
        span, product = np.uint64(order.size - k), np.uint64(0)
        while True:
            if used == words.size:
                _fill_words(key, surrogate, subject, batch, words)
                used, batch = 0, batch + 1
            product = np.uint64(words[used]) * span
            used += 1
            low = product & np.uint64(0xFFFFFFFF)
            if low >= span or low >= np.uint64(0x100000000) % span:
                break
        swaps[k] = k + np.int64(product >> np.uint64(32))
        order[k], order[swaps[k]] = order[swaps[k]], order[k]


@njit(**_COMPILED)
def _draw_orders(key: Any, surrogate: Any, subjects: Any, n: Any, drawn: Any) -> Any:  # pragma: no cover - compiled
    """Rows of drawn (subject, n_draw): the first entries of a random order of 0 .. n-1 for every subject."""
    order = np.arange(n).astype(np.int32)
    words, swaps = np.empty(_BATCH, np.uint32), np.empty(drawn.shape[1], np.int64)
    for s in range(subjects.size):
        _draw_order(key, surrogate, subjects[s], order, swaps, words)
        drawn[s] = order[: swaps.size]
        for k in range(swaps.size - 1, -1, -1):  # back to 0 .. n-1, cheaper than writing n numbers anew
            order[k], order[swaps[k]] = order[swaps[k]], order[k]


@njit(**_COMPILED)
def _draw_words(key: Any, surrogates: Any, subjects: Any, words: Any) -> Any:  # pragma: no cover - compiled
    """Fill words (surrogate, subject, n) uint32, n a multiple of 4."""
    for k in range(surrogates.size):
        for s in range(subjects.size):
            _fill_words(key, surrogates[k], subjects[s], 0, words[k, s])


def _stream_key(seed: int, purpose: str, stream: int) -> np.uint64:
    """Philox key for one purpose and stream: itself a Philox output, so that keys are unrelated."""
    halves = np.array([seed % 2**64, stream % 2**64], dtype=np.uint64).view(np.uint32)
    low, high, *_ = philox(halves[2], halves[3], np.uint32(_PURPOSES[purpose]), np.uint32(0), halves[0], halves[1])
    return np.uint64(low) | np.uint64(high) << np.uint64(32)


def _words(key: np.uint64, surrogates: np.ndarray | Sequence[int], keys: np.ndarray, n: int) -> np.ndarray:
    """Random words (surrogate, subject, n) uint32."""
    words = np.empty((len(surrogates), len(keys), n + -n % 4), dtype=np.uint32)
    _draw_words(key, np.asarray(surrogates, dtype=np.uint32), np.asarray(keys, dtype=np.uint64), words)
    return words[:, :, :n]


def random_words(seed: int, purpose: str, numbers: np.ndarray | Sequence[int], keys: np.ndarray, n: int) -> np.ndarray:
    """Random words (number, subject, n) uint32 of one purpose; see `isc.kernels.resamples`."""
    return _words(_stream_key(seed, purpose, 0), numbers, keys, n)


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
    return _bounded(_stream_key(seed, "shift", 0), surrogate, keys, n_time)


def _bounded(key: np.uint64, surrogate: int, keys: np.ndarray, n: int) -> np.ndarray:
    """One integer per subject, uniform on 0 .. n-1, from 64 random bits."""
    words = _words(key, [surrogate], keys, 2)[0].tolist()
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
    key = _stream_key(seed, "permutation", stream)
    _draw_orders(key, np.uint32(surrogate), np.asarray(keys, dtype=np.uint64), n, drawn)
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
    words = _words(_stream_key(seed, "sign", 0), np.fromiter(surrogates, dtype=np.uint32), keys, 1)
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
    words = _words(_stream_key(seed, "phase", 0), [surrogate], keys, n)[0]
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
    key = _stream_key(seed, "block", 0)
    order = np.empty((len(keys), -(-n // block)), dtype=np.int32)
    _draw_orders(key, np.uint32(surrogate), np.asarray(keys, dtype=np.uint64), order.shape[1], order)
    cut = _bounded(_stream_key(seed, "block", 1), surrogate, keys, n)
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
    ranks = np.argsort(np.argsort(_bounded(_stream_key(seed, "group", 0), surrogate, keys, 2**62)))
    names = np.empty((1, n_group), dtype=np.int32)
    _draw_orders(_stream_key(seed, "group", 1), np.uint32(surrogate), np.zeros(1, np.uint64), n_group, names)
    return names[0, ranks % n_group].astype(np.int64)


def other_groups(seed: int, surrogate: int, keys: np.ndarray, n_group: int) -> np.ndarray:
    """One of the groups 1 .. n_group - 1 for every subject, each drawn alone.

    Parameters
    ----------
    seed, surrogate : int
        Name of the draw.
    keys : ndarray (subject,) uint64
        From `subject_keys`.
    n_group : int
        At least 2.

    Returns
    -------
    ndarray (subject,) int64

    Examples
    --------
    >>> other_groups(1, 0, subject_keys("abc"), 2).tolist()
    [1, 1, 1]
    """
    return 1 + _bounded(_stream_key(seed, "group", 2), surrogate, keys, n_group - 1)

"""Random words, each named by (seed, purpose, stream, number, subject): the generator below every random draw.

The generator is Philox 4x32-10, a function of a counter and a key: the key comes from the seed,
the purpose of the draw and a stream number, the counter holds the surrogate and the subject. The
same names give the same bits on any number of threads, workers or chunks.

References
----------
Salmon, Moraes, Dror & Shaw (2011). Parallel random numbers: as easy as 1, 2, 3. SC'11.
https://doi.org/10.1145/2063384.2063405
"""

from collections.abc import Sequence
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
def draw_orders(key: Any, surrogate: Any, subjects: Any, n: Any, drawn: Any) -> Any:  # pragma: no cover - compiled
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


def stream_key(seed: int, purpose: str, stream: int) -> np.uint64:
    """Philox key for one purpose and stream: itself a Philox output, so that keys are unrelated."""
    halves = np.array([seed % 2**64, stream % 2**64], dtype=np.uint64).view(np.uint32)
    low, high, *_ = philox(halves[2], halves[3], np.uint32(_PURPOSES[purpose]), np.uint32(0), halves[0], halves[1])
    return np.uint64(low) | np.uint64(high) << np.uint64(32)


def drawn_words(key: np.uint64, surrogates: np.ndarray | Sequence[int], keys: np.ndarray, n: int) -> np.ndarray:
    """Random words (surrogate, subject, n) uint32."""
    words = np.empty((len(surrogates), len(keys), n + -n % 4), dtype=np.uint32)
    _draw_words(key, np.asarray(surrogates, dtype=np.uint32), np.asarray(keys, dtype=np.uint64), words)
    return words[:, :, :n]


def random_words(seed: int, purpose: str, numbers: np.ndarray | Sequence[int], keys: np.ndarray, n: int) -> np.ndarray:
    """Random words (number, subject, n) uint32 of one purpose; see `isc.kernels.nulls.resamples`."""
    return drawn_words(stream_key(seed, purpose, 0), numbers, keys, n)

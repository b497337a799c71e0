"""Surrogates that read each subject at other times: shifted, in blocks, or frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isc.kernels import surrogates as draws
from isc.kernels.plan import in_threads
from isc.synchrony.blocks import Block, SeriesBlock, series_parts
from isc.synchrony.design import Design
from isc.synchrony.schemes import BlockPermutation, CircularShift, Scheme, TimepointShuffle
from isc.windows import Windows

DRAW_BYTES = 48 * 2**20  # of frames kept so that one draw serves many blocks of features


@dataclass(frozen=True)
class MovedInTime:
    """Values of surrogates whose subjects are read at other times.

    Attributes
    ----------
    design : Design
    scheme : CircularShift, BlockPermutation or TimepointShuffle
    one_window : bool
        Draw one random window a surrogate instead of the whole recording. After a shuffle of the whole recording
        every window has the same law (exchangeability), so that this one stands for all.
    """

    design: Design
    scheme: Scheme
    one_window: bool = False

    @property
    def at_once(self) -> int:
        """Surrogates whose draws fit into memory together."""
        if isinstance(self.scheme, CircularShift):
            return 1024
        n_frame = self.design.windows.length if self.one_window else self.design.n_time
        if isinstance(self.scheme, TimepointShuffle) and self.scheme.extent == "within_window":
            n_frame = self.design.windows.starts.size * self.design.windows.length
        return max(1, DRAW_BYTES // (4 * self.design.keys.size * n_frame))

    def draw(self, surrogates: range) -> Sequence[Any]:
        """Moves of every surrogate; for independent features only the numbers of the surrogates."""
        if isinstance(self.scheme, TimepointShuffle) and self.scheme.features == "independent":
            return surrogates
        return self._moves(surrogates, 0)

    def values(self, block: Block, features: slice, drawn: Sequence[Any]) -> np.ndarray:
        """Values (surrogate, feature, window), or (surrogate, feature, 1) of one window each."""
        if not isinstance(drawn, range):
            return self._moved(block, drawn)
        parts = series_parts(block, 1)
        return np.concatenate(
            [self._moved(alone, self._moves(drawn, features.start + part.start)) for part, alone in parts], axis=1
        )

    def _moved(self, block: Block, moves: Sequence[dict[str, np.ndarray]]) -> np.ndarray:
        if self.one_window:
            return self._in_one_window(block, moves)
        windows, design = self._windows(), self.design
        if not isinstance(block, SeriesBlock):  # distances: the threads share the vertex pairs
            return np.stack([design.compute(block, windows, moves=move) for move in moves])

        def run(k: int) -> np.ndarray:
            return design.compute(block, windows, moves=moves[k], n_threads=1)

        return np.stack(in_threads(run, [(k,) for k in range(len(moves))], design.n_threads))

    def _in_one_window(self, block: Block, moves: Sequence[dict[str, np.ndarray]]) -> np.ndarray:
        """One random window a surrogate, laid end to end and read in one pass."""
        windows = _end_to_end(len(moves), self.design.windows)
        frames = np.concatenate([move["frames"] for move in moves], axis=1)
        return np.ascontiguousarray(self.design.compute(block, windows, moves={"frames": frames}).T)[:, :, None]

    def _windows(self) -> Windows:
        """Windows to read the moved series in."""
        windows = self.design.windows
        within = isinstance(self.scheme, TimepointShuffle) and self.scheme.extent == "within_window"
        return _end_to_end(windows.starts.size, windows) if within else windows

    def _moves(self, surrogates: range, stream: int) -> list[dict[str, np.ndarray]]:
        return [self._move(surrogate, stream) for surrogate in surrogates]

    def _move(self, surrogate: int, stream: int) -> dict[str, np.ndarray]:
        """Kernel arguments that make a surrogate."""
        seed, keys, n_time, windows = self.design.seed, self.design.keys, self.design.n_time, self.design.windows
        if isinstance(self.scheme, CircularShift):
            return {"shifts": draws.uniform_shifts(seed, surrogate, keys, n_time)}
        if isinstance(self.scheme, BlockPermutation):
            size = round(self.scheme.block * windows.rate)
            return {"frames": draws.block_permutations(seed, surrogate, keys, n_time, size)}
        n_draw = windows.length if self.one_window else None
        order = draws.permutations(seed, surrogate, keys, n_time, n_draw=n_draw, stream=stream)
        within = isinstance(self.scheme, TimepointShuffle) and self.scheme.extent == "within_window"
        return {"frames": reordered_within(order, windows) if within else order}


def shuffles_recording(scheme: Scheme) -> bool:
    """Whether a scheme puts the frames of the whole recording in random order, so that all windows have one law."""
    return isinstance(scheme, TimepointShuffle) and scheme.extent == "recording"


def _end_to_end(n_window: int, windows: Windows) -> Windows:
    return Windows(np.arange(n_window, dtype=np.int64) * windows.length, windows.length, windows.rate)


def reordered_within(order: np.ndarray, windows: Windows) -> np.ndarray:
    """Frames of all windows, end to end: each window's own samples in the order of their ranks in `order`.

    The published scripts draw one permutation of the whole recording and use its ranks in every window.

    Parameters
    ----------
    order : ndarray of int, shape (subject, time)
        One permutation of the recording per subject.
    windows : Windows

    Returns
    -------
    ndarray of int32, shape (subject, window * length)

    Examples
    --------
    >>> reordered_within(np.array([[3, 0, 2, 1]]), Windows(np.array([0, 2]), 2, 1.0)).tolist()
    [[1, 0, 3, 2]]
    """
    inside = windows.starts[:, None] + np.arange(windows.length)
    ranks = order[:, inside]
    frames = windows.starts[:, None] + np.argsort(ranks, axis=-1)
    return frames.reshape(order.shape[0], -1).astype(np.int32)

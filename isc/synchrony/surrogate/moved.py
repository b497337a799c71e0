"""Surrogates that read each subject at other times: shifted, in blocks, or frame by frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from isc.kernels.nulls import surrogates as draws
from isc.kernels.pairs.distances import pairwise_chunks_of_distances
from isc.kernels.windows.plan import in_order, in_threads
from isc.synchrony.features.blocks import Block, SeriesBlock
from isc.synchrony.features.distance_block import DistanceBlock
from isc.synchrony.surrogate.design import Design
from isc.synchrony.surrogate.schemes import BlockPermutation, CircularShift, Scheme, TimepointShuffle
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
        threads = self.design.n_threads
        if not isinstance(drawn, range):
            return self._moved(block, drawn, threads)

        def alone(feature: int) -> np.ndarray:
            series = SeriesBlock(block.series_of(slice(feature, feature + 1)))
            return self._moved(series, self._moves(drawn, features.start + feature), 1)

        return np.concatenate(list(in_order(alone, [(k,) for k in range(block.n_feature)], threads)), axis=1)

    @property
    def streams(self) -> bool:
        """Whether vertex pairs can be read a few windows at a time: means over dyads of the windows as they are."""
        design, scheme = self.design, self.scheme
        shared = not isinstance(scheme, TimepointShuffle) or scheme.features == "shared"
        plain = design.statistic.estimator == "pairwise" and design.statistic.summary == "mean"
        return plain and shared and design.detrend is None

    def pieces(self, block: Block, drawn: Any) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """Yield (surrogates, windows, values (surrogate, pair, window)), one surrogate and a few windows at a time."""
        if self.one_window:
            moves, windows = self._end_to_end(drawn)
            for part, values in self._streamed(block, windows, moves):
                yield part, slice(None), np.ascontiguousarray(values.T)[:, :, None]
            return
        for k, move in enumerate(drawn):
            for part, values in self._streamed(block, self._windows(), move):
                yield slice(k, k + 1), part, values[None]

    def _streamed(
        self, block: Block, windows: Windows, move: dict[str, np.ndarray]
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (windows, means (pair, window))."""
        pairs = cast(DistanceBlock, block)
        options: dict[str, Any] = {**move, "min_valid": self.design.min_valid, "n_threads": self.design.n_threads}
        where = (pairs.landmarks, pairs.vertex_a, pairs.vertex_b, windows.starts, windows.length)
        for part, values, _ in pairwise_chunks_of_distances(*where, **options):
            yield part, values

    def _moved(self, block: Block, moves: Sequence[dict[str, np.ndarray]], n_threads: int) -> np.ndarray:
        if self.one_window:
            return self._in_one_window(block, moves, n_threads)
        windows, design = self._windows(), self.design
        if not isinstance(block, SeriesBlock):  # distances: the threads share the vertex pairs
            return np.stack([design.compute(block, windows, moves=move, n_threads=n_threads) for move in moves])

        def run(k: int) -> np.ndarray:
            return design.compute(block, windows, moves=moves[k], n_threads=1)

        return np.stack(in_threads(run, [(k,) for k in range(len(moves))], n_threads))

    def _in_one_window(self, block: Block, moves: Sequence[dict[str, np.ndarray]], n_threads: int) -> np.ndarray:
        """One random window a surrogate, laid end to end and read in one pass."""
        joined, windows = self._end_to_end(moves)
        values = self.design.compute(block, windows, moves=joined, n_threads=n_threads)
        return np.ascontiguousarray(values.T)[:, :, None]

    def _end_to_end(self, moves: Sequence[dict[str, np.ndarray]]) -> tuple[dict[str, np.ndarray], Windows]:
        """Frames of one window a surrogate, one after the other, and these windows."""
        frames = np.concatenate([move["frames"] for move in moves], axis=1)
        return {"frames": frames}, _end_to_end(len(moves), self.design.windows)

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

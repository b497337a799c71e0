"""Values of the statistic in surrogate data: the one source that every null is folded from.

`isc.synchrony.surrogate.described` makes the surrogates of a test; `Surrogates.values` yields the values of any range
of them in blocks of features. Extremes, cluster masses, counts for a false discovery rate and standardisation are folds
over it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isc.synchrony.features.blocks import PAIRS_PER_BLOCK, Block, Features
from isc.synchrony.surrogate.design import Design, Randomiser
from isc.synchrony.surrogate.flipped import FlippedSigns
from isc.synchrony.surrogate.moved import MovedInTime
from isc.synchrony.surrogate.regrouped import OtherStimuli
from isc.synchrony.surrogate.schemes import Scheme

RESULT_BYTES = 64 * 2**20  # of values yielded at a time
DEFAULT_SURROGATES = 1000


@dataclass(frozen=True)
class Surrogates:
    """Surrogate values of a test, computed when asked for.

    Attributes
    ----------
    features : Features
    design : Design
        Statistic, windows, keys of the subjects in the order of their ids, seed.
    scheme : Scheme
    randomiser : Randomiser
    order : ndarray of int, shape (subject,)
        Positions of the subjects in the cube, in the order of their ids.
    n_surrogates : int
        How many there are: fewer than asked for where a scheme has no more.
    exact : bool
        The surrogates are all that exist (sign flips of few subjects): ``(b + 1) / (M + 1)`` is then the exact p.
    shortcut : bool
        One random window a surrogate stands for every window (see `isc.synchrony.surrogate.moved`): its values are
        equal in all windows, and only per-window extremes may be read from them.
    """

    features: Features
    design: Design
    scheme: Scheme
    randomiser: Randomiser
    order: np.ndarray
    n_surrogates: int
    exact: bool = False
    shortcut: bool = False

    @property
    def n_window(self) -> int:
        """Number of windows."""
        return self.design.windows.starts.size

    @property
    def _in_order(self) -> bool:
        return bool((np.diff(self.order) > 0).all())

    @property
    def n_feature(self) -> int:
        """Number of features."""
        return self.features.n_feature

    @property
    def n_bytes(self) -> int:
        """Size of the data: this recording's and, for pseudo groups, the others'."""
        others = self.randomiser.others if isinstance(self.randomiser, OtherStimuli) else ()
        return sum(part.series.values.nbytes for part in (self.features, *(other for other, _ in others)))

    def in_one_thread(self) -> "Surrogates":
        """The same surrogates, for a worker whose threads have tasks of their own."""
        design = replace(self.design, n_threads=1)
        randomiser: Any = self.randomiser
        return replace(self, design=design, randomiser=replace(randomiser, design=design))

    def values(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[slice, np.ndarray]]:
        """Values of surrogates start .. stop - 1, one block of features after the other.

        The numbers of a surrogate depend on the seed, its number, the ids of the subjects and the data: never on the
        range, on the blocks, on threads or on the order of the subjects.

        Parameters
        ----------
        start, stop : int
            Range of surrogates; all by default.

        Yields
        ------
        features : slice
            Positions among all features (in C order of the feature dims of `isc.temporal_isc`).
        values : ndarray of float32, shape (surrogate, feature, window)
            Read only; NaN where the statistic is not defined. At most about 64 MB, but never less than one feature.
        """
        for features, block, drawn in self._drawn_blocks(start, stop):
            values = _all_values(self.randomiser, block, features, drawn)
            yield features, np.broadcast_to(values, (*values.shape[:2], self.n_window))

    def pieces(
        self, start: int = 0, stop: int | None = None, *, features: slice | None = None
    ) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """Values of surrogates start .. stop - 1 in whatever pieces are quickest, for folds that need no order.

        Parameters
        ----------
        start, stop : int
        features : slice, optional
            Of these features only; all by default.

        Yields
        ------
        surrogates : slice
            Counted from `start`.
        windows : slice
        values : ndarray of float32, shape (surrogate, feature, window)
            Of these surrogates and windows and some features; every value comes once. With `shortcut` one window.
        """
        surrogates = range(start, self.n_surrogates if stop is None else stop)
        streaming = self._streaming()
        if streaming is None:
            for places, block, draws in self._drawn_blocks(start, stop, features):
                yield slice(None), slice(None), _all_values(self.randomiser, block, places, draws)
            return
        drawn = streaming.draw(surrogates)
        for block in self._whole_blocks(features):
            yield from streaming.pieces(block, drawn)

    def _streaming(self) -> FlippedSigns | MovedInTime | None:
        """The randomiser, if it has a quicker way than block by block."""
        if isinstance(self.randomiser, FlippedSigns) and self.randomiser.streams:
            return self.randomiser
        if isinstance(self.randomiser, MovedInTime) and self.randomiser.streams and self.features.pairs is not None:
            return self.randomiser
        return None

    def _whole_blocks(self, features: slice | None) -> Iterator[Block]:
        """Blocks of features as they come; all vertex pairs as one, for those who stream them."""
        if self.features.pairs is not None:
            yield self.features.block_of(features or slice(0, self.n_feature))
            return
        for _, block in self._feature_blocks(features):
            yield block if self._in_order else block.of_subjects(self.order)

    def _feature_blocks(self, features: slice | None) -> Iterator[tuple[slice, Block]]:
        """Blocks of all features, which use one buffer again and again, or of some."""
        if features is None:
            yield from self.features.blocks(self.design.n_threads)
            return
        for first in range(features.start, features.stop, self._block_size):
            part = slice(first, min(first + self._block_size, features.stop))
            yield part, self.features.block_of(part)

    def _drawn_blocks(
        self, start: int, stop: int | None, features: slice | None = None
    ) -> Iterator[tuple[slice, Block, Iterable[Any]]]:
        """Blocks of features with the draws for them, made once where all fit into memory."""
        surrogates = range(start, self.n_surrogates if stop is None else stop)
        step = self.randomiser.at_once
        ranges = [surrogates[k : k + step] for k in range(0, len(surrogates), step)]
        kept = [self.randomiser.draw(ranges[0])] if len(ranges) == 1 else []
        for places, block in self._blocks(len(surrogates), features):
            yield places, block, kept or (self.randomiser.draw(part) for part in ranges)

    def observed(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (features, observed values (feature, window)), by the code of the surrogates."""
        for features, block in self._blocks(1):
            if isinstance(self.randomiser, FlippedSigns):
                yield features, self.randomiser.observed(block)
            else:
                yield features, self.design.compute(block)

    def ranges(self, start: int = 0, stop: int | None = None, *, most: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield ranges (start, stop) of at most `most` surrogates that read the data as seldom as memory allows.

        Sign flips come in one range: they all come from one pass over the data.
        """
        last = self.n_surrogates if stop is None else stop
        step = min(self.randomiser.at_once, self._at_once())
        if most is not None and not isinstance(self.randomiser, FlippedSigns):
            step = min(step, most)
        for first in range(start, last, step):
            yield first, min(first + step, last)

    def _at_once(self) -> int:
        """Surrogates whose values of a whole block of features fit into memory; flips read the data once for all."""
        if isinstance(self.randomiser, FlippedSigns):
            return self.n_surrogates
        n_window = 1 if self.shortcut else self.n_window
        return max(1, RESULT_BYTES // (4 * min(self._block_size, self.n_feature) * n_window))

    @property
    def _block_size(self) -> int:
        """Most features of a block."""
        return PAIRS_PER_BLOCK if self.features.pairs is not None else self.features.series.block_size

    def _blocks(self, n_surrogates: int, features: slice | None = None) -> Iterator[tuple[slice, Block]]:
        """Blocks of features, subjects in the order of their ids, whose values for so many surrogates fit."""
        n_window = 1 if self.shortcut else self.n_window
        size = max(1, RESULT_BYTES // (4 * n_window * max(n_surrogates, self.design.n_term)))
        for places, block in self._feature_blocks(features):
            ordered = block if self._in_order else block.of_subjects(self.order)
            for first in range(0, block.n_feature, size):
                part = slice(first, min(first + size, block.n_feature))
                yield slice(places.start + part.start, places.start + part.stop), ordered.of_features(part)


def _all_values(randomiser: Randomiser, block: Block, features: slice, drawn: Iterable[Any]) -> np.ndarray:
    parts = [randomiser.values(block, features, draw) for draw in drawn]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)

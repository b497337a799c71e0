"""What all surrogates of a test share: the statistic, the windows, who takes part and the seed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from isc.synchrony.features.blocks import Block, SeriesBlock
from isc.synchrony.features.detrended import DetrendedBlock
from isc.synchrony.statistic.estimate import Statistic
from isc.windows import Windows


@dataclass(frozen=True)
class Design:
    """A statistic in windows of a recording, and the names of the random draws.

    Attributes
    ----------
    statistic : Statistic
    windows : Windows
    n_time : int
        Samples of the recording.
    keys : ndarray of uint64, shape (subject,)
        From `isc.kernels.nulls.surrogates.subject_keys`, in the order of the subjects of a block.
    seed : int
    min_valid : float
    n_threads : int
    detrend : {None, "linear"}
    """

    statistic: Statistic
    windows: Windows
    n_time: int
    keys: np.ndarray
    seed: int
    min_valid: float
    n_threads: int
    detrend: str | None = None

    @property
    def n_term(self) -> int:
        """Values that a window has before the summary."""
        if self.statistic.estimator == "leave_one_out":
            return self.keys.size
        return 1 if self.statistic.summary == "mean" and self.statistic.comparisons is None else self.keys.size**2

    def compute(
        self,
        block: Block,
        windows: Windows | None = None,
        *,
        moves: Mapping[str, np.ndarray] | None = None,
        n_threads: int | None = None,
    ) -> np.ndarray:
        """Values (feature, window) of a block, read at other times where `moves` (shifts or frames) say so."""
        how: dict[str, Any] = {"min_valid": self.min_valid, "n_threads": n_threads or self.n_threads, **(moves or {})}
        read = block if self.detrend is None else DetrendedBlock(block)
        return self.statistic.compute(read, windows or self.windows, **how)[0]

    def compute_terms(self, block: Block) -> np.ndarray:
        """Correlation of every dyad before the summary (dyad, feature, window)."""
        return replace(self, statistic=replace(self.statistic, summary=None)).compute(block)

    def compute_rows(self, block: Block) -> np.ndarray:
        """Correlation of every subject with every other on one thread (feature, window, subject * subject)."""
        read = block if self.detrend is None else DetrendedBlock(block)
        where = (self.windows.starts, self.windows.length)
        value, _ = read.correlation_matrices(*where, min_valid=self.min_valid, n_threads=1)
        return value.reshape(*value.shape[:2], -1)

    def compute_other(self, series: np.ndarray) -> np.ndarray:
        """Values (feature, window) of other series of the same subjects, on one thread."""
        return self.compute(SeriesBlock(series), n_threads=1)


class Randomiser(Protocol):
    """One way of making surrogates: random draws first, then the values of any block of features."""

    @property
    def at_once(self) -> int:
        """Surrogates whose draws are kept in memory together."""

    def draw(self, surrogates: range) -> Any:
        """Random draws of some surrogates, from their numbers alone."""

    def values(self, block: Block, features: slice, drawn: Any) -> np.ndarray:
        """Values (surrogate, feature, window) of a block that holds `features` of all features."""

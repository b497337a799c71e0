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
        if moves and self.statistic.estimator == "leave_one_out":
            # a mean of shifted others would be flat, and the null too narrow
            how |= {"others": "observed", "other_starts": self.windows.starts}
        read = block if self.detrend is None else DetrendedBlock(block)
        return self.statistic.compute(read, windows or self.windows, **how)[0]

    def compute_terms(self, block: Block) -> np.ndarray:
        """Correlation of every dyad or left-out subject before the summary (dyad or subject, feature, window)."""
        return replace(self, statistic=replace(self.statistic, summary=None)).compute(block)

    def compute_rows(self, block: Block) -> np.ndarray:
        """The same on one thread, window by window: (feature, window, subject), or (..., subject * subject)."""
        read = block if self.detrend is None else DetrendedBlock(block)
        where = (self.windows.starts, self.windows.length)
        if self.statistic.estimator == "leave_one_out":
            value, _ = read.leave_one_out(*where, min_valid=self.min_valid, n_threads=1)
            return np.ascontiguousarray(np.swapaxes(value, 1, 2))
        value, _ = read.correlation_matrices(*where, min_valid=self.min_valid, n_threads=1)
        return value.reshape(*value.shape[:2], -1)

    def compute_other(self, observed: np.ndarray, series: np.ndarray) -> np.ndarray:
        """Values (feature, window) of other series of the same subjects, on one thread.

        For leave-one-out each subject's other series is compared with the mean of the observed others: both are laid
        end to end and the left-out subject is read one recording later.
        """
        if self.statistic.estimator == "pairwise":
            return self.compute(SeriesBlock(series), n_threads=1)
        both = SeriesBlock(np.concatenate([observed, series], axis=-1))
        later = np.full(self.keys.size, observed.shape[-1], dtype=np.int64)
        return self.compute(both, n_threads=1, moves={"shifts": later})


class Randomiser(Protocol):
    """One way of making surrogates: random draws first, then the values of any block of features."""

    @property
    def at_once(self) -> int:
        """Surrogates whose draws are kept in memory together."""

    def draw(self, surrogates: range) -> Any:
        """Random draws of some surrogates, from their numbers alone."""

    def values(self, block: Block, features: slice, drawn: Any) -> np.ndarray:
        """Values (surrogate, feature, window) of a block that holds `features` of all features."""

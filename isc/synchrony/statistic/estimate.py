"""The statistic itself: estimator, summary, groups and lag, applied to a block of features.

Observed values and surrogates both go through `Statistic.compute`, so a null cannot run other code than the value it
is a null for.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from isc.synchrony.features.blocks import Block
from isc.synchrony.statistic.groups import Comparisons
from isc.windows import Windows

Estimator = Literal["pairwise", "leave_one_out"]
Summary = Literal["mean", "median", "fisher_mean"]
LARGEST_FISHER_R = 1 - 1e-7  # identical series would have an infinite Fisher z


@dataclass(frozen=True)
class Statistic:
    """What is computed in every window.

    Attributes
    ----------
    estimator : {"pairwise", "leave_one_out"}
    summary : {"mean", "median", "fisher_mean", None}
    comparisons : Comparisons, optional
        Average within and between these groups.
    lag : int, optional
        Samples by which the first subject of a dyad (or the left-out subject) is read later; dyads are then ordered.
    """

    estimator: Estimator = "pairwise"
    summary: Summary | None = "mean"
    comparisons: Comparisons | None = field(default=None)
    lag: int | None = None

    def __post_init__(self) -> None:
        """Refuse choices that do not exist or do not go together."""
        if self.estimator not in ("pairwise", "leave_one_out"):
            raise ValueError(f"estimator must be pairwise or leave_one_out; given {self.estimator!r}")
        if self.summary not in ("mean", "median", "fisher_mean", None):
            raise ValueError(f"summary must be mean, median, fisher_mean or None; given {self.summary!r}")
        if self.comparisons is not None and self.summary is None:
            raise ValueError("groups need a summary; with summary=None every dyad is returned with its subjects")
        if self.comparisons is not None and self.estimator == "leave_one_out" and self.lag:
            raise ValueError("groups and lags go together with estimator='pairwise' only")

    def compute(self, block: Block, windows: Windows, **how: Any) -> tuple[np.ndarray, np.ndarray]:
        """Values and number of subjects of a block.

        Parameters
        ----------
        block : Block
        windows : Windows
        **how
            Passed to the kernel: min_valid, n_threads, and for surrogates shifts or frames.

        Returns
        -------
        values : ndarray of float32, shape (feature, window)
            With a lead axis of comparisons, subjects or dyads where there are groups or no summary.
        n_subject : ndarray of int, shape (feature, window)
        """
        if self.estimator == "leave_one_out":
            return self._leave_one_out(block, windows, how)
        if self.summary == "mean" and self.comparisons is None and not self.lag:
            return block.pairwise_mean(windows.starts, windows.length, **how)
        matrix, count = self._matrices(block, windows, how)
        if self.comparisons is None:
            return summarise(dyad_values(matrix, ordered=self.lag is not None), self.summary), count
        parts = [summarise(np.moveaxis(matrix[..., dyads], -1, 0), self.summary) for dyads in self.comparisons.dyads]
        return np.stack(parts), count

    def _matrices(self, block: Block, windows: Windows, how: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Subject x subject matrices; with a lag, rows are read later than columns."""
        if not self.lag:
            return block.correlation_matrices(windows.starts, windows.length, **how)
        both, _ = block.with_lagged(self.lag).correlation_matrices(windows.starts, windows.length, **how)
        n_subject = both.shape[-1] // 2
        matrix = both[..., n_subject:, :n_subject]
        known = np.isfinite(matrix) & ~np.eye(n_subject, dtype=bool)  # nobody is a dyad with their own later self
        return matrix, (known.any(axis=-1) | known.any(axis=-2)).sum(axis=-1).astype(np.int32)

    def _leave_one_out(self, block: Block, windows: Windows, how: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        if self.comparisons is not None:
            return self._leave_one_out_groups(block, windows, self.comparisons, how)
        if self.lag:
            value, count = _lagged_leave_one_out(block, windows, self.lag, how)
        else:
            value, count = block.leave_one_out(windows.starts, windows.length, **how)
        return summarise(np.moveaxis(value, 1, 0), self.summary), count

    def _leave_one_out_groups(
        self, block: Block, windows: Windows, comparisons: Comparisons, how: dict[str, Any]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Each subject of group_a with the mean of group_b, itself left out."""
        parts = []
        for dyads in comparisons.dyads:
            rows = []
            for subject in np.flatnonzero(dyads.any(axis=1)):
                chosen = np.concatenate([[subject], np.flatnonzero(dyads[subject])])
                moved = {key: how[key][chosen] for key in ("shifts", "frames") if key in how}
                value, _ = block.of_subjects(chosen).leave_one_out(windows.starts, windows.length, **(how | moved))
                rows.append(value[:, 0])
            parts.append(summarise(np.stack(rows), self.summary))
        _, count = block.leave_one_out(windows.starts, windows.length, **how)
        return np.stack(parts), count


def dyad_values(matrix: np.ndarray, *, ordered: bool = False) -> np.ndarray:
    """Values of the dyads, dyad first: the upper triangle, or all ordered dyads of an asymmetric matrix.

    Parameters
    ----------
    matrix : ndarray, shape (..., subject, subject)
    ordered : bool
        Keep (a, b) and (b, a).

    Returns
    -------
    ndarray, shape (dyad, ...)

    Examples
    --------
    >>> dyad_values(np.arange(9.0).reshape(3, 3)).tolist()
    [1.0, 2.0, 5.0]
    """
    first, second = dyad_indices(matrix.shape[-1], ordered=ordered)
    return np.moveaxis(matrix[..., first, second], -1, 0)


def dyad_indices(n_subject: int, *, ordered: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """First and second subject of every dyad.

    Parameters
    ----------
    n_subject : int
    ordered : bool
        All ordered dyads instead of each once.

    Returns
    -------
    first, second : ndarray of int, shape (dyad,)

    Examples
    --------
    >>> [index.tolist() for index in dyad_indices(3)]
    [[0, 0, 1], [1, 2, 2]]
    """
    if not ordered:
        first, second = np.triu_indices(n_subject, 1)
    else:
        first, second = np.nonzero(~np.eye(n_subject, dtype=bool))
    return first, second


def summarise(values: np.ndarray, summary: Summary | None) -> np.ndarray:
    """Summary over the first axis, NaN left out; NaN where nothing is left.

    Parameters
    ----------
    values : ndarray, shape (subject or dyad, ...)
    summary : {"mean", "median", "fisher_mean", None}
        None returns the values as they are.

    Returns
    -------
    ndarray of float32, shape (...)

    Examples
    --------
    >>> summarise(np.array([[0.2], [0.4], [np.nan]]), "mean").round(3).tolist()
    [0.30000001192092896]
    """
    if summary is None:
        return values
    some = np.isfinite(values).any(axis=0)
    filled = np.where(some, values, 0.0).astype(np.float64)
    if summary == "fisher_mean":
        clipped = np.clip(filled, -LARGEST_FISHER_R, LARGEST_FISHER_R)
        result = np.tanh(np.nanmean(np.arctanh(clipped), axis=0))
    else:
        result = np.nanmean(filled, axis=0) if summary == "mean" else np.nanmedian(filled, axis=0)
    return np.where(some, result, np.nan).astype(np.float32)


def _lagged_leave_one_out(
    block: Block, windows: Windows, lag: int, how: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Each subject read `lag` samples later than the mean of the others; NaN where that leaves the recording."""
    shifts = np.full(block.n_subject, lag, dtype=np.int64)
    value, count = block.leave_one_out(windows.starts, windows.length, shifts=shifts, others="observed", **how)
    first = windows.starts + lag
    outside = (first < 0) | (first + windows.length > block.n_time)
    value[..., outside] = np.nan
    count[..., outside] = 0
    return value, count

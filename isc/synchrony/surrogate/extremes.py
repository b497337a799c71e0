"""Smallest and largest surrogate value: folded on this machine, or by the workers of a cluster."""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from isc.lazy import Capacity, capacity, computed, task_ranges
from isc.synchrony.cost import Workload, null_seconds
from isc.synchrony.surrogate.flipped import FlippedSigns
from isc.synchrony.surrogate.values import Surrogates

Scope = Literal["recording", "window"]
Progress = Callable[[int, int], None]
TASK_BYTES = 320 * 2**20  # a task: values and draws of a block, series relaid, spectra
FEWEST_PAIRS = 1024  # of a task: landmarks are packed anew in each
FLIP_ROUNDING = 1e-6  # of r: five times what a sum over dyads differs by from the value that `isc.temporal_isc` gives


class Tile(NamedTuple):
    """A task: some surrogates of some features."""

    start: int
    stop: int
    features: slice


class Steps:
    """Counts the features of surrogates that are done, and tells `progress` how many surrogates they amount to.

    Parameters
    ----------
    progress : callable or None
        Called with (surrogates done, all).
    surrogates : Surrogates
    n_done : int
        Surrogates that were there before.
    """

    def __init__(self, progress: Progress | None, surrogates: Surrogates, n_done: int) -> None:
        self._progress, self._surrogates = progress, surrogates
        self._whole = surrogates.n_feature * surrogates.n_window
        self._cells = n_done * self._whole

    def add(self, n_surrogates: int, n_feature: int, n_window: int) -> None:
        """Some more are done."""
        self._cells += n_surrogates * n_feature * (self._surrogates.n_window if self._surrogates.shortcut else n_window)
        if self._progress is not None:
            self._progress(self._cells // self._whole, self._surrogates.n_surrogates)


def fold(
    surrogates: Surrogates,
    start: int,
    stop: int,
    scope: Scope,
    *,
    steps: Steps | None = None,
    part: slice | None = None,
) -> np.ndarray:
    """Running minimum and maximum over blocks of features.

    Parameters
    ----------
    surrogates : Surrogates
    start, stop : int
        Range of surrogates.
    scope : {"recording", "window"}
    steps : Steps, optional
        Told after every piece.
    part : slice, optional
        Of these features only.

    Returns
    -------
    ndarray, shape (surrogate, extreme[, window])
        NaN where no value is defined. Those of sign flips are wider by `FLIP_ROUNDING`: where subjects are missing many
        patterns of signs give the observed value, which must count as ties though they are summed in another order.
    """
    extremes = np.empty((stop - start, 2, surrogates.n_window if scope == "window" else 1))
    extremes[:, 0], extremes[:, 1] = np.inf, -np.inf
    for which, windows, values in surrogates.pieces(start, stop, features=part):
        per_window = values.shape[2] if scope == "window" else 1
        places = windows if scope == "window" else slice(None)
        low, high = extremes[which, 0, places], extremes[which, 1, places]
        rows = values.reshape(len(values), -1, per_window)
        np.fmin(low, np.fmin.reduce(rows, axis=1), out=low)
        np.fmax(high, np.fmax.reduce(rows, axis=1), out=high)
        if steps is not None:
            steps.add(*values.shape)
    extremes[~np.isfinite(extremes)] = np.nan
    if isinstance(surrogates.randomiser, FlippedSigns) and surrogates.randomiser.streams:
        extremes += np.array([[-FLIP_ROUNDING], [FLIP_ROUNDING]])
    return extremes if scope == "window" else extremes[..., 0]


def room_for(surrogates: Surrogates, n_done: int) -> Capacity | None:
    """What a cluster can do for the surrogates that are left; None when they are computed here.

    Parameters
    ----------
    surrogates : Surrogates
    n_done : int

    Returns
    -------
    Capacity or None
    """
    left = 1 - n_done / surrogates.n_surrogates
    return capacity(cpu_seconds=left * surrogate_seconds(surrogates), n_bytes=surrogates.n_bytes, task_bytes=TASK_BYTES)


def surrogate_seconds(surrogates: Surrogates) -> float:
    """CPU seconds of all surrogates of a test.

    Parameters
    ----------
    surrogates : Surrogates

    Returns
    -------
    float
    """
    design, features = surrogates.design, surrogates.features
    work = Workload(
        design.keys.size,
        design.n_time,
        design.windows.starts.size,
        features.n_feature,
        features.series.values.shape[-1],
        features.pairs is not None,
        design.statistic.estimator,
        str(design.statistic.summary),
    )
    name, n_surrogates = surrogates.scheme.name, surrogates.n_surrogates
    return null_seconds(work, name, n_surrogates, one_window=surrogates.shortcut)


def tiles(surrogates: Surrogates, n_done: int, n_task: int) -> list[Tile]:
    """Surrogates and features cut into about so many tasks, in the order of the surrogates.

    Surrogates are shared out first, as their draws cost least then. Sign flips come from one pass over the data for
    all of them, so that features are shared out instead.

    Parameters
    ----------
    surrogates : Surrogates
    n_done : int
    n_task : int

    Returns
    -------
    list of Tile
    """
    left, n_feature = surrogates.n_surrogates - n_done, surrogates.n_feature
    flipped = isinstance(surrogates.randomiser, FlippedSigns)
    ranges = task_ranges(left, 1 if flipped else n_task, first=n_done)
    smallest = 1 if surrogates.features.pairs is None else FEWEST_PAIRS
    parts = task_ranges(n_feature, max(1, min(-(-n_task // len(ranges)), n_feature // smallest)))
    return [Tile(some.start, some.stop, slice(part.start, part.stop)) for some in ranges for part in parts]


def finished(
    surrogates: Surrogates, n_done: int, scope: Scope, progress: Progress | None, *, most: int | None
) -> Iterator[np.ndarray]:
    """Extremes of the surrogates that are left, block by block, from wherever they are computed.

    Parameters
    ----------
    surrogates : Surrogates
    n_done : int
        Surrogates that are not computed again.
    scope : {"recording", "window"}
    progress : callable or None
        Called with (surrogates done, all).
    most : int or None
        Surrogates of a block; as many as memory allows when None.

    Yields
    ------
    ndarray, shape (surrogate, extreme[, window])
    """
    steps, left = Steps(progress, surrogates, n_done), surrogates.n_surrogates - n_done
    room = room_for(surrogates, n_done) if left else None
    if room is None:
        for start, stop in surrogates.ranges(n_done, most=most):
            yield fold(surrogates, start, stop, scope, steps=steps)
        return
    told = 0
    for n_finished, extremes in shared_fold(surrogates, n_done, scope, steps, room):
        if n_finished - told >= (most or left) or told < n_finished == left:
            yield extremes[told:n_finished].copy()
            told = n_finished


def shared_fold(
    surrogates: Surrogates, n_done: int, scope: Scope, steps: Steps, room: Capacity
) -> Iterator[tuple[int, np.ndarray]]:
    """Extremes of the surrogates that are left, from the workers of the active client.

    Parameters
    ----------
    surrogates : Surrogates
    n_done : int
        Surrogates that are not computed again.
    scope : {"recording", "window"}
    steps : Steps
    room : Capacity

    Yields
    ------
    n_finished : int
        Surrogates of which all features are done, counted from `n_done` without a gap.
    extremes : ndarray, shape (surrogate, extreme[, window])
        Of all that are left; the first `n_finished` are final.
    """
    cuts = tiles(surrogates, n_done, room.task_count(surrogate_seconds(surrogates)))
    shape = (surrogates.n_surrogates - n_done, 2, *([surrogates.n_window] if scope == "window" else []))
    extremes, missing = np.full(shape, np.nan), np.full(shape[0], surrogates.n_feature)
    for number, found in computed(_fold_tile, (surrogates.in_one_thread(), scope), cuts):
        tile = cuts[number]
        place = slice(tile.start - n_done, tile.stop - n_done)
        extremes[place, 0] = np.fmin(extremes[place, 0], found[:, 0])
        extremes[place, 1] = np.fmax(extremes[place, 1], found[:, 1])
        n_feature = tile.features.stop - tile.features.start
        missing[place] -= n_feature
        steps.add(tile.stop - tile.start, n_feature, surrogates.n_window)
        open_ones = np.flatnonzero(missing)
        yield int(open_ones[0]) if open_ones.size else missing.size, extremes


def _fold_tile(job: tuple[Surrogates, Scope], tile: Tile) -> np.ndarray:
    """One task, on a worker."""
    surrogates, scope = job
    ranges = surrogates.ranges(tile.start, tile.stop)  # more draws than these do not fit into memory
    return np.concatenate([fold(surrogates, *some, scope, part=tile.features) for some in ranges])

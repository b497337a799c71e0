"""Pseudo groups: the same subjects while they watched different stimuli."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.kernels.nulls import surrogates as draws
from isc.kernels.windows.plan import in_threads
from isc.synchrony.features.blocks import Block, Features, SeriesBlock
from isc.synchrony.statistic.groups import Comparisons
from isc.synchrony.surrogate.design import Design

PART_BYTES = 16 * 2**20  # of one stimulus, of which all are held


@dataclass(frozen=True)
class OtherStimuli:
    """Values of surrogate groups whose members watched different stimuli.

    Attributes
    ----------
    design : Design
    others : tuple of (Features, ndarray)
        Features of every other stimulus, and the positions of the subjects in the order of the design.
    """

    design: Design
    others: tuple[tuple[Features, np.ndarray], ...]

    @property
    def at_once(self) -> int:
        """The draws are small."""
        return 1024

    def draw(self, surrogates: range) -> list[np.ndarray]:
        """Number of the stimulus (0 is the tested one) of every subject, for each surrogate."""
        design, n_stimulus = self.design, len(self.others) + 1
        return [draws.random_groups(design.seed, k, design.keys, n_stimulus) for k in surrogates]

    def values(self, block: Block, features: slice, drawn: Sequence[np.ndarray]) -> np.ndarray:
        """Values (surrogate, feature, window)."""
        size = max(1, PART_BYTES // block.series_of(slice(0, 1)).nbytes)
        parts = []
        for first in range(0, block.n_feature, size):
            last = min(first + size, block.n_feature)
            series = [block.series_of(slice(first, last))]
            for other, order in self.others:
                part = other.block_of(slice(features.start + first, features.start + last))
                series.append(part.series_of(slice(0, last - first))[:, :, order])
            parts.append(self._part(SeriesBlock(np.concatenate(series, axis=-1)), drawn))
        return np.concatenate(parts, axis=1)

    def _part(self, stimuli: SeriesBlock, drawn: Sequence[np.ndarray]) -> np.ndarray:
        """Stimuli lie end to end, so that a subject is taken from another one by reading it whole recordings later."""

        def run(k: int) -> np.ndarray:
            moves = {"shifts": drawn[k] * self.design.n_time}
            values = self._between(drawn[k]).compute(stimuli, moves=moves, n_threads=1)
            return values.reshape(stimuli.n_feature, -1)

        return np.stack(in_threads(run, [(k,) for k in range(len(drawn))], self.design.n_threads))

    def _between(self, group: np.ndarray) -> Design:
        """The design with the dyads from different stimuli only; unchanged where these are all."""
        apart = group[:, None] != group[None]
        if apart.sum() == group.size * (group.size - 1):
            return self.design
        if self.design.statistic.estimator == "pairwise":
            apart = np.triu(apart)  # each dyad once
        dyads = Comparisons(["pseudo"], ["pseudo"], apart[None])
        return replace(self.design, statistic=replace(self.design.statistic, comparisons=dyads))


def partner_order(cube: xr.DataArray, other: xr.DataArray, ids: Sequence[str]) -> np.ndarray:
    """Positions in another stimulus's cube of the subjects `ids`, after checking that the cubes go together.

    Parameters
    ----------
    cube, other : DataArray
    ids : sequence of str

    Returns
    -------
    ndarray of int, shape (subject,)

    Raises
    ------
    ValueError
        When lengths, sampling rates, features or subjects differ.

    Examples
    --------
    >>> seconds = {"time": np.arange(3.0)}
    >>> one = xr.DataArray(np.zeros((2, 3)), dims=("subject", "time"), coords={"subject": ["a", "b"], **seconds})
    >>> partner_order(one, one.isel(subject=[1, 0]), ["a", "b"]).tolist()
    [1, 0]
    """
    different = [d for d in cube.dims if d != "subject" and cube.sizes[d] != other.sizes.get(d)]
    if different or set(cube.dims) != set(other.dims):
        raise ValueError(
            f"pseudo groups need stimuli of equal length and equal features; this cube has {dict(cube.sizes)} and "
            f"another has {dict(other.sizes)}: cut them to a common length first"
        )
    places = {name: k for k, name in enumerate(subject_ids(other))}
    if set(places) != set(ids):
        raise ValueError(
            f"pseudo groups need the same subjects in every stimulus; {sorted(set(places) ^ set(ids))} are in one only"
        )
    return np.array([places[name] for name in ids])

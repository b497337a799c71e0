"""Surrogates with random Fourier phases, the same for all features of a subject."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from isc.kernels import surrogates as draws
from isc.kernels.plan import in_threads
from isc.synchrony.blocks import Block, SeriesBlock, series_parts
from isc.synchrony.design import Design

PART_BYTES = 32 * 2**20  # of series whose spectra are kept at a time
DRAW_BYTES = 48 * 2**20


@dataclass(frozen=True)
class RandomPhases:
    """Values of phase-randomised surrogates.

    Attributes
    ----------
    design : Design
    """

    design: Design

    @property
    def at_once(self) -> int:
        """Surrogates whose phase factors fit into memory together."""
        return max(1, DRAW_BYTES // (8 * self.design.keys.size * (self.design.n_time // 2 + 1)))

    def draw(self, surrogates: range) -> list[np.ndarray]:
        """Factors (subject, frequency) of modulus 1 of every surrogate."""
        design = self.design
        n_frequency = design.n_time // 2 + 1
        return [
            phase_factors(draws.phases(design.seed, k, design.keys, n_frequency), design.n_time) for k in surrogates
        ]

    def values(self, block: Block, features: slice, drawn: Sequence[np.ndarray]) -> np.ndarray:
        """Values (surrogate, feature, window)."""
        sample = block.series_of(slice(0, 1))
        size = max(1, PART_BYTES // sample.nbytes)
        parts = [self._part(part, drawn) for _, part in series_parts(block, size)]
        return np.concatenate(parts, axis=1)

    def _part(self, block: SeriesBlock, drawn: Sequence[np.ndarray]) -> np.ndarray:
        """Spectra are kept; every surrogate is a product with its factors and one inverse transform."""
        n_time = block.n_time
        spectra = _by_rows(np.fft.rfft, block.series, n_time // 2 + 1, np.complex64)

        def run(k: int) -> np.ndarray:
            turned = spectra * drawn[k]
            series = _by_rows(lambda row: np.fft.irfft(row, n_time), turned, n_time, np.float32)
            return self.design.compute_other(block.series, series)

        return np.stack(in_threads(run, [(k,) for k in range(len(drawn))], self.design.n_threads))


def phase_factors(phases: np.ndarray, n_time: int) -> np.ndarray:
    """Factors of a spectrum that turn its phases and keep the series real.

    The mean keeps its sign; so does, for an even number of samples, the fastest frequency: both have no phase to turn.

    Parameters
    ----------
    phases : ndarray, shape (subject, n_time // 2 + 1)
        Radians.
    n_time : int

    Returns
    -------
    ndarray of complex64, shape of `phases`

    Examples
    --------
    >>> phase_factors(np.full((1, 3), np.pi), 4).round(6).tolist()
    [[(1+0j), (-1+0j), (1+0j)]]
    """
    factors = np.exp(1j * phases)
    factors[:, 0] = 1
    if n_time % 2 == 0:
        factors[:, -1] = 1
    return factors.astype(np.complex64)


def _by_rows(function: Callable[[np.ndarray], np.ndarray], values: np.ndarray, n: int, dtype: type) -> np.ndarray:
    """A transform of the last axis, one row at a time: the rounding of a row never depends on its neighbours."""
    result = np.empty((*values.shape[:-1], n), dtype)
    for row, out in zip(values.reshape(-1, values.shape[-1]), result.reshape(-1, n), strict=True):
        out[:] = function(row)
    return result

"""Surrogates with random Fourier phases, the same for all features of a subject."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isc.kernels.nulls import surrogates as draws
from isc.kernels.windows.plan import in_threads
from isc.synchrony.features.blocks import Block, SeriesBlock, series_parts
from isc.synchrony.surrogate.design import Design

PART_BYTES = 16 * 2**20  # of series whose spectra are kept at a time
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
        spectra = spectra_of(block.series)

        def run(k: int) -> np.ndarray:
            return self.design.compute_other(turned_series(spectra, drawn[k], block.n_time))

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


def spectra_of(series: np.ndarray) -> np.ndarray:
    """Fourier transforms of series, one at a time: the rounding of a row never depends on its neighbours.

    Parameters
    ----------
    series : ndarray of float32, shape (feature, component, subject, time)

    Returns
    -------
    ndarray of complex64, shape (feature, component, subject, frequency)

    Examples
    --------
    >>> spectra_of(np.ones((1, 1, 1, 4), dtype=np.float32)).real.ravel().tolist()
    [4.0, 0.0, 0.0]
    """
    spectra = np.empty((*series.shape[:3], series.shape[3] // 2 + 1), dtype=np.complex64)
    for row in np.ndindex(series.shape[:3]):
        spectra[row] = np.fft.rfft(series[row])
    return spectra


def turned_series(spectra: np.ndarray, factors: np.ndarray, n_time: int) -> np.ndarray:
    """Series whose spectra have been multiplied by each subject's factors.

    Parameters
    ----------
    spectra : ndarray of complex64, shape (feature, component, subject, frequency)
    factors : ndarray of complex64, shape (subject, frequency)
    n_time : int

    Returns
    -------
    ndarray of float32, shape (feature, component, subject, time)

    Examples
    --------
    >>> turned_series(np.ones((1, 1, 1, 2), np.complex64), np.ones((1, 2), np.complex64), 3).ravel().round(6).tolist()
    [1.0, 0.0, 0.0]
    """
    series = np.empty((*spectra.shape[:3], n_time), dtype=np.float32)
    for row in np.ndindex(spectra.shape[:3]):
        series[row] = np.fft.irfft(spectra[row] * factors[row[2]], n_time)
    return series

"""Random phases keep the spectra of a subject and nothing else."""

import numpy as np
import pytest

from isc.kernels.nulls.surrogates import phases, subject_keys
from isc.synchrony.surrogate.rephased import phase_factors, spectra_of, turned_series


@pytest.mark.parametrize("n_time", [300, 301])
def test_surrogates_keep_power_mean_and_the_relations_between_features(n_time):
    rng = np.random.default_rng(0)
    series = (3 + np.cumsum(rng.normal(size=(2, 1, 1, n_time)), axis=-1)).astype(np.float32)
    factors = phase_factors(phases(0, 0, subject_keys("a"), n_time // 2 + 1), n_time)
    spectra = spectra_of(series)
    moved = turned_series(spectra, factors, n_time)
    assert np.abs(moved - series).max() > 1
    np.testing.assert_allclose(moved.mean(axis=-1), series.mean(axis=-1), rtol=1e-5)
    turned = np.fft.rfft(moved)
    np.testing.assert_allclose(np.abs(turned), np.abs(spectra), rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(
        turned[0] * turned[1].conj(), spectra[0] * spectra[1].conj(), atol=1e-4 * np.abs(spectra).max() ** 2
    )


@pytest.mark.parametrize("n_time", [8, 9])
def test_frequencies_without_a_phase_are_left_alone(n_time):
    factors = phase_factors(np.full((1, n_time // 2 + 1), 1.0), n_time)
    assert factors[0, 0] == 1
    assert (factors[0, -1] == 1) == (n_time % 2 == 0)

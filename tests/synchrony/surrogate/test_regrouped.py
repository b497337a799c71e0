"""Pseudo groups are made of different stimuli, and only dyads across stimuli count."""

import numpy as np
import pytest
import xarray as xr

from isc.kernels.nulls.surrogates import random_groups, subject_keys
from isc.synchrony.nulls import null_extremes
from isc.synchrony.surrogate.described import surrogates_of
from isc.synchrony.surrogate.schemes import scheme_named
from isc.synchrony.temporal import temporal_isc

KEYS = subject_keys([f"{k}" for k in range(7)])


def films(n_film, shared=3.0, n_subject=6, n_time=300):
    """Cubes of the same subjects, who all follow each film."""
    rng = np.random.default_rng(0)
    coords = {"time": np.arange(n_time) / 30, "subject": [f"{k}" for k in range(n_subject)]}
    values = shared * rng.normal(size=(n_film, 1, n_time, 2)) + rng.normal(size=(n_film, n_subject, n_time, 2))
    return [xr.DataArray(x, dims=("subject", "time", "vertex"), coords=coords) for x in values]


@pytest.mark.parametrize("n_film", [2, 3, 9])
def test_stimuli_are_shared_out_as_evenly_as_possible(n_film):
    groups = np.array([random_groups(0, k, KEYS, n_film) for k in range(300)])
    sizes = np.array([np.bincount(row, minlength=n_film) for row in groups])
    assert sizes.max() - sizes.min() <= 1
    assert np.abs(sizes.mean(axis=0) - 7 / n_film).max() < 0.15


@pytest.mark.parametrize("n_film", [2, 3, 6])
@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_synchrony_with_a_film_is_not_in_the_null(n_film, estimator):
    cubes = films(n_film)
    null = null_extremes(
        cubes[0], scheme="pseudo_group", others=cubes[1:], n_surrogates=20, estimator=estimator, window=2.0
    )
    assert float(temporal_isc(cubes[0], window=2.0, estimator=estimator).min()) > 0.8
    assert float(null.max()) < 0.6


def test_a_surrogate_is_the_mean_over_dyads_of_different_films():
    cubes = films(2)
    scheme = scheme_named("pseudo_group")
    surrogates = surrogates_of(cubes[0], scheme=scheme, others=cubes[1:], n_surrogates=1, window=10.0)
    ((_, values),) = surrogates.values()
    group = surrogates.randomiser.draw(range(1))[0]
    mixed = np.stack([cubes[k].values[s, :, 0] for s, k in enumerate(group)])
    r = np.corrcoef(mixed)
    assert values[0, 0, 0] == pytest.approx(r[group[:, None] != group[None]].mean(), abs=1e-6)


def test_subjects_are_found_by_their_ids():
    cubes = films(2)
    turned = cubes[1].isel(subject=[5, 3, 4, 0, 1, 2])
    one, two = (
        null_extremes(cubes[0], scheme="pseudo_group", others=[other], n_surrogates=5) for other in (cubes[1], turned)
    )
    assert (one == two).all()

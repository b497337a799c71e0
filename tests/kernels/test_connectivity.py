"""Inter-subject functional connectivity against its definition, dyad by dyad."""

from itertools import permutations

import numpy as np
import pytest

from isc.kernels.connectivity import (
    gapped_connectivity,
    leave_one_out_connectivity,
    pairwise_connectivity,
    standardise,
)
from tests import reference


def samples(n_subject=5, n_feature=4, seed=0):
    draw = np.random.default_rng(seed)
    return 300 + draw.standard_normal((n_subject, n_feature, 90)) + draw.standard_normal((n_feature, 90))


def correlation(first, second):
    return reference.correlation(first[None], second[None])


def mean_of_numbers(values):
    values = [value for value in values if np.isfinite(value)]
    return np.mean(values) if values else np.nan


def by_dyads(window):
    n_subject, n_feature, _ = window.shape
    dyads = list(permutations(range(n_subject), 2))
    return [
        [mean_of_numbers(correlation(window[a, i], window[b, j]) for a, b in dyads) for j in range(n_feature)]
        for i in range(n_feature)
    ]


def with_holes():
    window = samples()
    window[0, 1, 7], window[1, 2], window[2, 2, 0] = np.nan, 5.0, np.nan
    return window


def complete(window):
    """Series with any gap are left out whole, as in the kernel."""
    return np.where(np.isfinite(window).all(axis=-1, keepdims=True), window, np.nan)


@pytest.mark.parametrize("window", [samples(), samples(2, 3), with_holes()], ids=["whole", "two", "holes"])
def test_the_mean_over_dyads_agrees_with_its_definition(window):
    value, n_dyad = pairwise_connectivity(window)
    np.testing.assert_allclose(value, by_dyads(complete(window)), atol=1e-6)
    assert (value == value.T).all() and (n_dyad == n_dyad.T).all()


def test_the_number_of_dyads_leaves_out_flat_and_incomplete_series():
    _, n_dyad = pairwise_connectivity(with_holes())
    assert np.diagonal(n_dyad).tolist() == [20, 12, 6, 20]
    assert n_dyad[1, 2] == 4 * 3 - 2  # subjects 1 to 4 times subjects 0, 3, 4, less 3 and 4 with themselves


def test_the_diagonal_is_the_mean_pairwise_correlation():
    window = samples()
    series = window.transpose(1, 0, 2)[:, None]
    expected, _ = reference.pairwise_mean(series, [0], 90)
    np.testing.assert_allclose(np.diagonal(pairwise_connectivity(window)[0]), expected[:, 0], atol=1e-6)


@pytest.mark.parametrize("window", [samples(), with_holes()], ids=["whole", "holes"])
def test_leave_one_out_agrees_with_its_definition(window):
    window = complete(window)
    flat = window.std(axis=-1, keepdims=True) == 0
    usable = np.where(flat, np.nan, window)
    n_subject, n_feature, _ = window.shape
    expected = np.empty((n_feature, n_feature))
    for i, j in np.ndindex(n_feature, n_feature):
        rest = [reference.mean_of_present(np.delete(usable[:, j], s, axis=0)) for s in range(n_subject)]
        expected[i, j] = mean_of_numbers(correlation(usable[s, i], rest[s]) for s in range(n_subject))
    np.testing.assert_allclose(leave_one_out_connectivity(window), expected, atol=1e-6)


def test_one_subject_has_no_connectivity():
    assert np.isnan(pairwise_connectivity(samples(1))[0]).all()
    assert np.isnan(leave_one_out_connectivity(samples(1))).all()


def test_standardised_series_have_mean_zero_and_norm_one_or_are_zero():
    z = standardise(with_holes())
    norm = np.linalg.norm(z, axis=-1)
    assert norm == pytest.approx(np.where(norm > 0, 1, 0), abs=1e-12)
    assert z.sum(axis=-1) == pytest.approx(0, abs=1e-10)
    assert np.argwhere(norm == 0).tolist() == [[0, 1], [1, 2], [2, 2]]


def mean_of_others(series, s):
    return reference.mean_of_present(reference.at_one_level(np.delete(series, s, axis=0)))


def full_of_gaps():
    window = samples(6, seed=1)
    window[np.random.default_rng(2).random(window.shape) < 0.1] = np.nan
    window[1, 2], window[3, 0], window[4, 1, 20:] = 7.0, np.nan, window[4, 1, 20]
    return window


def test_with_gaps_r_is_over_the_samples_that_both_have():
    window = full_of_gaps()
    np.testing.assert_allclose(gapped_connectivity(window, leave_one_out=False), by_dyads(window), atol=1e-6)


def test_with_gaps_the_others_are_the_mean_of_who_is_there():
    window = full_of_gaps()
    kept = np.array([[np.nanstd(x) > 0 if np.isfinite(x).any() else False for x in s] for s in window])
    usable = np.where(kept[..., None], window, np.nan)
    expected = np.empty((4, 4))
    for i, j in np.ndindex(4, 4):
        rest = [mean_of_others(usable[:, j], s) for s in range(6)]
        expected[i, j] = mean_of_numbers(correlation(usable[s, i], rest[s]) for s in range(6))
    np.testing.assert_allclose(gapped_connectivity(window, leave_one_out=True), expected, atol=1e-6)


@pytest.mark.parametrize("leave_one_out", [False, True])
def test_without_gaps_both_ways_agree(leave_one_out):
    window = samples()
    whole = leave_one_out_connectivity(window) if leave_one_out else pairwise_connectivity(window)[0]
    np.testing.assert_allclose(gapped_connectivity(window, leave_one_out=leave_one_out), whole, atol=1e-6)

"""Tables of partial sums give the sums of the definition, for any number of subjects."""

import numpy as np
import pytest

from isc.kernels.nulls.flips import dyad_tables, flipped_means


def signs(n_flip, n_subject, seed=0):
    return np.where(np.random.default_rng(seed).random((n_flip, n_subject)) < 0.5, -1, 1)


def matrices(n_cell, n_subject, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (n_cell, n_subject, n_subject)).astype(np.float32)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7, 10, 21, 22])
def test_every_flip_is_the_mean_of_signed_dyads(n):
    flips, r = signs(40, n), matrices(37, n)
    a, b = np.triu_indices(n, 1)
    expected = (flips[:, a] * flips[:, b]) @ r[:, a, b].T.astype(np.float64) / a.size
    assert np.abs(flipped_means(r.reshape(37, -1), dyad_tables(flips)) - expected).max() < 3e-7


@pytest.mark.parametrize("n", [3, 4, 8, 21])
def test_every_dyad_stands_in_one_table(n):
    a, b = np.triu_indices(n, 1)
    assert sorted(dyad_tables(signs(2, n)).terms.tolist()) == sorted((a * n + b).tolist())


def test_missing_dyads_are_left_out_and_a_window_without_any_is_missing():
    r = matrices(3, 5)
    r[0, 2, :] = r[0, :, 2] = np.nan
    r[1] = np.nan
    left = np.delete(np.arange(5), 2)
    a, b = np.triu_indices(4, 1)
    means = flipped_means(r.reshape(3, -1), dyad_tables(np.ones((1, 5), int)))[0]
    assert means[0] == pytest.approx(r[0][np.ix_(left, left)][a, b].mean(), abs=1e-6)
    assert np.isnan(means[1]) and np.isfinite(means[2])


def test_a_window_has_the_same_bits_among_any_others():
    r, tables = matrices(50, 21).reshape(50, -1), dyad_tables(signs(30, 21))
    whole = flipped_means(r, tables)
    for begin, end in [(0, 7), (7, 30), (30, 50)]:
        assert (flipped_means(r[begin:end], tables) == whole[:, begin:end]).all()


def test_a_flip_has_the_same_bits_among_any_others():
    r, flips = matrices(20, 10).reshape(20, -1), signs(30, 10)
    assert (flipped_means(r, dyad_tables(flips[4:9])) == flipped_means(r, dyad_tables(flips))[4:9]).all()

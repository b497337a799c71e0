"""Draws of people: uniform, named by seed and number, and the same for any order of the subjects."""

import numpy as np
from scipy import stats

from isc.kernels.nulls.resamples import label_orders, resample_counts
from isc.kernels.nulls.surrogates import subject_keys

KEYS = subject_keys([f"{k:02d}" for k in range(8)])


def test_every_subject_is_drawn_as_often_as_a_multinomial_says():
    counts = resample_counts(1, 20_000, KEYS)
    assert (counts.sum(axis=1) == 8).all()
    assert stats.chisquare(counts.sum(axis=0)).pvalue > 0.001
    variance = 8 * (1 / 8) * (7 / 8)
    assert abs(counts.var(axis=0) / variance - 1).max() < 0.06


def test_samples_of_a_single_subject_are_drawn_again():
    counts = resample_counts(1, 2000, KEYS[:2])
    assert len(counts) == 2000
    assert (counts == 1).all()


def test_orders_are_uniform():
    orders = label_orders(1, range(6000), KEYS[:3])
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert counts.size == 6 and stats.chisquare(counts).pvalue > 0.001


def test_draws_follow_the_subject_and_the_number():
    turned = np.random.default_rng(0).permutation(8)
    assert (resample_counts(3, 50, KEYS[turned]) == resample_counts(3, 50, KEYS)[:, turned]).all()
    assert (label_orders(3, range(50), KEYS[turned]) == label_orders(3, range(50), KEYS)[:, turned]).all()
    assert (label_orders(3, [7], KEYS) == label_orders(3, range(10), KEYS)[7:8]).all()
    assert (resample_counts(3, 50, KEYS) != resample_counts(4, 50, KEYS)).any()

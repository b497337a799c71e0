"""Blocks of distances, prefix neighbours and permuted labels."""

import numpy as np
import pytest

from isc.kernels.gram import agreement_of_labels, best_of_first, centred_distances
from tests.reference_classification import pair_distances


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_block_holds_the_distances_less_their_mean_over_faces(kind):
    meshes = np.random.default_rng(0).normal(size=(9, 6, 3)) + 100
    first, second = np.triu_indices(6, 1)
    out = np.empty((first.size, 9), dtype=kind)
    centred_distances(np.ascontiguousarray(meshes.transpose(1, 2, 0)), first, second, out)
    expected = pair_distances(meshes, first, second).T
    np.testing.assert_allclose(
        out, expected - expected.mean(axis=1, keepdims=True), atol=1e-12 if kind is np.float64 else 1e-6
    )


def test_an_offset_costs_no_precision():
    meshes = np.random.default_rng(0).normal(size=(9, 6, 3))
    first, second = np.triu_indices(6, 1)
    blocks = []
    for moved in (meshes, meshes + 1e5):
        out = np.empty((first.size, 9), dtype=np.float32)
        centred_distances(np.ascontiguousarray(moved.transpose(1, 2, 0)), first, second, out)
        blocks.append(out)
    np.testing.assert_allclose(*blocks, atol=1e-6)


def test_the_nearest_among_the_first_n_is_that_of_a_search_for_each_n():
    rng = np.random.default_rng(1)
    distance, order, sizes = rng.integers(0, 9, (20, 30)).astype(float), rng.permutation(30), np.array([1, 2, 7, 30])
    nearest = np.empty((4, 20), dtype=np.int64)
    best_of_first(distance, order, sizes, nearest)
    for row, size in enumerate(sizes):
        np.testing.assert_array_equal(nearest[row], order[:size][distance[:, order[:size]].argmin(axis=1)])


def test_labels_are_counted_as_a_loop_counts_them():
    rng = np.random.default_rng(2)
    labels, nearest = rng.integers(0, 3, (5, 12)), rng.integers(-1, 12, (2, 12))
    counts = np.zeros((5, 3, 3), dtype=np.int64)
    agreement_of_labels(labels, nearest, counts)
    expected = np.zeros_like(counts)
    for m, r, c in np.ndindex(5, 2, 12):
        if nearest[r, c] >= 0:
            expected[m, labels[m, c], labels[m, nearest[r, c]]] += 1
    np.testing.assert_array_equal(counts, expected)

"""Clusters as arrays: hand-made runs, and the components that MNE finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array

from isc.synchrony.clusters import feature_edges, find_runs, join_runs, largest_masses

EDGES = np.array([[0, 1], [1, 2], [0, 2], [3, 4]])


def sets_of(found):
    """Clusters as a set of sets of cells."""
    return {frozenset(found.cells[found.run == k].tolist()) for k in np.unique(found.run)}


def test_a_run_does_not_go_on_into_the_next_feature():
    values = np.array([[0.0, 0.0, 2.0], [2.0, 0.0, 5.0]])
    runs = find_runs(values, 1.0)
    assert sets_of(runs) == {frozenset([2]), frozenset([3]), frozenset([5])}
    assert runs.mass.tolist() == [1.0, 1.0, 4.0]


def test_a_missing_window_and_a_value_at_the_threshold_end_a_run():
    runs = find_runs(np.array([[2.0, np.nan, 2.0, 1.0, 2.0]]), 1.0)
    assert runs.run.tolist() == [0, 1, 2]


def test_nothing_above_the_threshold_is_no_cluster():
    runs = find_runs(np.zeros((2, 3)), 1.0)
    assert runs.mass.size == 0
    assert join_runs(runs, EDGES, (2, 3)).mass.size == 0


def test_runs_touch_only_at_the_same_time():
    values = np.array([[2.0, 2.0, 0.0, 0.0], [0.0, 0.0, 2.0, 2.0], [0.0, 2.0, 2.0, 0.0]])
    apart = join_runs(find_runs(values, 1.0), np.array([[0, 1]]), values.shape)
    assert apart.mass.tolist() == [2.0, 2.0, 2.0]
    joined = join_runs(find_runs(values, 1.0), np.array([[0, 2], [2, 1]]), values.shape)
    assert joined.mass.tolist() == [6.0]


def test_the_largest_mass_of_a_surrogate_is_its_own():
    values = np.zeros((3, 2, 4))
    values[0, 1, 2:], values[2, 0, :] = 3.0, 2.0
    values[1, 0, 0] = 1.5
    assert largest_masses(values, 1.0).tolist() == [4.0, 0.5, 4.0]
    assert largest_masses(values, 1.0, np.array([[0, 1]])).tolist() == [4.0, 0.5, 4.0]
    values[2, 1, 1] = 2.0
    assert largest_masses(values, 1.0, np.array([[0, 1]])).tolist() == [4.0, 0.5, 5.0]


@given(seed=st.integers(0, 2000), threshold=st.sampled_from([0.2, 0.8, 1.5]))
def test_clusters_over_mesh_and_windows_are_those_of_mne(seed, threshold):
    from mne.stats import combine_adjacency, permutation_cluster_1samp_test

    n_feature, n_window = 5, 7
    values = np.random.default_rng(seed).normal(size=(n_feature, n_window))
    pairs = np.concatenate([EDGES, EDGES[:, ::-1], np.stack([np.arange(5)] * 2, axis=1)])
    adjacency = coo_array((np.ones(len(pairs)), pairs.T), shape=(5, 5))
    _, clusters, _, _ = permutation_cluster_1samp_test(
        np.random.default_rng(0).normal(size=(3, n_window, n_feature)),
        stat_fun=lambda x: values.T[None].reshape(x.shape[1:]) if x.ndim > 2 else values.T.ravel(),
        threshold=threshold,
        tail=1,
        n_permutations=1,
        adjacency=combine_adjacency(n_window, adjacency),
        out_type="indices",
        verbose="ERROR",
    )
    theirs = {frozenset((f * n_window + w).tolist()) for w, f in clusters}
    assert sets_of(join_runs(find_runs(values, threshold), EDGES, values.shape)) == theirs
    singles = sets_of(find_runs(values, threshold))
    assert singles == sets_of(join_runs(find_runs(values, threshold), np.empty((0, 2), dtype=int), values.shape))


def test_adjacency_is_read_from_edges_and_from_sparse_matrices():
    pairs = np.concatenate([EDGES[:2], EDGES[2:, ::-1], [[1, 1]]])  # one triangle or the other, and the diagonal
    matrix = coo_array((np.ones(len(pairs)), pairs.T), shape=(5, 5))
    assert sorted(map(tuple, feature_edges(matrix, 5))) == sorted(map(tuple, EDGES))
    assert feature_edges(EDGES, 5).tolist() == EDGES.tolist()


@pytest.mark.parametrize(
    ("adjacency", "message"),
    [
        (coo_array((4, 4)), r"adjacency has shape \(4, 4\); the cube has 5 features"),
        (np.ones((5, 5)), "whole numbers"),
        (np.array([[0, 5]]), "adjacency names feature 5; the cube has 5, numbered from 0"),
        (np.array([[-1, 2]]), "adjacency names feature -1"),
    ],
)
def test_an_adjacency_that_does_not_fit_is_refused(adjacency, message):
    with pytest.raises(ValueError, match=message):
        feature_edges(adjacency, 5)

"""Folds are balanced and apart, votes count as they should, and tables count guesses."""

import numpy as np
import pytest

from isc.networks.voting import balanced_folds, top_table, vote, vote_weights

CODES = np.repeat([0, 0, 0, 1, 1, 2], 20)
GROUPS = np.tile(np.arange(10), 12)


def test_folds_are_balanced_disjoint_and_keep_groups_together():
    parts = balanced_folds(CODES, GROUPS, n_folds=3, test_share=0.3, seed=4)
    everything = [*parts.folds, parts.test]
    people = [set(GROUPS[rows]) for rows in everything]
    assert len(people[-1]) == 3 and sum(len(of) for of in people) == len(set().union(*people)) == 10
    for rows in parts.folds:
        counts = np.bincount(CODES[rows])
        assert len(set(counts)) == 1 and counts[0] == (CODES[np.isin(GROUPS, list(set(GROUPS[rows])))] == 2).sum()
    assert len(parts.test) == 36  # the test part stays as it is
    assert set(parts.training(1)) == set(parts.folds[0]) | set(parts.folds[2])


def test_the_same_seed_gives_the_same_folds_and_another_one_others():
    first, again, other = (balanced_folds(CODES, GROUPS, n_folds=3, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first.folds, again.folds, strict=True))
    assert not np.array_equal(first.test, other.test)


def test_too_few_groups_and_a_fold_without_a_class_are_refused():
    with pytest.raises(ValueError, match="9 folds beside 2 groups for the test need 11 groups"):
        balanced_folds(CODES, GROUPS, n_folds=9)
    with pytest.raises(ValueError, match="a fold has no sample of class"):
        balanced_folds(np.eye(10, dtype=int)[0], np.arange(10), n_folds=4)


def test_a_vote_weighs_each_class_by_who_recognises_it():
    said = np.array([[[0.7, 0.3]], [[0.1, 0.9]]])
    assert vote(said) == pytest.approx(np.array([[0.4, 0.6]]))
    trusted = vote(said, np.array([[1.0, 0.0], [0.0, 1.0]]))  # the first knows class 0, the second class 1
    assert trusted == pytest.approx(np.array([[0.7, 0.9]]) / 1.6)
    assert vote(said, np.zeros((2, 2))) == pytest.approx(vote(said))
    with pytest.raises(ValueError, match="weights are"):
        vote(said, np.ones(2))


def test_weights_are_the_recall_of_each_class():
    said = np.eye(3)[[0, 0, 1, 2, 2]]
    assert vote_weights(np.array([0, 1, 1, 2, 2]), said).tolist() == [1.0, 0.5, 1.0]


def test_a_table_counts_first_and_second_guesses():
    said = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.3, 0.1, 0.6]])
    codes = np.array([0, 1, 1])
    first, second = (top_table(codes, {"net": said}, ["a", "b", "c"], k=k).iloc[0] for k in (1, 2))
    assert (first["a"], first["b"], np.isnan(first["c"])) == (1.0, 0.0, True)
    assert (second["b"], second["mean"], second["variance"]) == (0.5, 0.75, 0.125)

"""Subjects are divided in a stated proportion, and nobody is in two parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isc.networks.splits import divide_subjects


@pytest.mark.parametrize(("n", "sizes"), [(92, [81, 4, 7]), (91, [80, 4, 7]), (16, [14, 1, 1]), (3, [1, 1, 1])])
def test_the_published_proportion_gives_these_numbers_of_people(n, sizes):
    assert [len(part) for part in divide_subjects(np.arange(n))] == sizes


@given(st.integers(3, 120), st.tuples(*[st.floats(0.01, 100)] * 3), st.integers(0, 5))
def test_every_clip_is_in_one_part_and_nobody_in_two(n, shares, seed):
    subjects = np.repeat([f"s{k}" for k in range(n)], 2)
    parts = divide_subjects(subjects, shares=shares, seed=seed)
    assert sorted(np.concatenate(parts)) == list(range(2 * n)) and min(map(len, parts)) >= 2
    people = [set(subjects[part]) for part in parts]
    assert sum(map(len, people)) == n


def test_the_order_of_the_clips_does_not_matter_and_the_seed_does():
    subjects = np.repeat(np.arange(20), 3)
    order = np.random.default_rng(0).permutation(60)
    tested = [set(s[divide_subjects(s, seed=2).test]) for s in (subjects, subjects[order])]
    assert tested[0] == tested[1] != set(subjects[divide_subjects(subjects, seed=3).test])


def test_two_people_and_wrong_shares_are_refused():
    with pytest.raises(ValueError, match="need three subjects at least; there are 2"):
        divide_subjects(["a", "b", "a"])
    for shares in ((1, 2), (1, 2, 0), (1, 2, np.nan)):
        with pytest.raises(ValueError, match="shares are three numbers above 0"):
            divide_subjects(list("abc"), shares=shares)

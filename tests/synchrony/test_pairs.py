"""Vertex pairs."""

import numpy as np
import pytest

from isc.synchrony.pairs import vertex_pairs


def test_all_pairs_of_the_face_mesh():
    assert len(vertex_pairs(468)) == 109_278
    assert len(vertex_pairs(478)) == 114_003
    pairs = vertex_pairs(4)
    assert list(zip(pairs.vertex_a, pairs.vertex_b, strict=True)) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def test_pairs_within_and_between_regions():
    regions = {"mouth": np.array([1, 2, 3]), "brow": np.array([7, 8])}
    within = vertex_pairs(10, regions=regions)
    assert within.region == ("mouth", "mouth", "mouth", "brow")
    between = vertex_pairs(10, regions=regions, between=True)
    assert len(between) == 6
    assert set(between.region) == {"mouth-brow"}
    assert between.coords()["region"].dims == ("pair",)


def test_edges_count_once_whatever_their_direction():
    assert len(vertex_pairs(5, neighbours=np.array([[0, 1], [1, 0], [2, 1]]))) == 2


def test_mirror_pairs_leave_out_the_midline():
    pairs = vertex_pairs(5, mirror=np.array([1, 0, 2, 4, 3]))
    assert list(zip(pairs.vertex_a, pairs.vertex_b, strict=True)) == [(0, 1), (3, 4)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vertex_pairs([]), "no vertex pair was selected"),
        (lambda: vertex_pairs([(3, 3)]), "vertex 3 is paired with itself"),
        (lambda: vertex_pairs(5, neighbours=np.array([[0, 7]])), "below 5; the largest given is 7"),
        (lambda: vertex_pairs([(-1, 2)]), "at least 0"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()

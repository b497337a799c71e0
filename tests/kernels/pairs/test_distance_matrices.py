"""Matrices of vertex distances formed in cache are those of the stored distances."""

import numpy as np
import pytest

from isc.kernels.correlation import correlation_matrices
from isc.kernels.pairs.distance_series import distance_series
from isc.kernels.pairs.distances import correlation_matrices_of_distances

STARTS = np.arange(0, 440, 20)  # 22 windows: more than one chunk


def landmarks():
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.normal(size=(9, 500, 7, 3)), axis=1)
    return (0.1 * steps + 300 * rng.random((7, 3))).astype(np.float32)


@pytest.mark.parametrize("broken", [False, True])
def test_matrices_equal_those_of_stored_distances(broken):
    points, (a, b) = landmarks(), np.triu_indices(7, 1)
    if broken:
        points[1, 100:105] = np.nan  # some samples: the exact path
        points[2, 150:260] = np.nan  # whole windows: left out
        points[3] = points[3, :1]  # flat
    value, count = correlation_matrices_of_distances(points, a, b, STARTS, 60, n_threads=2)
    expected, n_subject = correlation_matrices(distance_series(points, a, b), STARTS, 60)
    assert (count == n_subject).all()
    np.testing.assert_allclose(value, expected, atol=1e-4)  # float32 distances near 300


def test_matrices_follow_shifts_and_frames():
    points, (a, b) = landmarks(), np.triu_indices(4, 1)
    shifts = np.arange(9) * 37
    frames = (np.arange(500) + shifts[:, None]) % 500
    by_shift, _ = correlation_matrices_of_distances(points, a, b, STARTS, 60, shifts=shifts)
    by_frame, _ = correlation_matrices_of_distances(points, a, b, STARTS, 60, frames=frames)
    rolled = np.stack([np.roll(x, -k, axis=0) for x, k in zip(points, shifts, strict=True)])
    assert (by_shift == by_frame).all()
    assert (by_shift == correlation_matrices_of_distances(rolled, a, b, STARTS, 60)[0]).all()


def test_a_pair_has_the_same_bits_alone_and_on_any_threads():
    points, (a, b) = landmarks(), np.triu_indices(7, 1)
    whole, _ = correlation_matrices_of_distances(points, a, b, STARTS, 60, n_threads=3)
    assert (correlation_matrices_of_distances(points, a[5:6], b[5:6], STARTS, 60)[0] == whole[5:6]).all()

"""Packed windows are bounded in number and in memory, and hold the samples of their windows."""

import weakref

import numpy as np
import pytest

from isc.kernels.correlation import read_source
from isc.kernels.nulls.surrogates import subject_keys
from isc.kernels.pairs import distances, packing
from isc.kernels.pairs.distances import pairwise_mean_of_distances
from isc.kernels.pairs.packing import packed_windows
from isc.synchrony.features.distance_block import DistanceBlock
from isc.synchrony.statistic.estimate import Statistic
from isc.synchrony.surrogate import flipped
from isc.synchrony.surrogate.design import Design
from isc.windows import Windows

STARTS = np.arange(0, 440, 20)
FACES = np.random.default_rng(0).normal(size=(4, 500, 5, 3)).astype(np.float32)


def chunks(used, shifts=None):
    return list(packed_windows(FACES, used, STARTS, 60, read_source(4, shifts, None), 1))


def test_rows_hold_the_shifted_samples_of_the_used_vertices():
    used, shifts = np.array([1, 4]), np.array([0, 3, 499, 250])
    for chunk in chunks(used, shifts):
        rows = chunk.packed[:-8].reshape(2, 4, 3, chunk.stride)
        first, last = STARTS[chunk.windows][0], STARTS[chunk.windows][-1] + 60
        for s, shift in enumerate(shifts):
            expected = np.roll(FACES[s], -shift, axis=0)[first:last][:, used]
            assert (rows[:, s, :, : last - first] == expected.transpose(1, 2, 0)).all()


def test_every_window_is_packed_once_and_memory_is_bounded(monkeypatch):
    whole = pairwise_mean_of_distances(FACES, np.array([0, 1]), np.array([2, 3]), STARTS, 60)
    for limit in (1, 4 * 5 * 12 * 100):
        monkeypatch.setattr(packing, "CHUNK_BYTES", limit)
        found = chunks(np.arange(5))
        windows = [np.arange(STARTS.size)[chunk.windows] for chunk in found]
        assert np.concatenate(windows).tolist() == list(range(STARTS.size))
        assert all(
            chunk.packed.nbytes <= limit + 5 * 12 * 16 * 4 + 32 or chunk.plan.starts.size == 1 for chunk in found
        )
        parts = pairwise_mean_of_distances(FACES, np.array([0, 1]), np.array([2, 3]), STARTS, 60)
        assert (parts[0] == whole[0]).all()


@pytest.mark.parametrize("n_window", [1, 16, 17])
def test_at_most_sixteen_windows_are_packed_at_a_time(n_window):
    found = list(packed_windows(FACES, np.arange(2), STARTS[:n_window], 60, read_source(4, None, None), 1))
    assert [chunk.plan.starts.size for chunk in found] == {1: [1], 16: [16], 17: [16, 1]}[n_window]


def _correlation_matrices(landmarks, first, second, starts, length):
    distances.correlation_matrices_of_distances(landmarks, first, second, starts, length)


def _pairwise_mean(landmarks, first, second, starts, length):
    distances.pairwise_mean_of_distances(landmarks, first, second, starts, length)


def _sign_flips(landmarks, first, second, starts, length):
    keys = subject_keys([str(k) for k in range(len(landmarks))])
    design = Design(Statistic(), Windows(starts, length, 30.0), landmarks.shape[1], keys, 0, 0.8, 1, None)
    flips = flipped.FlippedSigns(design, exact=False)
    for _ in flips.pieces(DistanceBlock(landmarks, first, second), flips.draw(range(4))):
        pass


@pytest.mark.parametrize("read", [_correlation_matrices, _pairwise_mean, _sign_flips])
def test_one_packed_chunk_lives_at_a_time(read, monkeypatch):
    chunks = []

    def watched(*args):
        for chunk in packed_windows(*args):
            chunks.append(weakref.ref(chunk.packed))
            assert [ref() is None for ref in chunks[:-1]] == [True] * (len(chunks) - 1)
            yield chunk
            del chunk

    for module in (distances, flipped):
        monkeypatch.setattr(module, "packed_windows", watched)
    landmarks = np.random.default_rng(0).normal(size=(3, 300, 4, 3)).astype(np.float32)
    read(landmarks, np.array([0, 1]), np.array([2, 3]), np.arange(0, 270, 5), 30)
    assert len(chunks) == 4  # of 16 windows

"""Packed windows are bounded in number and in memory, and hold the samples of their windows."""

import numpy as np
import pytest

from isc.kernels import packing
from isc.kernels.correlation import read_source
from isc.kernels.distances import pairwise_mean_of_distances
from isc.kernels.packing import packed_windows

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

"""Frames inside windows follow the ranks of one order of the whole recording, as in the published scripts."""

import numpy as np

from isc.synchrony.surrogate.moved import reordered_within
from isc.windows import sliding_windows


def test_every_window_keeps_its_own_samples():
    order = np.stack([np.random.default_rng(s).permutation(300) for s in range(3)])
    windows = sliding_windows(300, rate=30.0, window=2.0, step=0.5)
    frames = reordered_within(order, windows).reshape(3, -1, 60)
    for w, start in enumerate(windows.starts):
        assert (np.sort(frames[:, w], axis=1) == np.arange(start, start + 60)).all()
        assert (order[1][frames[1, w]] == np.sort(order[1][start : start + 60])).all()

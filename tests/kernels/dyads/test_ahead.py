"""What is asked for before it is read: exactly what the next chunk reads."""

import numpy as np
import pytest

from isc.kernels.dyads.abreast import next_span
from isc.kernels.dyads.ahead import lines_of, series_ahead
from isc.kernels.vectors.wide import WIDE
from isc.kernels.windows.plan import plan_windows

SHAPE = (2, 3, 400)  # component, subject, time


def asked(ahead, place: np.ndarray, n_window: int, at_a_time: int) -> set[int]:
    """Places of the values of all lines that the windows of a chunk ask for, one or two at a time."""
    lines = {
        int(row) + k * ahead.share + i * ahead.feature + j * WIDE
        for row in place
        for k in range(0, n_window, at_a_time)
        for i in range(WIDE)
        for j in range(lines_of(min(at_a_time, n_window - k) * ahead.share))
    }
    return {line + value for line in lines for value in range(WIDE)}


def read(feature: int, shifts: np.ndarray, span: tuple[int, int]) -> set[int]:
    """Places of samples `span` of sixteen features, each subject's read `shifts` later."""
    values = np.arange((feature + WIDE) * np.prod(SHAPE)).reshape(-1, *SHAPE)[feature:]
    moved = [values[:, :, s, (np.arange(*span) + shift) % SHAPE[2]] for s, shift in enumerate(shifts)]
    return set(np.concatenate([part.ravel() for part in moved]).tolist())


@pytest.mark.parametrize("at_a_time", [1, 2])
@pytest.mark.parametrize("n_window", [1, 3, 7])
@pytest.mark.parametrize("shifts", [(0, 0, 0), (5, 130, 250)])
def test_every_sample_of_the_next_chunk_is_asked_for(n_window, shifts, at_a_time):
    flat, place, span = np.zeros(64 * np.prod(SHAPE), np.float32), np.zeros(6, np.int64), (40, 101)
    moves = np.array(shifts)
    ahead = series_ahead(flat, 16, SHAPE, moves, span, n_window, place)
    wanted, found = read(16, moves, span), asked(ahead, place, n_window, at_a_time)
    assert wanted <= found
    assert len(found) < len(wanted) + place.size * WIDE * (2 * WIDE + n_window)  # rounded up


def test_nothing_is_asked_for_beyond_the_last_features_or_where_nothing_is_left_to_read():
    flat, place, shifts = np.zeros(32 * np.prod(SHAPE), np.float32), np.zeros(6, np.int64), np.zeros(3, np.int64)
    assert series_ahead(flat, 32, SHAPE, shifts, (0, 90), 3, place).share == 0
    assert series_ahead(flat, 16, SHAPE, shifts, (90, 90), 3, place).share == 0
    assert series_ahead(flat, 16, SHAPE, shifts, (0, 90), 3, place).share == 30


def test_the_next_chunk_is_what_follows_in_time_and_then_the_beginning_of_the_next_features():
    plan, edges = plan_windows(np.arange(0, 300, 50), 150), np.array([0, 2, 4, 6])
    assert next_span(plan, edges, 0, 200) == (0, (200, 300))
    assert next_span(plan, edges, 2, 400) == (1, (0, 200))


def test_a_gap_between_windows_is_not_asked_for():
    plan = plan_windows(np.array([0, 300]), 100)
    assert next_span(plan, np.array([0, 1, 2]), 0, 100) == (0, (300, 400))

"""How work is shared out, and when it is not."""

import numpy as np
import pytest

from isc.lazy import Capacity, ClusterError, capacity, shared, task_ranges

GIB = 2**30


class Workers:
    """A client whose cluster is what it says."""

    def __init__(self, *workers):
        self.workers = workers

    def wait_for_workers(self, n):
        assert n == 1

    def scheduler_info(self, n_workers):
        assert n_workers == -1, "all of them"
        names = ("nthreads", "memory_limit")
        return {"workers": {str(k): dict(zip(names, w, strict=True)) for k, w in enumerate(self.workers)}}


@pytest.fixture
def workers(monkeypatch):
    """Sets what cluster is active."""
    return lambda *those: monkeypatch.setattr(shared, "active_client", lambda: Workers(*those))


def test_work_stays_here_without_a_client():
    assert capacity(cpu_seconds=1e6, n_bytes=0, task_bytes=0) is None


def test_work_that_takes_less_than_handing_it_over_stays_here(workers):
    workers((4, 0))
    assert capacity(cpu_seconds=1.9, n_bytes=0, task_bytes=0) is None
    assert capacity(cpu_seconds=2.1, n_bytes=0, task_bytes=0) == Capacity(4, np.inf)
    assert capacity(cpu_seconds=20, n_bytes=4 * GIB, task_bytes=0) is None
    assert capacity(cpu_seconds=30, n_bytes=4 * GIB, task_bytes=0) is not None


def test_the_smallest_room_of_a_worker_counts(workers):
    workers((4, 16 * GIB), (2, 4 * GIB), (8, 0))
    found = capacity(cpu_seconds=100, n_bytes=GIB, task_bytes=0)
    assert found.n_threads == 14
    assert found.task_bytes == pytest.approx((0.7 * 4 * GIB - 350 * 2**20 - GIB) / 2)


def test_a_memory_limit_that_is_too_small_is_refused_and_the_right_one_told(workers):
    workers((4, 2 * GIB))
    with pytest.raises(ClusterError, match=r"4 threads needs a memory limit of 3792 MiB .* it has 2048 MiB: give it"):
        capacity(cpu_seconds=100, n_bytes=GIB, task_bytes=GIB * 5 // 16)
    workers((4, 3792 * 2**20))
    assert capacity(cpu_seconds=100, n_bytes=GIB, task_bytes=GIB * 5 // 16) is not None


def test_tasks_take_a_second_to_a_minute():
    assert [Capacity(32, np.inf).task_count(seconds) for seconds in (0.1, 10, 256, 10_000, 36_000)] == [
        1, 10, 256, 256, 600,
    ]  # fmt: skip


def test_ranges_are_whole_and_never_empty():
    for n, n_task, first in ((10, 3, 0), (3, 10, 5), (1, 1, 0)):
        ranges = task_ranges(n, n_task, first=first)
        assert [k for some in ranges for k in some] == list(range(first, first + n))
        assert len(ranges) == min(n, n_task) and all(ranges)

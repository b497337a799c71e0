"""One process a participant."""

import os
import signal

import pytest

from isc.lazy import connected
from isc.stages.running.processes import Outcome, run_each, run_on_cluster


def work(task, report):
    """A worker that does what its task says."""
    report(1, 2)
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "break":
        raise RuntimeError("a fault of ours")
    return Outcome(f"sub-{task}", "done", warnings=[os.environ["OMP_NUM_THREADS"]])


def answer(task, report):
    """A worker that is content."""
    report(1, 1)
    return Outcome(f"sub-{task}", "done")


def test_a_killed_worker_is_named_and_the_others_are_kept():
    outcomes = run_each([("sub-a", "a"), ("sub-b", "die"), ("sub-c", "c")], work, n_procs=2)
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done"]
    assert outcomes[1].participant == "sub-b"
    assert "its process died (signal 9); if memory ran out" in outcomes[1].message


def test_an_unexpected_error_shows_its_traceback_and_fails_one_participant(capfd):
    outcomes = run_each([("sub-a", "break")], work, n_procs=1)
    assert "exit code 1); see the traceback above" in outcomes[0].message
    assert "RuntimeError: a fault of ours" in capfd.readouterr().err


def test_progress_reaches_the_parent_and_workers_use_one_thread():
    seen = []
    outcomes = run_each([("sub-a", "a")], work, n_procs=1, progress=lambda *said: seen.append(said))
    assert seen == [("sub-a", 1, 2)]
    assert outcomes[0].warnings == ["1"]


def test_nothing_to_do_is_done():
    assert run_each([], work, n_procs=2) == []


def fail(task, report):
    """A worker with a fault of its own."""
    raise RuntimeError(f"a fault at {task}")


def test_participants_run_on_a_cluster_and_a_fault_is_one_participants_only():
    distributed = pytest.importorskip("distributed")
    seen = []
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        connected(cluster.scheduler_address),
    ):
        done = run_on_cluster([("sub-a", "a"), ("sub-b", "b")], answer, progress=lambda *said: seen.append(said))
        failed = run_on_cluster([("sub-c", "c")], fail)
    assert [(outcome.participant, outcome.status) for outcome in done] == [("sub-a", "done"), ("sub-b", "done")]
    assert seen == [("participants", 1, 2), ("participants", 2, 2)]
    assert failed == [Outcome("sub-c", "failed", "its worker failed: RuntimeError: a fault at c")]


def test_a_scheduler_that_does_not_answer_is_named():
    pytest.importorskip("distributed")
    with (
        pytest.raises(ValueError, match="no dask scheduler answers at tcp://127.0.0.1:1; start one"),
        connected("tcp://127.0.0.1:1"),
    ):
        pass

"""A run whose work is done by a cluster."""

import shutil

import pytest

from isc.cli import main
from isc.io.derivatives import read_array
from isc.lazy import active_client, shared
from isc.stages.running.cluster import cluster


def test_without_a_scheduler_nothing_is_connected(tmp_path):
    with cluster(None, tmp_path):
        assert active_client() is None


@pytest.mark.parametrize("command", ["run", "calibrate"])
def test_a_scheduler_that_cannot_be_used_is_told_in_a_line(copied, capfd, command):
    pytest.importorskip("distributed")
    request = copied(derivatives=True)
    folders = [str(request.bids_dir), str(request.out_dir), "group"] if command == "run" else [str(request.out_dir)]
    assert main([command, *folders, "--scheduler", "local:none"]) == 2
    assert "isc: 'local:none' is no number of workers; write local:4 for four" in capfd.readouterr().err


@pytest.mark.slow
def test_a_run_on_a_cluster_makes_the_same_products(copied, capfd, monkeypatch):
    pytest.importorskip("distributed")
    request = copied(derivatives=True)
    group = request.out_dir / "group"
    made = [*group.glob("*null*.nc"), *(request.out_dir / "sub-01").rglob("*desc-tracked_landmarks.zarr")]
    assert len(made) > 4
    before = {path: read_array(path).load() for path in made}
    shutil.rmtree(request.out_dir / "sub-01")
    for path in group.glob("*null*"):
        path.unlink()
    monkeypatch.setattr(shared, "TASK_SECONDS", 1e-9)
    monkeypatch.setattr(shared, "SHARING_RATE", 1e30)
    jobs, opened = [], shared.shared
    monkeypatch.setattr(shared, "shared", lambda job: jobs.append(job) or opened(job))
    words = ["run", str(request.bids_dir), str(request.out_dir), "participant", "group"]
    assert main([*words, "--settings", str(request.settings), "--scheduler", "local:2"]) == 0
    told = capfd.readouterr()
    assert "dashboard: " in told.err and "sub-01 done" in told.err
    assert len(jobs) >= 6, "nulls were computed by the process that was called"
    for path, content in before.items():
        assert read_array(path).load().identical(content), path.name
    assert not list(request.out_dir.rglob(".isc-*.tmp"))

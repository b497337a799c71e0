"""Faults 56 and 57: more memory than there is, and a worker that the system kills for it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from isc.cli import main
from isc.io.bids import raw_path
from isc.io.camera.video import probe_video
from isc.io.camera.writer import write_video
from isc.io.derivatives import read_array
from isc.io.layout.dataset import write_raw_dataset
from isc.io.layout.names import Entities
from isc.stages.plan.resources import group_need, parse_size, worker_need
from isc.stages.run import run
from isc.study import Study, StudyError

MIB = 2**20
FOUR_HOURS = 4 * 3600
EVERY_PAIR = """
import resource
import numpy as np, xarray as xr, isc
from isc.synchrony.pairs import vertex_pairs
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
cube = xr.DataArray(np.random.default_rng(0).normal(size=(4, 600, 478, 3)).astype("f4"),
                    dims=("subject", "time", "vertex", "space"), coords={"time": np.arange(600) / 30})
few = vertex_pairs(((0, 1), (2, 3)))
isc.temporal_isc(cube, pairs=few)
before = peak()
tisc = isc.temporal_isc(cube, pairs=vertex_pairs(478))
print(tisc.sizes["pair"], peak() - before, 4 * 4 * 600 * tisc.sizes["pair"])
"""


def test_056_all_pairs_are_streamed_in_blocks_and_their_distances_never_stored():
    done = subprocess.run([sys.executable, "-c", EVERY_PAIR], capture_output=True, text=True, check=True)
    n_pair, taken, whole = map(int, done.stdout.split())
    assert n_pair == 114_003
    assert whole > 1000 * MIB
    assert taken < whole / 5


def long_video(path: Path, seconds: int) -> None:
    """A film of any length in no time: the packets of a second of it, again and again."""
    short = path.with_name("short.mp4")
    write_video(short, np.full((2, 16, 16, 3), 99, np.uint8), rate=2)
    with av.open(str(short)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        first = next(packet for packet in source.demux(source.streams.video[0]) if packet.is_keyframe)
        tick = int(1 / first.time_base) // 2
        content = bytes(first)
        for number in range(2 * seconds):
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, first.time_base, True
            packet.pts = packet.dts = number * tick
            packet.duration = tick
            out.mux(packet)
    short.unlink()


@pytest.fixture
def large_study(tmp_path) -> Path:
    """Raw study of an 8K film and two films of four hours."""
    import pandas as pd

    folder = tmp_path / "large"
    names = [f"sub-0{n}" for n in (1, 2, 3)]
    write_raw_dataset(folder, pd.DataFrame({"participant_id": names}), name="large", tasks=["film"])
    paths = [raw_path(folder, "video", Entities(task="film", subject=name[4:])) for name in names]
    for path in paths:
        path.parent.mkdir(parents=True)
    write_video(paths[0], np.zeros((2, 4320, 7680, 3), np.uint8), rate=25)
    for path in paths[1:]:
        long_video(path, FOUR_HOURS)
    return folder


def test_056_an_estimate_comes_first_and_a_run_that_needs_more_is_refused(large_study, tmp_path, capfd):
    eight_k = probe_video(next(large_study.glob("sub-01/beh/*.mp4")))
    long = probe_video(next(large_study.glob("sub-02/beh/*.mp4")))
    assert (eight_k.width, eight_k.height) == (7680, 4320)
    assert long.duration == pytest.approx(FOUR_HOURS, abs=1)
    assert worker_need(Study(), eight_k) > 24 * 3 * 7680 * 4320
    words = ["run", str(large_study), str(tmp_path / "isc"), "participant", "group", "--skip-bids-validation"]
    assert main([*words, "--dry-run"]) == 0
    told = capfd.readouterr().out
    assert "memory, participants (2 videos at a time): about" in told or "memory, participants (" in told
    assert "memory, group (3 participants): about" in told
    assert main([*words, "--max-memory", "500M"]) == 2
    told = capfd.readouterr()
    assert told.out.startswith("memory, participants (1 video at a time): about")
    assert "more than --max-memory 500 MiB; track every n-th frame" in told.err
    assert not (tmp_path / "isc").exists()
    assert main([*words, "--max-memory", "much"]) == 2
    assert "a size of memory reads like 800M or 4G; given 'much'" in capfd.readouterr().err


def test_056_a_million_pairs_cost_what_their_results_do():
    long = probe_of(seconds=100_000 / 30)
    few, many = (group_need(Study(), [long] * 20, n_pair=n) for n in (7, 10**6))
    assert many - few == pytest.approx(64 * (10**6 - 7) * 100_000 / 30 / (5 / 3), rel=1e-3)
    with pytest.raises(StudyError, match="a size of memory reads like"):
        parse_size("0G")


def probe_of(*, seconds: float):
    from isc.io.camera.video import VideoInfo

    return VideoInfo(seconds, 30.0, 30.0, round(seconds * 30), 1280, 720, 0, ())


def kill_first_worker(killed: list[int]) -> None:
    """What the out-of-memory killer does, to the first worker process there is."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        children = [child for child in multiprocessing.active_children() if "Spawn" in child.name]
        if children:
            time.sleep(0.5)  # it is at work
            os.kill(children[0].pid, signal.SIGKILL)
            killed.append(children[0].pid)
            return
        time.sleep(0.02)


def test_057_a_worker_killed_for_its_memory_is_named_and_the_others_are_kept(copied, capfd):
    request = copied(derivatives=False)
    request.settings.write_text("[extraction]\nevery = 8\n")
    killed: list[int] = []
    killer = threading.Thread(target=kill_first_worker, args=(killed,))
    killer.start()
    wanted = {"levels": ("participant",), "participants": ("01", "02"), "n_procs": 1, "skip_bids_validation": True}
    code = run(replace(request, **wanted))
    killer.join()
    assert killed
    assert code == 1
    said = capfd.readouterr().err
    assert "sub-01 failed: its process died (signal 9); if memory ran out, use fewer processes (--n-procs 1)" in said
    assert "sub-02 done" in said
    assert not list(request.out_dir.glob("sub-01/beh/*landmarks.json"))
    kept = next(request.out_dir.glob("sub-02/beh/*_desc-aligned_landmarks.zarr"))
    assert np.isfinite(read_array(kept).values).any()
    assert run(replace(request, **wanted)) == 0  # and the same command goes on
    assert "sub-02 skipped" in capfd.readouterr().err

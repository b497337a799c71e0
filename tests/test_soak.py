"""The soak reads its curves rightly, and its generated recordings do not depend on interruptions."""

import subprocess
import sys

import numpy as np
import xarray as xr

from benchmarks import soak, soak_studies
from isc.io.camera.face_rows import Checkpoint
from isc.io.camera.writer import write_video

MIB = 2**20


def test_growth_is_the_last_third_of_tracking_against_the_middle_one():
    flat = [(float(at), 500 * MIB, "tracking", at) for at in range(9)]
    curve = [
        *flat[:6],
        *[(at, held + 30 * MIB, part, n) for at, held, part, n in flat[6:]],
        (9.0, 800 * MIB, "group", 9),
    ]
    told = soak.summary(curve)
    assert (told["tracking"], told["alignment"], told["group"]) == (530, 0, 800)
    assert told["growth"] == 30
    result = {"film_s": 1200, "rows": 9, "kills": 10, "kept": [], "files": 5, "equal": 5, "curve": curve}
    assert "| video, 20 min | 9 | 530 MiB | +30.0 MiB | 0 MiB | 800 MiB | 10 | 5 of 5 | 9 s |" in soak.table(
        {"video": result}
    )


def test_the_memory_of_a_session_is_seen():
    process = subprocess.Popen([sys.executable, "-c", "input()"], start_new_session=True, stdin=subprocess.PIPE)
    try:
        assert list(soak.processes(process.pid)) == [process.pid]
        assert 0 < soak.memory(process.pid) < 1000 * MIB
    finally:
        process.communicate(b"\n")
    assert soak.memory(process.pid) == 0


def test_generated_recordings_go_on_where_they_were_interrupted(tmp_path):
    write_video(tmp_path / "a.mp4", np.full((10, 16, 16, 3), 128, np.uint8), rate=1)
    whole = list(soak_studies.generated_segments(tmp_path / "a.mp4", subject="sub-01", segment=16))
    assert [point.n_row for _, point in whole] == [16, 32, 40]
    rest = list(
        soak_studies.generated_segments(tmp_path / "a.mp4", subject="sub-01", segment=16, start=Checkpoint(16, None))
    )
    for (found, _), (expected, _) in zip(rest, whole[1:], strict=True):
        xr.testing.assert_identical(found, expected)

"""Faults of disks, inputs and people that a study has to survive; the numbers are those of the list of faults."""

import base64
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from isc.cli import main
from isc.io.bids import raw_path
from isc.io.camera.face_tracker import FaceTracker
from isc.io.derivatives import DerivativeError, read_array, write_array
from isc.io.face_model import find_face_model
from isc.io.files.sidecars import differences
from isc.io.layout.names import Entities
from isc.stages.privacy.forgetting import forget
from isc.stages.provenance import shelf as shelves
from isc.stages.run import RunRequest, run
from isc.stages.running.journal import read_log
from isc.study import StudyError

EMBEDDED = re.compile(rb"data:image/([a-z+]+);base64,([A-Za-z0-9+/=\s]+)")
MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF")


def group(request: RunRequest, **more) -> RunRequest:
    """The group level only."""
    return replace(request, levels=("group",), **more)


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file but logs and lock."""
    names = ("run.jsonl", "hashes.json", ".isc.lock")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in names]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def video_of(request: RunRequest, label: str) -> Path:
    return raw_path(request.bids_dir, "video", Entities(task="film", subject=label))


@contextmanager
def mounted(folder: Path, *options: str):
    """A file system in memory with its own size and rights; skips the test where that is not permitted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True) if shutil.which("mount") else None
    if done is None or done.returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_003_a_full_disk_is_an_error_and_the_old_products_stay(copied, tmp_path, capfd):
    request = copied(derivatives=True)
    size = sum(len(content) for content in files_of(request.out_dir).values())
    with mounted(tmp_path / "disk", f"size={size + 4 * 2**20}") as disk:
        out = disk / "isc"
        shutil.copytree(request.out_dir, out)
        before = files_of(out)
        with open(disk / "ballast", "wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while file.write(bytes(2**16)):
                pass
        os.truncate(disk / "ballast", os.path.getsize(disk / "ballast") - 2**18)  # a quarter of a MB is free
        assert run(group(request, out_dir=out, force=True)) == 2
        after = files_of(out)
    assert "could not be written: No space left on device" in capfd.readouterr().err
    products = {name for name in before if name.startswith(("group/", "sub-"))}
    assert {name: after.get(name) for name in products} == {name: before[name] for name in products}
    assert not [name for name in after if ".isc-" in name]


def test_003_a_cube_that_does_not_fit_leaves_nothing_behind(tmp_path):
    values = np.random.default_rng(0).normal(size=(4, 600, 478, 3)).astype(np.float32)
    cube = xr.DataArray(values, dims=("subject", "time", "vertex", "space"), name="cube")
    with mounted(tmp_path / "disk", "size=4m") as disk:
        for _ in range(3):  # chunks are written at the same time: some come after the one that failed
            with pytest.raises(DerivativeError, match="No space left on device"):
                write_array(cube, disk / "film_cube.zarr", {})
            assert list(disk.iterdir()) == []


def test_004_a_read_only_folder_is_refused_before_anything_is_computed(copied, tmp_path, capfd, monkeypatch):
    request = copied(derivatives=False)
    monkeypatch.setattr("isc.stages.run.run_each", lambda *given, **how: pytest.fail("work was done"))
    with mounted(tmp_path / "disk", "ro") as disk:
        assert run(replace(request, out_dir=disk / "isc")) == 2
    said = capfd.readouterr().err.strip().splitlines()
    assert said == ["isc: isc could not be written: Read-only file system"]


def start(request: RunRequest, *more: str) -> subprocess.Popen:
    """A real extraction of all videos by the command line, in a process group of its own."""
    words = ["extract", str(request.bids_dir), str(request.out_dir), "--skip-bids-validation", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "isc.cli", *words],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore Ctrl-C
    )


def wait_for(found) -> None:
    end = time.monotonic() + 120
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_005_of_two_processes_one_works_and_the_other_is_told_who(copied, capfd):
    request = copied(derivatives=False)
    first = start(request)
    wait_for(lambda: list(request.out_dir.glob("sub-*/beh/.isc-*.tmp")))
    os.killpg(first.pid, signal.SIGSTOP)  # it must not be done before it is interrupted, however busy the machine is
    assert run(request) == 2
    assert f"isc: isc is in use by process {first.pid} on " in capfd.readouterr().err
    os.killpg(first.pid, signal.SIGINT)
    os.killpg(first.pid, signal.SIGCONT)
    said = first.communicate()[1]
    assert first.returncode == 130  # 012: interrupted by Ctrl-C
    assert "isc: interrupted; run the same command again to go on" in said
    assert "Traceback" not in said
    assert not list(request.out_dir.rglob(".isc-*.tmp"))


@pytest.mark.parametrize("how", ["deleted", "flipped"])
def test_006_a_damaged_chunk_is_named_and_not_read_as_zeros(copied, capfd, how):
    request = copied(derivatives=True)
    store = next(request.out_dir.glob("sub-02/beh/*_desc-aligned_landmarks.zarr"))
    chunk = next(path for path in sorted((store / "landmarks" / "c").rglob("*")) if path.is_file())
    name = chunk.relative_to(store).as_posix()
    if how == "deleted":
        chunk.unlink()
    else:
        content = bytearray(chunk.read_bytes())
        content[len(content) // 2] ^= 1
        chunk.write_bytes(bytes(content))
    assert run(group(request, force=True)) == 2
    fault = "is missing" if how == "deleted" else "was changed or damaged (SHA-256 differs)"
    assert f"isc: {name} of {store.name} {fault}; make it again" in capfd.readouterr().err


def test_007_a_replaced_video_is_tracked_anew_with_a_warning(copied, capfd):
    request = copied(derivatives=True)
    shutil.copy(video_of(request, "02"), video_of(request, "01"))
    assert main_run(request, "--dry-run") == 0
    told = capfd.readouterr().out
    assert f"desc-tracked_landmarks.zarr: {video_of(request, '01').name} was replaced" in told
    assert run(replace(request, levels=("participant",))) == 0
    said = capfd.readouterr().err
    assert "sub-01 done" in said
    assert f"warning: {video_of(request, '01').name} was replaced; what follows from it is made anew" in said
    one, two = (next(request.out_dir.glob(f"sub-{n}/beh/*_desc-tracked_landmarks.zarr")) for n in ("01", "02"))
    assert read_array(one)["landmarks"].identical(read_array(two)["landmarks"].assign_coords(subject="sub-01"))


def main_run(request: RunRequest, *more: str) -> int:
    """The command line on a request."""
    words = ["run", str(request.bids_dir), str(request.out_dir), "participant", "group"]
    return main([*words, "--settings", str(request.settings), *more])


def test_008_products_of_other_code_are_made_again(copied, capfd, monkeypatch):
    request = copied(derivatives=True)
    monkeypatch.setattr(shelves, "code_version", lambda: "0.0+0000")
    monkeypatch.setattr(shelves, "software_versions", lambda: {"isc-toolkit": "0.0+0000"})
    assert main_run(request, "--dry-run") == 0
    told = capfd.readouterr().out
    assert "the code changed (" in told
    assert "to 0.0+0000)" in told
    assert ", 0 up to date" in told


def test_010_another_seed_makes_the_nulls_due_and_is_stored(copied, capfd):
    request = copied(derivatives=True)
    assert main_run(request, "--dry-run", "--random-seed", "7") == 0
    told = capfd.readouterr().out
    assert "_null.nc: parameters changed: seed" in told
    assert "desc-vertices_cube.zarr" not in told
    assert run(replace(request, stages=("peaks",), seed=7)) == 0
    assert "\nseed = 7 " in (request.out_dir / "code" / "settings.toml").read_text()


def test_013_a_truncated_video_fails_with_the_time_of_the_break_or_is_kept_up_to_it(copied, capfd):
    request = replace(copied(derivatives=False), participants=("01",), levels=("participant",))
    video = video_of(request, "01")
    content = video.read_bytes()
    whole = shutil.copy(video, video.with_name("whole.bin"))
    remuxed_for_streaming(Path(whole), video)
    streamed = video.read_bytes()
    video.write_bytes(streamed[: len(streamed) // 2])
    video.with_name("whole.bin").unlink()
    assert content[:8] != b""
    assert run(request) == 1
    assert re.search(r"sub-01 failed: \S+_video\.mp4 .*\d+\.\d+ s.*allow_truncated", capfd.readouterr().err)
    request.settings.write_text("[extraction]\nallow_truncated = true\n")
    assert run(request) == 0
    assert "the frames before are kept" in capfd.readouterr().err
    event = [event for event in read_log(request.out_dir) if event["event"] == "participant"][-1]
    assert 0 < event["frames"] < 450


def remuxed_for_streaming(source: Path, target: Path) -> None:
    """The same film with its index at the front, so that its first half can be read without the second."""
    import av

    with av.open(str(source)) as film, av.open(str(target), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(film.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)


def test_043_folders_may_have_any_name(copied, tmp_path):
    request = copied(derivatives=False)
    folder = tmp_path / "étude 🎬 ('x') -v"
    os.replace(request.bids_dir, folder)
    odd = replace(request, bids_dir=folder, out_dir=folder / "derivatives" / "isc", settings=None, stages=("peaks",))
    assert run(odd) == 0
    assert len(list(odd.out_dir.glob("sub-*/beh/*_desc-peaks_events.tsv"))) == 6


@pytest.mark.parametrize("label", ["sub-../../etc", "/etc/passwd", "sub-Müller"])
def test_044_a_participant_that_is_a_path_is_refused(copied, capfd, label):
    request = copied(derivatives=False)
    (request.bids_dir / "participants.tsv").write_text(f"participant_id\n{label}\n")
    assert run(request) == 2
    assert "isc: participant" in capfd.readouterr().err
    assert not request.out_dir.exists()


def test_045_links_are_not_followed_out_of_the_study_nor_written_through(copied, tmp_path, capfd):
    request = copied(derivatives=False)
    video, elsewhere = video_of(request, "01"), tmp_path / "elsewhere.mp4"
    os.replace(video, elsewhere)
    video.symlink_to(elsewhere)
    assert run(request) == 2
    assert f"isc: {video.name} leads outside the folder study" in capfd.readouterr().err
    video.unlink()
    os.replace(elsewhere, video)
    (tmp_path / "target").mkdir()
    request.out_dir.parent.mkdir()
    request.out_dir.symlink_to(tmp_path / "target")
    assert run(request) == 2
    assert "isc is a symbolic link; outputs are not written through links" in capfd.readouterr().err
    assert list((tmp_path / "target").iterdir()) == []


@pytest.mark.slow
def test_058_language_time_zone_and_home_do_not_change_a_byte(copied):
    request = copied(derivatives=True)
    before = files_of(request.out_dir)
    words = [
        "run",
        str(request.bids_dir),
        str(request.out_dir),
        "group",
        "--settings",
        str(request.settings),
        "--force",
    ]
    kept = {name: value for name, value in os.environ.items() if name not in ("HOME", "LANG", "TZ")}
    strange = kept | {"LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Chatham", "NUMBA_CACHE_DIR": str(request.bids_dir)}
    subprocess.run([sys.executable, "-m", "isc.cli", *words], env=strange, check=True, capture_output=True)
    assert files_of(request.out_dir) == before


def pictures_in(content: bytes):
    """Pixels of every raster image in a page or vector graphic, those in graphics in a page too."""
    from matplotlib.image import imread

    for kind, text in EMBEDDED.findall(content):
        inner = base64.b64decode(text)
        if kind == b"svg+xml":
            yield from pictures_in(inner)
        else:
            yield (imread(io.BytesIO(inner), format=kind.decode())[..., :3] * 255).astype(np.uint8)


def test_059_no_picture_of_a_participant_is_written(analysed):
    files = files_of(analysed.out_dir)
    for name, content in files.items():
        assert not content.startswith(MAGIC), name
        assert b"ftyp" not in content[:16], name
    text = {name: content for name, content in files.items() if not name.endswith(".nc") and ".zarr/" not in name}
    pictures = [picture for content in text.values() for picture in pictures_in(content)]
    assert pictures  # heat maps
    for picture in pictures:
        with FaceTracker(find_face_model()) as tracker:
            assert tracker.faces(picture, 0.0) == []


def test_061_nothing_is_left_of_a_participant_who_withdraws(copied, capfd):
    request = copied(derivatives=True)
    assert run(request) == 0  # the log names everybody
    before = files_of(request.out_dir)
    others = {name: before[name] for name in before if name.startswith("sub-") and "/" in name and "sub-02" not in name}
    assert main(["forget", str(request.out_dir), "sub-02", "--dry-run"]) == 0
    told = capfd.readouterr().out
    assert "would remove sub-02" in told
    assert "would remove group/task-film_desc-vertices_cube.zarr" in told
    assert (request.out_dir / "sub-02").is_dir()
    assert main(["forget", str(request.out_dir), "sub-02"]) == 0
    assert "nothing in isc names them any more" in capfd.readouterr().out
    found = subprocess.run(["grep", "-r", "-a", "-l", "sub-02", str(request.out_dir)], capture_output=True, text=True)
    assert found.stdout == ""
    assert not [path for path in request.out_dir.rglob("*") if "sub-02" in path.name]
    assert not (request.out_dir / "report.html").exists()
    noted = json.loads((request.out_dir / "logs" / "forgotten.json").read_text())["Forgotten"]
    assert len(noted) == 1
    assert differences("forgotten", noted[0]) == []
    assert [differences("log", event) for event in read_log(request.out_dir)][-1] == []
    now = files_of(request.out_dir)
    assert {name: now.get(name) for name in others} == others
    assert run(request) == 0  # the raw study still has them
    assert "1 of the study's participants withdrew (logs/forgotten.json): left out" in capfd.readouterr().err
    cube = read_array(next(request.out_dir.glob("group/*_cube.zarr")))
    assert cube["subject"].values.tolist() == ["sub-01", "sub-03", "sub-04", "sub-05", "sub-06"]
    found = subprocess.run(["grep", "-r", "-a", "-l", "sub-02", str(request.out_dir)], capture_output=True, text=True)
    assert found.stdout == ""


def test_061_only_a_data_set_of_ours_is_emptied(tmp_path, capfd):
    (tmp_path / "sub-01").mkdir()
    assert main(["forget", str(tmp_path), "sub-01"]) == 2
    assert f"isc: {tmp_path.name} is no derivative data set of isc" in capfd.readouterr().err
    assert (tmp_path / "sub-01").is_dir()
    with pytest.raises(StudyError, match="give the folder that `isc run` wrote to"):
        forget(tmp_path, ["sub-01"])


def test_061_a_label_that_begins_like_another_is_another(tmp_path):
    from isc.io.layout.dataset import write_derivative_dataset

    write_derivative_dataset(tmp_path / "isc", raw=tmp_path, version="1.0")
    for name in ("sub-1", "sub-10"):
        (tmp_path / "isc" / name).mkdir()
        (tmp_path / "isc" / name / "a.json").write_text(f'{{"Sources": ["bids::{name}/a"]}}')
    forget(tmp_path / "isc", ["sub-1"])
    assert not (tmp_path / "isc" / "sub-1").exists()
    assert (tmp_path / "isc" / "sub-10" / "a.json").is_file()


def test_063_logs_and_messages_name_files_but_no_folders(copied, tmp_path, capfd):
    request = copied(derivatives=True)
    video_of(request, "03").write_bytes(b"this is not a video")
    assert run(replace(request, levels=("participant",))) == 1
    said, log = capfd.readouterr().err, (request.out_dir / "logs" / "run.jsonl").read_text()
    assert "sub-03 failed: sub-03_task-film_recording-face_video.mp4" in said
    for text in (said, log):
        assert str(tmp_path) not in text
        assert str(Path.home()) not in text

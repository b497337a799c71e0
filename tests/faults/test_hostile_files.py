"""Faults 46 to 51, 54 and 55: files made to run code, fill the memory, leave their folder or call somebody."""

import gzip
import io
import json
import os
import pickle
import threading
import zipfile
import zlib
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from isc.classification.image_corpora import affectnet_clips
from isc.cli import main
from isc.io.bids import raw_path
from isc.io.camera.container import MAX_PIXELS, VideoError
from isc.io.camera.picture import read_picture
from isc.io.camera.writer import write_video
from isc.io.derivatives import read_array
from isc.io.face_model import MODEL_BYTES, MODEL_NAME, FaceModelError, fetch_model
from isc.io.files.products import publishing
from isc.io.layout.names import Entities, sidecar_path
from isc.io.logs.film_clock import KeyLogError
from isc.io.ratings import read_ratings
from isc.io.trackers import read_face_tracker
from isc.io.tracking.stores import TrackerError
from isc.stages.run import RunRequest, run
from isc.untrusted import UntrustedFileError, load_npy, load_npz


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, canary: Path):
        self.canary = canary

    def __reduce__(self):
        return (Path.touch, (self.canary,))


@pytest.fixture
def canary(tmp_path) -> Path:
    """File that appears when hostile content was run."""
    return tmp_path / "pwned"


@pytest.fixture
def server():
    """Web server on this machine that notes who asks it for what, and answers with half a model."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(MODEL_BYTES))
            self.end_headers()
            self.wfile.write(bytes(1000))

        def log_message(self, *_):
            """Stay silent."""

    web = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}", asked
    web.shutdown()
    web.server_close()


def one_video(copied, **more) -> tuple[RunRequest, Path]:
    """Request that only tracks sub-01, and its video."""
    request = replace(copied(derivatives=False), participants=("01",), stages=("extract",), skip_bids_validation=True)
    return replace(request, **more), raw_path(request.bids_dir, "video", Entities(task="film", subject="01"))


def test_046_an_object_array_is_named_as_a_problem_and_never_unpickled(tmp_path, canary):
    part = tmp_path / "corpus" / "val_set"
    (part / "images").mkdir(parents=True)
    (part / "annotations").mkdir()
    for name in ("1", "2"):
        (part / "images" / f"{name}.jpg").touch()
    np.save(part / "annotations" / "1_exp.npy", np.array([Evil(canary)], dtype=object), allow_pickle=True)
    np.save(part / "annotations" / "2_exp.npy", "1")
    corpus = affectnet_clips(part.parent)
    assert corpus.problems["problem"].tolist() == ["1_exp.npy holds no whole number"]
    with pytest.raises(UntrustedFileError, match="Python objects, which are never unpickled"):
        load_npy(part / "annotations" / "1_exp.npy")
    assert not canary.exists()


def test_046_a_pickle_in_the_place_of_the_model_is_refused(copied, tmp_path, canary, capfd, monkeypatch):
    model = tmp_path / "model.pkl"
    model.write_bytes(pickle.dumps(Evil(canary)))
    monkeypatch.setenv("ISC_FACE_MODEL", str(model))
    assert run(one_video(copied)[0]) == 2
    assert "isc: model.pkl has" in capfd.readouterr().err
    assert not canary.exists()


def test_046_a_store_whose_filter_is_a_pickle_is_not_opened(tmp_path, canary):
    import numcodecs
    import zarr

    path = tmp_path / "task-film_desc-vertices_cube.zarr"
    with publishing(path, {}) as temporary:
        store = zarr.open_group(temporary, mode="w", zarr_format=2)
        made = store.create_array("cube", shape=(1,), chunks=(1,), dtype="f8", filters=[numcodecs.Delta("f8")])
        made.attrs["_ARRAY_DIMENSIONS"] = ["time"]
        made[:] = 1.0
        described = json.loads((temporary / "cube" / ".zarray").read_text())
        described |= {"compressor": None, "filters": [{"id": "pickle"}]}
        (temporary / "cube" / ".zarray").write_text(json.dumps(described))
        (temporary / "cube" / "0").write_bytes(pickle.dumps(Evil(canary)))
    with pytest.raises(FileNotFoundError, match="No group found"):  # version 2, which alone knows pickles, is not read
        read_array(path).load()
    assert not canary.exists()


def header_of(shape: str) -> bytes:
    """A .npy file that is a header only."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize("shape", ["(1099511627776,)", "(4294967296, 4294967296, 4294967296)", "(-1,)"])
def test_047_an_array_that_declares_more_than_the_file_holds_is_refused(tmp_path, shape):
    path = tmp_path / "huge.npy"
    path.write_bytes(header_of(shape))
    with pytest.raises(UntrustedFileError, match=r"huge\.npy declares .* more than the file holds"):
        load_npy(path)


def test_047_an_archive_that_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, a=np.zeros(4 * 2**20))
    assert path.stat().st_size < 100_000
    with pytest.raises(UntrustedFileError, match=r"bomb\.npz declares 33\d+ bytes and stores \d+: more than 100"):
        load_npz(path)


def test_047_a_bundle_that_is_a_bomb_is_refused_unopened(copied, tmp_path, capfd, monkeypatch):
    bundle = tmp_path / "face_landmarker.task"
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("face_detector.tflite", bytes(64 * 2**20))
    monkeypatch.setenv("ISC_FACE_MODEL", str(bundle))
    assert run(one_video(copied)[0]) == 2
    assert f"isc: {bundle.name} has {bundle.stat().st_size} bytes instead of {MODEL_BYTES}" in capfd.readouterr().err


def test_047_a_reconstruction_and_a_gzip_that_are_bombs_are_refused(tmp_path):
    import h5py

    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        file.create_dataset("v", (10**9, 478, 3), "f4", chunks=(64, 478, 3))
        file.create_dataset("frame_t", data=np.arange(2.0))
    with pytest.raises(TrackerError, match=r"bomb\.h5 declares 5736\d+ bytes"):
        read_face_tracker(tmp_path / "bomb.h5", subject="01")
    table = tmp_path / "sub-01_recording-dial_physio.tsv.gz"
    table.write_bytes(gzip.compress(b"0\n" * (48 * 2**20)))
    sidecar = {"SamplingFrequency": 1, "StartTime": 0, "Columns": ["a"]}
    sidecar_path(table).write_text(json.dumps(sidecar))
    with pytest.raises(KeyLogError, match="unpacks to more than 100 times its size"):
        read_ratings(table)


def test_047_a_picture_of_more_pixels_than_are_decoded_is_refused(tmp_path):
    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    side = 8200  # a whole picture of 200 MB that packs to 200 kB
    assert side**2 > MAX_PIXELS
    size = side.to_bytes(4, "big")
    head = chunk(b"IHDR", size + size + bytes([8, 2, 0, 0, 0]))
    pixels = zlib.compress(bytes(side * (1 + 3 * side)), 1)
    path = tmp_path / "face.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
    with pytest.raises(VideoError, match=r"face\.png is no picture that can be read"):
        read_picture(path)


@pytest.mark.parametrize("name", ["../../evil.npy", "/etc/evil.npy", "a\\..\\evil.npy", "C:evil.npy", "evil.py"])
def test_048_a_member_that_would_leave_its_folder_is_refused_and_nothing_is_extracted(tmp_path, name):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    content = io.BytesIO()
    np.save(content, np.arange(3))
    with zipfile.ZipFile(folder / "slip.npz", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content.getvalue())
    with pytest.raises(UntrustedFileError, match=r"slip\.npz has a member .* members are arrays without folders"):
        load_npz(folder / "slip.npz")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["slip.npz"]


def test_048_a_table_of_clips_cannot_name_files_outside_of_its_folder(tmp_path, capfd):
    (tmp_path / "clips").mkdir()
    (tmp_path / "secret.mp4").touch()
    (tmp_path / "clips.tsv").write_text("path\tsubject\tlabel\n../secret.mp4\t1\thappy\n")
    words = ["classify", str(tmp_path / "clips"), str(tmp_path / "isc"), "--clips", str(tmp_path / "clips.tsv")]
    assert main(words) == 2
    assert not list((tmp_path / "isc").rglob("*secret*"))


def test_049_a_model_whose_download_was_cut_is_neither_used_nor_kept(server, tmp_path):
    address, asked = server
    with pytest.raises(FaceModelError, match="could not be fetched"):
        fetch_model(f"{address}/{MODEL_NAME}", tmp_path / "cache")
    assert asked
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_049_a_model_with_another_hash_is_refused_by_a_run(copied, tmp_path, capfd, monkeypatch):
    (tmp_path / MODEL_NAME).write_bytes(bytes(MODEL_BYTES))
    monkeypatch.setenv("ISC_FACE_MODEL", str(tmp_path / MODEL_NAME))
    request, _ = one_video(copied)
    assert run(request) == 2
    said = capfd.readouterr().err
    assert f"isc: {MODEL_NAME} has the SHA-256" in said
    assert "Traceback" not in said


LAUGHS = "a: &a [l, l]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))
BAD_SETTINGS = {
    "yaml that runs a program": "!!python/object/apply:os.system ['touch pwned']\n",
    "billion laughs": LAUGHS,
    "a key twice": "[null]\nseed = 1\nseed = 2\n",
    "a table twice": "[null]\n[null]\n",
    "nested without end": "title = " + "[" * 50_000 + "]" * 50_000,
    "a key of many parts": ".".join("a" * 50_000) + " = 1\n",
    "a gigabyte": None,
}


@pytest.mark.parametrize("text", BAD_SETTINGS.values(), ids=BAD_SETTINGS)
def test_050_settings_that_are_hostile_are_refused_in_one_line(tmp_path, text, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "settings.toml"
    if text is None:
        with open(path, "wb") as file:
            file.truncate(2**30)
    else:
        path.write_text(text)
    assert main(["run", str(tmp_path), str(tmp_path / "isc"), "group", "--settings", str(path)]) == 2
    said = capfd.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("isc: settings settings.toml")
    assert not (tmp_path / "pwned").exists()


def test_050_and_051_hostile_sidecars_fail_their_participant_in_one_line(copied, capfd):
    request = replace(copied(derivatives=False), stages=("peaks",), participants=("01", "02", "03", "04"))
    contents = {
        "01": None,
        "02": '{"onset": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "03": '{"onset": {"Units": NaN}}',
        "04": '{"onset": {"Units": "s", "Units": "ms"}}',
    }
    for label, content in contents.items():
        sidecar = sidecar_path(raw_path(request.bids_dir, "events", Entities(task="film", subject=label)))
        if content is None:
            with open(sidecar, "wb") as file:
                file.truncate(2**30)  # sparse: takes no disk
        else:
            sidecar.write_text(content)
    assert run(replace(request, skip_bids_validation=True)) == 1
    said = capfd.readouterr().err
    for label, reason in {
        "01": "has 1073741824 bytes; JSON is read up to",
        "02": "is nested deeper than 64 levels",
        "03": "NaN is not JSON",
        "04": "the key 'Units' occurs twice",
    }.items():
        assert any(f"sub-{label} failed" in line and reason in line for line in said.splitlines()), said
    assert "Traceback" not in said


def test_054_names_that_a_shell_would_run_are_names(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    lab = tmp_path / "-rf; touch pwned"
    lab.mkdir()
    names = ["-y.mp4", "$(touch pwned).mp4", "`touch pwned`;a&b|c>d.mp4"]
    rows = ["participant_id\tvideo\tvideo_onset\tkey_log\tkey_log_onset"]
    for number, name in enumerate(names, start=1):
        write_video(lab / name, np.full((3, 48, 64, 3), 99, np.uint8), rate=25)
        log = f"{name};$(touch pwned).tsv"
        (lab / log).write_text("onset\ttrial_type\n0\tstart\n0.1\tstop\n")
        rows.append(f"sub-{number:02d}\t{name}\t0\t{log}\tn/a")
    (tmp_path / "table.tsv").write_text("\n".join(rows) + "\n")
    study = tmp_path / "study $(touch pwned)"
    words = ["import", f"./{lab.name}", f"./{study.name}", "--table", "table.tsv", "--task-id", "film"]
    assert main(words) == 0, capfd.readouterr().err
    assert len(list(study.rglob("*_video.mp4"))) == len(names)
    assert main(["extract", f"./{study.name}", "./-out-isc"]) == 1  # validated, opened, and no face in any
    assert "no face was found" in capfd.readouterr().err
    assert not list(tmp_path.rglob("pwned"))


def test_055_lists_that_call_the_network_or_other_files_are_not_followed(copied, server, capfd):
    address, asked = server
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{address}/film.mp4\n#EXT-X-ENDLIST\n"
    for content in (playlist, f"ffconcat version 1.0\nfile '{address}/film.mp4'\n", "v=0\nc=IN IP4 127.0.0.1\n"):
        request, video = one_video(copied)
        video.write_text(content)
        assert run(request) == 1
        said = capfd.readouterr().err
        assert f"sub-01 failed: {video.name} is not a video" in said
        assert "Traceback" not in said
        os.rename(request.bids_dir, request.bids_dir.with_name(f"done-{len(content)}"))
    assert asked == []


def test_055_data_that_lie_in_another_file_are_not_read(tmp_path):
    import h5py

    (tmp_path / "secret").write_bytes(bytes(2 * 478 * 3 * 4))
    with h5py.File(tmp_path / "external.h5", "w") as file:
        where = [(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
        file.create_dataset("v", (2, 478, 3), "f4", external=where)
        file.create_dataset("frame_t", data=np.arange(2.0))
    with pytest.raises(TrackerError, match="keeps v in another file"):
        read_face_tracker(tmp_path / "external.h5", subject="01")
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["v"] = h5py.ExternalLink(str(tmp_path / "external.h5"), "v")
    with pytest.raises(TrackerError, match="links v to another place"):
        read_face_tracker(tmp_path / "linked.h5", subject="01")
    xr.Dataset({"position": ("time", np.zeros(3))}).to_netcdf(tmp_path / "old.nc", engine="scipy")
    with pytest.raises(TrackerError, match="is no netCDF-4 file"):
        read_face_tracker(tmp_path / "old.nc", subject="01")

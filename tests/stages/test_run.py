"""The whole job on rendered videos: what was planted is found, what fails is named, what is done stays done."""

import hashlib
import json
import re
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.cli import main
from isc.demo import recovery
from isc.io.bids import derivative_path, raw_path
from isc.io.camera.writer import write_video
from isc.io.derivatives import read_array, read_sidecar, read_table, read_values
from isc.io.files.products import verified_sidecar
from isc.io.files.sidecars import differences, read_dictionary
from isc.io.layout.names import Entities, parse_name, sidecar_path
from isc.stages.run import run

FILM = Entities(task="film")


def files_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that a run leaves, but its logs."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("run.jsonl", "hashes.json", ".isc.lock")
    }


def test_synchrony_appears_where_it_was_planted_and_not_elsewhere(analysed):
    found = recovery(analysed.bids_dir, analysed)
    assert found["inside"] > found["outside"] + 0.25
    assert abs(found["outside"]) < 0.15
    assert found["significant_inside"] > 0.01  # six viewers have 32 sign patterns: all but the best have p > .05
    assert found["significant_outside"] <= 0.01


def test_a_cell_is_significant_when_it_passes_every_scheme_that_decides(analysed):
    result = read_array(derivative_path(analysed.out_dir, "tisc", FILM, desc="verticeswin5000ms")).load()
    shift, flip = (result[f"p_{scheme}"] <= 0.05 for scheme in ("circular_shift", "sign_flip"))
    assert (result["significant"] == (shift & flip)).all()
    assert int(shift.sum()) > int(result["significant"].sum()) > 0
    assert result["significant"].attrs["scheme"] == "circular shift and sign flip"
    assert float((result["p_timepoint_shuffle"] <= 0.05).mean()) > 0.2  # shown beside, decides nothing


def test_the_summary_of_the_recovery_experiment_is_in_the_data_dictionary(analysed):
    keys = {f"recovery/{name}/mean" for name in recovery(analysed.bids_dir, analysed) if name != "epochs"}
    assert keys | {"recovery/n_audience"} == set(read_dictionary("recovery")["Values"])


def test_the_injected_smile_comes_back_through_the_tracker(analysed):
    assert recovery(analysed.bids_dir, analysed)["smile_r"] > 0.8


def test_a_lost_face_is_missing_and_counted(analysed):
    tisc = read_array(derivative_path(analysed.out_dir, "tisc", FILM, desc="verticeswin5000ms")).load()
    assert set(np.unique(tisc["n_subject"])) == {5, 6}
    shares = [read_table(path)["detected_share"][0] for path in analysed.out_dir.glob("sub-*/beh/*_desc-qc_beh.tsv")]
    assert sorted(share < 0.95 for share in shares) == [False] * 5 + [True]


def test_cameras_that_started_at_different_times_are_on_the_clock_of_the_film(analysed):
    cube = read_array(derivative_path(analysed.out_dir, "cube", FILM))
    assert 0 <= float(cube["time"][0]) < 0.2
    assert float(cube["time"][-1]) == pytest.approx(28.0, abs=0.2)
    assert (cube["trimmed"] < 0.2).all()


PRODUCTS = {
    "landmarks_tracked": "sub-*/beh/*_desc-tracked_landmarks.zarr",
    "landmarks_aligned": "sub-*/beh/*_desc-aligned_landmarks.zarr",
    "blendshapes": "sub-*/beh/*_desc-blendshapes_physio.tsv.gz",
    "quality": "sub-*/beh/*_desc-qc_beh.tsv",
    "peaks": "sub-*/beh/*_desc-peaks_events.tsv",
    "headpose": "sub-*/motion/*_desc-headpose_motion.tsv",
    "headpose_channels": "sub-*/motion/*_desc-headpose_channels.tsv",
    "cube": "group/*_cube.zarr",
    "tisc": "group/*_tisc.nc",
    "null": "group/*_null.nc",
    "thresholds": "group/*_thresholds.json",
    "agreement": "group/*_agreement.tsv",
    "association": "group/*_association.tsv",
    "report": "group/*_report.json",
}


def read_product(path: Path):
    if path.suffix in (".zarr", ".nc"):
        return read_array(path)
    if path.name.endswith("_report.json"):
        return verified_sidecar(path)["Values"]
    return read_values(path) if path.name.endswith("_thresholds.json") else read_table(path)


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product_is_what_the_data_dictionary_says(analysed, product):
    paths = sorted(analysed.out_dir.glob(PRODUCTS[product]))
    assert paths
    for path in paths:
        assert differences(product, read_product(path)) == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product_opens_with_plain_xarray_pandas_or_json(analysed, product):
    for path in sorted(analysed.out_dir.glob(PRODUCTS[product])):
        ours = read_product(path)
        if path.suffix in (".zarr", ".nc"):
            options = {"engine": "zarr", "consolidated": False} if path.suffix == ".zarr" else {"engine": "h5netcdf"}
            with xr.open_dataset(path, **options) as plain:
                dataset = ours.to_dataset(name=ours.name) if isinstance(ours, xr.DataArray) else ours
                for name, variable in dataset.variables.items():
                    assert plain[name].dims == variable.dims
                    np.testing.assert_array_equal(plain[name].values, variable.values)
        elif path.suffix == ".json":
            assert json.loads(path.read_text())["Values"] == ours
        else:
            header = None if path.name.split(".")[0].endswith(("_physio", "_motion")) else 0
            plain = pd.read_csv(path, sep="\t", header=header, na_values="n/a")
            assert plain.shape == ours.shape
            for number, name in enumerate(ours.columns):
                if ours[name].dtype.kind == "f":
                    np.testing.assert_array_equal(plain.iloc[:, number].to_numpy(ours[name].dtype), ours[name])


def test_no_product_is_unknown_to_the_data_dictionary(analysed):
    known = {path for pattern in PRODUCTS.values() for path in analysed.out_dir.glob(pattern)}
    known |= {sidecar_path(path) for path in known}
    known |= {path for path in analysed.out_dir.iterdir() if path.is_file()}
    known |= {analysed.out_dir / name for name in ("code/settings.toml", "logs/run.jsonl", "logs/hashes.json")}
    inside_zarr = {path for path in analysed.out_dir.rglob("*") if any(p.suffix == ".zarr" for p in path.parents)}
    found = {path for path in analysed.out_dir.rglob("*") if path.is_file()} - inside_zarr
    assert {path for path in found - known if path.suffix != ".svg"} == set()


def test_sidecars_say_how_a_product_was_made(analysed):
    sidecar = read_sidecar(derivative_path(analysed.out_dir, "tisc", FILM, desc="verticeswin5000ms"))
    assert sidecar["Parameters"]["window"] == 5.0
    assert all(source.startswith("bids:") for source in sidecar["Sources"])
    assert "numpy" in sidecar["SoftwareVersions"]
    tracked = read_sidecar(next(analysed.out_dir.glob("sub-01/beh/*_desc-tracked_landmarks.zarr")))
    assert tracked["Sources"] == ["bids:raw:sub-01/beh/sub-01_task-film_recording-face_video.mp4"]
    assert len(tracked["ModelSHA256"]) == 64


@pytest.mark.skipif(find_spec("bids_validator_deno") is None, reason="bids-validator-deno is not installed")
@pytest.mark.parametrize("which", ["raw", "derivatives"])
def test_the_bids_validator_finds_no_error(analysed, which):
    import subprocess
    import sysconfig

    folder = analysed.bids_dir if which == "raw" else analysed.out_dir
    validator = Path(sysconfig.get_path("scripts")) / "bids-validator-deno"
    done = subprocess.run([validator, "--no-color", "--ignoreWarnings", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_report_opens_alone_escapes_what_it_is_told_and_says_what_the_tests_control(analysed):
    page = (analysed.out_dir / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    loads = re.findall(r"(?:src|href)=[\"'](?!data:|#|group/|sub-|explore\.html|https://doi\.org/)([^\"']+)", page)
    assert loads == []
    assert "cannot be read as evidence of synchrony" in page
    assert "familywise error rate 5 %" in page
    assert "vertices and pairs are families of their own, each with this rate" in page
    assert "was not tested" in page and "tested by circular shifts of the agreement" not in page
    assert re.search(r"the negative control (holds|is synchronous): \d+ of \d+ cells of head movement", page)
    assert "too short" in page or "refused" in page  # 28 s of film cannot show a relation with presses


def test_a_second_run_changes_nothing(analysed, capfd):
    before = files_of(analysed.out_dir)
    assert run(analysed) == 0
    assert files_of(analysed.out_dir) == before
    said = capfd.readouterr()
    assert said.err.count("skipped") == 6
    assert re.search(r"nothing to do: \d\d products are up to date \([\d.]+ s\)", said.out)


def test_the_command_line_gives_the_bytes_that_a_script_gives(analysed, copied):
    request = copied(derivatives=True)  # made by isc.stages.run, as the scripts in experiments/ do
    shutil.rmtree(request.out_dir / "group")
    words = [str(request.bids_dir), str(request.out_dir), "group", "--settings", str(request.settings)]
    assert main(["run", *words]) == 0
    again, before = files_of(request.out_dir / "group"), files_of(analysed.out_dir / "group")
    assert again == before


def spoil(request, label, content):
    """Replace a participant's video by something else."""
    path = raw_path(request.bids_dir, "video", Entities(task="film", subject=label))
    path.unlink()
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)


def test_bad_videos_and_logs_are_named_in_one_line_and_the_others_are_kept(copied, capfd):
    request = copied(derivatives=True)
    spoil(request, "02", b"this is not a video")
    spoil(request, "03", lambda path: write_video(path, np.full((30, 96, 96, 3), 128, np.uint8), rate=15))
    events = raw_path(request.bids_dir, "events", Entities(task="film", subject="04"))
    table = pd.read_csv(events, sep="\t")
    table.loc[table["trial_type"] == "press", "onset"] += 9000
    table.to_csv(events, sep="\t", index=False)
    assert run(replace(request, levels=("participant",))) == 1
    said = capfd.readouterr().err
    lines = {line[:6]: line for line in said.splitlines() if line.startswith("sub-")}
    assert "sub-02 failed: sub-02_task-film_recording-face_video.mp4" in lines["sub-02"]
    assert "no face was found in any frame" in lines["sub-03"]
    assert "sub-04 failed: sub-04_task-film_events.tsv" in lines["sub-04"]
    assert lines["sub-05"] == "sub-05 skipped"
    assert "Traceback" not in said
    log = [json.loads(line) for line in (request.out_dir / "logs" / "run.jsonl").read_text().splitlines()]
    assert log[-1]["failed"] == ["sub-02", "sub-03", "sub-04"]


def test_fewer_than_three_participants_are_refused(copied, capfd):
    request = copied(derivatives=True)
    assert run(replace(request, participants=("01", "02"), levels=("group",))) == 2
    said = capfd.readouterr().err
    assert "isc: synchrony needs at least 3 participants with landmarks; there are 2 (sub-01, sub-02)" in said


@pytest.mark.parametrize("dry", [True, False])
def test_the_raw_study_is_no_place_for_derivatives(copied, capfd, dry):
    request = copied(derivatives=False)
    before = files_of(request.bids_dir)
    assert run(replace(request, out_dir=request.bids_dir, dry_run=dry)) == 2
    assert "study holds a data set that isc did not make; give a folder of its own" in capfd.readouterr().err
    assert files_of(request.bids_dir) == before


def test_a_missing_face_model_is_one_line_before_any_work(copied, capfd, monkeypatch):
    monkeypatch.setenv("ISC_FACE_MODEL", "no-such-model.task")
    request = copied(derivatives=False)
    assert run(request) == 2
    said = capfd.readouterr().err
    assert len(said.strip().splitlines()) == 1
    assert "no-such-model.task" in said


def test_a_study_without_videos_is_refused(tmp_path, capfd):
    (tmp_path / "participants.tsv").write_text("participant_id\nsub-01\n")
    from isc.stages.run import RunRequest

    assert run(RunRequest(tmp_path, tmp_path / "derivatives" / "isc")) == 2
    assert "no participant has a face video" in capfd.readouterr().err


def test_wrong_settings_are_refused(copied, capfd):
    request = copied(derivatives=False)
    request.settings.write_text("[tisc]\nwindwo = 3\n")
    assert run(request) == 2
    assert "tisc.windwo is not a known key; did you mean 'window'?" in capfd.readouterr().err


def test_names_of_all_products_are_bids_names(analysed):
    for pattern in PRODUCTS.values():
        for path in analysed.out_dir.glob(pattern):
            assert parse_name(path.name).entities["task"] == "film"


def test_the_recording_keeps_no_metadata_of_the_camera(analysed):
    recording = read_array(next(analysed.out_dir.glob("sub-01/beh/*_desc-tracked_landmarks.zarr")))
    assert isinstance(recording, xr.Dataset)
    assert set(recording.attrs) == {
        "rate_hz",
        "first_timestamp_s",
        "model_sha256",
        "width_px",
        "height_px",
        "tracker",
    }

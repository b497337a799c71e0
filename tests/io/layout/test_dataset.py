"""Raw and derivative data sets pass the BIDS validator, and say what they are."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.io.bids import derivative_path, raw_path, window_label
from isc.io.camera.writer import write_video
from isc.io.derivatives import output_lock, write_array, write_table, write_values
from isc.io.files.sidecars import sidecar_for
from isc.io.files.text import read_json, read_tsv, write_json, write_tsv
from isc.io.layout.dataset import write_derivative_dataset, write_raw_dataset, write_scans
from isc.io.layout.names import BidsError, Entities, bids_uri, sidecar_path

FILM = Entities(task="film", run="01")
PARTICIPANTS = pd.DataFrame({"participant_id": ["sub-01", "sub-02"], "consent_frames": ["no", "yes"]})
needs_validator = pytest.mark.skipif(
    importlib.util.find_spec("bids_validator_deno") is None, reason="bids-validator-deno is not installed"
)


def participant(label):
    return Entities(task="film", run="01", subject=label)


def write_study(root):
    """Two participants with a face video, a key log and a scans table."""
    write_raw_dataset(root, PARTICIPANTS, name="Study", tasks=["film"], authors=["A. Author"])
    events = pd.DataFrame(
        {
            "onset": [1.0, 2.5, 61.0],
            "duration": [0.0, 0.1, 0.0],
            "trial_type": ["start", "press", "stop"],
            "key": [None, "space", None],
        }
    )
    for label in ("01", "02"):
        entities = participant(label)
        video = raw_path(root, "video", entities)
        video.parent.mkdir(parents=True)
        write_video(video, np.zeros((3, 16, 16, 3), np.uint8), rate=25)
        write_json({"VideoFrameRate": 25.0}, raw_path(root, "video_sidecar", entities))
        write_tsv(events, raw_path(root, "events", entities))
        write_scans(root, entities, {video: 2.0, raw_path(root, "events", entities): None})
    return root


def write_products(out, raw):
    """One product of every kind that the validator can look at."""
    one = participant("01")
    sources = {"Sources": [bids_uri(raw_path(raw, "events", one), raw, dataset="raw")]}
    press = {"onset": [1.5], "duration": [0.1], "trial_type": ["press"], "key": ["space"], "n_row": [1]}
    write_table(pd.DataFrame(press), derivative_path(out, "peaks", one), sidecar_for("peaks", **sources))
    quality = pd.DataFrame({"detected_share": [0.9]})
    write_table(quality, derivative_path(out, "quality", one), {"Description": "an example", **sources})
    blendshapes = pd.DataFrame({"jawOpen": np.zeros(3, np.float32)})
    timing = {"SamplingFrequency": 25.0, "StartTime": 0.0}
    write_table(blendshapes, derivative_path(out, "blendshapes", one), sidecar_for("blendshapes", **timing))
    write_table(pd.DataFrame({"yaw": [0.0]}), derivative_path(out, "headpose", one), sidecar_for("headpose", **timing))
    channels = {"name": ["yaw"], "component": ["y"], "type": ["ORNT"], "tracked_point": ["head"], "units": ["deg"]}
    write_table(
        pd.DataFrame(channels), derivative_path(out, "headpose_channels", one), sidecar_for("headpose_channels")
    )
    series = xr.DataArray(np.zeros((3, 2)), dims=("time", "vertex"), name="landmarks")
    write_array(series, derivative_path(out, "landmarks_aligned", one), sidecar_for("landmarks_aligned", **sources))
    label = window_label(5.0)
    write_array(series.rename("tisc"), derivative_path(out, "tisc", FILM, desc=label), sidecar_for("tisc"))
    write_values({"upper": 0.3}, derivative_path(out, "thresholds", FILM, desc=label), sidecar_for("thresholds"))
    for name in ("report.html", "logs/run.jsonl", "code/settings.toml", "sub-01/figures/series.svg"):
        path = out / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("an example")


def validate(root):
    """Exit code and output of the validator on one data set."""
    command = [sys.executable, "-c", "import bids_validator_deno as validator; validator.cli()"]
    done = subprocess.run([*command, "--no-color", "--ignoreWarnings", str(root)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@needs_validator
def test_a_raw_study_of_ours_passes_the_bids_validator(tmp_path):
    code, output = validate(write_study(tmp_path / "study"))
    assert code == 0, output
    assert "2 - Subjects" in output


@needs_validator
def test_derivatives_of_ours_pass_the_bids_validator(tmp_path):
    raw = write_study(tmp_path / "study")
    out = raw / "derivatives" / "isc"
    with output_lock(out):
        write_derivative_dataset(out, raw=raw, version="1.0", descriptions={window_label(5.0): "windows of 5 s"})
        write_products(out, raw)
    code, output = validate(out)
    assert code == 0, output


def test_participants_are_described_where_the_dictionary_knows_the_column(tmp_path):
    table = PARTICIPANTS.assign(shoe_size=[40, 41])
    write_raw_dataset(tmp_path, table, name="Study", tasks=["film"])
    assert read_tsv(tmp_path / "participants.tsv").columns.tolist() == list(table.columns)
    assert list(read_json(tmp_path / "participants.json")) == ["participant_id", "consent_frames"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("dataset_description.json", '{"Name": "raw", "BIDSVersion": "1.10.0"}', "a data set that isc did not make"),
        ("dataset_description.json", '{"GeneratedBy": [{"Name": "fMRIPrep"}]}', "a data set that isc did not make"),
        ("README.md", "my notes", "holds README.md, which would be overwritten"),
    ],
)
def test_derivatives_are_not_written_over_what_is_not_ours(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(BidsError, match=f"{message}; give a folder of its own"):
        write_derivative_dataset(tmp_path, raw=tmp_path, version="1.0")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: text}


def test_derivatives_of_ours_are_written_anew(tmp_path):
    for version in ("1.0", "1.1"):
        write_derivative_dataset(tmp_path / "isc", raw=tmp_path, version=version)
    assert read_json(tmp_path / "isc" / "dataset_description.json")["GeneratedBy"][0]["Version"] == "1.1"


def test_events_of_every_task_are_described(tmp_path):
    write_raw_dataset(tmp_path, PARTICIPANTS, name="Study", tasks=["film", "rest"])
    for task in ("film", "rest"):
        assert set(read_json(tmp_path / f"task-{task}_events.json")["trial_type"]["Levels"]) == {
            "start",
            "stop",
            "press",
        }


def test_a_scans_table_keeps_known_and_unknown_onsets(tmp_path):
    one = Entities(task="film", subject="01", session="a")
    files = {raw_path(tmp_path, kind, one): onset for kind, onset in (("video", 2.125), ("events", None))}
    write_scans(tmp_path, one, files)
    path = raw_path(tmp_path, "scans", one)
    assert path.name == "sub-01_ses-a_scans.tsv"
    assert read_tsv(path)["stimulus_onset"].tolist() == ["2.125", "n/a"]
    assert read_tsv(path)["filename"].str.startswith("beh/sub-01_ses-a_task-film").all()
    assert read_json(sidecar_path(path))["stimulus_onset"]["Units"] == "s"


def test_landmarks_are_called_personal_data(tmp_path):
    write_derivative_dataset(tmp_path / "isc", raw=tmp_path, version="1.0")
    assert "personal data" in read_json(tmp_path / "isc" / "dataset_description.json")["PersonalData"]
    assert "personal data" in (tmp_path / "isc" / "README.md").read_text()


def test_the_raw_data_set_is_linked_by_a_relative_path(tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out" / "isc"
    raw.mkdir()
    write_derivative_dataset(out, raw=raw, version="1.0")
    description = read_json(out / "dataset_description.json")
    assert description["DatasetLinks"] == {"raw": "../../raw"}
    assert str(tmp_path) not in "".join(path.read_text() for path in out.iterdir())


def test_derivatives_are_called_after_their_raw_data_set(tmp_path):
    write_json({"Name": "Sad films"}, tmp_path / "dataset_description.json")
    write_derivative_dataset(tmp_path / "isc", raw=tmp_path, version="1.0")
    assert read_json(tmp_path / "isc" / "dataset_description.json")["Name"].startswith("Sad films")


def test_every_label_in_a_file_name_has_a_description(tmp_path):
    write_derivative_dataset(tmp_path / "isc", raw=tmp_path, version="1.0", descriptions={"win5000ms": "5 s windows"})
    table = read_tsv(tmp_path / "isc" / "descriptions.tsv")
    assert {"desc-tracked", "desc-aligned", "desc-qc", "desc-vertices", "desc-win5000ms"} <= set(table["desc_id"])
    assert (table["description"].str.len() > 0).all()


def test_data_set_files_are_the_same_bytes_every_time(tmp_path):
    for name in ("a", "b"):
        write_raw_dataset(tmp_path / name, PARTICIPANTS, name="Study", tasks=["film"])
    assert {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()
    }


def test_a_pipeline_folder_of_another_name_is_refused(tmp_path):
    with pytest.raises(BidsError, match="must be called isc or isc-<variant>, not mine"):
        write_derivative_dataset(tmp_path / "derivatives" / "mine", raw=tmp_path, version="1.0")


@pytest.mark.parametrize("label", ["sub-Müller", "sub-../x", "sub-a b"])
def test_participants_with_a_label_that_breaks_the_rule_are_not_written(tmp_path, label):
    with pytest.raises(BidsError, match="letters a-z, A-Z and digits"):
        write_raw_dataset(tmp_path, pd.DataFrame({"participant_id": [label]}), name="Study", tasks=["film"])
    assert os.listdir(tmp_path) == []


def test_participants_without_sub_are_not_written(tmp_path):
    with pytest.raises(BidsError, match="participant_id '01' must read sub-<label>"):
        write_raw_dataset(tmp_path, pd.DataFrame({"participant_id": ["01"]}), name="Study", tasks=["film"])


@pytest.mark.parametrize("table", [pd.DataFrame({"age": [30]}), PARTICIPANTS.iloc[:0]])
def test_participants_without_ids_are_refused(tmp_path, table):
    with pytest.raises(BidsError, match="first column participant_id"):
        write_raw_dataset(tmp_path, table, name="Study", tasks=["film"])

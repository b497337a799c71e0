import json
import re
from base64 import b64decode

import numpy as np
import pytest

from isc.cli import main
from isc.io.bids import derivative_path, root_path
from isc.io.derivatives import read_array, read_table
from isc.io.layout.dataset import write_derivative_dataset
from isc.io.layout.names import Entities
from isc.mesh import mean_shape
from isc.stages.pages.explorer import run_explorer, study_shape

FILM = Entities(task="film")


def _data(html: str) -> dict:
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def test_a_run_leaves_an_explorer_of_its_own_results(analysed):
    data = _data(root_path(analysed.out_dir, "explorer").read_text(encoding="utf-8"))
    layer = data["layers"]["vertex"]
    result = read_array(derivative_path(analysed.out_dir, "tisc", FILM, desc="verticeswin5000ms")).load()
    whole = np.frombuffer(b64decode(layer["values"]["data"]), dtype="<i2").reshape(result["tisc"].shape)
    assert np.allclose(whole * layer["values"]["unit"], result["tisc"], atol=1e-4)
    bits = np.unpackbits(np.frombuffer(b64decode(layer["significant"]), dtype="u1"), bitorder="little")
    assert (bits[: whole.size].reshape(whole.shape) == result["significant"].values).all()
    assert [epoch["onset"] for epoch in data["epochs"]] == [2.0, 16.5]


def test_all_presses_of_valid_logs_are_on_it(analysed):
    data = _data(root_path(analysed.out_dir, "explorer").read_text(encoding="utf-8"))
    tables = [read_table(path) for path in analysed.out_dir.glob("sub-*/beh/*_desc-peaks_events.tsv")]
    onsets = np.sort(np.concatenate([table["onset"].to_numpy(float) for table in tables]))
    assert np.allclose(data["peaks"], onsets, atol=1e-3)


def test_the_explorer_can_be_written_anew_and_is_the_same(analysed, capsys):
    path = root_path(analysed.out_dir, "explorer")
    before = path.read_bytes()
    path.unlink()
    assert main(["explore", str(analysed.out_dir)]) == 0
    assert capsys.readouterr().out == f"explorer: {path}\n"
    assert path.read_bytes() == before


def test_the_mean_face_is_that_of_all_participants_at_once(analysed):
    cube = read_array(derivative_path(analysed.out_dir, "cube", FILM))
    expected = mean_shape(cube.load())
    assert np.allclose(study_shape(cube), expected)
    assert study_shape(cube).attrs == expected.attrs


def test_a_folder_without_an_analysis_is_named(tmp_path, capsys):
    assert run_explorer(tmp_path / "nothing") == 2
    assert "nothing is no derivative data set of isc" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["explore", "calibrate"])
def test_a_folder_without_face_landmarks_of_a_group_is_told_what_to_run(tmp_path, capsys, command):
    write_derivative_dataset(tmp_path / "isc", raw=tmp_path, version="1.0")
    (tmp_path / "isc" / "code").mkdir()
    (tmp_path / "isc" / "code" / "settings.toml").write_text('task = "film"\n')
    assert main([command, str(tmp_path / "isc")]) == 2
    told = capsys.readouterr().err
    assert "isc holds no face landmarks of a group for task film; run `isc run BIDS_DIR OUT_DIR group` first" in told


def test_a_task_that_was_not_analysed_is_named(analysed, capsys):
    assert run_explorer(analysed.out_dir, task="other") == 2
    assert "task other" in capsys.readouterr().err


@pytest.mark.parametrize("link", [{}, {"DatasetLinks": {}}])
def test_a_data_set_that_links_no_raw_data_is_refused(link, tmp_path, capsys):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "settings.toml").write_text('task = "film"\n')
    (tmp_path / "dataset_description.json").write_text(json.dumps(link))
    assert run_explorer(tmp_path) == 2
    assert "is no derivative data set of isc" in capsys.readouterr().err

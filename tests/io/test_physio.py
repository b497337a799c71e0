"""Physiological recordings."""

import gzip
import json

import numpy as np
import pytest

import isc
from isc.io.files.text import TableError

SIDECAR = {
    "SamplingFrequency": 50.0,
    "StartTime": -1.0,
    "Columns": ["cardiac", "pupil"],
    "pupil": {"Units": "mm"},
}


def write_bids(folder, rows="0.1\t3.2\n0.2\tn/a\n0.3\t3.4\n", **changes):
    path = folder / "sub-01_task-film_physio.tsv.gz"
    path.write_bytes(gzip.compress(rows.encode()))
    described = {**SIDECAR, **changes}
    described = {key: value for key, value in described.items() if value is not None}
    (folder / "sub-01_task-film_physio.json").write_text(json.dumps(described))
    return path


def test_a_bids_recording_has_the_names_units_and_clock_of_its_sidecar(tmp_path):
    physio = isc.read_physio(write_bids(tmp_path), subject="01")
    assert physio.dims == ("time", "channel") and physio.dtype == np.float32
    assert physio["time"].values.tolist() == pytest.approx([-1.0, -0.98, -0.96])
    assert physio["unit"].values.tolist() == ["n/a", "mm"]
    assert physio.sel(channel="pupil").values.tolist() == pytest.approx([3.2, np.nan, 3.4], nan_ok=True)
    assert physio.attrs["rate_hz"] == 50


def test_a_sidecar_higher_up_counts(tmp_path):
    (tmp_path / "dataset_description.json").write_text("{}")
    (tmp_path / "task-film_physio.json").write_text(json.dumps(SIDECAR))
    folder = tmp_path / "sub-01" / "func"
    folder.mkdir(parents=True)
    path = write_bids(folder)
    (folder / "sub-01_task-film_physio.json").unlink()
    assert isc.read_physio(path, subject="01")["channel"].values.tolist() == ["cardiac", "pupil"]


def test_the_onset_of_the_stimulus_can_be_given(tmp_path):
    assert float(isc.read_physio(write_bids(tmp_path), subject="01", start=2.0)["time"][0]) == 2.0


@pytest.mark.parametrize(("suffix", "mark"), [(".csv", ","), (".tsv", "\t"), (".csv", "\t")])
def test_tables_with_a_header_need_a_rate_or_a_column_time(tmp_path, suffix, mark):
    path = tmp_path / f"skin{suffix}"
    path.write_text(f"time{mark}eda\n0{mark}1\n0.5{mark}\n1{mark}3\n")
    physio = isc.read_physio(path, subject="01", start=10.0)
    assert physio["channel"].values.tolist() == ["eda"]
    assert physio["time"].values.tolist() == [10, 10.5, 11]
    assert np.isnan(physio[1, 0])
    assert isc.read_physio(path, subject="01", rate=10)["time"].values.tolist() == pytest.approx([0, 0.1, 0.2])


def test_columns_are_chosen_by_name(tmp_path):
    physio = isc.read_physio(write_bids(tmp_path), subject="01", columns=["pupil"])
    assert physio["channel"].values.tolist() == ["pupil"]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"Columns": None}, {}, "must list the column names in Columns"),
        ({"Columns": ["cardiac"]}, {}, "has 2 columns, but its sidecar names 1"),
        ({"SamplingFrequency": None}, {}, "the rate is not known; give rate="),
        ({}, {"rate": 25}, "rate=25 Hz, but SamplingFrequency in the sidecar is 50.0 Hz"),
        ({"SamplingFrequency": -2}, {}, "the rate must be positive, in Hz; given -2"),
        ({}, {"columns": ["eda"]}, "has no column eda; it has cardiac, pupil"),
        ({"rows": "1\t2\n1\tx\n"}, {}, "column 'pupil' has 'x' in sample 2, which is no number"),
        ({"rows": "1\t2\n"}, {}, "has 1 rows; at least two samples are needed"),
        ({"rows": ""}, {}, "cannot be read as a table"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, change, options, message):
    with pytest.raises(TableError, match=message):
        isc.read_physio(write_bids(tmp_path, **change), subject="01", **options)


def test_clocks_that_go_back_and_damaged_files_are_refused(tmp_path):
    path = tmp_path / "skin.csv"
    path.write_text("time,eda\n0,1\n0,2\n")
    with pytest.raises(TableError, match="column time must hold increasing seconds"):
        isc.read_physio(path, subject="01")
    whole = write_bids(tmp_path)
    whole.write_bytes(whole.read_bytes()[:-12])
    with pytest.raises(TableError, match="cannot be unpacked as text"):
        isc.read_physio(whole, subject="01")
    with pytest.raises(FileNotFoundError, match="no recording at"):
        isc.read_physio(tmp_path / "absent.csv", subject="01")

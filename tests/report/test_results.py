"""Results of an experiment are figures, tables and numbers that the dictionary explains."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from isc.report.results import summary_faults, write_results

SUMMARY = {
    f"recovery/{name}/mean": 0.5
    for name in ("inside", "outside", "significant_inside", "significant_outside", "smile_r")
}


@pytest.fixture
def short_film(monkeypatch):
    """The entry of the film experiment with two keys only."""
    monkeypatch.setattr("isc.report.results.summary_faults", lambda keys, described: [])


def test_figures_tables_and_summary_are_written(short_film, tmp_path):
    summary = {"film/duration": np.float32(np.nan), "film/n_viewer": np.int64(3)}
    figure = Figure()
    figure.add_subplot().plot([0, 1])
    table = pd.DataFrame({"lag": [1.5, 2.0], "r": [0.5, np.nan]})
    write_results(tmp_path, summary=summary, tables={"lags": table}, figures={"f": figure}, dictionary="film")
    assert json.loads((tmp_path / "summary.json").read_text()) == {"film/duration": None, "film/n_viewer": 3}
    assert (tmp_path / "tables" / "lags.tsv").read_text() == "lag\tr\n1.5\t0.5\n2.0\tn/a\n"
    assert (tmp_path / "figures" / "f.svg").read_text().startswith("<?xml")
    assert (tmp_path / "figures" / "f.pdf").read_bytes().startswith(b"%PDF")


def test_a_table_with_other_columns_than_the_dictionary_is_not_written(short_film, tmp_path):
    table = pd.DataFrame({"lag": [1.5], "rho": [0.5]})
    with pytest.raises(ValueError, match="table lags: .*rho"):
        write_results(tmp_path, summary={}, tables={"lags": table}, figures={}, dictionary="film")
    assert not list(tmp_path.iterdir())


def test_equal_figures_give_equal_files(tmp_path):
    for folder in (tmp_path / "a", tmp_path / "b"):
        figure = Figure()
        figure.add_subplot().plot([0, 1])
        summary = {**SUMMARY, "recovery/n_audience": 1}
        write_results(folder, summary=summary, tables={}, figures={"f": figure}, dictionary="recovery")
    for name in ("f.svg", "f.pdf"):
        assert (tmp_path / "a/figures" / name).read_bytes() == (tmp_path / "b/figures" / name).read_bytes()


def test_a_summary_that_the_dictionary_does_not_explain_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="differ: new is not explained; recovery/n_audience is missing"):
        write_results(tmp_path, summary={**SUMMARY, "new": 1}, tables={}, figures={}, dictionary="recovery")
    assert not list(tmp_path.iterdir())


def test_a_placeholder_stands_for_one_part_of_a_key():
    described = ["ceap/<clip>/<scale>/mean"]
    assert summary_faults(["ceap/V1/valence/mean", "ceap/V2/arousal/mean"], described) == []
    assert summary_faults(["ceap/V1/mean"], described) == [
        "ceap/V1/mean is not explained",
        "ceap/<clip>/<scale>/mean is missing",
    ]

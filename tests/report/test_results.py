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


def test_figures_tables_and_summary_are_written(tmp_path):
    summary = {**SUMMARY, "recovery/inside/mean": np.float32(np.nan), "recovery/n_audience": np.int64(3)}
    figure = Figure()
    figure.add_subplot().plot([0, 1])
    table = pd.DataFrame({"x": [1.5, np.nan]})
    write_results(tmp_path, summary=summary, tables={"t": table}, figures={"f": figure}, dictionary="recovery")
    written = json.loads((tmp_path / "summary.json").read_text())
    assert (written["recovery/inside/mean"], written["recovery/n_audience"]) == (None, 3)
    assert (tmp_path / "tables" / "t.tsv").read_text() == "x\n1.5\nn/a\n"
    assert (tmp_path / "figures" / "f.svg").read_text().startswith("<?xml")
    assert (tmp_path / "figures" / "f.pdf").read_bytes().startswith(b"%PDF")


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

"""Calibration on a study's own recordings."""

import pytest

from isc.cli import main
from isc.io.bids import derivative_path
from isc.io.derivatives import read_table
from isc.io.layout.names import Entities
from isc.synchrony.outcomes import OUTCOMES


def test_error_rates_of_the_own_recordings_are_written_once(copied, capsys):
    request = copied(derivatives=True)
    command = ["calibrate", str(request.out_dir), "--n-data", "3", "--n-surrogates", "19", "--n-vertices", "3"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "recommended" in said and "Read the circular shift under 'sign'" in said
    path = derivative_path(request.out_dir, "calibration", Entities(task="film"), desc="verticeswin5000ms")
    table = read_table(path)
    assert set(table["outcome"]) == set(OUTCOMES) and set(table["breaking"]) == {"shift", "sign"}
    written = path.stat().st_mtime_ns
    assert main(command) == 0
    assert path.stat().st_mtime_ns == written


def test_a_folder_without_a_finished_cube_is_refused(tmp_path, capsys):
    assert main(["calibrate", str(tmp_path)]) == 2
    assert "is no derivative data set of isc" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["calibrate"], ["calibrate", "--help"]])
def test_the_manual_says_what_is_needed(command, capsys):
    with pytest.raises(SystemExit):
        main(command)
    captured = capsys.readouterr()
    assert "OUT_DIR" in captured.out + captured.err

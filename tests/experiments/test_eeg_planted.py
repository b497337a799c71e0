"""The experiment on planted EEG synchrony finds it in its band and channels only, from the files to the summary."""

import json

import numpy as np
import pytest


@pytest.mark.slow
def test_planted_synchrony_is_found_in_its_band_and_channels_only(run_quick, tmp_path):
    _, folder = run_quick("eeg_planted", "--data", tmp_path / "data")
    found = json.loads((folder / "summary.json").read_text())
    assert found["eeg/planted_band/p_fwe"] <= 0.05
    assert found["eeg/planted_band/significant_inside"] > 0.9
    assert found["eeg/planted_band/significant_outside"] == 0
    for elsewhere in ("other_band", "other_channels", "phase"):
        assert found[f"eeg/{elsewhere}/p_fwe"] > 0.05
    assert found["eeg/corrca/p_fwe"] <= 0.05
    assert found["eeg/corrca/planted_channels_on_top"] == 3


def test_only_the_amplitude_of_the_planted_channels_follows_the_course(load):
    module = load("eeg_planted")
    course = module.shared_course()
    raw = module.simulate_viewer(0, course)
    alpha = np.abs(raw.copy().filter(8, 12, verbose="error").apply_hilbert(envelope=True).get_data())
    inside = course != 0
    r = [np.corrcoef(row[inside], course[inside])[0, 1] for row in alpha]
    planted = np.isin(module.CHANNELS, module.PLANTED)
    assert min(np.array(r)[planted]) > 0.4 > 0.2 > max(abs(np.array(r)[~planted]))
    assert raw.info["bads"] and raw.annotations.description.tolist() == ["BAD_movement"]

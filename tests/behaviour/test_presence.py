"""Presence: a row a rater, and the tables that cannot be read."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.behaviour import krippendorff_alpha, peak_presence

START = np.arange(6) * 5.0
WINDOWS = xr.Dataset(coords={name: ("window", START + d) for name, d in (("start", 0), ("time", 2.5), ("stop", 5))})
PEAKS = pd.DataFrame({"subject": ["a", "b"], "onset": [1.0, 11.0]})


def test_presence_has_a_row_a_rater():
    presence = peak_presence(PEAKS, windows=WINDOWS, raters=["b", "a", "silent"])
    assert presence["subject"].values.tolist() == ["a", "b", "silent"]
    assert presence.values.tolist() == [[1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]]


def test_a_window_that_the_log_covers_in_part_is_missing():
    logs = pd.DataFrame({"subject": ["a", "a"], "start": [0.0, 12.0], "stop": [9.0, 30.0]})
    presence = peak_presence(PEAKS, windows=WINDOWS, raters=logs)
    assert presence.values[0] == pytest.approx([1, np.nan, np.nan, 0, 0, 0], nan_ok=True)


def test_tolerance_reaches_the_next_window():
    assert peak_presence(PEAKS, windows=WINDOWS, tolerance=1.5).values[1].tolist() == [0, 1, 1, 0, 0, 0]


def test_subjects_may_be_numbers():
    numbered = peak_presence(PEAKS.assign(subject=[1, 2]), windows=WINDOWS, raters=[1, 2, 3])
    assert numbered["subject"].values.tolist() == ["1", "2", "3"]
    assert numbered.sum("window").values.tolist() == [1, 1, 0]


def test_presence_feeds_the_reliability_of_raters():
    same = PEAKS.assign(onset=[1.0, 2.0])
    assert krippendorff_alpha(peak_presence(same, windows=WINDOWS)) == 1.0
    assert krippendorff_alpha(peak_presence(PEAKS, windows=WINDOWS)) < 0.0


@pytest.mark.parametrize(
    ("peaks", "raters", "message"),
    [
        (PEAKS.rename(columns={"onset": "time"}), None, r"columns subject and onset \(s\), not \['subject', 'time'\]"),
        (PEAKS.assign(onset=[1.0, np.nan]), None, "finite onsets, 1 have none; drop those rows"),
        (PEAKS[:0], None, "somebody with a valid log, none is left"),
        (PEAKS, [], "somebody with a valid log, none is left"),
        (PEAKS, pd.DataFrame({"subject": ["a"]}), r"raters must have the columns subject, start and stop \(s\)"),
    ],
)
def test_tables_that_cannot_be_read_are_refused(peaks, raters, message):
    with pytest.raises(ValueError, match=message):
        peak_presence(peaks, windows=WINDOWS, raters=raters)


@pytest.mark.parametrize("windows", [xr.Dataset(coords={"window": [0, 1]}), WINDOWS.drop_vars("stop")])
def test_windows_without_coordinates_are_refused(windows):
    with pytest.raises(ValueError, match="use the result of temporal_isc"):
        peak_presence(PEAKS, windows=windows)

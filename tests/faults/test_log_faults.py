"""Faults of key logs, 38 to 42, in real files."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc import correlate_with_agreement, peak_agreement, read_key_log, temporal_isc
from isc.io.keyboard import KeyLogError

HEADER = "onset\tduration\ttrial_type\tkey\n"
CLEAN = HEADER + "0\t0\tstart\tn/a\n2.5\t0\tpress\tspace\n30\t0\tpress\tspace\n60\t0\tstop\tn/a\n"


@pytest.fixture
def log_file(tmp_path):
    """Function that writes a log, text or bytes, with a sidecar that may give the units of its onset."""

    def write(content, units=None):
        path = tmp_path / "sub-01_task-film_events.tsv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if units is not None:
            path.with_suffix(".json").write_text(json.dumps({"onset": {"Units": units}}))
        return path

    return write


def presses(*onsets):
    return HEADER + "".join(f"{onset}\t0\tpress\tspace\n" for onset in onsets)


def test_038_an_empty_log_and_a_header_are_missing_and_markers_alone_are_no_press(log_file):
    for content in ("", HEADER):
        log = read_key_log(log_file(content))
        assert (len(log), log.attrs["valid"], log.attrs["reason"]) == (
            0,
            False,
            "no presses and no start and stop markers",
        )
    log = read_key_log(log_file(HEADER + "5\t0\tstart\tn/a\n65\t0\tstop\tn/a\n"))
    assert (len(log), log.attrs["valid"], log.attrs["stop"]) == (0, True, 60.0)


def test_039_milliseconds_are_known_from_the_sidecar_and_otherwise_refused(log_file):
    with pytest.raises(KeyLogError, match=r"from 2500 to 30000 s .* do not fit a film of 60 s; give the Units"):
        read_key_log(log_file(presses(2500, 30000)), duration=60)
    assert read_key_log(log_file(presses(2500, 30000), units="ms"), duration=60)["onset"].tolist() == [2.5, 30.0]


def test_039_comma_decimals_and_a_clock_that_restarts_are_refused(log_file):
    with pytest.raises(KeyLogError, match="line 2: onset '2,5' is no number; write times with a decimal point"):
        read_key_log(log_file(presses("2,5")))
    with pytest.raises(KeyLogError, match="line 3: onset goes back from 90 s to 5 s"):
        read_key_log(log_file(presses(90, 5)))


def test_039_presses_before_the_start_and_after_the_end_are_dropped_with_a_count(log_file):
    with pytest.warns(UserWarning, match=r"2 of 4 presses lie outside of the film \(0 to 60 s\); dropped"):
        log = read_key_log(log_file(presses(-3, 10, 30, 70)), duration=60)
    assert log["onset"].tolist() == [10.0, 30.0]


@pytest.mark.parametrize("merge", [0.0, 1.0])
def test_040_a_key_held_for_three_seconds_at_30_hz_is_one_press(log_file, merge):
    log = read_key_log(log_file(presses(*(10 + np.arange(90) / 30), 20)), duration=60, merge=merge)
    assert log["onset"].tolist() == [10.0, 20.0]
    assert log["n_row"].tolist() == [90, 1]


SPELLINGS = {
    "duplicated rows": CLEAN.replace("2.5\t0\tpress\tspace\n", "2.5\t0\tpress\tspace\n" * 2).encode(),
    "byte-order mark": CLEAN.encode("utf-8-sig"),
    "UTF-16": CLEAN.encode("utf-16"),
    "Windows line ends": CLEAN.replace("\n", "\r\n").encode(),
    "quotes": CLEAN.replace("space", '"space"').encode(),
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS)
def test_041_a_log_reads_the_same_however_it_was_saved(log_file, content):
    assert read_key_log(log_file(content))[["onset", "key"]].values.tolist() == [[2.5, "space"], [30.0, "space"]]


def test_041_unsorted_rows_are_refused(log_file):
    with pytest.raises(KeyLogError, match="line 3: onset goes back from 30 s to 2.5 s"):
        read_key_log(log_file(presses(30, 2.5)))


def test_041_a_tab_in_a_quoted_field_shifts_no_column(log_file):
    path = log_file(HEADER.replace("key", "key\tnote") + '2.5\t0\tpress\tspace\t"a\tb"\n')
    try:
        log = read_key_log(path, duration=60)
    except KeyLogError as error:
        assert "line 2" in str(error)
    else:
        assert log[["onset", "key"]].values.tolist() == [[2.5, "space"]]


def simulated(people):
    """Series of 400 s at 10 Hz."""
    values = np.random.default_rng(1).normal(size=(len(people), 4000, 1))
    coords = {"subject": people, "time": np.arange(4000) / 10}
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords=coords)


@pytest.mark.parametrize("everybody", [False, True], ids=["nobody", "everybody always"])
def test_042_agreement_that_never_changes_has_no_correlation_and_says_so(log_file, everybody):
    onsets = np.arange(0, 400, 1.5) if everybody else []
    markers = ("0\t0\tstart\tn/a\n", "400\t0\tstop\tn/a\n")
    rows = "".join(f"{onset}\t0\tpress\tspace\n" for onset in onsets)
    log = read_key_log(log_file(HEADER + markers[0] + rows + markers[1]))
    people = ["sub-01", "sub-02", "sub-03"]
    windows = temporal_isc(simulated(people), window=5, step=2)
    agreement = peak_agreement(pd.concat([log.assign(subject=name) for name in people]), windows=windows, raters=people)
    assert (agreement == float(everybody)).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = correlate_with_agreement(windows, agreement)
    assert np.isnan(result["r"]).all() and np.isnan(result["p"]).all()
    assert "same in every window" in result.attrs["refused"]

"""Continuous ratings come out in seconds of the film, missing where nothing was rated, however they were saved."""

import gzip
import json

import numpy as np
import pytest

from isc.behaviour import find_peaks, valid_intervals
from isc.io.logs.film_clock import KeyLogError
from isc.io.ratings import read_ratings

SIDECAR = {"SamplingFrequency": 10, "StartTime": -1.0, "Columns": ["valence", "arousal"], "arousal": {"Units": "a.u."}}


@pytest.fixture
def physio(tmp_path):
    """Write a BIDS physio table of 20 rows without header, and its sidecar."""

    def write(sidecar=SIDECAR, name="sub-07_task-film_recording-intensity_physio.tsv.gz", rows=None):
        rows = rows or [f"{k}\t{'n/a' if k == 3 else k / 2}" for k in range(20)]
        text = ("\n".join(rows) + "\n").encode()
        path = tmp_path / name
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        (tmp_path / f"{name.split('.')[0]}.json").write_text(json.dumps(sidecar))
        return path

    return write


@pytest.fixture
def table(tmp_path):
    def write(text, name="sub-01.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("ending", ["physio.tsv.gz", "physio.tsv", "stim.tsv.gz"])
def test_a_bids_table_has_its_rate_start_and_columns_in_the_sidecar(physio, ending):
    rating = read_ratings(physio(name=f"sub-07_task-film_{ending}"), column="arousal")
    assert rating["time"].values == pytest.approx(-1 + np.arange(20) / 10)
    assert rating.values[[2, 19]].tolist() == [1.0, 9.5]
    assert np.isnan(rating.values[3])
    assert (rating["subject"].item(), rating.attrs["units"], rating.attrs["rate_hz"]) == ("sub-07", "a.u.", 10.0)


def test_samples_before_and_after_the_film_are_dropped_and_counted(physio):
    with pytest.warns(UserWarning, match=r"15 of 20 samples lie outside of the film \(0 to 0.4 s\); dropped"):
        rating = read_ratings(physio(), column="valence", duration=0.4)
    assert rating["time"].values == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=1e-9)


@pytest.mark.parametrize("name", ["SamplingFrequency", "StartTime", "Columns"])
def test_a_bids_table_without_its_sidecar_is_refused(physio, name):
    with pytest.raises(KeyLogError, match=f"has no header, so its JSON sidecar must give {name}"):
        read_ratings(physio({key: value for key, value in SIDECAR.items() if key != name}), column="valence")


def test_a_bids_row_that_is_too_short_is_refused(physio):
    with pytest.raises(KeyLogError, match="line 2: 1 fields, but 2 Columns in the sidecar"):
        read_ratings(physio(rows=["1\t2", "1"]), column="valence")


def test_a_damaged_gzip_file_is_refused(physio):
    path = physio()
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(KeyLogError, match="is no gzip file, or a damaged one"):
        read_ratings(path, column="valence")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_with_times_is_moved_to_the_clock_of_the_film(table, encoding):
    path = table("t,joy\r\n1000,5\r\n1100,6\r\n1100,6\r\n1200,NaN\r\n", encoding=encoding)
    rating = read_ratings(path, time="t", units="ms", stimulus_onset=1.0)
    assert rating["time"].values == pytest.approx([0, 0.1, 0.2])
    assert rating.values[:2].tolist() == [5.0, 6.0] and np.isnan(rating.values[2])


def test_a_table_without_times_needs_a_rate_and_keeps_equal_rows(table):
    path = table("joy\n5\n5\n6\n")
    assert read_ratings(path, rate=2)["time"].values.tolist() == [0.0, 0.5, 1.0]
    with pytest.raises(KeyLogError, match="give the column of the times, or the rate of the samples; found joy"):
        read_ratings(path)


def test_a_rating_noted_at_its_changes_holds_until_the_next(table):
    path = table("t,joy\n0.5,10\n2,30\n")
    rating = read_ratings(path, time="t", rate=2, duration=3)
    assert rating["time"].values.tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
    assert rating.values[1:].tolist() == [10, 10, 10, 30, 30] and np.isnan(rating.values[0])
    assert np.isnan(read_ratings(path, time="t", rate=2, duration=3, max_gap=0.5).values[[0, 3]]).all()


def test_what_is_read_goes_into_peaks_and_intervals_as_it_is(table):
    seconds = np.arange(0, 60, 0.1)
    level = 50 * np.exp(-((seconds - 20) ** 2) / 8)
    path = table("t,joy\n" + "".join(f"{t:.1f},{v:.3f}\n" for t, v in zip(seconds, level, strict=True)))
    rating = read_ratings(path, time="t")
    assert find_peaks(rating)[["subject", "onset"]].values.tolist() == [["sub-01", 20.0]]
    assert valid_intervals(rating).values.tolist() == [["sub-01", 0.0, pytest.approx(60.0)]]


def test_a_semicolon_is_a_separator_when_it_is_given(table):
    path = table("t;joy\n0;1\n1;2\n", name="a.dat")
    with pytest.raises(KeyLogError, match=r"give the delimiter; only .csv, .tsv and .txt"):
        read_ratings(path, time="t")
    assert read_ratings(path, time="t", delimiter=";").values.tolist() == [1.0, 2.0]


REFUSED = {
    "milliseconds for seconds": ("t,joy\n0,1\n60000,2\n", {"time": "t", "duration": 60}, "give the right units"),
    "a clock that restarted": ("t,joy\n5,1\n1,2\n", {"time": "t"}, "onset goes back from 5 s to 1 s"),
    "two ratings at once": ("t,joy\n1,1\n1,2\n", {"time": "t"}, "line 3: two ratings at 1 s"),
    "a decimal comma": ('t,joy\n0,"1,5"\n', {"time": "t"}, "line 2: joy '1,5' is no number"),
    "no such time": ("t,joy\n0,1\n", {"time": "time"}, "has no column time; found t, joy"),
    "no such column": ("t,joy\n0,1\n", {"time": "t", "column": "fear"}, "has no column fear; found joy"),
    "two columns": ("t,joy,fear\n0,1,1\n", {"time": "t"}, "has the columns joy, fear; name the one of the rating"),
    "a short row": ("t,joy\n0\n", {"time": "t"}, "line 2: 1 fields under 2 columns"),
}


@pytest.mark.parametrize(("text", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_a_table_that_would_have_to_be_guessed_is_refused(table, text, options, message):
    with pytest.raises(KeyLogError, match=message):
        read_ratings(table(text), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": "min"}, "units must be s or ms; given 'min'"),
        ({"rate": 0}, "rate must be positive"),
        ({"max_gap": -1}, "max_gap must be positive"),
        ({"duration": 0}, "duration must be positive"),
    ],
)
def test_options_out_of_range_are_refused(table, options, message):
    with pytest.raises(ValueError, match=message):
        read_ratings(table("t,joy\n0,1\n"), time="t", **options)

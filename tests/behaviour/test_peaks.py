"""Peaks of continuous ratings, and the controls for people who press and are filmed."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.behaviour import exclude_presses, find_peaks, split_subjects, valid_intervals

TIME = np.arange(0, 60, 0.1)


def rating(*centres, width=1.0, level=100.0):
    values = sum(level * np.exp(-((TIME - c) ** 2) / (2 * width**2)) for c in centres)
    return xr.DataArray(values, dims="time", coords={"time": TIME, "subject": "sub-01"})


def test_local_maxima_are_found_where_they_are():
    found = find_peaks(rating(10, 30, 45))
    assert found["onset"].values == pytest.approx([10, 30, 45])
    assert found["height"].values == pytest.approx(100, abs=1e-6)


def test_shift_and_scale_of_a_rating_do_not_matter():
    assert find_peaks(3 * rating(10, 30) - 7)["onset"].tolist() == find_peaks(rating(10, 30))["onset"].tolist()


def test_the_higher_of_two_close_maxima_stays():
    close = rating(20) + 0.8 * rating(21.5, width=0.4)
    assert len(find_peaks(close, distance=2.5)) == 1


def test_a_flat_rating_has_no_peak_and_a_small_ripple_is_none():
    assert find_peaks(0 * rating(10)).empty
    assert len(find_peaks(rating(10) + 0.5 * np.sin(TIME))) == 1


def test_time_at_the_top_of_the_scale_is_a_peak_with_a_duration():
    clipped = rating(20, width=4).clip(max=50)
    found = find_peaks(clipped, method="at_maximum", maximum=50)
    assert len(found) == 1
    half = 4 * np.sqrt(2 * np.log(2))
    assert found["onset"][0] == pytest.approx(20 - half, abs=0.2)
    assert found["duration"][0] == pytest.approx(2 * half, abs=0.3)


def test_missing_stretches_have_no_peaks_and_bound_the_valid_intervals():
    gap = rating(10, 30).where((TIME < 25) | (TIME > 40))
    assert find_peaks(gap)["onset"].tolist() == pytest.approx([10])
    assert valid_intervals(gap)[["start", "stop"]].values == pytest.approx(np.array([[0, 25], [40.1, 60]]), abs=0.11)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"prominence": 0}, "must be positive"), ({"distance": -1}, "must be positive"), ({"method": "x"}, "method")],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        find_peaks(rating(10), **options)


def test_samples_around_ones_own_presses_are_left_out():
    cube = xr.DataArray(
        np.ones((2, 11)), dims=("subject", "time"), coords={"subject": ["a", "b"], "time": np.arange(11.0)}
    )
    out = exclude_presses(cube, pd.DataFrame({"subject": ["a"], "onset": [5.0]}), before=1.0, after=2.0)
    assert np.isnan(out.sel(subject="a", time=slice(4, 7))).all()
    assert np.isfinite(out.sel(subject="b")).all()
    assert int(out.isnull().sum()) == 4


def test_halves_are_disjoint_whole_and_do_not_depend_on_order():
    names = [f"sub-{k:02d}" for k in range(9)]
    faces, reports = split_subjects(names, seed=4)
    assert sorted(faces + reports) == names
    assert (faces, reports) == split_subjects(names[::-1], seed=4)
    assert faces != split_subjects(names, seed=5)[0]
    with pytest.raises(ValueError, match="3 people or more, 2 given"):
        split_subjects(names[:2], seed=0)

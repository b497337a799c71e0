"""Controls for people who press and are filmed."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.behaviour import exclude_presses, split_subjects

CUBE = xr.DataArray(np.ones((2, 11)), dims=("subject", "time"), coords={"subject": ["a", "b"], "time": np.arange(11.0)})
PRESS = pd.DataFrame({"subject": ["a"], "onset": [5.0]})


def test_samples_around_ones_own_presses_are_left_out():
    out = exclude_presses(CUBE, PRESS, before=1.0, after=2.0)
    assert CUBE.notnull().all()
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


def test_a_press_that_lasts_is_left_out_to_its_end():
    out = exclude_presses(CUBE, PRESS.assign(duration=3.0), before=0.0, after=0.0)
    assert out["time"].values[np.isnan(out.sel(subject="a"))].tolist() == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exclude_presses(CUBE.rename(time="frame"), PRESS), "dims subject and time"),
        (lambda: exclude_presses(CUBE, PRESS.rename(columns={"onset": "t"})), r"columns subject and onset \(s\), not"),
        (lambda: exclude_presses(CUBE, PRESS, after=-1.0), "0 or more, not 1.0 and -1.0"),
    ],
)
def test_what_cannot_be_read_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

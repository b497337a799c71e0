"""Windows: exact samples from seconds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isc.windows import sliding_windows, window_coords


def test_starts_are_rounded_from_seconds_and_do_not_drift_at_30_fps():
    windows = sliding_windows(36_000, rate=30.0, window=5.0, step=1.66)
    assert windows.length == 150
    last = windows.starts.size - 1
    assert windows.starts[last] == round(last * 1.66 * 30)
    assert abs(windows.starts[last] / 30 - last * 1.66) < 0.5 / 30


def test_25_fps_has_fractional_steps():
    windows = sliding_windows(36_000, rate=25.0, window=5.0, step=1.66)
    assert windows.length == 125
    assert np.diff(windows.starts).tolist()[:4] == [42, 41, 41, 42]
    assert sorted(set(np.diff(windows.starts).tolist())) == [41, 42]


def test_the_published_film_has_718_windows():
    assert sliding_windows(36_000, rate=30.0).starts.size == 718


@given(
    rate=st.floats(1, 240),
    window=st.floats(0.5, 20),
    step=st.floats(0.1, 30),
    n_time=st.integers(2, 5000),
)
def test_every_window_fits_and_no_further_one_would(rate, window, step, n_time):
    length = round(window * rate)
    if length < 2 or length > n_time or step * rate < 1:
        with pytest.raises(ValueError, match="window is|step is"):
            sliding_windows(n_time, rate=rate, window=window, step=step)
        return
    starts = sliding_windows(n_time, rate=rate, window=window, step=step).starts
    assert starts[0] == 0
    assert starts[-1] + length <= n_time < np.rint(starts.size * (step * rate)) + length
    assert (np.diff(starts) > 0).all()


def test_a_step_longer_than_the_window_is_allowed():
    assert sliding_windows(100, rate=10.0, window=1.0, step=3.0).starts.tolist() == [0, 30, 60, 90]


def test_coordinates_are_seconds_with_the_centre_between_start_and_stop():
    coords = window_coords(sliding_windows(300, rate=25.0), onset=2.0)
    assert coords["start"].values[0] == 2.0
    assert np.allclose(coords["stop"].values - coords["start"].values, 5.0)
    assert np.allclose(coords["time"].values, (coords["start"].values + coords["stop"].values) / 2)
    assert coords["time"].attrs["units"] == "s"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"window": 30.0}, "window is 30 s but the recording lasts 20 s; choose a shorter window"),
        ({"step": 0.0}, "step is 0 s, which is less than one sample"),
        ({"window": 0.1}, "less than two samples at 10 Hz"),
    ],
)
def test_errors_quote_the_users_own_numbers(given, message):
    with pytest.raises(ValueError, match=message):
        sliding_windows(200, rate=10.0, **given)

"""The synchrony of ratings is t-ISC on the windows of the faces."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.behaviour import peak_agreement
from isc.synchrony.temporal import temporal_isc


def ratings(n_rater=6, n_time=600, rate=10.0, seed=0):
    rng = np.random.default_rng(seed)
    common = np.cumsum(rng.normal(size=n_time))
    values = common + np.cumsum(rng.normal(size=(n_rater, n_time)), axis=1)
    coords = {"subject": [f"r{k}" for k in range(n_rater)], "time": np.arange(n_time) / rate}
    return xr.DataArray(values, dims=("subject", "time"), coords=coords)


def test_it_is_temporal_isc_of_the_ratings():
    rating = ratings()
    rating[2, 100:160] = np.nan
    rating[3, 300:400] = 5.0  # does not move
    expected = temporal_isc(rating)
    found = peak_agreement(rating, windows=expected, method="tisc")
    assert found.values == pytest.approx(expected.values, abs=1e-5)
    assert found["n_raters"].values.tolist() == expected["n_subject"].values.tolist()
    assert found["n_raters"].values.min() == 5
    assert (found.name, found.attrs["method"]) == ("agreement", "tisc")


def test_ratings_at_another_rate_are_read_in_the_seconds_of_the_windows():
    rating = ratings(n_time=6000, rate=100.0)
    windows = temporal_isc(rating.isel(time=slice(None, None, 4)))  # faces at 25 Hz
    found = peak_agreement(rating, windows=windows, method="tisc")
    assert found.values == pytest.approx(windows.values, abs=0.02)


def test_windows_that_the_ratings_do_not_cover_are_missing():
    rating = ratings()
    windows = temporal_isc(ratings(n_time=700))
    found = peak_agreement(rating, windows=windows, method="tisc")
    late = (windows["stop"] > 60).values
    assert late.any() and np.isnan(found.values[late]).all() and np.isfinite(found.values[~late]).all()
    assert (found["n_raters"].values[late] == 0).all()


def test_ratings_are_not_taken_for_peaks_nor_peaks_for_ratings():
    rating = ratings()
    windows = temporal_isc(rating)
    with pytest.raises(ValueError, match="method must be \"tisc\" for continuous ratings, not 'share'"):
        peak_agreement(rating, windows=windows)
    with pytest.raises(ValueError, match="it needs continuous ratings instead of peaks"):
        peak_agreement(pd.DataFrame({"subject": ["a"], "onset": [1.0]}), windows=windows, method="tisc")
    with pytest.raises(ValueError, match="dims subject and time"):
        peak_agreement(rating[0], windows=windows, method="tisc")
    with pytest.raises(ValueError, match="at 0.1 Hz they hold 0"):
        peak_agreement(ratings(rate=0.1), windows=windows, method="tisc")

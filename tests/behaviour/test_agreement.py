"""Agreement: counts made by hand, missing logs against zero presses, and the chance band."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.behaviour import chance_band, peak_agreement, peak_presence


def windows(n=6, window=5.0, step=5.0):
    start = np.arange(n) * step
    coords = {"start": start, "stop": start + window, "time": start + window / 2}
    return xr.Dataset(coords={name: ("window", values) for name, values in coords.items()})


def presses(**onsets):
    rows = [(subject, onset) for subject, times in onsets.items() for onset in times]
    return pd.DataFrame(rows, columns=["subject", "onset"])


def test_the_share_of_raters_counts_each_of_them_once_a_window():
    peaks = presses(a=[1.0, 2.0, 12.0], b=[3.0])
    agreement = peak_agreement(peaks, windows=windows())
    assert agreement.values.tolist() == [1.0, 0.0, 0.5, 0.0, 0.0, 0.0]
    assert agreement["n_raters"].values.tolist() == [2] * 6


def test_zero_presses_count_and_a_missing_log_does_not():
    peaks = presses(a=[1.0])
    assert peak_agreement(peaks, windows=windows())[0] == 1.0
    assert peak_agreement(peaks, windows=windows(), raters=["a", "b"])[0] == 0.5


def test_a_rater_counts_only_while_the_log_ran():
    logs = pd.DataFrame({"subject": ["a", "b"], "start": [0.0, 0.0], "stop": [30.0, 12.0]})
    agreement = peak_agreement(presses(a=[1.0, 21.0], b=[2.0]), windows=windows(), raters=logs)
    assert agreement["n_raters"].values.tolist() == [2, 2, 1, 1, 1, 1]
    assert agreement.values.tolist() == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def test_the_density_falls_off_with_the_distance_to_the_centre():
    agreement = peak_agreement(presses(a=[2.5]), windows=windows(), method="density", bandwidth=5.0)
    assert agreement[0] == 1.0
    assert float(agreement[1]) == pytest.approx(np.exp(-0.5))


def test_the_count_at_maximum_is_a_number_of_raters():
    peaks = presses(a=[1.0], b=[2.0], c=[11.0])
    assert peak_agreement(peaks, windows=windows(), method="count_at_maximum").values[0] == 2


def test_presence_has_a_row_a_rater():
    presence = peak_presence(presses(a=[1.0], b=[11.0]), windows=windows())
    assert presence.dims == ("subject", "window")
    assert presence.sel(subject="b").values.tolist() == [0, 0, 1, 0, 0, 0]


def test_the_chance_band_is_exceeded_by_planted_agreement_only():
    rng = np.random.default_rng(0)
    many = windows(120, window=5.0, step=5.0)
    planted = presses(**{f"s{k}": [100 + rng.uniform(0, 3), *rng.uniform(0, 600, 4)] for k in range(12)})
    agreement = peak_agreement(planted, windows=many)
    band = chance_band(planted, windows=agreement, duration=600.0, n_surrogates=300, seed=1)
    assert int(agreement.argmax("window")) == 20
    assert float(agreement.max()) > float(band["threshold"])
    false, n_run = 0, 20
    for _ in range(n_run):
        random = presses(**{f"s{k}": rng.uniform(0, 600, 5) for k in range(12)})
        observed = peak_agreement(random, windows=many)
        limit = chance_band(random, windows=observed, duration=600.0, n_surrogates=99, seed=2)["threshold"]
        false += bool(observed.max() > limit)
    assert false <= 5  # binomial(20, 0.05) exceeds 5 in 0.03 % of cases


def test_the_same_seed_gives_the_same_band():
    peaks = presses(a=[1.0, 20.0], b=[4.0])
    agreement = peak_agreement(peaks, windows=windows())
    bands = [chance_band(peaks, windows=agreement, duration=30.0, n_surrogates=20, seed=3) for _ in range(2)]
    assert bands[0].identical(bands[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [({"method": "votes"}, "votes"), ({"bandwidth": -1.0, "method": "density"}, "bandwidth")],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        peak_agreement(presses(a=[1.0]), windows=windows(), **options)


def test_windows_without_coordinates_are_refused():
    with pytest.raises(ValueError, match="use the result of temporal_isc"):
        peak_agreement(presses(a=[1.0]), windows=xr.Dataset(coords={"window": [0, 1]}))

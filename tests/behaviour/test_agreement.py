"""Agreement: counts made by hand, missing logs against zero presses, and the chance band."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from isc.behaviour import chance_band, peak_agreement


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


def test_a_peak_that_lasts_counts_in_every_window_it_meets():
    episode = presses(a=[4.0]).assign(duration=[7.0])
    assert peak_agreement(episode, windows=windows()).values.tolist() == [1, 1, 1, 0, 0, 0]
    near = peak_agreement(episode, windows=windows(), method="density", bandwidth=1.0)
    assert near.values[:3] == pytest.approx([np.exp(-(1.5**2) / 2), 1.0, np.exp(-(1.5**2) / 2)])


def test_tolerance_widens_windows_at_both_ends():
    peaks = presses(a=[4.5])
    assert peak_agreement(peaks, windows=windows()).values.tolist() == [1, 0, 0, 0, 0, 0]
    assert peak_agreement(peaks, windows=windows(), tolerance=1.0).values.tolist() == [1, 1, 0, 0, 0, 0]


def test_windows_without_any_valid_log_are_nan():
    logs = pd.DataFrame({"subject": ["a"], "start": [5.0], "stop": [15.0]})
    agreement = peak_agreement(presses(a=[6.0]), windows=windows(), raters=logs)
    assert agreement.values == pytest.approx([np.nan, 1, 0, np.nan, np.nan, np.nan], nan_ok=True)
    assert agreement["n_raters"].values.tolist() == [0, 1, 1, 0, 0, 0]


def test_peaks_of_people_who_are_not_raters_are_ignored():
    peaks = presses(a=[1.0], b=[1.0], c=[6.0])
    assert peak_agreement(peaks, windows=windows(), raters=["c", "d"]).values.tolist() == [0, 0.5, 0, 0, 0, 0]


@given(onsets=st.dictionaries(st.sampled_from("abcde"), st.lists(st.floats(0, 29.9), max_size=6), min_size=1))
@settings(max_examples=25, deadline=None)
def test_share_is_count_over_raters_and_ignores_order_and_repetition(onsets):
    peaks, everybody = presses(**onsets), list("abcde")
    share = peak_agreement(peaks, windows=windows(), raters=everybody)
    twice = pd.concat([peaks, peaks]).sample(frac=1, random_state=1)
    assert share.equals(peak_agreement(twice, windows=windows(), raters=everybody[::-1]))
    count = peak_agreement(peaks, windows=windows(), raters=everybody, method="count_at_maximum")
    assert count.values == pytest.approx(5 * share.values)
    by_hand = [sum(any(5 * k <= t < 5 * k + 5 for t in times) for times in onsets.values()) for k in range(6)]
    assert count.values.tolist() == by_hand


def test_two_raters_who_press_once_meet_by_chance_in_one_of_six_windows():
    peaks = presses(a=[1.0], b=[21.0])
    agreement = peak_agreement(peaks, windows=windows())
    band = chance_band(peaks, windows=agreement, duration=30.0, n_surrogates=3000, seed=0)
    assert sorted(np.unique(band["maximum"])) == [0.5, 1.0]
    assert float((band["maximum"] == 1.0).mean()) == pytest.approx(1 / 6, abs=4 * np.sqrt(5 / 36 / 3000))
    assert float(band["threshold"]) == 1.0


def test_presses_stay_within_the_log_that_holds_them():
    logs = pd.DataFrame({"subject": ["a", "b"], "start": [0.0, 10.0], "stop": [10.0, np.inf]})
    peaks = presses(a=[1.0], b=[12.0, 40.0])  # the film ends at 30 s
    agreement = peak_agreement(peaks, windows=windows(), raters=logs)
    band = chance_band(peaks, windows=agreement, duration=30.0, n_surrogates=200, seed=1)
    assert band["maximum"].values.tolist() == [1.0] * 200  # each is alone in the windows of the log
    count = peak_agreement(peaks, windows=windows(), raters=logs, method="count_at_maximum")
    assert float(chance_band(peaks, windows=count, duration=30.0, seed=1)["maximum"].max()) == 1.0


def test_an_episode_that_leaves_at_the_end_comes_in_at_the_start():
    episode = presses(a=[0.0], b=[0.0]).assign(duration=20.0)
    agreement = peak_agreement(episode, windows=windows(), method="count_at_maximum")
    band = chance_band(episode, windows=agreement, duration=30.0, n_surrogates=500, seed=2)
    assert band["maximum"].values.tolist() == [2.0] * 500  # two of 20 s in a circle of 30 s always meet


def test_other_windows_are_judged_by_the_share_of_raters():
    peaks = presses(a=[1.0], b=[2.0])
    plain = chance_band(peaks, windows=windows(), duration=30.0, n_surrogates=50, seed=3)
    told = chance_band(peaks, windows=peak_agreement(peaks, windows=windows()), duration=30.0, n_surrogates=50, seed=3)
    assert plain.identical(told)


def test_planted_agreement_exceeds_the_chance_band_and_random_presses_rarely_do():
    rng = np.random.default_rng(0)
    many = windows(120)
    planted = presses(**{f"s{k}": [100 + rng.uniform(0, 3), *rng.uniform(0, 600, 4)] for k in range(12)})
    agreement = peak_agreement(planted, windows=many)
    band = chance_band(planted, windows=agreement, duration=600.0, n_surrogates=300, seed=1)
    assert int(agreement.argmax("window")) == 20
    assert float(agreement.max()) > float(band["threshold"])
    false, n_run = 0, 40
    for _ in range(n_run):
        random = presses(**{f"s{k}": rng.uniform(0, 600, 5) for k in range(12)})
        observed = peak_agreement(random, windows=many, method="density")
        limit = chance_band(random, windows=observed, duration=600.0, n_surrogates=99, seed=2)["threshold"]
        false += bool(observed.max() > limit)
    assert false <= binom.isf(0.0005, n_run, 0.06)


@pytest.mark.parametrize("n_surrogates", [19, 20, 21, 39, 100, 101])
def test_agreement_above_the_band_has_a_p_of_at_most_alpha(n_surrogates):
    rng = np.random.default_rng(1)
    peaks = presses(**{f"s{k}": rng.uniform(0, 100, 3) for k in range(9)})
    agreement = peak_agreement(peaks, windows=windows(20), method="density")
    band = chance_band(peaks, windows=agreement, duration=100.0, n_surrogates=n_surrogates)
    beyond = int((band["maximum"] > band["threshold"]).sum())  # of a value just above the threshold
    assert (beyond + 1) / (n_surrogates + 1) <= 0.05 < (beyond + 2) / (n_surrogates + 1)


def test_the_same_seed_gives_the_same_band():
    peaks = presses(a=[1.0, 20.0], b=[4.0])
    agreement = peak_agreement(peaks, windows=windows())
    bands = [chance_band(peaks, windows=agreement, duration=30.0, n_surrogates=20, seed=3) for _ in range(2)]
    assert bands[0].identical(bands[1])


PEAKS = presses(a=[1.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: peak_agreement(PEAKS, windows=windows(), method="votes"), "method must be one of .*, not 'votes'"),
        (lambda: peak_agreement(PEAKS, windows=windows(), bandwidth=0.0), "bandwidth must be above 0 s .* not 0.0 and"),
        (lambda: peak_agreement(PEAKS, windows=windows(), tolerance=-1.0), "tolerance 0 s or more, not 1.0 and -1.0"),
        (lambda: chance_band(PEAKS, windows=windows(), duration=29.0), "end of the last window, 30 s, but is 29 s"),
        (
            lambda: chance_band(PEAKS, windows=windows(), duration=30.0, n_surrogates=18),
            "n_surrogates must be 19 or more for alpha 0.05, not 18",
        ),
        (
            lambda: chance_band(PEAKS, windows=windows(), duration=30.0, alpha=1.0),
            r"alpha must be in \(0, 1\), not 1.0",
        ),
    ],
)
def test_settings_out_of_range_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.external
def test_observers_of_a_feature_film_agree_on_some_episodes_beyond_chance(external_data):
    files = sorted((external_data / "ratings_studyforrest").glob("av1o0*.csv"))
    tables = [pd.read_csv(path).assign(subject=path.stem) for path in files]
    episodes = pd.concat(tables).rename(columns={"start": "onset"})
    episodes["duration"] = episodes["end"] - episodes["onset"]
    sorrow = episodes[(episodes["character"] == "JENNY") & (episodes["arousal"] == "HIGH")]
    start = np.arange(0.0, 7080.0, 5.0)
    film = xr.Dataset(coords={n: ("window", start + d) for n, d in (("start", 0), ("time", 2.5), ("stop", 5))})
    agreement = peak_agreement(sorrow, windows=film)
    band = chance_band(sorrow, windows=agreement, duration=7085.0, n_surrogates=100, seed=0)
    assert float(agreement.max()) == 1.0 > float(band["threshold"])
    people = sorted(sorrow["subject"].unique())
    halves = [peak_agreement(sorrow, windows=film, raters=people[k::2]) for k in (0, 1)]
    assert float(xr.corr(*halves)) > 0.6

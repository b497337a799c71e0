"""Synchrony and reported peaks: planted delays are found, shifts are exact, whatever cannot be tested is said."""

import numpy as np
import pytest
import statsmodels.api as sm
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import detrend, lfilter
from scipy.stats import pearsonr, spearmanr
from scipy.stats import t as student

from isc.behaviour.relation import correlate_with_agreement

STEP, WINDOW = 5 / 3, 5.0


def on_windows(values, step=STEP):
    values = np.asarray(values, dtype=float)
    start = np.arange(values.shape[0]) * step
    coords = {"start": ("window", start), "stop": ("window", start + WINDOW), "time": ("window", start + WINDOW / 2)}
    return xr.DataArray(values, dims=("window", "vertex")[: values.ndim], coords=coords)


def smooth(rng, n_window, n_feature=None, decay=0.5):
    shape = (n_window + 200,) + (() if n_feature is None else (n_feature,))
    return lfilter([1], [1, -decay], rng.normal(size=shape), axis=0)[200:]


def by_loops(tisc, agreement, lags, nearest):
    """Strongest r, its lag, p and p_fwe of every feature, by loops over features, lags and rolled agreements."""
    y = with_line_out(agreement)
    rows = [with_line_out(column) for column in tisc.T]
    n_window = len(agreement)

    def strongest(x, shift):
        rolled = np.roll(y, shift)
        return max(((correlation(*pairs(x, rolled, lag)), lag) for lag in lags), key=lambda found: abs(found[0]))

    found = [strongest(x, 0) for x in rows]
    r = np.array([value for value, _ in found])
    shifts = range(nearest, n_window - nearest + 1)
    null = np.array([[abs(strongest(x, shift)[0]) for shift in shifts] for x in rows])
    p = (1 + (null >= np.abs(r)[:, None] - 1e-12).sum(axis=1)) / (1 + len(shifts))
    p_fwe = (1 + (null.max(axis=0) >= np.abs(r)[:, None] - 1e-12).sum(axis=1)) / (1 + len(shifts))
    return r, np.array([lag for _, lag in found]) * STEP, p, p_fwe


def with_line_out(values):
    kept = np.isfinite(values)
    time = np.arange(values.size)
    return values - np.polyval(np.polyfit(time[kept], values[kept], 1), time)


def pairs(x, y, lag):
    """Windows and their partners `lag` windows later."""
    return (x[: x.size - lag], y[lag:]) if lag >= 0 else (x[-lag:], y[:lag])


def correlation(x, y):
    both = np.isfinite(x) & np.isfinite(y)
    return np.corrcoef(x[both], y[both])[0, 1]


def test_a_planted_delay_is_found_with_its_sign():
    rng = np.random.default_rng(0)
    reports = smooth(rng, 300)
    synchrony = np.roll(reports, -1) + 0.7 * rng.normal(size=300)  # reports come one window later
    result = correlate_with_agreement(on_windows(synchrony), on_windows(reports))
    assert float(result["lag"]) == pytest.approx(STEP)
    assert float(result["p"]) < 0.01
    assert result.attrs["refused"] == ""
    early = correlate_with_agreement(on_windows(np.roll(reports, 1)), on_windows(reports), lags=(-3.0, 0.0))
    assert float(early["lag"]) == pytest.approx(-STEP)


@pytest.mark.parametrize("gaps", ["none", "synchrony", "both"])
@pytest.mark.parametrize(("lags", "in_windows", "nearest"), [((0, 3), (0, 1), 3), ((-5, 2), (-3, -2, -1, 0, 1), 7)])
def test_every_number_equals_that_of_loops_over_features_lags_and_shifts(gaps, lags, in_windows, nearest):
    rng = np.random.default_rng(1)
    tisc, agreement = smooth(rng, 130, 4), smooth(rng, 130)
    if gaps != "none":
        tisc[20:30, 1], tisc[rng.random(130) < 0.1, 2] = np.nan, np.nan
    if gaps == "both":
        agreement[[5, 60, 61]] = np.nan
    result = correlate_with_agreement(on_windows(tisc), on_windows(agreement), lags=lags)
    r, lag, p, p_fwe = by_loops(tisc, agreement, in_windows, nearest)
    assert result.attrs["n_shifts"] == 130 - 2 * nearest + 1
    assert result["r"].values == pytest.approx(r, abs=1e-12)
    assert result["lag"].values == pytest.approx(lag)
    assert result["p"].values == pytest.approx(p, abs=1e-12)
    assert result["p_fwe"].values == pytest.approx(p_fwe, abs=1e-12)


def test_spearman_is_spearman():
    rng = np.random.default_rng(4)
    tisc, agreement = smooth(rng, 150), np.exp(smooth(rng, 150))
    result = correlate_with_agreement(on_windows(tisc), on_windows(agreement), lags=(0, 0), statistic="spearman")
    assert float(result["r"]) == pytest.approx(spearmanr(detrend(tisc), detrend(agreement))[0], abs=1e-9)


def test_many_features_equal_one_at_a_time():
    rng = np.random.default_rng(6)
    tisc, agreement = smooth(rng, 120, 5000), on_windows(smooth(rng, 120))
    whole = correlate_with_agreement(on_windows(tisc), agreement)
    one = correlate_with_agreement(on_windows(tisc[:, 4500]), agreement)
    for name in ("r", "lag", "p", "effective_n"):
        assert float(whole[name][4500]) == pytest.approx(float(one[name]), abs=1e-9)


def test_a_short_film_gives_r_but_no_p():
    rng = np.random.default_rng(8)
    result = correlate_with_agreement(on_windows(rng.normal(size=21)), on_windows(rng.normal(size=21)))
    assert "too short to test" in result.attrs["refused"]
    assert np.isfinite(result["r"]) and np.isnan(result["p"]) and np.isnan(result["p_fwe"])


def test_series_that_hardly_change_are_refused_and_few_effective_windows_are_told():
    rng = np.random.default_rng(9)
    tide = np.sin(2 * np.pi * (np.arange(150) / 100 + np.array([[0.0], [0.2]])))
    result = correlate_with_agreement(on_windows(tide[0]), on_windows(tide[1]))
    assert "windows are independent" in result.attrs["refused"]
    slow = correlate_with_agreement(on_windows(smooth(rng, 150, decay=0.85)), on_windows(smooth(rng, 150, decay=0.85)))
    assert "effective windows" in slow.attrs["warnings"][0]


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_agreement_that_never_changes_has_no_correlation(level):
    rng = np.random.default_rng(10)
    result = correlate_with_agreement(on_windows(rng.normal(size=(200, 2))), on_windows(np.full(200, level)))
    assert np.isnan(result["r"]).all() and np.isnan(result["p"]).all()
    assert "same in every window" in result.attrs["refused"]


def test_ranks_of_constant_agreement_are_constant_too():
    result = correlate_with_agreement(
        on_windows(np.random.default_rng(10).normal(size=200)), on_windows(np.zeros(200)), statistic="spearman"
    )
    assert "same in every window" in result.attrs["refused"]


def test_synchrony_that_only_drifts_is_refused_in_words():
    result = correlate_with_agreement(on_windows(np.arange(200.0)), on_windows(np.arange(200) % 7))
    assert "does not stray from its trend" in result.attrs["refused"]


def test_a_feature_too_slow_to_test_keeps_its_r_and_leaves_the_others_alone():
    rng = np.random.default_rng(12)
    tide = np.sin(2 * np.pi * np.arange(300) / 250)
    agreement = on_windows(tide + 0.3 * smooth(rng, 300))
    tisc = np.stack([rng.normal(size=300), tide, np.ones(300)], axis=1)
    tisc[7, 0] = np.nan
    result = correlate_with_agreement(on_windows(tisc), agreement)
    assert result["effective_n"][1] < 10
    assert abs(result["r"][1]) > 0.5 and np.isnan(result["p"][1]) and np.isnan(result["p_fwe"][1])
    alone = correlate_with_agreement(on_windows(tisc[:, :1]), agreement)
    assert result["p_fwe"][0] == alone["p_fwe"][0]
    assert np.isnan(result["r"][2])
    assert result.attrs["refused"] == ""
    assert [text.split(":")[0] for text in result.attrs["warnings"]] == [
        "1 of 3 features have windows without t-ISC; these are left out.",
        "1 of 3 features are constant or have fewer than 3 windows",
        "1 of 3 features have fewer than 10 effective windows",
    ]


def test_few_shifts_are_told_and_none_is_refused():
    rng = np.random.default_rng(13)
    tisc, agreement = (on_windows(rng.normal(size=16), step=20.0) for _ in "ab")
    assert correlate_with_agreement(tisc, agreement, lags=(0, 0)).attrs["warnings"][-1] == (
        "15 shifts: p cannot be smaller than 0.062."
    )
    none = correlate_with_agreement(tisc, agreement, lags=(0, 160))
    assert "16 windows leave no shift" in none.attrs["refused"]
    formula = correlate_with_agreement(tisc, agreement, lags=(0, 160), method="effective_n")
    assert formula.attrs["refused"] == "" and np.isfinite(formula["p"])


def test_windows_that_start_at_whole_samples_are_evenly_spaced():
    rng = np.random.default_rng(14)
    start = (
        np.rint(np.arange(201) * 25 * 5 / 3) / 25
    )  # steps of 41 and 42 frames, a little shorter than 5/3 s on average
    coords = {"start": ("window", start), "time": ("window", start + 2.5), "stop": ("window", start + 5)}
    tisc, agreement = (xr.DataArray(rng.normal(size=201), dims="window", coords=coords) for _ in "ab")
    result = correlate_with_agreement(tisc, agreement, lags=(0, 10 / 3))
    assert result.attrs["lags_s"] == pytest.approx([0, 5 / 3, 10 / 3], abs=1e-3)
    assert result.attrs["n_shifts"] == 201 - 2 * 5 + 1
    assert correlate_with_agreement(tisc, agreement, lags=(0, 0)).attrs["n_shifts"] == 201 - 2 * 3 + 1


def test_dims_and_coordinates_of_the_features_stay():
    rng = np.random.default_rng(15)
    tisc = on_windows(rng.normal(size=(150, 6))).assign_coords(region=("vertex", list("aabbcc")), film="x")
    cube = xr.concat([tisc, 2 * tisc], dim="axis").transpose("axis", "window", "vertex")
    result = correlate_with_agreement(cube, on_windows(rng.normal(size=150)))
    assert result["p"].dims == ("axis", "vertex")
    assert result["region"].values.tolist() == list("aabbcc")
    assert result["r"][0].values == pytest.approx(result["r"][1].values, abs=1e-12)


@given(seed=st.integers(0, 999), slope=st.floats(0.1, 50), level=st.floats(-9, 9))
@settings(max_examples=20, deadline=None)
def test_shift_scale_and_trend_of_either_series_do_not_matter(seed, slope, level):
    rng = np.random.default_rng(seed)
    tisc, agreement = smooth(rng, 120, 3), smooth(rng, 120)
    line = level + 0.1 * np.arange(120)
    before = correlate_with_agreement(on_windows(tisc), on_windows(agreement))
    after = correlate_with_agreement(on_windows(slope * tisc + line[:, None]), on_windows(slope * agreement - line))
    for name in before:
        assert after[name].values == pytest.approx(before[name].values, abs=1e-8)


def test_the_order_of_features_does_not_matter():
    rng = np.random.default_rng(16)
    tisc, agreement = smooth(rng, 150, 5), on_windows(smooth(rng, 150))
    forward = correlate_with_agreement(on_windows(tisc), agreement)
    backward = correlate_with_agreement(on_windows(tisc[:, ::-1]), agreement)
    for name in forward:
        assert backward[name].values[::-1] == pytest.approx(forward[name].values, abs=1e-12)


def test_formulas_for_p_pay_for_lags_and_features():
    rng = np.random.default_rng(17)
    tisc, agreement = smooth(rng, 200, 3), smooth(rng, 200)
    result = correlate_with_agreement(on_windows(tisc), on_windows(agreement), method="effective_n")
    r, n = result["r"].values, result["effective_n"].values
    p = 2 * student.sf(np.abs(r) * np.sqrt((n - 2) / (1 - r**2)), n - 2)
    assert result["p"].values == pytest.approx(np.minimum(1, 2 * p))
    assert result["p_fwe"].values == pytest.approx(np.minimum(1, 3 * np.minimum(1, 2 * p)))


def test_the_model_check_is_that_of_statsmodels_with_gaps_closed_up():
    rng = np.random.default_rng(18)
    tisc = smooth(rng, 400, 3)
    agreement = np.roll(0.5 * tisc[:, 0] + 0.05 * tisc[:, 2], 1) + smooth(rng, 400, decay=0.8)
    tisc[50:60, 2] = np.nan
    result = correlate_with_agreement(on_windows(tisc), on_windows(agreement), method="glsar", lags=(1.6, 1.7))
    assert result["p"][0] < 1e-6 < 0.01 < result["p"][1]
    for feature in (1, 2):
        x, y = with_line_out(tisc[:, feature])[:-1], with_line_out(agreement)[1:]
        kept = np.isfinite(x)
        fit = sm.GLSAR(y[kept], sm.add_constant(x[kept]), rho=4).iterative_fit(maxiter=8)
        assert float(result["p"][feature]) == pytest.approx(fit.pvalues[1], rel=1e-6)


def test_the_naive_p_is_that_of_scipy():
    rng = np.random.default_rng(19)
    tisc, agreement = rng.normal(size=200), rng.normal(size=200)
    result = correlate_with_agreement(
        on_windows(tisc), on_windows(agreement), method="naive", lags=(0, 0), detrend=None
    )
    r, p = pearsonr(tisc, agreement)
    assert float(result["r"]) == pytest.approx(r) and float(result["p"]) == pytest.approx(p)
    late = correlate_with_agreement(
        on_windows(tisc), on_windows(agreement), method="naive", lags=(1.6, 1.7), detrend=None
    )
    assert float(late["p"]) == pytest.approx(pearsonr(tisc[:-1], agreement[1:])[1])


def test_the_naive_test_warns():
    rng = np.random.default_rng(11)
    result = correlate_with_agreement(
        on_windows(rng.normal(size=200)), on_windows(rng.normal(size=200)), method="naive", lags=(0, 0)
    )
    assert "15-17 % (overlap only) to 46-67 % (slow series)" in result.attrs["warnings"][-1]
    assert np.isnan(result["p_fwe"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": (3.0, 0.0)}, "lags must be a range"),
        ({"lags": (0.0, np.nan)}, "lags must be a range"),
        ({"lags": (0.1, 0.2)}, "no window step of 1.67 s lies between the lags 0.1 and 0.2 s; widen them"),
        ({"lags": (0.0, 170.0)}, "lags reach 170 s but the film has 100 windows of 1.67 s; narrow them"),
        ({"method": "hac"}, "method must be one of .*; given 'hac'"),
        ({"statistic": "kendall"}, "statistic must be one of .*; given 'kendall'"),
        ({"detrend": "cubic"}, "detrend must be one of .*; given 'cubic'"),
    ],
)
def test_choices_that_cannot_be_met_are_named(options, message):
    series = on_windows(np.arange(100.0) % 7)
    with pytest.raises(ValueError, match=message):
        correlate_with_agreement(series, series, **options)


SERIES = on_windows(np.arange(100.0) % 7)


@pytest.mark.parametrize(
    ("tisc", "agreement", "message"),
    [
        (SERIES, SERIES[:99], r"tisc \(100 windows\) and agreement \(99\) must be on the same windows"),
        (SERIES, SERIES.expand_dims("rater"), "agreement must have the one dim window"),
        (SERIES.drop_vars("start"), SERIES, "tisc must have the dim window"),
        (SERIES, SERIES.drop_vars("stop"), "agreement must have the dim window"),
        (SERIES[:2], SERIES[:2], "at least 3 windows; given 2"),
        (
            SERIES.drop_isel(window=50),
            SERIES.drop_isel(window=50),
            "evenly spaced; their steps run from 1.67 to 3.33 s",
        ),
    ],
)
def test_series_that_do_not_fit_are_refused(tisc, agreement, message):
    with pytest.raises(ValueError, match=message):
        correlate_with_agreement(tisc, agreement)

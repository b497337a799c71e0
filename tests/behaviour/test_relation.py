"""Synchrony and reported peaks: a planted delay is found, shifts are exact, slow series do not fool it."""

import numpy as np
import pytest
import xarray as xr
from scipy.signal import detrend, lfilter
from scipy.stats import pearsonr, spearmanr

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


def slow_reference(tisc, agreement, lags, shifts):
    """Strongest r, and p over shifts, by loops over lags and shifts."""

    def strongest(shift):
        y = np.roll(detrend(agreement), -shift)
        x = detrend(tisc)
        return max((np.corrcoef(x[: x.size - lag], y[lag:])[0, 1] for lag in lags), key=abs)

    observed = strongest(0)
    null = np.array([abs(strongest(shift)) for shift in shifts])
    return observed, (1 + (null >= abs(observed) - 1e-12).sum()) / (1 + len(shifts))


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


def test_r_and_p_equal_a_loop_over_all_shifts():
    rng = np.random.default_rng(1)
    tisc, agreement = smooth(rng, 150), smooth(rng, 150)
    result = correlate_with_agreement(on_windows(tisc), on_windows(agreement))
    shifts = np.arange(3, 150 - 3 + 1)
    assert result.attrs["n_shifts"] == shifts.size
    r, p = slow_reference(tisc, agreement, (0, 1), shifts)
    assert float(result["r"]) == pytest.approx(r, abs=1e-10)
    assert float(result["p"]) == pytest.approx(p, abs=1e-12)


def test_the_familywise_p_is_that_of_the_largest_feature():
    rng = np.random.default_rng(2)
    tisc, agreement = smooth(rng, 200, 6), smooth(rng, 200)
    result = correlate_with_agreement(on_windows(tisc), on_windows(agreement))
    shifts = np.arange(3, 198)
    null = np.max(
        [[abs(slow_reference(tisc[:, f], np.roll(agreement, -s), (0, 1), [])[0]) for s in shifts] for f in range(6)],
        axis=0,
    )
    expected = [(1 + (null >= abs(r) - 1e-9).sum()) / (1 + shifts.size) for r in result["r"].values]
    # Detrending a rolled series differs from rolling a detrended one: the loop is close, not equal.
    assert result["p_fwe"].values == pytest.approx(expected, abs=0.05)
    assert (result["p_fwe"] >= result["p"] - 1e-12).all()


def test_missing_windows_are_left_out():
    rng = np.random.default_rng(3)
    agreement = smooth(rng, 200)
    tisc = np.stack([agreement + rng.normal(size=200), rng.normal(size=200)], axis=1)
    tisc[40:60, 0] = np.nan
    result = correlate_with_agreement(on_windows(tisc), on_windows(agreement), lags=(0.0, 0.0))
    kept = np.isfinite(tisc[:, 0])
    t = np.arange(200.0)
    x = tisc[kept, 0] - np.polyval(np.polyfit(t[kept], tisc[kept, 0], 1), t[kept])
    assert float(result["r"][0]) == pytest.approx(pearsonr(x, detrend(agreement)[kept])[0], abs=1e-9)
    gone = agreement.copy()
    gone[100:110] = np.nan
    assert np.isfinite(correlate_with_agreement(on_windows(tisc), on_windows(gone))["r"]).all()


def test_spearman_is_spearman():
    rng = np.random.default_rng(4)
    tisc, agreement = smooth(rng, 150), np.exp(smooth(rng, 150))
    result = correlate_with_agreement(on_windows(tisc), on_windows(agreement), lags=(0, 0), statistic="spearman")
    assert float(result["r"]) == pytest.approx(spearmanr(detrend(tisc), detrend(agreement))[0], abs=1e-9)


def test_effective_windows_of_ar1_series_have_their_closed_form():
    rng = np.random.default_rng(5)
    a = 0.6
    result = correlate_with_agreement(
        on_windows(smooth(rng, 20_000, decay=a)), on_windows(smooth(rng, 20_000, decay=a)), lags=(0, 0)
    )
    assert float(result["effective_n"]) == pytest.approx(20_000 * (1 - a * a) / (1 + a * a), rel=0.15)


def test_many_features_equal_one_at_a_time():
    rng = np.random.default_rng(6)
    tisc, agreement = smooth(rng, 120, 5000), on_windows(smooth(rng, 120))
    whole = correlate_with_agreement(on_windows(tisc), agreement)
    one = correlate_with_agreement(on_windows(tisc[:, 4500]), agreement)
    for name in ("r", "lag", "p", "effective_n"):
        assert float(whole[name][4500]) == pytest.approx(float(one[name]), abs=1e-9)


@pytest.mark.slow
def test_false_positives_stay_near_the_nominal_rate_where_the_naive_test_fails():
    rng = np.random.default_rng(7)
    agree, naive, n_run = 0, 0, 400
    for _ in range(n_run):
        tisc, agreement = on_windows(smooth(rng, 358, decay=0.9)), on_windows(smooth(rng, 358, decay=0.9))
        agree += float(correlate_with_agreement(tisc, agreement)["p"]) <= 0.05
        naive += float(correlate_with_agreement(tisc, agreement, method="naive")["p"]) <= 0.05
    assert agree / n_run < 0.10
    assert naive / n_run > 0.25


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


def test_the_naive_test_warns():
    rng = np.random.default_rng(11)
    result = correlate_with_agreement(
        on_windows(rng.normal(size=200)), on_windows(rng.normal(size=200)), method="naive", lags=(0, 0)
    )
    assert "17 %" in result.attrs["warnings"][-1]
    assert np.isnan(result["p_fwe"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": (3.0, 0.0)}, "lags must be a range"),
        ({"lags": (0.1, 0.2)}, "no window step of 1.67 s lies between"),
        ({"method": "hac"}, "method must be circular_shift or naive; given 'hac'"),
        ({"statistic": "kendall"}, "statistic must be pearson or spearman; given 'kendall'"),
    ],
)
def test_errors(options, message):
    series = on_windows(np.arange(100.0) % 7)
    with pytest.raises(ValueError, match=message):
        correlate_with_agreement(series, series, **options)


def test_other_windows_are_refused():
    with pytest.raises(ValueError, match="must be on the same windows"):
        correlate_with_agreement(on_windows(np.arange(100.0)), on_windows(np.arange(99.0)))

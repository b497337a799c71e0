"""Series: every shift against a loop over all shifts, gaps and all; closed forms of autocorrelation."""

import numpy as np
import pytest
from scipy.signal import detrend, lfilter
from scipy.stats import rankdata

from isc.behaviour.series import autocorrelations, effective_windows, prepared, shifted_correlations


def gapped(rng, shape, share=0.15):
    values = rng.normal(size=shape)
    return np.where(rng.random(shape) < share, np.nan, values)


def correlation_over_common(x, y):
    both = np.isfinite(x) & np.isfinite(y)
    return np.corrcoef(x[both], y[both])[0, 1]


@pytest.mark.parametrize("n_window", [40, 41])
@pytest.mark.parametrize("gaps", ["none", "x", "y", "both"])
def test_every_shift_equals_a_loop_over_the_windows_in_common(n_window, gaps):
    rng = np.random.default_rng(n_window)
    x = gapped(rng, (3, n_window)) if gaps in ("x", "both") else rng.normal(size=(3, n_window))
    y = gapped(rng, n_window) if gaps in ("y", "both") else rng.normal(size=n_window)
    expected = [[correlation_over_common(row, np.roll(y, -k)) for k in range(n_window)] for row in x]
    assert shifted_correlations(x, y) == pytest.approx(np.array(expected), abs=1e-12)


def test_fewer_than_three_common_windows_give_no_correlation():
    x = np.full((1, 20), np.nan)
    x[0, :2] = [1.0, -1.0]
    assert np.isnan(shifted_correlations(x, np.random.default_rng(0).normal(size=20))).all()


def test_a_series_without_values_correlates_with_nothing_at_every_shift():
    x = np.random.default_rng(0).normal(size=(2, 20))
    assert np.isnan(shifted_correlations(x, np.full(20, np.nan))).all()
    assert shifted_correlations(x, np.full(20, np.nan)).shape == (2, 20)


def test_the_line_is_taken_out_of_the_finite_windows():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(2, 50)) + 0.1 * np.arange(50)
    rows[1, 10:20] = np.nan
    got = prepared(rows, statistic="pearson", detrend="linear")
    straight = detrend(rows[0])
    assert got[0] == pytest.approx(straight / straight.std(), abs=1e-12)
    kept = np.isfinite(rows[1])
    time = np.arange(50)[kept]
    left = rows[1, kept] - np.polyval(np.polyfit(time, rows[1, kept], 1), time)
    assert got[1, kept] == pytest.approx(left / left.std(), abs=1e-12)
    assert np.isnan(got[1, ~kept]).all()


def test_ranks_share_ties_and_pass_over_gaps():
    row = np.array([[3.0, np.nan, 1.0, 1.0, 9.0]])
    got = prepared(row, statistic="spearman", detrend=None)[0]
    ranks = rankdata(row[0, [0, 2, 3, 4]])
    assert got[[0, 2, 3, 4]] == pytest.approx((ranks - ranks.mean()) / ranks.std())
    assert np.isnan(got[1])


@pytest.mark.parametrize("statistic", ["pearson", "spearman"])
@pytest.mark.parametrize("row", [np.full(30, 0.1), np.zeros(30), 2.0 - 0.3 * np.arange(30)])
def test_a_series_that_never_leaves_its_line_counts_as_constant(row, statistic):
    assert np.isnan(prepared(row[None], statistic=statistic, detrend="linear")).all()


def test_a_gap_does_not_lower_the_autocorrelation():
    rng = np.random.default_rng(2)
    slow = lfilter([1], [1, -0.9], rng.normal(size=(1, 5000)))
    holey = np.where(rng.random(slow.shape) < 0.3, np.nan, slow)
    whole, part = autocorrelations(slow, 10), autocorrelations(holey, 10)
    assert part == pytest.approx(whole, abs=0.06)
    centred = slow[0] - slow[0].mean()
    expected = [(centred[: 5000 - k] * centred[k:]).sum() / (centred**2).sum() for k in range(11)]
    assert whole[0] == pytest.approx(np.array(expected), abs=1e-12)


@pytest.mark.parametrize(("a", "b"), [(0.8, 0.8), (0.5, 0.9), (0.0, 0.9)])
def test_effective_windows_of_autoregressive_series_have_their_closed_form(a, b):
    rng = np.random.default_rng(3)
    n = 3000
    x = lfilter([1], [1, -a], rng.normal(size=(40, n + 100)))[:, 100:]
    y = lfilter([1], [1, -b], rng.normal(size=(40, n + 100)))[:, 100:]
    got = np.mean([1 / effective_windows(x[k : k + 1], y[k])[0] for k in range(40)])
    assert 1 / got == pytest.approx(n * (1 - a * b) / (1 + a * b), rel=0.05)


def test_effective_windows_equal_the_sum_written_out():
    rng = np.random.default_rng(4)
    x, y = (np.cumsum(rng.normal(size=25)) for _ in "xy")
    x, y = x - x.mean(), y - y.mean()
    inverse = 1 / 25
    for k in range(1, 6):
        r_x, r_y = ((v[: 25 - k] * v[k:]).sum() / (v**2).sum() for v in (x, y))
        inverse += 2 / 25 * (25 - k) / 25 * r_x * r_y
    assert effective_windows(x[None], y) == pytest.approx([1 / inverse])


def test_there_are_never_more_effective_windows_than_windows():
    flicker = np.where(np.arange(100) % 2, 1.0, -1.0)[None]
    steady = np.repeat([1.0, -1.0], 50)
    assert effective_windows(flicker, steady) == pytest.approx([100])
    assert np.isnan(effective_windows(flicker * np.nan, steady)).all()

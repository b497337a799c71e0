"""Values that statistics know in advance: any implementation must meet them."""

import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter

from isc.synchrony.temporal import isc, temporal_isc

RATE = 30.0


def cube(values):
    """Values (subject, time, feature) as a cube at 30 Hz."""
    time = np.arange(values.shape[1]) / RATE
    return xr.DataArray(values, dims=("subject", "time", "feature"), coords={"time": time})


def planted(rho, n_subject, n_time, n_feature, seed):
    """White series of which every dyad correlates rho."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(1, n_time, n_feature))
    return cube(np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.normal(size=(n_subject, n_time, n_feature)))


@pytest.mark.parametrize("n_subject", [2, 3, 8, 21])
@pytest.mark.parametrize("rho", [0.05, 0.3, 0.7])
def test_shared_signal_gives_rho_pairwise_and_the_attenuated_form_leave_one_out(n_subject, rho):
    data = planted(rho, n_subject, 4000, 40, seed=n_subject)
    pairwise = float(isc(data).mean())
    others = float(isc(data, estimator="leave_one_out").mean())
    assert pairwise == pytest.approx(rho, abs=0.012)
    assert others == pytest.approx(rho * np.sqrt(n_subject - 1) / np.sqrt(1 + (n_subject - 2) * rho), abs=0.012)


@pytest.mark.parametrize(("rho", "length"), [(0.5, 10), (0.5, 20), (0.7, 15)])
def test_a_short_window_shrinks_r_by_the_first_order_term(rho, length):
    data = planted(rho, 2, length * 500, 80, seed=length)
    with pytest.warns(UserWarning, match=f"a window has {length} samples"):
        found = float(temporal_isc(data, window=length / RATE, step=length / RATE).mean())
    expected = rho * (1 - (1 - rho**2) / (2 * length))
    assert found == pytest.approx(expected, abs=0.004)
    assert abs(found - rho) > 0.004 + abs(found - expected)


@pytest.mark.parametrize("n_subject", [2, 5, 21])
def test_white_data_have_the_variance_of_the_frame_shuffle(n_subject):
    length = 50
    data = cube(np.random.default_rng(1).normal(size=(n_subject, length * 60, 150)))
    found = temporal_isc(data, window=length / RATE, step=length / RATE)
    assert found.size == 9000
    expected = 2 / (n_subject * (n_subject - 1) * (length - 1))
    assert float(found.var()) == pytest.approx(expected, rel=0.08)
    assert float(found.mean()) == pytest.approx(0, abs=4 * np.sqrt(expected / found.size))


def test_windows_that_share_two_thirds_of_their_samples_correlate_two_thirds():
    data = cube(np.random.default_rng(2).normal(size=(4, 300, 3000)))
    found = temporal_isc(data, window=5, step=5 / 3).values
    assert np.diagonal(np.corrcoef(found), 1) == pytest.approx(2 / 3, abs=0.05)


@pytest.mark.parametrize(
    ("phi", "sd"), [(0, 0.0819), (0.5, 0.1043), (0.8, 0.1666), (0.9, 0.2327), (0.95, 0.3050), (0.98, 0.3888)]
)
def test_r_of_unrelated_smooth_series_scatters_as_tabulated_at_150_samples(phi, sd):
    rng = np.random.default_rng(3)
    shape = (2, 150, 20_000)
    start = rng.normal(size=(2, 1, shape[2])) * phi / np.sqrt(1 - phi**2)
    series, _ = lfilter([1.0], [1.0, -phi], rng.normal(size=shape), axis=1, zi=start)
    assert float(isc(cube(series)).std()) == pytest.approx(sd, abs=0.006)


def test_three_cosines_a_third_of_a_turn_apart_reach_the_lower_bound():
    phase = 2 * np.pi * np.arange(3)[:, None] / 3
    wave = np.cos(2 * np.pi * np.arange(300) / 50 + phase)[..., None]
    assert temporal_isc(cube(wave)).values == pytest.approx(-0.5, abs=1e-6)
    assert temporal_isc(cube(wave), summary=None).values == pytest.approx(-0.5, abs=1e-6)
    assert temporal_isc(cube(wave), estimator="leave_one_out").values == pytest.approx(-1, abs=1e-6)


def test_opposed_groups_reach_the_mean_of_their_dyads():
    wave = np.random.default_rng(4).normal(size=(300, 1))
    four = cube(np.stack([wave, wave, -wave, -wave]))
    assert temporal_isc(four).values == pytest.approx(-1 / 3, abs=1e-6)

"""Groups, lags, detrending and whole recordings."""

import numpy as np
import pytest
import xarray as xr

from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.temporal import isc, temporal_isc

RATE = 20.0


def cube(values, **coords):
    values = np.asarray(values)
    dims = ("subject", "time", "vertex", "space")[: values.ndim]
    return xr.DataArray(values, dims=dims, coords={"time": np.arange(values.shape[1]) / RATE, **coords})


def noise(n_subject=6, n_time=400, n_vertex=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n_subject, n_time, n_vertex))


def two_groups(seed=0):
    values = noise(seed=seed)
    values[:3] += 2 * noise(1, seed=seed + 100)
    return cube(values, team=("subject", list("aaabbb")))


def test_within_and_between_groups_average_the_right_dyads():
    data = two_groups()
    result = temporal_isc(data, groups="team")
    assert result["comparison"].values.tolist() == ["a", "b", "a-b"]
    assert np.allclose(result.sel(comparison="a"), temporal_isc(data.isel(subject=slice(3))), atol=1e-6)
    assert np.allclose(result.sel(comparison="b"), temporal_isc(data.isel(subject=slice(3, 6))), atol=1e-6)
    dyads = temporal_isc(data, summary=None)
    across = [a in "012" and b in "345" for a, b in zip(dyads.subject_a.values, dyads.subject_b.values, strict=True)]
    assert np.allclose(result.sel(comparison="a-b"), dyads[across].mean("dyad"), atol=1e-6)
    assert float(result.sel(comparison="a").mean()) > 0.7 > float(result.sel(comparison="a-b").mean())


def test_leave_one_out_between_groups_is_with_the_mean_of_the_other_group():
    data = two_groups(1)
    result = isc(data, groups="team", estimator="leave_one_out")
    x = data.values[:, :, 0]
    across = np.mean([np.corrcoef(x[s], x[3:].mean(0))[0, 1] for s in range(3)])
    within = np.mean([np.corrcoef(x[s], x[[k for k in range(3) if k != s]].mean(0))[0, 1] for s in range(3)])
    assert float(result.sel(comparison="a-b")[0]) == pytest.approx(across, abs=1e-5)
    assert float(result.sel(comparison="a")[0]) == pytest.approx(within, abs=1e-5)


def followers(lag, n_time=2000, seed=2):
    """Subject 0 leads; subject 1 does the same `lag` samples later."""
    wave = np.random.default_rng(seed).normal(size=n_time + 100)
    return cube(np.stack([wave[100:], wave[100 - lag : n_time + 100 - lag]])[..., None])


def test_the_lag_at_which_a_dyad_agrees_tells_who_follows():
    result = temporal_isc(followers(10), summary=None, lags=[-0.5, 0.0, 0.5], window=20, step=20)
    assert result.dims == ("lag", "dyad", "window", "vertex")
    names = list(zip(result.subject_a.values, result.subject_b.values, strict=True))
    later = result.isel(dyad=names.index(("1", "0")), vertex=0)
    assert later.sel(lag=0.5).values[:-1] == pytest.approx(1, abs=1e-5)
    assert np.abs(later.sel(lag=-0.5)).max() < 0.3
    ahead = result.isel(dyad=names.index(("0", "1")), vertex=0)
    assert ahead.sel(lag=-0.5).values[1:] == pytest.approx(1, abs=1e-5)


def test_a_lag_never_wraps_around_the_ends_of_the_recording():
    for estimator in ("pairwise", "leave_one_out"):
        result = temporal_isc(followers(10), lags=[50.0], window=20, step=20, estimator=estimator)
        stops = result["start"].values + 20 + 50
        beyond = stops > 2000 / RATE + 0.2 * 20
        assert np.isnan(result.values[0, beyond, 0]).all()
        assert np.isfinite(result.values[0, stops <= 2000 / RATE, 0]).all()


def test_leave_one_out_with_a_lag_reads_the_subject_later():
    wave = np.random.default_rng(3).normal(size=1100)
    values = np.stack([wave[100:1100]] * 4 + [wave[90:1090]])[..., None]
    result = temporal_isc(cube(values), lags=[0.5], estimator="leave_one_out", summary=None, window=10, step=10).isel(
        lag=0, vertex=0
    )
    assert result[4, :-1].values == pytest.approx(1, abs=1e-5)


def test_lag_zero_is_the_plain_result():
    data = cube(noise())
    assert np.allclose(temporal_isc(data, lags=[0.0]).isel(lag=0), temporal_isc(data), atol=1e-6)


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_where_a_lag_leaves_the_recording_there_is_no_value_and_nobody_takes_part(estimator):
    data = cube(np.random.default_rng(0).normal(size=(5, 600)))
    data[2, :200] = np.nan  # one of five is missing at first
    lag = 60 / RATE
    result = temporal_isc(data, lags=[lag], estimator=estimator, window=lag, step=lag).isel(lag=0)
    assert np.isnan(result[-1]) and int(result.n_subject[-1]) == 0
    assert np.isfinite(result[:-1]).all() and int(result.n_subject[0]) == 4 and int(result.n_subject[-2]) == 5


def test_a_shared_trend_is_synchrony_and_detrending_takes_it_away():
    drifting = cube(noise(seed=4) + 0.2 * np.arange(400)[:, None])
    assert float(temporal_isc(drifting).min()) > 0.8
    assert np.abs(temporal_isc(drifting, detrend="linear")).max() < 0.25


def test_detrending_equals_doing_it_by_hand_window_by_window():
    from scipy.signal import detrend

    values = noise(seed=5, n_vertex=1)
    result = temporal_isc(cube(values), detrend="linear")
    for k, start in enumerate(result["start_sample"].values):
        flat = detrend(values[:, start : start + 100, 0], axis=1)
        expected = np.corrcoef(flat)[np.triu_indices(6, 1)].mean()
        assert float(result[k, 0]) == pytest.approx(expected, abs=1e-5)


def test_a_straight_line_is_flat_once_detrended():
    values = noise()
    values[2] = np.linspace(0, 500, 400)[:, None]
    result = temporal_isc(cube(values), detrend="linear")
    assert (result["n_subject"] == 5).all()


def test_distances_can_be_detrended_too():
    faces = cube(np.random.default_rng(6).normal(size=(5, 400, 4, 3)))
    pairs = vertex_pairs(4)
    gap = faces.values[:, :, pairs.vertex_a] - faces.values[:, :, pairs.vertex_b]
    stored = temporal_isc(cube(np.linalg.norm(gap, axis=-1)), detrend="linear")
    assert np.allclose(temporal_isc(faces, pairs=pairs, detrend="linear"), stored, atol=1e-5)


def test_the_whole_recording_is_one_window():
    data = cube(noise())
    whole = isc(data)
    assert whole.dims == ("vertex",)
    assert whole.name == "isc"
    assert np.allclose(whole, temporal_isc(data, window=20, step=20).isel(window=0), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": "clan"}, r"groups must name a coordinate along subject; given 'clan', the cube has \['team'\]"),
        ({"groups": "team", "summary": None}, "groups need a summary"),
        ({"detrend": "cubic"}, "detrend must be None or linear; given 'cubic'"),
        ({"groups": "team", "estimator": "leave_one_out", "lags": [1.0]}, "groups and lags go together with"),
        ({"detrend": "linear", "estimator": "leave_one_out", "lags": [1.0]}, "does not go together with lags"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        temporal_isc(two_groups(), **options)


@pytest.mark.parametrize(
    ("labels", "message"), [(["a"] * 6, "has one group only"), (["a"] * 5 + [""], "is empty for some subjects")]
)
def test_groups_must_be_usable(labels, message):
    with pytest.raises(ValueError, match=message):
        temporal_isc(two_groups().assign_coords(team=("subject", labels)), groups="team")

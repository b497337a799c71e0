"""One call from a cube to a decision. The function is reached as isc.test_synchrony: pytest would collect its name."""

import numpy as np
import pytest
import xarray as xr

import isc
from isc.simulate import Signal, simulate_cube
from isc.simulate.null_data import null_series

PLANTED = Signal(rho=0.6, epochs=((10.0, 20.0),), kind="ar1", autocorrelation=0.9)


def null_cube(kind, seed, n_subject=10):
    series = null_series(kind, shape=(6, n_subject, 1500), rng=np.random.default_rng([7, seed]))
    coords = {"time": np.arange(1500) / 30, "subject": [f"{k:02d}" for k in range(n_subject)]}
    return xr.DataArray(series.transpose(1, 2, 0), dims=("subject", "time", "vertex"), coords=coords)


@pytest.fixture(scope="module")
def planted():
    return isc.test_synchrony(simulate_cube(10, n_vertex=4, duration=40.0, signal=PLANTED), n_surrogates=199)


def test_planted_synchrony_is_found_and_nothing_before_it(planted):
    inside = (planted.start >= 10) & (planted.stop <= 20)
    assert planted.significant.sel(window=inside).mean() > 0.9
    assert not planted.significant.sel(window=planted.stop <= 10).any()


def test_the_result_has_what_the_contract_promises(planted):
    assert {"tisc", "p", "significant", "threshold", "null", "p_circular_shift", "p_sign_flip"} <= set(planted)
    assert planted.tisc.dims == planted.p.dims == planted.significant.dims == ("window", "vertex")
    assert planted.null.dims == ("scheme", "surrogate", "extreme")
    assert planted["n_subject"].dims == ("window", "vertex")
    assert planted["warnings"].dims == ("finding",)
    assert (planted.p == np.maximum(planted.p_circular_shift, planted.p_sign_flip)).all()
    assert {"autocorrelation_time", "effective_samples", "stationarity_ratio", "dropped_share"} <= set(planted.attrs)


def test_the_words_say_which_null_was_rejected_and_what_the_error_rate_covers(planted):
    words = planted.attrs["tested"]
    assert "circular shift and sign flip" in words and "199 surrogates, seed 0" in words
    assert "familywise error rate 5 % over all features and windows of the recording" in words
    assert f"{int(planted.significant.sum())} of {planted.tisc.size} cells" in words


def test_it_can_be_written_and_read_back(planted, tmp_path):
    planted.to_netcdf(tmp_path / "result.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "result.nc", engine="h5netcdf") as back:
        assert back["warnings"].values.tolist() == planted["warnings"].values.tolist()
        assert (back["significant"] == planted["significant"]).all()


def test_the_same_seed_gives_the_same_result_for_any_threads_and_order_of_subjects():
    cube = null_cube("ar1", 0)
    one = isc.test_synchrony(cube, n_surrogates=49, seed=3, n_threads=1)
    two = isc.test_synchrony(cube.isel(subject=slice(None, None, -1)), n_surrogates=49, seed=3, n_threads=2)
    assert (one.null == two.null).where(one.null.notnull(), True).all()
    other = isc.test_synchrony(cube, n_surrogates=49, seed=4)
    assert not np.array_equal(one.null.values, other.null.values, equal_nan=True)


def test_the_poster_calls_smooth_noise_synchronous_in_every_data_set_and_warns():
    cubes = [null_cube("ar1", seed) for seed in range(5)]
    poster = [isc.test_synchrony(cube, preset="poster", n_surrogates=50) for cube in cubes]
    recommended = [isc.test_synchrony(cube, n_surrogates=99) for cube in cubes]
    assert all(result.significant.mean() > 0.05 for result in poster)
    assert sum(bool(result.significant.any()) for result in recommended) <= 2
    assert {"frame_shuffle", "few_surrogates", "per_window_scope"} <= set(poster[0].code.values.tolist())
    assert "not a test of synchrony" in poster[0].attrs["tested"]
    assert poster[0].threshold.dims == ("extreme", "window")


def test_poster_thresholds_are_the_percentiles_of_the_surrogate_extremes():
    poster = isc.test_synchrony(null_cube("white", 2), preset="poster")
    null = poster.null.isel(scheme=0)
    expected = np.percentile(null.sel(extreme="max"), 95, axis=null.sel(extreme="max").get_axis_num("surrogate"))
    assert poster.threshold.sel(extreme="max").values == pytest.approx(expected)
    assert null.sizes["surrogate"] == 200


def test_facexp_thresholds_are_matlab_quantiles_of_151_samples():
    facexp = isc.test_synchrony(null_cube("white", 3), preset="facexp", n_surrogates=60)
    null = facexp.null.isel(scheme=0).sel(extreme="min")
    expected = np.quantile(null, 0.025, axis=null.get_axis_num("surrogate"), method="hazen")
    assert facexp.threshold.sel(extreme="min").values == pytest.approx(expected)
    assert facexp.tisc.attrs["window_samples"] == 151 and facexp.sizes["window"] == 27


def test_a_film_that_changes_everybodys_smoothness_warns_and_names_the_disagreement():
    found = [isc.test_synchrony(null_cube("changing_smoothness", seed), n_surrogates=99) for seed in range(4)]
    assert all("changing_smoothness" in result.code for result in found)
    assert sum(bool((result.p_circular_shift <= 0.05).any()) for result in found) >= 1
    assert all("nulls_disagree" in result.code for result in found if (result.p_circular_shift <= 0.05).any())


def test_vertex_pairs_are_tested_without_being_stored():
    cube = simulate_cube(6, n_vertex=4, duration=20.0, signal=Signal(rho=0.5, n_axis=3))
    result = isc.test_synchrony(cube, pairs=isc.vertex_pairs(4), n_surrogates=40)
    assert result.tisc.dims == ("window", "pair") and result.sizes["pair"] == 6


def test_five_subjects_use_the_circular_shift_alone_and_say_so():
    result = isc.test_synchrony(null_cube("ar1", 4, n_subject=5), n_surrogates=60)
    assert "p_sign_flip" not in result
    assert "sign_flip_left_out" in result.code


def test_leave_one_out_is_a_test_as_well():
    cube = simulate_cube(8, n_vertex=2, duration=30.0, signal=PLANTED)
    result = isc.test_synchrony(cube, estimator="leave_one_out", n_surrogates=99)
    inside = (result.start >= 10) & (result.stop <= 20)
    assert result.significant.sel(window=inside).any()
    assert "each subject with the mean of the others" in result.attrs["tested"]


def test_overrides_replace_any_part_of_a_preset():
    cube = null_cube("ar1", 5)
    result = isc.test_synchrony(cube, preset="poster", scheme="block", scope="recording", tail="greater", alpha=0.01)
    assert result.attrs["scheme"] == ["block"] and result.attrs["alpha"] == 0.01
    assert "p_block" in result


@pytest.mark.parametrize("n_subject", [2, 3, 4])
def test_fewer_than_five_subjects_are_refused(n_subject):
    with pytest.raises(ValueError, match=f"at least 5 subjects and the cube has {n_subject}"):
        isc.test_synchrony(null_cube("ar1", 6, n_subject=n_subject))


def test_progress_is_told_scheme_by_scheme():
    told = []
    isc.test_synchrony(null_cube("white", 7), n_surrogates=20, progress=lambda *step: told.append(step))
    assert {step[0] for step in told} == {"circular_shift", "sign_flip"}
    assert told[-1][1] == told[-1][2]

"""Inter-subject phase synchrony."""

import numpy as np
import pytest
import xarray as xr
from scipy.signal import hilbert

import isc
from isc.kernels.nulls.surrogates import block_permutations, signs, subject_keys, uniform_shifts
from tests.reference_multivariate import phase_consistency, phase_resultant

RATE = 40.0


def cube_of(values, **coords):
    dims = ("subject", "time", "channel")[: np.ndim(values)]
    seconds = np.arange(np.shape(values)[1]) / RATE
    return xr.DataArray(values, dims=dims, coords={"time": seconds, **coords})


def noise(n_subject=5, n_time=800, n_channel=3, seed=0):
    values = np.random.default_rng(seed).normal(size=(n_subject, n_time, n_channel))
    return isc.bandpass(cube_of(values), low=3, high=6)


@pytest.mark.parametrize(("measure", "reference"), [("consistency", phase_consistency), ("resultant", phase_resultant)])
def test_it_equals_the_mean_over_dyads_and_samples(measure, reference):
    cube = noise()
    result = isc.phase_synchrony(cube, window=2.0, step=1.3, measure=measure)
    starts = result["start_sample"].values
    for channel in range(3):
        expected = reference(cube[:, :, channel].values.astype(float), starts, 80)
        assert np.allclose(result[:, channel], expected, atol=1e-5)
    assert (result["n_subject"] == 5).all()


def test_equal_phases_give_one_whatever_the_amplitudes_and_opposite_ones_the_least():
    wave = np.sin(2 * np.pi * 4 * np.arange(800) / RATE)
    swell = 1 + 0.5 * np.sin(2 * np.pi * 0.2 * np.arange(800) / RATE)
    assert isc.phase_synchrony(cube_of([wave, 3 * wave, swell * wave])).min() > 0.99
    assert np.allclose(isc.phase_synchrony(cube_of([wave, -wave])), -1, atol=1e-3)


def test_consistency_is_zero_by_chance_for_any_number_of_subjects_and_the_resultant_is_not():
    for n_subject in (3, 12):
        cube = noise(n_subject, n_time=8000)
        assert abs(isc.phase_synchrony(cube, window=200, step=200)).max() < 0.05
        assert isc.phase_synchrony(cube, window=200, step=200, measure="resultant").min() > 0.8 / np.sqrt(n_subject)


def test_without_a_window_every_sample_has_its_own():
    cube = noise()
    each = isc.phase_synchrony(cube, window=None)
    assert each.sizes == {"window": 800, "channel": 3} and each.attrs["window_samples"] == 1
    whole = isc.phase_synchrony(cube, window=20, step=20)
    assert np.allclose(each.mean("window"), whole[0], atol=1e-5)
    assert np.allclose(each["start"], cube["time"])


def test_a_subject_is_left_out_of_the_samples_that_it_misses():
    cube = noise()
    gapped = cube.copy()
    gapped[2, 200:400] = np.nan
    each = isc.phase_synchrony(gapped, window=None)
    assert (each["n_subject"][200:400] == 4).all() and (each["n_subject"][:200] == 5).all()
    without = isc.phase_synchrony(cube.isel(subject=[0, 1, 3, 4]), window=None)
    assert np.allclose(each[200:400], without[200:400], atol=1e-5)


def test_windows_with_too_few_samples_of_two_subjects_are_missing():
    cube = noise(2)
    cube[0, 200:400] = np.nan
    result = isc.phase_synchrony(cube, window=5.0, step=5.0)
    assert np.isnan(result[1]).all() and np.isfinite(result[[0, 2, 3]]).all()
    assert (result["n_subject"][1] == 0).all()


def test_a_flat_subject_has_no_phase():
    cube = noise(3)
    cube[1] = 0.0
    result = isc.phase_synchrony(cube)
    assert (result["n_subject"] == 2).all()
    assert np.allclose(result, isc.phase_synchrony(cube.isel(subject=[0, 2])), atol=1e-5)


def test_blocks_of_features_change_nothing(monkeypatch):
    cube = noise(n_channel=4)
    whole, null = isc.phase_synchrony(cube), isc.phase_null(cube, n_surrogates=5)
    monkeypatch.setattr("isc.synchrony.phase.BLOCK_BYTES", 1)
    xr.testing.assert_equal(isc.phase_synchrony(cube), whole)
    xr.testing.assert_equal(isc.phase_null(cube, n_surrogates=5), null)


def test_the_null_finds_what_was_planted_and_nothing_else():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(6, 1600, 4))
    values[:, :, 2] += 1.5 * rng.normal(size=1600)
    cube = isc.bandpass(cube_of(values), low=3, high=6)
    observed = isc.phase_synchrony(cube, window=10, step=5)
    p = isc.p_values(observed, isc.phase_null(cube, window=10, step=5, n_surrogates=99, seed=1))
    assert (p[:, 2] <= 0.01).all()
    assert (p[:, [0, 1, 3]] > 0.05).all()


def test_the_null_does_not_depend_on_the_order_of_subjects_and_keeps_its_seed():
    cube = noise().assign_coords(subject=list("abcde"))
    null = isc.phase_null(cube, n_surrogates=6, seed=4, scope="window")
    assert null.dims == ("surrogate", "extreme", "window")
    turned = isc.phase_null(cube[::-1], n_surrogates=6, seed=4, scope="window")
    assert np.array_equal(null, turned)
    whole = isc.phase_null(cube, n_surrogates=6, seed=4)
    assert np.allclose(whole.sel(extreme="max"), null.sel(extreme="max").max("window"))
    assert not np.allclose(whole, isc.phase_null(cube, n_surrogates=6, seed=5))


@pytest.mark.parametrize("scheme", ["circular_shift", "sign_flip", "block"])
def test_the_null_is_the_statistic_of_subjects_moved_by_the_draws_of_all_nulls(scheme):
    cube = noise(n_subject=6).assign_coords(subject=list("fedcba"))
    null = isc.phase_null(cube, scheme=scheme, window=2, step=2, n_surrogates=3, seed=7, scope="window")
    keys = subject_keys(cube["subject"].values)
    signal = hilbert(cube.values - cube.values.mean(axis=1, keepdims=True), axis=1)
    for k in range(3):
        if scheme == "circular_shift":
            moved = [np.roll(x, -s, axis=0) for x, s in zip(signal, uniform_shifts(7, k, keys, 800), strict=True)]
        elif scheme == "sign_flip":
            moved = signal * signs(7, [k], keys)[0][:, None, None]
        else:
            moved = [x[f] for x, f in zip(signal, block_permutations(7, k, keys, 800, 80), strict=True)]
        phasors = np.array(moved) / np.abs(moved)
        each = (np.abs(phasors.sum(axis=0)) ** 2 / 6 - 1) / 5
        largest = each.reshape(10, 80, 3).mean(axis=1).max(axis=1)
        assert np.allclose(null[k].sel(extreme="max"), largest, atol=1e-5)


def test_the_null_says_what_it_is_as_that_of_tisc_does():
    cube = noise(n_subject=6)
    for scheme in ("circular_shift", "sign_flip", "block"):
        ours = isc.phase_null(cube, scheme=scheme, n_surrogates=4).attrs
        theirs = isc.null_extremes(cube, scheme=scheme, n_surrogates=4).attrs
        shared = {"scheme", "scope", "seed", "n_subject", "n_surrogates", "exact", "null_hypothesis", "window_s"}
        assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


def test_all_patterns_of_signs_are_taken_where_they_are_few():
    null = isc.phase_null(noise(), scheme="sign_flip", n_surrogates=1000)
    assert null.sizes["surrogate"] == 15 and null.attrs["exact"] == 1
    assert null.identical(isc.phase_null(noise(), scheme="sign_flip", n_surrogates=500, seed=0))


def test_two_subjects_are_refused_and_three_are_warned_of():
    with pytest.raises(ValueError, match="inference needs at least 3 subjects and is trustworthy from 5; the cube has"):
        isc.phase_null(noise(2), n_surrogates=5)
    with pytest.warns(UserWarning, match="3 subjects: one of them can decide the result"):
        null = isc.phase_null(noise(3), n_surrogates=5)
    assert null.attrs["caution"].startswith("3 subjects")


def test_unusable_options_are_refused():
    cube = noise(n_time=100)
    for options, message in [
        ({"measure": "plv"}, "measure must be one of consistency, resultant; given 'plv'"),
        ({"min_valid": 0}, "min_valid is a share between 0 and 1; given 0"),
        ({"window": 60}, "choose a shorter window"),
    ]:
        with pytest.raises(ValueError, match=message):
            isc.phase_synchrony(cube, **options)
    with pytest.raises(ValueError, match="scope must be recording or window"):
        isc.phase_null(cube, scope="all")
    with pytest.raises(ValueError, match="scheme must be one of circular_shift, sign_flip, block; given 'phase'"):
        isc.phase_null(cube, scheme="phase", window=1)
    with pytest.raises(ValueError, match="a circular shift needs a recording of at least two windows"):
        isc.phase_null(cube, window=2)
    with pytest.raises(ValueError, match="scheme circular_shift has no option block"):
        isc.phase_null(cube, window=1, block=2.0)
    with pytest.raises(ValueError, match="n_surrogates must be at least 1; given 0"):
        isc.phase_null(cube, window=1, n_surrogates=0)


def test_patterns_of_signs_that_change_nothing_are_ties_where_subjects_are_missing():
    """Of three people a quarter of all patterns turns nobody against another: p are quarters."""
    cube = noise(8)
    cube = cube.where(np.arange(8)[:, None, None] < 3)
    observed = isc.phase_synchrony(cube)
    null = isc.phase_null(cube, scheme="sign_flip", scope="window", n_surrogates=1000)
    p = isc.p_values(observed, null)
    assert np.abs(4 * p - np.round(4 * p)).max() < 1e-9

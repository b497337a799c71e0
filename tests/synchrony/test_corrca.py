"""Correlated component analysis and its null that fits the components anew."""

import numpy as np
import pytest
import xarray as xr

import isc
from isc.kernels.nulls.surrogates import subject_keys, uniform_shifts
from tests.reference_multivariate import correlated_components, subject_ratio

WEIGHTS = np.array([1.0, -0.5, 0.0, 0.8])


def cube_of(values, **coords):
    seconds = np.arange(np.shape(values)[1]) / 50
    return xr.DataArray(
        values, dims=("subject", "time", "channel"), coords={"time": seconds, **coords}, attrs={"units": "V"}
    )


def planted(strength=1.0, n_subject=6, n_time=600, seed=0):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(1, n_time, 1)) * WEIGHTS * strength
    return cube_of(shared + rng.normal(size=(n_subject, n_time, 4)), subject=[f"s{k}" for k in range(n_subject)])


def test_ratios_weights_and_subjects_are_those_of_the_definition():
    cube = planted()
    result = isc.corrca(cube)
    ratio, weights, cross = correlated_components(cube.values)
    assert np.allclose(result["isc"], ratio, atol=1e-10)
    for k in range(4):
        ours = result["weights"][:, k].values
        assert np.allclose(ours * np.sign(ours @ weights[:, k]), weights[:, k], atol=1e-8)
        expected = [subject_ratio(weights[:, k], cross, subject, 6) for subject in range(6)]
        assert np.allclose(result["isc_subject"][:, k], expected, atol=1e-8)


def test_the_planted_component_is_found_with_its_pattern():
    result = isc.corrca(planted(2.0), n_components=2)
    assert result.sizes["component"] == 2
    pattern = result["patterns"][:, 0].values
    assert np.corrcoef(pattern, WEIGHTS)[0, 1] > 0.99
    assert pattern[0] > 0, "the largest entry of a pattern is positive"
    assert float(result["isc"][0]) > 0.7 > 0.1 > float(result["isc"][1])
    synchrony = isc.isc(result["components"])
    assert float(synchrony[0]) == pytest.approx(float(result["isc"][0]), abs=0.02)


def test_identical_subjects_have_a_ratio_of_one_and_opposite_ones_the_least():
    one = np.random.default_rng(1).normal(size=(300, 3))
    assert np.allclose(isc.corrca(cube_of([one, one, one]))["isc"], 1)
    assert np.allclose(isc.corrca(cube_of([one, -one]))["isc"], -1)


def test_the_null_refits_the_components_on_shifted_subjects():
    cube = planted()
    result = isc.corrca(cube, n_surrogates=3, seed=7)
    for k in range(3):
        shifts = uniform_shifts(7, k, subject_keys(cube["subject"].values), 600)
        moved = np.stack([np.roll(x, -s, axis=0) for x, s in zip(cube.values, shifts, strict=True)])
        assert float(result["null"][k]) == pytest.approx(correlated_components(moved)[0][0], abs=1e-10)


def test_flipped_signs_are_a_null_as_well():
    cube = planted()
    result = isc.corrca(cube, scheme="sign_flip", n_surrogates=1000)
    assert result.sizes["surrogate"] == 31 and result.attrs["exact"] == 1
    assert float(result["p"][0]) == 1 / 32
    flips = np.array([1, 1, 1, 1, 1, -1])[:, None, None]
    assert float(result["null"][0]) == pytest.approx(correlated_components(cube.values * flips)[0][0], abs=1e-10)
    assert result.attrs["null_hypothesis"] == isc.null_extremes(cube, scheme="sign_flip").attrs["null_hypothesis"]


def test_four_subjects_have_components_and_no_p():
    assert float(isc.corrca(planted(n_subject=4))["isc"][0]) > 0
    with pytest.raises(ValueError, match="inference needs at least 5 subjects; given 4"):
        isc.corrca(planted(n_subject=4), n_surrogates=19)


def test_components_of_nothing_are_above_zero_but_seldom_significant():
    found = [isc.corrca(planted(0.0, seed=seed), n_surrogates=19, seed=seed) for seed in range(60)]
    assert min(float(result["isc"][0]) for result in found) > 0
    # 3 of 60 are expected at 5 %; 8 or more would have a chance of 1 %.
    assert sum(float(result["p"][0]) <= 0.05 for result in found) <= 7


def test_what_was_planted_is_significant_and_the_rest_is_not():
    p = isc.corrca(planted(1.0), n_surrogates=99)["p"]
    assert float(p[0]) == 0.01
    assert (p[1:] > 0.05).all()


def test_results_do_not_depend_on_the_order_of_subjects():
    cube = planted()
    one, other = (isc.corrca(x, n_surrogates=9, seed=3) for x in (cube, cube[::-1]))
    assert other["subject"].values.tolist() == cube["subject"].values.tolist()[::-1]
    xr.testing.assert_identical(one, other.isel(subject=slice(None, None, -1)))


def test_missing_samples_are_left_out_of_every_product():
    cube = planted()
    gapped = cube.copy()
    gapped[2, 100:250] = np.nan
    gapped[4, 400, 1] = np.nan
    result = isc.corrca(gapped)
    x = gapped.values.copy()
    known = np.isfinite(x).all(axis=2)
    x = np.where(
        known[:, :, None], x - np.stack([one[k].mean(axis=0) for one, k in zip(x, known, strict=True)])[:, None], 0
    )
    n, between, within = 0, 0.0, 0.0
    for k in range(6):
        within = within + x[k].T @ x[k] / known.sum()
        for m in range(6):
            if k != m:
                between, n = between + x[k].T @ x[m], n + (known[k] & known[m]).sum()
    w = result["weights"][:, 0].values
    assert float(result["isc"][0]) == pytest.approx((w @ between @ w / n) / (w @ within @ w), abs=1e-10)
    assert np.isnan(result["components"].sel(subject="s2")[100:250]).all()
    assert float(result["isc"][0]) == pytest.approx(float(isc.corrca(cube)["isc"][0]), abs=0.05)


def test_an_empty_direction_such_as_an_average_reference_is_left_out():
    cube = planted()
    referenced = cube - cube.mean("channel")
    result = isc.corrca(referenced)
    assert result.attrs["rank"] == 3 and result.sizes["component"] == 3
    assert isc.corrca(cube, rank=2).sizes["component"] == 2


def test_shrinkage_draws_the_weights_towards_the_plain_covariance():
    strong = isc.corrca(planted(), shrinkage=0.9)
    assert strong.attrs["shrinkage"] == 0.9
    assert float(strong["isc"][0]) != pytest.approx(float(isc.corrca(planted())["isc"][0]), abs=1e-3)


def test_unusable_cubes_and_options_are_refused():
    cube = planted()
    silent = cube.copy()
    silent[1, :, 2] = np.nan
    short = cube.copy()
    short[1, 1:] = np.nan
    apart = cube[:2].copy()
    apart[0, :300], apart[1, 300:] = np.nan, np.nan
    for x, options, message in [
        (cube.expand_dims(band=2), {}, r"one feature dim beside subject and time; given \['band', 'channel'\]"),
        (cube[:, :, 0], {}, r"given \[\]"),
        (silent.assign_coords(channel=list("abcd")), {}, "channel c has no data in subject s1"),
        (short, {}, "fewer than two samples in which all features are there"),
        (apart, {}, "no two subjects have a sample at the same time"),
        (cube * 0, {}, "no feature moves in any subject"),
        (cube, {"rank": 9}, "rank must be 1 to 4, the number of features; given 9"),
        (cube, {"n_components": 0}, "n_components must be 1 to 4"),
        (cube, {"shrinkage": 1.0}, "shrinkage is a share from 0 to below 1; given 1.0"),
        (cube, {"scheme": "block"}, "scheme must be circular_shift or sign_flip; given 'block'"),
        (cube, {"n_surrogates": -1}, "n_surrogates must be 0 or more; given -1"),
    ]:
        with pytest.raises(ValueError, match=message):
            isc.corrca(x, **options)

"""Group contrasts: exact enumeration, planted differences, refusals, and a familywise rate that holds."""

from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom

from isc.simulate.null_data import null_series
from isc.synchrony.contrasts import compare_groups
from isc.synchrony.temporal import temporal_isc


def cube_of(*, sizes=(5, 5), shared=(0.0, 0.0), n_feature=2, n_time=450, seed=0):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    values = np.moveaxis(null_series("ar1", shape=(n_feature, n, n_time), rng=rng, autocorrelation=0.9), 0, 2).copy()
    signals = null_series("ar1", shape=(2, 1, n_time), rng=rng, autocorrelation=0.9)[:, 0]
    group = np.repeat(["a", "b"], sizes)
    for name, signal, amplitude in zip("ab", signals, shared, strict=True):
        values[group == name] += amplitude * signal[:, None]
    coords = {
        "time": np.arange(n_time) / 30,
        "subject": [f"sub-{k:02d}" for k in range(n)],
        "group": ("subject", group),
    }
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords=coords)


def parts(cube):
    of = temporal_isc(cube, groups="group")
    return of.sel(comparison=of.comparison == "a")[0], of.sel(comparison=of.comparison == "b")[0], of[-1]


def test_the_contrast_is_the_difference_of_group_means():
    cube = cube_of(shared=(1.0, 0.2), sizes=(6, 4))
    a, b, between = parts(cube)
    np.testing.assert_allclose(compare_groups(cube, "group").contrast, a - b, atol=2e-6)
    found = compare_groups(cube, "group", contrast="within_between")
    np.testing.assert_allclose(found.contrast, (a + b) / 2 - between, atol=2e-6)
    assert found.contrast.dims == ("window", "vertex")


@pytest.mark.parametrize("tail", ["greater", "two_sided"])
def test_small_groups_are_enumerated_and_p_is_exact(tail):
    cube = cube_of(shared=(0.8, 0.0), sizes=(4, 4))
    found = compare_groups(cube, "group", tail=tail)
    values = []
    for members in combinations(range(8), 4):
        labels = np.where(np.isin(np.arange(8), members), "a", "b")
        turned = cube.assign_coords(group=("subject", labels))
        a, b, _ = parts(turned)
        values.append((a - b).values)
    values, observed = np.array(values), found.contrast.values
    upper = (values.max(axis=(1, 2))[:, None, None] >= observed - 1e-6).mean(axis=0)
    lower = (values.min(axis=(1, 2))[:, None, None] <= observed + 1e-6).mean(axis=0)
    expected = upper if tail == "greater" else np.minimum(1, 2 * np.minimum(upper, lower))
    np.testing.assert_allclose(found.p, expected, atol=1e-12)
    assert found.attrs["exact"] == 1 and found.attrs["n_surrogates"] == 69


def test_halves_that_swap_names_are_ties():
    cube = cube_of(shared=(2.0, 2.0), sizes=(4, 4))
    found = compare_groups(cube, "group", contrast="within_between", tail="greater")
    assert float(found.p.min()) == pytest.approx(2 / 70) == found.attrs["smallest_p"]
    np.testing.assert_array_equal(found.contrast, found.contrast.round(9))  # last bits do not decide ties


def test_a_planted_difference_is_found_and_only_by_the_contrast_it_is_in():
    stronger = cube_of(shared=(1.5, 0.0), sizes=(8, 8))
    assert float(compare_groups(stronger, "group", n_permutations=400).p.min()) <= 0.01
    apart = cube_of(shared=(1.0, 1.0), sizes=(8, 8))
    assert float(compare_groups(apart, "group", contrast="within_between", tail="greater").p.min()) <= 0.01
    assert float(compare_groups(apart, "group", tail="greater").p.min()) > 0.01


def test_drawn_labellings_do_not_depend_on_the_order_of_subjects_or_on_blocks(monkeypatch):
    cube, how = cube_of(sizes=(8, 9)), {"n_permutations": 99}
    whole = compare_groups(cube, "group", **how)
    turned = compare_groups(cube[::-1], "group", of=("a", "b"), **how)
    np.testing.assert_allclose(turned.null, whole.null, atol=1e-6)
    monkeypatch.setattr("isc.synchrony.statistic.dyads.MATRIX_BYTES", 1)
    monkeypatch.setattr("isc.synchrony.statistic.dyads.VALUE_BYTES", 1)
    np.testing.assert_allclose(compare_groups(cube, "group", **how).null, whole.null, atol=1e-7)
    assert whole.attrs["exact"] == 0 and whole.code.values.tolist() == ["few_subjects", "few_surrogates"]


def test_missing_subjects_count_in_no_mean():
    cube = cube_of(sizes=(5, 5))
    cube[2, :150] = np.nan
    a, b, _ = parts(cube)
    found = compare_groups(cube, "group")
    np.testing.assert_allclose(found.contrast, a - b, atol=2e-6)
    cube[1:5, :150] = np.nan
    found = compare_groups(cube, "group")
    assert np.isnan(found.contrast[0]).all() and np.isnan(found.p[0]).all()
    assert np.isfinite(found.p[-1]).all()


def test_two_of_three_groups_are_compared():
    cube = cube_of(sizes=(5, 10), shared=(1.5, 0.0))
    three = cube.assign_coords(group=("subject", list("aaaaabbbbbccccc")))
    found = compare_groups(three, "group", of=("c", "a"))
    assert found.attrs["compared"] == "c minus a" and found.attrs["n_subject_first"] == 5
    assert float(found.contrast.mean()) < 0
    with pytest.raises(ValueError, match=r"has 3 groups \(a, b, c\); choose two with of="):
        compare_groups(three, "group")
    with pytest.raises(ValueError, match="of must name two of the groups a, b, c"):
        compare_groups(three, "group", of=("a", "x"))


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((9, 1), {}, "have 9 and 1 subjects; each needs at least 2"),
        ((2, 2), {}, "inference needs at least 5 subjects; given 4"),
        ((3, 3), {}, "smallest p that their labellings can give is 0.1, above alpha 0.05"),
        ((3, 3), {"contrast": "within_between", "tail": "greater"}, "can give is 0.1, above"),
        ((9, 9), {"n_permutations": 10}, "can give is 0.182, above alpha 0.05"),
        ((5, 5), {"contrast": "between"}, "contrast must be within or within_between; given 'between'"),
        ((5, 5), {"n_permutations": 0}, "n_permutations must be at least 1; given 0"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused_with_the_reason(sizes, options, message):
    with pytest.raises(ValueError, match=message):
        compare_groups(cube_of(sizes=sizes), "group", **options)


def test_three_against_three_is_enough_for_one_tail():
    assert compare_groups(cube_of(sizes=(3, 3)), "group", tail="greater").attrs["smallest_p"] == 0.05


def test_the_familywise_rate_holds_when_groups_differ_in_nothing():
    n, hits = 200, 0
    for seed in range(n):
        cube = cube_of(sizes=(6, 6), shared=(0.7, 0.0), seed=seed)
        labels = np.random.default_rng(seed).permutation(cube.group.values)
        hits += bool((compare_groups(cube.assign_coords(group=("subject", labels)), "group").p <= 0.05).any())
    low, high = binom(n, 0.05).interval(0.999)
    assert low <= hits <= high


def test_identical_subjects_do_not_differ_between_groups():
    cube = cube_of()
    cube[:] = cube[0].values
    found = compare_groups(cube, "group")
    assert (found.contrast == 0).all() and (found.p == 1).all()

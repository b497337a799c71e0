"""Pointwise p and the false discovery rate: the obvious counts, other people's procedures, and refusals."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from isc.simulate.null_data import null_series
from isc.synchrony.pointwise import fdr, pointwise_p_values
from isc.synchrony.surrogate.named import named_surrogates
from isc.synchrony.temporal import temporal_isc


def cube_of(kind="ar1", *, n_subject=8, n_time=900, n_feature=2, seed=0, shared=0.0):
    rng = np.random.default_rng(seed)
    values = np.moveaxis(null_series(kind, shape=(n_feature, n_subject, n_time), rng=rng), 0, 2).copy()
    values[:, :450] += shared * rng.normal(size=(450, 1)).cumsum(axis=0) / 10
    coords = {"time": np.arange(n_time) / 30, "subject": [f"sub-{k:02d}" for k in range(n_subject)]}
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords=coords)


def all_values(cube, scheme, n_surrogates):
    found = named_surrogates(cube, scheme, n_surrogates=n_surrogates)
    return np.concatenate([values for _, values in found.values()], axis=1)  # (surrogate, feature, window)


def p_of(values, smallest=1e-9, **attrs):
    return xr.DataArray(values, dims="window", attrs={"smallest_p": smallest, **attrs})


@pytest.mark.parametrize("tail", ["greater", "less", "two_sided"])
@pytest.mark.parametrize("scheme", ["circular_shift", "sign_flip"])
def test_p_counts_the_surrogates_of_the_cell(scheme, tail):
    cube = cube_of(shared=0.3)
    p = pointwise_p_values(cube, scheme=scheme, n_surrogates=50, tail=tail)
    values, observed = all_values(cube, scheme, 50), temporal_isc(cube).values.T
    upper = (1 + (values >= observed - 1e-6).sum(axis=0)) / 51
    lower = (1 + (values <= observed + 1e-6).sum(axis=0)) / 51
    expected = {"greater": upper, "less": lower, "two_sided": np.minimum(1, 2 * np.minimum(upper, lower))}[tail]
    np.testing.assert_allclose(p.values.T, expected, atol=1e-12)
    assert p.dims == ("window", "vertex")
    assert p.attrs["smallest_p"] == (2 if tail == "two_sided" else 1) / 51


def test_pooled_p_counts_the_surrogates_of_the_feature_in_all_windows():
    cube = cube_of(shared=0.3)
    p = pointwise_p_values(cube, n_surrogates=20, pool="windows")
    values, observed = all_values(cube, "circular_shift", 20), temporal_isc(cube).values.T
    share = np.array([[(values[:, f] >= r - 1e-6).mean() for r in observed[f]] for f in range(2)])
    n_draw = 20 * 6  # 30 s hold six windows of 5 s
    np.testing.assert_allclose(p.values.T, (share * n_draw + 1) / (n_draw + 1), atol=1e-12)
    assert p.attrs["smallest_p"] == 1 / 121


def test_surrogates_have_the_same_law_in_every_window_when_subjects_are_shifted():
    cube = cube_of("changing_smoothness", n_feature=1)
    shifted = np.sort(all_values(cube, "circular_shift", 2000)[:, 0], axis=0)
    flipped = np.sort(all_values(cube, "sign_flip", 100)[:, 0], axis=0)
    spread, own = shifted[1800] - shifted[200], flipped[90] - flipped[10]
    assert spread.max() / spread.min() < 1.35
    assert own.max() / own.min() > 2


@pytest.mark.parametrize("scheme", ["sign_flip"])
def test_windows_of_schemes_that_keep_each_window_are_not_pooled(scheme):
    with pytest.raises(ValueError, match="keep what is special to each window"):
        pointwise_p_values(cube_of(), scheme=scheme, n_surrogates=9, pool="windows")
    with pytest.raises(ValueError, match="keep what is special"):
        pointwise_p_values(
            cube_of(), scheme="timepoint_shuffle", extent="within_window", n_surrogates=9, pool="windows"
        )
    with pytest.raises(ValueError, match="pool must be None or windows; given 'features'"):
        pointwise_p_values(cube_of(), n_surrogates=9, pool="features")


@pytest.mark.parametrize("pool", [None, "windows"])
def test_counts_do_not_depend_on_blocks(pool, monkeypatch):
    cube = cube_of()
    whole = pointwise_p_values(cube, n_surrogates=30, pool=pool)
    monkeypatch.setattr("isc.synchrony.surrogate.values.RESULT_BYTES", 500)
    xr.testing.assert_identical(pointwise_p_values(cube, n_surrogates=30, pool=pool), whole)


@pytest.mark.parametrize("pool", [None, "windows"])
def test_missing_cells_have_no_p_and_are_no_test(pool):
    cube = cube_of()
    cube[:, 0:100, 0] = np.nan
    p = pointwise_p_values(cube, n_surrogates=30, pool=pool)
    assert np.isnan(p.values[0, 0]) and np.isfinite(p.values[0, 1])
    assert fdr(p.assign_attrs(smallest_p=1e-9)).attrs["n_test"] == int(p.notnull().sum())


@given(seed=st.integers(0, 5000), method=st.sampled_from(["by", "bh"]))
def test_q_and_decisions_are_those_of_statsmodels(seed, method):
    rng = np.random.default_rng(seed)
    p = rng.uniform(size=40) ** rng.uniform(1, 6)
    reject, q, _, _ = multipletests(p, 0.05, method=f"fdr_{method}")
    found = fdr(p_of(p), method=method)
    np.testing.assert_allclose(found.q, q, atol=1e-12)
    assert (found.significant.values == reject).all()


def test_too_few_surrogates_are_refused_with_the_number_that_is_needed():
    p = p_of(np.full(280, 0.5), smallest=1 / 1000)
    with pytest.raises(ValueError, match=r"280 cells by method bh .* 5599 draws; 999 were made") as error:
        fdr(p, method="bh")
    assert "6 cells must reach it together" in str(error.value)
    n_step = 280 * (1 / np.arange(1, 281)).sum()
    with pytest.raises(ValueError, match=f"{int(np.ceil(n_step / 0.05)) - 1} draws"):
        fdr(p)
    fdr(p.assign_attrs(smallest_p=1 / 5600), method="bh")


def test_stated_cautions_say_how_many_cells_must_agree():
    values = np.full(280, 0.5)
    values[:5] = 1 / 1000
    found = fdr(p_of(values, smallest=1 / 1000), method="bh", too_few="state")
    assert "6 cells must reach it together" in found.attrs["caution"] and not found.significant.any()
    values[5] = 1 / 1000
    assert int(fdr(p_of(values, smallest=1 / 1000), method="bh", too_few="state").significant.sum()) == 6
    with pytest.raises(ValueError, match="no cell could be significant"):
        fdr(p_of(values, smallest=0.06), method="bh", too_few="state")


def test_two_sided_draws_are_counted_for_both_tails():
    p = p_of(np.full(10, 0.5), smallest=2 / 200, tail="two_sided")
    with pytest.raises(ValueError, match="399 draws; 199 were made"):
        fdr(p, method="bh")
    fdr(p.assign_attrs(smallest_p=2 / 400), method="bh")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 5}, "alpha is an error rate"),
        ({"method": "holm"}, "method must be by or bh; given 'holm'"),
        ({"too_few": "ignore"}, "too_few must be refuse or state; given 'ignore'"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        fdr(p_of([0.1, 0.2]), **options)


def test_familywise_p_and_small_groups_are_refused():
    with pytest.raises(ValueError, match="needs p with the attr smallest_p"):
        fdr(xr.DataArray([0.1], dims="window"))
    with pytest.raises(ValueError, match="inference needs at least 5 subjects; given 4"):
        pointwise_p_values(cube_of(n_subject=4))

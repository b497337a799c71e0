"""Several nulls, one decision."""

import numpy as np
import pytest
import xarray as xr

from isc.synchrony.decision import decide


def null_of(maxima, scope="recording"):
    maxima = np.asarray(maxima, dtype=float)
    dims = ("surrogate", "extreme", "window")[: maxima.ndim + 1]
    attrs = {"scope": scope, "null_hypothesis": "nothing is shared"}
    return xr.DataArray(np.stack([-maxima, maxima], axis=1), dims=dims, coords={"extreme": ["min", "max"]}, attrs=attrs)


def cells(*values):
    return xr.DataArray(list(values), dims="window", name="tisc")


def test_a_cell_has_to_pass_every_null():
    low, high = null_of(np.arange(99.0)), null_of(10 + np.arange(99.0))
    result = decide(cells(96.0, 120.0), {"circular_shift": low, "sign_flip": high})
    assert result.p_circular_shift.values.tolist() == [0.04, 0.01]
    assert result.p_sign_flip.values.tolist() == [0.14, 0.01]
    assert result.p.values.tolist() == [0.14, 0.01]
    assert result.significant.values.tolist() == [False, True]


def test_the_threshold_is_that_of_the_strictest_null_on_each_side():
    narrow, wide = null_of(np.arange(99.0)), null_of(3 * np.arange(99.0))
    result = decide(cells(0.0), {"a": narrow, "b": wide}, tail="two_sided", alpha=0.1)
    assert result.threshold.sel(extreme="max") == result.threshold_b.sel(extreme="max")
    assert result.threshold.sel(extreme="min") == result.threshold_b.sel(extreme="min")
    assert float(result.threshold_low.sel(extreme="max")) <= float(result.threshold.sel(extreme="max"))


def test_threshold_and_p_decide_alike():
    rng = np.random.default_rng(3)
    nulls = {"a": null_of(rng.normal(size=200)), "b": null_of(rng.normal(size=31))}
    result = decide(cells(*rng.normal(1, 1, size=300)), nulls)
    beyond = result.tisc > result.threshold.sel(extreme="max")
    assert (beyond == result.significant).all()


def test_a_scheme_with_fewer_surrogates_is_padded_with_nan():
    result = decide(cells(0.0), {"a": null_of(np.arange(9.0)), "sign_flip": null_of(np.arange(3.0))})
    assert result.null.dims == ("scheme", "surrogate", "extreme")
    assert int(result.null.sel(scheme="sign_flip").notnull().sum()) == 6


def test_published_percentiles_decide_by_threshold_in_each_window():
    maxima = np.random.default_rng(1).normal(size=(200, 2))
    result = decide(
        cells(1.0, 9.0),
        {"timepoint_shuffle": null_of(maxima, "window")},
        alpha=0.1,
        tail="two_sided",
        percentile="linear",
    )
    expected = np.quantile(maxima, 0.95, axis=0)
    assert result.threshold.sel(extreme="max").values == pytest.approx(expected)
    assert result.significant.values.tolist() == [bool(v) for v in np.array([1.0, 9.0]) > expected]


def test_missing_cells_are_not_significant():
    result = decide(cells(np.nan), {"a": null_of(np.arange(99.0))})
    assert not result.significant.any() and np.isnan(result.p).all()


def test_no_null_and_mixed_scopes_are_refused():
    with pytest.raises(ValueError, match="nulls of at least one scheme are needed"):
        decide(cells(0.0), {})
    with pytest.raises(ValueError, match="one scope"):
        decide(cells(0.0), {"a": null_of([1.0]), "b": null_of(np.ones((1, 1)), "window")})

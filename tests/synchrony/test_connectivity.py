"""Inter-subject functional connectivity."""

import numpy as np
import pytest
import xarray as xr

from isc.synchrony.connectivity import isfc
from isc.synchrony.temporal import isc, temporal_isc

RATE = 10.0


def cube(values):
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords={"time": np.arange(values.shape[1]) / RATE})


def planted(n_subject=5, n_time=500, seed=0):
    """Feature 1 of everybody follows what feature 0 of everybody does; feature 2 is noise."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=n_time)
    values = rng.normal(size=(n_subject, n_time, 3))
    values[:, :, 0] += 2 * shared
    values[:, :, 1] -= 2 * shared
    return cube(values)


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_the_diagonal_is_the_inter_subject_correlation(estimator):
    data = planted()
    assert np.allclose(np.diag(isfc(data, estimator=estimator)), isc(data, estimator=estimator), atol=1e-5)


def test_it_equals_the_mean_over_explicit_ordered_dyads():
    data = planted()
    x = data.values
    expected = np.mean(
        [
            [[np.corrcoef(x[s, :, i], x[t, :, j])[0, 1] for j in range(3)] for i in range(3)]
            for s in range(5)
            for t in range(5)
            if s != t
        ],
        axis=0,
    )
    assert np.allclose(isfc(data, estimator="pairwise"), expected, atol=1e-5)


def test_it_equals_explicit_leave_one_out():
    x = planted().values
    expected = np.zeros((3, 3))
    for s in range(5):
        others = x[[t for t in range(5) if t != s]].mean(0)
        expected += [[np.corrcoef(x[s, :, i], others[:, j])[0, 1] for j in range(3)] for i in range(3)]
    assert np.allclose(isfc(planted()), expected / 5, atol=1e-5)


def test_connectivity_between_features_is_found_where_it_was_planted():
    value = isfc(planted())
    assert float(value[0, 1]) < -0.7
    assert abs(float(value[0, 2])) < 0.15


def test_windows_have_the_diagonal_of_temporal_isc():
    data = planted()
    windowed = isfc(data, window=5, step=5, estimator="pairwise")
    assert windowed.dims == ("window", "feature", "feature_other")
    diagonal = np.einsum("wff->wf", windowed.values)
    assert np.allclose(diagonal, temporal_isc(data, window=5, step=5), atol=1e-5)


def test_a_missing_subject_equals_the_study_without_it():
    data = planted()
    gone = data.copy(deep=True)
    gone[2] = np.nan
    for estimator in ("pairwise", "leave_one_out"):
        without = isfc(data.isel(subject=[0, 1, 3, 4]), estimator=estimator)
        assert np.allclose(isfc(gone, estimator=estimator), without, atol=1e-6)


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_gaps_are_read_as_temporal_isc_reads_them(estimator):
    data = planted()
    holed = data.copy(deep=True)
    rng = np.random.default_rng(5)
    holed.values[rng.random(holed.shape[:2]) < 0.06] = np.nan
    holed[3, 100:140, 1], holed[2, :300, 0] = np.nan, 4.0
    windowed = isfc(holed, window=5, step=5, estimator=estimator)
    expected = temporal_isc(holed, window=5, step=5, estimator=estimator)
    assert np.isfinite(expected).all() and set(expected["n_subject"].values.ravel()) == {4, 5}
    assert np.allclose(np.einsum("wff->wf", windowed.values), expected, atol=1e-5)
    assert np.allclose(np.diag(isfc(holed, estimator=estimator)), isc(holed, estimator=estimator), atol=1e-5)


def test_landmarks_are_read_axis_by_axis():
    points = xr.DataArray(
        np.random.default_rng(6).normal(size=(4, 200, 2, 3)),
        dims=("subject", "time", "vertex", "space"),
        coords={"time": np.arange(200) / RATE, "space": ["x", "y", "z"]},
    )
    found = isfc(points)
    assert found.sizes == {"feature": 6, "feature_other": 6}
    assert (
        found["space"].values.tolist() == ["x", "y", "z"] * 2 and found["vertex"].values.tolist() == [0] * 3 + [1] * 3
    )
    by_axis = isc(points, space="axes", estimator="leave_one_out")
    assert np.allclose(np.diag(found), by_axis.values.ravel(), atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"space": "vector"}, "isfc correlates single series"), ({"estimator": "loo"}, "given 'loo'")],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        isfc(planted(), **options)

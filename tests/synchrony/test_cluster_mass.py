"""Cluster mass: planted stretches are found, clusters are described right, and the familywise rate holds."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom

from isc.simulate.null_data import null_series
from isc.synchrony.cluster_mass import cluster_mass
from isc.synchrony.findings import read_findings
from isc.synchrony.surrogate.named import named_surrogates
from isc.synchrony.temporal import temporal_isc


def cube_of(values):
    coords = {"time": np.arange(values.shape[1]) / 30, "subject": [f"sub-{k:02d}" for k in range(values.shape[0])]}
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords=coords)


def null_cube(kind="ar1", *, n_subject=8, n_time=1500, n_feature=4, seed=0, **how):
    rng = np.random.default_rng(seed)
    return cube_of(np.moveaxis(null_series(kind, shape=(n_feature, n_subject, n_time), rng=rng, **how), 0, 2))


def planted_cube(*, amplitude=1.0, features=(1, 2), seed=0):
    cube = null_cube(autocorrelation=0.95, seed=seed)
    shared = null_series("ar1", shape=(1, 1, 450), rng=np.random.default_rng(seed + 1), autocorrelation=0.95)[0, 0]
    cube[:, 600:1050, list(features)] += amplitude * shared[None, :, None]
    return cube


def test_a_planted_stretch_is_one_cluster_where_it_was_planted():
    found = cluster_mass(planted_cube(), n_surrogates=199)
    first = found.isel(cluster=0)
    assert float(first.p) == 1 / 200
    assert int(first.feature) in (1, 2)
    assert float(first.cluster_start) + 5 >= 20 and float(first.cluster_stop) - 5 <= 35
    assert set(found.feature.values[found.p.values <= 0.05].tolist()) <= {1, 2}


def test_neighbours_make_one_cluster_of_what_they_share():
    edges = np.array([[0, 1], [1, 2], [2, 3]])
    alone = cluster_mass(planted_cube(), n_surrogates=99)
    joined = cluster_mass(planted_cube(), n_surrogates=99, adjacency=edges)
    assert joined.n_feature.values[0] >= 2
    assert joined.mass.values[0] > alone.mass.values[0]
    assert joined.mass.sum() == pytest.approx(float(alone.mass.sum()))
    assert "feature" not in joined


@pytest.mark.parametrize("adjacency", [None, np.array([[0, 1], [2, 3]])])
def test_the_table_says_what_the_labels_show(adjacency):
    cube = planted_cube()
    found = cluster_mass(cube, n_surrogates=19, tail="two_sided", threshold=0.05, adjacency=adjacency, standardise=None)
    tisc = temporal_isc(cube)
    np.testing.assert_allclose(found.tisc, tisc, atol=1e-6)
    assert found.label.dims == ("window", "vertex")
    for k, cluster in enumerate(found.mass.values):
        cells = (found.label == k + 1).values
        excess = np.abs(found.tisc.values[cells]) - 0.05
        assert excess.sum() == pytest.approx(cluster, rel=1e-5)
        assert (np.sign(found.tisc.values[cells]) == found.sign.values[k]).all()
        windows, features = np.nonzero(cells)
        assert found.n_cell.values[k] == cells.sum()
        assert found.n_feature.values[k] == np.unique(features).size
        assert found.n_window.values[k] == np.ptp(windows) + 1
        assert found.cluster_start.values[k] == pytest.approx(float(tisc.start[windows.min()]))
        assert found.cluster_stop.values[k] == pytest.approx(float(tisc.stop[windows.max()]))
    assert (np.abs(found.tisc.values[found.label.values == 0]) <= 0.05).all()
    assert (np.diff(found.mass) <= 0).all()


def test_p_counts_the_surrogates_whose_largest_cluster_is_as_heavy():
    cube, how = planted_cube(amplitude=0.5), {"n_surrogates": 50, "seed": 3}
    found = cluster_mass(cube, threshold=0.1, standardise=None, **how)
    expected = np.zeros(50)
    for _, values in named_surrogates(cube, "circular_shift", **how).values():
        for k, surrogate in enumerate(values):
            for row in surrogate:
                mass = 0.0
                for r in row:
                    mass = mass + r - 0.1 if r > 0.1 else 0.0
                    expected[k] = max(expected[k], mass)
    np.testing.assert_allclose(found.null, expected, rtol=1e-5)
    np.testing.assert_allclose(found.p, [(1 + (expected >= m).sum()) / 51 for m in found.mass.values])


def test_the_forming_threshold_is_the_quantile_of_the_null_over_cells():
    cube = null_cube()
    values = np.concatenate([v.ravel() for _, v in named_surrogates(cube, "circular_shift", n_surrogates=40).values()])
    found = cluster_mass(cube, n_surrogates=40, tail="two_sided", forming=0.9, standardise=None)
    assert found.attrs["forming_upper"] == pytest.approx(np.quantile(values, 0.9), abs=2e-4)
    assert found.attrs["forming_lower"] == pytest.approx(np.quantile(values, 0.1), abs=2e-4)


def test_standardised_features_weigh_the_same():
    rough, smooth = (null_cube(autocorrelation=a, n_feature=1, seed=s) for a, s in ((0.0, 1), (0.98, 2)))
    cube = xr.concat([rough, smooth], dim="vertex")
    heavy = cluster_mass(cube, n_surrogates=99, tail="two_sided", standardise=None)
    assert set(heavy.feature.values.tolist()) <= {1}
    fair = cluster_mass(cube, n_surrogates=99, tail="two_sided", forming=0.9)
    assert set(fair.feature.values.tolist()) == {0, 1}


def test_standardised_values_are_scaled_by_the_null_of_their_feature():
    cube = planted_cube(amplitude=0.5)
    found = cluster_mass(cube, n_surrogates=50, threshold=1.0)
    values = np.concatenate([v for _, v in named_surrogates(cube, "circular_shift", n_surrogates=50).values()], axis=1)
    scaled = (found.tisc.values.T - values.mean(axis=(0, 2))[:, None]) / values.std(axis=(0, 2))[:, None]
    assert ((scaled > 1) == (found.label.values.T > 0)).all()
    assert found.mass.sum() == pytest.approx((scaled[scaled > 1] - 1).sum(), rel=1e-4)


@pytest.mark.parametrize("adjacency", [None, np.array([[0, 1], [2, 3]])])
@pytest.mark.parametrize("scheme", ["circular_shift", "sign_flip"])
def test_clusters_of_blocks_are_clusters_of_the_whole(monkeypatch, adjacency, scheme):
    cube, how = planted_cube(), {"n_surrogates": 30, "adjacency": adjacency, "scheme": scheme}
    whole = cluster_mass(cube, **how)
    monkeypatch.setattr("isc.synchrony.surrogate.values.RESULT_BYTES", 4000)
    monkeypatch.setattr("isc.synchrony.cluster_mass.RESULT_BYTES", 4000)
    xr.testing.assert_identical(cluster_mass(cube, **how), whole)


def test_a_missing_window_is_in_no_cluster():
    cube = planted_cube(amplitude=3.0)
    cube[:, 800:830] = np.nan
    found = cluster_mass(cube, n_surrogates=19, min_valid=0.9)
    assert (found.label.values[np.isnan(found.tisc.values)] == 0).all()
    assert np.isnan(found.tisc.values).any()


def test_all_patterns_of_signs_are_not_called_few():
    found = cluster_mass(null_cube().isel(subject=slice(8)), scheme="sign_flip")
    assert found.attrs["exact"] == 1 and found.attrs["n_surrogates"] == 127
    assert {f.code for f in read_findings(found)} == {"few_subjects"}


def test_the_claim_and_the_size_of_the_test_travel_with_the_result():
    found = cluster_mass(null_cube(), n_surrogates=99, scheme="sign_flip")
    assert "does not say that any one of its cells" in found.attrs["claim"]
    assert found.attrs["scheme"] == "sign_flip" and found.attrs["smallest_p"] == 1 / 100
    assert {f.code for f in read_findings(found)} == {"few_subjects", "few_surrogates"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"forming": 0.3}, "forming is a quantile of the null between 0.5 and 1; given 0.3"),
        ({"threshold": -0.1}, "threshold must be above 0"),
        ({"standardise": "all"}, "standardise must be None or feature; given 'all'"),
        ({"tail": "both"}, "tail must be greater, less or two_sided"),
        ({"adjacency": np.array([[0, 9]])}, "adjacency names feature 9"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        cluster_mass(null_cube(), n_surrogates=9, **options)


def test_fewer_than_five_subjects_and_flat_data_are_refused():
    with pytest.raises(ValueError, match="inference needs at least 5 subjects; given 4"):
        cluster_mass(null_cube(n_subject=4))
    with pytest.raises(ValueError, match="no surrogate value is finite"):
        cluster_mass(xr.zeros_like(null_cube()), n_surrogates=9)


def test_adjacency_needs_one_feature_dim():
    cube = xr.concat([null_cube(), null_cube(seed=1)], dim="band").transpose("subject", "time", ...)
    with pytest.raises(ValueError, match="adjacency needs one feature dim"):
        cluster_mass(cube, n_surrogates=9, adjacency=np.array([[0, 1]]))


@pytest.mark.slow
@pytest.mark.parametrize("adjacency", [None, np.array([[0, 1], [1, 2], [2, 3]])])
def test_the_familywise_rate_of_clusters_holds(adjacency):
    n, hits = 150, 0
    for seed in range(n):
        cube = null_cube(n_subject=6, n_time=900, seed=1000 + seed)
        found = cluster_mass(cube, n_surrogates=99, seed=seed, adjacency=adjacency)
        hits += bool((found.p <= 0.05).any())
    low, high = binom(n, 0.05).interval(0.999)
    assert low <= hits <= high


def test_identical_subjects_are_one_cluster_and_a_single_window_can_be_tested_by_flips():
    cube = null_cube()
    cube[:] = cube[0].values
    found = cluster_mass(cube, n_surrogates=99)
    assert (found.n_window == found.sizes["window"]).all() and (found.p == 0.01).all()
    alone = cluster_mass(null_cube(n_time=150), scheme="sign_flip", n_surrogates=99)
    assert alone.sizes["window"] == 1
    with pytest.raises(ValueError, match="two windows"):
        cluster_mass(null_cube(n_time=200), n_surrogates=9)

"""Dask-backed cubes: the same bits as in memory, however they are cut, wherever they are computed."""

import dask
import numpy as np
import pytest
import xarray as xr

from isc import lazy
from isc.synchrony.connectivity import isfc
from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.statistic import windowed
from isc.synchrony.temporal import isc, temporal_isc

RATE = 20.0


def faces(n_subject=5, n_time=500, n_vertex=7, dtype="f4", seed=0):
    """Landmarks in pixels with gaps, a flat vertex and an absent stretch."""
    rng = np.random.default_rng(seed)
    values = (
        300 + 30 * np.sin(np.arange(n_time) / 90)[:, None, None] + rng.normal(size=(n_subject, n_time, n_vertex, 3))
    )
    values[1, 100:180], values[2, [7, 250, 251]], values[:, :, 3] = np.nan, np.nan, 12.5
    coords = {
        "subject": [f"sub-{k}" for k in range(n_subject)],
        "time": 2 + np.arange(n_time) / RATE,
        "vertex": 10 * np.arange(n_vertex),
        "team": ("subject", list("aabbb")[:n_subject]),
        "region": ("vertex", [f"r{k}" for k in range(n_vertex)]),
    }
    return xr.DataArray(values.astype(dtype), dims=("subject", "time", "vertex", "space"), coords=coords)


def assert_same(lazily, eagerly):
    """The same values, counts, dims, coords and attrs, and dask arrays until then."""
    assert lazy.is_lazy(lazily) and lazily["n_subject"].chunks is not None
    computed = lazily.compute()
    xr.testing.assert_identical(computed, eagerly)
    assert computed.values.tobytes() == eagerly.values.tobytes()
    assert computed.dtype == np.float32 and computed["n_subject"].dtype == np.int32


@pytest.fixture
def small_tasks(monkeypatch):
    """Tasks so small that four vertices, or the samples of a few windows, fill one."""
    monkeypatch.setattr(windowed, "TASK_BYTES", 4 * 5 * 7 * 3 * 340)


FORMS = [
    {},
    {"estimator": "leave_one_out"},
    {"estimator": "leave_one_out", "summary": None},
    {"summary": None, "space": "axes"},
    {"summary": "median", "space": "norm"},
    {"summary": "fisher_mean", "space": "displacement"},
    {"groups": "team"},
    {"lags": [-0.5, 0.0, 1.0]},
    {"lags": [0.5], "summary": None},
    {"lags": [0.5], "estimator": "leave_one_out"},
    {"detrend": "linear"},
    {"window": 3.3, "step": 4.1},
]


@pytest.mark.parametrize("options", FORMS)
@pytest.mark.parametrize("chunks", [{"time": 130, "subject": 2, "vertex": 3}, {"vertex": 1}])
def test_every_form_has_the_bits_of_the_call_in_memory(small_tasks, options, chunks):
    cube = faces()
    assert_same(temporal_isc(cube.chunk(chunks), **options), temporal_isc(cube, **options))


@pytest.mark.parametrize("options", [form for form in FORMS if "space" not in form])
def test_every_form_of_vertex_pairs_has_them_too(small_tasks, options):
    cube, pairs = faces(), vertex_pairs([(0, 1), (2, 5), (6, 4), (0, 6), (3, 1)])
    lazily = temporal_isc(cube.chunk({"time": 130}), pairs=pairs, **options)
    assert len(lazily.chunks[lazily.dims.index("window")]) > 1
    assert_same(lazily, temporal_isc(cube, pairs=pairs, **options))


@pytest.mark.parametrize("pairs", [None, vertex_pairs([(0, 1), (2, 5)])])
def test_a_whole_recording_is_put_off_too(small_tasks, pairs):
    cube = faces()
    assert_same(isc(cube.chunk({"time": 60}), pairs=pairs), isc(cube, pairs=pairs))


@pytest.mark.parametrize("dtype", ["f8", "f2", ">f4", "i2"])
def test_every_dtype_has_the_same_bits(small_tasks, dtype):
    cube = faces().fillna(0).astype(dtype)
    for pairs in (None, vertex_pairs(7)):
        assert_same(temporal_isc(cube.chunk({"time": 99}), pairs=pairs), temporal_isc(cube, pairs=pairs))


@pytest.mark.parametrize("space", ["vector", "axes"])
def test_dims_in_any_order_and_several_or_no_feature_dims(small_tasks, space):
    cube = faces()
    turned = cube.transpose("space", "vertex", "time", "subject")
    assert_same(temporal_isc(turned.chunk({"vertex": 2}), space=space), temporal_isc(cube, space=space))
    two = cube.rename(space="band")
    assert_same(temporal_isc(two.chunk({"vertex": 2})), temporal_isc(two))
    none = cube.isel(vertex=0, drop=True)
    assert_same(temporal_isc(none.chunk({"time": 50}), space=space), temporal_isc(none, space=space))
    single = none.isel(space=0, drop=True)
    assert_same(temporal_isc(single.chunk({"time": 50})), temporal_isc(single))


@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_any_number_of_threads_gives_the_same_bits(small_tasks, n_workers):
    cube = faces()
    with dask.config.set(scheduler="threads", num_workers=n_workers):
        assert_same(temporal_isc(cube.chunk({"vertex": 1})), temporal_isc(cube, n_threads=n_workers))


def test_there_are_several_tasks_and_a_piece_computes_its_own_only(small_tasks):
    bad = faces()
    bad[2, 17, 6, 1] = np.inf
    lazily = temporal_isc(bad.chunk({"vertex": 1}))
    assert lazily.chunks[1] == (4, 3)
    assert np.isfinite(lazily[:, :3].compute()).all()
    with pytest.raises(ValueError, match="subject sub-2, time 2.85, vertex 60, space 1 is inf"):
        lazily.compute()


def test_wrong_options_are_told_before_anything_is_computed():
    cube = faces().chunk({"time": 10})
    for options, message in (
        ({"window": 60}, "window is 60 s but the recording lasts 25 s"),
        ({"estimator": "loo"}, "estimator must be"),
        ({"pairs": vertex_pairs([(0, 9)])}, "pair vertex 9 is outside"),
        ({"detrend": "cubic"}, "detrend must be"),
        ({"lags": []}, "lags is empty"),
    ):
        with pytest.raises(ValueError, match=message):
            temporal_isc(cube, **options)


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_functional_connectivity_computes_a_dask_cube_at_once(estimator):
    cube = faces()
    found, expected = (isfc(x, estimator=estimator) for x in (cube.chunk({"vertex": 2, "time": 70}), cube))
    assert not lazy.is_lazy(found)
    xr.testing.assert_identical(found, expected)


@pytest.mark.slow
def test_the_workers_of_a_client_give_the_same_bits():
    distributed = pytest.importorskip("distributed")
    cube = faces(n_time=2000, n_vertex=12)
    chunked, pairs = cube.chunk({"vertex": 3}), vertex_pairs(12)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        for options in ({}, {"pairs": pairs}, {"estimator": "leave_one_out", "summary": None}):
            assert_same(temporal_isc(chunked, **options), temporal_isc(cube, **options))
        ran_on = client.run(lambda: "isc.synchrony.statistic.windowed" in __import__("sys").modules)
        assert any(ran_on.values())

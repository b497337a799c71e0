"""The same bits wherever something is computed: threads, processes, tasks of any size, workers that die."""

import os
import signal
from functools import partial

import dask
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import isc
from isc.lazy import ClusterError, active_client, computed, shared
from isc.synchrony.statistic import windowed
from isc.synchrony.surrogate import extremes
from isc.windows import sliding_windows, window_coords

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

RATE, N_SUBJECT, N_TIME, N_VERTEX = 20.0, 6, 1200, 8
PAIRS = isc.vertex_pairs(N_VERTEX)
CLUSTERS = {"1 worker": (1, 1), "1 worker of 2 threads": (1, 2), "2 workers": (2, 1)}


def faces(seed=0):
    """Landmarks in pixels with gaps; subjects not in the order of their names."""
    rng = np.random.default_rng(seed)
    values = 300 + np.cumsum(rng.normal(0, 0.2, (N_SUBJECT, N_TIME, N_VERTEX, 3)), axis=1)
    values[1, 100:160], values[2, [7, 250, 251]] = np.nan, np.nan
    coords = {"subject": [f"sub-{k}" for k in (3, 1, 2, 5, 4, 0)], "time": np.arange(N_TIME) / RATE}
    return xr.DataArray(values.astype("f4"), dims=("subject", "time", "vertex", "space"), coords=coords)


def reports(n_window=250, n_vertex=40):
    """t-ISC of a long film and the agreement that goes with it."""
    rng = np.random.default_rng(3)
    windows = sliding_windows(n_window * 50 + 100, rate=30.0, window=5.0, step=5 / 3)
    coords = window_coords(windows, onset=0.0)
    agreement = xr.DataArray(rng.normal(size=n_window), dims="window", coords=coords)
    tisc = xr.DataArray(rng.normal(size=(n_window, n_vertex)), dims=("window", "vertex"), coords=coords)
    return tisc + 0.3 * agreement, agreement


null = partial(isc.null_extremes, n_surrogates=12, seed=4)
CALLS = {
    "t-ISC": lambda cube: isc.temporal_isc(cube),
    "t-ISC, axes": lambda cube: isc.temporal_isc(cube, space="axes"),
    "t-ISC, every dyad": lambda cube: isc.temporal_isc(cube, summary=None),
    "t-ISC, leave-one-out, lags": lambda cube: isc.temporal_isc(cube, estimator="leave_one_out", lags=[0.0, 0.5]),
    "t-ISC of pairs": lambda cube: isc.temporal_isc(cube, pairs=PAIRS),
    "one window": lambda cube: isc.isc(cube, pairs=PAIRS),
    "circular shift": lambda cube: null(cube),
    "circular shift, window": lambda cube: null(cube, scope="window"),
    "circular shift, leave-one-out": lambda cube: null(cube, estimator="leave_one_out"),
    "circular shift of pairs": lambda cube: null(cube, pairs=PAIRS),
    "circular shift of pairs, detrended": lambda cube: null(cube, pairs=PAIRS, detrend="linear"),
    "sign flip": lambda cube: null(cube, scheme="sign_flip"),
    "sign flip of pairs": lambda cube: null(cube, scheme="sign_flip", pairs=PAIRS, scope="window"),
    "sign flip, median": lambda cube: null(cube, scheme="sign_flip", summary="median"),
    "random phases": lambda cube: null(cube.fillna(300), scheme="phase"),
    "blocks": lambda cube: null(cube, scheme="block"),
    "shuffled frames of pairs": lambda cube: null(cube, scheme="timepoint_shuffle", pairs=PAIRS),
    "shuffled frames, one window": lambda cube: null(cube, scheme="timepoint_shuffle", scope="window"),
    "shuffled frames, each feature": lambda cube: null(cube, scheme="timepoint_shuffle", features="independent"),
    "pseudo groups": lambda cube: null(cube, scheme="pseudo_group", others=[faces(7), faces(8)]),
    "calibration": lambda cube: isc.calibrate(cube, n_data=5, n_surrogates=19),
    "behaviour": lambda cube: isc.correlate_with_agreement(*reports()),
}


@pytest.fixture
def small_tasks(monkeypatch):
    """Everything is handed over, however small, and counted."""
    jobs, opened = [], shared.shared
    monkeypatch.setattr(shared, "TASK_SECONDS", 1e-9)
    monkeypatch.setattr(shared, "SHARING_RATE", 1e30)
    monkeypatch.setattr(windowed, "LEAST_WINDOWS", 4)
    monkeypatch.setattr(extremes, "FEWEST_PAIRS", 5)
    monkeypatch.setattr("isc.behaviour.association.BLOCK_VALUES", 1000)
    monkeypatch.setattr(shared, "shared", lambda job: jobs.append(job) or opened(job))
    return jobs


@pytest.fixture(scope="module")
def expected():
    """Results of this machine, computed when first asked for."""
    known = {}

    def compute(name):
        if name not in known:
            assert active_client() is None
            known[name] = CALLS[name](faces())
        return known[name]

    return compute


@pytest.fixture(scope="module", params=CLUSTERS, ids=list(CLUSTERS))
def client(request):
    n_workers, n_threads = CLUSTERS[request.param]
    with (
        distributed.LocalCluster(
            n_workers=n_workers, threads_per_worker=n_threads, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


def assert_same(found, expected):
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
        return
    xr.testing.assert_identical(found, expected)
    parts = expected.data_vars if isinstance(expected, xr.Dataset) else {"": expected}
    for name, part in parts.items():
        assert (found[name] if name else found).values.tobytes() == part.values.tobytes()


@pytest.mark.parametrize("name", CALLS)
def test_workers_give_the_same_bits(client, small_tasks, expected, name):
    whole = expected(name)
    with client.as_current():
        found = CALLS[name](faces())
    assert len(small_tasks) == 1, "computed where it was called"
    assert_same(found, whole)


@pytest.fixture(scope="module")
def two_workers():
    """A client of two processes, made active by each test; a task may end one worker, not two."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.mark.parametrize("n_task", [1, 5, 1000])
@pytest.mark.parametrize(
    "name", ["t-ISC", "t-ISC of pairs", "circular shift of pairs", "sign flip of pairs", "behaviour"]
)
def test_tasks_of_any_size_give_the_same_bits(two_workers, small_tasks, expected, monkeypatch, name, n_task):
    whole = expected(name)
    monkeypatch.setattr(shared, "TASKS_A_THREAD", n_task / 2)
    with two_workers.as_current():
        assert_same(CALLS[name](faces()), whole)


def test_a_killed_worker_is_replaced_and_the_bits_are_the_same(two_workers, small_tasks):
    long = xr.DataArray(
        np.random.default_rng(2).normal(size=(6, 6000, 20, 3)).astype("f4"),
        dims=("subject", "time", "vertex", "space"),
        coords={"time": np.arange(6000) / RATE},
    )
    compute = partial(isc.null_extremes, long, n_surrogates=150, pairs=isc.vertex_pairs(20), seed=1)
    whole = compute()
    with two_workers.as_current():
        before = two_workers.run(os.getpid)
        done, lost = [], []

        def kill_one(n_done, n_all):
            if not done:
                address, keys = max(two_workers.processing().items(), key=lambda item: len(item[1]))
                lost.extend([before[address], *keys])
                os.kill(before[address], signal.SIGKILL)
            done.append(n_done)

        found = compute(progress=kill_one)
        two_workers.wait_for_workers(2, timeout=60)
        after = set(two_workers.run(os.getpid).values())
    assert_same(found, whole)
    assert len(lost) > 1, "nothing was lost"
    assert len(after) == 2 and lost[0] not in after
    assert done[0] < done[-1] == 150 and done == sorted(done)


def test_a_null_is_kept_and_resumed_in_blocks(two_workers, small_tasks, expected, monkeypatch):
    monkeypatch.setattr("isc.synchrony.nulls.CHECKPOINT_SURROGATES", 5)
    kept = []
    with two_workers.as_current():
        whole = null(faces(), checkpoint=kept.append)
        resumed = null(faces(), resume_from=whole[:5])
        nothing_left = null(faces(), resume_from=kept[-1])
    for part in kept:
        assert part.values.tobytes() == whole[: part.sizes["surrogate"]].values.tobytes()
    assert whole.values.tobytes() == resumed.values.tobytes() == nothing_left.values.tobytes()
    assert whole.values.tobytes() == expected("circular shift").values.tobytes()
    assert len(small_tasks) == 2


def look(job, task):
    """Where a task ran, how its data came, and whether it would hand work on."""
    owner = job
    while owner is not None and not isinstance(owner, np.memmap):
        owner = owner.base
    return os.getpid(), owner is not None, active_client() is None, float(job[task])


def test_tasks_map_the_data_and_hand_nothing_on(two_workers, tmp_path):
    with two_workers.as_current(), dask.config.set({"temporary-directory": str(tmp_path)}):
        answers = dict(computed(look, np.arange(300_000.0), range(20)))
        assert [answers[k][3] for k in range(20)] == list(range(20))
        assert os.getpid() not in {pid for pid, *_ in answers.values()}
        assert all(mapped and stays for _, mapped, stays, _ in answers.values())
    assert not list(tmp_path.iterdir())


def test_a_cube_is_written_once_for_all_nulls(two_workers, small_tasks, tmp_path, monkeypatch):
    from isc.lazy import mapped

    monkeypatch.setattr(mapped, "MAPPED_BYTES", 2**18)
    cube = faces().sortby("subject").fillna(300)
    whole = isc.test_synchrony(cube, pairs=PAIRS, n_surrogates=39)
    names = []
    written = mapped._Writer._write
    monkeypatch.setattr(
        mapped._Writer, "_write", lambda writer, array: names.append(found := written(writer, array)) or found
    )
    with two_workers.as_current(), dask.config.set({"temporary-directory": str(tmp_path)}):
        found = isc.test_synchrony(cube, pairs=PAIRS, n_surrogates=39)
    xr.testing.assert_identical(found, whole)
    assert len(small_tasks) >= 3 and len({mapped.path for mapped in names}) == 1
    assert not list(tmp_path.iterdir())


def test_the_option_of_dask_keeps_work_here(two_workers, small_tasks):
    with two_workers.as_current():
        assert active_client() is two_workers
        with dask.config.set(scheduler="threads"):
            assert active_client() is None
            isc.temporal_isc(faces())
    assert not small_tasks


def refuse(job, task):
    """A task with a fault."""
    raise KeyError(task)


def test_a_fault_of_a_task_is_raised_and_nothing_is_left(two_workers, tmp_path):
    with two_workers.as_current(), dask.config.set({"temporary-directory": str(tmp_path)}), pytest.raises(KeyError):
        list(computed(refuse, None, [1, 2]))
    assert not list(tmp_path.iterdir())


def die(job, task):
    """A task that ends its worker."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_task_that_ends_every_worker_is_told(two_workers):
    with two_workers.as_current(), pytest.raises(ClusterError, match="a task ended one worker after the other"):
        list(computed(die, None, [1]))


def test_a_memory_limit_that_is_too_small_is_told_before_anything_runs(small_tasks):
    with (
        distributed.LocalCluster(
            n_workers=1, memory_limit="500MiB", processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        pytest.raises(ClusterError, match=r"needs a memory limit of \d+ MiB for 1 MiB of data .* it has 500 MiB: give"),
    ):
        null(faces())
    assert not small_tasks


def test_a_cluster_on_this_machine_by_its_number_of_workers(small_tasks, expected, tmp_path):
    from isc.lazy import connected

    whole = expected("circular shift")
    with connected("local:2", scratch=tmp_path):
        assert len(active_client().scheduler_info()["workers"]) == 2
        assert_same(null(faces()), whole)
        assert small_tasks
    assert active_client() is None
    with (
        pytest.raises(ClusterError, match="'local:two' is no number of workers; write local:4"),
        connected("local:two"),
    ):
        pass

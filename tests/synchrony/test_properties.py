"""What must not change a result, and between which bounds it lies, for data that hypothesis draws."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from isc.synchrony.temporal import temporal_isc

RATE = 20.0
WINDOW, STEP = 2.0, 0.7
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(2, 9)
kinds = st.sampled_from(["white", "walk", "pixels", "blinks"])


def series(kind, shape, seed):
    """Values (subject, time, ...) of one kind, a third of it shared."""
    rng = np.random.default_rng(seed)
    own, shared = rng.normal(size=shape), rng.normal(size=(1, *shape[1:]))
    values = own + 0.5 * shared
    if kind == "walk":
        return np.cumsum(values, axis=1)
    if kind == "pixels":
        return 300 + 30 * np.sin(np.arange(shape[1]).reshape(-1, *[1] * (len(shape) - 2)) / 90) + values
    return np.where(values > 1.5, values, 0.01 * own) if kind == "blinks" else values


def cube(values):
    dims = ("subject", "time", "vertex", "space")[: values.ndim]
    return xr.DataArray(values, dims=dims, coords={"time": np.arange(values.shape[1]) / RATE})


def tisc(values, **options):
    return temporal_isc(cube(values), window=WINDOW, step=STEP, **options)


@settings(max_examples=30)
@given(kind=kinds, n=sizes, seed=seeds, data=st.data(), estimator=st.sampled_from(["pairwise", "leave_one_out"]))
def test_the_order_of_subjects_does_not_matter(kind, n, seed, data, estimator):
    values = series(kind, (n, 120, 2), seed)
    order = data.draw(st.permutations(range(n)))
    assert np.abs(tisc(values, estimator=estimator) - tisc(values[order], estimator=estimator)).max() <= 1e-6


@settings(max_examples=30)
@given(kind=kinds, n=sizes, seed=seeds, data=st.data())
def test_gain_and_level_of_every_subject_do_not_matter(kind, n, seed, data):
    values = series(kind, (n, 120, 2), seed)
    each = {"min_size": n, "max_size": n}
    gain = np.array(data.draw(st.lists(st.floats(0.01, 100), **each)))
    level = np.array(data.draw(st.lists(st.floats(-1000, 1000), **each)))
    changed = values * gain[:, None, None] + level[:, None, None]
    assert np.abs(tisc(values) - tisc(changed)).max() <= 1e-5


@settings(max_examples=20)
@given(kind=kinds, n=sizes, seed=seeds, level=st.floats(-1000, 1000), gain=st.floats(0.01, 100))
def test_the_mean_of_the_others_ignores_levels_and_a_common_gain(kind, n, seed, level, gain):
    values = series(kind, (n, 120, 2), seed)
    changed = gain * values + level * np.arange(n)[:, None, None]
    first, second = (tisc(x, estimator="leave_one_out") for x in (values, changed))
    assert np.abs(first - second).max() <= 1e-5


@settings(max_examples=30)
@given(kind=kinds, n=sizes, seed=seeds, gaps=st.floats(0, 0.5))
def test_values_lie_within_their_bounds(kind, n, seed, gaps):
    values = series(kind, (n, 120, 3), seed)
    values[np.random.default_rng(seed).random((n, 120)) < gaps * np.arange(n)[:, None] / n] = np.nan
    whole = np.isfinite(values).all()
    mean = tisc(values)
    counts = mean["n_subject"].values
    assert (counts <= n).all() and (np.isnan(mean.values) == (counts < 2)).all()
    lower = -1 / (np.maximum(counts, 2) - 1) - 1e-6 if whole else -1
    some = np.isfinite(mean.values)
    assert (mean.values >= lower)[some].all() and (mean.values <= 1)[some].all()
    for options in ({"summary": None}, {"summary": None, "estimator": "leave_one_out"}, {"summary": "fisher_mean"}):
        each = tisc(values, **options).values
        assert np.nanmax(np.abs(each), initial=0) <= 1


@settings(max_examples=25)
@given(kind=kinds, n=sizes, seed=seeds, turn=st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_one_rotation_of_everybody_changes_no_vertex(estimator, kind, n, seed, turn):
    points = series(kind, (n, 120, 2, 3), seed)
    turned = points @ Rotation.from_rotvec(turn).as_matrix().T
    assert np.abs(tisc(points, estimator=estimator) - tisc(turned, estimator=estimator)).max() <= 1e-6


@settings(max_examples=25)
@given(kind=kinds, n=sizes, seed=seeds, data=st.data(), threads=st.integers(1, 4))
def test_chunks_and_threads_do_not_matter_bit_for_bit(kind, n, seed, data, threads):
    x = cube(series(kind, (n, 120, 9), seed).astype(np.float32))
    chunks = {dim: data.draw(st.integers(1, x.sizes[dim]), label=dim) for dim in x.dims}
    options = {"window": WINDOW, "step": STEP}
    whole = temporal_isc(x, n_threads=1, **options)
    assert temporal_isc(x, n_threads=threads, **options).values.tobytes() == whole.values.tobytes()
    assert temporal_isc(x.chunk(chunks), **options).values.tobytes() == whole.values.tobytes()


@settings(max_examples=20)
@given(n=sizes, seed=seeds, first=st.integers(0, 60), kind=kinds)
def test_a_window_depends_on_its_own_samples_only(n, seed, first, kind):
    values = series(kind, (n, 160, 2), seed)
    changed = values.copy()
    changed[:, :first] = 7 * changed[:, :first] + 1000
    mine = [k for k, s in enumerate(tisc(values)["start_sample"].values) if s >= first]
    assert np.abs(tisc(values)[mine] - tisc(changed)[mine]).max() <= 1e-5

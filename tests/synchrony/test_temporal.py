"""t-ISC: closed forms first, then properties, then errors."""

import tracemalloc

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.temporal import temporal_isc, thread_count

RATE = 20.0


def cube(values, dims=("subject", "time", "vertex")):
    values = np.asarray(values)
    ids = [f"sub-{k:02d}" for k in range(values.shape[0])]
    return xr.DataArray(values, dims=dims, coords={"subject": ids, "time": np.arange(values.shape[1]) / RATE})


def noise(n_subject=5, n_time=400, n_vertex=3, seed=0, space=None):
    shape = (n_subject, n_time, n_vertex) + (() if space is None else (space,))
    return np.random.default_rng(seed).normal(size=shape)


def landmarks(seed=0, **kwargs):
    return cube(noise(seed=seed, space=3, **kwargs), ("subject", "time", "vertex", "space"))


def explicit(values, starts, length):
    """Mean of numpy.corrcoef over dyads, (window, vertex)."""
    upper = np.triu_indices(values.shape[0], 1)
    return np.array(
        [[np.corrcoef(values[:, s : s + length, v])[upper].mean() for v in range(values.shape[2])] for s in starts]
    )


def test_it_is_the_mean_of_pearson_r_over_dyads_in_every_window():
    values = noise()
    tisc = temporal_isc(cube(values))
    assert tisc.dims == ("window", "vertex")
    assert np.abs(tisc - explicit(values, tisc["start_sample"].values, 100)).max() < 1e-6


def test_identical_series_give_one_and_opposed_series_minus_one():
    wave = noise(1)
    assert temporal_isc(cube(np.repeat(wave, 4, axis=0))).values == pytest.approx(1, abs=1e-6)
    assert temporal_isc(cube(np.concatenate([wave, -wave]))).values == pytest.approx(-1, abs=1e-6)


def test_three_cosines_at_120_degrees_reach_the_lower_bound():
    phase = 2 * np.pi * np.arange(3)[:, None] / 3
    wave = np.cos(2 * np.pi * np.arange(400) / 20 + phase)[..., None]
    assert temporal_isc(cube(wave)).values == pytest.approx(-0.5, abs=1e-6)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_planted_synchrony_is_recovered_pairwise_and_leave_one_out(share):
    rng = np.random.default_rng(3)
    n = 6
    shared, own = rng.normal(size=(1, 20_000, 1)), rng.normal(size=(n, 20_000, 1))
    rho = share**2 / (share**2 + (1 - share) ** 2)
    planted = cube(share * shared + (1 - share) * own)
    pairwise = temporal_isc(planted, window=1000, step=1000)
    others = temporal_isc(planted, window=1000, step=1000, estimator="leave_one_out")
    assert pairwise.values == pytest.approx(rho, abs=0.02)
    assert others.values == pytest.approx(rho * np.sqrt(n - 1) / np.sqrt(1 + (n - 2) * rho), abs=0.02)


def test_a_vertex_is_a_point_one_rotation_of_everybody_changes_nothing():
    faces = landmarks(seed=1)
    turned = faces.copy(data=faces.values @ Rotation.from_rotvec([0.3, -0.8, 1.1]).as_matrix().T)
    assert np.abs(temporal_isc(faces) - temporal_isc(turned)).max() < 1e-6
    by_axis = np.abs(temporal_isc(faces, space="axes") - temporal_isc(turned, space="axes")).max()
    assert by_axis > 0.01


def test_axes_norm_and_displacement_are_what_they_say():
    faces = landmarks(seed=2)
    x = faces.isel(space=0)
    assert np.allclose(temporal_isc(faces, space="axes").isel(space=0), temporal_isc(x), atol=1e-6)
    length = np.sqrt((faces.isel(space=slice(0, 2)) ** 2).sum("space"))
    assert np.allclose(temporal_isc(faces, space="norm"), temporal_isc(length), atol=1e-5)
    away = np.sqrt(((faces - faces.mean("time")) ** 2).sum("space"))
    assert np.allclose(temporal_isc(faces, space="displacement"), temporal_isc(away), atol=1e-5)


def test_vertex_pairs_are_the_distances_between_vertices():
    faces = landmarks(seed=4, n_vertex=6)
    pairs = vertex_pairs(6)
    gap = faces.isel(vertex=pairs.vertex_a).values - faces.isel(vertex=pairs.vertex_b).values
    stored = temporal_isc(cube(np.linalg.norm(gap, axis=-1)))
    streamed = temporal_isc(faces, pairs=pairs)
    assert streamed.dims == ("window", "pair")
    assert streamed["vertex_a"].values.tolist() == pairs.vertex_a.tolist()
    assert np.abs(streamed.values - stored.values).max() < 1e-5


@pytest.mark.parametrize("summary", ["mean", "median", "fisher_mean"])
def test_summaries_are_those_of_the_dyads(summary):
    values = cube(noise(seed=5))
    dyads = temporal_isc(values, summary=None).values.astype(float)
    expected = {
        "mean": dyads.mean(0),
        "median": np.median(dyads, axis=0),
        "fisher_mean": np.tanh(np.arctanh(dyads).mean(0)),
    }[summary]
    assert np.abs(temporal_isc(values, summary=summary) - expected).max() < 1e-5


def test_dyads_and_subjects_are_named():
    values = cube(noise())
    dyads = temporal_isc(values, summary=None)
    assert dyads.dims == ("dyad", "window", "vertex")
    assert (dyads["subject_a"].values[4], dyads["subject_b"].values[4]) == ("sub-01", "sub-02")
    one = np.corrcoef(values.values[1, :100, 0], values.values[2, :100, 0])[0, 1]
    assert float(dyads[4, 0, 0]) == pytest.approx(one, abs=1e-6)
    others = temporal_isc(values, summary=None, estimator="leave_one_out")
    assert others["subject"].values.tolist() == values["subject"].values.tolist()


def test_a_lost_face_leaves_its_windows_out_and_the_count_says_so():
    values = noise()
    values[1, 150:210] = np.nan
    tisc = temporal_isc(cube(values))
    starts = tisc["start_sample"].values
    lost = np.array([np.isnan(values[1, s : s + 100, 0]).mean() > 0.2 for s in starts])
    assert tisc["n_subject"].values[lost].tolist() == [[4] * 3] * lost.sum()
    without = explicit(np.delete(values, 1, axis=0), starts, 100)
    assert np.abs(tisc - without)[lost].max() < 1e-6
    assert lost.any() and not lost.all()


def test_a_few_missing_samples_are_read_pairwise_complete():
    values = noise(n_time=100, n_vertex=1)
    values[2, 10:25] = np.nan
    dyads = temporal_isc(cube(values), summary=None)
    kept = np.isfinite(values[2, :, 0])
    expected = np.corrcoef(values[0, kept, 0], values[2, kept, 0])[0, 1]
    assert float(dyads[1, 0, 0]) == pytest.approx(expected, abs=1e-5)
    assert dyads["n_subject"].values.ravel().tolist() == [5]


@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_a_missing_subject_equals_the_study_without_it(estimator):
    values = noise()
    values[3] = np.nan
    with_gap = temporal_isc(cube(values), estimator=estimator)
    without = temporal_isc(cube(np.delete(values, 3, axis=0)), estimator=estimator)
    assert np.abs(with_gap - without).max() < 1e-6


def test_a_flat_vertex_is_missing_and_the_others_are_unchanged():
    values = noise()
    flat = values.copy()
    flat[:, :, 1] = 300.0
    tisc = temporal_isc(cube(flat))
    assert np.isnan(tisc[:, 1]).all()
    assert np.allclose(tisc[:, [0, 2]], temporal_isc(cube(values))[:, [0, 2]], atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), order=st.permutations(range(5)), gain=st.floats(0.1, 50), shift=st.floats(-500, 500))
def test_order_gain_and_offset_of_subjects_do_not_matter(seed, order, gain, shift):
    values = noise(seed=seed, n_time=150)
    whole = temporal_isc(cube(values))
    assert np.abs(whole - temporal_isc(cube(values[list(order)]))).max() < 1e-5
    other = values.copy()
    other[2] = gain * other[2] + shift
    assert np.abs(whole - temporal_isc(cube(other))).max() < 1e-4
    assert (whole >= -1 / 4 - 1e-6).all() and (whole <= 1 + 1e-6).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.copy(data=np.asfortranarray(x.values)),
        lambda x: x.copy(data=x.values.astype(">f8")),
        lambda x: x.transpose("vertex", "time", "subject"),
        lambda x: x.chunk(time=90, vertex=1),
        lambda x: x.isel(subject=slice(None, None, -1)).isel(subject=slice(None, None, -1)),
    ],
)
def test_layout_byte_order_and_chunks_do_not_matter(change):
    values = cube(noise())
    assert (temporal_isc(change(values)) == temporal_isc(values)).all()


def test_the_number_of_threads_does_not_matter():
    values = cube(noise(n_vertex=20))
    assert (temporal_isc(values, n_threads=1) == temporal_isc(values, n_threads=3)).all()


def test_an_offset_of_1e8_costs_no_precision():
    values = noise()
    assert np.abs(temporal_isc(cube(values)) - temporal_isc(cube(values + 1e8))).max() < 1e-6
    counts = (values * 1000).astype(np.int32)
    assert np.abs(temporal_isc(cube(counts + 10**8)) - temporal_isc(cube(counts))).max() < 1e-6


def test_coordinates_and_attributes_tell_what_was_done():
    tisc = temporal_isc(cube(noise()).assign_coords(time=3 + np.arange(400) / RATE))
    assert tisc["time"].values[0] == pytest.approx(5.5)
    assert tisc.attrs["window_samples"] == 100
    assert {"window_s", "step_s", "rate_hz", "estimator", "summary"} <= set(tisc.attrs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "loo"}, "estimator must be pairwise or leave_one_out; given 'loo'"),
        ({"summary": "max"}, "summary must be mean, median, fisher_mean or None"),
        ({"space": "xyz"}, "space must be one of vector, axes, norm, displacement; given 'xyz'"),
        ({"min_valid": 0}, "min_valid is a share"),
        ({"window": 30}, "window is 30 s but the recording lasts 20 s"),
        ({"n_threads": 0}, "n_threads must be at least 1"),
        ({"pairs": vertex_pairs([(0, 1)])}, "need a cube of landmarks"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        temporal_isc(cube(noise()), **options)


def test_pairs_outside_the_cube_are_refused():
    with pytest.raises(ValueError, match="pair vertex 9 is outside the cube's 3 vertices"):
        temporal_isc(landmarks(), pairs=vertex_pairs([(0, 9)]))


def test_threads_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("ISC_THREADS", "3")
    assert thread_count(None) == 3
    monkeypatch.setenv("ISC_THREADS", "many")
    with pytest.raises(ValueError, match="ISC_THREADS must be a whole number"):
        thread_count(None)


def test_vertex_pairs_take_little_memory_beside_their_result():
    values = np.random.default_rng(0).normal(size=(3, 6000, 60, 3)).astype(np.float32)
    cube = xr.DataArray(values, dims=("subject", "time", "vertex", "space"), coords={"time": np.arange(6000) / 30})
    pairs = vertex_pairs(60)
    temporal_isc(cube[:, :60], pairs=pairs, window=1.0, n_threads=1)
    tracemalloc.start()
    result = temporal_isc(cube, pairs=pairs, window=1.0, step=0.5, n_threads=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - result.nbytes - result["n_subject"].nbytes < 0.75 * result.nbytes  # no copy of either at any time

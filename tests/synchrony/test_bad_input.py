"""What people will hand in: faults 23 to 37 of the fault campaign at the level of the library."""

import warnings

import numpy as np
import pytest
import xarray as xr

from isc.synchrony.connectivity import isfc
from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.temporal import isc, temporal_isc

RATE = 20.0
ESTIMATORS = ["pairwise", "leave_one_out"]


def noise(n_subject=5, n_time=400, n_vertex=3, seed=0, n_axis=None):
    shape = (n_subject, n_time, n_vertex) + (() if n_axis is None else (n_axis,))
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) + rng.normal(size=shape[1:])


def cube(values, rate=RATE):
    values = np.asarray(values)
    ids = [f"sub-{k:02d}" for k in range(values.shape[0])]
    dims = ("subject", "time", "vertex", "space")[: values.ndim]
    return xr.DataArray(values, dims=dims, coords={"subject": ids, "time": np.arange(values.shape[1]) / rate})


def refuses(data, message, **options):
    for call in (temporal_isc, isc, isfc):
        given = {key: value for key, value in options.items() if call is temporal_isc}
        if options and not given:
            continue
        with pytest.raises((ValueError, TypeError), match=message):
            call(data, **given)


# 24, 28: faces that were not found


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_subject_without_values_is_named_and_the_rest_is_the_study_without_it(estimator):
    values = noise()
    values[3] = np.nan
    with pytest.warns(UserWarning, match="no finite value of subject sub-03: left out everywhere"):
        found = temporal_isc(cube(values), estimator=estimator)
    without = temporal_isc(cube(np.delete(values, 3, axis=0)), estimator=estimator)
    assert found.values.tobytes() == without.values.tobytes()
    assert (found["n_subject"] == 4).all()


def test_nobody_with_values_is_all_nan_and_never_zero():
    with pytest.warns(UserWarning, match="sub-00, sub-01, sub-02"):
        found = temporal_isc(cube(np.full((3, 400, 2), np.nan)))
    assert np.isnan(found).all() and (found["n_subject"] == 0).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_with_gaps_the_level_of_a_subject_does_not_matter(estimator):
    values = noise(n_time=600)
    values[np.random.default_rng(1).random(values.shape[:2]) < 0.08] = np.nan
    levels = np.array([0, 300, -40, 1000, 7])[:, None, None]
    found, lifted = (temporal_isc(cube(x), estimator=estimator) for x in (values, values + levels))
    assert (found["n_subject"] == 5).all()
    assert np.abs(found - lifted).max() <= 1e-5


# 25, 27: a face lost for three seconds, a frozen face


def test_a_face_lost_for_three_seconds_is_missing_where_less_than_four_fifths_remain():
    values = noise(n_time=600)
    values[1, 200:260] = np.nan
    found = temporal_isc(cube(values), step=1)
    share = np.array([np.isfinite(values[1, s : s + 100, 0]).mean() for s in found["start_sample"].values])
    assert found["n_subject"].values[:, 0].tolist() == np.where(share < 0.8, 4, 5).tolist()
    assert set(share < 0.8) == {True, False}


@pytest.mark.parametrize("level", [0.0, 0.1, 300.7])
def test_a_frozen_face_is_left_out_and_gives_neither_0_nor_1(level):
    values = noise()
    values[2, 100:300] = level
    found = temporal_isc(cube(values.astype(np.float32)), window=5, step=5)
    without = temporal_isc(cube(np.delete(values, 2, axis=0).astype(np.float32)), window=5, step=5)
    assert found["n_subject"].values[1:3].tolist() == [[4] * 3] * 2
    assert np.abs(found - without).values[1:3].max() < 1e-6
    dyads = temporal_isc(cube(values), window=5, step=5, summary=None)
    frozen = (dyads["subject_a"] == "sub-02") | (dyads["subject_b"] == "sub-02")
    assert np.isnan(dyads.values[frozen.values][:, 1:3]).all()


# 29, 30: a pinned vertex, infinities


def test_a_pinned_vertex_is_nan_and_the_others_are_unchanged_bit_for_bit():
    values = noise()
    pinned = values.copy()
    pinned[:, :, 1] = 300.0
    found, clean = temporal_isc(cube(pinned)), temporal_isc(cube(values))
    assert np.isnan(found[:, 1]).all()
    assert found[:, [0, 2]].values.tobytes() == clean[:, [0, 2]].values.tobytes()
    assert np.isfinite(np.nanmax(found))


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_an_unusable_value_is_named_by_subject_time_and_vertex(value, dtype):
    values = noise().astype(dtype)
    values[1, 8, 2] = value
    refuses(cube(values), "the value at subject sub-01, time 0.4, vertex 2 is")
    refuses(cube(values).transpose("time", "vertex", "subject"), "time 0.4, vertex 2, subject sub-01")


# 31: numbers of any kind, on any level


@pytest.mark.parametrize("dtype", ["i1", "u2", "i4", "i8", "f2"])
def test_integers_and_half_floats_are_read_as_the_numbers_they_are(dtype):
    values = np.clip(40 + 10 * noise(), 0, 120).astype(dtype)
    assert temporal_isc(cube(values)).values.tobytes() == temporal_isc(cube(values.astype("f4"))).values.tobytes()


@pytest.mark.parametrize(("dtype", "grain"), [("f8", None), ("i4", 1), ("i8", 1), ("f4", 8)])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_level_of_1e8_gives_r_of_the_centred_series_to_1e_6(dtype, grain, estimator):
    values = 4000 * noise()
    values = values if grain is None else grain * np.round(values / grain)
    lifted = temporal_isc(cube((values + 1e8).astype(dtype)), estimator=estimator)
    assert np.abs(lifted - temporal_isc(cube(values), estimator=estimator)).max() <= 1e-6


@pytest.mark.parametrize(("dtype", "tolerance"), [("f8", 1e-6), ("i8", 1e-6)])
def test_distances_keep_their_precision_on_a_level_of_1e8(dtype, tolerance):
    points = np.round(4000 * noise(n_axis=3))
    lifted = temporal_isc(cube((points + 1e8).astype(dtype)), pairs=vertex_pairs(3))
    assert np.abs(lifted - temporal_isc(cube(points), pairs=vertex_pairs(3))).max() <= tolerance


def test_an_outlier_in_the_first_frame_costs_the_other_windows_nothing():
    values = noise()
    bad = values.copy()
    bad[:, 0] = 1e8
    found, clean = (temporal_isc(cube(x))[1:] for x in (bad, values))
    assert np.abs(found - clean).max() <= 1e-6


# 33: everybody identical. The result is float32, summed in float32: 1 to 2e-6, not to the 1e-12 of float64.


@pytest.mark.parametrize("n_subject", [2, 5, 21, 100])
def test_identical_subjects_correlate_1_as_far_as_float32_goes(n_subject):
    values = np.repeat(noise(1), n_subject, axis=0)
    for options in ({}, {"summary": None}, {"estimator": "leave_one_out"}):
        assert np.abs(temporal_isc(cube(values), **options) - 1).max() <= 2e-6


# 34: few subjects


def test_one_subject_is_refused():
    refuses(cube(noise(1)), "2 subjects are needed, 1 given")


def test_of_two_subjects_leave_one_out_is_pairwise():
    data = cube(noise(2))
    others = temporal_isc(data, estimator="leave_one_out")
    assert np.abs(temporal_isc(data) - others).max() <= 1e-6


def test_the_same_name_twice_is_refused():
    twice = cube(noise()).assign_coords(subject=["a", "b", "c", "b", "d"])
    refuses(twice, "subject 'b' occurs 2 times")


# 22, 35: windows


def test_a_window_longer_than_the_recording_is_refused():
    refuses(cube(noise()), "window is 60 s but the recording lasts 20 s; choose a shorter window", window=60)


@pytest.mark.parametrize("step", [0, -1, np.nan])
def test_a_step_below_one_sample_is_refused(step):
    refuses(cube(noise()), "step is .* s, which is less than one sample at 20 Hz", step=step)


def test_a_step_above_the_window_is_allowed_and_told_by_the_coordinates():
    data = cube(noise())
    found = temporal_isc(data, window=2, step=6)
    assert found["start"].values.tolist() == [0, 6, 12, 18] and found["stop"].values.tolist() == [2, 8, 14, 20]
    dense = temporal_isc(data, window=2, step=2).isel(window=[0, 3, 6, 9])
    assert np.abs(found.values - dense.values).max() <= 1e-6
    assert found.attrs["step_s"] == 6


def test_one_window_is_the_whole_recording():
    data = cube(noise())
    assert temporal_isc(data, window=20).sizes["window"] == 1
    assert np.abs(temporal_isc(data, window=20).isel(window=0) - isc(data)).max() <= 1e-6


def test_windows_of_two_samples_are_computed_and_warned_of():
    values = noise()
    with pytest.warns(UserWarning, match="a window has 2 samples: r of fewer than 30 is very uncertain"):
        found = temporal_isc(cube(values), window=0.1, step=0.1, summary=None)
    assert np.abs(np.abs(found) - 1).max() <= 1e-6
    up = np.sign(values[:, 1] - values[:, 0])
    assert (np.sign(found[0, 0].values) == up[0] * up[1]).all()


def test_windows_of_thirty_samples_are_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        temporal_isc(cube(noise()), window=1.5)


@pytest.mark.parametrize("rate", [25.0, 29.97, 59.94])
def test_any_frame_rate_has_windows_at_the_nearest_sample(rate):
    values = noise(n_time=int(rate * 20))
    found = temporal_isc(cube(values, rate))
    starts = found["start_sample"].values
    assert starts.tolist() == [round(k * 5 / 3 * rate) for k in range(starts.size)]
    length, upper = round(5 * rate), np.triu_indices(5, 1)
    for k, start in enumerate(starts):
        r = [np.corrcoef(values[:, start : start + length, v])[upper].mean() for v in range(3)]
        assert np.abs(found.values[k] - r).max() <= 1e-6


def test_uneven_time_is_refused():
    refuses(cube(noise()).isel(time=[*range(100), *range(120, 400)]), "time is uneven .* use isc.resample first")


# 36, 37: arrays as they come


@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda x: x.astype(">f4"),
        lambda x: np.repeat(x, 2, axis=2)[:, :, ::2],
        lambda x: x[:, ::-1].copy()[:, ::-1],
        lambda x: np.stack([x, x], axis=-1)[..., 0],
    ],
)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_order_in_memory_and_byte_order_do_not_matter_bit_for_bit(change, estimator):
    values = noise().astype("f4")
    plain = temporal_isc(cube(values), estimator=estimator)
    data = cube(values).copy(data=change(values))
    assert temporal_isc(data, estimator=estimator).values.tobytes() == plain.values.tobytes()


@pytest.mark.parametrize("space", ["vector", "axes", "norm", "displacement"])
def test_a_read_only_cube_is_read_and_left_as_it_was(space):
    values = noise(n_axis=3).astype("f4")
    values[1, 40:50] = np.nan
    values[2, 60, 1, 2] = np.nan
    before = values.tobytes()
    values.flags.writeable = False
    temporal_isc(cube(values), space=space)
    temporal_isc(cube(values), pairs=vertex_pairs(3))
    assert values.tobytes() == before


def test_dims_are_named_or_refused_and_never_guessed():
    values = noise()
    refuses(values, "a cube is an xarray.DataArray")
    refuses(xr.DataArray(values), "dim 'subject' is missing; dim 'time' is missing")
    turned = cube(values).transpose("time", "subject", "vertex")
    assert temporal_isc(turned).values.tobytes() == temporal_isc(cube(values)).values.tobytes()


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("frame", [10, 160, 199])
def test_a_bad_value_of_a_cube_read_where_it_lies_is_named_wherever_it_is(value, frame):
    values = np.random.default_rng(0).normal(size=(5, 200, 20)).astype(np.float32)
    values[3, frame, 17] = value
    read = xr.DataArray(values, dims=("subject", "time", "vertex"), coords={"time": np.arange(200) / 20})
    for window, step in ((2.0, 1.0), (2.0, 7.0)):
        with pytest.raises(ValueError, match=rf"subject 3, time {frame / 20}, vertex 17"):
            temporal_isc(read, window=window, step=step)

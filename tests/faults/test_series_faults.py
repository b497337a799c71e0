"""Faults of series, 20, 21 and 28 to 37: lengths, offsets, missing, pinned, infinite and identical series, layouts."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import isc
from isc.io.derivatives import read_array
from isc.stages.run import RunRequest, run
from tests.faults.films import encode, raw_study

RATE = 20.0


def noise(n_subject=5, n_time=400, n_vertex=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_subject, n_time, n_vertex)) + rng.normal(size=(n_time, n_vertex))


def cube(values):
    coords = {"subject": [f"sub-{k:02d}" for k in range(len(values))], "time": np.arange(values.shape[1]) / RATE}
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords=coords)


def clipped(extracted, label, seconds):
    """The aligned landmarks of a participant up to a time."""
    store = next(extracted.out_dir.glob(f"sub-{label}/beh/*_desc-aligned_landmarks.zarr"))
    landmarks = read_array(store).sel(time=slice(0, seconds))
    return landmarks.drop_vars([name for name in landmarks.coords if name not in landmarks.dims])


def test_020_recordings_of_different_length_are_refused_or_trimmed_with_a_record(analysed):
    parts = {"sub-01": clipped(analysed, "01", 24), "sub-02": clipped(analysed, "02", 15)}
    with pytest.raises(ValueError, match=r'cover different spans \(sub-02: .*choose extent="common" to trim'):
        isc.stack_subjects(parts)
    trimmed = isc.stack_subjects(parts, extent="common")
    assert float(trimmed["time"][-1]) == pytest.approx(15, abs=0.2)
    assert trimmed["trimmed"].values == pytest.approx([9, 0], abs=0.3)


def test_020_the_command_line_refuses_them_and_trims_when_the_settings_say_so(copied, capfd):
    request = replace(copied(derivatives=True), stages=("tisc",))
    store = next(request.out_dir.glob("sub-02/beh/*_desc-aligned_landmarks.zarr"))
    shutil.rmtree(request.out_dir / "group")
    assert float(read_array(store)["time"][0]) < 0.5  # what follows is not about a late start
    late = request.bids_dir / "sub-02" / "sub-02_scans.tsv"
    rows = [line.split("\t") for line in late.read_text().splitlines()]
    column = rows[0].index("stimulus_onset")
    video = next(row for row in rows if "_video" in row[0])
    video[column] = str(float(video[column]) + 5)  # so that its end comes 5 s earlier
    late.write_text("".join("\t".join(row) + "\n" for row in rows))
    request.settings.write_text("[cube]\nextent = 'equal'\n")
    assert run(replace(request, stages=(), levels=("participant",))) == 0
    capfd.readouterr()
    assert run(request) == 2
    assert "isc: recordings cover different spans (sub-02: " in capfd.readouterr().err


@pytest.mark.parametrize("told", [True, False], ids=["with the column", "without it"])
def test_021_a_late_film_is_put_in_place_by_its_onset_and_warned_of_without(pictures, tmp_path, capfd, told):
    before = np.repeat(pictures[:1], 20, axis=0)
    films = [lambda path: encode(path, pictures), lambda path: encode(path, np.concatenate([before, pictures]))]
    study = raw_study(tmp_path / "study", films, [0.0, 2.0] if told else None)
    request = RunRequest(study, tmp_path / "isc", levels=("participant",), skip_bids_validation=True)
    assert run(request) == 0
    warning = "warning: scans.tsv has no stimulus_onset; the video is taken to start with the film"
    assert capfd.readouterr().err.count(warning) == (0 if told else 2)
    one, two = (clipped(request, label, 99).sel(vertex=13, space="y") for label in ("01", "02"))
    lags = np.arange(-25, 26) / 10
    r = [
        np.corrcoef(one, two.interp(time=one["time"] + lag, kwargs={"fill_value": float(two[0])}))[0, 1] for lag in lags
    ]
    assert lags[int(np.nanargmax(r))] == pytest.approx(0.0 if told else 2.0, abs=0.11)


def test_028_a_subject_without_values_is_named_and_the_rest_is_the_study_without_it():
    values = noise()
    values[3] = np.nan
    with pytest.warns(UserWarning, match="no finite value of subject sub-03: left out everywhere"):
        found = isc.temporal_isc(cube(values))
    assert found.values.tobytes() == isc.temporal_isc(cube(np.delete(values, 3, axis=0))).values.tobytes()


def test_029_a_pinned_vertex_is_nan_the_others_unchanged_and_the_maximum_ignores_it():
    pinned = noise()
    pinned[:, :, 1] = 300.0
    found, clean = isc.temporal_isc(cube(pinned)), isc.temporal_isc(cube(noise()))
    assert np.isnan(found[:, 1]).all()
    assert found[:, [0, 2]].values.tobytes() == clean[:, [0, 2]].values.tobytes()
    assert np.isfinite(isc.null_extremes(cube(pinned), n_surrogates=9)).all()


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30])
def test_030_an_unusable_value_is_named_by_subject_time_and_vertex(value):
    values = noise()
    values[1, 8, 2] = value
    for call in (isc.temporal_isc, isc.null_extremes):
        with pytest.raises(ValueError, match="the value at subject sub-01, time 0.4, vertex 2 is"):
            call(cube(values))


@pytest.mark.parametrize(("dtype", "level", "grain"), [("f4", 1e8, 8), ("f8", 1e8, 1), ("i2", 2e4, 1), ("f2", 1024, 1)])
def test_031_a_large_level_gives_r_of_the_centred_series(dtype, level, grain):
    scale = 100 if dtype in ("i2", "f2") else 4000
    values = grain * np.round(scale * noise() / grain)
    lifted = (values + level).astype(dtype)
    exact = lifted.astype("f8") - level  # what the type can hold of it
    assert np.abs(isc.temporal_isc(cube(lifted)) - isc.temporal_isc(cube(exact))).max() <= 1e-6


def test_032_one_recording_under_two_names_is_told():
    values = noise()
    values[4] = values[1]
    found = [f for f in isc.read_findings(isc.diagnose(cube(values))) if f.code == "identical_subjects"]
    assert [f.values["subjects"] for f in found] == [["sub-01", "sub-04"]]
    assert "sub-01 and sub-04 have the same series (bit for bit; r = 1.000000)" in found[0].message


def test_033_identical_subjects_correlate_1_and_the_shift_null_still_runs():
    same = cube(np.repeat(noise(1), 6, axis=0))
    assert np.abs(isc.temporal_isc(same) - 1).max() <= 2e-6  # float32 result
    null = isc.null_extremes(same, n_surrogates=9)
    assert np.isfinite(null).all() and (null.sel(extreme="max") < 0.99).all()


def test_034_one_subject_is_refused_two_are_described_and_three_not_tested():
    with pytest.raises(ValueError, match="2 subjects are needed, 1 given"):
        isc.temporal_isc(cube(noise(1)))
    two = cube(noise(2))
    assert np.abs(isc.temporal_isc(two) - isc.temporal_isc(two, estimator="leave_one_out")).max() <= 1e-6
    for n_subject in (2, 3):
        with pytest.raises(ValueError, match=f"inference needs at least 5 subjects and the cube has {n_subject}"):
            isc.test_synchrony(cube(noise(n_subject)), n_surrogates=9)
    with pytest.warns(UserWarning, match="3 subjects: one of them can decide the result"):
        isc.null_extremes(cube(noise(3)), n_surrogates=9)


def test_035_one_window_steps_above_the_window_and_windows_of_two_samples():
    data = cube(noise())
    whole = isc.temporal_isc(data, window=20)
    assert whole.sizes["window"] == 1 and np.abs(whole[0] - isc.isc(data)).max() <= 1e-6
    assert isc.temporal_isc(data, window=2, step=6)["start"].values.tolist() == [0, 6, 12, 18]
    with pytest.warns(UserWarning, match="a window has 2 samples: r of fewer than 30 is very uncertain"):
        short = isc.temporal_isc(data, window=0.1, step=0.1, summary=None)
    assert np.abs(np.abs(short) - 1).max() <= 1e-6
    with pytest.raises(ValueError, match="window is 60 s but the recording lasts 20 s; choose a shorter window"):
        isc.temporal_isc(data, window=60)


def chunked(values):
    import dask.array

    return dask.array.from_array(values, chunks=(2, 100, 2))


def read_only(values):
    values = values.copy()
    values.flags.writeable = False
    return values


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "big-endian": lambda x: x.astype(">f4"),
    "strided": lambda x: np.repeat(x, 2, axis=2)[:, :, ::2],
    "reversed": lambda x: x[:, ::-1].copy()[:, ::-1],
    "read-only": read_only,
    "dask": chunked,
}


@pytest.mark.parametrize("change", LAYOUTS.values(), ids=LAYOUTS)
def test_036_the_layout_in_memory_does_not_change_a_bit(change):
    values = noise().astype("f4")
    plain = isc.temporal_isc(cube(values))
    assert isc.temporal_isc(cube(values).copy(data=change(values))).values.tobytes() == plain.values.tobytes()


def test_037_dims_are_named_or_refused_and_never_guessed():
    data = cube(noise())
    with pytest.raises(TypeError, match=r"a cube is an xarray.DataArray"):
        isc.temporal_isc(noise())
    with pytest.raises(ValueError, match="dim 'subject' is missing; dim 'time' is missing"):
        isc.temporal_isc(xr.DataArray(noise()))
    turned = data.transpose("time", "subject", "vertex")
    assert isc.temporal_isc(turned).values.tobytes() == isc.temporal_isc(data).values.tobytes()

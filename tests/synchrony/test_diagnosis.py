"""Diagnosis: each thing that makes a test misleading is found, and clean data give nothing."""

import numpy as np
import pytest
import xarray as xr

from isc.simulate.null_data import null_series
from isc.synchrony.diagnosis import diagnose
from isc.synchrony.findings import read_findings
from isc.synchrony.pairs import VertexPairs
from isc.synchrony.temporal import temporal_isc


def cube_of(kind="white", *, n_subject=20, n_time=1500, n_feature=4, seed=0):
    values = null_series(kind, shape=(n_feature, n_subject, n_time), rng=np.random.default_rng(seed))
    return xr.DataArray(
        np.moveaxis(values, 0, 2),
        dims=("subject", "time", "vertex"),
        coords={"time": np.arange(n_time) / 30, "subject": [f"sub-{k:02d}" for k in range(n_subject)]},
    )


def codes(cube, **options):
    return {finding.code for finding in read_findings(diagnose(cube, **options))}


def finding(cube, code, **options):
    (found,) = [f for f in read_findings(diagnose(cube, **options)) if f.code == code]
    return found


def test_a_sound_study_has_no_findings():
    assert codes(cube_of("ar1"), n_surrogates=1000, schemes=["circular_shift", "sign_flip"]) <= {
        "few_effective_samples"
    }
    assert codes(cube_of("white"), n_surrogates=1000) == set()


def test_measures_are_labelled_and_have_the_sizes_of_white_noise():
    found = diagnose(cube_of())
    assert found.autocorrelation_time.dims == ("window",)
    assert found.time.values[0] == pytest.approx(2.5)
    assert abs(found.lag1).max() < 0.1
    assert found.attrs["effective_samples"] == pytest.approx(150, rel=0.05)
    np.testing.assert_allclose(found.effective_samples, 150, rtol=0.02)
    assert found.attrs["dropped_share"] == 0


def test_slow_series_hold_few_independent_samples():
    told = finding(cube_of("ar1"), "few_effective_samples")
    assert told.severity == "note" and "standard deviation of 0.3" in told.message
    assert told.values["effective_samples"] == pytest.approx(1 + 0.3888**-2, rel=0.1)
    of_lag1 = float(diagnose(cube_of("ar1")).effective_samples.mean())  # 9.6: a window's own lag1 is too low
    assert of_lag1 == pytest.approx(1 + 0.3888**-2, rel=0.3)


def test_small_designs_are_found():
    assert "few_subjects" in codes(cube_of(n_subject=8))
    assert finding(cube_of(n_subject=3), "too_few_subjects").severity == "error"
    assert "few_surrogates" in codes(cube_of(), n_surrogates=200)


def test_changing_smoothness_names_both_times():
    told = finding(cube_of("changing_smoothness"), "changing_smoothness")
    assert "read the sign flip first" in told.message
    assert told.values["ratio"] > 4


def test_windows_that_differ_by_chance_are_no_change_of_smoothness():
    found = diagnose(cube_of("ar1", n_subject=5, n_feature=1, seed=2))
    assert found.attrs["stationarity_ratio"] > 2 and found.attrs["stationarity_p"] > 0.05
    assert "changing_smoothness" not in found.code.values


def test_two_names_for_one_recording_are_named():
    cube = cube_of("ar1")
    cube[3] = cube[11]
    cube[5] = 2 * cube[7] + 1
    told = [f for f in read_findings(diagnose(cube)) if f.code == "identical_subjects"]
    assert [f.values["subjects"] for f in told] == [["sub-03", "sub-11"], ["sub-05", "sub-07"]]
    assert "bit for bit" in told[0].message and "but for offset" in told[1].message


def test_strong_synchrony_is_not_taken_for_identity():
    cube = cube_of()
    assert "identical_subjects" not in codes(cube + 30 * cube_of(seed=1)[0].drop_vars("subject"))


def test_windows_that_lose_subjects_are_found():
    cube = cube_of()
    cube[:10, 300:700] = np.nan
    told = finding(cube, "dropped_subjects")
    assert "50% in the window from 6.7 s" in told.message


def test_one_window_in_which_half_of_the_subjects_are_missing_is_enough():
    cube = cube_of()
    cube[:10, :40] = np.nan
    told = finding(cube, "dropped_subjects")
    assert told.values["share"] < 0.05 and told.values["largest"] == 0.5
    assert "the circular shift, which scatters gaps, does not hold" in told.message


def test_a_subject_without_data_does_not_stop_the_diagnosis():
    cube = cube_of()
    cube[4] = np.nan
    assert diagnose(cube).attrs["dropped_share"] == pytest.approx(1 / 20)


def test_who_takes_part_in_no_window_is_named():
    cube = cube_of()
    assert "absent_subjects" not in codes(cube)
    cube[4], cube[7] = np.nan, 3.0
    told = finding(cube, "absent_subjects")
    assert told.values["subjects"] == ["sub-04", "sub-07"]
    assert "sub-04, sub-07 never moved or were never seen" in told.message
    assert "18 people, not of 20" in told.message


def test_the_frame_shuffle_brings_its_warning_with_the_number_of_surrogates():
    told = finding(cube_of(), "frame_shuffle", schemes=["timepoint_shuffle"], n_surrogates=500)
    assert "500 shuffles" in told.message


def test_nulls_that_disagree_are_counted():
    cube = cube_of()
    tisc = temporal_isc(cube)
    p = xr.full_like(tisc, 0.5)
    one, other = p.copy(), p.copy()
    one[:4], other[3:5] = 0.01, 0.01
    result = xr.Dataset({"tisc": tisc, "p_circular_shift": one, "p_sign_flip": other})
    told = finding(cube, "nulls_disagree", tisc=tisc, result=result)
    assert (told.values["first_only"], told.values["second_only"]) == (12, 4)
    same = result.assign(p_sign_flip=one)
    assert "nulls_disagree" not in codes(cube, tisc=tisc, result=same)


def test_head_pose_is_a_negative_control():
    cube = cube_of()
    quiet = cube_of("ar1", n_feature=6, seed=5)
    assert "head_pose_quiet" in codes(cube, head_pose=quiet)
    shaken = quiet + 2 * quiet[0].drop_vars("subject")
    told = finding(cube, "head_pose_synchronous", head_pose=shaken)
    assert told.values["mean_r"] > 0.5 and "negative control is synchronous" in told.message


def test_one_window_and_short_windows_are_told():
    assert "one_window" in codes(cube_of(n_time=150))
    assert "short_window" in codes(cube_of(), window=0.5)


def test_vertex_pairs_are_judged_by_their_distances():
    flat = cube_of("white", n_feature=12)
    landmarks = xr.DataArray(
        flat.values.reshape(20, 1500, 4, 3),
        dims=("subject", "time", "vertex", "space"),
        coords=flat.drop_vars("vertex", errors="ignore").coords,
    )
    pairs = VertexPairs(np.array([0, 0, 1]), np.array([1, 2, 3]))
    found = diagnose(landmarks, pairs=pairs)
    assert found.attrs["autocorrelation_time"] == pytest.approx(1, abs=0.2)
    with pytest.raises(ValueError, match="outside the cube's 4 vertices"):
        diagnose(landmarks, pairs=VertexPairs(np.array([0]), np.array([9])))

"""Nulls: what they keep, what they destroy, and that they repeat."""

import numpy as np
import pytest
import xarray as xr

from isc.kernels.surrogates import subject_keys, uniform_shifts
from isc.synchrony.nulls import null_extremes
from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.temporal import temporal_isc


def smooth_cube(n_subject=6, n_time=600, n_vertex=3, seed=0, decay=0.95):
    from scipy.signal import lfilter

    white = np.random.default_rng(seed).normal(size=(n_subject, n_time + 200, n_vertex))
    values = lfilter([1], [1, -decay], white, axis=1)[:, 200:]
    ids = [f"sub-{k:02d}" for k in range(n_subject)]
    coords = {"subject": ids, "time": np.arange(n_time) / 30}
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords=coords)


def test_a_circular_shift_null_is_the_statistic_of_shifted_series():
    cube = smooth_cube()
    null = null_extremes(cube, n_surrogates=3, seed=7)
    keys = subject_keys(cube["subject"].values)
    for k in range(3):
        shifts = uniform_shifts(7, k, keys, cube.sizes["time"])
        rolled = cube.copy(data=np.stack([np.roll(x, -s, axis=0) for x, s in zip(cube.values, shifts, strict=True)]))
        tisc = temporal_isc(rolled)
        assert float(null[k].sel(extreme="max")) == pytest.approx(float(tisc.max()), abs=1e-6)
        assert float(null[k].sel(extreme="min")) == pytest.approx(float(tisc.min()), abs=1e-6)


def test_frame_shuffling_has_the_variance_of_white_noise_and_shifting_does_not():
    cube = smooth_cube(n_vertex=1)
    n, length = 6, 150
    white = np.sqrt(2 / (n * (n - 1) * (length - 1)))
    shuffled = null_extremes(cube, scheme="timepoint_shuffle", scope="window", n_surrogates=100)
    shifted = null_extremes(cube, scheme="circular_shift", scope="window", n_surrogates=100)
    assert float(shuffled.sel(extreme="max").std()) == pytest.approx(white, rel=0.1)
    assert float(shifted.sel(extreme="max").std()) > 3 * white


@pytest.mark.parametrize("scheme", ["circular_shift", "timepoint_shuffle"])
def test_seed_threads_and_order_of_subjects(scheme):
    cube = smooth_cube()
    one = null_extremes(cube, scheme=scheme, n_surrogates=5, seed=1, n_threads=1)
    assert (one == null_extremes(cube, scheme=scheme, n_surrogates=5, seed=1, n_threads=2)).all()
    turned = null_extremes(cube.isel(subject=[3, 1, 0, 5, 4, 2]), scheme=scheme, n_surrogates=5, seed=1)
    assert np.abs(one - turned).max() < 1e-6
    assert (one != null_extremes(cube, scheme=scheme, n_surrogates=5, seed=2)).all()


def test_the_first_surrogates_do_not_depend_on_how_many_follow():
    cube = smooth_cube()
    assert (null_extremes(cube, n_surrogates=4)[:2] == null_extremes(cube, n_surrogates=2)).all()


def test_the_recording_scope_is_the_extreme_over_windows():
    cube = smooth_cube()
    by_window = null_extremes(cube, n_surrogates=5, scope="window")
    whole = null_extremes(cube, n_surrogates=5, scope="recording")
    assert (by_window.sel(extreme="max").max("window") == whole.sel(extreme="max")).all()
    assert (by_window.sel(extreme="min").min("window") == whole.sel(extreme="min")).all()


def test_vertex_pairs_run_through_the_same_null():
    cube = smooth_cube(n_vertex=12)
    faces = xr.DataArray(
        cube.values.reshape(6, 600, 4, 3), dims=("subject", "time", "vertex", "space"), coords=cube.coords
    )
    null = null_extremes(faces, pairs=vertex_pairs(4), n_surrogates=4)
    gap = faces.values[:, :, [0, 0, 0, 1, 1, 2]] - faces.values[:, :, [1, 2, 3, 2, 3, 3]]
    stored = xr.DataArray(np.linalg.norm(gap, axis=-1), dims=("subject", "time", "pair"), coords=cube.coords)
    assert np.abs(null - null_extremes(stored, n_surrogates=4)).max() < 1e-5


def test_progress_counts_up_to_all_surrogates():
    seen = []
    null_extremes(smooth_cube(), n_surrogates=3, progress=lambda done, every: seen.append((done, every)))
    assert seen[-1] == (3, 3)


def test_the_result_says_which_null_it_is():
    assert (
        "not a test of synchrony"
        in null_extremes(smooth_cube(), scheme="timepoint_shuffle", n_surrogates=1).attrs["null_hypothesis"]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"scheme": "shuffle"},
            "scheme must be one of circular_shift, sign_flip, phase, block, pseudo_group, timepoint_shuffle; given 'shuffle'",
        ),
        ({"scope": "film"}, "scope must be recording or window; given 'film'"),
        ({"n_surrogates": 0}, "n_surrogates must be at least 1; given 0"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        null_extremes(smooth_cube(), **options)

"""Nulls: what they keep, what they destroy, and that they repeat."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from isc.kernels.nulls.surrogates import subject_keys, uniform_shifts
from isc.synchrony import nulls
from isc.synchrony.inference import p_values
from isc.synchrony.nulls import null_extremes
from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.surrogate.described import surrogates_of
from isc.synchrony.surrogate.schemes import scheme_named
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


def brute_force_p(cube, n_subject):
    """Share of all sign patterns, up to a common sign, whose largest t-ISC is at least the observed one."""
    largest = []
    for pattern in range(2 ** (n_subject - 1)):
        signs = np.array([1 - 2 * (pattern >> s & 1) for s in range(n_subject)])
        largest.append(float(temporal_isc(cube * xr.DataArray(signs, dims="subject")).max()))
    return np.mean(np.array(largest) >= largest[0] - 1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_four_subjects_have_exact_p_in_eighths(seed):
    cube = smooth_cube(n_subject=4, n_time=400, seed=seed)
    with pytest.warns(UserWarning, match="4 subjects: one of them can decide .* all 8 patterns .* smaller than 0.125"):
        null = null_extremes(cube, scheme="sign_flip")
    assert (null.sizes["surrogate"], null.attrs["exact"], null.attrs["n_surrogates"]) == (7, 1, 7)
    p = float(p_values(temporal_isc(cube), null).min())
    assert p * 8 == pytest.approx(round(p * 8), abs=1e-12)
    assert p == pytest.approx(brute_force_p(cube, 4), abs=1e-12)


def test_shuffled_frames_meet_the_closed_form_of_white_noise():
    """Var(mean r) = 2 / (n (n - 1) (L - 1)) exactly, whatever the data; 4000 draws leave 1.3 % of the sd."""
    cube, n, length = smooth_cube(n_vertex=1), 6, 150
    draws = null_extremes(cube, scheme="timepoint_shuffle", scope="window", n_surrogates=4000)
    white = np.sqrt(2 / (n * (n - 1) * (length - 1)))
    assert draws.attrs["shortcut"] == 1
    assert float(draws[:, 1, 0].std()) == pytest.approx(white, rel=0.05)
    assert float(draws[:, 1, 0].mean()) == pytest.approx(0, abs=4 * white / np.sqrt(4000))


def test_one_window_has_the_law_of_every_window():
    cube = smooth_cube(n_time=450)
    short = null_extremes(cube, scheme="timepoint_shuffle", scope="window", n_surrogates=400, seed=1)
    assert (short == short.isel(window=0)).all()
    whole = surrogates_of(cube, scheme=scheme_named("timepoint_shuffle"), n_surrogates=400, seed=2)
    maxima = np.max([part.max(axis=1) for _, part in whole.values()], axis=0)
    assert not whole.shortcut
    for w in (0, 3):
        assert stats.ks_2samp(maxima[:, w], short[:, 1, w]).pvalue > 0.001


def test_every_scheme_runs_in_both_scopes_and_says_what_it_is():
    cube, other = smooth_cube(), smooth_cube(seed=1)
    for scheme, options in {
        "circular_shift": {},
        "sign_flip": {},
        "phase": {},
        "block": {"block": 6.0},
        "pseudo_group": {"others": [other]},
        "timepoint_shuffle": {"extent": "within_window"},
    }.items():
        by_window = null_extremes(cube, scheme=scheme, n_surrogates=4, scope="window", **options)
        whole = null_extremes(cube, scheme=scheme, n_surrogates=4, **options)
        assert (by_window.sel(extreme="max").max("window") == whole.sel(extreme="max")).all()
        assert (by_window.sel(extreme="min").min("window") == whole.sel(extreme="min")).all()
        assert whole.attrs["scheme"] == scheme and whole.attrs["null_hypothesis"] and not whole.attrs["exact"]
    assert null_extremes(cube, scheme="block", n_surrogates=1).attrs["block"] == 5.0


@pytest.mark.parametrize("scheme", ["circular_shift", "sign_flip"])
@pytest.mark.parametrize("summary", ["mean", "median", "fisher_mean"])
def test_leave_one_out_nulls_are_wider_than_those_of_a_mean_over_dyads(scheme, summary):
    cube = smooth_cube()
    kinds = ("pairwise", "leave_one_out")
    pair, alone = (
        null_extremes(cube, scheme=scheme, estimator=kind, summary=summary, n_surrogates=30) for kind in kinds
    )
    assert float(alone.sel(extreme="max").mean()) > float(pair.sel(extreme="max").mean())
    assert (alone.attrs["estimator"], alone.attrs["summary"]) == ("leave_one_out", summary)


def test_detrended_windows_have_a_narrower_null():
    drift = smooth_cube(decay=0.99)
    plain, detrended = (null_extremes(drift, detrend=d, n_surrogates=30) for d in (None, "linear"))
    assert float(detrended.sel(extreme="max").mean()) < float(plain.sel(extreme="max").mean())


@pytest.mark.parametrize("scheme", ["circular_shift", "timepoint_shuffle", "phase"])
def test_a_null_that_was_stopped_goes_on_where_it_was(scheme, monkeypatch):
    monkeypatch.setattr(nulls, "CHECKPOINT_SURROGATES", 3)
    cube, kept = smooth_cube(), []

    def keep(part):
        kept.append(part)
        if len(kept) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        null_extremes(cube, scheme=scheme, n_surrogates=10, checkpoint=keep)
    assert kept[-1].sizes["surrogate"] == 6
    seen = []
    resumed = null_extremes(
        cube, scheme=scheme, n_surrogates=10, resume_from=kept[-1], progress=lambda done, _: seen.append(done)
    )
    whole = null_extremes(cube, scheme=scheme, n_surrogates=10)
    assert (resumed.values == whole.values).all() and seen[0] > 6
    assert {k: v for k, v in resumed.attrs.items() if k != "fingerprint"} == whole.attrs


def test_the_part_of_another_null_is_refused():
    kept = []
    null_extremes(smooth_cube(), n_surrogates=4, checkpoint=kept.append)
    for cube, options in [(smooth_cube(seed=1), {}), (smooth_cube(), {"seed": 1}), (smooth_cube(), {"window": 4.0})]:
        with pytest.raises(ValueError, match="resume_from is a part of another null"):
            null_extremes(cube, n_surrogates=4, resume_from=kept[0], **options)
    slower = smooth_cube().assign_coords(time=np.arange(600) / 25)  # the same numbers in other windows
    with pytest.raises(ValueError, match="resume_from is a part of another null"):
        null_extremes(slower, n_surrogates=4, resume_from=kept[0])


@pytest.mark.parametrize("scope", ["window", "recording"])
def test_patterns_of_signs_that_change_nothing_are_ties_where_subjects_are_missing(scope):
    """Of three people a quarter of all patterns turns nobody against another: no p can be below 1/4."""
    cube = smooth_cube(n_subject=8, n_time=1200)
    cube[3:] = np.nan
    tisc, null = temporal_isc(cube), null_extremes(cube, scheme="sign_flip", scope=scope)
    for tail in ("greater", "less"):
        p = p_values(tisc, null, tail=tail)
        assert float(p.min()) >= 0.25 and float(p.max()) <= 1
        if scope == "window":
            assert np.abs(4 * p - np.round(4 * p)).max() < 1e-9


def test_one_window_can_be_flipped_but_not_shifted():
    cube = smooth_cube(n_time=150)
    null = null_extremes(cube, scheme="sign_flip")
    assert null.attrs["exact"] == 1 and np.isfinite(null).all()
    with pytest.raises(ValueError, match="a circular shift needs a recording of at least two windows"):
        null_extremes(cube)


def test_flat_and_identical_subjects_do_not_stop_a_null():
    cube = smooth_cube()
    cube[1] = cube[0]
    cube[2] = 3.0
    null = null_extremes(cube, n_surrogates=5)
    assert np.isfinite(null).all()
    nothing = null_extremes(xr.full_like(cube, 1.0), n_surrogates=5, scheme="sign_flip")
    assert np.isnan(nothing).all()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["circular_shift", "sign_flip"])
def test_p_is_uniform_without_synchrony(scheme):
    p = []
    for seed in range(300):
        cube = smooth_cube(n_subject=8, n_vertex=2, seed=100 + seed, decay=0.9)
        null = null_extremes(cube, scheme=scheme, n_surrogates=39, seed=seed)
        p.append(float(p_values(temporal_isc(cube), null).min()))
    assert stats.kstest(np.array(p) - 0.5 / 40, "uniform").pvalue > 0.001  # p is a multiple of 1/40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"scheme": "shuffle"},
            "scheme must be one of circular_shift, sign_flip, .*; given 'shuffle'",
        ),
        ({"scope": "film"}, "scope must be recording or window; given 'film'"),
        ({"n_surrogates": 0}, "n_surrogates must be at least 1; given 0"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        null_extremes(smooth_cube(), **options)

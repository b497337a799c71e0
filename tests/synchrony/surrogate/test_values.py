"""Surrogate values: the same bits however they are asked for, and the values of the definition."""

import numpy as np
import pytest
import xarray as xr

from isc.kernels.nulls.surrogates import signs, subject_keys, uniform_shifts
from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.surrogate import values as surrogates_module
from isc.synchrony.surrogate.described import surrogates_of
from isc.synchrony.surrogate.flipped import FlippedSigns, n_sign_patterns, sign_patterns
from isc.synchrony.surrogate.schemes import PseudoGroup, scheme_named
from isc.synchrony.temporal import temporal_isc
from tests import reference, reference_nulls

SCHEMES = {
    "circular_shift": scheme_named("circular_shift"),
    "sign_flip": scheme_named("sign_flip"),
    "phase": scheme_named("phase"),
    "block": scheme_named("block", block=2.0),
    "pseudo_group": scheme_named("pseudo_group"),
    "shuffle": scheme_named("timepoint_shuffle"),
    "shuffle of each feature": scheme_named("timepoint_shuffle", features="independent"),
    "shuffle within windows": scheme_named("timepoint_shuffle", extent="within_window"),
}
WINDOW = {"window": 2.0, "step": 0.7}


def landmarks(seed=0, n_subject=8, n_time=360, n_vertex=4):
    steps = np.random.default_rng(seed).normal(size=(n_subject, n_time, n_vertex, 3))
    return xr.DataArray(
        np.cumsum(steps, axis=1).astype(np.float32),
        dims=("subject", "time", "vertex", "space"),
        coords={"time": np.arange(n_time) / 30, "subject": [f"{k:02d}" for k in range(n_subject)]},
    )


def described(scheme, cube=None, **options):
    others = [landmarks(1), landmarks(2)] if isinstance(scheme, PseudoGroup) else []
    return surrogates_of(
        landmarks() if cube is None else cube, scheme=scheme, others=others, **{"n_surrogates": 9, **WINDOW, **options}
    )


def all_values(surrogates, start=0, stop=None):
    """(surrogate, feature, window), and a check that every feature comes once, in order."""
    features, values = zip(*surrogates.values(start, stop), strict=True)
    places = np.concatenate([np.arange(part.start, part.stop) for part in features])
    assert places.tolist() == list(range(surrogates.n_feature))
    return np.concatenate(values, axis=1)


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
@pytest.mark.parametrize("of_pairs", [False, True])
def test_values_are_the_same_bits_for_any_range_block_threads_and_order(name, estimator, of_pairs, monkeypatch):
    options = {"estimator": estimator, "pairs": vertex_pairs(4) if of_pairs else None}
    whole = all_values(described(SCHEMES[name], n_threads=1, **options))
    assert whole.dtype == np.float32 and np.isfinite(whole).all()
    turned = landmarks().isel(subject=[3, 1, 0, 7, 5, 4, 2, 6])
    assert (all_values(described(SCHEMES[name], turned, n_threads=2, **options)) == whole).all()
    monkeypatch.setattr(surrogates_module, "RESULT_BYTES", 1)
    assert (all_values(described(SCHEMES[name], n_threads=3, **options), 4, 7) == whole[4:7]).all()
    assert (all_values(described(SCHEMES[name], n_surrogates=5, **options)) == whole[:5]).all()


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("of_pairs", [False, True])
def test_pieces_hold_the_values_in_another_order(name, of_pairs):
    surrogates = described(SCHEMES[name], pairs=vertex_pairs(4) if of_pairs else None)
    whole, n_window = all_values(surrogates), surrogates.n_window
    found = {cell: [] for cell in np.ndindex(9, n_window)}
    for which, windows, values in surrogates.pieces():
        for k, rows in zip(range(9)[which], values, strict=True):
            for w, part in zip(range(n_window)[windows], rows.T, strict=True):
                found[k, w].extend(part)
    for (k, w), part in found.items():
        assert sorted(part) == sorted(whole[k, :, w])


@pytest.mark.parametrize("of_pairs", [False, True])
def test_pieces_of_one_window_a_surrogate_hold_the_same_values(of_pairs):
    pairs = vertex_pairs(4) if of_pairs else None
    surrogates = described(SCHEMES["shuffle"], pairs=pairs, per_window=True, n_surrogates=20)
    whole = all_values(surrogates)
    assert surrogates.shortcut and (whole == whole[:, :, :1]).all()
    found = [[] for _ in range(20)]
    for which, _, values in surrogates.pieces():
        for k, rows in zip(range(20)[which], values[:, :, 0], strict=True):
            found[k].extend(rows)
    for k in range(20):
        assert sorted(found[k]) == sorted(whole[k, :, 0])


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("summary", ["mean", "median", "fisher_mean"])
@pytest.mark.parametrize("estimator", ["pairwise", "leave_one_out"])
def test_observed_values_are_those_of_temporal_isc(name, summary, estimator):
    surrogates = described(SCHEMES[name], summary=summary, estimator=estimator)
    values = np.concatenate([part for _, part in surrogates.observed()])
    tisc = temporal_isc(landmarks(), summary=summary, estimator=estimator, **WINDOW).values.T
    assert (
        np.abs(values - tisc).max() < (1e-6 if name == "sign_flip" and summary == "mean" else 0.0)
        or (values == tisc).all()
    )


def test_a_surrogate_that_changes_nothing_has_the_bits_of_temporal_isc():
    tisc = temporal_isc(landmarks(), **WINDOW).values.T
    for name, still in {
        "circular_shift": {"shifts": np.zeros(8, int)},
        "shuffle": {"frames": np.tile(np.arange(360, dtype=np.int32), (8, 1))},
    }.items():
        surrogates = described(SCHEMES[name])
        (features, block), *_ = surrogates.features.blocks()
        assert (surrogates.randomiser.values(block, features, [still])[0] == tisc).all()


def test_flipping_nobody_has_the_bits_of_the_observed_summary():
    surrogates = described(SCHEMES["sign_flip"], summary="median")
    (features, block), *_ = surrogates.features.blocks()
    values = surrogates.randomiser.values(block, features, np.ones((1, 8), np.float32))[0]
    assert (values == temporal_isc(landmarks(), summary="median", **WINDOW).values.T).all()


def series_of(cube):
    """(feature, component, subject, time) of landmarks, and the windows of WINDOW."""
    starts = np.rint(np.arange(15) * 21).astype(int)
    return cube.values.astype(float).transpose(2, 3, 0, 1), starts, 60


def test_flips_are_the_mean_of_flipped_series():
    flips = signs(0, range(9), subject_keys(landmarks().subject.values))
    values = all_values(described(SCHEMES["sign_flip"]))
    for k in range(9):
        expected = reference_nulls.flipped_mean(*series_of(landmarks()), flips[k])
        assert np.abs(values[k] - expected).max() < 1e-6


def test_flips_leave_missing_dyads_out():
    cube = landmarks()
    cube[2, 100:200] = np.nan
    cube[5, 30:35, 1] = np.nan
    flips = signs(0, range(9), subject_keys(cube.subject.values))
    values = all_values(described(SCHEMES["sign_flip"], cube))
    expected = reference_nulls.flipped_mean(*series_of(cube.isel(vertex=[0])), flips[3])
    assert np.abs(values[3, :1] - expected).max() < 1e-6


def test_shifted_pairs_are_the_mean_of_rolled_distances():
    cube, pairs = landmarks(), vertex_pairs(4)
    _, starts, length = series_of(cube)
    distances = reference.distances(cube.values, pairs.vertex_a, pairs.vertex_b)
    values = all_values(described(SCHEMES["circular_shift"], pairs=pairs))
    for k in range(3):
        shifts = uniform_shifts(0, k, subject_keys(cube.subject.values), 360)
        assert np.abs(values[k] - reference_nulls.shifted_mean(distances, starts, length, shifts)).max() < 1e-5


def test_leave_one_out_moves_the_others_as_well():
    cube = landmarks()
    observed, starts, length = series_of(cube)
    values = all_values(described(SCHEMES["circular_shift"], estimator="leave_one_out"))
    for k in range(2):
        shifts = uniform_shifts(0, k, subject_keys(cube.subject.values), 360)
        moved = np.stack([np.roll(observed[:, :, s], -n, axis=-1) for s, n in enumerate(shifts)], axis=2)
        assert np.abs(values[k] - reference.leave_one_out(moved, starts, length)[0].mean(axis=1)).max() < 1e-6


def test_leave_one_out_within_windows_orders_everybody_anew():
    cube = landmarks()
    surrogates = described(SCHEMES["shuffle within windows"], estimator="leave_one_out")
    order = surrogates.randomiser.draw(range(1))[0]["frames"].reshape(8, -1, 60)
    observed, starts, length = series_of(cube)
    values = all_values(surrogates, 0, 1)[0]
    for w in (0, 7, 14):
        moved = np.stack([observed[:, :, s, order[s, w]] for s in range(8)], axis=2)
        expected = reference.leave_one_out(moved, [0], length)[0].mean(axis=1)[:, 0]
        assert np.abs(values[:, w] - expected).max() < 1e-6


def test_leave_one_out_nulls_allow_for_gaps():
    cube = landmarks() - landmarks().isel(time=0)  # the mean of those present depends on where each begins
    cube[2, 100:104] = np.nan
    cube[3, 150:260] = np.nan
    observed, starts, length = series_of(cube)
    values = all_values(described(SCHEMES["circular_shift"], cube, estimator="leave_one_out"))
    shifts = uniform_shifts(0, 0, subject_keys(cube.subject.values), 360)
    own, _ = reference.leave_one_out(observed, starts, length, shifts=shifts)
    expected = np.nanmean(own, axis=1)
    assert np.abs(values[0] - expected).max() < 1e-6


def test_few_subjects_get_every_pattern_of_signs_once():
    surrogates = described(SCHEMES["sign_flip"], landmarks(n_subject=4), n_surrogates=1000)
    assert (surrogates.n_surrogates, surrogates.exact) == (7, True)
    patterns = surrogates.randomiser.draw(range(7))
    assert len(np.unique(patterns, axis=0)) == 7 and (patterns[:, 0] == 1).all()
    assert not (patterns == 1).all(axis=1).any()
    alone = described(SCHEMES["sign_flip"], landmarks(n_subject=4), n_surrogates=1000, estimator="leave_one_out")
    assert (alone.n_surrogates, alone.exact) == (7, True)


def test_leave_one_out_flips_the_others_as_well():
    cube = landmarks()
    observed, starts, length = series_of(cube)
    surrogates = described(SCHEMES["sign_flip"], estimator="leave_one_out", n_surrogates=1000)
    flipped = observed * surrogates.randomiser.draw(range(5, 6))[0][:, None]
    expected = reference.leave_one_out(flipped, starts, length)[0].mean(axis=1)
    assert np.abs(all_values(surrogates, 5, 6)[0] - expected).max() < 1e-5


def test_seven_surrogates_are_all_patterns_of_four_subjects_but_eight_patterns_ask_for_eight():
    assert n_sign_patterns(4) == 7
    assert not described(SCHEMES["sign_flip"], landmarks(n_subject=4), n_surrogates=7).exact
    assert isinstance(described(SCHEMES["sign_flip"]).randomiser, FlippedSigns)
    assert sign_patterns(np.arange(8), 3).shape == (8, 3)


@pytest.mark.parametrize("name", ["circular_shift", "sign_flip", "phase", "shuffle", "pseudo_group"])
def test_the_null_of_leave_one_out_is_as_wide_as_its_law_without_synchrony(name):
    """Of ten people and 150 white samples the mean has a standard deviation of .0364; of ten independent r, .0259."""
    rng = np.random.default_rng(0)
    coords = {"time": np.arange(1500) / 30, "subject": [f"{k:02d}" for k in range(10)]}
    films = [xr.DataArray(x, dims=("subject", "time"), coords=coords) for x in rng.normal(size=(11, 10, 1500))]
    others = films[1:] if name == "pseudo_group" else []
    how = {"window": 5.0, "step": 5.0, "estimator": "leave_one_out", "n_surrogates": 400}
    values = all_values(surrogates_of(films[0], scheme=SCHEMES[name], others=others, **how))
    assert values.std() == pytest.approx(0.0364, rel=0.1)

"""Windowed correlation: the fast kernels against their definitions in float64, and against closed forms."""

from functools import partial

import numpy as np
import pytest

from isc.kernels.correlation import correlation_matrices, leave_one_out, pairwise_mean
from isc.kernels.nulls.surrogates import permutations, subject_keys
from isc.kernels.pairs.distances import pairwise_mean_of_distances
from tests import reference

STATISTICS = {"pairwise_mean": pairwise_mean, "leave_one_out": leave_one_out, "matrices": correlation_matrices}
JUDGES = {
    "pairwise_mean": reference.pairwise_mean,
    "leave_one_out": reference.leave_one_out,
    "matrices": reference.correlation_matrices,
}
every_statistic = pytest.mark.parametrize("name", STATISTICS)
STARTS = np.array([0, 50, 100, 149, 199])


def random(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def pixels(shape, seed=0):
    """Landmarks in pixels: mean 300, a slow drift of 30, movement of 1, half of it shared by the subjects."""
    draw = np.random.default_rng(seed)
    phase = draw.uniform(0, 2 * np.pi, (*shape[:-1], 1))
    drift = 30 * np.sin(np.arange(shape[-1]) / 700 + phase)
    shared = draw.standard_normal((*shape[:-2], 1, shape[-1]))
    return (300 + drift + draw.standard_normal(shape) + shared).astype(np.float32)


def window_starts(n_time, rate, length, step=1.66):
    starts = np.rint(np.arange(int(n_time / (step * rate)) + 1) * step * rate).astype(np.int64)
    return starts[starts + length <= n_time]


def assert_agrees(name, series, starts, length, tolerance=1e-5, **options):
    value, count = STATISTICS[name](series, starts, length, **options)
    expected, n_subject = JUDGES[name](series, starts, length, **options)
    assert value.dtype == np.float32 and value.shape == expected.shape
    np.testing.assert_array_equal(count, n_subject)
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance)


@every_statistic
@pytest.mark.parametrize("make", [random, pixels])
@pytest.mark.parametrize("n_subject", [2, 3, 9, 40])
@pytest.mark.parametrize("n_component", [1, 3])
def test_every_statistic_agrees_with_its_definition(name, make, n_subject, n_component):
    assert_agrees(name, make((2, n_component, n_subject, 349)), STARTS, 150)


@every_statistic
@pytest.mark.parametrize(("rate", "length"), [(59.94, 300), (25.0, 125), (30.0, 150), (7.3, 36)])
def test_any_rate_has_its_own_window_starts(name, rate, length):
    n_time = int(rate * 20)
    assert_agrees(name, pixels((2, 1, 5, n_time)), window_starts(n_time, rate, length), length)


@every_statistic
@pytest.mark.parametrize("length", [2, 3, 7, 8, 9, 47, 48, 49, 65])
@pytest.mark.parametrize("n_component", [1, 2])
def test_short_windows_of_any_length_agree(name, length, n_component):
    assert_agrees(name, random((2, n_component, 6, 90)), np.arange(0, 90 - length, 4), length)


@every_statistic
def test_windows_far_apart_or_all_at_one_place_agree(name):
    assert_agrees(name, pixels((1, 1, 5, 400)), np.array([3, 200, 360]), 40)
    assert_agrees(name, pixels((1, 1, 5, 400)), np.array([7, 7, 8, 8]), 40)


@every_statistic
@pytest.mark.parametrize("n_subject", [2, 40])
def test_one_window_agrees_wherever_it_lies(name, n_subject):
    assert_agrees(name, pixels((17, 1, n_subject, 60)), np.array([9]), 51)


@every_statistic
def test_many_subjects_and_a_long_recording_are_cut_into_chunks_that_agree(name):
    series = pixels((1, 1, 40, 6000))
    starts = np.arange(0, 5850, 49)
    few = np.linspace(0, len(starts) - 1, 7).astype(int)
    value, _ = STATISTICS[name](series, starts, 150)
    expected, _ = JUDGES[name](series, starts[few], 150)
    picked = value[..., few] if name != "matrices" else value[:, few]
    np.testing.assert_allclose(picked, expected, rtol=0, atol=1e-5)


def damaged(n_component=1, n_subject=7):
    """Pixels with a subject absent for a while, single gaps, inf, a flat subject, a frozen one."""
    series = pixels((4, n_component, n_subject, 349))
    series[:, :, 0, 40:260] = np.nan
    series[1, 0, 1, [3, 120, 121, 300]] = np.nan
    series[1, 0, 2, [120, 125, 126]] = np.nan
    series[2, 0, 1, 77], series[2, -1, 3, 210] = np.inf, -np.inf
    series[2:, :, 4] = 123.4
    series[3, :, 5, 100:300] = series[3, :, 5, 100:101]
    series[3, :, 6, :130] = np.nan
    return series


@every_statistic
@pytest.mark.parametrize("n_component", [1, 3])
@pytest.mark.parametrize("min_valid", [0.1, 0.8, 1.0])
def test_gaps_infinities_and_flat_or_frozen_subjects_agree(name, n_component, min_valid):
    assert_agrees(name, damaged(n_component), STARTS, 150, min_valid=min_valid)


@every_statistic
def test_fewer_than_two_subjects_give_nan(name):
    series = random((1, 1, 3, 60))
    series[:, :, :2] = np.nan
    value, count = STATISTICS[name](series, np.array([0, 20]), 30)
    assert count.tolist() == [[1, 1]]
    off = value[..., ~np.eye(3, dtype=bool)] if name == "matrices" else value
    assert np.isnan(off).all()


@every_statistic
@pytest.mark.parametrize("make", [partial(pixels, (4, 2, 7, 349)), partial(damaged, 2)])
def test_shifted_series_agree(name, make):
    assert_agrees(name, make(), STARTS, 150, shifts=np.array([0, 348, 5, 200, 17, 349, -3]))


@every_statistic
@pytest.mark.parametrize("make", [partial(pixels, (4, 2, 7, 349)), partial(damaged, 2)])
def test_series_read_at_frames_agree(name, make):
    frames = np.random.default_rng(5).integers(0, 349, (7, 420))
    assert_agrees(name, make(), np.array([0, 100, 260]), 150, frames=frames)


@pytest.mark.parametrize("make", [partial(pixels, (4, 2, 7, 349)), partial(damaged, 2)])
def test_others_may_stay_as_observed_while_one_subject_is_randomised(make):
    options = {"shifts": np.array([0, 348, 5, 200, 17, 349, 30])}, {"frames": permute(7, 349)}, {}
    for option in options:
        assert_agrees("leave_one_out", make(), STARTS, 150, others="observed", **option)


def permute(n_subject, n_time, surrogate=0):
    return permutations(1, surrogate, subject_keys(map(str, range(n_subject))), n_time)


def test_others_that_cancel_or_are_dwarfed_keep_their_precision():
    series = random((4, 1, 3, 60))
    series[0, 0, 1] = -series[0, 0, 0]
    series[1, 0, 1] = 1e-3 * series[1, 0, 0] - series[1, 0, 2]
    series[2, 0, 0] *= 1e4
    series[3, 0, :2] *= 1e-4
    assert_agrees("leave_one_out", series, np.array([0, 20]), 40)


@every_statistic
@pytest.mark.parametrize("options", [{}, {"shifts": np.arange(7) * 40}, {"frames": permute(7, 349)}])
def test_results_do_not_depend_on_threads_bit_for_bit(name, options):
    series = np.concatenate([damaged(), pixels((36, 1, 7, 349), 3)])
    one = STATISTICS[name](series, STARTS, 150, **options)
    for n_threads in (2, 3):
        several = STATISTICS[name](series, STARTS, 150, n_threads=n_threads, **options)
        assert [x.tobytes() for x in several] == [x.tobytes() for x in one]


@every_statistic
@pytest.mark.parametrize("n_component", [1, 3])
def test_series_are_read_where_they_are_stored_and_never_written_to(name, n_component):
    series = damaged(n_component)
    before = series.tobytes()
    STATISTICS[name](series, STARTS, 150)
    assert series.tobytes() == before


@every_statistic
def test_a_feature_has_the_same_bits_alone_as_among_others(name):
    series = pixels((20, 1, 7, 349))
    together, _ = STATISTICS[name](series, STARTS, 150)
    alone, _ = STATISTICS[name](series[17:18], STARTS, 150)
    assert together[17:18].tobytes() == alone.tobytes()


@every_statistic
def test_scale_offset_and_a_large_level_do_not_matter(name):
    series = random((2, 1, 5, 200))
    series = np.round(series * 64) / 64  # so that the level below costs no bits
    scaled = series * np.float32([1, 2, 0.5, 8, 4])[:, None] + np.float32([0, 64, -256, 1024, 4096])[:, None]
    first, second = (STATISTICS[name](x.astype(np.float32), np.array([0, 60]), 90)[0] for x in (series, scaled))
    if name != "leave_one_out":  # the mean of the others weighs subjects by their size
        np.testing.assert_allclose(first, second, rtol=0, atol=1e-5)
    assert_agrees(name, scaled.astype(np.float32), np.array([0, 60]), 90)


def test_the_order_of_subjects_does_not_matter():
    series, order = pixels((2, 1, 6, 200)), np.array([3, 0, 5, 1, 4, 2])
    starts = np.array([0, 50])
    mean, matrices, single = (
        [statistic(x, starts, 100)[0] for x in (series, series[:, :, order])] for statistic in STATISTICS_IN_ORDER
    )
    np.testing.assert_allclose(mean[0], mean[1], atol=1e-6)
    np.testing.assert_allclose(matrices[0][:, :, order][..., order], matrices[1], atol=1e-6)
    np.testing.assert_allclose(single[0][:, order], single[1], atol=1e-6)


STATISTICS_IN_ORDER = (pairwise_mean, correlation_matrices, leave_one_out)


def test_the_mean_over_dyads_is_the_mean_of_the_matrix():
    series = pixels((2, 3, 12, 349))
    matrices, _ = correlation_matrices(series, STARTS, 150)
    dyads = matrices[..., *np.triu_indices(12, 1)].mean(axis=-1)
    np.testing.assert_allclose(pairwise_mean(series, STARTS, 150)[0], dyads, atol=1e-6)


def test_the_identity_of_the_mean_holds_to_1e_12_in_float64():
    series = pixels((1, 1, 9, 150)).astype(np.float64)
    z = series[0, 0] - series[0, 0].mean(axis=-1, keepdims=True)
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    expected, _ = reference.pairwise_mean(series, [0], 150)
    assert ((z.sum(axis=0) ** 2).sum() - 9) / 72 == pytest.approx(expected[0, 0], abs=1e-12)


def test_matrices_are_symmetric_with_ones_on_the_diagonal():
    matrices, _ = correlation_matrices(pixels((2, 2, 13, 349)), STARTS, 150)
    assert (matrices == matrices.swapaxes(-1, -2)).all()
    assert (np.diagonal(matrices, axis1=-2, axis2=-1) == 1).all()
    assert np.abs(matrices).max() <= 1


def test_identical_series_correlate_1_and_inverted_ones_minus_1():
    wave = pixels((1, 1, 1, 200))
    starts = np.array([0, 50])
    same, inverted = np.repeat(wave, 5, axis=2), np.concatenate([wave, 600 - wave], axis=2)
    for series, expected in ((same, 1), (inverted, -1)):
        assert pairwise_mean(series, starts, 150)[0] == pytest.approx(expected, abs=1e-6)
        assert leave_one_out(series, starts, 150)[0] == pytest.approx(expected, abs=1e-6)
    assert correlation_matrices(same, starts, 150)[0] == pytest.approx(1, abs=1e-6)


def test_three_cosines_a_third_of_a_turn_apart_correlate_minus_one_half():
    angle = 2 * np.pi * np.arange(300) / 50
    series = np.cos(angle + 2 * np.pi / 3 * np.arange(3)[:, None])[None, None].astype(np.float32)
    starts = np.array([0, 50, 150])
    matrices, _ = correlation_matrices(series, starts, 150)
    assert pairwise_mean(series, starts, 150)[0] == pytest.approx(-0.5, abs=1e-6)
    assert matrices[..., *np.triu_indices(3, 1)] == pytest.approx(-0.5, abs=1e-6)


def test_a_common_rotation_of_all_points_does_not_move_the_correlation():
    series = random((3, 3, 6, 300))
    turned, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((3, 3)))
    rotated = np.einsum("ij,fjst->fist", turned, series).astype(np.float32)
    for statistic in STATISTICS.values():
        first, second = (statistic(x, np.array([0, 100]), 150)[0] for x in (series, rotated))
        np.testing.assert_allclose(first, second, rtol=0, atol=1e-6)


def shuffled_means(n_surrogate, n_subject, starts, length):
    """Mean correlations (surrogate * feature, window) of frame-shuffled white data."""
    series = random((40, 1, n_subject, 750), seed=8)
    frames = (permute(n_subject, 750, k) for k in range(n_surrogate))
    return np.concatenate([pairwise_mean(series, starts, length, frames=f)[0] for f in frames])


def test_the_variance_of_frame_shuffled_white_data_is_the_closed_form():
    n, length = 4, 150
    means = shuffled_means(30, n, np.arange(0, 600, 150), length)
    assert means.size == 4800
    assert means.mean() == pytest.approx(0, abs=4 * np.sqrt(2 / (n * (n - 1) * (length - 1)) / means.size))
    assert means.var() == pytest.approx(2 / (n * (n - 1) * (length - 1)), rel=0.1)


def test_neighbouring_windows_that_share_two_thirds_correlate_two_thirds():
    means = shuffled_means(40, 5, np.array([0, 50, 100, 150]), 150)
    table = np.corrcoef(means.T)
    assert np.diagonal(table, 1) == pytest.approx(2 / 3, abs=0.05)
    assert np.diagonal(table, 2) == pytest.approx(1 / 3, abs=0.08)
    assert np.diagonal(table, 3) == pytest.approx(0, abs=0.09)


def test_the_error_on_pixels_is_below_1e_5_for_every_statistic():
    series = pixels((3, 1, 21, 900), seed=4)
    starts = window_starts(900, 30, 150)
    for name, statistic in STATISTICS.items():
        error = np.abs(statistic(series, starts, 150)[0] - JUDGES[name](series, starts, 150)[0])
        assert error.max() <= 1e-5


def test_the_mean_of_distances_agrees_with_its_definition():
    landmarks = np.moveaxis(pixels((4, 3, 5, 200)), (0, 1, 2, 3), (2, 3, 0, 1)).copy()
    vertex_a, vertex_b = np.array([0, 0, 1, 2]), np.array([1, 3, 2, 3])
    value, count = pairwise_mean_of_distances(landmarks, vertex_a, vertex_b, np.array([0, 50]), 150)
    series = reference.distances(landmarks, vertex_a, vertex_b)
    expected, n_subject = reference.pairwise_mean(series, [0, 50], 150)
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(count, n_subject)

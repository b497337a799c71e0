"""Planted synchrony is found again at its planted size (closed forms of windowed correlation)."""

import numpy as np
import pytest

from isc.simulate import Signal, simulate_cube

LENGTH = 150  # samples of a window


def windows(cube):
    """Windows (window, vertex[, space], subject, sample) without overlap."""
    values = np.moveaxis(cube.values.astype(float), [0, 1], [-2, -1])
    n_window = values.shape[-1] // LENGTH
    cut = values[..., : n_window * LENGTH].reshape(*values.shape[:-1], n_window, LENGTH)
    return np.moveaxis(cut, -2, 0)


def unit(x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.linalg.norm(centred, axis=-1, keepdims=True)


def mean_pairwise(x):
    n = x.shape[-2]
    return ((unit(x).sum(axis=-2) ** 2).sum(axis=-1) - n) / (n * (n - 1))


def mean_leave_one_out(x):
    others = x.sum(axis=-2, keepdims=True) - x
    return (unit(x) * unit(others)).sum(axis=-1).mean(axis=-1)


@pytest.mark.parametrize("rho", [0.0, 0.2, 0.5, 0.9])
def test_white_cubes_have_the_planted_mean_over_pairs(rho):
    """E[r] = rho (1 - (1 - rho^2) / 2L) in windows of L samples."""
    cube = simulate_cube(10, n_vertex=20, duration=200.0, signal=Signal(rho=rho))
    expected = rho * (1 - (1 - rho**2) / (2 * LENGTH))
    assert mean_pairwise(windows(cube)).mean() == pytest.approx(expected, abs=0.012)


@pytest.mark.parametrize("n_subject", [3, 10])
def test_white_cubes_have_the_planted_leave_one_out_correlation(n_subject):
    rho = 0.3
    cube = simulate_cube(n_subject, n_vertex=20, duration=200.0, signal=Signal(rho=rho))
    expected = rho * np.sqrt(n_subject - 1) / np.sqrt(1 + (n_subject - 2) * rho)
    assert mean_leave_one_out(windows(cube)).mean() == pytest.approx(expected, abs=0.015)


def test_full_synchrony_makes_all_subjects_equal():
    cube = simulate_cube(4, duration=5.0, signal=Signal(rho=1.0, kind="landmark"))
    assert (cube == cube.isel(subject=0)).all()


@pytest.mark.parametrize("kind", ["ar1", "pink", "landmark", "blink", "changing_smoothness"])
def test_other_kinds_have_the_planted_correlation_in_long_recordings(kind):
    signal = Signal(rho=0.5, kind=kind, autocorrelation=0.8)
    r = [
        np.corrcoef(simulate_cube(12, n_vertex=1, duration=400.0, signal=signal, seed=seed).values[..., 0])
        for seed in range(6)
    ]
    assert np.mean([matrix[np.triu_indices(12, 1)].mean() for matrix in r]) == pytest.approx(0.5, abs=0.08)


def test_synchrony_stays_within_its_epochs():
    signal = Signal(rho=0.6, epochs=((10.0, 20.0), (30.0, 35.0)))
    cube = simulate_cube(10, n_vertex=20, duration=40.0, signal=signal)
    r = mean_pairwise(windows(cube)).mean(axis=1)  # windows of 5 s
    assert np.allclose(r[[2, 3, 6]], 0.6, atol=0.05)
    assert np.allclose(r[[0, 1, 4, 5, 7]], 0.0, atol=0.05)
    assert cube["rho"].sel(time=[5.0, 15.0], method="nearest").values.tolist() == [0.0, 0.6]


def test_points_have_the_planted_correlation_over_their_axes_together():
    cube = simulate_cube(8, n_vertex=10, duration=100.0, signal=Signal(rho=0.4, n_axis=3))
    assert cube.dims == ("subject", "time", "vertex", "space")
    assert cube["space"].values.tolist() == ["x", "y", "z"]
    x = np.moveaxis(windows(cube), 2, -2)  # window, vertex, subject, axis, sample
    joined = (x - x.mean(axis=-1, keepdims=True)).reshape(*x.shape[:3], -1)
    assert mean_pairwise(joined).mean() == pytest.approx(0.4, abs=0.02)


def test_a_cube_is_labelled_in_seconds_and_names_what_was_planted():
    cube = simulate_cube(3, n_vertex=2, duration=4.0, rate=25.0, signal=Signal(rho=0.1, kind="pink"))
    assert dict(cube.sizes) == {"subject": 3, "time": 100, "vertex": 2}
    assert cube.dtype == np.float32
    assert np.allclose(cube["time"], np.arange(100) / 25)
    assert {"rate_hz": 25.0, "rho": 0.1, "kind": "pink"}.items() <= cube.attrs.items()


def test_the_same_seed_gives_the_same_cube_and_another_does_not():
    first, again, other = (simulate_cube(3, duration=2.0, seed=seed) for seed in (1, 1, 2))
    assert first.identical(again)
    assert not first.equals(other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rho": 1.2}, "rho must lie between 0 and 1, got 1.2"),
        ({"kind": "brown"}, "kind must be one of white.*got 'brown'"),
        ({"n_axis": 4}, "n_axis must lie between 0 .*got 4"),
        ({"epochs": ((5.0, 5.0),)}, "an epoch must stop after it starts"),
    ],
)
def test_impossible_signals_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Signal(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_subject": 0}, "must be at least 1, got 0 and 10"),
        ({"n_vertex": 0}, "must be at least 1, got 10 and 0"),
        ({"duration": 0.01}, "at least 2 samples"),
        ({"rate": -1.0}, "at least 2 samples"),
        ({"signal": Signal(epochs=((50.0, 70.0),))}, "epochs must lie within the cube .0 to 60.0 s."),
    ],
)
def test_impossible_cubes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        simulate_cube(**options)

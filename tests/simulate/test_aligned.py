"""Landmarks of a generated audience move as its scripts say."""

import numpy as np
import pytest

from isc.simulate import simulate_audience, simulate_landmarks
from isc.synchrony.temporal import temporal_isc

RATE = 10.0


@pytest.fixture(scope="module")
def audience():
    return simulate_audience(8, n_solo=2, duration=60.0, epochs=((10.0, 25.0), (40.0, 50.0)), seed=3)


@pytest.fixture(scope="module")
def cube(audience):
    return simulate_landmarks(audience, rate=RATE)


def test_the_mouth_widens_with_the_scripted_smile(audience, cube):
    for row, viewer in zip(cube, audience.viewers, strict=True):
        corners = row.isel(vertex=[61, 291]).values
        width = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)
        smile = np.interp(cube["time"], viewer.course["time"], viewer.course["smile"])
        kept = np.isfinite(width)
        assert np.corrcoef(width[kept], smile[kept])[0, 1] > 0.8


def test_synchrony_is_in_the_planted_epochs_and_nowhere_else(cube):
    tisc = temporal_isc(cube.isel(subject=slice(6), vertex=[61, 291, 13, 14]))
    inside = ((tisc["start"] >= 10) & (tisc["stop"] <= 25)) | ((tisc["start"] >= 40) & (tisc["stop"] <= 50))
    outside = (tisc["stop"] <= 10) | ((tisc["start"] >= 25) & (tisc["stop"] <= 40)) | (tisc["start"] >= 50)
    assert tisc[inside].mean() > 0.4
    assert abs(tisc[outside].mean()) < 0.1


def test_a_face_is_missing_where_it_is_lost(audience, cube):
    for row, viewer in zip(cube, audience.viewers, strict=True):
        lost = row.isel(vertex=0, space=0).isnull()
        assert float(lost.sum()) / RATE == pytest.approx(sum(b - a for a, b in viewer.lost), abs=0.2)


def test_the_seed_decides_everything(audience, cube):
    assert simulate_landmarks(audience, rate=RATE).identical(cube)
    other = simulate_landmarks(simulate_audience(2, n_solo=0, duration=20.0, seed=4), rate=RATE)
    assert not np.array_equal(other.values[0], cube.values[0, :200], equal_nan=True)


def test_a_rate_is_positive(audience):
    with pytest.raises(ValueError, match="rate must be positive"):
        simulate_landmarks(audience, rate=0)

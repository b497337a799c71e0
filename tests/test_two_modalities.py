"""Two modalities of one study on one clock: the recipe for relating the synchrony of faces to that of EEG."""

import numpy as np
import pytest
import xarray as xr

import isc

DURATION, FACE_RATE, EEG_RATE = 400.0, 30.0, 100.0  # s, Hz
CLOCK = 10.0  # Hz, on which both are put: windows of both then start at the same moments
WINDOWS = {"window": 10.0, "step": 5.0}  # s


def strength(seconds):
    """How much of the film everybody responds to, 0 to 1: unpredictable, and slower than a window."""
    knots = np.random.default_rng(0).uniform(0, 1, size=22)
    return np.interp(seconds, np.linspace(0, DURATION, 22), (knots > 0.5).astype(float))


def smooth_noise(rng, n_time, rate):
    kernel = np.hanning(max(3, round(0.5 * rate)))
    return np.convolve(rng.normal(size=n_time), kernel / np.linalg.norm(kernel), mode="same")


def faces(n_subject=8):
    """Cube of two vertices: the first follows the film as `strength` says, the second never."""
    seconds = np.arange(round(DURATION * FACE_RATE)) / FACE_RATE
    rng = np.random.default_rng(1)
    shared = strength(seconds) * smooth_noise(rng, seconds.size, FACE_RATE)
    own = [[smooth_noise(rng, seconds.size, FACE_RATE) for _ in range(2)] for _ in range(n_subject)]
    values = np.array(own).transpose(0, 2, 1)
    values[:, :, 0] += 2 * shared
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords={"time": seconds, "vertex": [13, 10]})


def eeg(n_subject=8):
    """Cube of one channel whose alpha amplitude follows another course of the film, as strongly as `strength` says."""
    seconds = np.arange(round(DURATION * EEG_RATE)) / EEG_RATE
    rng = np.random.default_rng(2)
    course = strength(seconds) * np.tanh(smooth_noise(rng, seconds.size, EEG_RATE))
    rhythm = [np.sin(2 * np.pi * 10 * seconds + rng.uniform(0, 7)) for _ in range(n_subject)]
    values = (1 + 0.8 * course) * np.array(rhythm) + rng.normal(scale=0.3, size=(n_subject, seconds.size))
    return xr.DataArray(
        values[:, :, None], dims=("subject", "time", "channel"), coords={"time": seconds, "channel": ["Oz"]}
    )


@pytest.fixture(scope="module")
def synchrony():
    """t-ISC of both modalities in the same windows."""
    envelope = isc.envelope(eeg(), bands={"alpha": (8, 12)}).sel(band="alpha")
    parts = {"face": faces(), "eeg": envelope}
    return {name: isc.temporal_isc(isc.resample(cube, rate=CLOCK), **WINDOWS) for name, cube in parts.items()}


def test_windows_of_both_are_the_same_moments(synchrony):
    for name in ("time", "start", "stop"):
        assert np.array_equal(synchrony["face"][name], synchrony["eeg"][name])


def test_the_synchrony_of_faces_follows_that_of_eeg_where_both_follow_the_film(synchrony):
    relation = isc.correlate_with_agreement(synchrony["face"], synchrony["eeg"].isel(channel=0), lags=(0.0, 0.0))
    assert float(relation["r"].sel(vertex=13)) > 0.6
    assert float(relation["p_fwe"].sel(vertex=13)) < 0.05
    assert float(relation["p_fwe"].sel(vertex=10)) > 0.05


def test_modalities_at_their_own_rates_have_other_windows_and_are_refused():
    step = {"window": 10.0, "step": 5 / 3}
    face = isc.temporal_isc(faces(3), **step)
    other = isc.temporal_isc(isc.resample(eeg(3), rate=CLOCK), **step).isel(channel=0)
    with pytest.raises(ValueError, match="window"):
        isc.correlate_with_agreement(face, other)

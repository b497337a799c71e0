"""Recordings without synchrony: the kinds of data on which a test must keep its promised error rate.

Every generator gives unit variance in the long run. Features of one subject depend on one another (they share
four sources, as the vertices of a face do); subjects are independent.
"""

from collections.abc import Callable

import numpy as np

N_SOURCE = 4  # sources that the features of a subject share
SOURCE_WEIGHT = 0.7  # of a source, next to the feature's own noise of weight 1
PINK_STRETCH = 2  # the spectrum is drawn for a recording this many times longer, so that its ends do not match
LOADING_SEED = 123  # loadings of the features are the same in every data set

# Landmark-like series, times in seconds, rates in events a second.
DRIFT_TIME = 8.0
EXPRESSION_RATE, EXPRESSION_RISE, EXPRESSION_FALL, EXPRESSION_LENGTH = 0.12, 0.25, 0.9, 4.0
BLINK_RATE, BLINK_LENGTH = 0.28, 0.27
TRACKER_SMOOTHING = np.array([0.4, 0.36, 0.24])
N_DRIFT, N_EXPRESSION = 2, 3
DRIFT_WEIGHT, EXPRESSION_WEIGHT, BLINK_WEIGHT, TRACKER_WEIGHT = 0.6, 0.7, -1.5, 0.3
BLINK_SHARE = 0.25  # of the features that show blinks

EVENT_RATE, EVENT_LENGTH, EVENT_NOISE = 0.15, 0.47, 0.05  # blink-like series
ROUGH, SMOOTH = 0.7, 0.99  # lag-1 autocorrelation of the outer thirds and the middle third

KINDS = ("white", "ar1", "pink", "landmark", "blink", "changing_smoothness")

Shape = tuple[int, ...]


def null_series(
    kind: str,
    *,
    shape: Shape,
    rate: float = 30.0,
    autocorrelation: float = 0.98,
    rng: np.random.Generator,
) -> np.ndarray:
    """Series of independent subjects.

    Parameters
    ----------
    kind : str
        ``white``; ``ar1`` (first-order autoregressive); ``pink`` (power 1/f); ``landmark`` (slow head drift,
        sparse expressions, blinks, tracker noise); ``blink`` (rare one-sided events); ``changing_smoothness``
        (rough, smooth, rough thirds at the same time in all subjects, which breaks the circular shift).
    shape : tuple of int
        (feature, subject, sample).
    rate : float, default 30.0
        Samples per second; matters to ``landmark`` and ``blink``.
    autocorrelation : float, default 0.98
        Lag-1 autocorrelation of ``ar1``, per sample.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    numpy.ndarray
        (feature, subject, sample) float64, variance 1: exactly in the long run for ``white`` and ``ar1``, in
        each feature over all subjects and samples for the others.

    Raises
    ------
    ValueError
        If the kind is unknown or the autocorrelation is not between -1 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> null_series("ar1", shape=(2, 5, 300), rng=np.random.default_rng(0)).shape
    (2, 5, 300)
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if not -1 < autocorrelation < 1:
        raise ValueError(f"autocorrelation must lie between -1 and 1, got {autocorrelation}")
    if kind == "white":
        return _mix(rng, shape, lambda size: rng.standard_normal(size))
    if kind == "ar1":
        return _mix(rng, shape, lambda size: _autoregressive(rng, size, autocorrelation))
    if kind == "pink":
        return _standardised(_mix(rng, shape, lambda size: _pink(rng, size)))
    if kind == "landmark":
        return _standardised(_landmark(rng, shape, rate))
    if kind == "blink":
        return _standardised(_blink(rng, shape, rate))
    return _standardised(_changing_smoothness(rng, shape))


def _mix(rng: np.random.Generator, shape: Shape, noise: Callable[[Shape], np.ndarray]) -> np.ndarray:
    """Own noise of every feature plus sources that all features of a subject share; variance 1."""
    n_feature = shape[0]
    loading = SOURCE_WEIGHT * _loadings((n_feature, N_SOURCE))
    mixed = noise(shape) + np.tensordot(loading, noise((N_SOURCE, *shape[1:])), axes=1)
    return mixed / np.sqrt(1 + (loading**2).sum(axis=1))[:, None, None]


def _loadings(size: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(LOADING_SEED).standard_normal(size)


def _standardised(series: np.ndarray) -> np.ndarray:
    centred = series - series.mean(axis=-1, keepdims=True)
    return centred / centred.std(axis=(1, 2), keepdims=True)


def _autoregressive(rng: np.random.Generator, shape: Shape, autocorrelation: float) -> np.ndarray:
    from scipy.signal import lfilter

    innovation = rng.standard_normal(shape) * np.sqrt(1 - autocorrelation**2)
    innovation[..., 0] /= np.sqrt(1 - autocorrelation**2)  # stationary from the first sample
    return lfilter([1.0], [1.0, -autocorrelation], innovation, axis=-1)


def _pink(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    n_sample = PINK_STRETCH * shape[-1]
    frequency = np.fft.rfftfreq(n_sample)
    frequency[0] = frequency[1]
    spectrum = np.fft.rfft(rng.standard_normal((*shape[:-1], n_sample)), axis=-1) / np.sqrt(frequency)
    return np.fft.irfft(spectrum, n=n_sample, axis=-1)[..., : shape[-1]]


def _changing_smoothness(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    rough = _mix(rng, shape, lambda size: _autoregressive(rng, size, ROUGH))
    smooth = _mix(rng, shape, lambda size: _autoregressive(rng, size, SMOOTH))
    third = shape[-1] // 3
    rough[..., third : 2 * third] = smooth[..., third : 2 * third]
    return rough


def _blink(rng: np.random.Generator, shape: Shape, rate: float) -> np.ndarray:
    events = (rng.random(shape) < EVENT_RATE / rate).astype(float)
    return _smeared(events, _bell(EVENT_LENGTH, rate)) + EVENT_NOISE * rng.standard_normal(shape)


def _landmark(rng: np.random.Generator, shape: Shape, rate: float) -> np.ndarray:
    """Head drift, sparse smooth expressions, blinks in a quarter of the features, tracker noise."""
    from scipy.signal import lfilter

    n_feature, *rest = shape
    drift = _autoregressive(rng, (N_DRIFT, *rest), np.exp(-1 / (DRIFT_TIME * rate)))
    strength = rng.exponential(1, (N_EXPRESSION, *rest))
    expression = _smeared(strength * (rng.random(strength.shape) < EXPRESSION_RATE / rate), _twitch(rate))
    blink = _smeared((rng.random((1, *rest)) < BLINK_RATE / rate).astype(float), _bell(BLINK_LENGTH, rate))
    tracker = lfilter(TRACKER_SMOOTHING, [1.0], rng.standard_normal(shape), axis=-1)
    loading = _loadings((n_feature, N_DRIFT + N_EXPRESSION + 1))
    loading[:, :N_DRIFT] *= DRIFT_WEIGHT
    loading[:, N_DRIFT:-1] *= EXPRESSION_WEIGHT
    loading[:, -1] = BLINK_WEIGHT * (np.arange(n_feature) < max(1, n_feature * BLINK_SHARE))
    parts = np.concatenate([part / (part.std() or 1.0) for part in (drift, expression, blink)])
    return np.tensordot(loading, parts, axes=1) + TRACKER_WEIGHT * tracker / tracker.std()


def _smeared(events: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    from scipy.signal import fftconvolve

    return fftconvolve(events, kernel[None, None], axes=-1)[..., : events.shape[-1]]


def _bell(length: float, rate: float) -> np.ndarray:
    """Smooth event of the given length (s)."""
    return np.hanning(max(int(round(length * rate)), 3) + 2)[1:-1]


def _twitch(rate: float) -> np.ndarray:
    """Course of one expression: quick rise, slow fall."""
    time = np.arange(0, EXPRESSION_LENGTH, 1 / rate)
    return np.exp(-time / EXPRESSION_FALL) * (1 - np.exp(-time / EXPRESSION_RISE))

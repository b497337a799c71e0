"""The analytic signal of real series (Hilbert transform), and the bridging of gaps that it and filters need."""

import numpy as np


def bridge_gaps(rows: np.ndarray) -> np.ndarray:
    """Rows whose NaN are replaced by straight lines between their neighbours; the ends by the nearest value.

    Parameters
    ----------
    rows : ndarray, shape (series, time)
        NaN is missing. A row without any value stays NaN.

    Returns
    -------
    ndarray of float64, shape (series, time)

    Examples
    --------
    >>> bridge_gaps(np.array([[np.nan, 1.0, np.nan, 3.0]])).tolist()
    [[1.0, 1.0, 2.0, 3.0]]
    """
    bridged = rows.astype(np.float64)
    place = np.arange(rows.shape[1])
    for k in np.flatnonzero(np.isnan(bridged).any(axis=1)):
        known = np.isfinite(bridged[k])
        if known.any():
            bridged[k] = np.interp(place, place[known], bridged[k, known])
    return bridged


def analytic_signal(rows: np.ndarray) -> np.ndarray:
    """Analytic signal: its real part is the series, its modulus the envelope, its angle the instantaneous phase.

    Negative frequencies are set to zero and positive ones doubled (Marple 1999, doi:10.1109/78.782222). Over the
    whole recording this commutes with circular shifts.

    Parameters
    ----------
    rows : ndarray, shape (series, time)
        Finite values; the mean is taken out first.

    Returns
    -------
    ndarray of complex128, shape (series, time)

    Examples
    --------
    >>> wave = np.cos(2 * np.pi * np.arange(8) / 8)[None]
    >>> np.abs(analytic_signal(wave)).round(6).tolist()
    [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]
    """
    n_time = rows.shape[1]
    gain = np.zeros(n_time)
    gain[: (n_time + 1) // 2] = 2.0
    gain[0] = 1.0
    if n_time % 2 == 0:
        gain[n_time // 2] = 1.0
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.fft.ifft(np.fft.fft(centred, axis=1) * gain, axis=1)

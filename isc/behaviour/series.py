"""Series on windows: what they lose before they are correlated, how they correlate at every shift, how slow they are.

Arrays in, arrays out. Series are float64, window last; NaN = missing.
"""

import numpy as np

FLAT = 1e-6  # share of the largest value; a series that strays less from its line is constant (spec of flat series)
FEWEST_WINDOWS = 3  # a correlation of two points is always 1
FLAT_VARIANCE = 1e-9  # of a standardised series in the windows that a shift leaves in common
ACF_SHARE = 5  # autocorrelations are summed up to a fifth of the windows (Pyper & Peterman 1998)


def prepared(series: np.ndarray, *, statistic: str, detrend: str | None) -> np.ndarray:
    """Rows (..., window) as they are correlated: line or mean out, ranks if asked, unit variance; constant rows NaN."""
    series = series.astype(np.float64)
    finite = np.isfinite(series)
    time = np.where(finite, np.arange(series.shape[-1], dtype=np.float64), np.nan)
    straight = _centred(series)
    if detrend == "linear":
        t = _centred(time)
        power = np.maximum((t**2).sum(axis=-1, keepdims=True), 1.0)
        straight = np.where(finite, straight - t * (t * straight).sum(axis=-1, keepdims=True) / power, 0.0)
    count = np.maximum(finite.sum(axis=-1, keepdims=True), 1)
    scale = np.abs(np.where(finite, series, 0.0)).max(axis=-1, keepdims=True)
    flat = (straight**2).sum(axis=-1, keepdims=True) <= count * (FLAT * scale) ** 2
    kept = np.where(finite & ~flat, straight, np.nan)
    if statistic == "spearman":
        kept = _ranked(kept)
    centred = _centred(kept)
    spread = np.sqrt((centred**2).sum(axis=-1, keepdims=True) / count)
    return np.where(np.isfinite(kept), centred / np.where(spread > 0, spread, 1.0), np.nan)


def shifted_correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's r of every row of x with y at every circular shift, over the windows where both are finite.

    Entry (feature, k) pairs x[w] with y[(w + k) mod W]. Sums over w are circular correlations of the values and of
    their masks, by FFT: exact, whatever is missing.

    Parameters
    ----------
    x : ndarray, shape (feature, window)
        Standardised, as is y.
    y : ndarray, shape (window,)

    Returns
    -------
    ndarray, shape (feature, window)
    """
    in_x, in_y = _mask(x), _mask(y)
    x, y = np.where(np.isfinite(x), x, 0.0), np.where(np.isfinite(y), y, 0.0)
    n = np.rint(_summed(in_x, in_y))
    sum_x, sum_y = _summed(x, in_y), _summed(in_x, y)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance_x = _summed(x**2, in_y) - sum_x**2 / n
        variance_y = _summed(in_x, y**2) - sum_y**2 / n
        r = (_summed(x, y) - sum_x * sum_y / n) / np.sqrt(variance_x * variance_y)
    defined = (n >= FEWEST_WINDOWS) & (variance_x > FLAT_VARIANCE * n) & (variance_y > FLAT_VARIANCE * n)
    return np.broadcast_to(np.where(defined, np.clip(r, -1.0, 1.0), np.nan), x.shape)


def effective_windows(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Independent windows that the autocorrelations of both series leave, (feature,); NaN for constant series.

    ``1 / N* = 1 / N + 2 / N * sum_k (W - k) / W * r_x(k) * r_y(k)``, k up to W / 5, at most N: Pyper & Peterman 1998,
    doi 10.1139/f98-104, equation 1. N = windows where both are finite.

    Parameters
    ----------
    x : ndarray, shape (feature, window)
    y : ndarray, shape (window,)

    Returns
    -------
    ndarray, shape (feature,)
    """
    n_window = y.size
    depth = max(1, n_window // ACF_SHARE)
    weight = 1 - np.arange(1, depth + 1) / n_window
    product = autocorrelations(x, depth)[:, 1:] * autocorrelations(y[None], depth)[:, 1:]
    n = (np.isfinite(x) & np.isfinite(y)).sum(axis=1)
    inflation = 1 + 2 * (weight * product).sum(axis=1)
    return np.where(n > 0, n / np.maximum(inflation, 1.0), np.nan)


def autocorrelations(series: np.ndarray, depth: int) -> np.ndarray:
    """Autocorrelation (feature, lag) at lags 0 to depth windows, each over the pairs of windows that are there.

    The usual estimator (denominator: variance over all windows), times the share of pairs that gaps leave.

    Parameters
    ----------
    series : ndarray, shape (feature, window)
    depth : int
        Largest lag, windows.

    Returns
    -------
    ndarray, shape (feature, depth + 1)
    """
    mask = np.isfinite(series)
    padding = ((0, 0), (0, depth))  # keeps the end of the film from meeting its start
    filled = np.pad(_centred(series), padding)
    shared = mask[:1] if (mask == mask[:1]).all() else mask
    pairs = np.rint(_own_products(np.pad(shared.astype(float), padding))[:, : depth + 1])
    possible = series.shape[1] - np.arange(depth + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        moment = _own_products(filled)[:, : depth + 1] * np.where(pairs > 0, possible / pairs, 0.0)
        return moment / moment[:, :1]


def _own_products(rows: np.ndarray) -> np.ndarray:
    from scipy import fft

    return fft.irfft(np.abs(fft.rfft(rows)) ** 2, n=rows.shape[-1])


def _summed(rows: np.ndarray, series: np.ndarray) -> np.ndarray:
    """Sum over w of rows[w] * series[(w + k) mod W] for every k; a constant series has one sum for all k."""
    from scipy import fft

    if (series == series[0]).all():
        return series[0] * rows.sum(axis=-1, keepdims=True)
    return fft.irfft(np.conj(fft.rfft(rows)) * fft.rfft(series), n=series.size)


def _mask(series: np.ndarray) -> np.ndarray:
    """1 where finite; one row for all features if their gaps are the same, which is the rule."""
    mask = np.isfinite(series)
    if mask.ndim > 1 and (mask == mask[:1]).all():
        mask = mask[:1]
    return mask.astype(np.float64)


def _centred(series: np.ndarray) -> np.ndarray:
    """Deviation from the mean of the finite values, 0 where missing."""
    finite = np.isfinite(series)
    filled = np.where(finite, series, 0.0)
    mean = filled.sum(axis=-1, keepdims=True) / np.maximum(finite.sum(axis=-1, keepdims=True), 1)
    return np.where(finite, filled - mean, 0.0)


def _ranked(series: np.ndarray) -> np.ndarray:
    """Ranks within each row, ties shared; NaN stays NaN."""
    from scipy.stats import rankdata

    missing = ~np.isfinite(series)
    order = rankdata(np.where(missing, np.inf, series), axis=-1)  # missing values rank last and are taken out again
    return np.where(missing, np.nan, order)

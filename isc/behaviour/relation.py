"""Does synchrony go with reported peaks? Correlation with agreement, tested against shifts of the agreement in time."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from isc.behaviour.agreement import check_windows

Method = Literal["circular_shift", "naive"]
Statistic = Literal["pearson", "spearman"]
BLOCK_FEATURES = 4096  # features whose spectra are held at a time
SHORTEST_FILM = 180.0  # seconds; below it no p-value is given
FEWEST_EFFECTIVE, FEW_EFFECTIVE = 10, 30  # effective windows: refused below the first, warned below the second
TIE = 1e-12  # shifts that give the same r count as ties although the FFT rounds
ACF_SHARE = 5  # autocorrelations are summed up to a fifth of the windows (Pyper & Peterman 1998)
NAIVE_WARNING = (
    'method "naive" takes overlapping, slowly varying windows for independent ones: in simulations without a relation '
    "it found one in 17 % (overlap only) to 46-67 % (slow series) of films at a nominal 5 %."
)


class _Offsets(NamedTuple):
    """Lags and shifts in windows."""

    lags: np.ndarray
    shifts: np.ndarray
    step: float


def correlate_with_agreement(
    tisc: xr.DataArray,
    agreement: xr.DataArray,
    *,
    lags: tuple[float, float] = (0.0, 3.0),
    method: Method = "circular_shift",
    statistic: Statistic = "pearson",
) -> xr.Dataset:
    """Correlation of t-ISC with agreement, at the delay where it is strongest.

    Both series lose their linear trend first. The null shifts the one agreement series circularly against all
    features at once, by every number of windows that keeps clear of the real alignment (exact: no random numbers),
    and searches the same lags; the largest |r| over lags gives p, over lags and features p_fwe.

    Parameters
    ----------
    tisc : DataArray, dims (window,) or (window, feature)
        With coords time, start, stop (s) on ``window``. NaN windows of a feature are left out of its correlation.
    agreement : DataArray, dims (window,)
        On the same windows. NaN windows are left out.
    lags : (float, float)
        Range of delays in seconds, fixed before looking at the data. A positive lag means that reports come after
        synchrony.
    method : {"circular_shift", "naive"}
        ``naive`` gives the textbook p of r at the best lag; its result carries a warning, and no p_fwe.
    statistic : {"pearson", "spearman"}
        Spearman ranks both series after detrending.

    Returns
    -------
    Dataset with ``r``, ``lag`` (s), ``p``, ``p_fwe``, ``effective_n``, dims of the features
        attrs: method, statistic, n_windows, n_shifts, ``warnings`` (list of str) and ``refused``: the reason, in
        words, why p and p_fwe are NaN, or "" when they are not. r is NaN where a series is constant.

    Raises
    ------
    ValueError
        When windows are missing or do not agree, lags are not a range, or a choice is not known.

    References
    ----------
    Pyper & Peterman 1998, Can J Fish Aquat Sci 55:2127-2140, doi:10.1139/f98-104 (effective_n).
    Nichols & Holmes 2002, Hum Brain Mapp 15:1-25, doi:10.1002/hbm.1058 (maximum statistic).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> start = np.arange(200) * 5 / 3
    >>> coords = {"start": ("window", start), "stop": ("window", start + 5), "time": ("window", start + 2.5)}
    >>> press = xr.DataArray(rng.normal(size=200), dims="window", coords=coords)
    >>> synchrony = press.roll(window=-1) + 0.5 * rng.normal(size=200)
    >>> result = correlate_with_agreement(synchrony, press)
    >>> round(float(result.lag), 2), bool(result.p < 0.05)
    (1.67, True)
    """
    _check(tisc, agreement, lags, method, statistic)
    features, dims = _as_matrix(tisc)
    x = _detrended(features)
    y = _detrended(agreement.values.astype(np.float64)[None])[0]
    if statistic == "spearman":
        x, y = _ranked(x), _ranked(y[None])[0]
    offsets = _offsets(tisc, lags)
    notes: list[str] = []
    refused = _refusal(tisc, y, offsets)
    r, best, p, p_fwe = _correlations(x, y, offsets)
    effective = _effective_n(x, y)
    if not refused and np.isfinite(effective).any():
        refused, notes = _judge_effective(float(np.nanmedian(effective)))
    if method == "naive":
        notes.append(NAIVE_WARNING)
        p, p_fwe = _naive_p(r, np.isfinite(x).sum(axis=1)), np.full(r.shape, np.nan)
    if refused:
        p, p_fwe = np.full(r.shape, np.nan), np.full(r.shape, np.nan)
    values = {"r": r, "lag": best, "p": p, "p_fwe": p_fwe, "effective_n": effective}
    return _labelled(tisc, dims, values).assign_attrs(
        method=method,
        statistic=statistic,
        lags_s=[float(lag) for lag in lags],
        n_windows=int(tisc.sizes["window"]),
        n_shifts=int(offsets.shifts.size),
        refused=refused,
        warnings=notes,
    )


def _check(tisc: xr.DataArray, agreement: xr.DataArray, lags: tuple[float, float], method: str, statistic: str) -> None:
    check_windows(tisc, "tisc")
    check_windows(agreement, "agreement")
    if agreement.dims != ("window",):
        raise ValueError(f"agreement must have the one dim window; given {agreement.dims}")
    if tisc.sizes["window"] != agreement.sizes["window"] or not np.allclose(tisc["start"], agreement["start"]):
        raise ValueError(
            f"tisc ({tisc.sizes['window']} windows) and agreement ({agreement.sizes['window']}) must be on the same "
            "windows; compute agreement with windows=tisc"
        )
    if not (np.isfinite(lags).all() and lags[0] <= lags[1]):
        raise ValueError(f"lags must be a range (smallest, largest) in seconds; given {lags}")
    if method not in ("circular_shift", "naive"):
        raise ValueError(f"method must be circular_shift or naive; given {method!r}")
    if statistic not in ("pearson", "spearman"):
        raise ValueError(f"statistic must be pearson or spearman; given {statistic!r}")


def _as_matrix(tisc: xr.DataArray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Values as (feature, window) and the feature dims."""
    dims = tuple(str(d) for d in tisc.dims if d != "window")
    return tisc.transpose(*dims, "window").values.reshape(-1, tisc.sizes["window"]).astype(np.float64), dims


def _labelled(tisc: xr.DataArray, dims: tuple[str, ...], values: dict[str, np.ndarray]) -> xr.Dataset:
    shape = tuple(tisc.sizes[d] for d in dims)
    coords = {k: v for k, v in tisc.coords.items() if v.dims and set(v.dims) <= set(dims)}
    result = xr.Dataset({k: (dims, v.reshape(shape)) for k, v in values.items()}, coords=coords)
    result["lag"].attrs["units"] = "s"
    return result


def _detrended(series: np.ndarray) -> np.ndarray:
    """Least-squares line through the finite windows taken out of each row; an exact line becomes zeros."""
    time = np.arange(series.shape[1], dtype=np.float64)
    finite = np.isfinite(series)
    count = np.maximum(finite.sum(axis=1, keepdims=True), 1)
    filled = np.where(finite, series, 0.0)
    t = np.where(finite, time, 0.0)
    t = np.where(finite, t - t.sum(axis=1, keepdims=True) / count, 0.0)
    centred = np.where(finite, filled - filled.sum(axis=1, keepdims=True) / count, 0.0)
    power = np.maximum((t**2).sum(axis=1, keepdims=True), np.finfo(float).tiny)
    straight = centred - t * ((t * centred).sum(axis=1, keepdims=True) / power)
    flat = (straight**2).sum(axis=1, keepdims=True) <= 1e-20 * (filled**2).sum(axis=1, keepdims=True)
    return np.where(finite, np.where(flat, 0.0, straight), np.nan)


def _ranked(series: np.ndarray) -> np.ndarray:
    """Ranks within each row, ties shared; NaN stays NaN."""
    from scipy.stats import rankdata

    return rankdata(series, axis=1, nan_policy="omit")


def _offsets(tisc: xr.DataArray, lags: tuple[float, float]) -> _Offsets:
    """Lags of the range in windows, and the shifts that keep clear of the real alignment."""
    n_window = tisc.sizes["window"]
    start = tisc["start"].values.astype(np.float64)
    step = float(np.median(np.diff(start))) if n_window > 1 else 1.0
    low, high = int(np.ceil(lags[0] / step - 1e-9)), int(np.floor(lags[1] / step + 1e-9))
    steps = np.arange(low, high + 1)
    if steps.size == 0:
        raise ValueError(f"no window step of {step:.3g} s lies between the lags {lags[0]:g} and {lags[1]:g} s")
    overlap = int(np.ceil(float(tisc["stop"].values[0] - start[0]) / step - 1e-9))
    nearest = max(overlap, 2 * (high - low) + 1)
    return _Offsets(steps, np.arange(nearest, n_window - nearest + 1), step)


def _refusal(tisc: xr.DataArray, y: np.ndarray, offsets: _Offsets) -> str:
    """Why no p-value can be given; empty when it can."""
    duration = float(tisc["stop"].values[-1] - tisc["start"].values[0])
    known = y[np.isfinite(y)]
    if known.size < 2 or not known.any():
        return "agreement is the same in every window (nobody reports, or all always do): a correlation is undefined."
    if duration < SHORTEST_FILM:
        return (
            f"the film is too short to test a relation ({duration:.0f} s; at least {SHORTEST_FILM:.0f} s are needed)."
        )
    if offsets.shifts.size < 1:
        return f"{y.size} windows leave no shift that keeps clear of the real alignment."
    return ""


def _judge_effective(effective: float) -> tuple[str, list[str]]:
    """Reason to refuse, and warnings, from the median number of effective windows."""
    if effective < FEWEST_EFFECTIVE:
        return f"both series change so slowly that only {effective:.1f} windows are independent; 10 are needed.", []
    if effective < FEW_EFFECTIVE:
        return "", [
            f"{effective:.0f} effective windows: p is approximate (7-10 % errors at a nominal 5 % in simulations)."
        ]
    return "", []


def _correlations(x: np.ndarray, y: np.ndarray, offsets: _Offsets) -> tuple[np.ndarray, ...]:
    """Strongest r with its lag (s), p over shifts, and p over shifts and features."""
    n_feature = x.shape[0]
    r, best = np.full(n_feature, np.nan), np.full(n_feature, np.nan)
    beyond = np.zeros(n_feature)
    largest = np.zeros(offsets.shifts.size)
    for block in _blocks(n_feature):
        observed, strongest, null = _block_correlations(x[block], y, offsets)
        r[block], best[block] = observed, strongest
        beyond[block] = (null >= np.abs(observed)[:, None] - TIE).sum(axis=1)
        largest = np.fmax(largest, np.fmax.reduce(null, axis=0)) if null.size else largest
    p = (beyond + 1) / (offsets.shifts.size + 1)
    above = offsets.shifts.size - np.searchsorted(np.sort(largest), np.abs(r) - TIE, side="left")
    p_fwe = (above + 1) / (offsets.shifts.size + 1)
    missing = ~np.isfinite(r)
    return r, best, np.where(missing, np.nan, p), np.where(missing, np.nan, p_fwe)


def _blocks(n_feature: int) -> Iterator[slice]:
    for first in range(0, n_feature, BLOCK_FEATURES):
        yield slice(first, min(first + BLOCK_FEATURES, n_feature))


def _block_correlations(x: np.ndarray, y: np.ndarray, offsets: _Offsets) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observed r and lag (feature,), and the largest |r| over lags at every shift (feature, shift)."""
    n_window = y.size
    observed = np.full((offsets.lags.size, x.shape[0]), np.nan)
    null = np.zeros((x.shape[0], offsets.shifts.size))
    for k, lag in enumerate(offsets.lags):
        at = _masked_correlation(_inside(x, int(lag)), y)
        observed[k] = at[:, lag % n_window]
        null = np.fmax(null, np.abs(at[:, (offsets.shifts + lag) % n_window]))
    some = np.isfinite(observed).any(axis=0)
    strongest = np.where(np.isfinite(observed), np.abs(observed), -1.0).argmax(axis=0)
    r = np.where(some, observed[strongest, np.arange(x.shape[0])], np.nan)
    return r, np.where(some, offsets.lags[strongest] * offsets.step, np.nan), null


def _inside(x: np.ndarray, lag: int) -> np.ndarray:
    """Windows whose lagged partner lies beyond the film are left out, so that nothing wraps around."""
    if lag == 0:
        return x
    kept = x.copy()
    kept[:, slice(-lag, None) if lag > 0 else slice(None, -lag)] = np.nan
    return kept


def _masked_correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's r of every row of x with y read circularly at every offset, over windows where both are finite.

    Entry (feature, k) pairs x[w] with y[(w + k) mod W]; the sums over w are circular correlations, by FFT.
    """
    mx, my = np.isfinite(x), np.isfinite(y)
    x0, y0 = np.where(mx, x, 0.0), np.where(my, y, 0.0)
    # Scaled to unit power, so that rounding of the FFT stays far below any r that matters.
    x0 /= np.maximum(np.sqrt((x0**2).mean(axis=1, keepdims=True)), np.finfo(float).tiny)
    y0 /= max(float(np.sqrt((y0**2).mean())), np.finfo(float).tiny)
    along = {name: np.fft.rfft(v) for name, v in {"m": my.astype(float), "y": y0, "yy": y0**2}.items()}

    def summed(left: np.ndarray, right: str) -> np.ndarray:
        return np.fft.irfft(np.conj(np.fft.rfft(left, axis=1)) * along[right], n=y.size, axis=1)

    # One pattern of gaps for all features is the rule: its sums are then made once.
    m = (mx[:1] if (mx == mx[:1]).all() else mx).astype(float)
    n, sy, syy = np.rint(summed(m, "m")), summed(m, "y"), summed(m, "yy")
    sxy = summed(x0, "y")
    if my.all():
        sx, sxx = x0.sum(axis=1, keepdims=True), (x0**2).sum(axis=1, keepdims=True)
    else:
        sx, sxx = summed(x0, "m"), summed(x0**2, "m")
    with np.errstate(invalid="ignore", divide="ignore"):
        vx, vy = sxx - sx**2 / n, syy - sy**2 / n
        r = (sxy - sx * sy / n) / np.sqrt(vx * vy)
    flat = (vx <= 1e-9 * np.maximum(sxx, 1e-12)) | (vy <= 1e-9 * np.maximum(syy, 1e-12)) | (n < 3)
    return np.where(flat, np.nan, np.clip(r, -1, 1))


def _effective_n(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Independent windows that the autocorrelations of both series leave (Pyper & Peterman 1998, equation 1)."""
    n = (np.isfinite(x) & np.isfinite(y)).sum(axis=1).astype(np.float64)
    depth = max(1, x.shape[1] // ACF_SHARE)
    product = _autocorrelations(x, depth) * _autocorrelations(y[None], depth)
    weight = 1 - np.arange(1, depth + 1) / x.shape[1]
    inverse = 1 + 2 * (weight * product[:, 1:]).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 0, np.minimum(n, n / np.maximum(inverse, np.finfo(float).tiny)), np.nan)


def _autocorrelations(series: np.ndarray, depth: int) -> np.ndarray:
    """Autocorrelation at lags 0 to depth of each row, gaps left out; NaN for constant rows."""
    finite = np.isfinite(series)
    count = np.maximum(finite.sum(axis=1, keepdims=True), 1)
    filled = np.where(finite, series, 0.0)
    centred = np.where(finite, filled - filled.sum(axis=1, keepdims=True) / count, 0.0)
    spectrum = np.abs(np.fft.rfft(centred, 2 * series.shape[1], axis=1)) ** 2
    product = np.fft.irfft(spectrum, axis=1)[:, : depth + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(product[:, :1] > 0, product / product[:, :1], np.nan)


def _naive_p(r: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Two-sided p of Pearson's r for independent windows."""
    from scipy.stats import t as student

    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.abs(r) * np.sqrt((n - 2) / (1 - r**2))
    result: Any = 2 * student.sf(value, n - 2)
    return result

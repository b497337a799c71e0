"""Does synchrony change over time: is it higher in some windows than in the rest of the recording.

That synchrony differs from zero is another question with another null (`isc.test_synchrony`). Here synchrony may be
as strong as it likes; the null is that it is *constant*, and that the labelled windows lie where they lie by chance.

Sliding windows fluctuate and overlap even when synchrony is constant (Hindriks et al. 2016), so their differences
cannot be tested as if windows were independent. The labels are therefore turned round the recording as on a circle,
which keeps the lengths of epochs and the autocorrelation of t-ISC. All turns count, also those that overlap with the
observed one: only all of them together form a group, under which the rank of the observed one is uniform. Leaving out
the near ones adds false positives (benchmarks/inference.md).
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from isc.synchrony.findings import Finding, with_findings
from isc.synchrony.inference import Tail, tail_rates
from isc.synchrony.smoothness.autocorrelation import integrated_time, require_subjects

Epochs: TypeAlias = pd.DataFrame | Iterable[tuple[float, float]]
FEWEST_EFFECTIVE = 1.0  # independent windows inside and outside of the epochs
FEWEST_IN_ALL = 10.0  # independent windows
FEW_IN_ALL = 30.0
TIE = 1e-9  # turns that give the same difference count as ties although the FFT rounds
LIKE_A_TREND = 0.5  # squared correlation of the epochs with time, above which detrending takes most of the contrast
UNITS = {"difference": "1", "p": "1", "p_fwe": "1", "effective_inside": "windows", "effective_outside": "windows"}
ASSUMES = (
    "under the null t-ISC is stationary: its mean, spread and autocorrelation do not change, but for a straight line "
    "when detrended; the end of the recording is joined to its beginning. A rejection says that r is higher in these "
    "windows: through a stronger shared signal or through less noise"
)


class _Turned(NamedTuple):
    """Difference (feature, turn) of the means inside and outside, turn 0 being the observed one."""

    difference: np.ndarray

    def scores(self, sign: int) -> np.ndarray:
        """Differences in units of their spread over turns, so that quiet and lively features weigh the same."""
        spread = np.sqrt(np.nanmean((self.difference - np.nanmean(self.difference, 1, keepdims=True)) ** 2, 1))
        return sign * self.difference / np.where(spread > TIE, spread, np.nan)[:, None]


def test_change(
    tisc: xr.DataArray,
    *,
    epochs: Epochs | None = None,
    windows: xr.DataArray | np.ndarray | None = None,
    tail: Tail = "greater",
    detrend: Literal["linear"] | None = "linear",
) -> xr.Dataset:
    """Test whether synchrony is higher in some windows than in the rest, against constant synchrony.

    Parameters
    ----------
    tisc : DataArray, dims (window, ...)
        From `isc.temporal_isc` with a summary, evenly spaced windows. NaN windows are left out.
    epochs : DataFrame with columns onset and duration, or iterable of (onset, duration), optional
        Seconds; a window belongs to them when its centre does.
    windows : array of bool, shape (window,), optional
        The windows themselves, instead of epochs. Choose either before looking at t-ISC.
    tail : {"greater", "less", "two_sided"}
    detrend : {"linear", None}
        Take a straight line out of t-ISC first, so that a slow drift does not count as a change in these windows.
        Epochs that fill one end of the film look like a drift: use None for them.

    Returns
    -------
    Dataset, dims of the features
        ``difference`` of the mean t-ISC inside minus outside (after detrending), ``p`` of the feature alone,
        ``p_fwe`` (largest standardised difference over features), ``effective_inside`` and ``effective_outside``:
        how many independent windows. A feature with fewer than one inside or outside, or ten in all, has no p.
        Smallest p: 1 / number of windows. attrs: ``null_hypothesis``, ``assumes``; findings in ``warnings``.

    Raises
    ------
    ValueError
        When labels are missing, name none or all of the windows, or too few windows are independent.

    References
    ----------
    Hindriks et al. 2016, NeuroImage 127:242-256, doi:10.1016/j.neuroimage.2015.11.055 (fluctuation is no change).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> centre = np.arange(120) * 5 / 3 + 2.5
    >>> values = 0.3 + 0.05 * rng.normal(size=120) + 0.15 * ((centre > 60) & (centre < 90))
    >>> tisc = xr.DataArray(values, dims="window", coords={"time": ("window", centre)})
    >>> found = test_change(tisc, epochs=[(60.0, 30.0)])
    >>> bool(found.p < 0.01), bool(test_change(tisc, epochs=[(120.0, 30.0)]).p < 0.05)
    (True, False)
    """
    tail_rates(0.5, tail)
    if detrend not in (None, "linear"):
        raise ValueError(f"detrend must be None or linear; given {detrend!r}")
    inside = _inside(tisc, epochs, windows)
    if "n_subject" in tisc.attrs:
        require_subjects(int(tisc.attrs["n_subject"]))
    dims = [dim for dim in tisc.dims if dim != "window"]
    series = tisc.transpose(*dims, "window").values.reshape(-1, inside.size).astype(np.float64)
    series = _without_line(series) if detrend else series - np.nanmean(series)
    effective = np.stack([_effective(row, inside) for row in series])
    enough = (effective.min(axis=1) >= FEWEST_EFFECTIVE) & (effective.sum(axis=1) >= FEWEST_IN_ALL)
    _check_effective(effective, enough, inside)
    turned = _turned(series, inside)
    p, p_fwe = _p_values(turned, enough, tail)
    columns = (turned.difference[:, 0], p, p_fwe, *effective.T)
    result = _labelled(tisc, dict(zip(UNITS, columns, strict=True)))
    attrs: dict[str, str | int] = {
        "tail": tail,
        "detrend": detrend or "none",
        "n_window": inside.size,
        "n_inside": int(inside.sum()),
    }
    attrs |= {"null_hypothesis": "synchrony is constant over the recording", "assumes": ASSUMES}
    return with_findings(result.assign_attrs(attrs), _findings(effective, enough, inside, detrend))


test_change.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test where it is imported


def _inside(tisc: xr.DataArray, epochs: Epochs | None, windows: xr.DataArray | np.ndarray | None) -> np.ndarray:
    """Which windows are labelled (window,)."""
    if "window" not in tisc.dims:
        raise ValueError(f"tisc needs dim window; given {tisc.dims}")
    if (epochs is None) == (windows is None):
        raise ValueError("give either epochs=, in seconds, or windows=, one bool a window")
    if windows is not None:
        inside = np.asarray(windows)
        if inside.dtype != bool or inside.shape != (tisc.sizes["window"],):
            raise ValueError(
                f"windows must be {tisc.sizes['window']} bools, one a window; given {inside.dtype} of {inside.shape}"
            )
    else:
        inside = _within(tisc["time"].values, epochs)
    if inside.all() or not inside.any():
        raise ValueError(
            f"{int(inside.sum())} of {inside.size} windows are labelled; some must be and some must not: epochs are in "
            "seconds from the onset of the stimulus, as is the time of the windows"
        )
    return inside


def _within(centre: np.ndarray, epochs: Epochs | None) -> np.ndarray:
    """Windows whose centre lies in an epoch."""
    spans = epochs[["onset", "duration"]] if isinstance(epochs, pd.DataFrame) else list(epochs or [])
    spans = np.asarray(spans, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(spans).all() or (spans[:, 1] < 0).any():
        raise ValueError(f"epochs must have a finite onset and a duration of 0 s or more; given {spans.tolist()}")
    onset, duration = spans[:, :1], spans[:, 1:]
    return np.any((centre >= onset) & (centre < onset + duration), axis=0)


def _without_line(series: np.ndarray) -> np.ndarray:
    """Series (feature, window) without the straight line through their finite values."""
    known = np.isfinite(series)
    x = np.broadcast_to(np.arange(series.shape[1], dtype=np.float64), series.shape)
    n = np.maximum(known.sum(axis=1, keepdims=True), 1)
    filled = np.where(known, series, 0.0)
    dx = np.where(known, x - np.where(known, x, 0.0).sum(axis=1, keepdims=True) / n, 0.0)
    mean = filled.sum(axis=1, keepdims=True) / n
    power = (dx**2).sum(axis=1, keepdims=True)
    slope = (dx * filled).sum(axis=1, keepdims=True) / np.where(power > 0, power, 1.0)
    return np.where(known, series - mean - slope * dx, np.nan)


def _effective(row: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Independent windows inside and outside: how many there are over their autocorrelation time.

    The time is that of what is left when each side has its own mean: a change is no autocorrelation.
    """
    known, rest = np.isfinite(row), row.copy()
    counts = np.array([(known & inside).sum(), (known & ~inside).sum()], dtype=np.float64)
    for side, count in zip((inside, ~inside), counts, strict=True):
        rest[side] -= row[known & side].mean() if count else 0.0
    time = integrated_time(rest)
    return counts / time if np.isfinite(time) else np.zeros(2)


def _check_effective(effective: np.ndarray, enough: np.ndarray, inside: np.ndarray) -> None:
    if not enough.any():
        best = effective[effective.min(axis=1).argmax()]
        raise ValueError(
            f"too few independent windows to test a change: {best[0]:.1f} inside and {best[1]:.1f} outside of the "
            f"epochs ({inside.sum()} and {(~inside).sum()} windows that overlap or vary slowly); at least "
            f"{FEWEST_EFFECTIVE:g} is needed on each side and {FEWEST_IN_ALL:g} in all: use longer epochs, a longer "
            "film or shorter windows"
        )


def _turned(series: np.ndarray, inside: np.ndarray) -> _Turned:
    """Difference of means for the labels turned by 0, 1, 2, ... windows, by circular correlation."""
    known = np.isfinite(series)
    filled = np.where(known, series, 0.0)
    n = inside.size
    labels = np.conj(np.fft.rfft(inside.astype(np.float64)))
    sums = np.fft.irfft(np.fft.rfft(filled, axis=1) * labels, n, axis=1)
    counts = np.fft.irfft(np.fft.rfft(known.astype(np.float64), axis=1) * labels, n, axis=1).round()
    others, outside = filled.sum(axis=1, keepdims=True) - sums, known.sum(axis=1, keepdims=True) - counts
    defined = (counts > 0) & (outside > 0)
    difference = sums / np.where(defined, counts, 1.0) - others / np.where(defined, outside, 1.0)
    return _Turned(np.where(defined, difference, np.nan))


def _p_values(turned: _Turned, enough: np.ndarray, tail: Tail) -> tuple[np.ndarray, np.ndarray]:
    """P of every feature alone, and corrected by the largest score over features."""
    sides = {"greater": (1,), "less": (-1,), "two_sided": (1, -1)}[tail]
    alone, corrected = [], []
    for sign in sides:
        scores = turned.scores(sign)
        scores[~enough] = np.nan
        largest = np.fmax.reduce(scores, axis=0)
        alone.append(_share(scores, scores[:, :1]))
        corrected.append(_share(largest[None], scores[:, :1]))
    p, p_fwe = (np.minimum(1.0, len(sides) * np.fmin.reduce(part)) for part in (alone, corrected))
    return p, p_fwe


def _share(null: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Share of turns, the observed one among them, that score at least as high; NaN without a score."""
    n = np.isfinite(null).sum(axis=1)
    beyond = (null >= observed - TIE).sum(axis=1)
    known = np.isfinite(observed[:, 0])
    return np.where(known, beyond / np.maximum(n, 1), np.nan)


def _findings(effective: np.ndarray, enough: np.ndarray, inside: np.ndarray, detrend: str | None) -> list[Finding]:
    found = []
    slow, few = int((~enough).sum()), int((effective[enough].sum(axis=1) < FEW_IN_ALL).sum())
    if slow:
        text = f"{slow} of {enough.size} features have too few independent windows (or none): they have no p."
        found.append(Finding("features_untested", "warning", text, {"n_feature": slow}))
    if few:
        text = (
            f"{few} of {enough.size} features have fewer than {FEW_IN_ALL:g} independent windows: p is approximate, "
            "and only large changes can be found."
        )
        found.append(Finding("few_independent_windows", "warning", text, {"n_feature": few}))
    likeness = float(np.corrcoef(inside, np.arange(inside.size))[0, 1] ** 2)
    if detrend and likeness > LIKE_A_TREND:
        text = (
            f"the epochs lie at one end of the recording (squared correlation with time {likeness:.2f}): the line that "
            "was taken out holds most of the difference; use detrend=None if a drift is a change to you."
        )
        found.append(Finding("epochs_like_a_trend", "warning", text, {"r2": likeness}))
    return found


def _labelled(tisc: xr.DataArray, columns: dict[str, np.ndarray]) -> xr.Dataset:
    features = tisc.isel(window=0, drop=True)
    coords = {name: coord for name, coord in features.coords.items() if coord.dims and name != "n_subject"}
    data = {name: (features.dims, v.reshape(features.shape), {"units": UNITS[name]}) for name, v in columns.items()}
    return xr.Dataset(data, coords=coords)

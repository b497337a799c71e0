"""Association of many series with one: the strongest lag, and p-values by shifts, formulas or a model.

Arrays in, arrays out; times are counted in windows.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from isc.behaviour.series import effective_windows, prepared, shifted_correlations

BLOCK_VALUES = 2**21  # values of a block of features, 16 MB; a dozen such arrays are held at a time
TIE = 1e-10  # shifts that give the same r count as ties although the FFT rounds
FEWEST_EFFECTIVE = 10  # windows; with fewer, no p-value is given
GLSAR_ORDER = 4  # autoregressive order of the model's errors
GLSAR_ITERATIONS = 8


class Plan(NamedTuple):
    """What is searched and how it is tested; lags and shifts in windows."""

    lags: np.ndarray
    shifts: np.ndarray
    method: str
    statistic: str
    detrend: str | None


class Association(NamedTuple):
    """One value a feature; lag in windows. NaN r: a constant series. NaN p: too few effective windows."""

    r: np.ndarray
    lag: np.ndarray
    p: np.ndarray
    p_fwe: np.ndarray
    effective_n: np.ndarray


def associate(series: np.ndarray, agreement: np.ndarray, plan: Plan) -> Association:
    """Strongest correlation of every row of series (feature, window) with agreement (window,), and its p-values."""
    y = prepared(agreement, statistic=plan.statistic, detrend=plan.detrend)
    parts, largest = [], np.full(plan.shifts.size, np.nan)
    for rows in _blocks(*series.shape):
        x = prepared(series[rows], statistic=plan.statistic, detrend=plan.detrend)
        effective = effective_windows(x, y)
        r, best, null = _search_lags(x, y, plan)
        testable = np.isfinite(r) & (effective >= FEWEST_EFFECTIVE)
        largest = np.fmax(largest, np.fmax.reduce(null[testable], axis=0, initial=np.nan))
        p = _p_values(x, y, Association(r, best, null, null, effective), plan)
        parts.append((r, best, np.where(testable, p, np.nan), effective))
    r, best, p, effective = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Association(r, best, p, _familywise(r, p, largest, plan), effective)


def rank_p(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """(1 + surrogates at least as large) / (1 + surrogates), Phipson & Smyth 2010, doi 10.2202/1544-6115.1585."""
    beyond = (null >= observed[:, None] - TIE).sum(axis=1)
    return (1 + beyond) / (1 + np.isfinite(null).sum(axis=1))


def _blocks(n_feature: int, n_window: int) -> Iterator[slice]:
    size = max(1, BLOCK_VALUES // n_window)
    for first in range(0, n_feature, size):
        yield slice(first, first + size)


def _search_lags(x: np.ndarray, y: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Strongest r and its lag (feature,), and the largest |r| over the same lags at every shift (feature, shift)."""
    r, best = np.full(len(x), np.nan), np.full(len(x), np.nan)
    null = np.full((len(x), plan.shifts.size), np.nan)
    for lag in plan.lags:
        at = shifted_correlations(_with_partner(x, int(lag)), y)
        stronger = np.abs(at[:, lag % y.size]) > np.nan_to_num(np.abs(r), nan=-1.0)
        r, best = np.where(stronger, at[:, lag % y.size], r), np.where(stronger, lag, best)
        # Agreement rolled by k windows has at w + lag what the real one has at w + lag - k.
        null = np.fmax(null, np.abs(at[:, (lag - plan.shifts) % y.size]))
    return r, best, null


def _with_partner(x: np.ndarray, lag: int) -> np.ndarray:
    """NaN in the windows whose lagged partner lies beyond the film, so that nothing wraps around."""
    window = np.arange(x.shape[1]) + lag
    return np.where((window >= 0) & (window < x.shape[1]), x, np.nan)

"""Association of many series with one: the strongest lag, and p-values by shifts, formulas or a model.

Arrays in, arrays out; times are counted in windows.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from isc.behaviour.series import effective_windows, prepared, shifted_correlations
from isc.lazy import capacity, computed, task_ranges
from isc.lazy.rates import rate

BLOCK_VALUES = 2**19  # values of a block of features, 4 MB; a dozen such arrays are held at a time
TASK_BYTES = 128 * 2**20  # a task: a block and the arrays made of it
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
    """One value a feature; lag in windows. r is NaN where a series is constant, p where windows are too few."""

    r: np.ndarray
    lag: np.ndarray
    p: np.ndarray
    p_fwe: np.ndarray
    effective_n: np.ndarray


class _Search(NamedTuple):
    """Strongest r of a block of features, its lag, and the largest |r| over the same lags at every shift."""

    r: np.ndarray
    lag: np.ndarray
    null: np.ndarray


def associate(series: np.ndarray, agreement: np.ndarray, plan: Plan) -> Association:
    """Strongest correlation of every row of series (feature, window) with agreement (window,), and its p-values."""
    y = prepared(agreement, statistic=plan.statistic, detrend=plan.detrend)
    blocks = list(_blocks(*series.shape))
    seconds = series.shape[0] * _feature_seconds(y.size, plan)
    room = capacity(cpu_seconds=seconds, n_bytes=series.nbytes, task_bytes=TASK_BYTES)
    if room is None:
        parts = [_associate_rows(series[rows], y, plan) for rows in blocks]
    else:
        tasks = [[blocks[k] for k in some] for some in task_ranges(len(blocks), room.task_count(seconds))]
        answers = dict(computed(_associate_blocks, (series, y, plan), tasks))
        parts = [part for number in range(len(tasks)) for part in answers[number]]
    r, lag, p, effective = (np.concatenate(part) for part in zip(*(part[:4] for part in parts), strict=True))
    largest = np.fmax.reduce([part[4] for part in parts])
    return Association(r, lag, p, _familywise(r, p, largest, plan), effective)


def _associate_blocks(job: tuple[np.ndarray, np.ndarray, Plan], blocks: list[slice]) -> list[tuple[np.ndarray, ...]]:
    """One task: some blocks of rows, cut as everywhere, so that sums round alike."""
    series, y, plan = job
    return [_associate_rows(series[rows], y, plan) for rows in blocks]


def _associate_rows(series: np.ndarray, y: np.ndarray, plan: Plan) -> tuple[np.ndarray, ...]:
    """Strongest r, lag, p and effective windows of every row, and the largest |r| of them all under every shift."""
    x = prepared(series, statistic=plan.statistic, detrend=plan.detrend)
    effective, found = effective_windows(x, y), _search_lags(x, y, plan)
    testable = np.isfinite(found.r) & (effective >= FEWEST_EFFECTIVE)
    p = np.full(testable.size, np.nan)
    kept = _Search(*(part[testable] for part in found))
    p[testable] = _p_values(x[testable], y, kept, effective[testable], plan)
    largest = np.fmax.reduce(kept.null, axis=0, initial=np.nan)
    return found.r, found.lag, p, effective, largest


def _feature_seconds(n_window: int, plan: Plan) -> float:
    """CPU time of one row."""
    model = rate("relation/glsar") if plan.method == "glsar" else 0.0
    return model + n_window * plan.lags.size * rate("relation/lag")


def _blocks(n_feature: int, n_window: int) -> Iterator[slice]:
    size = max(1, BLOCK_VALUES // n_window)
    for first in range(0, n_feature, size):
        yield slice(first, first + size)


def _search_lags(x: np.ndarray, y: np.ndarray, plan: Plan) -> _Search:
    r, best = np.full(len(x), np.nan), np.full(len(x), np.nan)
    null = np.full((len(x), plan.shifts.size), np.nan)
    for lag in plan.lags:
        at = shifted_correlations(_with_partner(x, int(lag)), y)
        observed = at[:, lag % y.size]
        stronger = np.abs(observed) > np.nan_to_num(np.abs(r), nan=-1.0)
        r, best = np.where(stronger, observed, r), np.where(stronger, lag, best)
        # Agreement rolled by k windows has at w + lag what the real one has at w + lag - k.
        null = np.fmax(null, np.abs(at[:, (lag - plan.shifts) % y.size]))
    return _Search(r, best, null)


def _with_partner(x: np.ndarray, lag: int) -> np.ndarray:
    """NaN in the windows whose lagged partner lies beyond the film, so that nothing wraps around."""
    partner = np.arange(x.shape[1]) + lag
    return np.where((partner >= 0) & (partner < x.shape[1]), x, np.nan)


def _p_values(x: np.ndarray, y: np.ndarray, found: _Search, effective: np.ndarray, plan: Plan) -> np.ndarray:
    """One p a feature; formulas pay for the lags by Bonferroni, shifts search them too, "naive" does not care."""
    if plan.method == "circular_shift":
        return _rank_p(np.abs(found.r), found.null)
    if plan.method == "naive":
        return _student_p(found.r, _paired_windows(x, y, found.lag))
    if plan.method == "effective_n":
        p = _student_p(found.r, effective)
    else:
        p = np.array([_glsar_p(row, y, int(lag)) for row, lag in zip(x, found.lag, strict=True)])
    return np.minimum(1.0, p * plan.lags.size)


def _familywise(r: np.ndarray, p: np.ndarray, largest: np.ndarray, plan: Plan) -> np.ndarray:
    """Correct p for features: by the maximum statistic for shifts, by Bonferroni for formulas, not for "naive"."""
    if plan.method == "naive":
        return np.full(p.shape, np.nan)
    if plan.method != "circular_shift":
        return np.minimum(1.0, p * np.isfinite(p).sum())
    null = np.sort(largest[np.isfinite(largest)])
    beyond = null.size - np.searchsorted(null, np.abs(r) - TIE, side="left")
    return np.where(np.isfinite(p), (1 + beyond) / (1 + null.size), np.nan)


def _rank_p(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """(1 + shifts at least as large) / (1 + shifts), row by row."""
    beyond = (null >= observed[:, None] - TIE).sum(axis=1)
    return (1 + beyond) / (1 + np.isfinite(null).sum(axis=1))


def _student_p(r: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Two-sided p of Pearson's r from n independent pairs."""
    from scipy.special import stdtr

    with np.errstate(divide="ignore"):
        t = np.abs(r) * np.sqrt((n - 2) / (1 - r**2))
    return 2 * stdtr(n - 2, -t)


def _paired_windows(x: np.ndarray, y: np.ndarray, lag: np.ndarray) -> np.ndarray:
    """Windows of each row that have a finite partner at the row's lag."""
    n = np.zeros(len(x))
    for value in np.unique(lag):
        rows = lag == value
        partner = np.roll(y, -int(value))
        n[rows] = np.isfinite(_with_partner(x[rows], int(value)) + partner).sum(axis=1)
    return n


def _glsar_p(x: np.ndarray, y: np.ndarray, lag: int) -> float:
    """Test the slope of agreement on one series when the errors are autoregressive; gaps are closed up."""
    from statsmodels.regression.linear_model import GLSAR
    from statsmodels.tools import add_constant

    partner = np.roll(y, -lag)
    x = _with_partner(x[None], lag)[0]
    paired = np.isfinite(x + partner)
    model = GLSAR(partner[paired], add_constant(x[paired]), rho=GLSAR_ORDER)
    return float(model.iterative_fit(maxiter=GLSAR_ITERATIONS).pvalues[1])

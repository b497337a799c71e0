"""Feature x feature correlation across subjects (inter-subject functional connectivity), by matrix products.

Subjects are read one after the other, so that memory holds a few of them in float64, never all.
"""

import numpy as np

FLAT = 1e-6  # relative standard deviation below which a series counts as flat
ROUNDING = 1e-12  # share of a sum of squares that its rounding may reach


def standardise(samples: np.ndarray) -> np.ndarray:
    """Centred series of unit norm; zeros where a series is flat or not finite.

    Parameters
    ----------
    samples : ndarray, shape (subject, feature, sample)

    Returns
    -------
    ndarray of float64, same shape

    Examples
    --------
    >>> standardise(np.array([[[1.0, 2.0, 3.0]]])).round(3).tolist()
    [[[-0.707, 0.0, 0.707]]]
    """
    samples = np.where(np.isfinite(samples), samples, np.nan).astype(np.float64)
    mean = samples.mean(axis=-1, keepdims=True)
    centred = samples - mean
    power = (centred**2).sum(axis=-1, keepdims=True)
    kept = np.isfinite(power) & (power > samples.shape[-1] * (FLAT * mean) ** 2)
    return np.where(kept, centred / np.sqrt(np.where(kept, power, 1.0)), 0.0)


def pairwise_connectivity(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over ordered dyads of r between feature i of one subject and feature j of the other.

    With Z_s the standardised series, ``sum_{s != t} Z_s Z_t' = (sum_s Z_s)(sum_s Z_s)' - sum_s Z_s Z_s'``.

    Parameters
    ----------
    samples : ndarray, shape (subject, feature, sample)
        One window.

    Returns
    -------
    value : ndarray of float32, shape (feature, feature)
        Symmetric; the diagonal is the inter-subject correlation of each feature. NaN without a dyad.
    n_dyad : ndarray of int, shape (feature, feature)
        Ordered dyads averaged.

    Examples
    --------
    >>> wave = np.sin(np.arange(40.0))
    >>> pairwise_connectivity(np.stack([[wave, -wave], [wave, -wave]]))[0].round(3).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    n_feature = samples.shape[1]
    total, own, both = np.zeros(samples.shape[1:]), np.zeros((n_feature, n_feature)), np.zeros((n_feature, n_feature))
    count = np.zeros(n_feature)
    for subject in samples:
        z = standardise(subject[None])[0]
        present = (np.abs(z) > 0).any(axis=-1).astype(np.float64)
        total += z
        own += z @ z.T
        count += present
        both += np.outer(present, present)
    n_dyad = (np.outer(count, count) - both).astype(np.int64)
    value = np.where(n_dyad > 0, (total @ total.T - own) / np.maximum(n_dyad, 1), np.nan)
    return np.clip((value + value.T) / 2, -1, 1).astype(np.float32), n_dyad


def leave_one_out_connectivity(samples: np.ndarray) -> np.ndarray:
    """Mean over subjects of r between feature i of the subject and feature j of the mean of the others.

    Parameters
    ----------
    samples : ndarray, shape (subject, feature, sample)
        One window. Series that are flat or not finite are left out.

    Returns
    -------
    ndarray of float32, shape (feature, feature)
        Row: the subject's feature; column: the others'. Not symmetric.

    Examples
    --------
    >>> wave = np.sin(np.arange(40.0))
    >>> leave_one_out_connectivity(np.stack([[wave], [2 * wave], [wave + 1]])).round(3).tolist()
    [[1.0]]
    """
    total, count = np.zeros(samples.shape[1:]), np.zeros(samples.shape[1])
    for subject in samples:
        _, present, filled = _standard_and_filled(subject)
        total += filled
        count += present
    summed = np.zeros((samples.shape[1], samples.shape[1]))
    n_subject = np.zeros_like(summed)
    for subject in samples:
        z, present, filled = _standard_and_filled(subject)
        others_n = count - present
        standard = standardise(((total - filled) / np.maximum(others_n, 1)[:, None])[None])[0]
        both = np.outer(present, (others_n > 0) & (np.abs(standard) > 0).any(axis=-1))
        summed += np.where(both, z @ standard.T, 0.0)
        n_subject += both
    value = np.where(n_subject > 0, summed / np.maximum(n_subject, 1), np.nan)
    return np.clip(value, -1, 1).astype(np.float32)


def _standard_and_filled(subject: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standardised series of a subject, which of them count, and the series with zeros for those that do not."""
    z = standardise(subject[None])[0]
    present = (np.abs(z) > 0).any(axis=-1)
    return z, present, np.where(present[:, None], subject, 0.0).astype(np.float64)


def gapped_connectivity(samples: np.ndarray, *, leave_one_out: bool) -> np.ndarray:
    """Both kinds of connectivity when some series have gaps: r over the samples that both series have.

    The rule of `isc.temporal_isc`: the diagonal is its value.

    Parameters
    ----------
    samples : ndarray, shape (subject, feature, sample)
        One window; NaN where a sample is missing. Series that are flat on the common samples are left out.
    leave_one_out : bool
        Each subject with the mean of the others' present samples, instead of every ordered dyad.

    Returns
    -------
    ndarray of float32, shape (feature, feature)

    Examples
    --------
    >>> wave = np.sin(np.arange(40.0))
    >>> holed = np.where(np.arange(40) == 7, np.nan, wave)
    >>> gapped_connectivity(np.stack([[wave, -wave], [holed, -wave]]), leave_one_out=False).round(3).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    samples = np.where(_flat(samples)[..., None], np.nan, samples).astype(np.float64)
    samples = _at_one_level(samples)
    summed, count = np.zeros((2, samples.shape[1], samples.shape[1]))
    for s in range(len(samples)):
        rest = np.delete(samples, s, axis=0) if leave_one_out else samples[s + 1 :]
        for other in [_mean_of_present(rest)] if leave_one_out else rest:
            r = complete_correlations(samples[s], other)
            for part in (r,) if leave_one_out else (r, r.T):
                summed += np.where(np.isfinite(part), part, 0.0)
                count += np.isfinite(part)
    return np.where(count > 0, summed / np.maximum(count, 1), np.nan).astype(np.float32)


def _flat(samples: np.ndarray) -> np.ndarray:
    """Which series (subject, feature) do not move, or have no sample."""
    present = np.isfinite(samples)
    count = np.maximum(present.sum(axis=-1), 1)
    mean = np.where(present, samples, 0.0).sum(axis=-1, dtype=np.float64) / count
    power = (np.where(present, samples - mean[..., None], 0.0) ** 2).sum(axis=-1)
    return power <= count * (FLAT * mean) ** 2


def _at_one_level(samples: np.ndarray) -> np.ndarray:
    """Series of all subjects moved to the mean of their means: a gap must not make the mean of the others jump."""
    present = np.isfinite(samples)
    mean = np.where(present, samples, 0.0).sum(axis=-1) / np.maximum(present.sum(axis=-1), 1)
    some = present.any(axis=-1)
    level = np.where(some, mean, 0.0).sum(axis=0) / np.maximum(some.sum(axis=0), 1)
    return samples + (level - mean)[..., None]


def _mean_of_present(samples: np.ndarray) -> np.ndarray:
    """Mean over subjects of the samples that are there; NaN where there is none."""
    present = np.isfinite(samples)
    count = present.sum(axis=0)
    return np.where(count > 0, np.where(present, samples, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def complete_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation of every series of one array with every one of another, over the samples that both have.

    Parameters
    ----------
    first, second : ndarray, shapes (feature, sample) and (other feature, sample)
        NaN where a sample is missing.

    Returns
    -------
    ndarray of float64, shape (feature, other feature)
        NaN where either is flat on the common samples.

    Examples
    --------
    >>> a = np.array([[1.0, 2.0, np.nan, 4.0]])
    >>> b = np.array([[2.0, 4.0, 9.0, 8.0], [3.0, 3.0, 5.0, 3.0]])
    >>> complete_correlations(a, b).round(3).tolist()
    [[1.0, nan]]
    """
    (x, p, level_x), (y, q, level_y) = (_centred(series) for series in (first, second))
    n = p @ q.T
    at_least_1 = np.maximum(n, 1)
    sum_x, sum_y = x @ q.T, p @ y.T
    power_x = _power_left(x**2 @ q.T, sum_x, at_least_1, level_x[:, None])
    power_y = _power_left(p @ (y**2).T, sum_y, at_least_1, level_y[None])
    product = x @ y.T - sum_x * sum_y / at_least_1
    return np.clip(product / np.sqrt(power_x) / np.sqrt(power_y), -1, 1)


def _centred(series: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Series less their mean with zeros in the gaps, where they have samples (1.0 or 0.0), and their means."""
    present = np.isfinite(series)
    filled = np.where(present, series, 0.0)
    mean = filled.sum(axis=-1) / np.maximum(present.sum(axis=-1), 1)
    return np.where(present, series - mean[:, None], 0.0), present.astype(np.float64), mean


def _power_left(squares: np.ndarray, sums: np.ndarray, n: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Centred sums of squares over the common samples; NaN where that is flat, or rounding of the sums."""
    power = squares - sums**2 / n
    flat = np.maximum(n * (FLAT * (level + sums / n)) ** 2, ROUNDING * squares)
    return np.where(power > flat, power, np.nan)

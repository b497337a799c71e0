"""Feature x feature correlation across subjects (inter-subject functional connectivity), by matrix products."""

import numpy as np

FLAT = 1e-6  # relative standard deviation below which a series counts as flat


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
    z = standardise(samples)
    total = z.sum(axis=0)
    own = np.einsum("sft,sgt->fg", z, z, optimize=True)
    present = (np.abs(z) > 0).any(axis=-1).astype(np.int64)
    count = present.sum(axis=0)
    n_dyad = np.outer(count, count) - present.T @ present
    value = np.where(n_dyad > 0, (total @ total.T - own) / np.maximum(n_dyad, 1), np.nan)
    return np.clip(value, -1, 1).astype(np.float32), n_dyad


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
    z = standardise(samples)
    present = (np.abs(z) > 0).any(axis=-1)
    filled = np.where(present[..., None], samples.astype(np.float64), 0.0)
    total, count = filled.sum(axis=0), present.sum(axis=0)
    summed = np.zeros((z.shape[1], z.shape[1]))
    n_subject = np.zeros_like(summed)
    for subject in range(z.shape[0]):
        others_n = count - present[subject]
        others = (total - filled[subject]) / np.maximum(others_n, 1)[:, None]
        standard = standardise(others[None])[0]
        both = np.outer(present[subject], (others_n > 0) & (np.abs(standard) > 0).any(axis=-1))
        summed += np.where(both, z[subject] @ standard.T, 0.0)
        n_subject += both
    value = np.where(n_subject > 0, summed / np.maximum(n_subject, 1), np.nan)
    return np.clip(value, -1, 1).astype(np.float32)

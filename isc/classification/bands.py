"""Accuracy along a curve with its bootstrap interval over subjects."""

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.scores import subject_weights

N_BOOTSTRAP = 2000


def with_band(share: np.ndarray, subject: pd.Series, dim: str, points: np.ndarray, seed: int) -> xr.Dataset:
    """Mean over clips of the share of right predictions (point, clip), with its bootstrap interval over subjects."""
    samples = bootstrap_share(share, subject, seed)
    low, high = np.nanquantile(samples, [0.025, 0.975], axis=0)
    variables = {"accuracy": (dim, np.nanmean(share, axis=1)), "low": (dim, low), "high": (dim, high)}
    return xr.Dataset(variables | {"share_right": ((dim, "clip"), share)}, {dim: points})


def bootstrap_share(share: np.ndarray, subject: pd.Series, seed: int) -> np.ndarray:
    """Accuracy (bootstrap, point) of subjects drawn with replacement; NaN in `share`: not tested."""
    number, names = pd.factorize(subject, sort=True)
    member = (np.arange(len(names))[:, None] == number).astype(float)
    tested = np.isfinite(share)
    weights = subject_weights(len(names), N_BOOTSTRAP, seed)
    right, clips = weights @ member @ np.where(tested, share, 0).T, weights @ member @ tested.T.astype(float)
    return np.divide(right, clips, out=np.full(right.shape, np.nan), where=clips > 0)

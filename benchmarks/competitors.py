"""How researchers compute windowed inter-subject correlation today, as they write it."""

import numpy as np
import xarray as xr


def brainiak_loop(values: np.ndarray, starts: np.ndarray, length: int, *, pairwise: bool) -> np.ndarray:
    """BrainIAK's isc in a loop over windows; values (time, feature, subject). Result (window, feature)."""
    from brainiak.isc import isc as brainiak_isc

    rows = [brainiak_isc(values[s : s + length], pairwise=pairwise, summary_statistic=None).mean(0) for s in starts]
    return np.stack(rows)


def corrcoef_loop(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """numpy.corrcoef in a loop over windows and features; values (feature, subject, time)."""
    upper = np.triu_indices(values.shape[1], 1)
    return np.array([[np.corrcoef(x[:, s : s + length])[upper].mean() for x in values] for s in starts])


def pandas_loop(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """DataFrame.corr in a loop over windows and features; values (feature, subject, time)."""
    import pandas as pd

    upper = np.triu_indices(values.shape[1], 1)
    frames = [pd.DataFrame(x.T) for x in values]
    return np.array([[f.iloc[s : s + length].corr().values[upper].mean() for f in frames] for s in starts])


def xarray_form(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """xarray.corr of every dyad over constructed windows; values (feature, subject, time)."""
    series = xr.DataArray(values, dims=("feature", "subject", "time"))
    windows = series.rolling(time=length).construct("sample").isel(time=starts + length - 1)
    first, second = np.triu_indices(values.shape[1], 1)
    dyads = [
        xr.corr(windows.isel(subject=a), windows.isel(subject=b), dim="sample")
        for a, b in zip(first, second, strict=True)
    ]
    return np.mean([dyad.values for dyad in dyads], axis=0).T

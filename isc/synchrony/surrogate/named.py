"""Surrogates asked for by the name of their scheme, and what their results say about themselves."""

from typing import Any

import numpy as np
import xarray as xr

from isc.synchrony.surrogate.described import surrogates_of
from isc.synchrony.surrogate.schemes import SchemeName, scheme_named
from isc.synchrony.surrogate.values import Surrogates
from isc.windows import DEFAULT_WINDOW, window_coords


def named_surrogates(cube: xr.DataArray, scheme: SchemeName, **how: Any) -> Surrogates:
    """Surrogates of a scheme given by name, with the options of `isc.null_extremes`.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...) in any order
    scheme : str
    **how
        ``features``, ``extent``, ``block`` of the scheme; all others go to `surrogates_of`.

    Returns
    -------
    Surrogates

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cube = xr.DataArray(rng.normal(size=(5, 300, 2)), dims=("subject", "time", "vertex"),
    ...                     coords={"time": np.arange(300) / 30})
    >>> named_surrogates(cube, "block", n_surrogates=10).scheme.block
    5.0
    """
    own = {option: how.pop(option, None) for option in ("features", "extent", "block")}
    if scheme == "block" and own["block"] is None:
        own["block"] = how.get("window", DEFAULT_WINDOW)
    return surrogates_of(cube, scheme=scheme_named(scheme, **own), **how)


def labelled_cells(surrogates: Surrogates, values: np.ndarray, *, name: str) -> xr.DataArray:
    """Values (feature, window) on the dims and coords of `isc.temporal_isc`.

    Parameters
    ----------
    surrogates : Surrogates
    values : ndarray, shape (feature, window)
    name : str

    Returns
    -------
    DataArray, dims (window, feature dims)
    """
    features, windows = surrogates.features, surrogates.design.windows
    coords = {**features.coords, **window_coords(windows, onset=features.series.onset)}
    shaped = values.T.reshape(values.shape[1], *features.shape)
    return xr.DataArray(shaped, dims=("window", *features.dims), coords=coords, name=name, attrs={"units": "1"})


def surrogate_attrs(surrogates: Surrogates) -> dict[str, str | int | float]:
    """What was tested and how, for the attrs of a result."""
    design = surrogates.design
    return {
        "scheme": surrogates.scheme.name,
        **surrogates.scheme.options(),
        "null_hypothesis": surrogates.scheme.null_hypothesis,
        "n_surrogates": surrogates.n_surrogates,
        "exact": int(surrogates.exact),
        "smallest_p": 1 / (surrogates.n_surrogates + 1),
        "seed": design.seed,
        "estimator": design.statistic.estimator,
        "summary": str(design.statistic.summary),
        "detrend": design.detrend or "none",
        "min_valid": design.min_valid,
        "n_subject": int(design.keys.size),
        "window_samples": design.windows.length,
        "rate_hz": design.windows.rate,
    }

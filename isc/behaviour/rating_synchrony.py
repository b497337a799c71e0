"""Synchrony of the ratings themselves: agreement without peaks."""

import numpy as np
import xarray as xr

from isc.behaviour.presence import WINDOW_COORDS, Windows, check_windows
from isc.cube import sampling_rate
from isc.kernels.correlation import pairwise_mean

MIN_VALID = 0.8  # share of finite samples below which a rater is left out of a window
SHORTEST = 2  # samples


def tisc_of_ratings(ratings: xr.DataArray, windows: Windows) -> xr.DataArray:
    """Mean correlation over all pairs of raters in each window, by the kernel of ``temporal_isc``.

    Parameters
    ----------
    ratings : DataArray, dims (subject, time)
        Evenly sampled; NaN = no rating. A rater is left out of a window with fewer than 80 % of its samples, and
        where the rating does not move.
    windows : DataArray or Dataset
        With dim ``window`` and coordinates ``time``, ``start``, ``stop`` (s); sampled at the rate of the ratings.

    Returns
    -------
    DataArray ``agreement``, dim (window,), float64
        NaN with fewer than two raters and in windows that the ratings do not cover; coordinate ``n_raters``.

    Raises
    ------
    ValueError
        Other dims, or windows shorter than two samples.

    Examples
    --------
    >>> coords = {"time": np.arange(0, 10, 0.5), "subject": ["a", "b"]}
    >>> ratings = xr.DataArray(np.tile(np.arange(20.0), (2, 1)), dims=("subject", "time"), coords=coords)
    >>> edge = {"start": [0.0, 7.0], "stop": [5.0, 12.0], "time": [2.5, 9.5]}
    >>> windows = xr.Dataset(coords={name: ("window", value) for name, value in edge.items()})
    >>> tisc_of_ratings(ratings, windows).values.tolist()
    [1.0, nan]
    """
    check_windows(windows, "windows")
    if set(ratings.dims) != {"subject", "time"}:
        raise ValueError(
            f'ratings must have the dims subject and time for method "tisc", not {ratings.dims}; concatenate the raters'
        )
    rate, onset = sampling_rate(ratings), float(ratings["time"][0])
    starts = np.rint((windows["start"].values - onset) * rate).astype(np.int64)
    length = int(np.rint(float((windows["stop"] - windows["start"]).median()) * rate))
    if length < SHORTEST:
        raise ValueError(f"windows must hold two ratings or more; at {rate:g} Hz they hold {length}")
    inside = (starts >= 0) & (starts + length <= ratings.sizes["time"])
    value, count = np.full(starts.size, np.nan), np.zeros(starts.size, dtype=np.int64)
    if inside.any():
        series = ratings.transpose("subject", "time").values.astype(np.float32)[None, None]
        found = pairwise_mean(np.ascontiguousarray(series), starts[inside], length, min_valid=MIN_VALID)
        value[inside], count[inside] = found[0][0], found[1][0]
    return xr.DataArray(
        value,
        dims="window",
        coords={name: windows[name] for name in WINDOW_COORDS} | {"n_raters": ("window", count)},
        name="agreement",
        attrs={"method": "tisc", "min_valid": MIN_VALID},
    )

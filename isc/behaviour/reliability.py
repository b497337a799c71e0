"""Reliability of raters as one number: Krippendorff's alpha and Fleiss' kappa."""

import numpy as np
import xarray as xr

LEVELS = ("nominal", "interval")


def krippendorff_alpha(ratings: xr.DataArray, *, level: str = "nominal") -> float:
    """Krippendorff's alpha: 1 = full agreement, 0 = as much as chance, below 0 = systematic disagreement.

    ``alpha = 1 - D_o / D_e``: D_o is the mean difference of two values given to the same unit (a unit with m values
    weighs m), D_e that of any two values. Differences are 0 or 1 (nominal) or squared (interval). Source: Hayes and
    Krippendorff 2007, doi 10.1080/19312450709336664.

    Parameters
    ----------
    ratings : DataArray, dims (subject, unit)
        One row a rater; the other dim, of any name, are the units (windows, clips). NaN = not rated; units with fewer
        than two values are left out. ``peak_presence`` gives such an array.
    level : {"nominal", "interval"}
        Whether values are names or lie on a scale with equal steps.

    Returns
    -------
    float
        NaN if all values are equal: nobody can disagree, and alpha is not defined.

    Raises
    ------
    ValueError
        Dims other than subject and one more, unknown level, or no unit with two values.

    Examples
    --------
    >>> ratings = xr.DataArray([[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 1.0]], dims=("subject", "window"))
    >>> round(krippendorff_alpha(ratings), 3)
    0.533
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {LEVELS}, not {level!r}")
    values = _units_by_raters(ratings)
    values = values[np.isfinite(values).sum(axis=1) >= 2]
    if not len(values):
        raise ValueError(
            "ratings must have a unit rated by two people or more; there is none, so check for missing logs"
        )
    differences = _nominal_differences if level == "nominal" else _interval_differences
    per_unit = np.isfinite(values).sum(axis=1)
    observed = (differences(values) / (per_unit - 1)).sum()
    expected = differences(values.reshape(1, -1))[0] / (per_unit.sum() - 1)
    return float(1 - observed / expected) if expected > 0 else float("nan")


def fleiss_kappa(ratings: xr.DataArray) -> float:
    """Fleiss' kappa for categories, through ``statsmodels``. Source: Fleiss 1971, doi 10.1037/h0031619.

    Parameters
    ----------
    ratings : DataArray, dims (subject, unit)
        One row a rater, any category coded as a number. Kappa knows no missing values: units with a NaN are left out
        (``krippendorff_alpha`` uses them).

    Returns
    -------
    float
        NaN if all values are equal.

    Raises
    ------
    ValueError
        Dims other than subject and one more, fewer than two raters, or no unit rated by all.

    Examples
    --------
    >>> ratings = xr.DataArray([[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 1.0]], dims=("subject", "window"))
    >>> round(fleiss_kappa(ratings), 3)
    0.467
    """
    from statsmodels.stats import inter_rater

    values = _units_by_raters(ratings)
    complete = values[np.isfinite(values).all(axis=1)]
    if complete.shape[1] < 2 or not len(complete):
        raise ValueError(
            f"ratings must have two raters or more and a unit rated by all; {values.shape[1]} rater(s), "
            f"{len(complete)} complete of {len(values)} units; use krippendorff_alpha where values are missing"
        )
    if (complete == complete[0, 0]).all():
        return float("nan")
    counts, _ = inter_rater.aggregate_raters(complete)
    return float(inter_rater.fleiss_kappa(counts, method="fleiss"))


def _nominal_differences(values: np.ndarray) -> np.ndarray:
    """Ordered pairs of different values in each row."""
    present = np.isfinite(values).sum(axis=1)
    categories = np.unique(values[np.isfinite(values)])
    same = sum((values == category).sum(axis=1) ** 2 for category in categories)
    return present**2 - same


def _interval_differences(values: np.ndarray) -> np.ndarray:
    """Squared difference summed over the ordered pairs of each row: 2 m times the centred sum of squares."""
    centred = values - np.nanmean(values, axis=1, keepdims=True)
    return 2 * np.isfinite(values).sum(axis=1) * np.nansum(centred**2, axis=1)


def _units_by_raters(ratings: xr.DataArray) -> np.ndarray:
    if "subject" not in ratings.dims or ratings.ndim != 2:
        raise ValueError(
            f"ratings must have the dims subject and one more (window, clip), not {ratings.dims}; select first"
        )
    return ratings.transpose(..., "subject").values.astype(float)

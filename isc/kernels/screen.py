"""Search for values that no statistic should see: infinities and numbers too large for a square in float32."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def _first_beyond(flat: np.ndarray, limit: float) -> int:
    """Index of the first value beyond ±limit in a flat array, -1 when there is none; NaN passes."""
    for start in range(0, flat.size, 4096):
        stop = min(start + 4096, flat.size)
        beyond = 0
        for k in range(start, stop):
            beyond += abs(flat[k]) > limit
        if beyond:
            for k in range(start, stop):
                if abs(flat[k]) > limit:
                    return k
    return -1


def first_unusable(values: np.ndarray, limit: float) -> tuple[int, ...] | None:
    """Position of the first value that is infinite or beyond ±limit; None when there is none.

    Parameters
    ----------
    values : ndarray of any shape, floating point
        NaN is allowed. Arrays that are not C-contiguous are read in slices of the first dim.
    limit : float
        Largest allowed magnitude.

    Returns
    -------
    tuple of int or None

    Examples
    --------
    >>> first_unusable(np.array([[0.0, np.nan], [1.0, np.inf]]), 1e15)
    (1, 1)
    """
    if values.ndim == 0:
        values = values.reshape(1)
    if not values.flags.c_contiguous and values.ndim > 1:
        return _first_in_slices(values, limit)
    flat: np.ndarray = np.ascontiguousarray(values, dtype=_native_float(values.dtype)).reshape(-1)
    place = _first_beyond(flat, flat.dtype.type(limit))
    return None if place < 0 else tuple(int(i) for i in np.unravel_index(place, values.shape))


def _first_in_slices(values: np.ndarray, limit: float) -> tuple[int, ...] | None:
    for k, part in enumerate(values):
        place = first_unusable(np.ascontiguousarray(part), limit)
        if place is not None:
            return (k, *place)
    return None


def _native_float(dtype: np.dtype) -> type:
    """float32 for half and single precision, float64 otherwise: what the search is compiled for."""
    return np.float32 if dtype.itemsize <= 4 else np.float64

"""Search for values that no statistic should see: infinities and numbers too large for a square in float32."""

import numpy as np
from numba import njit

STRETCH = 4096  # values searched at a time


@njit(nogil=True, cache=True, error_model="numpy")
def _first_beyond(bits: np.ndarray, magnitude: int, limit: int, infinity: int) -> int:
    """Index of the first value beyond the limit in a flat array, -1 when there is none; NaN passes.

    `bits` are floating-point numbers read as unsigned integers, `magnitude` the mask that takes their sign away.
    Magnitudes are in the order of their bits, with infinity above the limit and NaN above infinity: integers are
    compared many at a time where a comparison with NaN is not.
    """
    for start in range(0, bits.size, STRETCH):
        part = bits[start : start + STRETCH]
        beyond = 0
        for k in range(part.size):
            value = part[k] & magnitude
            beyond += (value > limit) & (value <= infinity)
        if beyond:
            for k in range(part.size):
                value = part[k] & magnitude
                if limit < value <= infinity:
                    return start + k
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
    kind = _native_float(values.dtype)
    unsigned = np.dtype(f"u{np.dtype(kind).itemsize}").type
    flat: np.ndarray = np.ascontiguousarray(values, dtype=kind).reshape(-1)
    bounds = [unsigned(np.array(bound, dtype=kind).view(unsigned)) for bound in (limit, np.inf)]
    place = _first_beyond(flat.view(unsigned), unsigned(np.iinfo(unsigned).max >> 1), *bounds)
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

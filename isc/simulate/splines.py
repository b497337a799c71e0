"""Smooth fields on the face: a shift known at a few vertices is spread over all of them."""

import numpy as np

SMOOTHING = 1e-6  # lets two anchors on the same spot disagree slightly


def thin_plate_spline(anchors: np.ndarray, shifts: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Shift of every target: the thin-plate spline through the shifts at the anchors.

    Parameters
    ----------
    anchors : numpy.ndarray
        (anchor, 2) places where the shift is known.
    shifts : numpy.ndarray
        (anchor, 2) the shift there.
    targets : numpy.ndarray
        (target, 2) places where it is wanted.

    Returns
    -------
    numpy.ndarray
        (target, 2), float64.

    References
    ----------
    Bookstein (1989), Principal warps, doi:10.1109/34.24792.

    Examples
    --------
    >>> import numpy as np
    >>> corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> thin_plate_spline(corners, np.tile([0.5, 0.0], (4, 1)), np.array([[0.3, 0.3]])).round(3)
    array([[0.5, 0. ]])
    """
    from scipy.interpolate import RBFInterpolator

    return RBFInterpolator(anchors, shifts, kernel="thin_plate_spline", smoothing=SMOOTHING)(targets)

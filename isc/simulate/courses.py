"""Time courses that expressions, heads and eyelids follow."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

KERNEL_REACH = 4.0  # widths of the Gaussian kernel on either side
EXPRESSION_WIDTH = 0.2  # s, half of the power lies below 0.4 Hz
EXPRESSION_CONTRAST = 1.6  # slope of the logistic curve between noise and amplitude
FLANK = 0.5  # s in which an episode opens or closes
BLINKS_PER_MINUTE = 14.0
BLINK_HALF_WIDTH = 0.075  # s
BLINK_REST = 0.5  # s, shortest time between two blinks


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], *, rate: float, width: float) -> np.ndarray:
    """White noise smoothed by a Gaussian of the given width; variance 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the noise.
    shape : tuple of int
        (time, ...) shape of the result; columns are independent.
    rate : float
        Samples per second.
    width : float
        Standard deviation of the kernel, s.

    Returns
    -------
    numpy.ndarray
        float64.

    Examples
    --------
    >>> import numpy as np
    >>> smooth_noise(np.random.default_rng(0), (50, 2), rate=10.0, width=0.5).shape
    (50, 2)
    """
    reach = int(np.ceil(KERNEL_REACH * width * rate)) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (width * rate)) ** 2)
    white = rng.standard_normal((shape[0] + 2 * reach, *shape[1:]))
    return sliding_window_view(white, len(kernel), axis=0) @ (kernel / np.linalg.norm(kernel))


def expression_course(rng: np.random.Generator, shape: tuple[int, ...], *, rate: float) -> np.ndarray:
    """Lively expression: amplitudes that wander over the whole range between 0 and 1, changing within 0.5 s.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the course.
    shape : tuple of int
        (time, ...) shape of the result; columns are independent.
    rate : float
        Samples per second.

    Returns
    -------
    numpy.ndarray
        Amplitude, mean 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> expression_course(np.random.default_rng(0), (100, 3), rate=15.0).shape
    (100, 3)
    """
    return 1 / (1 + np.exp(-EXPRESSION_CONTRAST * smooth_noise(rng, shape, rate=rate, width=EXPRESSION_WIDTH)))


def envelope(time: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Share of an episode in what is felt: 1 within the limits of an episode, 0 elsewhere, with soft flanks.

    Parameters
    ----------
    time : numpy.ndarray
        (time,) s.
    limits : numpy.ndarray
        (episode, 2) start and stop, s, not overlapping.

    Returns
    -------
    numpy.ndarray
        (time,) 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> envelope(np.array([0.0, 5.0]), np.array([[2.0, 8.0]])).round(2)
    array([0., 1.])
    """
    inside = np.zeros(len(time))
    for start, stop in limits:
        nearest_limit = np.minimum(time - start, stop - time)
        inside += np.clip(nearest_limit / FLANK, 0, 1)
    return inside


def blink_course(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    """Blinks of about 0.25 s at random moments, 14 a minute.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the moments.
    time : numpy.ndarray
        (time,) s, increasing.

    Returns
    -------
    numpy.ndarray
        (time,) closure of the eyes, 0 open to 1 closed.

    Examples
    --------
    >>> import numpy as np
    >>> bool(blink_course(np.random.default_rng(0), np.arange(0, 60, 0.01)).max() > 0.99)
    True
    """
    closure = np.zeros(len(time))
    pause = 60 / BLINKS_PER_MINUTE
    moment = time[0] + rng.exponential(pause)
    while moment < time[-1]:
        closure = np.maximum(closure, np.exp(-0.5 * ((time - moment) / BLINK_HALF_WIDTH) ** 4))
        moment += BLINK_REST + rng.exponential(pause - BLINK_REST)
    return closure

"""Sliding windows: seconds to exact samples, and the coordinates of the windows.

Starts are computed from seconds each time and never accumulated: adding a rounded 50 samples to a step of
49.8 would drift by 2.4 s over 358 windows.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

DEFAULT_WINDOW = 5.0  # seconds
DEFAULT_STEP = 5 / 3  # seconds; the published 1.66 s


class Windows(NamedTuple):
    """Windows of one length over a recording.

    Attributes
    ----------
    starts : ndarray of int64, shape (n_window,)
        First sample of every window, ascending.
    length : int
        Samples in every window.
    rate : float
        Samples per second.
    """

    starts: np.ndarray
    length: int
    rate: float


def sliding_windows(n_time: int, *, rate: float, window: float = DEFAULT_WINDOW, step: float = DEFAULT_STEP) -> Windows:
    """Windows of `window` seconds every `step` seconds that fit into a recording.

    Window k starts at sample ``round(k * step * rate)`` and has ``round(window * rate)`` samples (halves go to
    the even number), for any rate and any ratio of window to step. A step longer than the window is allowed: the
    samples between windows are then not used.

    Parameters
    ----------
    n_time : int
        Samples in the recording.
    rate : float
        Samples per second (Hz).
    window, step : float
        Seconds.

    Returns
    -------
    Windows
        Starts (n_window,) in samples, length in samples, rate in Hz.

    Raises
    ------
    ValueError
        When the window is longer than the recording, shorter than two samples, or the step is shorter than one.

    Examples
    --------
    >>> windows = sliding_windows(300, rate=25.0)
    >>> windows.length, windows.starts.tolist()
    (125, [0, 42, 83, 125, 167])
    """
    length = round(window * rate)
    _check_window(n_time, rate, window, step)
    count = int((n_time - length) / (step * rate)) + 2
    starts = np.rint(np.arange(count) * (step * rate)).astype(np.int64)
    return Windows(starts[starts + length <= n_time], length, float(rate))


def _check_window(n_time: int, rate: float, window: float, step: float) -> None:
    """Raise a ValueError that names the user's own numbers."""
    if not (np.isfinite(window) and round(window * rate) >= 2):
        raise ValueError(
            f"window is {window:g} s, which is less than two samples at {rate:g} Hz; choose at least {2 / rate:g} s"
        )
    if round(window * rate) > n_time:
        raise ValueError(f"window is {window:g} s but the recording lasts {n_time / rate:g} s; choose a shorter window")
    if not (np.isfinite(step) and step * rate >= 1):
        raise ValueError(
            f"step is {step:g} s, which is less than one sample at {rate:g} Hz; choose at least {1 / rate:g} s"
        )


def window_coords(windows: Windows, *, onset: float = 0.0) -> dict[str, xr.Variable]:
    """Coordinates of the windows: centre, start and stop in seconds, and the first sample.

    Parameters
    ----------
    windows : Windows
        From `sliding_windows`.
    onset : float
        Time of sample 0, in seconds.

    Returns
    -------
    dict of xarray.Variable
        ``time`` (centre), ``start``, ``stop`` in seconds and ``start_sample``, each with dim ``window``. A window
        covers the half-open span from start to stop: stop - start is length / rate.

    Examples
    --------
    >>> coords = window_coords(sliding_windows(300, rate=30.0))
    >>> coords["time"].values.round(3).tolist()
    [2.5, 4.167, 5.833, 7.5]
    """
    start = onset + windows.starts / windows.rate
    stop = start + windows.length / windows.rate
    seconds = {"units": "s"}
    return {
        "time": xr.Variable("window", (start + stop) / 2, {**seconds, "long_name": "window centre"}),
        "start": xr.Variable("window", start, {**seconds, "long_name": "window start"}),
        "stop": xr.Variable("window", stop, {**seconds, "long_name": "window stop"}),
        "start_sample": xr.Variable("window", windows.starts, {"units": "samples"}),
    }

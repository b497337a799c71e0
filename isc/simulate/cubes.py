"""Cubes with planted synchrony of known size, and without any."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr

from isc.simulate.null_data import KINDS, null_series

AXES = ("x", "y", "z")
STREAM = 61  # keeps these draws apart from the other draws


@dataclass(frozen=True)
class Signal:
    """What the series of a simulated cube look like and what its subjects have in common.

    Attributes
    ----------
    rho : float
        Correlation between any two subjects, 0 to 1, in the long run.
    epochs : tuple of (float, float) or None
        Start and stop (s) of the stretches with synchrony, elsewhere there is none; None = all the time.
    kind : str
        Kind of the series, see `null_series`; the shared and the own part are of the same kind.
    autocorrelation : float
        Lag-1 autocorrelation per sample, of the kind ``ar1`` only.
    n_axis : int
        0: a vertex is a number. 1 to 3: it is a point with that many axes, all with the same rho.

    Raises
    ------
    ValueError
        If one of them is out of its range.

    Examples
    --------
    >>> Signal(rho=0.3, epochs=((5.0, 12.0),)).kind
    'white'
    """

    rho: float = 0.5
    epochs: tuple[tuple[float, float], ...] | None = None
    kind: str = "white"
    autocorrelation: float = 0.98
    n_axis: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.rho <= 1:
            raise ValueError(f"rho must lie between 0 and 1, got {self.rho}")
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")
        if not 0 <= self.n_axis <= len(AXES):
            raise ValueError(f"n_axis must lie between 0 (a number) and 3 (x, y, z), got {self.n_axis}")
        for start, stop in self.epochs or ():
            if not start < stop:
                raise ValueError(f"an epoch must stop after it starts, got ({start}, {stop})")


def simulate_cube(
    n_subject: int = 10,
    *,
    n_vertex: int = 10,
    duration: float = 60.0,
    rate: float = 30.0,
    signal: Signal | None = None,
    seed: int = 0,
) -> xr.DataArray:
    r"""Cube of subjects who share a part of known size: x_i = s S + e E_i with s² = rho and e² = 1 - rho.

    S and all E_i are independent series of variance 1, so that any two subjects correlate by rho; outside the
    epochs x_i = E_i. Known answers for windows of L samples of white series: mean over subject pairs
    :math:`\rho (1 - (1 - \rho^2) / 2L)` to first order; leave-one-out
    :math:`\rho \sqrt{n - 1} / \sqrt{1 + (n - 2) \rho}` in the long run.

    Parameters
    ----------
    n_subject : int, default 10
        Number of subjects.
    n_vertex : int, default 10
        Number of features. Those of one subject depend on one another, as the vertices of a face do.
    duration : float, default 60.0
        Length, s.
    rate : float, default 30.0
        Samples per second.
    signal : Signal, optional
        Size, place and kind of the synchrony; default rho 0.5 of white series, all the time.
    seed : int, default 0
        Same seed, same cube.

    Returns
    -------
    xarray.DataArray
        (subject, time, vertex[, space]) float32, unit 1, no NaN; coordinate ``rho`` (time) is the planted
        correlation at every sample.

    Raises
    ------
    ValueError
        If there is no subject, vertex or sample, or an epoch lies outside the cube.

    Examples
    --------
    >>> cube = simulate_cube(5, n_vertex=3, duration=10.0, signal=Signal(rho=0.2, epochs=((2.0, 7.0),)))
    >>> dict(cube.sizes)
    {'subject': 5, 'time': 300, 'vertex': 3}
    """
    signal = signal or Signal()
    n_sample = int(round(duration * rate))
    _check_sizes(n_subject, n_vertex, n_sample, rate)
    _check_epochs(signal, duration)
    time = np.arange(n_sample) / rate
    rho = _planted_rho(time, signal)
    rng = np.random.default_rng([seed, STREAM])
    n_series = n_vertex * max(signal.n_axis, 1)
    draw = partial(null_series, signal.kind, rate=rate, autocorrelation=signal.autocorrelation, rng=rng)
    shared = draw(shape=(n_series, 1, n_sample))
    own = draw(shape=(n_series, n_subject, n_sample))
    series = np.sqrt(rho) * shared + np.sqrt(1 - rho) * own
    attrs = {"rate_hz": float(rate), "units": "1", "rho": signal.rho, "kind": signal.kind, "seed": seed}
    return _labelled(series.transpose(1, 2, 0), time, rho, signal.n_axis).assign_attrs(attrs)


def _check_sizes(n_subject: int, n_vertex: int, n_sample: int, rate: float) -> None:
    if n_subject < 1 or n_vertex < 1:
        raise ValueError(f"n_subject and n_vertex must be at least 1, got {n_subject} and {n_vertex}")
    if not rate > 0 or n_sample < 2:
        raise ValueError(f"duration x rate must give at least 2 samples, got {n_sample}; give a longer duration (s)")


def _check_epochs(signal: Signal, duration: float) -> None:
    outside = [epoch for epoch in signal.epochs or () if epoch[0] < 0 or epoch[1] > duration]
    if outside:
        raise ValueError(f"epochs must lie within the cube (0 to {duration} s), got {outside}")


def _planted_rho(time: np.ndarray, signal: Signal) -> np.ndarray:
    if signal.epochs is None:
        return np.full(len(time), float(signal.rho))
    rho = np.zeros(len(time))
    for start, stop in signal.epochs:
        rho[(time >= start) & (time < stop)] = signal.rho
    return rho


def _labelled(series: np.ndarray, time: np.ndarray, rho: np.ndarray, n_axis: int) -> xr.DataArray:
    """Cube of series (subject, time, vertex x axis)."""
    n_subject, n_sample, n_series = series.shape
    values = np.ascontiguousarray(series, dtype=np.float32)
    subjects = [f"{index + 1:02d}" for index in range(n_subject)]
    coords = {"subject": subjects, "time": ("time", time, {"units": "s"}), "rho": ("time", rho, {"units": "1"})}
    dims = ["subject", "time", "vertex"]
    n_vertex = n_series // max(n_axis, 1)
    if n_axis:
        values = values.reshape(n_subject, n_sample, n_vertex, n_axis)
        dims.append("space")
        coords["space"] = list(AXES[:n_axis])
    return xr.DataArray(values, dims=dims, coords=coords | {"vertex": np.arange(n_vertex)}, name="cube")

"""Aligned landmarks of a generated audience, without rendering and tracking a video."""

import numpy as np
import xarray as xr

from isc.simulate.action_units import ACTIONS, UNITS, action_unit_fields
from isc.simulate.audience import Audience, Viewer
from isc.simulate.courses import blink_course, smooth_noise
from isc.simulate.portrait import load_portrait
from isc.simulate.topology import N_LANDMARK

TRACKER_NOISE = 0.004  # standard deviation of a landmark in a frame, inter-ocular distances
POSE_RESIDUE, POSE_WIDTH = 0.006, 2.0  # what alignment leaves of head movement, and how slow (s) it is
BLINK = "AU43"
STREAM = 71  # keeps these draws apart from the other draws
AXES = ("x", "y")


def simulate_landmarks(audience: Audience, *, rate: float = 10.0) -> xr.DataArray:
    """Aligned landmarks of all viewers on the clock of the film: what tracking and alignment would give.

    The portrait's neutral face plus the displacement of each action unit, blinks (14 a minute, everybody's own),
    tracker noise of 0.004 and a slow residue of head movement of 0.006 inter-ocular distances. Everybody has the same
    face. There is no depth. Nobody was filmed: these are scripts on a drawing.

    Parameters
    ----------
    audience : Audience
        From `simulate_audience`.
    rate : float, default 10.0
        Samples per second.

    Returns
    -------
    xarray.DataArray
        (subject, time, vertex, space) float32, inter-ocular distances, 478 vertices x (x, y), NaN where a face is
        lost; subjects are ``sub-01``, ``sub-02``, ... The audience's seed decides all noise.

    Raises
    ------
    ValueError
        If the rate is not positive.

    Examples
    --------
    >>> from isc.simulate import simulate_audience
    >>> dict(simulate_landmarks(simulate_audience(2, n_solo=0, seed=1), rate=5.0).sizes)
    {'subject': 2, 'time': 200, 'vertex': 478, 'space': 2}
    """
    if not rate > 0:
        raise ValueError(f"rate must be positive (Hz), got {rate}")
    time = np.arange(int(round(audience.duration * rate))) / rate
    neutral = load_portrait().neutral[:N_LANDMARK, :2]
    fields = action_unit_fields()[:, :N_LANDMARK].reshape(len(UNITS), -1)
    cube = np.empty((len(audience.viewers), time.size, N_LANDMARK, 2), dtype=np.float32)
    for row, viewer in zip(cube, audience.viewers, strict=True):
        rng = np.random.default_rng([audience.seed, viewer.subject_index, STREAM])
        moved = _unit_course(viewer, time, rng) @ fields
        row[:] = neutral + moved.reshape(time.size, N_LANDMARK, 2)
        row += POSE_RESIDUE * smooth_noise(rng, (time.size, 1, 2), rate=rate, width=POSE_WIDTH)
        row += TRACKER_NOISE * rng.standard_normal(row.shape, dtype=np.float32)
        for start, stop in viewer.lost:
            row[(time >= start) & (time < stop)] = np.nan
    subjects = [f"sub-{viewer.subject_index + 1:02d}" for viewer in audience.viewers]
    coords = {"subject": subjects, "time": ("time", time, {"units": "s"}), "space": list(AXES)}
    attrs = {"rate_hz": float(rate), "units": "inter-ocular distance", "seed": audience.seed, "source": "generated"}
    dims = ("subject", "time", "vertex", "space")
    return xr.DataArray(cube, dims=dims, coords=coords | {"vertex": np.arange(N_LANDMARK)}, name="cube", attrs=attrs)


def _unit_course(viewer: Viewer, time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Amplitude of every action unit (time, unit) of a viewer on the clock of the film, blinks included."""
    course = np.zeros((time.size, len(UNITS)))
    for name, amplitude in viewer.course.items():
        sampled = np.interp(time, viewer.course["time"].values, amplitude.values)
        for unit, share in ACTIONS.get(str(name), {str(name): 1.0}).items():
            course[:, UNITS.index(unit)] += share * sampled
    course[:, UNITS.index(BLINK)] += blink_course(rng, time)
    return course

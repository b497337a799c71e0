"""Generated data with known answers: face videos, audiences, cubes and key logs.

Everything here is drawn from a seed and is evidence about nobody. Use it to learn the toolkit, to test it and to
calibrate a design before people are invited.
"""

from isc.simulate.aligned import simulate_landmarks
from isc.simulate.audience import Audience, Viewer, simulate_audience
from isc.simulate.camera import Camera
from isc.simulate.clips import simulate_clips
from isc.simulate.cubes import Signal, simulate_cube
from isc.simulate.key_log import simulate_key_log
from isc.simulate.null_data import null_series
from isc.simulate.video import simulate_face_video

__all__ = [
    "Audience",
    "Camera",
    "Signal",
    "Viewer",
    "null_series",
    "simulate_audience",
    "simulate_clips",
    "simulate_cube",
    "simulate_face_video",
    "simulate_key_log",
    "simulate_landmarks",
]

"""How a viewer moves while the camera runs: expression, blinks, head, gaze and light, frame by frame."""

from dataclasses import dataclass

import numpy as np

from isc.simulate.action_units import ACTIONS, LARGEST_AMPLITUDE, UNITS
from isc.simulate.courses import blink_course, smooth_noise
from isc.simulate.identity import Identity

TONUS_SD = 0.02  # restless muscle tone of every unit, amplitude
TONUS_WIDTH = 0.5  # s
HAS_TONUS = np.array([unit not in ("AU43", "SMILE") for unit in UNITS])  # a blink and a photograph have none
SMALLEST_AMPLITUDE = -0.4  # of any unit; below it the mesh folds
MODEL_UNIT = "outer-eye-corner distance"
HEAD = {"yaw": "degree", "pitch": "degree", "roll": "degree", "right": MODEL_UNIT, "down": MODEL_UNIT}
HEAD_POSE_SD = np.array([2.1, 1.5, 1.1, 0.02, 0.02])  # how a viewer sits
HEAD_SWAY_SD = np.array([1.2, 0.9, 0.6, 0.010, 0.010])  # how much a viewer sways
MIRROR_HEAD = np.array([-1, 1, -1, -1, 1])  # yaw, roll and the shift to the right change sign
SWAY_WIDTH = 1.2  # s
LARGEST_TURN = 8.0  # degrees of yaw and pitch; beyond it the background beside the jaw stretches
GAZE_SD = np.array([0.014, 0.005])  # model units, right and down
MIRROR_GAZE = np.array([-1, 1])
GAZE_WIDTH = 0.5  # s
LIGHT_SD = 0.03  # share
LIGHT_WIDTH = 1.0  # s
STREAM = 31  # keeps these draws apart from those of the identity


@dataclass(frozen=True)
class Motion:
    """What moves in each frame.

    Attributes
    ----------
    amplitude : numpy.ndarray
        (time, unit, 2) amplitude of every action unit on the left and right side of the image.
    head : numpy.ndarray
        (time, 5) yaw (positive: the nose to the left of the image), pitch (positive: the nose down) and roll
        (positive: clockwise) in degrees, shift to the right and down in model units.
    gaze : numpy.ndarray
        (time, 2) shift of the eyeballs to the right and down, model units.
    light : numpy.ndarray
        (time,) brightness, 1 on average.
    """

    amplitude: np.ndarray
    head: np.ndarray
    gaze: np.ndarray
    light: np.ndarray

    def __getitem__(self, frames: slice) -> "Motion":
        """Motion of some frames."""
        return Motion(self.amplitude[frames], self.head[frames], self.gaze[frames], self.light[frames])

    def mirrored(self) -> "Motion":
        """Motion as a mirror shows it: drawn so and flipped left to right, the picture shows the motion itself."""
        return Motion(self.amplitude[..., ::-1], self.head * MIRROR_HEAD, self.gaze * MIRROR_GAZE, self.light)


def move(time: np.ndarray, actions: dict[str, np.ndarray], identity: Identity, *, seed: int) -> Motion:
    """Motion of a viewer who performs the given actions and, as people do, does more than that.

    Muscle tone, blinks, a swaying head, glances and flickering light are added, and the habitual asymmetry of
    the viewer. Amplitudes are cut to the range in which the mesh does not fold (`LARGEST_AMPLITUDE`).

    Parameters
    ----------
    time : numpy.ndarray
        (time,) s, evenly spaced.
    actions : dict of str to numpy.ndarray
        Name of an action (`ACTIONS`) or action unit (`UNITS`) -> (time,) amplitude, 1 = the full action.
    identity : Identity
        The viewer.
    seed : int
        Another seed gives other blinks, sways and so on.

    Returns
    -------
    Motion

    Examples
    --------
    >>> import numpy as np
    >>> from isc.simulate.identity import make_identity
    >>> time = np.arange(30) / 15
    >>> move(time, {"smile": time / 2}, make_identity(0), seed=0).amplitude.shape
    (30, 19, 2)
    """
    rng = np.random.default_rng([seed, identity.subject_index, STREAM])
    rate = (len(time) - 1) / (time[-1] - time[0])
    n_frame = len(time)
    tonus = TONUS_SD * smooth_noise(rng, (n_frame, len(UNITS)), rate=rate, width=TONUS_WIDTH) * HAS_TONUS
    amplitude = tonus + _unit_amplitudes(actions, n_frame)
    return Motion(
        amplitude=_on_both_sides(amplitude, identity.asymmetry, blink_course(rng, time)),
        head=_head(rng, n_frame, rate),
        gaze=GAZE_SD * smooth_noise(rng, (n_frame, 2), rate=rate, width=GAZE_WIDTH),
        light=1 + LIGHT_SD * smooth_noise(rng, (n_frame,), rate=rate, width=LIGHT_WIDTH),
    )


def _unit_amplitudes(actions: dict[str, np.ndarray], n_frame: int) -> np.ndarray:
    """Amplitude (time, unit) of the units that make up the actions."""
    total = np.zeros((n_frame, len(UNITS)))
    for name, course in actions.items():
        for unit, share in ACTIONS.get(name, {name: 1.0}).items():
            total[:, UNITS.index(unit)] += share * course
    return total


def _on_both_sides(amplitude: np.ndarray, asymmetry: np.ndarray, closure: np.ndarray) -> np.ndarray:
    """Amplitude (time, unit, side) of an uneven face whose eyes close together."""
    sides = amplitude[..., None] * (1 + asymmetry[:, None] / 2 * [-1, 1])
    eyes = UNITS.index("AU43")
    sides[:, eyes] = np.maximum(amplitude[:, eyes], closure)[:, None]
    largest = np.array(list(LARGEST_AMPLITUDE.values()))
    return np.clip(sides, SMALLEST_AMPLITUDE, largest[:, None])


def _head(rng: np.random.Generator, n_frame: int, rate: float) -> np.ndarray:
    pose = HEAD_POSE_SD * rng.standard_normal(len(HEAD))
    head = pose + HEAD_SWAY_SD * smooth_noise(rng, (n_frame, len(HEAD)), rate=rate, width=SWAY_WIDTH)
    head[:, :2] = np.clip(head[:, :2], -LARGEST_TURN, LARGEST_TURN)
    return head

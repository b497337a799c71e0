"""Who sits before the camera: the shape and the colours of a face, and which side moves more.

Shape fields are drawn with one unit near one standard deviation of adult faces, from memory of anthropometric
tables: plausible people, not a sample of a population.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from isc.simulate.action_units import UNITS
from isc.simulate.portrait import load_portrait
from isc.simulate.splines import thin_plate_spline
from isc.simulate.topology import (
    BROWS,
    CHEEKS,
    CHIN,
    EYE_RINGS,
    FACE_OVAL,
    IRIS,
    LIPS,
    N_LANDMARK,
    NOSE_BRIDGE,
    NOSE_TIP,
    NOSE_WINGS,
)

LARGEST_COEFFICIENT = 1.8  # of a shape field, sd; larger ones fold the mesh
DEPTH_SD = 0.10  # log of the relief's scale
ZOOM_SD = 0.06  # log of the distance to the camera
ASYMMETRY_SD = 0.12  # habitual difference between the sides, share of the amplitude
LIGHT_CENTRE = (0.44, 0.25)  # of the face in the portrait, share of its width and height

Move = Callable[[np.ndarray], np.ndarray]  # points (point, 2) -> shifts (point, 2), model units


@dataclass(frozen=True)
class Identity:
    """One generated person.

    Attributes
    ----------
    subject_index : int
        Number of the person, from 0.
    neutral : numpy.ndarray
        (vertex, 3) resting face, model units.
    image : numpy.ndarray
        (height, width, 3) the portrait in this person's colours and light, RGB, uint8.
    mirrored : bool
        Whether the finished frame is flipped left to right.
    shape : dict of str to float
        Coefficient of every shape field, sd.
    asymmetry : numpy.ndarray
        (unit,) habitual imbalance between the sides; 0.2 makes the image-right side 20 % stronger than the left.
    zoom : float
        Size of the face in the frame, 1 on average.
    """

    subject_index: int
    neutral: np.ndarray
    image: np.ndarray
    mirrored: bool
    shape: dict[str, float]
    asymmetry: np.ndarray
    zoom: float


def make_identity(subject_index: int, *, seed: int = 0) -> Identity:
    """One person: the same index and seed always give the same face.

    Parameters
    ----------
    subject_index : int
        Number of the person, from 0. Odd ones are mirror images of the portrait's sides.
    seed : int, default 0
        Another seed gives other people.

    Returns
    -------
    Identity

    Examples
    --------
    >>> make_identity(1).mirrored
    True
    """
    rng = np.random.default_rng([seed, subject_index])
    fields = shape_fields()
    shape = {name: float(np.clip(rng.normal(), -LARGEST_COEFFICIENT, LARGEST_COEFFICIENT)) for name in sorted(fields)}
    neutral = load_portrait().neutral.copy()
    for name, coefficient in shape.items():
        neutral[:, :2] += coefficient * fields[name]
    neutral[:N_LANDMARK, 2] *= np.exp(rng.normal(0, DEPTH_SD))
    return Identity(
        subject_index=subject_index,
        neutral=neutral,
        image=_restyle(load_portrait().image, rng),
        mirrored=subject_index % 2 == 1,
        shape=shape,
        asymmetry=rng.normal(0, ASYMMETRY_SD, len(UNITS)),
        zoom=float(np.exp(rng.normal(0, ZOOM_SD))),
    )


@cache
def shape_fields() -> dict[str, np.ndarray]:
    """Smooth differences between faces, each one standard deviation large.

    Returns
    -------
    dict of str to numpy.ndarray
        Name -> (vertex, 2) displacement of the neutral face, model units. Shared: do not write into it.

    Examples
    --------
    >>> len(shape_fields())
    15
    """
    return {name: _spread(moves) for name, moves in _shape_moves().items()}


def _spread(moves: dict[str, Move]) -> np.ndarray:
    """Field (vertex, 2) through the moves of the named groups; the other groups stay where they are."""
    portrait = load_portrait()
    plane = portrait.neutral[:, :2]
    groups = _groups() | {"frame": np.flatnonzero(portrait.head_share == 0)}
    stay = _shift(0, 0)
    vertices = np.concatenate(list(groups.values()))
    shifts = np.vstack([moves.get(name, stay)(plane[group]) for name, group in groups.items()])
    vertices, first = np.unique(vertices, return_index=True)
    return thin_plate_spline(plane[vertices], shifts[first], plane)


def _groups() -> dict[str, np.ndarray]:
    return {
        "left_eye": np.concatenate([EYE_RINGS[0], IRIS[0]]),
        "right_eye": np.concatenate([EYE_RINGS[1], IRIS[1]]),
        "left_brow": BROWS[0],
        "right_brow": BROWS[1],
        "bridge": NOSE_BRIDGE,
        "tip": NOSE_TIP,
        "left_wing": NOSE_WINGS[0],
        "right_wing": NOSE_WINGS[1],
        "lips": LIPS,
        "chin": CHIN,
        "oval": FACE_OVAL,
        "left_cheek": CHEEKS[0],
        "right_cheek": CHEEKS[1],
    }


def _shape_moves() -> dict[str, dict[str, Move]]:
    return {
        "face_width": {"oval": _widen(0.035), **_apart("cheek", 0.012)},
        "jaw_width": {"oval": lambda p: _widen(0.045)(p) * _below_the_nose(p)},
        "chin_length": {"oval": _lengthen_chin, "chin": _shift(0, 0.04), "lips": _shift(0, 0.006)},
        "lower_face": _lower_face(),
        "eye_spacing": _apart("eye", 0.026) | _apart("brow", 0.018) | _apart("wing", 0.004),
        "eye_size": _both("eye", _scale(0.06, 0.13)),
        "eye_tilt": {"left_eye": _tilt(0.10), "right_eye": _tilt(-0.10)},
        "nose_length": {"tip": _shift(0, 0.04), "bridge": _shift(0, 0.01), **_both("wing", _shift(0, 0.035))},
        "nose_width": _apart("wing", 0.022),
        "mouth_width": {"lips": _scale(0.09, 0)},
        "mouth_height": {"lips": _shift(0, 0.026), "chin": _shift(0, 0.008)},
        "lip_fullness": {"lips": _scale(0, 0.22)},
        "brow_height": _both("brow", _shift(0, -0.026)),
        "brow_tilt": {"left_brow": _tilt(0.11), "right_brow": _tilt(-0.11)},
        "forehead": {"oval": _raise_hairline},
    }


def _lower_face() -> dict[str, Move]:
    return {
        "oval": lambda p: _shift(0, 0.05)(p) * _below_the_nose(p),
        "chin": _shift(0, 0.045),
        "lips": _shift(0, 0.038),
        "tip": _shift(0, 0.03),
        "bridge": _shift(0, 0.012),
        **_both("wing", _shift(0, 0.03)),
        **_both("cheek", _shift(0, 0.02)),
    }


def _both(part: str, move: Move) -> dict[str, Move]:
    return {f"left_{part}": move, f"right_{part}": move}


def _apart(part: str, amount: float) -> dict[str, Move]:
    return {f"left_{part}": _shift(-amount, 0), f"right_{part}": _shift(amount, 0)}


def _shift(right: float, down: float) -> Move:
    return lambda points: np.tile([float(right), float(down)], (len(points), 1))


def _scale(across: float, along: float) -> Move:
    return lambda points: (points - points.mean(axis=0)) * [across, along]


def _tilt(slope: float) -> Move:
    return lambda points: _column(slope * (points[:, 0] - points[:, 0].mean()))


def _widen(amount: float) -> Move:
    return lambda points: amount * np.column_stack([np.tanh(points[:, 0] / 0.3), np.zeros(len(points))])


def _lengthen_chin(points: np.ndarray) -> np.ndarray:
    middle = np.exp(-((points[:, 0] / 0.35) ** 2))
    return _column(0.065 * middle) * _below_the_nose(points)


def _raise_hairline(points: np.ndarray) -> np.ndarray:
    return _column(-0.06 / (1 + np.exp((points[:, 1] + 0.45) / 0.08)))


def _below_the_nose(points: np.ndarray) -> np.ndarray:
    """Weight (point, 1): 0 above the nose, 1 on the jaw."""
    return 1 / (1 + np.exp(-(points[:, 1:] - 0.55) / 0.12))


def _column(down: np.ndarray) -> np.ndarray:
    return np.column_stack([np.zeros(len(down)), down])


def _restyle(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another skin tone, contrast, colour balance and side light."""
    height, width = image.shape[:2]
    scaled = (image / np.float32(255)) ** np.float32(np.exp(rng.normal(0.1, 0.22)))
    scaled = 0.5 + (scaled - 0.5) * np.float32(np.exp(rng.normal(0, 0.08)))
    scaled *= np.exp(rng.normal(0, 0.03, 3)).astype(np.float32)
    across, along = rng.normal(0, 0.16, 2)
    x = 2 * (np.arange(width) / width - LIGHT_CENTRE[0])
    y = 2 * (np.arange(height) / height - LIGHT_CENTRE[1])
    light = 1 + across * x[None, :, None] + along * y[:, None, None]
    return np.clip(scaled * light * 255, 0, 255).astype(np.uint8)

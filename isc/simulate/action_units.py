"""Facial movements: the displacement of every vertex for one unit of each facial action unit (AU).

The units follow the Facial Action Coding System in name and direction; sizes were set by eye and against the
tracker's blendshapes. They are drawings of movements, not measurements of people.
"""

from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from isc.simulate.portrait import Portrait, load_portrait
from isc.simulate.splines import thin_plate_spline
from isc.simulate.topology import (
    BROWS,
    CHEEKS,
    CHIN,
    EYE_RIMS,
    FACE_OVAL,
    IRIS,
    LID_FOLD,
    LID_LOWER,
    LID_UPPER,
    LIP_LOWER,
    LIP_UPPER,
    LIPS,
    MOUTH_CORNERS,
    N_LANDMARK,
    NOSE_BRIDGE,
    NOSE_SIDES,
    NOSE_TIP,
    NOSE_WINGS,
)

# Largest amplitude of each unit before the mesh folds. SMILE leads from the closed mouth to the portrait's own smile.
LARGEST_AMPLITUDE = {
    "AU1": 1.2,  # inner brow raiser
    "AU2": 1.2,  # outer brow raiser
    "AU4": 1.2,  # brow lowerer
    "AU5": 1.0,  # upper lid raiser
    "AU6": 1.0,  # cheek raiser (hardly visible: the texture gets no wrinkles)
    "AU7": 1.0,  # lid tightener
    "AU9": 1.1,  # nose wrinkler
    "AU10": 1.1,  # upper lip raiser
    "AU12": 1.1,  # lip corner puller
    "AU15": 1.2,  # lip corner depressor
    "AU16": 1.0,  # lower lip depressor
    "AU17": 1.1,  # chin raiser
    "AU18": 0.8,  # lip pucker
    "AU20": 1.0,  # lip stretcher
    "AU23": 1.0,  # lip tightener
    "AU25": 1.0,  # lips part
    "AU26": 0.9,  # jaw drop
    "AU43": 1.0,  # eyes closed
    "SMILE": 1.1,
}
UNITS = tuple(LARGEST_AMPLITUDE)
# Named actions and the units they are made of.
ACTIONS = {"smile": {"SMILE": 1.0, "AU6": 0.5}, "brow": {"AU1": 1.0, "AU2": 1.0}, "jaw": {"AU26": 0.9}}

BROW_INNER_SHARE = np.array([1.0, 0.8, 0.4, 0.1, 0.0, 1.0, 0.8, 0.4, 0.1, 0.0])  # along each row of BROWS
JAW_SHARE = {
    # fmt: off
    152: 1.0,
    148: 1.0,
    377: 1.0,
    176: 0.95,
    400: 0.95,
    149: 0.85,
    378: 0.85,
    150: 0.65,
    379: 0.65,
    136: 0.45,
    365: 0.45,
    172: 0.25,
    397: 0.25,
    58: 0.1,
    288: 0.1,
    # fmt: on
}
JAW_DROP = 0.15  # of the chin at amplitude 1, model units
BLINK_SHARES = {"upper": 0.92, "lower": -0.06, "fold": 0.35}  # of the opening between the lids

Moves = dict[int, tuple[float, float]]  # vertex -> (to the image's right, down), model units


@dataclass(frozen=True)
class _Lips:
    """Coordinates on the neutral lips, each (landmark,), zero elsewhere."""

    column: np.ndarray  # -1 at the image-left corner, 0 in the middle, 1 at the right corner
    upper: np.ndarray  # 1 on the upper lip without its corners
    lower: np.ndarray
    height: np.ndarray  # distance to the seam, model units, negative above it

    def moves(self, right: np.ndarray | float, down: np.ndarray | float) -> Moves:
        """Moves of all lip vertices from two expressions in these coordinates."""
        right, down = np.broadcast_arrays(right, down, self.column)[:2]
        return {vertex: (right[vertex], down[vertex]) for vertex in LIPS}


@cache
def action_unit_fields() -> np.ndarray:
    """Displacement of every vertex for one unit of each action unit, on the neutral face.

    Returns
    -------
    numpy.ndarray
        (unit, vertex, 2) to the image's right and down, model units, in the order of `UNITS`. The array is
        shared: do not write into it.

    Examples
    --------
    >>> action_unit_fields().shape
    (19, 564, 2)
    """
    portrait = load_portrait()
    lips = _lip_coordinates(portrait.neutral)
    moves = _brow_units() | _lid_units(portrait.neutral) | _nose_units(lips) | _mouth_units(lips) | _jaw_unit(lips)
    fields = {name: _spread(portrait, shift, free) for name, (shift, free) in moves.items()}
    fields["SMILE"] = (portrait.smiling - portrait.neutral)[:, :2]
    return np.stack([fields[name] for name in UNITS])


def _lip_coordinates(neutral: np.ndarray) -> _Lips:
    column, upper, lower, height = np.zeros((4, N_LANDMARK))
    left, right = neutral[MOUTH_CORNERS, 0]
    column[LIPS] = np.clip((neutral[LIPS, 0] - (left + right) / 2) / ((right - left) / 2), -1, 1)
    upper[LIP_UPPER[:, 1:-1]] = 1.0
    lower[LIP_LOWER[:, 1:-1]] = 1.0
    for lip in (LIP_UPPER, LIP_LOWER):
        height[lip] = neutral[lip, 1] - neutral[lip[3], 1]
    return _Lips(column, upper, lower, height)


def _spread(portrait: Portrait, moves: Moves, free: tuple[str, ...]) -> np.ndarray:
    """Smooth field (vertex, 2) through the moves; all parts of the face that are not free stay where they are."""
    still = {
        "eyes": EYE_RIMS,
        "brows": BROWS,
        "bridge": NOSE_BRIDGE,
        "nose": np.concatenate([NOSE_TIP, NOSE_WINGS[:, :3].ravel()]),
        "lips": LIPS,
        "oval": FACE_OVAL,
        "chin": np.array([199, 175]),
        "cheeks": CHEEKS[:, [0, 4]],
        "surroundings": np.arange(N_LANDMARK, len(portrait.neutral)),
    }
    moving = np.array(list(moves))
    pins = np.setdiff1d(np.concatenate([part.ravel() for name, part in still.items() if name not in free]), moving)
    anchors = np.concatenate([moving, pins])
    shifts = np.vstack([list(moves.values()), np.zeros((len(pins), 2))])
    plane = portrait.neutral[:, :2]
    field = thin_plate_spline(plane[anchors], shifts, plane)
    field[anchors] = shifts  # closed lips touch: the spline gives two vertices on one spot the same shift
    field[portrait.head_share == 0] = 0.0
    field[IRIS] = 0.0
    return field


def _all(vertices: np.ndarray, right: float, down: float) -> Moves:
    return dict.fromkeys(np.ravel(vertices).tolist(), (right, down))


def _brows(inner: float, outer: float, inward: float = 0.0) -> Moves:
    """Brows raised by `inner` at the nose, by `outer` at the temple, and drawn together by `inward`."""
    up = inner * BROW_INNER_SHARE + outer * (1 - BROW_INNER_SHARE)
    return {
        vertex: (-side * inward * share, -rise)
        for side, row in zip((-1, 1), BROWS, strict=True)
        for vertex, share, rise in zip(row.tolist(), BROW_INNER_SHARE, up, strict=True)
    }


def _lids(upper: float, lower: float, fold: float) -> Moves:
    """Lids moved down by these amounts in the middle, less towards the corners."""
    arch = 1 - ((np.arange(LID_UPPER.shape[1]) - 3) / 4) ** 2
    return {
        vertex: (0.0, down * share)
        for rows, down in ((LID_UPPER, upper), (LID_LOWER, lower), (LID_FOLD, fold))
        for row in rows
        for vertex, share in zip(row.tolist(), arch, strict=True)
    }


def _brow_units() -> dict:
    return {
        "AU1": (_brows(0.085, 0.012), ()),
        "AU2": (_brows(0.012, 0.075), ()),
        "AU4": (_brows(-0.055, -0.030, inward=0.028), ("bridge",)),
    }


def _lid_units(neutral: np.ndarray) -> dict:
    opening = neutral[LID_LOWER, :2] - neutral[LID_UPPER, :2]
    parts = {"upper": LID_UPPER, "lower": LID_LOWER, "fold": LID_FOLD}
    blink = {
        vertex: tuple(shift)
        for name, rows in parts.items()
        for vertex, shift in zip(rows.ravel().tolist(), (opening * BLINK_SHARES[name]).reshape(-1, 2), strict=True)
    }
    cheeks = _all(CHEEKS[:, :4], 0, -0.035) | _all(CHEEKS[:, 4:], 0, -0.020) | _all(LID_LOWER, 0, -0.010)
    return {
        "AU5": (_lids(-0.022, 0.004, -0.016), ()),
        "AU6": (cheeks, ("cheeks",)),
        "AU7": (_lids(0.014, -0.016, 0.008), ()),
        "AU43": (blink, ()),
    }


def _nose_units(lips: _Lips) -> dict:
    off_centre = np.abs(lips.column)
    wrinkle = (
        _all(NOSE_WINGS, 0, -0.030)
        | _all(NOSE_SIDES, 0, -0.028)
        | _all(NOSE_TIP, 0, -0.012)
        | _brows(-0.014, -0.005, inward=0.012)
        | lips.moves(0, -0.022 * lips.upper * (1 - 0.4 * off_centre))
        | _all(CHEEKS[:, 3:5], 0, -0.020)
    )
    sneer = lips.moves(0, -0.045 * lips.upper * (1 - 0.5 * off_centre**2)) | _all(NOSE_WINGS, 0, -0.012)
    return {"AU9": (wrinkle, ("bridge", "cheeks")), "AU10": (sneer, ("cheeks",))}


def _mouth_units(lips: _Lips) -> dict:
    column, off_centre, upper, lower = lips.column, np.abs(lips.column), lips.upper, lips.lower
    middle = 1 - off_centre**2
    pull = partial(lips.moves, 0.080 * np.sign(column) * off_centre**1.3)
    chin_raise = lips.moves(0, -0.028 * lower * (1 - 0.3 * off_centre) - 0.020 * upper * middle)
    return {
        "AU12": (pull(-0.065 * off_centre**2 - 0.010 * upper * (1 - off_centre)), ("cheeks",)),
        "AU15": (lips.moves(-0.010 * column, 0.060 * off_centre**1.8 + 0.006 * lower), ("cheeks", "chin")),
        "AU16": (lips.moves(0, 0.045 * lower * middle), ("chin",)),
        "AU17": (chin_raise | _all(CHIN[3:10], 0, -0.035), ("chin",)),
        "AU18": (lips.moves(-0.085 * column, 0.12 * lips.height), ("cheeks",)),
        "AU20": (lips.moves(0.070 * column, 0.020 * off_centre**2 - 0.18 * lips.height), ("cheeks", "chin")),
        "AU23": (lips.moves(-0.020 * column, -0.45 * lips.height), ("chin",)),
        "AU25": (lips.moves(0, (0.028 * lower - 0.012 * upper) * middle), ("chin",)),
    }


def _jaw_unit(lips: _Lips) -> dict:
    off_centre = np.abs(lips.column)
    lower_lip = 0.95 * lips.lower * (1 - off_centre**2.5)
    corners = 0.35 * (1 - lips.upper * (1 - off_centre**2)) * off_centre**2
    chin = _all(CHIN, 0, JAW_DROP) | {vertex: (0.0, JAW_DROP * share) for vertex, share in JAW_SHARE.items()}
    drop = chin | lips.moves(-0.035 * lips.column, JAW_DROP * (lower_lip + corners))
    return {"AU26": (drop, ("oval", "chin", "cheeks", "surroundings"))}

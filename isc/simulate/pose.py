"""Where the vertices of a face are in every frame: expression, then the turn of the head, then the camera."""

import numpy as np

from isc.simulate.action_units import UNITS, action_unit_fields
from isc.simulate.identity import Identity
from isc.simulate.motion import Motion
from isc.simulate.portrait import load_portrait
from isc.simulate.topology import (
    BROW_LOWER_EDGE,
    BROWS,
    EYE_RIMS,
    IRIS,
    LID_LOWER,
    LID_UPPER,
    LIP_LOWER,
    LIP_UPPER,
)

SIDE_WIDTH = 0.06  # how fast the weight of the right side rises across the midline, model units
LID_GAP = 0.004  # between closed lids, model units
SMALLEST_BROW_GAP = 0.6  # between brow and lid, share of the resting distance
TEETH_RISE = 0.03  # the teeth reach a little above the portrait's upper lip, model units
HEAD_PIVOT = np.array([0.0, 0.55, 0.55])  # in the neck, model units
CAMERA_DISTANCE = 6.5  # model units


def face_vertices(identity: Identity, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the expressions of a viewer, before the head turns. Lips and lids never cross.

    Parameters
    ----------
    identity : Identity
        The viewer.
    motion : Motion
        Amplitudes and gaze of `time` frames.

    Returns
    -------
    face : numpy.ndarray
        (time, vertex, 3) model units.
    eyes : numpy.ndarray
        The same with open lids and turned eyeballs: the lids slide over eyes that stay where they are.

    Examples
    --------
    >>> import numpy as np
    >>> from isc.simulate.identity import make_identity
    >>> from isc.simulate.motion import move
    >>> viewer = make_identity(0)
    >>> face, eyes = face_vertices(viewer, move(np.arange(3) / 15, {"smile": np.ones(3)}, viewer, seed=0))
    >>> face.shape
    (3, 564, 3)
    """
    right = 1 / (1 + np.exp(-identity.neutral[:, :1] / SIDE_WIDTH))
    lid_units = [UNITS.index("AU43"), UNITS.index("AU7")]
    lids = _displacement(motion.amplitude, right, lid_units)
    face = np.repeat(identity.neutral[None], len(motion.amplitude), axis=0)
    face[..., :2] += _displacement(motion.amplitude, right, range(len(UNITS)))
    _keep_lips_apart(face)
    _keep_brows_above_lids(face, lids, identity.neutral)
    _keep_lids_apart(face)
    eyes = face.copy()
    eyes[:, EYE_RIMS, :2] -= lids[:, EYE_RIMS]
    eyes[:, IRIS.ravel(), :2] += motion.gaze[:, None]
    return face, eyes


def _displacement(amplitude: np.ndarray, right: np.ndarray, units: list[int] | range) -> np.ndarray:
    """Sum of the fields of some units (time, vertex, 2), each side of the face with its own amplitude."""
    fields = action_unit_fields()[units]
    left_side, right_side = (np.tensordot(amplitude[:, units, side], fields, axes=1) for side in (0, 1))
    return left_side * (1 - right) + right_side * right


def _keep_lips_apart(face: np.ndarray) -> None:
    overlap = np.maximum(face[:, LIP_UPPER[3], 1] - face[:, LIP_LOWER[3], 1], 0)[:, None]
    face[:, LIP_UPPER[1:], 1] -= overlap / 2
    face[:, LIP_LOWER[1:], 1] += overlap / 2


def _keep_brows_above_lids(face: np.ndarray, lids: np.ndarray, neutral: np.ndarray) -> None:
    for brow, edge, lid in zip(BROWS, BROW_LOWER_EDGE, LID_UPPER, strict=True):
        rest = neutral[lid, 1].mean() - neutral[edge, 1].mean()
        gap = (face[:, lid, 1] - lids[:, lid, 1]).mean(axis=1) - face[:, edge, 1].mean(axis=1)
        face[:, brow, 1] -= np.maximum(SMALLEST_BROW_GAP * rest - gap, 0)[:, None]


def _keep_lids_apart(face: np.ndarray) -> None:
    overlap = face[:, LID_UPPER, 1] - face[:, LID_LOWER, 1] + LID_GAP
    face[:, LID_UPPER, 1] -= np.maximum(overlap, 0)


def teeth_vertices(identity: Identity) -> np.ndarray:
    """Vertices (1, vertex, 3) of the portrait's smile on this face: the teeth belong to the skull.

    Parameters
    ----------
    identity : Identity
        The viewer.

    Returns
    -------
    numpy.ndarray
        (1, vertex, 3) model units, for any number of frames.

    Examples
    --------
    >>> from isc.simulate.identity import make_identity
    >>> teeth_vertices(make_identity(0)).shape
    (1, 564, 3)
    """
    teeth = identity.neutral[None].copy()
    teeth[..., :2] += action_unit_fields()[UNITS.index("SMILE")]
    teeth[:, LIP_UPPER[3], 1] -= TEETH_RISE
    return teeth


def project(vertices: np.ndarray, head: np.ndarray, *, scale: float, centre: tuple[float, float]) -> np.ndarray:
    """Vertices in the picture after the head has turned.

    Rotation is about a point in the neck; vertices around the face follow in part. Perspective acts on the
    change of depth only, so that a frontal face is the portrait itself.

    Parameters
    ----------
    vertices : numpy.ndarray
        (time or 1, vertex, 3) model units.
    head : numpy.ndarray
        (time, 5) yaw, pitch, roll in degrees and shift to the right and down in model units.
    scale : float
        Pixels per model unit.
    centre : tuple of float
        Pixel of the model's origin.

    Returns
    -------
    numpy.ndarray
        (time, vertex, 3): x and y in pixels, depth in model units (larger is farther).

    Examples
    --------
    >>> import numpy as np
    >>> face = load_portrait().neutral[None]
    >>> project(face, np.zeros((1, 5)), scale=70.0, centre=(96.0, 95.0)).shape
    (1, 564, 3)
    """
    share = load_portrait().head_share[:, None]
    shift = np.concatenate([head[:, 3:], np.zeros((len(head), 1))], axis=1)
    turned = (vertices - HEAD_PIVOT) @ _rotations(head).transpose(0, 2, 1) + HEAD_PIVOT + shift[:, None]
    moved = vertices + share * (turned - vertices)
    approach = share[:, 0] * (moved[..., 2] - vertices[..., 2])
    moved[..., :2] *= (CAMERA_DISTANCE / (CAMERA_DISTANCE + approach))[..., None] * scale
    moved[..., :2] += centre
    return moved


def _rotations(head: np.ndarray) -> np.ndarray:
    """Matrices (time, 3, 3): yaw about y, then pitch about x, then roll about z."""
    (cos_yaw, cos_pitch, cos_roll), (sin_yaw, sin_pitch, sin_roll) = (
        f(np.deg2rad(head[:, :3].T)) for f in (np.cos, np.sin)
    )
    zero, one = np.zeros(len(head)), np.ones(len(head))
    yaw = _stack([[cos_yaw, zero, sin_yaw], [zero, one, zero], [-sin_yaw, zero, cos_yaw]])
    pitch = _stack([[one, zero, zero], [zero, cos_pitch, -sin_pitch], [zero, sin_pitch, cos_pitch]])
    roll = _stack([[cos_roll, -sin_roll, zero], [sin_roll, cos_roll, zero], [zero, zero, one]])
    return roll @ pitch @ yaw


def _stack(rows: list[list[np.ndarray]]) -> np.ndarray:
    return np.array(rows).transpose(2, 0, 1)

"""Which of MediaPipe's 478 landmarks form which part of the face, and the triangles between them.

"Left" and "right" are the image's: the first row of a two-row array is the side with the smaller x.
Paired rows run in the same anatomical order on both sides (from the nose outwards, or along the lid),
but for the irises, whose points MediaPipe numbers in the image's order.
"""

import numpy as np

N_LANDMARK = 478
N_TRIANGLE = 852

# Rows from the outer to the inner contour, columns from the image-left to the image-right corner of the mouth.
LIP_UPPER = np.array(
    [
        [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291],
        [76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306],
        [62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292],
        [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308],
    ]
)
LIP_LOWER = np.array(
    [
        [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291],
        [76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306],
        [62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292],
        [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308],
    ]
)
LIPS = np.union1d(LIP_UPPER, LIP_LOWER)
MOUTH_CORNERS = np.array([61, 291])
MOUTH_OPENING = np.concatenate([LIP_UPPER[3], LIP_LOWER[3, -2:0:-1]])  # closed polygon of the inner contour

LID_UPPER = np.array([[246, 161, 160, 159, 158, 157, 173], [466, 388, 387, 386, 385, 384, 398]])
LID_LOWER = np.array([[7, 163, 144, 145, 153, 154, 155], [249, 390, 373, 374, 380, 381, 382]])
LID_FOLD = np.array([[247, 30, 29, 27, 28, 56, 190], [467, 260, 259, 257, 258, 286, 414]])
EYE_CORNERS = np.array([[33, 133], [263, 362]])  # outer, inner
OUTER_EYE_CORNERS = EYE_CORNERS[:, 0]
EYE_RINGS = np.hstack([EYE_CORNERS[:, :1], LID_UPPER, EYE_CORNERS[:, 1:], LID_LOWER[:, ::-1]])
EYE_RIMS = np.unique(EYE_RINGS)
IRIS = np.array([[468, 469, 470, 471, 472], [473, 474, 475, 476, 477]])

BROWS = np.array([[107, 66, 105, 63, 70, 55, 65, 52, 53, 46], [336, 296, 334, 293, 300, 285, 295, 282, 283, 276]])
BROW_LOWER_EDGE = BROWS[:, 5:]
NOSE_BRIDGE = np.array([168, 6, 197, 195])
NOSE_TIP = np.array([5, 4, 1, 19, 94, 2, 44, 274, 45, 275, 141, 370])
NOSE_WINGS = np.array([[48, 64, 98, 97, 129, 102, 49, 240], [278, 294, 327, 326, 358, 331, 279, 460]])
NOSE_SIDES = np.array([[188, 114, 217, 198, 126], [412, 343, 437, 420, 355]])
CHEEKS = np.array([[50, 101, 118, 117, 205, 36, 123], [280, 330, 347, 346, 425, 266, 352]])
CHIN = np.array([152, 148, 377, 175, 171, 396, 199, 208, 428, 200, 18, 201, 421, 83, 313])
FACE_OVAL = np.array(
    # fmt: off
    [
        10,
        338,
        297,
        332,
        284,
        251,
        389,
        356,
        454,
        323,
        361,
        288,
        397,
        365,
        379,
        378,
        400,
        377,
        152,
        148,
        176,
        149,
        150,
        136,
        172,
        58,
        132,
        93,
        234,
        127,
        162,
        21,
        54,
        103,
        67,
        109,
    ]
    # fmt: on
)


def face_triangles() -> np.ndarray:
    """Triangles of MediaPipe's face mesh; they leave both eyes and the opening of the mouth free.

    MediaPipe publishes its tesselation as edges; three consecutive edges walk round one triangle.

    Returns
    -------
    numpy.ndarray
        (852, 3) landmark indices, int64.

    Examples
    --------
    >>> face_triangles().shape
    (852, 3)
    """
    from mediapipe.tasks.python.vision import FaceLandmarksConnections

    edges = FaceLandmarksConnections.FACE_LANDMARKS_TESSELATION
    return np.array([edge.start for edge in edges]).reshape(-1, 3)

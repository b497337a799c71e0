"""Makes `portrait_landmarks.txt`, the 478 landmarks of the portrait, so that simulation needs no tracker.

Run once, and again only when another portrait or another MediaPipe model is wanted::

    python -m isc.simulate.track_portrait face_landmarker.task
"""

import sys
from pathlib import Path

import numpy as np

HEADER = """Landmarks of scikit-image's astronaut (512 x 512 px) by MediaPipe FaceLandmarker, IMAGE mode.
Columns: x, y, z in pixels (normalised x and z times the width, y times the height). Rows: landmark 0 to 477.
Made by: python -m isc.simulate.track_portrait face_landmarker.task"""


def track_portrait(model: Path) -> np.ndarray:
    """Landmarks of the portrait in pixels.

    Parameters
    ----------
    model : pathlib.Path
        MediaPipe's `face_landmarker.task`.

    Returns
    -------
    numpy.ndarray
        (478, 3) x, y, z in pixels, float64.
    """
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision
    from skimage.data import astronaut

    portrait = np.ascontiguousarray(astronaut())
    height, width = portrait.shape[:2]
    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(model)))
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        result = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=portrait))
    normalised = [(point.x, point.y, point.z) for point in result.face_landmarks[0]]
    return np.array(normalised) * [width, height, width]


if __name__ == "__main__":
    landmarks = track_portrait(Path(sys.argv[1]))
    np.savetxt(Path(__file__).with_name("portrait_landmarks.txt"), landmarks, fmt="%.3f", header=HEADER)

"""One short rendered video for all tests of the package."""

import numpy as np
import pytest
import xarray as xr

from isc.simulate import Camera, simulate_face_video

RATE = 10.0
LOST = (2.0, 3.0)


def smiling_course() -> xr.Dataset:
    """Four seconds from half a second before the film: the mouth is at rest, then smiles."""
    time = np.arange(-0.5, 3.51, 0.05)
    return xr.Dataset({"smile": ("time", np.clip(time, 0, 1))}, coords={"time": time})


@pytest.fixture(scope="session")
def video(tmp_path_factory):
    """Path and truth of a rendered video of `smiling_course` with a lost face."""
    path = tmp_path_factory.mktemp("video") / "face.mp4"
    camera = Camera(rate=RATE, jitter=0.01)
    truth = simulate_face_video(path, subject_index=1, course=smiling_course(), lost=[LOST], camera=camera, seed=3)
    return path, truth


@pytest.fixture(scope="session")
def decoded(video):
    """Timestamps (s) and frames (time, height, width, 3) of the rendered video."""
    import av

    with av.open(video[0]) as container:
        frames = list(container.decode(video=0))
    return np.array([float(frame.time) for frame in frames]), np.stack(
        [frame.to_ndarray(format="rgb24") for frame in frames]
    )

"""Pictures out as a film: for generated faces and for tests. Films of participants are never written."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np

QUALITY = "18"  # x264's constant rate factor: no visible loss


def write_video(path: str | Path, pictures: Iterable[np.ndarray], *, rate: float) -> None:
    """Write pictures as an H.264 film of constant rate.

    Parameters
    ----------
    path : path
        File to write; its ending names the container (.mp4, .mkv, ...).
    pictures : iterable of ndarray of uint8, shape (height, width, 3)
        Red, green, blue; all of one size with an even height and width.
    rate : float
        Frames per second.

    Raises
    ------
    ValueError
        When a side of the pictures is odd, which H.264 cannot store.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp(), "grey.mp4")
    >>> write_video(path, np.full((10, 48, 64, 3), 128, np.uint8), rate=25)
    >>> path.stat().st_size > 0
    True
    """
    import av

    remaining = iter(pictures)
    first = next(remaining)
    height, width = first.shape[:2]
    if height % 2 or width % 2:
        raise ValueError(f"pictures are {width} x {height} pixels; H.264 needs an even width and height: crop one line")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": QUALITY}
        for picture in chain([first], remaining):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))

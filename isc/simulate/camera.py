"""The camera before which a viewer sits."""

from dataclasses import dataclass

import numpy as np

LARGEST_JITTER = 0.2  # of the frame interval; more could exchange two frames
STREAM = 13  # keeps the draws of frame times apart from the other draws


@dataclass(frozen=True)
class Camera:
    """How the video is taken.

    Attributes
    ----------
    rate : float
        Frames per second.
    width, height : int
        Pixels, both even (H.264 stores colour at half the resolution).
    noise : float
        Standard deviation of the sensor's noise, grey levels of 255.
    jitter : float
        A frame comes up to this many seconds before or after its due time: webcams are not regular. At most a
        fifth of the frame interval.

    Raises
    ------
    ValueError
        If one of them is out of its range.

    Examples
    --------
    >>> Camera(width=128, height=144).rate
    15.0
    """

    rate: float = 15.0
    width: int = 192
    height: int = 216
    noise: float = 2.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        if not self.rate > 0:
            raise ValueError(f"rate must be positive (frames per second), got {self.rate}")
        if min(self.width, self.height) < 2 or self.width % 2 or self.height % 2:
            raise ValueError(f"width and height must be even numbers of pixels, got {self.width} x {self.height}")
        if not self.noise >= 0:
            raise ValueError(f"noise must not be negative (grey levels), got {self.noise}")
        if not 0 <= self.jitter <= LARGEST_JITTER / self.rate:
            raise ValueError(
                f"jitter must lie between 0 and {LARGEST_JITTER / self.rate:.4f} s (a fifth of the frame interval), "
                f"got {self.jitter}; more would exchange frames"
            )

    def frame_times(self, duration: float, *, seed: list[int]) -> np.ndarray:
        """Time of every frame of a recording.

        Parameters
        ----------
        duration : float
            Length of the recording, s.
        seed : list of int
            Key of the jitter.

        Returns
        -------
        numpy.ndarray
            (frame,) s from the first frame, strictly increasing.

        Examples
        --------
        >>> Camera(rate=10.0).frame_times(0.3, seed=[0])
        array([0. , 0.1, 0.2, 0.3])
        """
        due = np.arange(int(np.floor(duration * self.rate + 1e-9)) + 1) / self.rate
        late = np.random.default_rng([*seed, STREAM]).uniform(-self.jitter, self.jitter, len(due))
        late[0] = 0.0
        return due + late

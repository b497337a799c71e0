"""The script of a whole audience: who feels what and when, and with whom. Nothing is rendered or written here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from isc.simulate.courses import envelope, expression_course
from isc.simulate.key_log import simulate_key_log

SHARED_ACTIONS = ("smile", "brow", "jaw")
OWN_ACTIONS = (*SHARED_ACTIONS, "AU4", "AU15", "AU20")
EPOCH_DURATION = (7.0, 8.0)  # s
EPOCH_GAP = 6.0  # s, shortest calm between two shared epochs
FIRST_CALM, LAST_CALM = 1.0, 2.0  # s, shortest calm before the first epoch and after the last
ATTENTION = 0.95  # share of the film in the face of a sharing viewer during an epoch
OWN_STRENGTH = 0.7  # of a viewer's own expressions, relative to the film's; still faces would make every onset alike
SIDELINE = 0.3  # strength of the actions that nobody shares, relative to the viewer's other own ones
GAIN_SD = 0.15  # log of a viewer's expressiveness, and again of each action
DELAY = (0.1, 0.25)  # s from the film to the face
START_OFFSET = (0.5, 2.5)  # s the camera runs before the film
STOP_OFFSET = (0.5, 4.0)  # s the camera runs after the film
LOST_DURATION = 3.0  # s
N_RANDOM_PRESS = (0, 2)  # fewest and most presses for no reason of a viewer who shares
FILM, VIEWER = 51, 52  # keep the draws apart


@dataclass(frozen=True)
class Viewer:
    """What one participant does, on the clock of the film (s from its onset).

    Attributes
    ----------
    subject_index : int
        Number of the participant, from 0.
    shares : bool
        Whether the viewer follows the shared epochs.
    course : xarray.Dataset
        (time) amplitude of every action; time runs from the start of the camera (negative) to its stop.
    lost : tuple of (float, float)
        Stretches without a face.
    key_log : pandas.DataFrame
        Columns onset, duration, trial_type, key.
    """

    subject_index: int
    shares: bool
    course: xr.Dataset
    lost: tuple[tuple[float, float], ...]
    key_log: pd.DataFrame

    @property
    def start_offset(self) -> float:
        """Seconds the camera ran before the film."""
        return -float(self.course["time"][0])


@dataclass(frozen=True)
class Audience:
    """A film and those who watch it.

    Attributes
    ----------
    duration : float
        Length of the film, s.
    seed : int
        Pass it on to `simulate_face_video`.
    epochs : pandas.DataFrame
        Columns onset, duration, peak (s): when the sharing viewers move together, and the strongest moment.
    shared : xarray.Dataset
        (time) amplitude of every action that the film evokes, without anyone's gain or delay.
    viewers : tuple of Viewer
        All participants.
    """

    duration: float
    seed: int
    epochs: pd.DataFrame
    shared: xr.Dataset
    viewers: tuple[Viewer, ...]


def simulate_audience(
    n_subject: int = 8,
    *,
    duration: float = 40.0,
    rate: float = 15.0,
    n_solo: int = 2,
    epochs: Sequence[tuple[float, float]] | None = None,
    seed: int = 0,
) -> Audience:
    """Scripts of viewers of one film who share known epochs of smile, brow and jaw movement.

    Everybody's face is lively all the time, by courses of their own (0.7 of the film's strength). In the epochs 95 %
    of what sharing viewers express comes from the film, with their own gain (log sd 0.15, and again for each action)
    and delay (0.1 to 0.25 s); they press a key 1 to 2 s after the strongest moment of each epoch and sometimes for no
    reason. The last `n_solo` viewers keep to their own courses and press at random. Cameras start 0.5 to 2.5 s before
    the film and stop 0.5 to 4 s after it; one sharing viewer's face is lost for 3 s.

    Parameters
    ----------
    n_subject : int, default 8
        Number of viewers.
    duration : float, default 40.0
        Length of the film, s.
    rate : float, default 15.0
        Samples per second of the courses.
    n_solo : int, default 2
        Viewers who share nothing.
    epochs : sequence of (float, float), optional
        Start and stop of the shared epochs, s, none if empty; default: as many as fit, 7 to 8 s long, at least
        6 s apart (three in 40 s).
    seed : int, default 0
        Same seed, same audience.

    Returns
    -------
    Audience

    Raises
    ------
    ValueError
        If there are fewer viewers than those who share nothing, if the film is shorter than the lost stretch or
        an epoch, or if an epoch lies outside the film or overlaps the one before.

    Examples
    --------
    >>> audience = simulate_audience(seed=1)
    >>> [viewer.shares for viewer in audience.viewers].count(False)
    2
    >>> len(audience.epochs)
    3
    """
    _check_audience(n_subject, n_solo, duration, rate)
    rng = np.random.default_rng([seed, FILM])
    limits = _draw_epochs(rng, duration) if epochs is None else _checked_epochs(epochs, duration)
    time = np.arange(int(np.ceil(duration * rate)) + 1) / rate
    course = expression_course(rng, (len(time), len(SHARED_ACTIONS)), rate=rate)
    shared = course * envelope(time, limits)[:, None]
    peaks = _strongest_moments(time, shared, limits)
    film = _Film(duration, rate, seed, time, course, limits, peaks)
    n_sharing = n_subject - n_solo
    faceless = int(rng.integers(max(n_sharing, 1)))
    viewers = tuple(
        _draw_viewer(film, index, shares=index < n_sharing, loses_face=index == faceless) for index in range(n_subject)
    )
    table = pd.DataFrame({"onset": limits[:, 0], "duration": np.diff(limits).ravel().round(3), "peak": peaks})
    return Audience(duration, seed, table, _labelled(time, SHARED_ACTIONS, shared), viewers)


@dataclass(frozen=True)
class _Film:
    """What the film evokes: `course` (time, action) counts while the viewers attend, in the epochs."""

    duration: float
    rate: float
    seed: int
    time: np.ndarray
    course: np.ndarray
    limits: np.ndarray
    peaks: list[float]


def _check_audience(n_subject: int, n_solo: int, duration: float, rate: float) -> None:
    if n_subject < 1 or not 0 <= n_solo <= n_subject:
        raise ValueError(f"n_subject must be at least 1 and n_solo between 0 and it, got {n_subject} and {n_solo}")
    if not rate > 0:
        raise ValueError(f"rate must be positive (Hz), got {rate}")
    if duration < LOST_DURATION:
        raise ValueError(f"duration must be at least {LOST_DURATION} s (a face is lost that long), got {duration} s")


def _checked_epochs(epochs: Sequence[tuple[float, float]], duration: float) -> np.ndarray:
    limits = np.asarray(epochs, dtype=float).reshape(-1, 2)
    if (np.diff(limits.ravel()) <= 0).any() or not ((limits >= 0) & (limits <= duration)).all():
        raise ValueError(
            f"epochs must be increasing (start, stop) pairs within the film, 0 to {duration} s; got {epochs}"
        )
    return limits


def _draw_epochs(rng: np.random.Generator, duration: float) -> np.ndarray:
    """Limits (epoch, 2) of epochs with calm around them, s; the time left over is shared out at random."""
    around = FIRST_CALM + LAST_CALM
    n_epoch = int((duration - around + EPOCH_GAP) // (EPOCH_DURATION[1] + EPOCH_GAP))
    if n_epoch < 1:
        raise ValueError(
            f"duration is {duration} s but an epoch needs {around + EPOCH_DURATION[1]} s; give epochs or a longer film"
        )
    length = rng.uniform(*EPOCH_DURATION, n_epoch)
    least_calm = np.array([FIRST_CALM, *[EPOCH_GAP] * (n_epoch - 1), LAST_CALM])
    spare = duration - length.sum() - least_calm.sum()
    calm = least_calm + spare * rng.dirichlet(np.ones(n_epoch + 1))
    stop = np.cumsum(calm[:-1] + length)
    return np.column_stack([stop - length, stop]).round(2)


def _strongest_moments(time: np.ndarray, shared: np.ndarray, limits: np.ndarray) -> list[float]:
    activity = shared.sum(axis=1)
    inside = [(time >= start) & (time <= stop) for start, stop in limits]
    return [float(time[np.argmax(np.where(epoch, activity, -1))].round(3)) for epoch in inside]


def _labelled(time: np.ndarray, actions: Sequence[str], courses: np.ndarray) -> xr.Dataset:
    share = {"units": "1", "description": "amplitude, 1 = the full action"}
    variables = {action: ("time", course, share) for action, course in zip(actions, courses.T, strict=True)}
    return xr.Dataset(variables, coords={"time": ("time", time, {"units": "s"})})


def _draw_viewer(film: _Film, subject_index: int, *, shares: bool, loses_face: bool) -> Viewer:
    rng = np.random.default_rng([film.seed, subject_index, VIEWER])
    course = _perform(rng, film, shares=shares)
    lost_start = rng.uniform(0, film.duration - LOST_DURATION)
    n_random = int(rng.integers(N_RANDOM_PRESS[0], N_RANDOM_PRESS[1], endpoint=True))
    key_log = simulate_key_log(
        film.peaks if shares else [],
        duration=film.duration,
        n_random=n_random if shares else n_random + len(film.peaks),
        subject_index=subject_index,
        seed=film.seed,
    )
    lost = ((lost_start, lost_start + LOST_DURATION),) if loses_face else ()
    return Viewer(subject_index, shares, course, lost, key_log)


def _perform(rng: np.random.Generator, film: _Film, *, shares: bool) -> xr.Dataset:
    """Course of a viewer from the start of the camera to its stop: own expressions, in the epochs the film's."""
    start, stop = -rng.uniform(*START_OFFSET), film.duration + rng.uniform(*STOP_OFFSET)
    time = start + np.arange(int((stop - start) * film.rate) + 1) / film.rate
    felt = time - rng.uniform(*DELAY)
    attention = ATTENTION * envelope(felt, film.limits)[:, None] * shares
    evoked = np.column_stack([np.interp(felt, film.time, course) for course in film.course.T])
    own = OWN_STRENGTH * expression_course(rng, (len(time), len(OWN_ACTIONS)), rate=film.rate)
    n_shared = len(SHARED_ACTIONS)
    course = (1 - attention) * own
    course[:, :n_shared] += attention * evoked
    course[:, n_shared:] *= SIDELINE
    gains = np.exp(rng.normal(0, GAIN_SD) + rng.normal(0, GAIN_SD, len(OWN_ACTIONS)))
    return _labelled(time, OWN_ACTIONS, course * gains)

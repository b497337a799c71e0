"""Ratings that are given by two keys: one raises an intensity by a step, the other lowers it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.keyboard import AUTO_REPEAT, read_events
from isc.io.log_mapping import LogMapping, read_log_mapping
from isc.io.logs.film_clock import PRESS, KeyLogError, check_duration, film_of, inside_film
from isc.io.ratings import subject_of

REPEAT_DELAY = 1.0  # s; keyboards wait for at most so long before a held key repeats
HELD = ("one_step", "each_repeat")
DEFAULT_RATE = 10.0  # Hz


@dataclass(frozen=True)
class StepScale:
    """A scale that two keys move along; it stops at its ends.

    Attributes
    ----------
    step : float
        What one press adds or takes away.
    start : float
        Value before the first press.
    lowest, highest : float
        Ends of the scale.
    up, down : str or None
        Names of the keys; None = those of the mapping, else "up" and "down".
    held : {"one_step", "each_repeat"}
        A held key moves the scale once, or with each automatic repeat, as the experiment's own program did.

    Raises
    ------
    ValueError
        When the scale has no room for a step or starts outside of it.

    Examples
    --------
    >>> StepScale(step=25).highest
    100.0
    """

    step: float = 10.0
    start: float = 0.0
    lowest: float = 0.0
    highest: float = 100.0
    up: str | None = None
    down: str | None = None
    held: str = "one_step"

    def __post_init__(self) -> None:
        """Refuse scales on which nothing can move."""
        if not 0 < self.step <= self.highest - self.lowest:
            raise ValueError(
                f"step must be positive and fit between {self.lowest:g} and {self.highest:g}; given {self.step:g}"
            )
        if not self.lowest <= self.start <= self.highest:
            raise ValueError(f"start must lie between {self.lowest:g} and {self.highest:g}; given {self.start:g}")
        if self.held not in HELD:
            raise ValueError(f"held must be one of {HELD}; given {self.held!r}")


def read_step_rating(
    path: str | Path,
    *,
    scale: StepScale | None = None,
    rate: float = DEFAULT_RATE,
    duration: float | None = None,
    stimulus_onset: float | None = None,
    mapping: str | Path | LogMapping | None = None,
) -> xr.DataArray:
    r"""Rating of one rater from the presses of an up and a down key.

    Parameters
    ----------
    path : path
        A BIDS ``_events.tsv`` with the column ``key``, or with a mapping the log of another program; see
        `read_key_log`, whose rules for units, markers and clocks hold here too.
    scale : StepScale, optional
        Size of a step, ends, start, keys; by default 0 to 100 from 0 in steps of 10.
    rate : float
        Samples per second of the result.
    duration : float, optional
        Length of the film, s; by default from the start to the stop marker.
    stimulus_onset : float, optional
        Start of the film on the clock of the log, s.
    mapping : path or LogMapping, optional
        Also names the keys (``up``, ``down``).

    Returns
    -------
    DataArray ``rating``, dim (time,), float64
        Value of the scale at each sample, the press at its very time included; ``time`` in s from stimulus onset,
        scalar coordinate ``subject``. All NaN where the log is missing (no presses of these keys and no markers).
        attrs: ``rate_hz``, ``n_press`` and the scale.

    Raises
    ------
    KeyLogError
        As `read_key_log`; when the length of the film is not known, or the log has presses but none of these keys.
    ValueError
        When the rate is not positive.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "sub-01_task-film_events.tsv")
    >>> _ = path.write_text("onset\tkey\n1\tup\n2\tup\n3\tdown\n")
    >>> read_step_rating(path, duration=5, rate=1).values.tolist()
    [0.0, 10.0, 20.0, 10.0, 10.0]
    """
    path, scale = Path(path), scale or StepScale()
    check_duration(duration)
    if not (np.isfinite(rate) and rate > 0):
        raise ValueError(f"rate must be positive, in Hz; given {rate}")
    mapping = read_log_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    events = read_events(path, mapping)
    film = film_of(path.name, events, duration, stimulus_onset)
    if film.length is None:
        raise KeyLogError(f"{path.name} has no stop marker; give the duration of the film")
    presses = events[events["trial_type"] == PRESS]
    moves = _moves(path, presses, scale, mapping)
    inside = inside_film(path.name, moves, film)
    time = np.arange(int(np.floor(film.length * rate + 1e-6))) / rate
    values = _course(inside, time + film.zero, scale)
    if not (len(moves) or film.marked):
        values[:] = np.nan
    attrs = {"rate_hz": float(rate), "n_press": len(inside), "step": scale.step, "held": scale.held, "units": "1"}
    coords = {"time": ("time", time, {"units": "s"}), "subject": subject_of(path)}
    return xr.DataArray(values, dims="time", coords=coords, name="rating", attrs=attrs)


def _moves(path: Path, presses: pd.DataFrame, scale: StepScale, mapping: LogMapping | None) -> pd.DataFrame:
    """Onset and direction (1 or -1) of every step; a held key is one."""
    up = (scale.up,) if scale.up else mapping.up if mapping else ("up",)
    down = (scale.down,) if scale.down else mapping.down if mapping else ("down",)
    steps = presses[presses["key"].isin([*up, *down])]
    if len(presses) and steps.empty:
        found = ", ".join(sorted({str(key) for key in presses["key"]}))
        raise KeyLogError(
            f"{path.name} has no key {', '.join([*up, *down])}; found {found}; name the keys of the scale"
        )
    if scale.held == "one_step":
        steps = steps[~_repeated(steps["onset"].to_numpy(float), steps["key"].to_numpy())]
    return pd.DataFrame({"onset": steps["onset"], "direction": np.where(steps["key"].isin(up), 1.0, -1.0)})


def _repeated(onset: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Which rows a held key wrote by itself: in a fast train of one key, and the first of it after the delay."""
    gap = np.diff(onset, prepend=-np.inf)
    same = np.concatenate([[False], key[1:] == key[:-1]])[: onset.size]
    fast = same & (gap <= AUTO_REPEAT)
    before_fast = np.concatenate([fast[1:], [False]])[: onset.size]
    return fast | (same & before_fast & (gap <= REPEAT_DELAY))


def _course(moves: pd.DataFrame, time: np.ndarray, scale: StepScale) -> np.ndarray:
    """Value at each time; the scale stops at its ends, so steps are taken one by one."""
    level = [scale.start]
    for direction in moves["direction"]:
        level.append(min(max(level[-1] + direction * scale.step, scale.lowest), scale.highest))
    done = np.searchsorted(moves["onset"].to_numpy(float), time + 1e-6, side="right")
    return np.array(level, dtype=float)[done]

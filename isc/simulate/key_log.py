"""Key logs with known moments behind them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

KEY = "space"
TRIAL_TYPE = "press"
HOLD = (0.08, 0.30)  # s, shortest and longest time a key is held
STREAM = 41  # keeps these draws apart from the other draws


def simulate_key_log(
    moments: Sequence[float],
    *,
    duration: float,
    delay: tuple[float, float] = (1.0, 2.0),
    n_random: int = 2,
    subject_index: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Key presses of one viewer: one after every moment, and some for no reason.

    Parameters
    ----------
    moments : sequence of float
        When the viewer feels something, s from the onset of the stimulus. Empty for a viewer who shares nothing.
    duration : float
        Length of the stimulus, s; a reaction after its end is not logged.
    delay : (float, float), default (1.0, 2.0)
        Shortest and longest time from a moment to its press, s (uniform).
    n_random : int, default 2
        Presses at uniformly random times.
    subject_index : int, default 0
        Number of the viewer: others press at other times.
    seed : int, default 0
        Same seed, same presses.

    Returns
    -------
    pandas.DataFrame
        Columns onset (s from stimulus onset, increasing), duration (s), trial_type (``press``), key (``space``).

    Raises
    ------
    ValueError
        If the duration is not positive, a moment lies outside the stimulus, the delays are not in order or the
        number of random presses is negative.

    Examples
    --------
    >>> simulate_key_log([10.0], duration=40.0, n_random=0).round({"onset": 1})[["onset", "trial_type", "key"]]
       onset trial_type    key
    0   11.1      press  space
    """
    _check_log(moments, duration, delay, n_random)
    rng = np.random.default_rng([seed, subject_index, STREAM])
    reactions = np.asarray(moments, dtype=float) + rng.uniform(*delay, len(moments))
    onset = np.sort(np.concatenate([reactions[reactions < duration], rng.uniform(0, duration, n_random)]))
    columns = {"onset": onset, "duration": rng.uniform(*HOLD, len(onset)), "trial_type": TRIAL_TYPE, "key": KEY}
    return pd.DataFrame(columns).round({"onset": 3, "duration": 3})


def _check_log(moments: Sequence[float], duration: float, delay: tuple[float, float], n_random: int) -> None:
    if not duration > 0:
        raise ValueError(f"duration must be positive (s), got {duration}")
    outside = [moment for moment in moments if not 0 <= moment <= duration]
    if outside:
        raise ValueError(f"moments must lie within the stimulus (0 to {duration} s), got {outside}")
    if not 0 <= delay[0] <= delay[1]:
        raise ValueError(f"delay must be a shortest and a longest time (s) from 0 on, got {delay}")
    if n_random < 0:
        raise ValueError(f"n_random must not be negative, got {n_random}")

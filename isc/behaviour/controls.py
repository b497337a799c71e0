"""Controls for the case that the same people give faces and key presses.

Pressing a key can itself move faces (looking down, tension), and pressing is what the agreement counts. Two remedies:
synchrony of one half of the people against presses of the other half, and faces without the seconds around a press.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr


def split_subjects(subjects: Sequence[str], *, seed: int) -> tuple[list[str], list[str]]:
    """Two random halves of the people: faces are taken from the first, presses from the second.

    Parameters
    ----------
    subjects : sequence of str
        People who gave both faces and presses; order does not matter.
    seed : int
        The same seed gives the same halves.

    Returns
    -------
    tuple of two lists of str
        Sorted, disjoint; the first has one more if the number is odd.

    Raises
    ------
    ValueError
        Fewer than three people: synchrony of the first half needs two.

    Examples
    --------
    >>> faces, presses = split_subjects(["sub-01", "sub-02", "sub-03", "sub-04"], seed=1)
    >>> len(faces), len(presses), set(faces) & set(presses)
    (2, 2, set())
    """
    names = sorted({str(subject) for subject in subjects})
    if len(names) < 3:
        raise ValueError(
            f"subjects must be 3 people or more, {len(names)} given; synchrony of one half needs two of them"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    n_face = (len(names) + 1) // 2
    return sorted(names[i] for i in order[:n_face]), sorted(names[i] for i in order[n_face:])


def exclude_presses(
    cube: xr.DataArray, peaks: pd.DataFrame, *, before: float = 1.0, after: float = 1.0
) -> xr.DataArray:
    """Cube in which each person's samples around their own presses are NaN.

    The missing-data rule of the synchrony functions then leaves that person out of the windows concerned.

    Parameters
    ----------
    cube : DataArray, dims include (subject, time)
        ``time`` in seconds from stimulus onset, ``subject`` the names of the table.
    peaks : DataFrame
        Columns ``subject``, ``onset`` (s), optionally ``duration`` (s). People without a face are passed over.
    before, after : float
        Seconds taken out before the onset and after the end of each press.

    Returns
    -------
    DataArray
        As the cube; a new array.

    Raises
    ------
    ValueError
        No subject or time dim, columns missing, or negative seconds.

    Examples
    --------
    >>> coords = {"subject": ["a"], "time": np.arange(5.0)}
    >>> cube = xr.DataArray(np.ones((1, 5)), dims=("subject", "time"), coords=coords)
    >>> exclude_presses(cube, pd.DataFrame({"subject": ["a"], "onset": [3.0]})).values.tolist()
    [[1.0, 1.0, nan, nan, nan]]
    """
    _check(cube, peaks, before, after)
    duration = peaks["duration"].fillna(0.0) if "duration" in peaks else 0.0
    first = (peaks["onset"] - before).to_numpy(float)
    last = (peaks["onset"] + duration + after).to_numpy(float)
    kept = xr.ones_like(cube["subject"], dtype=bool) & xr.ones_like(cube["time"], dtype=bool)
    time = cube["time"].values
    for row, subject in enumerate(cube["subject"].values):
        own = (peaks["subject"].astype(str) == str(subject)).to_numpy()
        near = (time[:, None] >= first[own]) & (time[:, None] <= last[own])
        kept[row] = ~near.any(axis=1)
    return cube.where(kept).assign_attrs(cube.attrs, press_before_s=before, press_after_s=after)


def _check(cube: xr.DataArray, peaks: pd.DataFrame, before: float, after: float) -> None:
    if not {"subject", "time"} <= set(cube.dims):
        raise ValueError(f"cube must have the dims subject and time, not {cube.dims}; stack the recordings first")
    if not {"subject", "onset"} <= set(peaks.columns):
        raise ValueError(f"peaks must have the columns subject and onset (s), not {list(peaks.columns)}; rename them")
    if before < 0 or after < 0:
        raise ValueError(
            f"before and after are seconds of 0 or more, not {before} and {after}; use 0 to take out nothing"
        )

"""Controls for the case that the same people give faces and key presses.

Pressing a key can itself move faces (looking down, tension), and pressing is what the agreement counts. Two remedies:
synchrony of one half of the people against presses of the other half, and faces without the seconds around a press.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from isc.behaviour.agreement import peak_agreement, recorded_settings
from isc.cube import subject_ids

Synchrony = Callable[[xr.DataArray], xr.DataArray]


@dataclass(frozen=True)
class SplitHalf:
    """Faces of one half of the people against the presses of the other half.

    Who gave faces only is in the first half, who gave presses only in the second; the others are divided at random.
    It answers whether the very presses that are counted moved the very faces. It does not help where both halves press
    at the same moments, and with one another's movement of pressing: `PressExclusion` does (benchmarks/relation.md).

    Attributes
    ----------
    cube : DataArray, dims (subject, time, ...)
        The faces behind the t-ISC.
    presses : DataFrame
        The peaks behind the agreement: columns ``subject``, ``onset`` (s).
    synchrony : callable
        From a cube to its t-ISC, as it was computed: ``isc.temporal_isc``, or
        ``functools.partial(isc.temporal_isc, pairs=pairs)``.
    seed : int
        The same seed gives the same halves.

    Examples
    --------
    >>> time = np.arange(0, 20, 0.5)
    >>> coords = {"subject": list("abcd"), "time": time}
    >>> cube = xr.DataArray(np.zeros((4, 40)), dims=("subject", "time"), coords=coords)
    >>> presses = pd.DataFrame({"subject": list("abcd"), "onset": [3.0] * 4})
    >>> SplitHalf(cube, presses, synchrony=len, seed=1).halves(list("abcd"))
    (['a', 'b'], ['c', 'd'])
    """

    cube: xr.DataArray
    presses: pd.DataFrame
    synchrony: Synchrony
    seed: int = 0

    name = "split_half"

    def halves(self, raters: Sequence[str]) -> tuple[list[str], list[str]]:
        """People whose faces, and people whose presses are used."""
        faces = subject_ids(self.cube)
        both = sorted(set(faces) & set(raters))
        first, second = split_subjects(both, seed=self.seed)
        return sorted({*first, *(set(faces) - set(both))}), sorted({*second, *(set(raters) - set(both))})

    def series(self, tisc: xr.DataArray, agreement: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
        """T-ISC of the first half and agreement of the second, on the windows of `tisc`."""
        rule, raters = recorded_settings(agreement)
        names = self.presses["subject"] if raters is None else raters
        names = raters["subject"] if isinstance(raters, pd.DataFrame) else names
        faces, pressing = self.halves(sorted({str(name) for name in names}))
        cube = self.cube.assign_coords(subject=subject_ids(self.cube)).sel(subject=faces)
        kept = raters[raters["subject"].astype(str).isin(pressing)] if isinstance(raters, pd.DataFrame) else pressing
        return _same_shape(self.synchrony(cube), tisc), peak_agreement(
            self.presses, windows=agreement, raters=kept, **rule._asdict()
        )


@dataclass(frozen=True)
class PressExclusion:
    """Everybody's face without the seconds around their own presses, against all presses.

    Attributes
    ----------
    cube, presses, synchrony
        As for `SplitHalf`.
    before, after : float
        Seconds taken out before the onset and after the end of each press. With 0.8 of a window's samples needed
        (``min_valid``), a person is left out of the windows of 5 s that lose more than 1 s. Windows with few faces
        left count less, as they are noisier just where agreement is high.

    Examples
    --------
    >>> coords = {"subject": ["a"], "time": np.arange(5.0)}
    >>> cube = xr.DataArray(np.ones((1, 5)), dims=("subject", "time"), coords=coords)
    >>> presses = pd.DataFrame({"subject": ["a"], "onset": [3.0]})
    >>> PressExclusion(cube, presses, synchrony=lambda cube: cube).series(cube, None)[0].values.tolist()
    [[1.0, 1.0, nan, nan, nan]]
    """

    cube: xr.DataArray
    presses: pd.DataFrame
    synchrony: Synchrony
    before: float = 1.0
    after: float = 1.0

    name = "press_exclusion"

    def series(self, tisc: xr.DataArray, agreement: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
        """T-ISC of what is left of the faces, and the agreement as it is."""
        cube = exclude_presses(self.cube, self.presses, before=self.before, after=self.after)
        return _evenly_noisy(_same_shape(self.synchrony(cube), tisc)), agreement


def _evenly_noisy(tisc: xr.DataArray) -> xr.DataArray:
    """T-ISC times the root of the share of dyads that are left in the window.

    Where many press, few faces are left and the mean over dyads is noisy, just where agreement is high: its p would be
    too small. The noise of a mean over n (n - 1) / 2 dyads falls with their root, so that this product has the same
    noise everywhere; what synchrony there is counts less in windows with few faces.
    """
    if "n_subject" not in tisc.coords or tisc["n_subject"].dims == ():
        return tisc
    n = tisc["n_subject"].astype(float)
    share = np.sqrt(n * (n - 1))
    return tisc * (share / share.max()).drop_vars("n_subject")


def _same_shape(controlled: xr.DataArray, tisc: xr.DataArray) -> xr.DataArray:
    if dict(controlled.sizes) != dict(tisc.sizes):
        raise ValueError(
            f"synchrony of the control must give the windows and features of tisc, {dict(tisc.sizes)}, but gives "
            f"{dict(controlled.sizes)}; compute both in the same way"
        )
    return controlled.transpose(*tisc.dims)


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
            f"subjects must be 3 people or more, {len(names)} given; synchrony of one half needs two of them, and the "
            "names in faces and presses must be the same"
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

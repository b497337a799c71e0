"""Surrogates for estimators with a code of their own (phases, components): each subject is moved as a whole.

Draws, refusals and words are those of the nulls of t-ISC; only what is computed from the moved subjects differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.kernels.nulls.surrogates import subject_keys
from isc.synchrony.statistic.estimate import Statistic
from isc.synchrony.surrogate.design import Design
from isc.synchrony.surrogate.flipped import FlippedSigns, n_sign_patterns
from isc.synchrony.surrogate.moved import MovedInTime
from isc.synchrony.surrogate.schemes import Scheme, SignFlip, scheme_named
from isc.synchrony.testable import check_data, check_options, few_subjects
from isc.windows import Windows

WholeScheme = Literal["circular_shift", "sign_flip", "block"]


@dataclass(frozen=True)
class Move:
    """What one surrogate does to its subjects.

    Attributes
    ----------
    drawn : ndarray, shape (subject,), or mapping
        Signs, or ``shifts`` (subject,) or ``frames`` (subject, time), in the order of the subjects' ids.
    """

    drawn: np.ndarray | Mapping[str, np.ndarray]

    def in_time(self, subject: int, values: np.ndarray) -> np.ndarray:
        """Values (time, ...) of a subject, read at other times; as they are where signs were drawn."""
        if isinstance(self.drawn, np.ndarray):
            return values
        if "shifts" in self.drawn:
            return np.roll(values, -int(self.drawn["shifts"][subject]), axis=0)
        return values[self.drawn["frames"][subject]]

    def of(self, subject: int, values: np.ndarray) -> np.ndarray:
        """Values (time, ...) of a subject in this surrogate."""
        moved = self.in_time(subject, values)
        return moved * self.drawn[subject] if isinstance(self.drawn, np.ndarray) else moved


@dataclass(frozen=True)
class WholeSubjects:
    """Surrogates that move subjects as a whole.

    Attributes
    ----------
    scheme : Scheme
    randomiser : MovedInTime or FlippedSigns
    order : ndarray of int, shape (subject,)
        Positions of the subjects in the cube, in the order of their ids: sums taken in it do not depend on the cube's.
    n_surrogates : int
        How many there are: fewer than asked for where a scheme has no more.
    exact : bool
        The surrogates are all that exist.
    """

    scheme: Scheme
    randomiser: MovedInTime | FlippedSigns
    order: np.ndarray
    n_surrogates: int
    exact: bool

    def move(self, surrogate: int) -> Move:
        """Draws of one surrogate, from its number, the seed and the ids of the subjects alone."""
        return Move(self.randomiser.draw(range(surrogate, surrogate + 1))[0])

    @property
    def attrs(self) -> dict[str, str | int | float]:
        """What the surrogates are, as `isc.null_extremes` says it."""
        n_subject = self.order.size
        caution = few_subjects(n_subject, self.n_surrogates if self.exact else None)
        return {
            "scheme": self.scheme.name,
            **self.scheme.options(),
            "seed": self.randomiser.design.seed,
            "n_subject": n_subject,
            "n_surrogates": self.n_surrogates,
            "exact": int(self.exact),
            "null_hypothesis": self.scheme.null_hypothesis,
            **({"caution": caution} if caution else {}),
        }


def whole_subjects(
    cube: xr.DataArray, windows: Windows, *, scheme: str, n_surrogates: int, seed: int, block: float | None = None
) -> WholeSubjects:
    """Surrogates of a cube whose subjects are moved as a whole; nothing is computed yet.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...)
    windows : Windows
        In which the result is read: blocks and shifts have to leave windows that are not their own.
    scheme : {"circular_shift", "sign_flip", "block"}
    n_surrogates : int
        How many at most.
    seed : int
    block : float, optional
        Seconds, of scheme ``block``; the window by default.

    Returns
    -------
    WholeSubjects

    Raises
    ------
    ValueError
        When the scheme is not known, says nothing about the recording, or there are fewer than three subjects.

    Examples
    --------
    >>> cube = xr.DataArray(np.zeros((4, 90)), dims=("subject", "time"), coords={"time": np.arange(90) / 30})
    >>> flips = whole_subjects(cube, Windows(np.arange(1), 30, 30.0), scheme="sign_flip", n_surrogates=99, seed=0)
    >>> flips.n_surrogates, flips.exact, flips.move(0).drawn.tolist()
    (7, True, [1.0, 1.0, 1.0, -1.0])
    """
    known = get_args(WholeScheme)
    if scheme not in known:
        raise ValueError(f"scheme must be one of {', '.join(known)}; given {scheme!r}")
    if scheme == "block" and block is None:
        block = windows.length / windows.rate
    chosen = scheme_named(scheme, block=block)
    check_options("mean", None, 1.0, n_surrogates)
    check_data(cube, chosen, windows, ())
    ids = np.array(subject_ids(cube))
    order = np.argsort(ids, kind="stable")
    n_time, statistic = cube.sizes["time"], Statistic()
    design = Design(statistic, windows, n_time, subject_keys(ids[order]), int(seed), min_valid=1.0, n_threads=1)
    n_pattern = n_sign_patterns(order.size)
    exact = isinstance(chosen, SignFlip) and n_pattern < n_surrogates
    randomiser: Any = FlippedSigns(design, exact) if isinstance(chosen, SignFlip) else MovedInTime(design, chosen)
    return WholeSubjects(chosen, randomiser, order, n_pattern if exact else n_surrogates, exact)

"""What data a test of synchrony needs, and the errors that say so."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from isc.cube import subject_ids
from isc.synchrony.surrogate.schemes import PhaseRandomisation, PseudoGroup, Scheme
from isc.windows import Windows

FEWEST_SUBJECTS = 3  # two are one dyad: their habits cannot be told from synchrony
TRUSTED_SUBJECTS = 5


def check_options(summary: str | None, detrend: str | None, min_valid: float, n_surrogates: int) -> None:
    """Raise a ValueError when an option of a test is not known.

    Parameters
    ----------
    summary, detrend : str or None
    min_valid : float
    n_surrogates : int
    """
    if summary is None:
        raise ValueError("surrogates need a summary: mean, median or fisher_mean; given None")
    if detrend not in (None, "linear"):
        raise ValueError(f"detrend must be None or linear; given {detrend!r}")
    if not 0 < min_valid <= 1:
        raise ValueError(f"min_valid is a share between 0 and 1; given {min_valid}")
    if n_surrogates < 1:
        raise ValueError(f"n_surrogates must be at least 1; given {n_surrogates}")


def check_data(cube: xr.DataArray, scheme: Scheme, windows: Windows, others: Sequence[xr.DataArray]) -> None:
    """Raise a ValueError when a scheme says nothing about the data.

    Parameters
    ----------
    cube : DataArray, dims (subject, time, ...)
    scheme : Scheme
    windows : Windows
    others : sequence of DataArray
        Cubes of other stimuli.
    """
    if cube.sizes["subject"] < FEWEST_SUBJECTS:
        raise ValueError(
            f"inference needs at least {FEWEST_SUBJECTS} subjects and is trustworthy from 5; the cube has "
            f"{cube.sizes['subject']}: describe their synchrony with temporal_isc instead"
        )
    scheme.check(windows, cube.sizes["time"])
    if isinstance(scheme, PhaseRandomisation):
        _check_complete(cube)
    if isinstance(scheme, PseudoGroup) != bool(others):
        raise ValueError(
            "pseudo groups need others=[...], the cubes of one or more other stimuli with the same subjects"
            if isinstance(scheme, PseudoGroup)
            else f"others are the stimuli of scheme='pseudo_group'; the scheme given is {scheme.name}"
        )


def few_subjects(n_subject: int, n_exact: int | None = None) -> str:
    """What so few subjects cannot show; empty from five subjects on.

    Parameters
    ----------
    n_subject : int
    n_exact : int, optional
        Number of surrogates where they are all that exist.

    Returns
    -------
    str

    Examples
    --------
    >>> few_subjects(5), few_subjects(3, 3).split(";")[1]
    ('', ' all 4 patterns of signs give p no smaller than 0.25')
    """
    if n_subject >= TRUSTED_SUBJECTS:
        return ""
    exact = f"; all {(n_exact or 0) + 1} patterns of signs give p no smaller than {1 / ((n_exact or 0) + 1):.3g}"
    return (
        f"{n_subject} subjects: one of them can decide the result, and nothing can be said about other people"
        f"{exact if n_exact is not None else ''}; use at least {TRUSTED_SUBJECTS}"
    )


def _check_complete(cube: xr.DataArray) -> None:
    """Refuse missing samples, which have no Fourier transform."""
    for name, one in zip(subject_ids(cube), cube.transpose("subject", ...), strict=True):
        n_missing = int((~np.isfinite(one.values)).sum())
        if n_missing:
            raise ValueError(
                f"phase randomisation needs complete series; subject {name} misses {n_missing} samples: bridge short "
                "gaps first, or use scheme='circular_shift' or 'sign_flip', which allow for them"
            )

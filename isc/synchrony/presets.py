"""Named sets of options for testing synchrony: the recommended one, and those that earlier work used."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from isc.cube import sampling_rate
from isc.synchrony.features.series import Space
from isc.synchrony.inference import Percentile, Tail
from isc.synchrony.nulls import Scope
from isc.synchrony.statistic.estimate import Estimator, Summary
from isc.synchrony.surrogate.schemes import Extent, SchemeName, SharedOver
from isc.synchrony.temporal import MIN_VALID, Detrend
from isc.windows import DEFAULT_STEP, DEFAULT_WINDOW

PresetName = Literal["recommended", "poster", "facexp"]
WindowRule = Literal["exact", "facexp"]


@dataclass(frozen=True)
class Preset:
    """Every option of a test of synchrony; the defaults are those of ``recommended``.

    Attributes
    ----------
    window, step : float
        Seconds.
    windows : {"exact", "facexp"}
        ``exact``: as `isc.windows.sliding_windows`. ``facexp``: the published scripts' rule for the same seconds, one
        sample more in every window, a whole number of samples from one to the next, and ``round((T - L) / hop)``
        windows for T samples and L = window x rate.
    estimator, summary, space, detrend, min_valid
        As in `isc.temporal_isc`.
    scheme : str or tuple of str
        Surrogate schemes; a cell has to pass all of them.
    features : {"shared", "independent"}
        Of ``timepoint_shuffle``: one permutation a subject, or one a subject and feature. Streamed vertex pairs
        always share.
    extent : {"recording", "within_window"}
        Of ``timepoint_shuffle``: over what frames are permuted.
    n_surrogates, seed : int
        Surrogates of each scheme.
    scope : {"recording", "window"}
        Over what extremes are taken, and so what the error rate covers.
    alpha : float
        Error rate, shared by both tails where both are tested.
    tail : {"greater", "less", "two_sided"}
        Side of the test.
    percentile : {"rank", "linear", "hazen"}
        As in `isc.thresholds`.

    Examples
    --------
    >>> Preset().schemes
    ('circular_shift', 'sign_flip')
    """

    window: float = DEFAULT_WINDOW
    step: float = DEFAULT_STEP
    windows: WindowRule = "exact"
    estimator: Estimator = "pairwise"
    summary: Summary = "mean"
    space: Space = "vector"
    detrend: Detrend | None = None
    min_valid: float = MIN_VALID
    scheme: SchemeName | tuple[SchemeName, ...] = ("circular_shift", "sign_flip")
    features: SharedOver = "shared"
    extent: Extent = "recording"
    n_surrogates: int = 1000
    seed: int = 0
    scope: Scope = "recording"
    alpha: float = 0.05
    tail: Tail = "greater"
    percentile: Percentile = "rank"

    @property
    def schemes(self) -> tuple[SchemeName, ...]:
        """The schemes as a tuple."""
        return (self.scheme,) if isinstance(self.scheme, str) else tuple(self.scheme)

    def windowing(self, cube: xr.DataArray) -> "Windowing":
        """Samples that are used, and the exact window and step in seconds."""
        rate, n_time = sampling_rate(cube), cube.sizes["time"]
        if self.windows == "exact":
            return Windowing(n_time, self.window, self.step)
        length, hop = round(self.window * rate), round(self.step * rate)
        n_window = int(np.floor((n_time - length) / hop + 0.5))  # Matlab rounds halves up
        if n_window < 1:
            raise ValueError(
                f"window is {self.window:g} s but the recording lasts {n_time / rate:g} s; choose a shorter window"
            )
        return Windowing((n_window - 1) * hop + length + 1, (length + 1) / rate, hop / rate)

    def statistic_options(self) -> dict[str, Any]:
        """Keyword arguments that the observed value and every null share, but for the windows."""
        names = ("estimator", "summary", "space", "detrend", "min_valid")
        return {name: getattr(self, name) for name in names}

    def scheme_options(self, scheme: SchemeName, *, streamed: bool) -> dict[str, Any]:
        """Keyword arguments of one scheme; `streamed` vertex pairs cannot be shuffled independently."""
        if scheme != "timepoint_shuffle":
            return {}
        return {"features": "shared" if streamed else self.features, "extent": self.extent}


class Windowing(NamedTuple):
    """Windows of a test on one recording: samples used, and the exact window and step in seconds."""

    n_time: int
    window: float
    step: float


PRESETS: Mapping[str, Preset] = {
    "recommended": Preset(),
    "poster": Preset(
        scheme="timepoint_shuffle",
        features="independent",
        n_surrogates=200,
        scope="window",
        alpha=0.10,
        tail="two_sided",
        percentile="linear",
    ),
    "facexp": Preset(
        windows="facexp",
        space="norm",
        scheme="timepoint_shuffle",
        extent="within_window",
        n_surrogates=200,
        scope="window",
        alpha=0.05,
        tail="two_sided",
        percentile="hazen",
    ),
}


def choose_preset(name: str, overrides: Mapping[str, Any]) -> Preset:
    """A preset with some of its options replaced.

    Parameters
    ----------
    name : {"recommended", "poster", "facexp"}
    overrides : mapping of str to any
        Options of `Preset`.

    Returns
    -------
    Preset

    Raises
    ------
    ValueError
        When there is no preset of this name.
    TypeError
        When an option is not known; the nearest known name is given.

    Examples
    --------
    >>> choose_preset("poster", {"n_surrogates": 1000}).n_surrogates
    1000
    """
    if name not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}; given {name!r}")
    known = [field.name for field in fields(Preset)]
    for option in overrides:
        if option not in known:
            near = difflib.get_close_matches(option, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known options: {', '.join(known)}"
            raise TypeError(f"{option!r} is not an option of a test of synchrony; {hint}")
    return replace(PRESETS[name], **overrides)

"""Surrogate schemes: what each randomises, what it keeps and destroys, and what a rejection says.

A scheme is a description only; `isc.synchrony.surrogate.values` draws the random numbers and computes the values.
"""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal, get_args

from isc.windows import Windows

SchemeName = Literal["circular_shift", "sign_flip", "phase", "block", "pseudo_group", "timepoint_shuffle"]
SharedOver = Literal["shared", "independent"]
Extent = Literal["recording", "within_window"]


@dataclass(frozen=True)
class Scheme(ABC):
    """Base of all schemes: its name, its null hypothesis and the options that go into the attrs of a result."""

    name: ClassVar[SchemeName]

    @property
    @abstractmethod
    def null_hypothesis(self) -> str:
        """The sentence that a rejection rejects."""

    def options(self) -> dict[str, str | float]:
        """Options of the scheme as attrs."""
        return {key: value for key, value in asdict(self).items() if isinstance(value, str | float)}

    def check(self, windows: Windows, n_time: int) -> None:  # noqa: B027 - most schemes accept every recording
        """Raise a ValueError when the scheme says nothing about a recording of `n_time` samples."""


@dataclass(frozen=True)
class CircularShift(Scheme):
    """Every subject is shifted in time by one random amount, over the whole recording, before windowing.

    Keeps each subject's autocorrelation and the relations between its features. Destroys the relation in time between
    subjects, and with it the place of slow and of lively scenes: where the film changes everybody's smoothness at
    once, surrogates mix the scenes and the test is too liberal (64 % false positives in simulation). So it is where
    many subjects miss the same seconds: their gaps are scattered, and surrogate windows hold more people (31 %).
    """

    name = "circular_shift"

    @property
    def null_hypothesis(self) -> str:
        """The sentence that a rejection rejects."""
        return (
            "subjects' series are unrelated in time and equally smooth throughout: each keeps its own "
            "autocorrelation and is shifted circularly by one random amount, the same for all features"
        )

    def check(self, windows: Windows, n_time: int) -> None:
        """Refuse recordings of less than two windows: every shift would leave most of a window where it was."""
        _check_two_windows("a circular shift", windows, n_time)


@dataclass(frozen=True)
class SignFlip(Scheme):
    """Every subject's series, centred in each window, is multiplied by 1 or -1, one sign for the whole recording.

    Keeps everything but the signs: each window's own autocorrelation, the relations between features and windows.
    Destroys the sign of the relations between subjects. Assumes that a movement and its opposite are equally likely.
    """

    name = "sign_flip"

    @property
    def null_hypothesis(self) -> str:
        """The sentence that a rejection rejects."""
        return (
            "each subject's movement about its mean in a window is as likely as its mirror image, whatever the others "
            "do: signs of whole subjects are flipped at random, which keeps every window's own autocorrelation"
        )


@dataclass(frozen=True)
class PhaseRandomisation(Scheme):
    """Every subject gets random Fourier phases, the same for all of its features.

    Keeps each subject's power spectrum and the cross-spectra of its features. Destroys the relation between subjects,
    every transient and every change of smoothness: the surrogates are stationary and nearly Gaussian.
    """

    name = "phase"

    @property
    def null_hypothesis(self) -> str:
        """The sentence that a rejection rejects."""
        return (
            "subjects' series are unrelated stationary Gaussian processes: each keeps its own power spectrum and the "
            "cross-spectra of its features, its phases are random and shared by all features"
        )


@dataclass(frozen=True)
class BlockPermutation(Scheme):
    """Every subject's recording is cut into blocks, which are put in random order, the same for all features.

    Keeps autocorrelation inside blocks. Destroys the relation between subjects, what joins the blocks, and the place
    of slow and of lively scenes, as the circular shift does.

    Attributes
    ----------
    block : float
        Seconds; at least a window.
    """

    name = "block"
    block: float = 5.0

    @property
    def null_hypothesis(self) -> str:
        """The sentence that a rejection rejects."""
        return (
            f"blocks of {self.block:g} s of each subject are exchangeable in time, whatever the others do: each keeps "
            "its autocorrelation inside blocks, whose order is random and shared by all features"
        )

    def check(self, windows: Windows, n_time: int) -> None:
        """Refuse blocks shorter than a window, and recordings of less than two blocks."""
        if round(self.block * windows.rate) < windows.length:
            raise ValueError(
                f"block is {self.block:g} s and must be at least the window of {windows.length / windows.rate:g} s: "
                "shorter blocks destroy the autocorrelation inside a window"
            )
        if 2 * round(self.block * windows.rate) > n_time:
            raise ValueError(
                f"block is {self.block:g} s and needs a recording of at least two blocks; this one lasts "
                f"{n_time / windows.rate:g} s: choose shorter blocks and windows, or scheme='sign_flip'"
            )


@dataclass(frozen=True)
class PseudoGroup(Scheme):
    """Groups of the same subjects who watched different stimuli, each compared across stimuli only.

    A random part of the subjects is taken from each stimulus, parts as equal as possible, and the mean is taken over
    the dyads whose members come from different stimuli: with fewer stimuli than subjects these are not all dyads,
    which widens the null (conservative). For leave-one-out each subject is compared with the mean of those from other
    stimuli.

    Keeps every series whole, with its course of smoothness. Destroys what is due to the stimulus. Holds only where the
    stimuli have the same course of smoothness.
    """

    name = "pseudo_group"

    @property
    def null_hypothesis(self) -> str:
        """The sentence that a rejection rejects."""
        return (
            "subjects who watch the same stimulus are no more alike than subjects who watch different stimuli of "
            "equal length"
        )


@dataclass(frozen=True)
class TimepointShuffle(Scheme):
    """The frames of every subject are put in random order: the published null, **not a test of synchrony**.

    Keeps each subject's values. Destroys the autocorrelation, so that the threshold is that of white noise, which
    smooth signals exceed without any synchrony.

    Attributes
    ----------
    features : {"shared", "independent"}
        One order per subject for all features, or one per subject and feature.
    extent : {"recording", "within_window"}
        Frames move over the whole recording, or inside each window by the ranks of one order of the whole recording.
    """

    name = "timepoint_shuffle"
    features: SharedOver = "shared"
    extent: Extent = "recording"

    def __post_init__(self) -> None:
        """Refuse options that do not exist."""
        for key, known in (("features", get_args(SharedOver)), ("extent", get_args(Extent))):
            if getattr(self, key) not in known:
                raise ValueError(f"{key} must be {' or '.join(known)}; given {getattr(self, key)!r}")

    @property
    def null_hypothesis(self) -> str:
        """The sentence that a rejection rejects."""
        where = "over the recording" if self.extent == "recording" else "within each window"
        how = "shared by all features" if self.features == "shared" else "and feature"
        return (
            f"samples of each subject are exchangeable in time {where} (white noise); one permutation per subject "
            f"{how}: not a test of synchrony for smooth signals"
        )


SCHEMES: dict[str, type[Scheme]] = {
    kind.name: kind
    for kind in (CircularShift, SignFlip, PhaseRandomisation, BlockPermutation, PseudoGroup, TimepointShuffle)
}


def scheme_named(name: str, **options: Any) -> Scheme:
    """Scheme of a name with its options.

    Parameters
    ----------
    name : {"circular_shift", "sign_flip", "phase", "block", "pseudo_group", "timepoint_shuffle"}
    **options
        Options of that scheme; None stands for the default.

    Returns
    -------
    Scheme

    Raises
    ------
    ValueError
        When the scheme is not known or does not have an option.

    Examples
    --------
    >>> scheme_named("timepoint_shuffle", extent="within_window").options()
    {'features': 'shared', 'extent': 'within_window'}
    """
    if name not in SCHEMES:
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}; given {name!r}")
    given = {key: value for key, value in options.items() if value is not None}
    known = [f.name for f in fields(SCHEMES[name])]
    for key in given:
        if key not in known:
            raise ValueError(f"scheme {name} has no option {key}; it has {', '.join(known) or 'none'}")
    return SCHEMES[name](**given)


def _check_two_windows(what: str, windows: Windows, n_time: int) -> None:
    if n_time < 2 * windows.length:
        raise ValueError(
            f"{what} needs a recording of at least two windows, because shorter ones overlap themselves after every "
            f"shift; the window is {windows.length / windows.rate:g} s and the recording lasts "
            f"{n_time / windows.rate:g} s: choose a shorter window or scheme='sign_flip'"
        )

"""Systems compared on one corpus: the same clips, the same people left out, the same scores and tests.

A system is a function that is given a fold and gives the probability of every class for the fold's test clips. Whoever
adds one registers it, and names its module in `MODULES`; `cross_validate_system` does the rest.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from isc.classification.clips import clip_table, encode
from isc.classification.evaluate import folds_of, run_folds
from isc.classification.models import Prediction

VALIDATION_SHARE = 0.2  # of the training subjects, at least one
Progress = Callable[[str, int, int | None], None]


class Fold(NamedTuple):
    """What a system may know.

    Attributes
    ----------
    corpus : Dataset with dim clip
        From `isc.networks.clip_corpus`; all clips, labels included: only those of `train` and `validation` may be
        looked at.
    codes : ndarray of int, shape (clip,)
        Classes; -1 for the test clips, whose classes nobody knows.
    classes : list of str
        Names of the classes.
    train, validation, test : ndarray of int
        Positions along clip; validation clips are of other people than the training clips.
    seed : int
        For everything that is drawn.
    folder : Path or None
        Of this fold, for checkpoints and logs.
    progress : callable or None
        As in `isc.networks.train`.
    """

    corpus: xr.Dataset
    codes: np.ndarray
    classes: list[str]
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    seed: int = 0
    folder: Path | None = None
    progress: Progress | None = None


System = Callable[[Fold], np.ndarray]
SYSTEMS: dict[str, System] = {}
MODULES = ("isc.networks.systems", "isc.networks.zoo", "isc.networks.fusion")  # they register systems


def register(name: str) -> Callable[[System], System]:
    """Decorator that adds a system to `SYSTEMS` under a name.

    Parameters
    ----------
    name : str
        As it stands in tables.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        When another system has the name.

    Examples
    --------
    >>> @register("guess")
    ... def guess(fold):
    ...     return np.full((len(fold.test), len(fold.classes)), 1 / len(fold.classes))
    >>> SYSTEMS.pop("guess") is guess
    True
    """

    def add(system: System) -> System:
        """Add the system."""
        if SYSTEMS.get(name, system) is not system:
            raise ValueError(f"there is a system {name!r} already; choose another name")
        SYSTEMS[name] = system
        return system

    return add


def cross_validate_system(
    corpus: xr.Dataset,
    system: str | System,
    *,
    split: Any = "leave_one_subject_out",
    n_folds: int = 10,
    classes: Sequence[str] | None = None,
    seed: int = 0,
    folder: Path | str | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Predicted class of every clip by a system that did not learn from its fold.

    Parameters
    ----------
    corpus : Dataset with dim clip
        Coords clip, subject, label along it.
    system : str or callable
        Name in `SYSTEMS`, or a function of a `Fold`.
    split : str or DataArray
        As in `isc.cross_validate`.
    n_folds : int
        As there.
    classes : sequence of str, optional
        As there.
    seed : int
        Of folds, of the choice of validation subjects and of the system.
    folder : path, optional
        A folder a fold is made in it.
    progress : callable, optional
        Given to the system.

    Returns
    -------
    Dataset
        As `isc.cross_validate` gives it, so that all its scores, tables and tests apply; attrs model (the name).

    Raises
    ------
    ValueError
        When the system is not known, gives another number of probabilities than there are clips and classes, or
        probabilities that are not finite; and as `isc.cross_validate`.

    Examples
    --------
    >>> coords = {"subject": ("clip", list("112233")), "label": ("clip", ["happy", "sad"] * 3)}
    >>> corpus = xr.Dataset({"x": ("clip", [0.0, 1] * 3)}, coords)
    >>> result = cross_validate_system(corpus, lambda fold: np.eye(2)[fold.corpus["x"].values[fold.test].astype(int)])
    >>> float((result["predicted"] == result["label"]).mean())
    1.0
    """
    function = _system(system)
    clips = clip_table(corpus)
    codes, names = encode(clips["label"], classes)
    folds = folds_of(clips, split, n_folds, 1, seed)
    learner = _SystemLearner(corpus, clips, function, names, seed, None if folder is None else Path(folder), progress)
    result = run_folds(learner, codes, names, folds)  # type: ignore[arg-type]
    return result.assign_attrs(model=system if isinstance(system, str) else system.__name__, seed=seed)


def load_systems() -> dict[str, System]:
    """All registered systems, those of this package among them; an ImportError says when PyTorch is missing."""
    try:
        for module in MODULES:
            import_module(module)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(
            "the systems of isc.networks need PyTorch, which is not installed; pip install 'isc-toolkit[networks]'"
        ) from error
    return SYSTEMS


def _system(system: str | System) -> System:
    if not isinstance(system, str):
        return system
    if system not in SYSTEMS and system not in load_systems():
        raise ValueError(f"system {system!r} is not registered; there are {sorted(SYSTEMS)}")
    return SYSTEMS[system]


class _SystemLearner:
    """A system as `isc.classification.evaluate.run_folds` wants it."""

    k = None

    def __init__(
        self,
        corpus: xr.Dataset,
        clips: pd.DataFrame,
        system: System,
        classes: list[str],
        seed: int,
        folder: Path | None,
        progress: Progress | None,
    ) -> None:
        self.clips, self._corpus, self._system, self._classes = clips, corpus, system, classes
        self._seed, self._folder, self._progress = seed, folder, progress

    def predict(self, codes: np.ndarray, train: np.ndarray, test: np.ndarray, n_class: int) -> Prediction:
        """Learn from some clips and predict others."""
        hidden = codes.copy()
        hidden[test] = -1
        learn, check = validation_subjects(self.clips, train, seed=self._seed)
        name = "-".join(sorted(set(self.clips["subject"].to_numpy()[test])))
        folder = None if self._folder is None else self._folder / f"without-{name}"
        fold = Fold(
            self._corpus, hidden, self._classes, learn, check, test, self._seed, folder, self._progress
        )  # fmt: skip
        said = np.asarray(self._system(fold), dtype=float)
        if said.shape != (len(test), n_class) or not np.isfinite(said).all():
            raise ValueError(
                f"a system gives finite probabilities of shape {(len(test), n_class)}; this one gave {said.shape}"
                f"{'' if np.isfinite(said).all() else ' with values that are not finite'}"
            )
        return Prediction(said.argmax(axis=1), None, said)


def validation_subjects(clips: pd.DataFrame, train: np.ndarray, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Training clips divided by subject: to learn from, and to choose the best weights by.

    Parameters
    ----------
    clips : DataFrame
        Column subject.
    train : ndarray of int
        Positions of the training clips of a fold.
    seed : int
        Key of the choice.

    Returns
    -------
    train, validation : ndarray of int
        A fifth of the subjects, one at least, validates.

    Raises
    ------
    ValueError
        When all training clips are of one subject.

    Examples
    --------
    >>> clips = pd.DataFrame({"subject": list("aabbcc")})
    >>> learn, check = validation_subjects(clips, np.arange(6))
    >>> len(learn), len(check)
    (4, 2)
    """
    subject = clips["subject"].to_numpy()[train]
    names = np.unique(subject)
    if len(names) < 2:
        raise ValueError("the training clips are of one subject; two are needed, one of whom validates")
    n_validation = max(round(VALIDATION_SHARE * len(names)), 1)
    chosen = np.random.default_rng([seed, len(names)]).permutation(names)[:n_validation]
    validates = np.isin(subject, chosen)
    return train[~validates], train[validates]

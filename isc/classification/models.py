"""What learns: k nearest neighbours on the Gram matrix, or any scikit-learn estimator fitted inside each fold."""

import re
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from isc.classification.clips import clip_table
from isc.classification.distance_space import DistanceSpace
from isc.classification.gram_blocks import smallest

NAMED = ("logistic", "svm")
LARGEST_ITERATIONS = 2000


class Prediction(NamedTuple):
    """What a model says of the test clips of one fold.

    Attributes
    ----------
    code : ndarray of int, shape (test,)
        Predicted class.
    nearest : ndarray of int, shape (test,), or None
        Position of the nearest training clip, for neighbour models.
    probability : ndarray, shape (test, class), or None
        For models that give one.
    """

    code: np.ndarray
    nearest: np.ndarray | None = None
    probability: np.ndarray | None = None


def n_neighbours(model: Any) -> int | None:
    """Number of neighbours of a model named "1nn", "5nn" ...; None for other models.

    Parameters
    ----------
    model : str or estimator
        As in `isc.classification.evaluate.cross_validate`.

    Returns
    -------
    int or None

    Examples
    --------
    >>> n_neighbours("5nn")
    5
    """
    matched = re.fullmatch(r"([1-9]\d*)nn", model) if isinstance(model, str) else None
    return int(matched[1]) if matched else None


def make_estimator(model: Any) -> Any:
    """An unfitted copy of a scikit-learn estimator, or a named one.

    Parameters
    ----------
    model : estimator, "logistic" or "svm"
        "logistic": z-scores, then multinomial logistic regression with ridge penalty, C = 1. "svm": z-scores, then a
        support vector machine with radial basis functions, C = 1. Both z-score inside the fold.

    Returns
    -------
    estimator

    Raises
    ------
    ValueError
        When the name is not known.
    TypeError
        When the object has no fit or no predict.

    Examples
    --------
    >>> [name for name, _ in make_estimator("svm").steps]
    ['standardscaler', 'svc']
    """
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    if isinstance(model, str):
        if model not in NAMED:
            raise ValueError(f"model must be '<k>nn', one of {NAMED}, or a scikit-learn estimator; given {model!r}")
        last = LogisticRegression(max_iter=LARGEST_ITERATIONS) if model == "logistic" else SVC()
        return make_pipeline(StandardScaler(), last)
    if not (hasattr(model, "fit") and hasattr(model, "predict")):
        raise TypeError(f"a model is a name or an estimator with fit and predict, not {type(model).__name__}")
    return clone(model)


class Learner:
    """A model and the clips it learns from: predicts the test clips of any fold.

    Parameters
    ----------
    data : DistanceSpace or DataArray, dims (clip, feature)
        A DataArray becomes a space for neighbour models.
    model : str or estimator
        "1nn", "<k>nn", "logistic", "svm", or a scikit-learn estimator.
    n_component : int, optional
        Principal components of the training clips that stand for the features; by default all features.
    pca : {"fold", "all"}
        "all" fits the components on all clips before they are divided, test clips included: as published, a leak.

    Examples
    --------
    >>> coords = {"subject": ("clip", list("1122")), "label": ("clip", ["happy", "sad"] * 2)}
    >>> data = xr.DataArray([[0.0], [5.0], [1.0], [6.0]], dims=("clip", "feature"), coords=coords)
    >>> learner = Learner(data, "1nn")
    >>> learner.predict(np.array([0, 1, 0, 1]), np.array([0, 1]), np.array([2, 3])).code.tolist()
    [0, 1]
    """

    def __init__(self, data: Any, model: Any, *, n_component: int | None = None, pca: str = "fold") -> None:
        if pca not in ("fold", "all"):
            raise ValueError(f"pca must be 'fold' or 'all'; given {pca!r}")
        self.k = n_neighbours(model)
        if self.k is None:
            make_estimator(model)  # an unknown model is refused before anything is computed
        if not isinstance(data, DistanceSpace) and (self.k is not None or n_component is not None):
            data = DistanceSpace(data, precision="double")
        if isinstance(data, DistanceSpace) and self.k is None and n_component is None:
            raise ValueError("an estimator on a DistanceSpace needs n_component: it learns from the components' scores")
        self.data, self.model, self.n_component = data, model, n_component
        self.clips = data.clips if isinstance(data, DistanceSpace) else clip_table(data)
        self._values = None if isinstance(data, DistanceSpace) else _finite_features(data)
        self._scores = None
        if n_component is not None and pca == "all":
            everybody = np.arange(len(data))
            self._scores = data.components(everybody, everybody, n_component)

    def features(self, train: np.ndarray, clips: np.ndarray) -> np.ndarray:
        """What the model learns from, for some clips (clip, feature or component)."""
        if self.n_component is None:
            return self._values[clips]  # type: ignore[index]
        if self._scores is not None:
            return self._scores[clips]
        return self.data.components(train, clips, self.n_component)

    def distances(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Squared distances (test, train) that neighbours are found by."""
        if self.n_component is None:
            return self.data.squared_distances(test, train)
        from scipy.spatial.distance import cdist

        scores = self.features(train, np.concatenate([train, test]))
        return cdist(scores[len(train) :], scores[: len(train)], "sqeuclidean")

    def neighbours(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Positions of the k nearest training clips (test, k), the nearest first."""
        assert self.k is not None  # for the type checker: called for neighbour models only
        if self.n_component is None:
            return self.data.nearest(test, train, self.k)
        return train[smallest(self.distances(train, test), self.k)]

    def predict(self, codes: np.ndarray, train: np.ndarray, test: np.ndarray, n_class: int | None = None) -> Prediction:
        """Learn from some clips and predict others."""
        if self.k is not None:
            near = self.neighbours(train, test)
            return Prediction(vote(codes[near]), near[:, 0])
        estimator = make_estimator(self.model)
        inputs = self.features(train, np.concatenate([train, test]))
        estimator.fit(inputs[: len(train)], codes[train])
        predicted = np.asarray(estimator.predict(inputs[len(train) :]), dtype=np.int64)
        return Prediction(predicted, None, _probability(estimator, inputs[len(train) :], n_class))


def vote(codes: np.ndarray) -> np.ndarray:
    """Most frequent class among neighbours; among equally frequent ones that of the nearest.

    Parameters
    ----------
    codes : ndarray of int, shape (test, k)
        Classes of the neighbours, the nearest first.

    Returns
    -------
    ndarray of int, shape (test,)

    Examples
    --------
    >>> vote(np.array([[1, 0, 0], [2, 1, 0]])).tolist()
    [0, 2]
    """
    if codes.shape[1] == 1:
        return codes[:, 0]
    votes = (codes[:, :, None] == codes[:, None, :]).sum(axis=2)
    return codes[np.arange(len(codes)), votes.argmax(axis=1)]


def _probability(estimator: Any, inputs: np.ndarray, n_class: int | None) -> np.ndarray | None:
    """Probabilities of all classes (test, class); a class that was not learnt has none."""
    if n_class is None or not hasattr(estimator, "predict_proba"):
        return None
    probability = np.zeros((len(inputs), n_class))
    probability[:, estimator.classes_] = estimator.predict_proba(inputs)
    return probability


def _finite_features(data: xr.DataArray) -> np.ndarray:
    if set(data.dims) != {"clip", "feature"}:
        raise ValueError(f"features need dims clip and feature; given {tuple(map(str, data.dims))}")
    values = data.transpose("clip", "feature").values
    lost = ~np.isfinite(values).all(axis=1)
    if lost.any():
        name = clip_table(data)["clip"].to_numpy()[lost][0]
        raise ValueError(
            f"clip {name} has values that are not finite ({int(lost.sum())} such clips in all); leave these clips out "
            "or fill the gaps"
        )
    return values

"""Sign flips: one pass over the data gives the correlations of all dyads, and every flip is a sum of them.

With R the correlations of a window, flipping the signs e of the subjects turns the mean over dyads into
``sum_{a<b} e_a e_b R_ab / n_dyad``; flipping the left-out subject turns leave-one-out into ``mean_s e_s r_s``.
"""

from dataclasses import dataclass

import numpy as np

from isc.kernels import surrogates as draws
from isc.synchrony.blocks import Block
from isc.synchrony.design import Design
from isc.synchrony.estimate import Statistic, dyad_indices, summarise


@dataclass(frozen=True)
class FlippedSigns:
    """Values of sign-flip surrogates.

    Attributes
    ----------
    design : Design
    exact : bool
        Surrogates are all patterns of signs that differ from the observed one, instead of random ones.
    """

    design: Design
    exact: bool

    @property
    def at_once(self) -> int:
        """All: the data are read once for all of them."""
        return 2**31

    def draw(self, surrogates: range) -> np.ndarray:
        """Signs (surrogate, subject)."""
        if self.exact:
            return sign_patterns(np.arange(surrogates.start, surrogates.stop) + 1, self.design.keys.size)
        return draws.signs(self.design.seed, surrogates, self.design.keys)

    def values(self, block: Block, features: slice, drawn: np.ndarray) -> np.ndarray:
        """Values (surrogate, feature, window)."""
        terms = self._terms(block)
        weights = sign_products(drawn) if self.design.statistic.estimator == "pairwise" else drawn
        return flipped_summaries(terms, weights, self.design.statistic.summary)

    def observed(self, block: Block) -> np.ndarray:
        """Observed values (feature, window): the flip that flips nobody."""
        return self.values(block, slice(0, block.n_feature), np.ones((1, self.design.keys.size), np.float32))[0]

    def _terms(self, block: Block) -> np.ndarray:
        """Correlations (dyad or subject, feature, window) that a flip adds up."""
        return self.design.compute_terms(block)


def sign_patterns(numbers: np.ndarray, n_subject: int) -> np.ndarray:
    """Patterns of signs: bit s of the number says that subject s is flipped, counted from the last subject.

    Pattern 0 flips nobody. For the mean over dyads a pattern and its opposite are the same, so that the numbers below
    2**(n-1), which never flip the first subject, are all of them.

    Parameters
    ----------
    numbers : ndarray of int, shape (surrogate,)
    n_subject : int

    Returns
    -------
    ndarray of float32, shape (surrogate, subject)

    Examples
    --------
    >>> sign_patterns(np.arange(4), 3).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, 1.0], [1.0, -1.0, -1.0]]
    """
    bits = np.asarray(numbers, dtype=np.int64)[:, None] >> np.arange(n_subject - 1, -1, -1) & 1
    return (1 - 2 * bits).astype(np.float32)


def n_sign_patterns(statistic: Statistic, n_subject: int) -> int:
    """How many patterns of signs change the statistic, the observed one not counted.

    Parameters
    ----------
    statistic : Statistic
    n_subject : int

    Returns
    -------
    int

    Examples
    --------
    >>> n_sign_patterns(Statistic(), 4)
    7
    """
    return 2 ** (n_subject - 1 if statistic.estimator == "pairwise" else n_subject) - 1


def sign_products(signs: np.ndarray) -> np.ndarray:
    """Product of the two signs of every dyad.

    Parameters
    ----------
    signs : ndarray, shape (surrogate, subject)

    Returns
    -------
    ndarray, shape (surrogate, dyad)

    Examples
    --------
    >>> sign_products(np.array([[1.0, 1.0, -1.0]])).tolist()
    [[1.0, -1.0, -1.0]]
    """
    first, second = dyad_indices(signs.shape[1])
    return signs[:, first] * signs[:, second]


def flipped_summaries(terms: np.ndarray, weights: np.ndarray, summary: str) -> np.ndarray:
    """Summary over the terms after each has been multiplied by its sign, for every pattern of signs.

    Parameters
    ----------
    terms : ndarray of float32, shape (term, ...)
        NaN where a dyad or subject is left out.
    weights : ndarray, shape (surrogate, term)
    summary : {"mean", "median", "fisher_mean"}

    Returns
    -------
    ndarray of float32, shape (surrogate, ...)

    Examples
    --------
    >>> flipped_summaries(np.float32([[0.5], [0.25]]), np.float32([[1, 1], [1, -1]]), "mean").ravel().tolist()
    [0.375, 0.125]
    """
    signs = weights.reshape(*weights.shape, *[1] * (terms.ndim - 1))
    return np.stack([summarise(terms * sign, summary) for sign in signs])

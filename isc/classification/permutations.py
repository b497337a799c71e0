"""Labels exchanged within subjects, whole groups of clips at a time."""

import warnings

import numpy as np
import pandas as pd


def permuted_labels(
    clips: pd.DataFrame, codes: np.ndarray, exchange: str, n_permutations: int, seed: int
) -> np.ndarray:
    """Labels permuted within each subject; groups of clips keep one label and change it with groups of their size.

    Parameters
    ----------
    clips : DataFrame
        Column subject, and that named by `exchange`.
    codes : ndarray of int, shape (clip,)
        True classes.
    exchange : str
        Column of the groups.
    n_permutations, seed : int
        Number of labellings, and the key of the draws.

    Returns
    -------
    ndarray of int, shape (permutation, clip)

    Raises
    ------
    ValueError
        When the column is missing, a group has two labels, or nothing can be exchanged.

    Warns
    -----
    UserWarning
        When the labels of some subjects cannot change.

    Examples
    --------
    >>> clips = pd.DataFrame({"clip": list("abcd"), "subject": list("1111"), "take": list("xxyy")})
    >>> labels = permuted_labels(clips, np.array([0, 0, 1, 1]), "take", 50, seed=1)
    >>> np.unique(labels, axis=0).tolist()
    [[0, 0, 1, 1], [1, 1, 0, 0]]
    """
    if exchange not in clips:
        raise ValueError(
            f"exchange={exchange!r} needs a column of that name; there are {sorted(map(str, clips.columns))}"
        )
    result, fixed = np.tile(codes, (n_permutations, 1)), []
    for subject, rows in clips.groupby("subject", sort=True).indices.items():
        key = [seed, *str(subject).encode()]  # by name: the order of subjects does not matter
        rng, moved = np.random.default_rng(key), False
        for groups in _groups_of_one_size(clips[exchange].to_numpy()[rows], rows, codes, exchange):
            labels = codes[groups[:, 0]]
            drawn = rng.permuted(np.tile(labels, (n_permutations, 1)), axis=1)
            result[:, groups] = drawn[:, :, None]
            moved |= np.unique(labels).size > 1
        if not moved:
            fixed.append(str(subject))
    if len(fixed) == clips["subject"].nunique():
        raise ValueError(f"no labels can be exchanged between the groups of {exchange!r} of any subject; use another")
    if fixed:
        warnings.warn(
            f"the labels of subject {fixed[0]} cannot be exchanged ({len(fixed)} such subjects); they add nothing to "
            "the test",
            stacklevel=3,
        )
    return result


def _groups_of_one_size(names: np.ndarray, rows: np.ndarray, codes: np.ndarray, what: str) -> list[np.ndarray]:
    """Clips (group, clip) of all groups that have as many clips, for every size."""
    by_size: dict[int, list[np.ndarray]] = {}
    for name in pd.unique(names):
        group = rows[names == name]
        if np.unique(codes[group]).size > 1:
            raise ValueError(f"{what} {name} has clips with different labels; use exchange='clip' or mend the table")
        by_size.setdefault(group.size, []).append(group)
    return [np.stack(groups) for groups in by_size.values()]

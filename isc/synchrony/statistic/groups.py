"""Synchrony within and between groups of subjects."""

from typing import NamedTuple

import numpy as np
import xarray as xr

MINIMUM_WITHIN = 2  # subjects a group needs to be compared with itself


class Comparisons(NamedTuple):
    """Which dyads each comparison averages.

    Attributes
    ----------
    group_a, group_b : list of str
        Groups compared; equal for a comparison within a group.
    dyads : ndarray of bool, shape (comparison, subject, subject)
        True where the row subject is in group_a and the column subject in group_b; never on the diagonal.
    """

    group_a: list[str]
    group_b: list[str]
    dyads: np.ndarray

    def coords(self) -> dict[str, tuple[str, list[str]]]:
        """Coordinates of dim ``comparison``: its label and the two groups."""
        pairs = zip(self.group_a, self.group_b, strict=True)
        labels = [a if a == b else f"{a}-{b}" for a, b in pairs]
        return {
            "comparison": ("comparison", labels),
            "group_a": ("comparison", self.group_a),
            "group_b": ("comparison", self.group_b),
        }


def group_comparisons(cube: xr.DataArray, groups: str) -> Comparisons:
    """Every group with itself, then every group with every other.

    Parameters
    ----------
    cube : DataArray with dim ``subject``
    groups : str
        Name of a coordinate along ``subject``.

    Returns
    -------
    Comparisons
        A group of a single subject is compared with the others only.

    Raises
    ------
    ValueError
        When there is no such coordinate, a subject has no group, or there is only one group.

    Examples
    --------
    >>> cube = xr.DataArray(np.zeros((4, 2)), dims=("subject", "time"), coords={"group": ("subject", list("aabb"))})
    >>> group_comparisons(cube, "group").coords()["comparison"]
    ('comparison', ['a', 'b', 'a-b'])
    """
    if groups not in cube.coords or cube[groups].dims != ("subject",):
        known = [str(c) for c in cube.coords if cube[c].dims == ("subject",)]
        raise ValueError(f"groups must name a coordinate along subject; given {groups!r}, the cube has {known}")
    labels = cube[groups].values.astype(str)
    if (labels == "").any() or (labels == "nan").any():
        raise ValueError(f"coordinate {groups!r} is empty for some subjects; give every subject a group")
    names = list(dict.fromkeys(labels.tolist()))
    if len(names) < 2:
        raise ValueError(f"coordinate {groups!r} has one group only ({names[0]}); leave out groups=")
    member = {name: labels == name for name in names}
    pairs = [(name, name) for name in names if member[name].sum() >= MINIMUM_WITHIN]
    pairs += [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    dyads = np.stack([np.outer(member[a], member[b]) for a, b in pairs])
    dyads[:, np.arange(labels.size), np.arange(labels.size)] = False
    return Comparisons([a for a, _ in pairs], [b for _, b in pairs], dyads)

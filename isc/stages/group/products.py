"""All products of the group, in the order in which they follow from one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isc.stages.group.behaviour import make_agreement, make_association
from isc.stages.group.members import FEATURE_SETS, Group, Progress, make_cube
from isc.stages.group.synchrony import make_nulls, make_thresholds, make_tisc


@dataclass(frozen=True)
class Products:
    """Files of the group level; `agreement` and `associations` are empty without valid key logs."""

    cube: Path
    nulls: Mapping[str, Mapping[str, Path]]
    tisc: Mapping[str, Path]
    thresholds: Mapping[str, Mapping[str, Path]]
    agreement: Path | None
    associations: Mapping[str, Path]


def make_products(group: Group, progress: Progress) -> Products:
    """Cube, nulls, t-ISC, thresholds, agreement and its relation to t-ISC; what is up to date is kept."""
    cube = make_cube(group)
    nulls, tisc, limits = {}, {}, {}
    for features in FEATURE_SETS:
        nulls[features] = make_nulls(group, cube, features, progress)
        tisc[features] = make_tisc(group, cube, nulls[features], features)
        limits[features] = {
            scheme: make_thresholds(group, null, tisc[features], features, scheme)
            for scheme, null in nulls[features].items()
        }
    agreement = make_agreement(group, tisc["vertices"])
    associations = {}
    if agreement is not None:
        associations = {name: make_association(group, tisc[name], agreement, name) for name in FEATURE_SETS}
    return Products(cube, nulls, tisc, limits, agreement, associations)

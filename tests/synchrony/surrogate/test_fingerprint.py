"""A fingerprint tells apart whatever changes a null, and nothing else."""

import numpy as np
import xarray as xr

from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.surrogate.fingerprint import fingerprint_of


def cube():
    values = np.random.default_rng(0).normal(size=(3, 10, 4))
    return xr.DataArray(values, dims=("subject", "time", "vertex"), coords={"subject": ["c", "a", "b"]})


def test_order_of_subjects_and_dims_does_not_matter():
    one = fingerprint_of([cube()], None, {"seed": 1})
    assert (
        fingerprint_of([cube().isel(subject=[2, 0, 1]).transpose("vertex", "subject", "time")], None, {"seed": 1})
        == one
    )


def test_values_ids_pairs_settings_and_further_cubes_matter():
    changed = cube()
    changed[0, 0, 0] += 1e-9
    renamed = cube().assign_coords(subject=["c", "a", "d"])
    prints = [
        fingerprint_of([cube()], None, {"seed": 1}),
        fingerprint_of([changed], None, {"seed": 1}),
        fingerprint_of([renamed], None, {"seed": 1}),
        fingerprint_of([cube()], vertex_pairs(3), {"seed": 1}),
        fingerprint_of([cube()], vertex_pairs(4), {"seed": 1}),
        fingerprint_of([cube()], None, {"seed": 2}),
        fingerprint_of([cube(), cube()], None, {"seed": 1}),
    ]
    assert len(set(prints)) == len(prints)

"""The experiment on re-identification names blocks by other recordings only, and finds people by their shape."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr


def owners_of(*names):
    """Person and recording of each block, from names such as a1."""
    return pd.DataFrame({"person": [name[0] for name in names], "recording": list(names)})


def test_a_block_is_never_named_by_its_own_recording(load):
    module = load("reidentification")
    values = np.array([[0.0], [0.1], [5.0], [5.1], [0.3], [5.3]])
    shares = module.identified(values, owners_of("a1", "a1", "b1", "b1", "b2", "a2"))
    assert shares.to_dict() == {"a": 0, "b": 0}
    shares = module.identified(values, owners_of("a1", "a1", "b1", "b1", "a2", "b2"))
    assert shares.to_dict() == {"a": 1, "b": 1}


def test_chance_counts_the_blocks_of_other_recordings(load):
    found = load("reidentification").chance_of(owners_of("a1", "a1", "a2", "b1", "b2", "b2"))
    assert found["a"] == pytest.approx((1 / 4 + 1 / 4 + 2 / 5) / 3)


def test_forms_take_out_what_they_say(load):
    module = load("reidentification")
    values = np.random.default_rng(0).normal(3, 2, (40, 5, 3))
    x = xr.DataArray(values, dims=("time", "vertex", "space"), coords={"time": np.arange(40) / 4})
    found = module.forms(x)
    assert found["aligned"].identical(x)
    assert abs(found["mean_shape_removed"].mean("time")).max() < 1e-12
    np.testing.assert_allclose(found["z_scored"].std("time"), 1)
    assert module.blocks(x).shape == (10, 15)
    assert module.blocks(x.isel(time=slice(0, 5))).shape == (1, 15)  # one frame is no block


@pytest.mark.slow
@pytest.mark.external
def test_people_are_recognised_by_their_shape_and_less_without_it(run_quick, external_data):
    _, folder = run_quick("reidentification", "--data", external_data)
    found = json.loads((folder / "summary.json").read_text())
    shape, without = (found[f"reidentification/{form}/identified"] for form in ("aligned", "mean_shape_removed"))
    assert shape > 0.8 > 0.6 > without
    assert (folder / "figures" / "reidentification.svg").is_file()

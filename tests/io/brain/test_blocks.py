"""Voxel-wise cubes in blocks equal the cube at once."""

import nibabel as nib
import numpy as np
import pytest
import xarray as xr

import isc
from isc.io.brain.confounds import BoldError

AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])
SHAPE = (5, 6, 7)


def volume(seed, n_time=40, shape=SHAPE, tr=2.0):
    shared = np.sin(np.arange(n_time) / 3)
    data = np.random.default_rng(seed).normal(size=(*shape, n_time)) + shared
    image = nib.Nifti1Image(data.astype(np.float32), AFFINE)
    image.header.set_zooms((3, 3, 3, tr))
    return image


@pytest.fixture
def mask():
    return nib.Nifti1Image((np.random.default_rng(9).random(SHAPE) < 0.6).astype(np.int8), AFFINE)


@pytest.mark.parametrize("most", [1, 7, 40, 10**6])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_blocks_hold_every_voxel_once_and_equal_the_whole(tmp_path, mask, most, suffix):
    paths = {}
    for k, name in enumerate("abc"):
        paths[name] = tmp_path / f"{name}{suffix}"
        nib.save(volume(k), paths[name])
    blocks = list(isc.voxel_blocks(paths, mask=mask, memory=4 * 3 * 40 * most, high_pass=0.01))
    assert max(block.sizes["voxel"] for block in blocks) <= max(most, 1)
    joined = xr.concat(blocks, "voxel")
    alone = isc.read_bold(paths["b"], subject="b", mask=mask, high_pass=0.01)
    index = {tuple(place): n for n, place in enumerate(np.stack([alone[a] for a in "ijk"], axis=1).tolist())}
    order = [index[tuple(place)] for place in np.stack([joined[a] for a in "ijk"], axis=1).tolist()]
    assert sorted(order) == list(range(alone.sizes["voxel"]))
    assert np.allclose(joined.sel(subject="b"), alone[:, order], atol=1e-5)


def test_synchrony_and_null_of_blocks_are_those_of_the_whole_brain(mask):
    images = {name: volume(k) for k, name in enumerate("abcd")}
    (whole,) = isc.voxel_blocks(images, mask=mask)
    blocks = list(isc.voxel_blocks(images, mask=mask, memory=4 * 4 * 40 * 30))
    assert len(blocks) > 3
    parts = xr.concat([isc.isc(block) for block in blocks], "voxel")
    assert np.allclose(parts, isc.isc(whole), atol=1e-6)
    options = {"window": 30.0, "step": 10.0, "n_surrogates": 9, "seed": 1}
    nulls = xr.concat([isc.null_extremes(block, **options) for block in blocks], "block")
    at_once = isc.null_extremes(whole, **options)
    assert np.allclose(nulls.sel(extreme="max").max("block"), at_once.sel(extreme="max"), atol=1e-6)


def test_confounds_are_taken_out_of_their_own_subject(mask):
    import pandas as pd

    images = {name: volume(k) for k, name in enumerate("ab")}
    nod = pd.DataFrame({"trans_x": np.sin(np.arange(40) / 3)})
    (block,) = isc.voxel_blocks(images, mask=mask, confounds={"a": nod})
    r = [abs(np.corrcoef(block.sel(subject=name)[:, 0], nod["trans_x"])[0, 1]) for name in "ab"]
    assert r[0] < 1e-4 < 0.3 < r[1]


def test_subjects_that_do_not_fit_together_are_refused(mask):
    one = volume(0)
    for other, message in [
        (volume(1, n_time=30), r"different lengths \(b: 30 volumes, a: 40 volumes\)"),
        (volume(1, shape=(5, 6, 8)), "mask of b has another grid"),
        (volume(1, tr=2.5), "repetition times differ"),
    ]:
        with pytest.raises(BoldError, match=message):
            next(isc.voxel_blocks({"a": one, "b": other}, mask=mask))

"""fMRI: volumes, surfaces and CIFTI into the same kind of recording."""

import json
import sys

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nibabel.cifti2 import cifti2_axes as axes
from nilearn.maskers import NiftiLabelsMasker
from nilearn.signal import clean
from sklearn.utils import Bunch

import isc
from isc.io.brain.confounds import BoldError

N_TIME, TR = 60, 2.0
AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])
ELSEWHERE = AFFINE + np.array([[0, 0, 0, 900.0]] * 3 + [[0] * 4])


def volume(seed=0, n_time=N_TIME, tr=TR, values=None):
    data = np.random.default_rng(seed).normal(size=(6, 6, 6, n_time)).astype(np.float32) + 10
    image = nib.Nifti1Image(data if values is None else values, AFFINE)
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_zooms((3, 3, 3, tr))
    return image


def labels():
    data = np.zeros((6, 6, 6), np.int16)
    data[:3], data[3:, :3], data[3:, 3:, 2:] = 1, 2, 7
    return nib.Nifti1Image(data, AFFINE)


def plain(values):
    """What cleaning leaves of a series without confounds: no line, standard deviation 1."""
    return clean(values, detrend=True, standardize="zscore_sample", filter=False, t_r=TR)


def surface(path, n_vertex=20, n_time=N_TIME, seed=0, step=None):
    data = np.random.default_rng(seed).normal(size=(n_time, n_vertex)).astype(np.float32)
    arrays = [nib.gifti.GiftiDataArray(row, intent="NIFTI_INTENT_TIME_SERIES") for row in data]
    meta = None if step is None else nib.gifti.GiftiMetaData({"TimeStep": str(step)})
    nib.save(nib.gifti.GiftiImage(darrays=arrays, meta=meta), path)
    return data


def surface_labels(path, keys):
    table = nib.gifti.GiftiLabelTable()
    for key, name in enumerate(["unknown", "insula", "cuneus"]):
        label = nib.gifti.GiftiLabel(key, 0.1, 0.2, 0.3, 1)
        label.label = name
        table.labels.append(label)
    array = nib.gifti.GiftiDataArray(np.asarray(keys, np.int32), intent="NIFTI_INTENT_LABEL")
    nib.save(nib.gifti.GiftiImage(darrays=[array], labeltable=table), path)
    return path


def test_regions_are_the_means_of_their_voxels_with_names_centres_and_the_tr_as_rate():
    image, atlas = volume(), labels()
    bold = isc.read_bold(image, subject="01", atlas=atlas)
    data = image.get_fdata()
    expected = np.stack([data[atlas.get_fdata() == k].mean(axis=0) for k in (1, 2, 7)], axis=1)
    assert bold.dims == ("time", "region") and bold["region"].values.tolist() == ["1", "2", "7"]
    assert np.allclose(bold, plain(expected), atol=1e-4)
    assert bold.attrs["rate_hz"] == 0.5 and float(bold["time"][-1]) == 118
    assert bold["x"].values[0] == pytest.approx(0.003), "the middle of voxels 0 to 2 of 3 mm"


def test_names_come_from_the_atlas_as_nilearn_fetches_it():
    names = pd.DataFrame({"index": [0, 7, 1, 2], "name": ["Background", "c", "a", "b"]})
    by_table = isc.read_bold(volume(), subject="01", atlas=Bunch(maps=labels(), lut=names))
    by_list = isc.read_bold(volume(), subject="01", atlas=Bunch(maps=labels(), labels=["Background", "a", "b", "c"]))
    assert by_table["region"].values.tolist() == by_list["region"].values.tolist() == ["a", "b", "c"]


def test_probability_maps_and_any_masker_of_nilearn_are_atlases():
    maps = nib.Nifti1Image(np.stack([labels().get_fdata() == k for k in (1, 2)], axis=-1).astype(np.float32), AFFINE)
    by_maps = isc.read_bold(volume(), subject="01", atlas=Bunch(maps=maps, labels=["a", "b"]))
    by_labels = isc.read_bold(volume(), subject="01", atlas=labels())
    assert by_maps["region"].values.tolist() == ["a", "b"]
    assert np.allclose(by_maps, by_labels[:, :2], atol=1e-4)
    masker = NiftiLabelsMasker(labels(), standardize=None, reports=False)
    assert np.allclose(isc.read_bold(volume(), subject="01", atlas=masker), by_labels, atol=1e-4)


def test_without_an_atlas_every_voxel_of_the_mask_is_a_feature():
    mask = nib.Nifti1Image((labels().get_fdata() == 7).astype(np.int8), AFFINE)
    image = volume()
    bold = isc.read_bold(image, subject="01", mask=mask, standardize=False)
    i, j, k = (int(bold[axis][5]) for axis in "ijk")
    assert np.allclose(bold[:, 5], clean(image.get_fdata()[i, j, k][:, None], standardize=None, filter=False)[:, 0])
    assert bold.sizes["voxel"] == int(mask.get_fdata().sum())
    assert float(bold["y"][5]) == pytest.approx(3e-3 * j)


def test_confounds_and_slow_drifts_are_removed_in_one_step():
    rng = np.random.default_rng(1)
    motion = pd.DataFrame({"trans_x": rng.normal(size=N_TIME), "rot_z": rng.normal(size=N_TIME)})
    drift = 50 * np.sin(2 * np.pi * np.arange(N_TIME) / N_TIME)
    image = volume(values=(volume().get_fdata() + 5 * motion["trans_x"].to_numpy() + drift).astype(np.float32))
    bold = isc.read_bold(image, subject="01", atlas=labels(), confounds=motion, high_pass=0.02)
    assert np.abs(np.corrcoef(bold[:, 0], motion["trans_x"])[0, 1]) < 0.05
    assert np.abs(np.corrcoef(bold[:, 0], drift)[0, 1]) < 0.2, "50 times as large as the signal"


def test_volumes_without_a_confound_or_scrubbed_by_fmriprep_are_missing(tmp_path):
    table = pd.DataFrame({"trans_x": np.arange(N_TIME) % 7.0})
    table.loc[0, "trans_x"] = np.nan
    table.to_csv(tmp_path / "motion.tsv", sep="\t", na_rep="n/a", index=False)
    bold = isc.read_bold(volume(), subject="01", atlas=labels(), confounds=tmp_path / "motion.tsv")
    assert np.flatnonzero(np.isnan(bold).all("region")).tolist() == [0]


def write_fmriprep(folder):
    name = "sub-01_task-film_space-MNI152NLin2009cAsym_desc-preproc_bold"
    nib.save(volume(), folder / f"{name}.nii.gz")
    rng = np.random.default_rng(2)
    axes_of_motion = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
    columns = {n: rng.normal(scale=0.01, size=N_TIME) for n in [*axes_of_motion, "csf", "white_matter"]}
    for base in list(columns):
        columns[f"{base}_derivative1"] = np.append(np.nan, np.diff(columns[base]))
        columns[f"{base}_power2"] = columns[base] ** 2
        columns[f"{base}_derivative1_power2"] = columns[f"{base}_derivative1"] ** 2
    columns |= {f"cosine0{k}": np.cos(np.pi * (k + 1) * (np.arange(N_TIME) + 0.5) / N_TIME) for k in range(2)}
    columns |= {"framewise_displacement": np.append(np.nan, np.full(N_TIME - 1, 0.1))}
    columns |= {"std_dvars": np.append(np.nan, np.ones(N_TIME - 1))}
    columns["framewise_displacement"][30] = 5.0
    table = pd.DataFrame(columns)
    table.to_csv(folder / "sub-01_task-film_desc-confounds_timeseries.tsv", sep="\t", na_rep="n/a", index=False)
    described = json.dumps({"SkullStripping": True})
    (folder / "sub-01_task-film_desc-confounds_timeseries.json").write_text(described)
    return folder / f"{name}.nii.gz"


def test_fmripreps_confounds_are_loaded_by_strategy(tmp_path):
    path = write_fmriprep(tmp_path)
    simple = isc.read_bold(path, subject="01", atlas=labels(), confounds="simple")
    assert np.isfinite(simple).all()
    scrubbed = isc.read_bold(path, subject="01", atlas=labels(), confounds="scrubbing")
    missing = np.flatnonzero(np.isnan(scrubbed).all("region"))
    assert 30 in missing and missing.size < 15


def test_missing_volumes_and_regions_without_data_stay_missing_and_pull_nothing_to_zero():
    data = volume().get_fdata().astype(np.float32)
    whole = isc.read_bold(volume(values=data.copy()), subject="01", atlas=labels(), standardize=False)
    data[:, :, :, 10:13] = np.nan
    data[0, 0, 0] = np.nan
    bold = isc.read_bold(volume(values=data), subject="01", atlas=labels(), standardize=False)
    assert np.flatnonzero(np.isnan(bold[:, 0])).tolist() == [10, 11, 12]
    assert np.nanmax(abs(bold[:, 0] - whole[:, 0])) < 0.5


def test_one_hemisphere_or_two_by_vertex_or_label(tmp_path):
    left = surface(tmp_path / "L.func.gii", step=2000)
    right = surface(tmp_path / "R.func.gii", n_vertex=15, seed=1)
    pair = (tmp_path / "L.func.gii", tmp_path / "R.func.gii")
    vertices = isc.read_bold(pair, subject="01")
    assert vertices.sizes == {"time": N_TIME, "vertex": 35} and vertices.attrs["rate_hz"] == 0.5
    assert vertices["hemisphere"].values[[0, 34]].tolist() == ["left", "right"]
    assert np.allclose(vertices[:, 21], plain(right[:, 1:2].astype(float))[:, 0], atol=1e-4)
    keys = np.arange(20) % 3
    atlas = surface_labels(tmp_path / "L.label.gii", keys)
    regions = isc.read_bold(pair[0], subject="01", atlas=atlas)
    assert regions["region"].values.tolist() == ["insula", "cuneus"]
    assert np.allclose(
        regions[:, 0], plain(left[:, keys == 1].mean(axis=1, keepdims=True).astype(float))[:, 0], atol=1e-4
    )
    both = isc.read_bold(pair, subject="01", atlas=(atlas, np.r_[np.ones(10), np.zeros(5)].astype(int)))
    assert both["region"].values.tolist() == ["left insula", "left cuneus", "right 1"]


def write_cifti(folder, tr=1.5):
    left = axes.BrainModelAxis.from_surface(np.arange(2, 12), 12, "CIFTI_STRUCTURE_CORTEX_LEFT")
    series = axes.SeriesAxis(0, tr, N_TIME, "SECOND")
    data = np.random.default_rng(0).normal(size=(N_TIME, 10)).astype(np.float32)
    nib.Cifti2Image(data, header=(series, left)).to_filename(folder / "s.dtseries.nii")
    whole = axes.BrainModelAxis.from_surface(np.arange(12), 12, "CIFTI_STRUCTURE_CORTEX_LEFT")
    table = {0: ("???", (1, 1, 1, 0)), 1: ("V1", (1, 0, 0, 1)), 2: ("V2", (0, 1, 0, 1))}
    keys = np.array([[1] * 4 + [2] * 7 + [0]], dtype=np.float32)
    label = axes.LabelAxis(["areas"], [table])
    nib.Cifti2Image(keys, header=(label, whole)).to_filename(folder / "areas.dlabel.nii")
    parcels = axes.ParcelsAxis.from_brain_models([("V1", left[:2]), ("V2", left[2:])])
    nib.Cifti2Image(data[:, :2], header=(series, parcels)).to_filename(folder / "s.ptseries.nii")
    return data


def test_cifti_is_read_by_greyordinate_parcel_or_label(tmp_path):
    data = write_cifti(tmp_path)
    bold = isc.read_bold(tmp_path / "s.dtseries.nii", subject="01")
    assert bold.sizes["vertex"] == 10 and bold["structure"].values[0] == "cortex_left"
    assert bold["index"].values.tolist() == list(range(2, 12)) and bold.attrs["rate_hz"] == pytest.approx(1 / 1.5)
    regions = isc.read_bold(tmp_path / "s.dtseries.nii", subject="01", atlas=tmp_path / "areas.dlabel.nii")
    assert regions["region"].values.tolist() == ["V1", "V2"]
    first_two = data[:, :2].mean(axis=1, keepdims=True).astype(float)
    assert np.allclose(regions[:, 0], plain(first_two)[:, 0], atol=1e-4), "vertices 2 and 3 are V1, 0 and 1 masked"
    assert isc.read_bold(tmp_path / "s.ptseries.nii", subject="01")["region"].values.tolist() == ["V1", "V2"]


def test_cifti_without_its_reader_says_what_to_install(tmp_path, monkeypatch):
    write_cifti(tmp_path)
    monkeypatch.setitem(sys.modules, "nibabel.cifti2", None)
    with pytest.raises(ImportError, match=r"pip install 'nibabel>=5'"):
        isc.read_bold(tmp_path / "s.dtseries.nii", subject="01")


def test_unusable_cifti_is_refused(tmp_path):
    write_cifti(tmp_path)
    with pytest.raises(BoldError, match="is of parcels already"):
        isc.read_bold(tmp_path / "s.ptseries.nii", subject="01", atlas=tmp_path / "areas.dlabel.nii")
    with pytest.raises(BoldError, match="holds no labels"):
        isc.read_bold(tmp_path / "s.dtseries.nii", subject="01", atlas=tmp_path / "s.dtseries.nii")
    (tmp_path / "areas.dlabel.nii").rename(tmp_path / "a.dtseries.nii")
    with pytest.raises(BoldError, match="holds no time series"):
        isc.read_bold(tmp_path / "a.dtseries.nii", subject="01")
    nib.save(volume(), tmp_path / "v.dtseries.nii")
    with pytest.raises(BoldError, match="is no CIFTI file, whatever its name says"):
        isc.read_bold(tmp_path / "v.dtseries.nii", subject="01")
    (tmp_path / "x.dtseries.nii").write_bytes(b"no image")
    with pytest.raises(BoldError, match="is no CIFTI file that nibabel reads"):
        isc.read_bold(tmp_path / "x.dtseries.nii", subject="01")


def test_repetition_times_that_contradict_are_refused(tmp_path):
    path = tmp_path / "sub-01_task-film_bold.nii"
    nib.save(volume(), path)
    with pytest.raises(BoldError, match=r"repetition times differ: tr= 1.5 s, header 2 s"):
        isc.read_bold(path, subject="01", atlas=labels(), tr=1.5)
    path.with_suffix(".json").write_text(json.dumps({"RepetitionTime": 2.2}))
    with pytest.raises(BoldError, match=r"header 2 s, RepetitionTime of the sidecar 2.2 s"):
        isc.read_bold(path, subject="01", atlas=labels())
    with pytest.raises(BoldError, match=r"must be positive, in seconds; given .*-1"):
        isc.read_bold(volume(), subject="01", atlas=labels(), tr=-1)


def test_a_header_that_nobody_filled_in_is_overruled_and_milliseconds_are_understood(tmp_path):
    assert isc.read_bold(volume(tr=1.0), subject="01", atlas=labels(), tr=2.5).attrs["rate_hz"] == 0.4
    assert isc.read_bold(volume(tr=1.0), subject="01", atlas=labels()).attrs["rate_hz"] == 1.0
    image = volume(tr=2500)
    image.header.set_xyzt_units("mm", "msec")
    assert isc.read_bold(image, subject="01", atlas=labels()).attrs["rate_hz"] == pytest.approx(0.4)
    surface(tmp_path / "L.func.gii")
    with pytest.raises(BoldError, match="the repetition time is not known; give tr="):
        isc.read_bold(tmp_path / "L.func.gii", subject="01")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "a volume without an atlas needs mask="),
        ({"atlas": Bunch(maps=labels(), labels=["a"])}, "the atlas has 3 regions but 1 labels"),
        ({"mask": nib.Nifti1Image(np.ones((5, 6, 6), np.int8), AFFINE)}, r"mask has another grid \(shape \(5, 6, 6\)"),
        ({"mask": nib.Nifti1Image(np.ones((6, 6, 6), np.int8), 2 * AFFINE)}, "or another affine"),
        ({"mask": volume()}, "a 3-D NIfTI image is needed"),
        (
            {"atlas": labels(), "confounds": pd.DataFrame({"a": [1.0]})},
            "confounds have 1 rows and the image 60 volumes",
        ),
        ({"atlas": labels(), "confounds": pd.DataFrame({"a": ["x"] * N_TIME})}, "column a is not"),
        ({"atlas": labels(), "confounds": "simple"}, "needs the path of an fMRIPrep image"),
        (
            {"atlas": nib.Nifti1Image(labels().get_fdata(), ELSEWHERE)},
            "do not overlap in space",
        ),
    ],
)
def test_what_does_not_fit_a_volume_is_refused(options, message):
    with pytest.raises(BoldError, match=message):
        isc.read_bold(volume(), subject="01", **options)


def test_files_that_are_absent_or_none_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no image at"):
        isc.read_bold(tmp_path / "absent.nii", subject="01", atlas=labels())
    (tmp_path / "x.nii.gz").write_bytes(b"no image")
    with pytest.raises(BoldError, match="is no image that nibabel reads"):
        isc.read_bold(tmp_path / "x.nii.gz", subject="01", atlas=labels())
    nib.save(volume(), tmp_path / "s.nii.gz")
    with pytest.raises(BoldError, match="confounds of s.nii.gz cannot be loaded"):
        isc.read_bold(tmp_path / "s.nii.gz", subject="01", atlas=labels(), confounds="simple")
    with pytest.raises(BoldError, match="0 of 60 volumes"):
        isc.read_bold(volume(values=np.full((6, 6, 6, N_TIME), np.nan, np.float32)), subject="01", mask=labels())


def test_what_does_not_fit_a_surface_is_refused(tmp_path):
    surface(tmp_path / "L.func.gii", step=2000)
    surface(tmp_path / "R.func.gii", n_time=50)
    path = tmp_path / "L.func.gii"
    for image, atlas, message in [
        ((path, tmp_path / "R.func.gii"), None, "hemispheres have 60 and 50 volumes"),
        ((path, path, path), None, "given 3 files"),
        (path, np.ones(7, int), "the atlas has 7 vertices and the surface 20"),
        ((path, path), np.ones(20, int), "2 hemispheres need as many label files; given 1"),
        (path, np.ones((20, 2), int), "one label a vertex"),
        (path, np.zeros(20, int), "no vertex has a label other than 0"),
    ]:
        with pytest.raises(BoldError, match=message):
            isc.read_bold(image, subject="01", atlas=atlas)


def test_different_atlases_lengths_and_rates_show_when_subjects_are_stacked():
    one = isc.read_bold(volume(), subject="a", atlas=labels())
    fewer = nib.Nifti1Image(np.where(labels().get_fdata() == 7, 0, labels().get_fdata()).astype(np.int16), AFFINE)
    with pytest.raises(ValueError, match="differ along region: only 'a' has 7"):
        isc.stack_subjects({"a": one, "b": isc.read_bold(volume(), subject="b", atlas=fewer)})
    with pytest.raises(ValueError, match="cover different spans"):
        isc.stack_subjects({"a": one, "b": isc.read_bold(volume(n_time=40), subject="b", atlas=labels())})
    other_tr = isc.read_bold(volume(n_time=48, tr=2.5), subject="b", atlas=labels())
    with pytest.warns(UserWarning, match=r"rates differ \(b: 0.4 Hz, a: 0.5 Hz\)"):
        isc.stack_subjects({"a": one, "b": other_tr}, max_gap=5)

"""Cubes of other modalities: from a netCDF file to the same report, with a map of their own space."""

import hashlib
import json

import numpy as np
import pytest
import xarray as xr

import isc
from isc.cli import main
from isc.io.derivatives import read_array, read_sidecar
from isc.stages.analysis import AnalysisRequest, run_analysis

SETTINGS = """
title = "Heads <b>"
[tisc]
window = 10.0
step = 5.0
[null]
n_surrogates = 99
compare = []
"""
PLANTED = (20.0, 40.0)  # s
RATE = 10.0  # Hz


def cube_of(dims, n_subject=10, **coords):
    """Smooth noise of 60 s; the first feature is shared in the planted stretch."""
    rng = np.random.default_rng(5)
    sizes = tuple(dims.values())
    values = rng.normal(size=(n_subject, 600, *sizes))
    shared = 2 * rng.normal(size=600)
    seconds = np.arange(600) / RATE
    planted = (seconds >= PLANTED[0]) & (seconds < PLANTED[1])
    values[(slice(None), slice(None), *(0 for _ in sizes))] += shared * planted
    coords |= {"time": seconds, "subject": [f"sub-{k:02d}" for k in range(1, n_subject + 1)]}
    return xr.DataArray(values, dims=("subject", "time", *dims), coords=coords, name="cube", attrs={"rate_hz": RATE})


def eeg():
    place = {"x": [0, -0.04, -0.04, 0, 0.04, 0.04], "y": [0.08, 0.05, -0.05, -0.08, -0.05, 0.05], "z": np.full(6, 0.05)}
    coords = {axis: ("channel", values, {"units": "m"}) for axis, values in place.items()}
    coords |= {"channel": ["Fz", "F3", "P3", "Pz", "P4", "F4"], "band": ["theta", "alpha"]}
    cube = cube_of({"channel": 6, "band": 2}, **coords)
    cube[2, :, 4] = np.nan
    return cube


def regions():
    place = {axis: ("region", [0.01 * k, -0.04, 0.03], {"units": "m"}) for k, axis in enumerate("xyz")}
    return cube_of({"region": 3}, region=["V1", "M1", "A1"], label=("region", [1, 2, 3]), **place)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An analysed cube of EEG, beside its settings."""
    folder = tmp_path_factory.mktemp("eeg")
    (folder / "eeg.toml").write_text(SETTINGS)
    eeg().to_netcdf(folder / "eeg.nc", engine="h5netcdf")
    assert main(["analyse", *arguments(folder)]) == 0
    return folder


def arguments(folder, cube="eeg", *more):
    return [str(folder / f"{cube}.nc"), str(folder / cube), "--settings", str(folder / "eeg.toml"), *more]


def page_of(folder, cube="eeg"):
    return (folder / cube / "report.html").read_text(encoding="utf-8")


def product(folder, name):
    (path,) = (folder / "eeg" / "group").glob(f"*_{name}")
    return path


def test_the_planted_feature_is_found_in_its_time_and_nowhere_else(folder):
    result = read_array(product(folder, "tisc.nc"))
    assert result["tisc"].dims == ("window", "channel", "band")
    inside = ((result["start"] >= PLANTED[0]) & (result["stop"] <= PLANTED[1])).values
    touched = ((result["start"] < PLANTED[1]) & (result["stop"] > PLANTED[0])).values
    significant = result["significant"].values
    assert significant[inside, 0, 0].all()
    assert not significant[~touched].any() and not significant[:, 1:].any() and not significant[:, :, 1].any()


def test_products_are_those_of_the_functions_on_the_same_cube(folder):
    cube = eeg()
    tisc = isc.temporal_isc(cube, window=10.0, step=5.0)
    null = isc.null_extremes(cube, window=10.0, step=5.0, n_surrogates=99)
    result = read_array(product(folder, "tisc.nc"))
    xr.testing.assert_equal(result["tisc"].drop_vars(["x", "y", "z"]), tisc.drop_vars(["x", "y", "z"]))
    assert np.array_equal(result["p_circular_shift"], isc.p_values(tisc, null), equal_nan=True)


def test_the_report_has_a_head_for_each_band_and_says_what_is_missing(folder):
    page = page_of(folder)
    assert "Heads &lt;b&gt;" in page and "Where on the head" in page
    assert "6 (channel) x 2 (band)" in page and "Fz, theta" in page
    assert "Where on the face" not in page and "explore.html" not in page
    assert "P4, theta, P4, alpha" in page and "<td>2</td>" in page.replace(' class="number"', "")
    assert "were analysed as they were given" in page and "for every channel and band" in page


def test_the_folder_says_what_it_holds(folder):
    described = json.loads((folder / "eeg" / "dataset_description.json").read_text())
    assert described["Name"].endswith(": synchrony of features")
    assert "landmarks" not in (folder / "eeg" / "README.md").read_text() + json.dumps(described)


def test_a_second_run_makes_nothing_and_another_map_only_the_report(folder, capfd):
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in (folder / "eeg" / "group").rglob("*.*")}
    assert main(["analyse", *arguments(folder)]) == 0
    made = [json.loads(line)["made"] for line in (folder / "eeg/logs/run.jsonl").read_text().splitlines()]
    assert len(made[0]) == 7 and made[-1] == []
    assert before == {path: hashlib.sha256(path.read_bytes()).digest() for path in before}
    assert "report:" in capfd.readouterr().out


def test_the_cube_is_kept_with_who_is_in_it_so_that_people_can_be_forgotten(folder, tmp_path, capfd):
    import shutil

    assert read_sidecar(product(folder, "cube.nc"))["Parameters"]["subjects"][0] == "sub-01"
    shutil.copytree(folder, tmp_path / "copy")
    assert main(["forget", str(tmp_path / "copy" / "eeg"), "sub-03"]) == 0
    assert not list((tmp_path / "copy" / "eeg" / "group").glob("*.nc"))
    assert not (tmp_path / "copy" / "eeg" / "report.html").exists()


def test_people_of_a_cube_are_forgotten_by_their_labels_with_or_without_sub(folder, tmp_path, capfd):
    cube = cube_of({}).assign_coords(subject=[f"{k:02d}" for k in range(1, 11)])
    cube.to_netcdf(tmp_path / "eeg.nc", engine="h5netcdf")
    out, settings = tmp_path / "isc", isc.read_study(folder / "eeg.toml")
    isc.analyse_cube(tmp_path / "eeg.nc", out, study=settings)
    assert main(["forget", str(out), "sub-03"]) == 0
    assert not list((out / "group").glob("*.nc")) and not (out / "report.html").exists()
    isc.analyse_cube(tmp_path / "eeg.nc", out, study=settings)
    assert "1 of the cube withdrew" in capfd.readouterr().err
    kept = read_sidecar(next((out / "group").glob("*_cube.json")))["Parameters"]["subjects"]
    assert len(kept) == 9 and "03" not in kept


def test_regions_are_dots_in_a_brain_and_those_without_a_place_have_no_map(folder):
    cube = regions()
    cube.to_netcdf(folder / "bold.nc", engine="h5netcdf")
    cube.drop_vars(["x", "y", "z"]).to_netcdf(folder / "nowhere.nc", engine="h5netcdf")
    assert main(["analyse", *arguments(folder, "bold")]) == 0
    assert "Where in the brain" in page_of(folder, "bold") and "a dot at the centre of each" in page_of(folder, "bold")
    assert main(["analyse", *arguments(folder, "nowhere")]) == 0
    page = page_of(folder, "nowhere")
    assert "Where in" not in page
    assert "the regions have no positions (coords x, y, z in m): the report has no map; give the atlas or" in page


def test_a_cube_of_one_series_is_analysed(folder):
    cube = cube_of({}).rename("pulse").assign_coords(subject=list("abcdefghij"))
    cube.to_netcdf(folder / "pulse.nc", engine="h5netcdf")
    settings = isc.read_study(folder / "eeg.toml")
    page = isc.analyse_cube(folder / "pulse.nc", folder / "pulse", study=settings).read_text(encoding="utf-8")
    assert "1 (series)" in page and "isc forget finds them only by labels such as sub-01" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cube: cube.isel(subject=slice(0, 2)), "inference needs at least 3 subjects"),
        (lambda cube: cube.rename(subject="person"), "dim 'subject' is missing"),
        (lambda cube: cube.where(False), "no window has two participants with 80% valid samples"),
        (lambda cube: cube.isel(time=slice(0, 150)), "needs a recording of at least two windows"),
        (lambda cube: xr.Dataset({"a": cube, "b": cube}), "must hold one array, the cube; it holds a, b"),
        (lambda cube: cube.fillna(np.inf), "values must be NaN"),
    ],
)
def test_what_is_no_usable_cube_is_refused_in_one_line(change, message, tmp_path, capfd):
    (tmp_path / "eeg.toml").write_text(SETTINGS)
    change(eeg()).to_netcdf(tmp_path / "eeg.nc", engine="h5netcdf")
    assert main(["analyse", *arguments(tmp_path)]) == 2
    error = capfd.readouterr().err
    assert message in error and error.strip().splitlines()[-1].startswith("isc: ")


@pytest.mark.parametrize(("n_subject", "is_tested"), [(4, False), (5, True)])
def test_below_five_people_the_page_claims_no_test(n_subject, is_tested, tmp_path):
    (tmp_path / "eeg.toml").write_text(SETTINGS)
    cube_of({"channel": 2}, n_subject).to_netcdf(tmp_path / "eeg.nc", engine="h5netcdf")
    assert main(["analyse", *arguments(tmp_path)]) == 0
    page = page_of(tmp_path)
    assert ("nulls that decide significance" in page) == is_tested
    assert ("decides alone" in page) == is_tested
    assert ("its p-value accounts for the selection (maximum statistic)." in page) == is_tested
    assert ("significance is not reported below 5" in page) != is_tested


def test_thresholds_of_single_windows_do_not_account_for_the_choice_of_the_window(tmp_path):
    (tmp_path / "eeg.toml").write_text(SETTINGS.replace("[null]", '[null]\nscope = "window"'))
    cube_of({"channel": 2}, 5).to_netcdf(tmp_path / "eeg.nc", engine="h5netcdf")
    assert main(["analyse", *arguments(tmp_path)]) == 0
    assert "features in its window, not for the number of windows." in page_of(tmp_path)


def test_files_that_are_none_and_settings_that_are_wrong_are_refused(tmp_path, capfd):
    (tmp_path / "text.nc").write_text("no netCDF")
    assert run_analysis(AnalysisRequest(tmp_path / "text.nc", tmp_path / "out")) == 2
    assert "text.nc is no netCDF file that xarray reads" in capfd.readouterr().err
    assert run_analysis(AnalysisRequest(tmp_path / "absent.nc", tmp_path / "out")) == 2
    assert "absent.nc is no file; write the cube with cube.to_netcdf('absent.nc')" in capfd.readouterr().err
    assert run_analysis(AnalysisRequest(tmp_path / "text.nc", tmp_path, settings=tmp_path / "no.toml")) == 2
    assert "settings no.toml cannot be read" in capfd.readouterr().err


def test_a_map_that_cannot_be_drawn_is_a_sentence_and_no_crash(folder):
    cube = eeg().sel(band="theta", drop=True)
    cube.isel(channel=slice(0, 2)).to_netcdf(folder / "two.nc", engine="h5netcdf")
    assert main(["analyse", *arguments(folder, "two")]) == 0
    page = page_of(folder, "two")
    assert "One map could not be drawn: a topomap needs 3 channels with a value and a position; given 2." in page
    assert page.count("One map could not be drawn") == 1

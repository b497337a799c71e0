"""Every file of a study and of its derivatives has one name."""

from pathlib import Path

import pytest

from isc.io.bids import (
    PRODUCTS,
    derivative_path,
    figures_folder,
    raw_path,
    root_path,
    window_label,
)
from isc.io.layout.names import BidsError, Entities, parse_name, sidecar_path

ROOT = Path("isc")
ONE = Entities(task="film", subject="01", run="01")
GROUP = Entities(task="film")
KNOWN = {
    "landmarks_tracked": "sub-01/beh/sub-01_task-film_run-01_recording-face_desc-tracked_landmarks.zarr",
    "landmarks_aligned": "sub-01/beh/sub-01_task-film_run-01_recording-face_desc-aligned_landmarks.zarr",
    "blendshapes": "sub-01/beh/sub-01_task-film_run-01_recording-face_desc-blendshapes_physio.tsv.gz",
    "quality": "sub-01/beh/sub-01_task-film_run-01_desc-qc_beh.tsv",
    "peaks": "sub-01/beh/sub-01_task-film_run-01_desc-peaks_events.tsv",
    "frames": "sub-01/figures/sub-01_task-film_run-01_desc-frames_qc.json",
    "headpose": "sub-01/motion/sub-01_task-film_tracksys-face_run-01_desc-headpose_motion.tsv",
    "headpose_channels": "sub-01/motion/sub-01_task-film_tracksys-face_run-01_desc-headpose_channels.tsv",
    "mesh": "sub-01/beh/sub-01_task-film_run-01_desc-win5000ms_mesh.nc",
    "cube": "group/task-film_desc-vertices_cube.zarr",
    "given_cube": "group/task-film_desc-given_cube.nc",
    "tisc": "group/task-film_desc-win5000ms_tisc.nc",
    "null": "group/task-film_desc-win5000ms_null.nc",
    "thresholds": "group/task-film_desc-win5000ms_thresholds.json",
    "agreement": "group/task-film_desc-win5000ms_agreement.tsv",
    "association": "group/task-film_desc-win5000ms_association.tsv",
    "classification": "group/task-film_desc-win5000ms_classification.tsv",
    "confusion": "group/task-film_desc-win5000ms_confusion.tsv",
    "subject_accuracy": "group/task-film_desc-win5000ms_accuracy.tsv",
    "informative_pairs": "group/task-film_desc-win5000ms_pairs.tsv",
    "classification_report": "group/task-film_desc-win5000ms_report.json",
    "calibration": "group/task-film_desc-win5000ms_calibration.tsv",
    "report": "group/task-film_desc-files_report.json",
}


def product_path(product, root=ROOT):
    entities = GROUP if PRODUCTS[product].folder == "group" else ONE
    return derivative_path(root, product, entities, desc=None if PRODUCTS[product].desc else window_label(5.0))


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_derivative_has_the_name_that_the_specification_gives_it(product):
    assert product_path(product).as_posix() == f"isc/{KNOWN[product]}"


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_name_of_a_derivative_can_be_taken_apart(product):
    path = product_path(product)
    name = parse_name(path.name)
    assert (name.suffix, name.extension) == (PRODUCTS[product].suffix, PRODUCTS[product].extension)
    assert parse_name(sidecar_path(path).name).entities == name.entities


def test_raw_files_have_the_names_that_the_specification_gives_them():
    study, one = Path("study"), Entities(task="film", subject="01", session="x", run="2")
    stem = "study/sub-01/ses-x/beh/sub-01_ses-x_task-film_run-2"
    assert raw_path(study, "video", one).as_posix() == f"{stem}_recording-face_video.mp4"
    assert raw_path(study, "video", one, extension=".mov").as_posix() == f"{stem}_recording-face_video.mov"
    assert raw_path(study, "video_sidecar", one).as_posix() == f"{stem}_recording-face_video.json"
    assert raw_path(study, "events", one).as_posix() == f"{stem}_events.tsv"
    assert raw_path(study, "scans", one).as_posix() == "study/sub-01/ses-x/sub-01_ses-x_scans.tsv"


def test_figures_and_files_at_the_top_have_their_places():
    assert figures_folder(ROOT).as_posix() == "isc/group/figures"
    assert figures_folder(ROOT, subject="01").as_posix() == "isc/sub-01/figures"
    names = ("report", "explorer", "log", "settings")
    paths = ["isc/report.html", "isc/explore.html", "isc/logs/run.jsonl", "isc/code/settings.toml"]
    assert [root_path(ROOT, name).as_posix() for name in names] == paths


@pytest.mark.parametrize(("seconds", "label"), [(5.0, "win5000ms"), (1.66, "win1660ms"), (5 / 3, "win1667ms")])
def test_a_window_label_has_letters_and_digits_only(seconds, label):
    assert window_label(seconds) == label


def test_an_unknown_product_is_refused():
    with pytest.raises(BidsError, match="no kind of file is called 'cubes'; known: landmarks_tracked"):
        derivative_path(ROOT, "cubes", GROUP)


def test_a_product_without_its_label_is_refused():
    with pytest.raises(BidsError, match="'tisc' needs a desc label"):
        derivative_path(ROOT, "tisc", GROUP)


def test_a_product_with_a_label_too_much_is_refused():
    with pytest.raises(BidsError, match="'cube' has desc-vertices"):
        derivative_path(ROOT, "cube", GROUP, desc="mine")


def test_a_label_that_is_a_path_is_refused():
    with pytest.raises(BidsError, match="desc label '../x'"):
        derivative_path(ROOT, "tisc", GROUP, desc="../x")


def test_a_product_of_the_group_has_no_participant():
    with pytest.raises(BidsError, match="'cube' belongs to the group"):
        derivative_path(ROOT, "cube", ONE)


def test_a_product_of_a_participant_needs_one():
    with pytest.raises(BidsError, match="'peaks' belongs to one participant"):
        derivative_path(ROOT, "peaks", GROUP)


def test_an_unknown_file_at_the_top_is_refused():
    with pytest.raises(BidsError, match="no file 'index' at the top"):
        root_path(ROOT, "index")


def test_a_participant_folder_that_is_a_link_to_elsewhere_is_not_written(tmp_path):
    root, elsewhere = tmp_path / "isc", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "sub-01").symlink_to(elsewhere)
    with pytest.raises(BidsError, match="leads outside the folder isc"):
        derivative_path(root, "peaks", ONE)
    with pytest.raises(BidsError, match="leads outside the folder isc"):
        figures_folder(root, subject="01")

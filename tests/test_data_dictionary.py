"""The data dictionary is well-formed and covers every product."""

import re
from pathlib import Path

import pytest

from isc.io.bids import PRODUCTS
from isc.io.camera.face_tracker import BLENDSHAPES
from isc.io.files.sidecars import PARTS, dictionary_folder, dictionary_names, read_dictionary
from isc.io.log_mapping import LogMapping

ROOT = Path(__file__).parents[1]
NOT_DERIVATIVES = {
    "participants",
    "scans",
    "events",
    "rating",
    "epochs",
    "descriptions",
    "log_mapping",
    "trackers",
    "log",
    "forgotten",
    "hashes",
    "clips",
    "features",
}
DTYPES = re.compile(r"bool|str|u?int(8|16|32|64)?|float(32|64)?|list")
FIELDS = {"LongName", "Description", "Units", "Levels", "dtype", "dims", "source", "Optional"}
UNITS = {"s", "1", "n/a", "px", "m", "mm", "rad", "Hz", "deg", "deg/s", "cm", "samples", "inter-ocular distance"}
MIXED_UNITS = "1 (rotation and scale), cm (position)"  # of the matrix of the head pose


def described(name):
    """Every described column, variable, value and attribute of an entry."""
    entry = read_dictionary(name)
    parts = [entry[part] for part in (*PARTS, "Attributes") if part in entry]
    return {key: description for part in parts for key, description in part.items()}


def of_experiments():
    """Entries of what experiments/ writes."""
    return {name for name in dictionary_names() if read_dictionary(name)["File"].startswith("experiments/")}


def test_every_product_has_an_entry_and_every_entry_a_product():
    assert set(dictionary_names()) - of_experiments() == set(PRODUCTS) | NOT_DERIVATIVES


def test_every_experiment_has_a_summary_entry_and_every_entry_an_experiment():
    experiments = {path.parent.name for path in ROOT.glob("experiments/*/run.py")}
    files = {name: Path(read_dictionary(name)["File"]) for name in of_experiments()}
    assert {path.parts[1] for path in files.values()} == experiments
    assert {path.parts[1] for path in files.values() if path.name == "summary.json"} == experiments


@pytest.mark.parametrize("name", dictionary_names())
def test_an_entry_says_what_the_file_is(name):
    entry = read_dictionary(name)
    assert set(entry) - {"Attributes"} == {"LongName", "Description", "File", *(p for p in PARTS if p in entry)}
    assert sum(part in entry for part in PARTS) == 1
    assert all(len(entry[key].strip()) > 3 for key in ("LongName", "Description", "File"))
    assert entry["Description"].endswith(".")


@pytest.mark.parametrize("name", sorted(set(dictionary_names()) & set(PRODUCTS)))
def test_an_entry_is_called_like_the_file_it_describes(name):
    kind = PRODUCTS[name]
    assert read_dictionary(name)["File"].endswith(f"_{kind.suffix}{kind.extension}")
    assert kind.desc is None or f"_desc-{kind.desc}_" in read_dictionary(name)["File"]


@pytest.mark.parametrize("name", dictionary_names())
def test_a_description_has_words_a_type_and_known_fields_only(name):
    for key, description in described(name).items():
        assert set(description) <= FIELDS, key
        assert description["LongName"], key
        assert description["Description"].endswith("."), key
        assert DTYPES.fullmatch(description["dtype"]), key


@pytest.mark.parametrize("name", dictionary_names())
def test_units_are_among_those_that_the_project_uses(name):
    for key, description in described(name).items():
        assert description.get("Units", "1") in UNITS | {MIXED_UNITS}, key


@pytest.mark.parametrize("name", dictionary_names())
def test_floats_have_units(name):
    for key, description in described(name).items():
        if description["dtype"].startswith("float"):
            assert "Units" in description, key


@pytest.mark.parametrize("name", dictionary_names())
def test_variables_have_dims_and_columns_have_none(name):
    entry = read_dictionary(name)
    for key, description in entry.get("Variables", {}).items():
        assert isinstance(description["dims"], list), key
    for key, description in {**entry.get("Columns", {}), **entry.get("Values", {})}.items():
        assert "dims" not in description, key


def test_files_of_the_dictionary_are_indented_json():
    for path in dictionary_folder().iterdir():
        assert path.suffix == ".json"
        assert path.read_text(encoding="utf-8").startswith('{\n  "LongName": ')


def test_blendshapes_are_those_of_the_tracker_in_its_order():
    assert tuple(read_dictionary("blendshapes")["Columns"]) == BLENDSHAPES


def test_a_key_log_has_presses_and_two_markers():
    assert set(read_dictionary("events")["Columns"]["trial_type"]["Levels"]) == {"start", "stop", "press"}


def test_every_key_of_a_mapping_of_logs_is_explained_and_no_other():
    assert list(read_dictionary("log_mapping")["Values"]) == list(LogMapping.model_fields)

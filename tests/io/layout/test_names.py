"""Labels, names, sidecars and paths keep to the rules of BIDS and to their folder."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isc.io.layout.names import (
    BidsError,
    Entities,
    bids_uri,
    check_label,
    inside,
    parse_name,
    participant_label,
    sidecar_path,
)

LABELS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20)
NO_LABELS = ["", "a b", "a-b", "a_b", "../etc", "..", "/etc", "C:\\x", "Müller", "01.", "win-1.66", "①", "a\n", "🙂"]


@pytest.mark.parametrize("label", NO_LABELS)
def test_a_label_is_letters_and_digits_or_is_refused_with_the_rule(label):
    with pytest.raises(BidsError, match="participant label .* letters a-z, A-Z and digits only"):
        check_label(label, of="participant")


@pytest.mark.parametrize("name", ["01", "/etc/passwd", "../sub-01", 1])
def test_a_participant_id_begins_with_sub(name):
    with pytest.raises(BidsError, match="must read sub-<label>, such as sub-01"):
        participant_label(name)


def test_a_number_is_no_label():
    with pytest.raises(BidsError, match="label 1 must"):
        check_label(1, of="run")


@pytest.mark.parametrize("field", ["task", "subject", "session", "run"])
@pytest.mark.parametrize("label", ["../../etc", "a b"])
def test_entities_cannot_hold_a_path(field, label):
    with pytest.raises(BidsError, match=f"{field} label"):
        Entities(**{"task": "film", field: label})


def test_a_run_is_a_number():
    with pytest.raises(BidsError, match="run label 'one' must be a number"):
        Entities(task="film", run="one")


def test_a_name_is_taken_apart():
    name = parse_name("sub-01_task-film_tracksys-face_run-02_desc-headpose_motion.tsv.gz")
    assert name.entities == {"sub": "01", "task": "film", "tracksys": "face", "run": "02", "desc": "headpose"}
    assert (name.suffix, name.extension) == ("motion", ".tsv.gz")


@given(st.dictionaries(LABELS, LABELS, max_size=5), LABELS)
def test_a_name_put_together_is_taken_apart_again(entities, suffix):
    name = "_".join([*(f"{key}-{label}" for key, label in entities.items()), suffix]) + ".tsv"
    parsed = parse_name(name)
    assert (parsed.entities, parsed.suffix, parsed.extension) == (entities, suffix, ".tsv")


@pytest.mark.parametrize("name", ["sub-01_sub-02_events.tsv", "sub-_events.tsv", "sub_events.tsv", "sub-ä_events.tsv"])
def test_a_name_with_a_wrong_part_is_refused(name):
    with pytest.raises(BidsError, match="must be key-label"):
        parse_name(name)


@pytest.mark.parametrize("name", ["sub-01", "sub-01_.tsv", "", "sub-01_task-film.tsv"])
def test_a_name_without_a_suffix_is_refused(name):
    with pytest.raises(BidsError, match="must end in _suffix.extension"):
        parse_name(name)


@pytest.mark.parametrize("extension", [".tsv", ".tsv.gz", ".zarr", ".nc", ".mp4"])
def test_a_sidecar_has_the_name_of_its_file(extension):
    assert sidecar_path(Path("x") / f"sub-01_beh{extension}") == Path("x") / "sub-01_beh.json"


def test_a_uri_names_the_data_set_and_the_path_below_it():
    root = Path("study")
    path = root / "sub-01" / "beh" / "sub-01_task-film_events.tsv"
    assert bids_uri(path, root, dataset="raw") == "bids:raw:sub-01/beh/sub-01_task-film_events.tsv"
    assert bids_uri(path, root) == "bids::sub-01/beh/sub-01_task-film_events.tsv"


@pytest.mark.parametrize("below", ["../x", "/etc/passwd", "sub-01/../../x"])
def test_a_path_that_leaves_its_root_is_refused(tmp_path, below):
    with pytest.raises(BidsError, match="must stay under it"):
        inside(tmp_path, tmp_path / below)


def test_a_link_that_leaves_its_root_is_refused(tmp_path):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "sub-01").symlink_to(elsewhere)
    with pytest.raises(BidsError, match="leads outside the folder root"):
        inside(root, root / "sub-01" / "beh" / "x.tsv")


def test_a_link_within_its_root_is_followed(tmp_path):
    (tmp_path / "annex").mkdir()
    (tmp_path / "sub-01").symlink_to(tmp_path / "annex")
    assert inside(tmp_path, tmp_path / "sub-01" / "x.tsv") == tmp_path / "sub-01" / "x.tsv"

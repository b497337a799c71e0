"""A raw file is described by its own sidecar and by those it inherits."""

import json

import pytest

from isc.io.files.text import TableError
from isc.io.layout.metadata import inherited_metadata


@pytest.fixture
def log(tmp_path):
    """A key log at the bottom of a data set that lies in a folder with a sidecar of its own."""
    root = tmp_path / "study"
    folder = root / "sub-01" / "beh"
    folder.mkdir(parents=True)
    (root / "dataset_description.json").write_text("{}")
    return folder / "sub-01_task-film_events.tsv"


def describe(path, **content):
    path.write_text(json.dumps(content))


def test_a_file_inherits_from_the_top_and_its_own_sidecar_wins(log):
    describe(log.parents[2] / "task-film_events.json", a="top", b="top", c="top")
    describe(log.parents[1] / "sub-01_events.json", b="participant", c="participant")
    describe(log.with_suffix(".json"), c="own")
    assert inherited_metadata(log) == {"a": "top", "b": "participant", "c": "own"}


def test_the_more_special_of_two_in_a_folder_wins(log):
    describe(log.parents[2] / "events.json", a="all", b="all")
    describe(log.parents[2] / "task-film_events.json", a="film")
    assert inherited_metadata(log) == {"a": "film", "b": "all"}


@pytest.mark.parametrize("name", ["task-calm_events.json", "task-film_beh.json", "task-film_run-1_events.json"])
def test_sidecars_of_other_files_are_not_inherited(log, name):
    describe(log.parents[2] / name, a=1)
    assert inherited_metadata(log) == {}


def test_nothing_is_inherited_from_above_the_data_set(log):
    describe(log.parents[3] / "task-film_events.json", a=1)
    assert inherited_metadata(log) == {}


def test_a_log_with_any_name_has_the_sidecar_of_that_name(tmp_path):
    describe(tmp_path / "my log.json", a=1)
    describe(tmp_path / "events.json", a=2)
    assert inherited_metadata(tmp_path / "my log.tsv") == {"a": 1}


def test_a_sidecar_that_is_no_json_is_refused(log):
    log.with_suffix(".json").write_text("{onset: s}")
    with pytest.raises(TableError, match="events.json is not valid JSON"):
        inherited_metadata(log)

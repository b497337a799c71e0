"""A mapping file says how a log is to be read; what it leaves open is refused, not guessed."""

import json

import pytest

from isc.io.log_mapping import read_log_mapping
from isc.io.logs.film_clock import KeyLogError

COMPLETE = {"format": "table", "units": "ms", "key": "name", "time": "t", "start_key": "trigger"}


@pytest.fixture
def write(tmp_path):
    def write(content, name="mapping.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_toml_and_json_say_the_same(write):
    toml = "\n".join(f'{key} = "{value}"' for key, value in COMPLETE.items())
    assert read_log_mapping(write(toml, "mapping.toml")) == read_log_mapping(write(COMPLETE))


def test_rows_and_keys_can_be_chosen(write):
    mapping = read_log_mapping(write({**COMPLETE, "press": ["space"], "where": {"block": "film"}}))
    assert mapping.press == ("space",)
    assert mapping.where == {"block": "film"}


@pytest.mark.parametrize("name", ["format", "units", "key", "time"])
def test_nothing_that_decides_is_guessed(write, name):
    with pytest.raises(KeyLogError, match=f"mapping.json: {name} is missing"):
        read_log_mapping(write({key: value for key, value in COMPLETE.items() if key != name}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "s"}, "unit is not a known key; known keys: format, units"),
        ({"units": "samples"}, "units is 'samples'"),
        ({"film_start": 0}, "give one of film_start .* and start_key"),
        ({"start_key": None}, "give one of film_start .* and start_key"),
        ({"film_stop": "t", "stop_key": "end"}, "give film_stop or stop_key, not both"),
        ({"decimal": ","}, "decimal and delimiter are the same sign"),
        ({"delimiter": ""}, "delimiter is ''"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(write, change, message):
    with pytest.raises(KeyLogError, match=message):
        read_log_mapping(write({**COMPLETE, **change}))


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("format = ", "m.toml", "m.toml is not valid TOML"),
        ("{", "m.json", "m.json is not valid JSON"),
        ("format: table", "m.yaml", "must be a mapping file that ends in .toml or .json"),
    ],
)
def test_a_file_that_is_no_mapping_is_named(write, content, name, message):
    with pytest.raises(KeyLogError, match=message):
        read_log_mapping(write(content, name))

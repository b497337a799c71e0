"""JSON holds plain numbers only, and the same content is the same bytes."""

import json

import numpy as np
import pytest

from isc.io.files.json_format import format_json


def test_equal_content_is_equal_bytes_and_ends_a_line():
    content = {"b": [1, 2.5, None, True], "a": {"ü": "ß"}}
    assert format_json(content) == format_json(dict(content))
    assert format_json(content).endswith(b"}\n")
    assert "ß".encode() in format_json(content)


def test_numpy_numbers_become_plain_ones():
    content = {"a": np.float64(0.1), "b": np.int32(2), "c": np.array([1, 2]), "d": np.bool_(True)}
    assert json.loads(format_json(content)) == {"a": 0.1, "b": 2, "c": [1, 2], "d": True}


@pytest.mark.parametrize("number", [np.nan, np.inf, np.float32("-inf")])
def test_numbers_that_json_does_not_have_are_not_written(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        format_json({"x": number})


def test_objects_are_not_written():
    with pytest.raises(TypeError, match=r"\(set\) has no JSON form; give text, numbers"):
        format_json({"x": {1}})

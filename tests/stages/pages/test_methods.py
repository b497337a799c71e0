"""The methods paragraph says what the settings are, all of them, and cites what it names."""

import re

import numpy as np
import pytest
import xarray as xr

from isc.report import CITATIONS
from isc.stages.pages.methods import MARKS, cited, methods_text
from isc.study import Study

CUBE = xr.DataArray(np.zeros((6, 2, 1)), dims=("subject", "time", "vertex"), attrs={"rate_hz": 25.0})
TISC = xr.DataArray(np.zeros((3, 1)), dims=("window", "vertex"), attrs={"n_subject": 6})
AGREEMENT = xr.DataArray(np.zeros(3), dims="window", coords={"n_raters": ("window", [5, 6, 6])})
OTHER = {
    "extraction": {"every": 2, "segment": 1000, "allow_truncated": True},
    "cube": {"rate": 12.5, "extent": "union", "max_gap": 0.25, "min_detected": 0.75},
    "tisc": {"window": 4.0, "step": 1.0, "space": "norm", "min_valid": 0.9, "pairs": [[1, 2]]},
    "null": {
        "schemes": ["phase"],
        "compare": [],
        "n_surrogates": 500,
        "scope": "window",
        "alpha": 0.01,
        "tail": "two_sided",
        "seed": 7,
    },
    "behaviour": {"merge": 2.0, "lags": [1.0, 4.0], "chance_surrogates": 99},
}


def text_of(changes):
    return methods_text(Study.model_validate(changes), CUBE, TISC, AGREEMENT)


def test_every_parameter_is_tried():
    sections = Study().model_dump(exclude={"classification"})  # of another command, which has no synchrony
    assert {name: set(values) for name, values in OTHER.items()} == {
        name: set(values) for name, values in sections.items() if isinstance(values, dict)
    }


@pytest.mark.parametrize(("section", "key"), [(section, key) for section, of in OTHER.items() for key in of])
def test_another_setting_gives_another_text(section, key):
    assert text_of({section: {key: OTHER[section][key]}}) != text_of({})


@pytest.mark.parametrize("changes", [{}, OTHER])
def test_all_that_is_cited_is_listed_and_nothing_else(changes):
    text = text_of(changes)
    marks = set(re.findall(r"[A-Z][A-Za-z]+(?: et al\.| & [A-Z][a-z]+)? (?:19|20)\d\d", text))
    assert {MARKS[name] for name in cited(text)} == marks
    assert set(MARKS) <= set(CITATIONS)


def test_below_five_participants_nothing_is_said_to_be_significant():
    text = methods_text(Study(), CUBE[:4], TISC)
    assert "With fewer than 5 participants no cell was called significant." in text
    assert "A cell was significant when it passed circular shift and sign flip." in text_of({})


def test_a_relation_that_was_not_tested_is_not_said_to_be():
    untested = methods_text(Study(), CUBE, TISC, AGREEMENT, has_relation=False)
    assert "Its relation to t-ISC (delays of 0 to 3 s) is described and was not tested." in untested
    assert "was tested by circular shifts of the agreement" not in untested
    assert "was tested by circular shifts of the agreement series, over delays of 0 to 3 s" in text_of({})


def test_without_key_logs_nothing_is_said_of_them():
    text = methods_text(Study(), CUBE, TISC)
    assert "Key presses" not in text
    assert "agreement" not in cited(text)

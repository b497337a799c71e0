"""Cells of participants.tsv: our rule says what the BIDS validator says."""

import pandas as pd
import pytest

from isc.io.layout.dataset import write_raw_dataset
from isc.io.layout.participant_columns import column_fault
from isc.io.layout.validation import has_validator, validation_errors

GOOD = [("age", "24"), ("age", "24.5"), ("age", "89+"), ("age", "n/a"), ("sex", "m"), ("sex", "Female")]
GOOD += [("sex", "OTHER"), ("handedness", "R"), ("handedness", "Ambidextrous"), ("handedness", "")]
BAD = [("age", "24 years"), ("age", "24,5"), ("age", "-3"), ("sex", "w"), ("sex", "1"), ("handedness", "ambi")]


@pytest.mark.parametrize(("column", "text"), GOOD + [("Sex", "w"), ("mood", "-3")])
def test_what_bids_allows_is_no_fault(column, text):
    assert column_fault(column, text) == ""


@pytest.mark.parametrize(("column", "text"), BAD)
def test_what_bids_refuses_is_a_fault_that_says_what_to_write(column, text):
    assert column_fault(column, text).startswith(f"{column} {text!r} is not BIDS: write ")


@pytest.mark.skipif(not has_validator(), reason="bids-validator-deno is not installed")
@pytest.mark.parametrize(("cells", "n_refused"), [(GOOD[1::3], 0), (BAD[1::2], 3)])
def test_the_validator_agrees(tmp_path, cells, n_refused):
    table = pd.DataFrame({"participant_id": ["sub-01"], **{column: [text] for column, text in cells}})
    write_raw_dataset(tmp_path, table, name="Study", tasks=["film"], logged=[])
    (tmp_path / "sub-01").mkdir()
    assert len(validation_errors(tmp_path)) == n_refused

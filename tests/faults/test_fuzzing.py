"""Every parser reads hostile input or refuses it as promised; `python -m tests.fuzz` runs more of the same."""

import pytest

from tests.fuzz import PARSERS, fuzz

EXAMPLES = 25  # each; all together take seconds


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_reads_hostile_input_or_refuses_it_as_promised(name):
    count = fuzz(name, examples=EXAMPLES, start=0)
    assert count.read + count.refused >= EXAMPLES / 2

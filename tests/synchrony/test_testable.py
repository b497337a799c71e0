"""What cannot be tested is refused, with what to do instead."""

import pytest

from isc.synchrony.surrogate.described import surrogates_of
from tests.synchrony.surrogate.test_values import SCHEMES, WINDOW, landmarks


@pytest.mark.parametrize(
    ("cube", "scheme", "options", "message"),
    [
        (landmarks(n_subject=2), "circular_shift", {}, "inference needs at least 3 subjects .* the cube has 2"),
        (landmarks(), "circular_shift", {"n_surrogates": 0}, "n_surrogates must be at least 1; given 0"),
        (landmarks(), "circular_shift", {"summary": None}, "surrogates need a summary"),
        (landmarks(), "circular_shift", {"detrend": "quadratic"}, "detrend must be None or linear"),
        (landmarks(), "circular_shift", {"min_valid": 2.0}, "min_valid is a share between 0 and 1"),
        (landmarks(), "circular_shift", {"window": 7.0}, "at least two windows.* recording lasts 12 s"),
        (landmarks().where(landmarks() < 40), "phase", {}, "needs complete series; subject .. misses"),
        (landmarks(), "circular_shift", {"others": [landmarks(1)]}, "others are the stimuli of scheme='pseudo_group'"),
        (landmarks(), "pseudo_group", {"others": []}, "pseudo groups need others="),
        (landmarks(), "pseudo_group", {"others": [landmarks(1, n_time=300)]}, "stimuli of equal length"),
        (landmarks(), "pseudo_group", {"others": [landmarks(1, n_subject=7)]}, "same subjects in every .*'07'"),
    ],
)
def test_designs_that_cannot_be_tested_are_refused(cube, scheme, options, message):
    given = {"n_surrogates": 5, **WINDOW, **options}
    with pytest.raises(ValueError, match=message):
        surrogates_of(cube, scheme=SCHEMES[scheme], **given)

"""The table of measured rates."""

import pytest

from isc.lazy.rates import rate


def test_a_kind_of_work_that_was_never_measured_is_a_key_error():
    with pytest.raises(KeyError):
        rate("astrology")


def test_rates_are_plausible_for_any_processor():
    assert 1e-11 < rate("pairwise/series") < rate("phase/series") < 1e-6
    assert rate("flip") < rate("pairwise/series")
    assert 1e-4 < rate("tracking") < 1

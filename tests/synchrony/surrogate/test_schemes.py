"""Every scheme says what it tests, and refuses recordings of which it says nothing."""

import pytest

from isc.synchrony.surrogate.schemes import SCHEMES, Scheme, scheme_named
from isc.windows import sliding_windows


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_says_what_it_keeps_destroys_and_rejects(name):
    text = SCHEMES[name].__doc__
    assert "Keeps" in text and "Destroys" in text
    assert len(scheme_named(name).null_hypothesis) > 60


def test_options_are_in_the_sentence_and_the_attrs():
    scheme = scheme_named("timepoint_shuffle", features="independent", extent="within_window")
    assert "within each window" in scheme.null_hypothesis and "and feature" in scheme.null_hypothesis
    assert scheme.options() == {"features": "independent", "extent": "within_window"}
    assert "8 s" in scheme_named("block", block=8.0).null_hypothesis


def test_a_scheme_without_a_null_hypothesis_cannot_be_made():
    class Unsaid(Scheme):
        name = "unsaid"

    with pytest.raises(TypeError, match="null_hypothesis"):
        Unsaid()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("shift", {}, "scheme must be one of circular_shift, .* given 'shift'"),
        ("sign_flip", {"block": 5.0}, "scheme sign_flip has no option block; it has none"),
        ("block", {"extent": "recording"}, "scheme block has no option extent; it has block"),
        ("timepoint_shuffle", {"features": "all"}, "features must be shared or independent; given 'all'"),
        ("timepoint_shuffle", {"extent": "film"}, "extent must be recording or within_window; given 'film'"),
    ],
)
def test_unknown_schemes_and_options_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        scheme_named(name, **options)


@pytest.mark.parametrize(
    ("name", "options", "seconds", "message"),
    [
        ("circular_shift", {}, 9, "a circular shift needs a recording of at least two windows"),
        ("block", {"block": 3.0}, 60, "block is 3 s and must be at least the window of 5 s"),
        ("block", {"block": 20.0}, 30, "block is 20 s and needs a recording of at least two blocks; .* lasts 30 s"),
    ],
)
def test_recordings_that_are_too_short_are_refused(name, options, seconds, message):
    windows = sliding_windows(seconds * 30, rate=30.0)
    with pytest.raises(ValueError, match=message):
        scheme_named(name, **options).check(windows, seconds * 30)


def test_one_window_is_enough_for_a_flip():
    scheme_named("sign_flip").check(sliding_windows(150, rate=30.0), 150)

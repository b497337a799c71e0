"""Only the word yes is consent."""

import pytest

from isc.stages.privacy.consent import consents


@pytest.mark.parametrize("word", ["yes", "Yes", " YES "])
def test_yes_is_consent(word):
    assert consents({"consent_frames": word}, "consent_frames")


@pytest.mark.parametrize("word", ["no", "n/a", "", "y", "true", "1", "yes?", "not yes"])
def test_everything_else_is_none(word):
    assert not consents({"consent_frames": word}, "consent_frames")


def test_one_use_does_not_stand_for_another():
    assert not consents({"consent_analysis": "yes"}, "consent_frames")

"""What participants agreed to: the consent columns of participants.tsv. Only the word yes is consent."""

import sys
from collections.abc import Mapping
from dataclasses import replace

from isc.io.layout.raw_study import RawStudy
from isc.study import StudyError

ANALYSIS, FRAMES = "consent_analysis", "consent_frames"
YES = "yes"


def consents(columns: Mapping[str, str], use: str) -> bool:
    """Whether a participant agreed to a use of their recordings.

    Parameters
    ----------
    columns : mapping of str to str
        Their row of participants.tsv.
    use : str
        Name of the column, such as ``consent_frames``.

    Returns
    -------
    bool
        False without the column, and for every word but yes.

    Examples
    --------
    >>> consents({"consent_frames": "yes"}, "consent_frames"), consents({}, "consent_frames")
    (True, False)
    """
    return columns.get(use, "").strip().lower() == YES


def with_consent(raw: RawStudy) -> RawStudy:
    """Study without those who did not agree to the analysis; told on the terminal.

    Parameters
    ----------
    raw : RawStudy
        Without a column ``consent_analysis`` nobody is left out: a study may ask for consent in another way.

    Returns
    -------
    RawStudy

    Raises
    ------
    StudyError
        When nobody with a video is left.
    """
    refused = [p for p in raw.participants if ANALYSIS in p.columns and not consents(p.columns, ANALYSIS)]
    if not refused:
        return raw
    names = ", ".join(f"sub-{participant.label}" for participant in refused)
    print(f"isc: {ANALYSIS} is not {YES} for {names}: left out (`isc forget` removes what was made)", file=sys.stderr)
    kept = tuple(participant for participant in raw.participants if participant not in refused)
    if not any(participant.recordings for participant in kept):
        raise StudyError(f"nobody with a video consented: {ANALYSIS} in participants.tsv must be {YES} for somebody")
    return replace(raw, participants=kept)

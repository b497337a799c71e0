"""What people report: peaks in key presses and ratings, their agreement, and its relation to synchrony.

The path is ``find_peaks`` (or key presses, which are peaks already) -> ``peak_agreement`` on the windows of a t-ISC ->
``correlate_with_agreement``. Tables of peaks have one row a peak: ``subject``, ``onset`` (s from stimulus onset) and,
where a peak lasts, ``duration`` (s), as in a BIDS events file.
"""

from isc.behaviour.agreement import chance_band, peak_agreement
from isc.behaviour.controls import PressExclusion, SplitHalf, exclude_presses, split_subjects
from isc.behaviour.peaks import find_peaks, valid_intervals
from isc.behaviour.presence import peak_presence
from isc.behaviour.relation import correlate_with_agreement
from isc.behaviour.reliability import fleiss_kappa, krippendorff_alpha

__all__ = [
    "PressExclusion",
    "SplitHalf",
    "chance_band",
    "correlate_with_agreement",
    "exclude_presses",
    "find_peaks",
    "fleiss_kappa",
    "krippendorff_alpha",
    "peak_agreement",
    "peak_presence",
    "split_subjects",
    "valid_intervals",
]

"""Figures from labelled arrays: each plot returns a matplotlib Figure and neither shows nor saves it.

Every plot takes its data first and an optional ``ax``; without one it makes a figure that fits a journal page, with
units and counts on its labels and colours that colour-blind readers tell apart.
"""

from isc.plots.carpet import plot_carpet
from isc.plots.diagnostics import plot_diagnostics
from isc.plots.face import plot_face_map, plot_pair_map
from isc.plots.matrix import plot_subject_matrix, plot_subject_series
from isc.plots.null import plot_null
from isc.plots.quality import plot_quality
from isc.plots.recording import plot_recording
from isc.plots.relation import plot_relation
from isc.plots.series import plot_agreement, plot_tisc

__all__ = [
    "plot_agreement",
    "plot_carpet",
    "plot_diagnostics",
    "plot_face_map",
    "plot_null",
    "plot_pair_map",
    "plot_quality",
    "plot_recording",
    "plot_relation",
    "plot_subject_matrix",
    "plot_subject_series",
    "plot_tisc",
]

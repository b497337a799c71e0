"""Figures from labelled arrays: each plot returns a matplotlib Figure and neither shows nor saves it.

Every plot takes its data first and an optional ``ax``; without one it makes a figure that fits a journal page, with
units and counts on its labels and colours that colour-blind readers tell apart.
"""

from isc.plots.brain import plot_brain_map, plot_surface_map
from isc.plots.carpet import plot_carpet
from isc.plots.classification import (
    plot_confusion,
    plot_learning_curve,
    plot_reliability,
    plot_subject_accuracy,
)
from isc.plots.diagnostics import plot_diagnostics
from isc.plots.face import plot_face_map, plot_pair_map
from isc.plots.matrix import plot_subject_matrix, plot_subject_series
from isc.plots.null import plot_null
from isc.plots.prototypes import plot_prototypes
from isc.plots.quality import plot_quality
from isc.plots.recording import plot_recording
from isc.plots.relation import plot_relation
from isc.plots.series import plot_agreement, plot_tisc
from isc.plots.topomap import plot_topomap, plot_topomaps

__all__ = [
    "plot_agreement",
    "plot_brain_map",
    "plot_carpet",
    "plot_confusion",
    "plot_diagnostics",
    "plot_face_map",
    "plot_learning_curve",
    "plot_null",
    "plot_pair_map",
    "plot_prototypes",
    "plot_quality",
    "plot_recording",
    "plot_relation",
    "plot_reliability",
    "plot_subject_accuracy",
    "plot_subject_matrix",
    "plot_subject_series",
    "plot_surface_map",
    "plot_tisc",
    "plot_topomap",
    "plot_topomaps",
]

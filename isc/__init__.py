"""Inter-subject synchrony of faces (and brains): cubes in, windowed correlation and honest inference out.

Recordings become labelled cubes (subject x time x feature); cubes become temporal inter-subject correlation;
synchrony is tested, related to behaviour and shown. Names are loaded when first used, so that importing is cheap.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0.dev0"

_STAGES = {
    "isc.io.eeg": ("read_eeg",),
    "isc.io.face": ("read_face_video",),
    "isc.io.fmri": ("read_bold",),
    "isc.io.brain.blocks": ("voxel_blocks",),
    "isc.io.keyboard": ("read_key_log",),
    "isc.io.physio": ("read_physio",),
    "isc.io.trackers": ("read_face_tracker",),
    "isc.io.log_mapping": ("LogMapping", "read_log_mapping"),
    "isc.io.ratings": ("read_ratings",),
    "isc.io.step_ratings": ("StepScale", "read_step_rating"),
    "isc.io.episodes": ("read_episodes",),
    "isc.preprocessing.align": ("align_faces",),
    "isc.preprocessing.clean": ("bandpass", "envelope", "fill_gaps", "regress_out", "zscore"),
    "isc.preprocessing.resample": ("resample",),
    "isc.preprocessing.stack": ("stack_subjects",),
    "isc.preprocessing.quality": ("face_quality",),
    "isc.synchrony.pairs": ("VertexPairs", "vertex_pairs"),
    "isc.synchrony.temporal": ("isc", "temporal_isc"),
    "isc.synchrony.connectivity": ("isfc",),
    "isc.synchrony.phase": ("phase_null", "phase_synchrony"),
    "isc.synchrony.corrca": ("corrca",),
    "isc.synchrony.nulls": ("null_extremes",),
    "isc.synchrony.significance": ("test_synchrony",),
    "isc.synchrony.calibration": ("calibrate",),
    "isc.synchrony.inference": ("p_intervals", "p_values", "thresholds"),
    "isc.synchrony.pointwise": ("fdr", "pointwise_p_values"),
    "isc.synchrony.bootstrap": ("bootstrap_intervals",),
    "isc.synchrony.change": ("test_change",),
    "isc.synchrony.cluster_mass": ("cluster_mass",),
    "isc.synchrony.contrasts": ("compare_groups",),
    "isc.synchrony.diagnosis": ("diagnose",),
    "isc.synchrony.findings": ("Finding", "read_findings"),
    "isc.behaviour": (
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
        "valid_intervals",
    ),
    "isc.classification.curves": ("learning_curve",),
    "isc.classification.distance_space": ("DistanceSpace",),
    "isc.classification.evaluate": ("cross_validate",),
    "isc.classification.explain": ("explain",),
    "isc.classification.features": ("clip_features",),
    "isc.classification.hit_rates": ("hit_rate_curve",),
    "isc.classification.inference": ("compare_models", "permutation_test"),
    "isc.classification.leaks": ("leak_audit",),
    "isc.classification.reintroduction": ("reintroduction_curve",),
    "isc.plots": (
        "plot_agreement",
        "plot_brain_map",
        "plot_carpet",
        "plot_confusion",
        "plot_diagnostics",
        "plot_face_map",
        "plot_learning_curve",
        "plot_null",
        "plot_pair_map",
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
    ),
    "isc.simulate": ("simulate_clips", "simulate_cube", "simulate_face_video", "simulate_key_log"),
    "isc.stages.plan.cost": ("estimate_cost",),
    "isc.report": ("explore", "write_report"),
    "isc.stages.analysis": ("analyse_cube",),
    "isc.study": ("Study", "StudyError", "read_study"),
}
_HOME = {name: module for module, names in _STAGES.items() for name in names}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'isc' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Public names, for completion."""
    return sorted(__all__)

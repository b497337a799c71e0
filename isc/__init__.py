"""Inter-subject synchrony of faces (and brains): cubes in, windowed correlation and honest inference out.

Recordings become labelled cubes (subject x time x feature); cubes become temporal inter-subject correlation;
synchrony is tested, related to behaviour and shown. Names are loaded when first used, so that importing is cheap.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0.dev0"

_STAGES = {
    "isc.io.face": ("read_face_video",),
    "isc.io.keyboard": ("read_key_log",),
    "isc.preprocessing.align": ("align_faces",),
    "isc.preprocessing.resample": ("resample",),
    "isc.preprocessing.stack": ("stack_subjects",),
    "isc.preprocessing.quality": ("face_quality",),
    "isc.synchrony.pairs": ("VertexPairs", "vertex_pairs"),
    "isc.synchrony.temporal": ("isc", "temporal_isc"),
    "isc.synchrony.connectivity": ("isfc",),
    "isc.synchrony.nulls": ("null_extremes",),
    "isc.synchrony.inference": ("p_values", "thresholds"),
    "isc.behaviour": ("correlate_with_agreement", "find_peaks", "peak_agreement"),
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
        "plot_carpet",
        "plot_confusion",
        "plot_face_map",
        "plot_learning_curve",
        "plot_null",
        "plot_pair_map",
        "plot_quality",
        "plot_tisc",
    ),
    "isc.report": ("write_report",),
    "isc.simulate": ("simulate_clips", "simulate_cube", "simulate_face_video", "simulate_key_log"),
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

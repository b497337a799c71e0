"""Neural networks as comparators: one training loop, the clip tables, splits and scores of `isc.classification`.

Needs PyTorch (``pip install 'isc-toolkit[networks]'``); no other part of the package does. Names are loaded when first
used.
"""

from importlib import import_module
from typing import Any

_MODULES = {
    "isc.networks.alignment": ("match_frames", "match_phones", "read_textgrid", "warp"),
    "isc.networks.affect": ("AffectNetwork", "affect_loss", "affect_scorer", "concordance"),
    "isc.networks.augmentation": ("jitter_colours", "make_jitter"),
    "isc.networks.batches": ("ArrayTable", "Batches", "PictureTable"),
    "isc.networks.comparison": ("Fold", "SYSTEMS", "cross_validate_system", "register"),
    "isc.networks.crops": ("align_crop", "clip_corpus"),
    "isc.networks.generated": ("generated_corpus",),
    "isc.networks.objectives": ("accumulate_gradient", "class_weights", "cross_entropy"),
    "isc.networks.patches": ("cut_patches", "mirror_patches", "patch_boxes", "patch_names"),
    "isc.networks.recipe": ("Recipe",),
    "isc.networks.scoring": ("class_scorer", "probabilities"),
    "isc.networks.seeding": ("build", "seeded"),
    "isc.networks.senet": ("SENet", "compact_se_resnet", "se_resnet50"),
    "isc.networks.splits": ("SubjectParts", "divide_subjects"),
    "isc.networks.speech": ("draw_meshes", "simulate_speakers"),
    "isc.networks.style": ("FusionModel", "StyleExtractor", "fusion_pair", "style_extractor", "style_loss"),
    "isc.networks.systems": ("fit_crops",),
    "isc.networks.tables": ("holdout_result", "mean_interval"),
    "isc.networks.transformer": ("GridTransformer", "PatchTransformer", "landmark_transformer"),
    "isc.networks.training": ("Training", "train"),
    "isc.networks.vgg": ("VGG", "compact_vgg", "narrow_vgg16", "vgg16"),
    "isc.networks.voting": ("balanced_folds", "top_table", "vote", "vote_weights"),
    "isc.networks.weights": ("load_weights", "read_weights"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'isc.networks' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(
            f"isc.networks.{name} needs PyTorch, which is not installed; pip install 'isc-toolkit[networks]'"
        ) from error


def __dir__() -> list[str]:
    """Public names, for completion."""
    return sorted(__all__)

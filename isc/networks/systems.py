"""The networks that learn from aligned crops of faces, as systems of the comparison."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from isc.networks.augmentation import make_jitter
from isc.networks.batches import ArrayTable, Batches
from isc.networks.comparison import Fold, register
from isc.networks.objectives import class_weights, cross_entropy
from isc.networks.recipe import Recipe
from isc.networks.scoring import class_scorer, probabilities
from isc.networks.seeding import build, seeded
from isc.networks.senet import compact_se_resnet
from isc.networks.training import train
from isc.networks.vgg import narrow_vgg16

# From first weights in half a minute a fold on one core: Adam instead of the published SGD, whose rates are for
# loaded weights. Chosen by the validation people of one fold, test clips unseen.
COMPACT = Recipe(
    n_iterations=300, validate_every=25, patience=6, optimizer="adam", learning_rates={"": 2e-3}, weight_decay=1e-4
)
PUBLISHED = Recipe(
    n_iterations=39_200, n_parts=4, validate_every=3920, optimizer="sgd", learning_rates={"head": 1e-3, "": 1e-6},
    momentum=0.9, weight_decay=0.005,
)  # fmt: skip
# Sixteen layers without batch normalisation: at the rate of the others they stayed at chance. The rate was chosen by
# the validation people of one fold among 1e-3, 3e-4, 2e-4 and 1e-4, with fully connected layers twice as wide as now;
# it leaves chance after about 300 iterations, so patience may not end it before.
NARROW_VGG16 = Recipe(
    **COMPACT.settings() | {"n_iterations": 700, "validate_every": 50, "patience": None, "learning_rates": {"": 2e-4}}
)
BATCH = 32  # crops
# Colours of generated faces do not depend on the expression; the published hue of 0.5 makes faces of all colours.
JITTER = {"brightness": 0.4, "contrast": 0.3, "saturation": 0.25, "hue": 0.5}


def crop_table(fold: Fold, clips: np.ndarray) -> tuple[ArrayTable, np.ndarray]:
    """Crops of some clips, a sample a frame.

    Parameters
    ----------
    fold : Fold
        Its corpus has ``crop`` (clip, frame, row, column, channel).
    clips : ndarray of int
        Positions along clip.

    Returns
    -------
    table : ArrayTable
        ``input``, and ``code`` (-1 for test clips).
    codes : ndarray of int, shape (sample,)
    """
    crops = fold.corpus["crop"].transpose("clip", "frame", "row", "column", "channel").values[clips]
    codes = np.repeat(fold.codes[clips], crops.shape[1])
    return ArrayTable(input=crops.reshape(-1, *crops.shape[2:]), code=codes), codes


def clip_probabilities(model: torch.nn.Module, table: ArrayTable, n_clip: int) -> np.ndarray:
    """Mean over the frames of each clip of the probabilities (clip, class)."""
    said = probabilities(model, table)
    return said.reshape(n_clip, -1, said.shape[1]).mean(axis=1)


def fit_crops(
    fold: Fold,
    factory: Callable[..., torch.nn.Module],
    *,
    recipe: Recipe = COMPACT,
    batch_size: int = BATCH,
    weighted: bool = True,
    **options: Any,
) -> np.ndarray:
    """Train a network on the crops of a fold and say what its test clips show.

    Parameters
    ----------
    fold : Fold
        From `isc.networks.cross_validate_system`.
    factory : callable
        Called with the number of classes; gives the network.
    recipe : Recipe
        Its seed is replaced by that of the fold.
    batch_size : int
        Crops in a batch.
    weighted : bool
        Whether rarer classes weigh more (`isc.networks.class_weights`).
    **options : any
        Passed to the factory.

    Returns
    -------
    ndarray, shape (test clip, class)
        Mean over the frames of each clip of the probabilities.
    """
    n_class = len(fold.classes)
    model = build(factory, n_class, seed=fold.seed, **options)
    table, codes = crop_table(fold, fold.train)
    loss = cross_entropy(class_weights(codes, n_class) if weighted else None)
    batches = Batches(table, size=batch_size, augment=make_jitter(**JITTER), seed=fold.seed)
    score = class_scorer(*crop_table(fold, fold.validation), n_class)
    settings = Recipe(**recipe.settings() | {"seed": fold.seed})
    name = fold.folder.name if fold.folder else "training"
    places: dict[str, Any] = {"folder": fold.folder, "progress": fold.progress, "name": name}
    with seeded(fold.seed, n_threads=recipe.n_threads):
        train(model, batches, loss, score, recipe=settings, **places)
        return clip_probabilities(model, crop_table(fold, fold.test)[0], len(fold.test))


@register("se_resnet")
def se_resnet(fold: Fold) -> np.ndarray:
    """SE-ResNet of the expression challenge, compact."""
    return fit_crops(fold, compact_se_resnet)


@register("vgg16")
def vgg16(fold: Fold) -> np.ndarray:
    """The sixteen layers of VGG-16, an eighth as wide: the whole network is for a GPU and for loaded weights."""
    return fit_crops(fold, narrow_vgg16, recipe=NARROW_VGG16)

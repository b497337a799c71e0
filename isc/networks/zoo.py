"""The networks of the zoo that votes: on crops, on a grid of patches, and on the patches of landmarks."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr

from isc.networks.augmentation import make_jitter
from isc.networks.batches import ArrayTable, Augment, Batches
from isc.networks.comparison import Fold, register
from isc.networks.objectives import cross_entropy
from isc.networks.patches import cut_patches, mirror_patches, patch_boxes
from isc.networks.recipe import Recipe
from isc.networks.scoring import class_scorer, probabilities
from isc.networks.seeding import build, seeded
from isc.networks.senet import compact_se_resnet
from isc.networks.systems import BATCH, COMPACT, JITTER
from isc.networks.training import train
from isc.networks.transformer import GridTransformer, landmark_transformer
from isc.networks.vgg import compact_vgg

TRANSFORMER = Recipe(
    n_iterations=500, validate_every=25, patience=8, optimizer="adam", learning_rates={"": 1e-3}, weight_decay=1e-4
)
VGG_RECIPE = Recipe(**COMPACT.settings() | {"learning_rates": {"": 1e-3}})


class Member(NamedTuple):
    """A network of the zoo.

    Attributes
    ----------
    factory : callable
        Called with the number of classes.
    recipe : Recipe
        How it learns from first weights.
    augment : callable
        What is changed in its batches.
    of_patches : bool
        Whether it sees the patches of landmarks instead of the crop.
    of_size : bool
        Whether the factory is told the side of the crops.
    """

    factory: Callable[..., torch.nn.Module]
    recipe: Recipe
    augment: Augment
    of_patches: bool = False
    of_size: bool = False


ZOO = {
    "se_resnet": Member(compact_se_resnet, COMPACT, make_jitter(**JITTER)),
    "vgg": Member(compact_vgg, VGG_RECIPE, make_jitter(**JITTER)),
    "grid_transformer": Member(GridTransformer, TRANSFORMER, make_jitter(**JITTER), of_size=True),
    "landmark_transformer": Member(landmark_transformer, TRANSFORMER, mirror_patches, of_patches=True),
}


def samples(corpus: xr.Dataset, clips: np.ndarray, codes: np.ndarray, *, of_patches: bool) -> ArrayTable:
    """Frames of some clips as samples: crops, or the patches of their landmarks.

    Parameters
    ----------
    corpus : Dataset
        From `isc.networks.clip_corpus`.
    clips : ndarray of int
        Positions along clip.
    codes : ndarray of int, shape (clip,)
        Class of every clip of the corpus.
    of_patches : bool

    Returns
    -------
    ArrayTable
        ``input`` and ``code``, the frames of a clip one after the other.
    """
    crops = corpus["crop"].transpose("clip", "frame", "row", "column", "channel").values[clips]
    of = np.repeat(codes[clips], crops.shape[1])
    pictures = crops.reshape(-1, *crops.shape[2:])
    if not of_patches:
        return ArrayTable(input=pictures, code=of)
    points = corpus["crop_landmark"].transpose("clip", "frame", "vertex", "axis").values[clips]
    return ArrayTable(input=cut_patches(pictures, patch_boxes(points.reshape(-1, *points.shape[2:]))), code=of)


def fit_member(
    member: str,
    corpus: xr.Dataset,
    codes: np.ndarray,
    n_class: int,
    *,
    training: np.ndarray,
    validation: np.ndarray,
    recipe: Recipe | None = None,
    head_first: int = 0,
    **places: Any,
) -> torch.nn.Module:
    """Train one network of the zoo.

    Parameters
    ----------
    member : str
        A key of `ZOO`.
    corpus : Dataset
        From `isc.networks.clip_corpus`.
    codes : ndarray of int, shape (clip,)
        Class of every clip; those of test clips are not looked at.
    n_class : int
        Classes that exist.
    training, validation : ndarray of int
        Positions along clip.
    recipe : Recipe, optional
        By default that of the zoo.
    head_first : int
        Iterations in which the head alone learns before the whole does: for loaded weights.
    **places : any
        folder, progress and name of `isc.networks.train`.

    Returns
    -------
    torch.nn.Module
        With the weights that were best on the validation clips.

    Raises
    ------
    ValueError
        When the name is not in the zoo.
    """
    if member not in ZOO:
        raise ValueError(f"there is no network {member!r} in the zoo; there are {', '.join(ZOO)}")
    known = ZOO[member]
    how = known.recipe if recipe is None else recipe
    options = {"size": corpus.sizes["row"]} if known.of_size else {}
    model = build(known.factory, n_class, seed=how.seed, **options)
    table = samples(corpus, training, codes, of_patches=known.of_patches)
    checked = samples(corpus, validation, codes, of_patches=known.of_patches)
    true = np.repeat(codes[validation], corpus.sizes["frame"])
    batches = Batches(table, size=BATCH, augment=known.augment, seed=how.seed)
    score = class_scorer(checked, true, n_class)
    with seeded(how.seed, n_threads=how.n_threads):
        if head_first:
            first = {"n_iterations": head_first, "patience": None, "learning_rates": _head_alone(how)}
            train(model, batches, cross_entropy(), score, recipe=Recipe(**how.settings() | first))
        train(model, batches, cross_entropy(), score, recipe=how, **places)
    return model


def _head_alone(recipe: Recipe) -> dict[str, float]:
    return {"head": max(recipe.learning_rates.values()), "": 0.0}


def say(name: str, model: torch.nn.Module, corpus: xr.Dataset, clips: np.ndarray) -> np.ndarray:
    """Probability of every class for some clips, mean over their frames.

    Parameters
    ----------
    name : str
        A key of `ZOO`.
    model : torch.nn.Module
        From `fit_member`.
    corpus : Dataset
    clips : ndarray of int

    Returns
    -------
    ndarray, shape (clip, class)
    """
    nobody = np.full(corpus.sizes["clip"], -1)
    said = probabilities(model, samples(corpus, clips, nobody, of_patches=ZOO[name].of_patches))
    return said.reshape(len(clips), -1, said.shape[1]).mean(axis=1)


def _system(name: str) -> Callable[[Fold], np.ndarray]:
    def system(fold: Fold) -> np.ndarray:
        """The network of the zoo, trained on the fold."""
        recipe = Recipe(**ZOO[name].recipe.settings() | {"seed": fold.seed})
        places: dict[str, Any] = {"folder": fold.folder, "progress": fold.progress}
        places["name"] = fold.folder.name if fold.folder else "training"
        model = fit_member(
            name, fold.corpus, fold.codes, len(fold.classes), training=fold.train, validation=fold.validation,
            recipe=recipe, **places,
        )  # fmt: skip
        return say(name, model, fold.corpus, fold.test)

    return system


grid_transformer = register("grid_transformer")(_system("grid_transformer"))
landmark_transformer_system = register("landmark_transformer")(_system("landmark_transformer"))

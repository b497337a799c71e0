"""The system of the style extractor whole: static features, style, and their fusion; trained one after the other."""

from typing import Any

import numpy as np
import torch
import xarray as xr

from isc.networks.augmentation import make_jitter
from isc.networks.batches import ArrayTable, Augment, Batches
from isc.networks.comparison import Fold, register
from isc.networks.objectives import cross_entropy
from isc.networks.recipe import Recipe
from isc.networks.scoring import as_input, class_scorer, probabilities
from isc.networks.seeding import build, seeded
from isc.networks.splits import SubjectParts
from isc.networks.style import FusionModel, StyleExtractor, style_loss, style_scorer
from isc.networks.systems import BATCH, COMPACT, JITTER
from isc.networks.training import train
from isc.networks.vgg import VGG, compact_vgg
from isc.networks.zoo import VGG_RECIPE

EVERY_PICTURE = 256  # pictures that go through a network at a time
NEUTRAL = "neutral"
STYLE_WIDTH, FUSION_WIDTH = 48, 24
# Chosen by the validation people of one fold, test clips unseen.
STYLE = Recipe(**COMPACT.settings() | {"criterion": "error", "n_iterations": 400, "learning_rates": {"": 3e-3}})
FUSION = Recipe(**COMPACT.settings() | {"learning_rates": {"": 2e-3}})


def flat_meshes(corpus: xr.Dataset, known: np.ndarray) -> np.ndarray:
    """Meshes of every frame as one row of numbers each, less the mean mesh of the training clips.

    Parameters
    ----------
    corpus : Dataset
        With ``sequence`` (clip, time, vertex, space), inter-ocular distances.
    known : ndarray of int
        Positions of the training clips.

    Returns
    -------
    ndarray, shape (clip, time, value)
        Tenths of an inter-ocular distance, so that numbers are near 1.
    """
    values = corpus["sequence"].transpose("clip", "time", "vertex", "space").values
    values = values.reshape(*values.shape[:2], -1)
    return (values - values[known].mean(axis=(0, 1))) * 10


def own_neutral(meshes: np.ndarray, subjects: np.ndarray, is_neutral: np.ndarray) -> np.ndarray:
    """Mean neutral mesh of who is seen in each clip: what a style extractor is to turn the clip's meshes into.

    For faces that do not speak. Where they do, a neutral recording of the same sentence is needed, and
    `isc.networks.match_frames` or `match_phones`.

    Parameters
    ----------
    meshes : ndarray, shape (clip, time, value)
    subjects : ndarray, shape (clip,)
    is_neutral : ndarray of bool, shape (clip,)
        Clips that are known to be neutral; never test clips.

    Returns
    -------
    ndarray, shape (clip, time, value)
        Every frame of a clip has the same mesh; NaN for subjects without a neutral clip.

    Examples
    --------
    >>> meshes = np.array([1.0, 2.0, 5.0, 7.0]).reshape(4, 1, 1)
    >>> own_neutral(meshes, np.array(list("aabb")), np.array([True, False, False, False])).ravel().tolist()
    [1.0, 1.0, nan, nan]
    """
    found = np.full_like(meshes, np.nan)
    for subject in np.unique(subjects[is_neutral]):
        own = subjects == subject
        found[own] = meshes[own & is_neutral].mean(axis=(0, 1))
    return found


def static_features(
    model: VGG, pictures: np.ndarray, codes: np.ndarray, parts: SubjectParts, *, recipe: Recipe,
    augment: Augment | None = None, batch_size: int = 64, **places: Any,
) -> np.ndarray:  # fmt: skip
    """First fully connected layer of a network that learnt the class of single frames.

    Parameters
    ----------
    model : VGG
        With first weights; trained in place.
    pictures : ndarray of uint8, shape (clip, frame, row, column, 3)
    codes : ndarray of int, shape (clip,)
        Classes; those of test clips are not looked at.
    parts : SubjectParts
        What is learnt from and what the weights are chosen by.
    recipe : Recipe
    augment : callable, optional
        As in `isc.networks.Batches`.
    batch_size : int
        Pictures in a batch.
    **places : any
        folder, progress and name of `isc.networks.train`.

    Returns
    -------
    ndarray, shape (clip, frame, unit)
        Of all clips.
    """
    n_clip, n_frame = pictures.shape[:2]

    def table(clips: np.ndarray) -> ArrayTable:
        """Frames of some clips."""
        return ArrayTable(input=_frames(pictures[clips]), code=np.repeat(codes[clips], n_frame))

    score = class_scorer(
        table(parts.validation), np.repeat(codes[parts.validation], n_frame), model.head.out_features
    )  # fmt: skip
    batches = Batches(table(parts.train), size=batch_size, augment=augment, seed=recipe.seed)
    train(model, batches, cross_entropy(), score, recipe=recipe, **places)
    everything = torch.from_numpy(_frames(pictures))
    model.eval()
    with torch.no_grad():
        found = torch.cat([model.features(as_input(block)) for block in everything.split(EVERY_PICTURE)])
    return found.numpy().reshape(n_clip, n_frame, -1)


def _frames(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(-1, *pictures.shape[2:])


def learn_style(
    model: StyleExtractor, meshes: np.ndarray, neutral: np.ndarray, parts: SubjectParts, *, recipe: Recipe,
    phone: np.ndarray | None = None, phone_weight: float = 0.1, **places: Any,
) -> np.ndarray:  # fmt: skip
    """Style of every clip by an extractor that learnt to turn meshes into neutral ones.

    Parameters
    ----------
    model : StyleExtractor
        With first weights; trained in place.
    meshes : ndarray, shape (clip, time, value)
        From `flat_meshes`.
    neutral : ndarray, shape (clip, time, value)
        The aligned neutral meshes; those of test clips are not looked at.
    parts : SubjectParts
        What is learnt from and what the weights are chosen by.
    recipe : Recipe
    phone : ndarray of int, shape (clip, time), optional
        Phone of each frame, -1 where it is not known.
    phone_weight : float
        As in `style_loss`.
    **places : any
        folder, progress and name of `isc.networks.train`.

    Returns
    -------
    ndarray, shape (clip, time, value)
        The meshes less what the extractor makes of them; of all clips, with no neutral mesh of theirs.
    """
    said = np.full(meshes.shape[:2], -1) if phone is None else phone

    def table(clips: np.ndarray) -> ArrayTable:
        """Sequences of some clips."""
        return ArrayTable(input=meshes[clips], neutral=neutral[clips], phone=said[clips])

    batches = Batches(table(parts.train), size=16, seed=recipe.seed)
    score = style_scorer(table(parts.validation))
    train(model, batches, style_loss(phone_weight), score, recipe=recipe, **places)
    with torch.no_grad():
        return model.style(torch.from_numpy(meshes)).numpy()


def fuse(
    model: FusionModel, features: np.ndarray, codes: np.ndarray, parts: SubjectParts, *, recipe: Recipe, **places: Any
) -> np.ndarray:
    """What a fusion model says of the test clips.

    Parameters
    ----------
    model : FusionModel
        With first weights; trained in place.
    features : ndarray, shape (clip, time, feature)
        Its streams one behind the other.
    codes : ndarray of int, shape (clip,)
        Classes; those of test clips are not looked at.
    parts : SubjectParts
    recipe : Recipe
    **places : any
        folder, progress and name of `isc.networks.train`.

    Returns
    -------
    ndarray, shape (test clip, class)
        Probabilities.
    """

    def table(clips: np.ndarray) -> ArrayTable:
        """Sequences of some clips."""
        return ArrayTable(input=features[clips], code=codes[clips])

    score = class_scorer(table(parts.validation), codes[parts.validation], model.head.out_features)
    batches = Batches(table(parts.train), size=24, seed=recipe.seed)
    train(model, batches, cross_entropy(), score, recipe=recipe, **places)
    return probabilities(model, table(parts.test))


def nearest_crops(n_time: int, n_frame: int) -> np.ndarray:
    """Which crop of a clip is nearest in time to each mesh of its sequence.

    Parameters
    ----------
    n_time, n_frame : int
        Meshes, evenly spaced over a clip, and crops, evenly spaced over its second half, as
        `isc.networks.clip_corpus` takes them; a single one is the last.

    Returns
    -------
    ndarray of int, shape (n_time,)

    Examples
    --------
    >>> nearest_crops(6, 3).tolist()
    [0, 0, 0, 0, 1, 2]
    """
    meshes = np.linspace(0, 1, n_time) if n_time > 1 else np.ones(1)
    crops = np.linspace(0.5, 1, n_frame) if n_frame > 1 else np.ones(1)
    return np.abs(meshes[:, None] - crops).argmin(axis=1)


@register("style_fusion")
def style_fusion(fold: Fold) -> np.ndarray:
    """Style extractor and fusion on faces that do not speak: static features of crops beside the style of meshes.

    The extractor learns to turn every mesh of a training person into that person's mean neutral mesh; it needs no
    phones, and no neutral clip of the person who is tested: their style is what the extractor takes away.

    Parameters
    ----------
    fold : Fold
        Its corpus has ``crop`` and ``sequence``; among the classes is "neutral", shown by everybody who is learnt
        from.

    Returns
    -------
    ndarray, shape (test clip, class)

    Raises
    ------
    ValueError
        When somebody who is learnt from shows no neutral clip.

    References
    ----------
    Salman & Busso, Style extractor for facial expression recognition in the presence of speech (the design).
    """
    parts, n_class = SubjectParts(fold.train, fold.validation, fold.test), len(fold.classes)
    meshes, neutral = _meshes_of(fold)
    crops = fold.corpus["crop"].transpose("clip", "frame", "row", "column", "channel").values
    with seeded(fold.seed, n_threads=COMPACT.n_threads):
        static = static_features(
            build(compact_vgg, n_class, seed=fold.seed), crops, fold.codes, parts, augment=make_jitter(**JITTER),
            batch_size=BATCH, **_stage(fold, "static", VGG_RECIPE),
        )[:, nearest_crops(meshes.shape[1], crops.shape[1])]  # fmt: skip
        extractor = build(StyleExtractor, meshes.shape[2], 0, width=STYLE_WIDTH, seed=fold.seed)
        style = learn_style(extractor, meshes, neutral, parts, **_stage(fold, "style", STYLE))
        model = build(FusionModel, n_class, (static.shape[2], style.shape[2]), width=FUSION_WIDTH, seed=fold.seed)
        features = np.concatenate([static, style], axis=2)
        return fuse(model, features, fold.codes, parts, **_stage(fold, "fusion", FUSION))


def _meshes_of(fold: Fold) -> tuple[np.ndarray, np.ndarray]:
    """Meshes of all clips, and the neutral ones of the people who are learnt from."""
    meshes = flat_meshes(fold.corpus, fold.train)
    subjects = fold.corpus["subject"].values
    is_neutral = fold.codes == (fold.classes.index(NEUTRAL) if NEUTRAL in fold.classes else len(fold.classes))
    learnt = np.unique(subjects[np.concatenate([fold.train, fold.validation])])
    lacking = np.setdiff1d(learnt, subjects[is_neutral])
    if lacking.size:
        raise ValueError(
            f"style_fusion learns from a clip of class {NEUTRAL!r} of everybody; subject {lacking[0]} has none "
            f"({lacking.size} such people); leave these people or this system out"
        )
    return meshes, own_neutral(meshes, subjects, is_neutral)


def _stage(fold: Fold, name: str, recipe: Recipe) -> dict[str, Any]:
    """Recipe, folder and progress of one of the three trainings of a fold."""
    run = fold.folder.name if fold.folder else "training"
    folder = None if fold.folder is None else fold.folder / name
    seeded_recipe = Recipe(**recipe.settings() | {"seed": fold.seed})
    return {"recipe": seeded_recipe, "folder": folder, "progress": fold.progress, "name": f"{run} {name}"}

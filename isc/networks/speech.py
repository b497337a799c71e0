"""Generated speakers: meshes that articulate the same sentences in several emotions, with their phones."""

from importlib import resources

import numpy as np
import xarray as xr

from isc.mesh import mean_shape, regions
from isc.preprocessing.align import align_faces

LABELS = ("anger", "happiness", "neutral", "sadness")
LOWER = ("mouth", "jaw", "cheek_left", "cheek_right")  # parts that articulation moves
STEP = 9  # every ninth vertex of the mesh is kept: 52 of 468
N_PHONE = 8
PHONES_SAID = 5  # of a sentence
HARMONIC = 0.35  # share of the articulation that an emotion strengthens or weakens


def portrait_shape() -> xr.DataArray:
    """Aligned landmarks of the public-domain portrait that generated viewers are rendered from.

    Returns
    -------
    DataArray, dims (vertex, space)
        478 vertices, inter-ocular distances.

    Examples
    --------
    >>> portrait_shape().shape
    (478, 3)
    """
    with resources.files("isc.simulate").joinpath("portrait_landmarks.txt").open(encoding="utf-8") as file:
        landmarks = np.loadtxt(file)
    return mean_shape(align_faces(xr.DataArray([landmarks] * 2, dims=("time", "vertex", "space"))))


def simulate_speakers(
    shape: xr.DataArray,
    *,
    n_subject: int = 12,
    n_sentence: int = 4,
    n_time: int = 20,
    emotion: float = 0.03,
    articulation: float = 0.06,
    noise: float = 0.01,
    seed: int = 0,
) -> xr.Dataset:
    """Mesh sequences of speakers who say the same sentences in four emotions.

    A mesh is the mean shape, the speaker's own departure from it, the phone that is being said (on mouth, jaw and
    cheeks), the emotion (everywhere, each speaker with a strength of their own), and their interaction: emotions change
    how strongly one articulates. Neutral partners are the same sentence said without emotion, in another rhythm.

    Parameters
    ----------
    shape : DataArray, dims (vertex, space)
        Mean face, 468 vertices or more; inter-ocular distances.
    n_subject, n_sentence, n_time : int
        Speakers, sentences, frames of a recording.
    emotion, articulation, noise : float
        Standard deviations of the movements, inter-ocular distances.
    seed : int

    Returns
    -------
    Dataset
        ``sequence`` (clip, time, vertex, space), ``phone`` (clip, time), float32 and int64. Coords along clip: clip,
        subject, label, sentence, take (subject and sentence).

    Examples
    --------
    >>> shape = xr.DataArray(np.random.default_rng(0).normal(size=(478, 3)), dims=("vertex", "space"))
    >>> simulate_speakers(shape, n_subject=2, n_sentence=1)["sequence"].sizes["clip"]
    8
    """
    rng = np.random.default_rng(seed)
    kept = np.arange(0, 468, STEP)
    mean = shape.transpose("vertex", "space").values[kept]
    is_lower = np.isin(kept, np.concatenate([regions()[part] for part in LOWER]))[:, None]
    phones = articulation * rng.normal(size=(N_PHONE, *mean.shape)) * is_lower
    moods = emotion * rng.normal(size=(len(LABELS), *mean.shape))
    moods[LABELS.index("neutral")] = 0.0
    louder = 1 + HARMONIC * rng.normal(size=len(LABELS))
    louder[LABELS.index("neutral")] = 1.0
    sentences = rng.integers(0, N_PHONE, (n_sentence, PHONES_SAID))
    rows, sequences, said = [], [], []
    for subject in range(n_subject):
        own, strength = 0.05 * rng.normal(size=mean.shape), rng.uniform(0.4, 1.4)
        for sentence in range(n_sentence):
            for mood, label in enumerate(LABELS):
                place = _rhythm(n_time, rng)
                phone = sentences[sentence][place]
                moved = _smooth(louder[mood] * phones[phone]) + strength * moods[mood]
                sequences.append(mean + own + moved + noise * rng.normal(size=moved.shape))
                said.append(phone)
                rows.append((f"{subject:02d}-{sentence}-{label}", f"{subject:02d}", label, sentence))
    names, people, labels, numbers = (list(column) for column in zip(*rows, strict=True))
    coords = {"clip": names, "subject": ("clip", people), "label": ("clip", labels), "sentence": ("clip", numbers)}
    coords["take"] = ("clip", [f"{who}-{what}" for who, what in zip(people, numbers, strict=True)])
    variables = {
        "sequence": (("clip", "time", "vertex", "space"), np.stack(sequences).astype(np.float32)),
        "phone": (("clip", "time"), np.stack(said)),
    }
    return xr.Dataset(variables, coords | {"vertex": kept})


def _rhythm(n_time: int, rng: np.random.Generator) -> np.ndarray:
    """Which phone of the sentence is said in each frame: all in their order, of unequal lengths."""
    edges = np.cumsum(rng.uniform(0.6, 1.4, PHONES_SAID))
    return np.searchsorted(edges / edges[-1], (np.arange(n_time) + 0.5) / n_time)


def _smooth(movement: np.ndarray) -> np.ndarray:
    """Mean of each frame and its neighbours: phones flow into one another."""
    padded = np.concatenate([movement[:1], movement, movement[-1:]])
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def draw_meshes(meshes: np.ndarray, *, size: int = 32) -> np.ndarray:
    """Pictures of meshes for networks that want pictures: bright spots where the vertices are seen from the front.

    Parameters
    ----------
    meshes : ndarray, shape (sample, vertex, space)
        x to the right, y down.
    size : int
        Side, px.

    Returns
    -------
    ndarray of uint8, shape (sample, row, column, 3)
        One scale for all samples, so that movements are seen.

    Examples
    --------
    >>> draw_meshes(np.zeros((1, 1, 3)), size=8).shape
    (1, 8, 8, 3)
    """
    flat = np.asarray(meshes, dtype=float)[..., :2]
    low, high = flat.min(axis=(0, 1)), flat.max(axis=(0, 1))
    places = 2 + (flat - low) / max(float((high - low).max()), 1e-9) * (size - 5)
    grid = np.arange(size)
    across = np.exp(-((places[:, :, 0, None] - grid) ** 2))
    down = np.exp(-((places[:, :, 1, None] - grid) ** 2))
    light = np.einsum("nvr,nvc->nrc", down, across)
    return np.repeat(np.clip(light * 160, 0, 255).astype(np.uint8)[..., None], 3, axis=3)

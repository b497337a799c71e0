"""Labelled clips of generated people who show the six basic expressions, posed and genuine, again and again.

What raters recognise depends on how far a clip lies from the other expressions: the hit rate is drawn from the margin
of the movements themselves, before anything is rendered.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isc.simulate.action_units import LARGEST_AMPLITUDE, UNITS
from isc.simulate.camera import Camera
from isc.simulate.video import simulate_face_video

# Movements of each expression at full strength, after the prototypes of Ekman, Friesen & Hager 2002 (FACS).
EXPRESSIONS: dict[str, dict[str, float]] = {
    "angry": {"AU4": 1.0, "AU5": 0.4, "AU7": 0.7, "AU23": 0.9},
    "disgust": {"AU9": 1.0, "AU10": 0.7, "AU17": 0.5},
    "fearful": {"AU1": 0.9, "AU2": 0.5, "AU4": 0.5, "AU5": 0.9, "AU20": 0.8, "AU25": 0.4},
    "happy": {"AU6": 0.7, "AU12": 0.9, "AU25": 0.4},
    "sad": {"AU1": 0.8, "AU4": 0.4, "AU15": 1.0, "AU17": 0.4},
    "surprised": {"AU1": 1.0, "AU2": 1.0, "AU5": 0.7, "AU26": 0.8},
    "neutral": {},
}
KINDS = ("posed", "genuine")
STRENGTH = {"posed": 0.85, "genuine": 0.55}  # of the full expression
BLEND = {"posed": 0.0, "genuine": 0.25}  # share of another expression mixed in
DIALECT_SD = 0.35  # log, how strongly a person uses each movement of each expression
OWN_MOVE = 0.35  # amplitude of a movement that a person adds to an expression
REPETITION_SD = 0.12  # log, from one repetition to the next
ONSET = 0.4  # share of the clip in which the expression unfolds
N_RATER = 20
HIT_SLOPE, HIT_MIDDLE = 3.0, 0.15  # of the raters' logistic curve, in units of the margin
SAMPLES_PER_SECOND = 20.0  # of the courses
STREAM = 61  # keeps these draws apart from those of faces and cameras


def simulate_clips(
    folder: Path | str,
    *,
    n_subject: int = 8,
    n_repetition: int = 4,
    labels: Sequence[str] = tuple(EXPRESSIONS),
    duration: float = 1.0,
    camera: Camera | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Write the clips of generated people who show each expression several times, and give their table.

    People differ in the shape of the face, in how they show an expression (a dialect of gains and a movement of
    their own) and, from one repetition to the next, a little. Posed expressions are strong; genuine ones are weaker
    and blended with another one. The neutral face is posed only.

    Parameters
    ----------
    folder : path-like
        Made when it is missing; gets the clips and ``clips.tsv``.
    n_subject : int
        People.
    n_repetition : int
        Times that a person shows each expression of each kind.
    labels : sequence of str
        Some of angry, disgust, fearful, happy, sad, surprised, neutral.
    duration : float
        Of a clip, s; the expression unfolds in the first 40 % and stays.
    camera : Camera, optional
        Default 5 frames per second of 160 x 180 pixels.
    seed : int
        Same seed, same clips.

    Returns
    -------
    DataFrame
        Columns clip, subject, label, kind, repetition, take (subject, label and kind), margin (distance of the
        movements to the nearest other expression less that to its own, amplitude), hit_rate (%, of 20 simulated
        raters), path (the file's name).

    Raises
    ------
    ValueError
        When a label is not known, or a count is below 1.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     clips = simulate_clips(folder, n_subject=1, n_repetition=1, labels=["happy"], duration=0.4)
    >>> clips["clip"].tolist()
    ['sub-01_happy_posed_01', 'sub-01_happy_genuine_01']
    """
    unknown = [label for label in labels if label not in EXPRESSIONS]
    if unknown or not len(labels):
        raise ValueError(f"labels must be some of {tuple(EXPRESSIONS)}; given {unknown or 'none'}")
    if n_subject < 1 or n_repetition < 1:
        raise ValueError(f"one subject and one repetition are needed at least; given {n_subject} and {n_repetition}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    camera = camera or Camera(rate=5.0, width=160, height=180)
    table = clip_script(n_subject, n_repetition, labels, seed)
    for number, (row, movements) in enumerate(table):
        course = _course(movements, duration)
        simulate_face_video(
            folder / row["path"],
            subject_index=int(row["subject"]) - 1,
            course=course,
            camera=camera,
            seed=seed,
            motion_seed=int(np.random.default_rng([seed, number, STREAM]).integers(2**31)),
        )
    clips = pd.DataFrame([row for row, _ in table])
    clips.to_csv(folder / "clips.tsv", sep="\t", index=False)
    return clips


def clip_script(n_subject: int, n_repetition: int, labels: Sequence[str], seed: int) -> list[tuple[dict, np.ndarray]]:
    """Row of the table and amplitudes of all action units at the apex, for every clip; nothing is rendered.

    Parameters
    ----------
    n_subject, n_repetition, labels, seed : see `simulate_clips`
        As there.

    Returns
    -------
    list of (dict, ndarray of shape (unit,))

    Examples
    --------
    >>> len(clip_script(2, 3, ["happy", "neutral"], seed=0))
    18
    """
    script = []
    for subject in range(1, n_subject + 1):
        for label in labels:
            way = _dialect(subject, label, seed)
            for kind in KINDS[: 1 if label == "neutral" else 2]:
                for repetition in range(1, n_repetition + 1):
                    key = [seed, subject, list(EXPRESSIONS).index(label), KINDS.index(kind), repetition, STREAM]
                    rng = np.random.default_rng(key)
                    movements = _perform(rng, way, label, kind)
                    script.append((_row(rng, subject, label, kind, repetition, movements), movements))
    return script


def _prototype(label: str) -> np.ndarray:
    return np.array([EXPRESSIONS[label].get(unit, 0.0) for unit in UNITS])


def _dialect(subject: int, label: str, seed: int) -> np.ndarray:
    """Amplitudes (unit,) with which a person shows an expression at full strength."""
    rng = np.random.default_rng([seed, subject, list(EXPRESSIONS).index(label), STREAM])
    full = _prototype(label)
    if not full.any():
        return full
    own = np.zeros(len(UNITS))
    own[rng.choice([UNITS.index(unit) for unit in ("AU1", "AU2", "AU4", "AU10", "AU15", "AU18", "AU20")])] = OWN_MOVE
    return full * np.exp(rng.normal(0, DIALECT_SD, len(UNITS))) + own


def _perform(rng: np.random.Generator, way: np.ndarray, label: str, kind: str) -> np.ndarray:
    """Amplitudes (unit,) of one repetition."""
    others = [_prototype(other) for other in EXPRESSIONS if other not in (label, "neutral")]
    blended = (1 - BLEND[kind]) * way + BLEND[kind] * others[rng.integers(len(others))]
    strength = STRENGTH[kind] * np.exp(rng.normal(0, REPETITION_SD, len(UNITS)))
    shown = strength * (blended if way.any() else way)
    return np.minimum(shown, np.array(list(LARGEST_AMPLITUDE.values())))


def _row(rng: np.random.Generator, subject: int, label: str, kind: str, repetition: int, shown: np.ndarray) -> dict:
    clip = f"sub-{subject:02d}_{label}_{kind}_{repetition:02d}"
    to = {name: np.linalg.norm(shown - STRENGTH["posed"] * _prototype(name)) for name in EXPRESSIONS}
    margin = min(far for name, far in to.items() if name != label) - to[label]
    recognised = rng.binomial(N_RATER, 1 / (1 + np.exp(-HIT_SLOPE * (margin - HIT_MIDDLE))))
    return {
        "clip": clip,
        "subject": f"{subject:02d}",
        "label": label,
        "kind": kind,
        "repetition": repetition,
        "take": f"{subject:02d}-{label}-{kind}",
        "margin": round(float(margin), 4),
        "hit_rate": 100 * recognised / N_RATER,
        "path": f"{clip}.mp4",
    }


def _course(movements: np.ndarray, duration: float) -> xr.Dataset:
    """The expression unfolds and stays."""
    time = np.arange(int(duration * SAMPLES_PER_SECOND) + 1) / SAMPLES_PER_SECOND
    share = np.clip(time / (ONSET * duration), 0, 1)
    unfolding = share**2 * (3 - 2 * share)
    used = [unit for unit, amplitude in zip(UNITS, movements, strict=True) if amplitude > 0] or ["AU12"]
    courses = {unit: ("time", movements[UNITS.index(unit)] * unfolding) for unit in used}
    return xr.Dataset(courses, coords={"time": time})

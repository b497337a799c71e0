"""Expressions judged by people from whole videos and from single frames, and how far these agree."""

from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS = ("clip", "rater", "shown", "label")
SHOWN = ("video", "frame")
LARGEST_FILE = 64 * 2**20  # bytes
ALL = "average"  # row of the means over labels


def read_perceptual_ratings(path: str | Path) -> pd.DataFrame:
    """Judgements of clips, a row a rater and clip.

    Parameters
    ----------
    path : path
        CSV or TSV (by its ending) with the columns clip, rater, shown ("video": the whole clip, "frame": a frame of
        it) and label.

    Returns
    -------
    DataFrame
        Text columns clip, rater, shown, label.

    Raises
    ------
    ValueError
        When a column is missing, a cell is empty, `shown` is another word, or a rater judges a clip twice.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ratings.csv"
    >>> pd.DataFrame([("a", "1", "video", "happy")], columns=COLUMNS).to_csv(path, index=False)
    >>> read_perceptual_ratings(path)["label"].tolist()
    ['happy']
    """
    path = Path(path)
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"{path.name} is larger than {LARGEST_FILE >> 20} MiB; give a table of judgements")
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    table = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False)
    lacking = [name for name in COLUMNS if name not in table]
    if lacking:
        raise ValueError(f"{path.name}: column {lacking[0]} is missing; the columns are {', '.join(COLUMNS)}")
    table = table[list(COLUMNS)]
    empty = np.flatnonzero((table == "").any(axis=1))
    if empty.size:
        raise ValueError(f"{path.name}, row {empty[0] + 2}: a cell is empty; leave the row out or fill it in")
    wrong = sorted(set(table["shown"]) - set(SHOWN))
    if wrong:
        raise ValueError(f"{path.name}: shown is 'video' or 'frame'; given {wrong[0]!r}")
    twice = table[table.duplicated(["clip", "rater", "shown"])]
    if len(twice):
        row = twice.iloc[0]
        raise ValueError(
            f"{path.name}: rater {row['rater']} judges clip {row['clip']} ({row['shown']}) twice; keep one"
        )
    return table


def perceptual_table(ratings: pd.DataFrame, *, n_bootstrap: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Precision, recall and F1 of what most raters say, against what most raters of the videos say.

    video/video compares two halves of the raters of videos (every other one by name), video/frame the raters of frames
    with all raters of videos. A clip on which no label has most votes does not count.

    Parameters
    ----------
    ratings : DataFrame
        From `read_perceptual_ratings`.
    n_bootstrap : int
        Samples of clips for the intervals of F1.
    seed : int

    Returns
    -------
    DataFrame
        A row a comparison and label, and their average: comparison, label, n_clip (clips of the label, of the
        reference), precision, recall, f1, low, high (95 % over clips). NaN: never said, or never shown.

    Raises
    ------
    ValueError
        When fewer than two raters saw videos, or no clip can be compared.

    Examples
    --------
    >>> rows = [("a", r, "video", "happy") for r in "12"] + [("b", r, "video", "sad") for r in "12"]
    >>> ratings = pd.DataFrame(rows + [("a", "3", "frame", "happy"), ("b", "3", "frame", "happy")], columns=COLUMNS)
    >>> table = perceptual_table(ratings, n_bootstrap=50).set_index(["comparison", "label"])
    >>> table.loc[[("video/video", "average"), ("video/frame", "happy")], "recall"].tolist()
    [1.0, 1.0]
    """
    videos, frames = (ratings[ratings["shown"] == shown] for shown in SHOWN)
    raters = sorted(videos["rater"].unique())
    if len(raters) < 2:
        raise ValueError(f"two raters of videos are needed, to compare them with one another; there are {len(raters)}")
    halves = [_majority(videos[videos["rater"].isin(raters[start::2])]) for start in (0, 1)]
    compared = {"video/video": (halves[0], halves[1]), "video/frame": (_majority(videos), _majority(frames))}
    labels, parts = sorted(ratings["label"].unique()), []
    for name, (reference, said) in compared.items():
        both = reference.index.intersection(said.index)
        if not len(both):
            raise ValueError(f"{name}: there is no clip on which both agree among themselves")
        counts = _counts(reference[both], said[both], labels)
        parts.append(_scores(counts, labels, n_bootstrap, seed).assign(comparison=name))
    columns = ["comparison", "label", "n_clip", "precision", "recall", "f1", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns]


def _majority(ratings: pd.DataFrame) -> pd.Series:
    """Label that most raters of each clip give; clips with a tie are left out."""
    votes = ratings.groupby(["clip", "label"]).size()
    most = votes.groupby("clip").transform("max")
    best = votes[votes == most].reset_index()
    return best[~best["clip"].duplicated(keep=False)].set_index("clip")["label"]


def _counts(reference: pd.Series, said: pd.Series, labels: list[str]) -> np.ndarray:
    """One-hot confusion (clip, label, label said)."""
    place = {label: n for n, label in enumerate(labels)}
    counts = np.zeros((len(reference), len(labels), len(labels)))
    counts[np.arange(len(reference)), reference.map(place), said.map(place)] = 1
    return counts


def _measures(confusion: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 (..., 3, label)."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    said, shown = confusion.sum(axis=-2), confusion.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([right / said, right / shown, 2 * right / (said + shown)], axis=-2)


def _scores(counts: np.ndarray, labels: list[str], n_bootstrap: int, seed: int) -> pd.DataFrame:
    rng, n = np.random.default_rng(seed), len(counts)
    values = _measures(counts.sum(axis=0))
    weights = rng.multinomial(n, np.full(n, 1 / n), size=n_bootstrap)
    drawn = _measures(np.einsum("bn,nij->bij", weights, counts))[:, 2]
    table = pd.DataFrame({"label": [*labels, ALL], "n_clip": [*counts.sum(axis=(0, 2)), float(n)]})
    for row, name in enumerate(("precision", "recall", "f1")):
        table[name] = [*values[row], _mean(values[row])]
    with_mean = np.column_stack([drawn, [_mean(one) for one in drawn]])
    known = [column[np.isfinite(column)] for column in with_mean.T]
    for end, quantile in (("low", 0.025), ("high", 0.975)):
        table[end] = [np.quantile(column, quantile) if column.size else np.nan for column in known]
    return table


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")

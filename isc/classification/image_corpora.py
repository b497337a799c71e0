"""Corpora of pictures and frames: AffectNet, Aff-Wild2, ExpW. Who is shown is not known in any of them."""

from pathlib import Path
from typing import Literal

import pandas as pd

from isc.classification.corpus_files import Corpus, Row, as_corpus, files_in
from isc.untrusted import load_npy

People = Literal["unknown", "one_per_source"]
AFFECTNET_LABELS = ("neutral", "happy", "sad", "surprised", "fearful", "disgust", "angry", "contempt")
AFF_WILD2_WORDS = {
    "Neutral": "neutral",
    "Anger": "angry",
    "Disgust": "disgust",
    "Fear": "fearful",
    "Happiness": "happy",
    "Sadness": "sad",
    "Surprise": "surprised",
    "Other": "other",
}
UNLABELLED = "-1"
EXPW_LABELS = ("angry", "disgust", "fearful", "happy", "sad", "surprised", "neutral")
EXPW_COLUMNS = ("image", "face", "top", "left", "right", "bottom", "confidence", "code")


def affectnet_clips(folder: str | Path, *, people: People = "unknown") -> Corpus:
    """AffectNet: pictures ``<part>/images/<n>.jpg`` with labels ``<part>/annotations/<n>_exp.npy``.

    Parameters
    ----------
    folder : path
        Holds ``train_set`` and ``val_set`` (any names).
    people : {"unknown", "one_per_source"}
        The corpus does not say who is shown: subject stays empty, which evaluation refuses, or you take every picture
        for another person, which is your word, not the corpus's.

    Returns
    -------
    Corpus
        Further column part.

    Raises
    ------
    ValueError
        When `people` is not known or no picture is found.

    References
    ----------
    Mollahosseini, Hasani & Mahoor 2019, IEEE Trans Affect Comput 10:18-31, doi:10.1109/TAFFC.2017.2740923.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> part = Path(tempfile.mkdtemp()) / "val_set"
    >>> (part / "images").mkdir(parents=True), (part / "annotations").mkdir()
    (None, None)
    >>> (part / "images" / "7.jpg").touch()
    >>> np.save(part / "annotations" / "7_exp.npy", "1")
    >>> affectnet_clips(part.parent).clips["label"].tolist()
    ['happy']
    """
    folder = Path(folder)
    rows: list[Row] = []
    problems: list[Row] = []
    for path in files_in(folder):
        place = path.relative_to(folder).as_posix()
        if path.parent.name != "images":
            if path.parent.name != "annotations":
                problems.append({"path": place, "problem": "neither in images nor in annotations"})
            continue
        label, fault = _affectnet_label(path)
        if fault:
            problems.append({"path": place, "problem": fault})
            continue
        part = path.parent.parent.name
        clip = f"{part}-{path.stem}"
        row: Row = {"clip": clip, "subject": _person(people, clip), "label": label, "take": clip}
        rows.append(row | {"part": part, "path": place})
    return as_corpus(rows, problems, folder)


def _affectnet_label(path: Path) -> tuple[str, str]:
    """Label of a picture, or what is wrong with it."""
    note = path.parent.parent / "annotations" / f"{path.stem}_exp.npy"
    if not note.is_file():
        return "", f"there is no {note.name} in annotations"
    try:
        code = int(load_npy(note).item())
    except (ValueError, TypeError, OSError):
        return "", f"{note.name} holds no whole number"
    if not 0 <= code < len(AFFECTNET_LABELS):
        return "", f"expression {code} is not one of 0 to {len(AFFECTNET_LABELS) - 1}"
    return AFFECTNET_LABELS[code], ""


def _person(people: str, source: str) -> str | None:
    if people not in ("unknown", "one_per_source"):
        raise ValueError(f"people must be 'unknown' or 'one_per_source'; given {people!r}")
    return None if people == "unknown" else source


def aff_wild2_frames(annotations: str | Path, frames: str | Path, *, people: People = "unknown") -> Corpus:
    r"""Aff-Wild2: a text file a video with one expression a frame, and the frames as pictures.

    Parameters
    ----------
    annotations : path
        A folder such as ``EXPR_Classification_Challenge/Train_Set`` with ``<video>.txt``: the names of the
        expressions in the first line, then a number for each frame, -1 where it has none.
    frames : path
        Folder such as ``cropped_aligned`` with ``<video>/00001.jpg`` ...
    people : {"unknown", "one_per_source"}
        As in `affectnet_clips`; "one_per_source" takes every video for another person.

    Returns
    -------
    Corpus
        A row a frame that has a label and a picture; further columns source (the video) and frame (from 1): splits
        that could put neighbouring frames into training and test are refused. Problems: a row a video.

    Raises
    ------
    ValueError
        When a folder is missing or no frame is found.

    References
    ----------
    Kollias & Zafeiriou 2019, arXiv 1811.07770.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "t").mkdir(), (root / "f" / "v1").mkdir(parents=True)
    (None, None)
    >>> _ = (root / "t" / "v1.txt").write_text("Neutral,Anger,Happiness\n2\n-1\n")
    >>> (root / "f" / "v1" / "00001.jpg").touch()
    >>> aff_wild2_frames(root / "t", root / "f").clips[["clip", "label"]].values.tolist()
    [['v1/00001', 'happy']]
    """
    annotations, frames = Path(annotations), Path(frames)
    pictures = {path.relative_to(frames).with_suffix("").as_posix(): path for path in files_in(frames)}
    rows: list[Row] = []
    problems: list[Row] = []
    for path in files_in(annotations):
        words, codes, fault = _aff_wild2_labels(path)
        if fault:
            problems.append({"path": path.name, "problem": fault})
            continue
        lost = 0
        for number, code in enumerate(codes, start=1):
            clip = f"{path.stem}/{number:05d}"
            if code != UNLABELLED and clip in pictures:
                row: Row = {"clip": clip, "subject": _person(people, path.stem), "label": words[int(code)]}
                row |= {"take": path.stem, "source": path.stem, "frame": number}
                rows.append(row | {"path": pictures[clip].relative_to(frames).as_posix()})
            lost += code != UNLABELLED and clip not in pictures
        if lost:
            problems.append({"path": path.name, "problem": f"{lost} labelled frames have no picture"})
    return as_corpus(rows, problems, annotations)


def _aff_wild2_labels(path: Path) -> tuple[list[str], list[str], str]:
    """Words of the first line, codes of the others, and what is wrong with the file."""
    first, *codes = path.read_text(encoding="utf-8").split("\n")
    words = [word.strip() for word in first.split(",")]
    if path.suffix != ".txt" or not set(words) <= set(AFF_WILD2_WORDS):
        return [], [], f"the first line must name expressions among {', '.join(AFF_WILD2_WORDS)}"
    codes = [code.strip() for code in codes if code.strip()]
    known = {UNLABELLED, *map(str, range(len(words)))}
    wrong = sorted(set(codes) - known)
    if wrong:
        return [], [], f"{wrong[0]!r} is not an expression from -1 to {len(words) - 1}"
    return [AFF_WILD2_WORDS[word] for word in words], codes, ""


def expw_faces(folder: str | Path, *, people: People = "unknown") -> Corpus:
    r"""ExpW: ``label.lst`` with a line a face, and the pictures in ``image``.

    A line: picture, number of the face, top, left, right and bottom of its box, confidence, expression 0 to 6.

    Parameters
    ----------
    folder : path
        Holds ``label.lst`` (or ``label/label.lst``) and ``image`` (or ``origin``).
    people : {"unknown", "one_per_source"}
        As in `affectnet_clips`; "one_per_source" takes every face for another person.

    Returns
    -------
    Corpus
        Further columns top, left, right, bottom (px), confidence.

    Raises
    ------
    ValueError
        When label.lst is missing or no face is found.

    References
    ----------
    Zhang et al. 2018, Int J Comput Vis 126:550-569, doi:10.1007/s11263-017-1055-1.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "image").mkdir()
    >>> (folder / "image" / "angry_man_1.jpg").touch()
    >>> _ = (folder / "label.lst").write_text("angry_man_1.jpg 0 10 20 80 90 55.2 3\n")
    >>> expw_faces(folder).clips[["clip", "label"]].values.tolist()
    [['angry_man_1-0', 'happy']]
    """
    folder = Path(folder)
    lists = [path for path in files_in(folder) if path.name == "label.lst"]
    if not lists:
        raise ValueError(f"there is no label.lst in folder {folder.name!r}")
    pictures = {path.name: path for path in files_in(folder) if path != lists[0]}
    rows: list[Row] = []
    problems: list[Row] = []
    for number, line in enumerate(lists[0].read_text(encoding="utf-8").splitlines(), start=1):
        row, fault = _expw_row(line, set(pictures), people)
        if fault:
            problems.append({"path": f"label.lst line {number}", "problem": fault})
        else:
            place = pictures[str(row.pop("image"))].relative_to(folder).as_posix()
            rows.append(row | {"path": place})
    return as_corpus(rows, problems, folder)


def _expw_row(line: str, pictures: set[str], people: str) -> tuple[Row, str]:
    words = line.split()
    if len(words) != len(EXPW_COLUMNS):
        return {}, f"a line has {len(EXPW_COLUMNS)} words: {' '.join(EXPW_COLUMNS)}; this one has {len(words)}"
    entry = dict(zip(EXPW_COLUMNS, words, strict=True))
    if entry["image"] not in pictures:
        return {}, f"there is no picture {entry['image']}"
    if entry["code"] not in map(str, range(len(EXPW_LABELS))):
        return {}, f"expression {entry['code']} is not one of 0 to {len(EXPW_LABELS) - 1}"
    numbers = pd.to_numeric(pd.Series({name: entry[name] for name in EXPW_COLUMNS[2:7]}), errors="coerce")
    if numbers.isna().any():
        return {}, f"{numbers.index[numbers.isna()][0]} is not a number"
    clip = f"{Path(entry['image']).stem}-{entry['face']}"
    row: Row = {"clip": clip, "subject": _person(people, clip), "label": EXPW_LABELS[int(entry["code"])], "take": clip}
    return row | {name: float(value) for name, value in numbers.items()} | {"image": entry["image"]}, ""

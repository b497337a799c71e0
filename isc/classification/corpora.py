"""Published corpora as their users store them: from a folder of clips to one clip table.

Names are read by the rules of each corpus and nothing is guessed: what does not follow them is listed with the
reason. Labels are neutral, calm, happy, sad, angry, fearful, disgust, surprised, contempt, whatever a corpus calls
them. ``item`` is what is repeated word for word, ``take`` the expression of one person at one intensity.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

VIDEOS = (".mp4", ".avi", ".flv", ".mov", ".mkv", ".webm", ".mpg", ".wmv")
RAVDESS_LABELS = dict(
    zip(
        ("01", "02", "03", "04", "05", "06", "07", "08"),
        ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
        strict=True,
    )
)
RAVDESS_MODALITIES = {"01": "audio-video", "02": "video", "03": "audio"}
RAVDESS_NAME = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
CREMA_LABELS = {"ANG": "angry", "DIS": "disgust", "FEA": "fearful", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
CREMA_LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified"}
CREMA_SENTENCES = ("IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI")
CREMA_NAME = re.compile(r"(\d{4})_([A-Z]{3})_([A-Z]{3})_([A-Z]{2})")
FACEXP_NAME = re.compile(r"\D*(\d\d)\D+(\d\d)\D+(\d\d)\D*")
PEDFE_COLUMNS = ("code", "subject", "kind", "label", "hit_rate")
Row = dict[str, object]


class Corpus(NamedTuple):
    """What was found in a folder.

    Attributes
    ----------
    clips : DataFrame
        Columns clip, subject, label, take, path (relative to the folder) and what else the corpus says.
    problems : DataFrame
        Columns path, problem: files that are not in `clips`, and why.
    """

    clips: pd.DataFrame
    problems: pd.DataFrame


class Unreadable(ValueError):
    """A file's name does not follow the rules of its corpus; the message says how."""


def ravdess_clips(folder: str | Path, *, modality: str | None = "video") -> Corpus:
    """RAVDESS: modality-channel-emotion-intensity-statement-repetition-actor, two digits each.

    Parameters
    ----------
    folder : path
        With or without folders ``Actor_01`` ...
    modality : {"video", "audio-video"} or None
        Which clips; the same performance exists in both, so None (both) puts copies into the table.

    Returns
    -------
    Corpus
        Further columns modality, channel (speech, song), intensity (normal, strong), statement, repetition, item.

    Raises
    ------
    ValueError
        When the modality is not known or no clip is found.

    References
    ----------
    Livingstone & Russo 2018, PLOS ONE 13:e0196391, doi:10.1371/journal.pone.0196391.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "02-01-03-01-01-02-08.mp4").touch()
    >>> ravdess_clips(folder).clips[["subject", "label", "repetition"]].values.tolist()
    [['08', 'happy', 2]]
    """
    if modality not in (None, "video", "audio-video"):
        raise ValueError(f"modality must be 'video', 'audio-video' or None; given {modality!r}")
    corpus = _read_names(Path(folder), _ravdess_row)
    if modality is None:
        return corpus
    wanted = corpus.clips["modality"] == modality
    if not wanted.any():
        raise ValueError(f"no clip has modality {modality!r}; there are {sorted(set(corpus.clips['modality']))}")
    return Corpus(corpus.clips[wanted].reset_index(drop=True), corpus.problems)


def _ravdess_row(path: Path) -> Row:
    matched = RAVDESS_NAME.fullmatch(path.stem)
    if matched is None:
        raise Unreadable("a name has seven two-digit numbers with hyphens: 02-01-06-01-02-01-12")
    modality, channel, emotion, intensity, statement, repetition, actor = matched.groups()
    known = {
        "modality": (modality, RAVDESS_MODALITIES),
        "channel": (channel, {"01": "speech", "02": "song"}),
        "emotion": (emotion, RAVDESS_LABELS),
        "intensity": (intensity, {"01": "normal", "02": "strong"}),
        "statement": (statement, {"01": 1, "02": 2}),
        "repetition": (repetition, {"01": 1, "02": 2}),
    }
    row: Row = {name: _code(name, code, codes) for name, (code, codes) in known.items()}
    if not 1 <= int(actor) <= 24:
        raise Unreadable(f"actor {actor} is not one of 01 to 24")
    if emotion == "01" and intensity == "02":
        raise Unreadable("neutral has no strong intensity")
    if re.fullmatch(r"Actor_\d\d", path.parent.name) and path.parent.name[-2:] != actor:
        raise Unreadable(f"actor {actor} lies in folder {path.parent.name}")
    if modality == "03":
        raise Unreadable("modality 03 has no picture")
    take = f"{actor}-{row['channel']}-{row['emotion']}-{row['intensity']}"
    named: Row = {"subject": actor, "label": row.pop("emotion"), "take": take, "item": f"{take}-{row['statement']}"}
    return named | row


def crema_d_clips(folder: str | Path) -> Corpus:
    """CREMA-D: actor_sentence_emotion_level, such as 1001_DFA_ANG_XX.

    Parameters
    ----------
    folder : path
        With the video files.

    Returns
    -------
    Corpus
        Further columns intensity (low, medium, high, unspecified), statement, item.

    Raises
    ------
    ValueError
        When no clip is found.

    References
    ----------
    Cao et al. 2014, IEEE Trans Affect Comput 5:377-390, doi:10.1109/TAFFC.2014.2336244.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "1001_DFA_ANG_XX.flv").touch()
    >>> crema_d_clips(folder).clips[["subject", "label"]].values.tolist()
    [['1001', 'angry']]
    """
    return _read_names(Path(folder), _crema_row)


def _crema_row(path: Path) -> Row:
    matched = CREMA_NAME.fullmatch(path.stem)
    if matched is None:
        raise Unreadable("a name is actor_sentence_emotion_level: 1001_DFA_ANG_XX")
    actor, sentence, emotion, level = matched.groups()
    if not 1001 <= int(actor) <= 1091:
        raise Unreadable(f"actor {actor} is not one of 1001 to 1091")
    if sentence not in CREMA_SENTENCES:
        raise Unreadable(f"sentence {sentence} is not one of {', '.join(CREMA_SENTENCES)}")
    label, intensity = _code("emotion", emotion, CREMA_LABELS), _code("level", level, CREMA_LEVELS)
    take = f"{actor}-{label}-{intensity}"
    row: Row = {"subject": actor, "label": label, "take": take, "item": f"{take}-{sentence}"}
    return row | {"intensity": intensity, "statement": sentence}


def facexp_clips(folder: str | Path, *, labels: Mapping[str, str]) -> Corpus:
    """FACEXP: three two-digit numbers in a name: actor, expression, repetition.

    Parameters
    ----------
    folder : path
        With the video files.
    labels : mapping of two-digit code to label
        The corpus comes without a key; clips of other codes are listed as problems.

    Returns
    -------
    Corpus
        Further columns repetition, item (as take: there are no statements).

    Raises
    ------
    ValueError
        When no clip is found.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "s03_e04_r02.mp4").touch()
    >>> facexp_clips(folder, labels={"04": "happy"}).clips[["subject", "label", "repetition"]].values.tolist()
    [['03', 'happy', 2]]
    """

    def read(path: Path) -> Row:
        """One row."""
        matched = FACEXP_NAME.fullmatch(path.stem)
        if matched is None:
            raise Unreadable("a name has exactly three two-digit numbers: actor, expression, repetition")
        actor, code, repetition = matched.groups()
        take = f"{actor}-{_code('expression', code, labels)}"
        row: Row = {"subject": actor, "label": labels[code], "take": take, "item": take}
        return row | {"repetition": int(repetition)}

    return _read_names(Path(folder), read)


def pedfe_clips(
    folder: str | Path, ratings: pd.DataFrame, *, columns: Mapping[str, str], labels: Mapping[str, str]
) -> Corpus:
    """PEDFE: clips named by a code whose meaning stands in the table of ratings that comes with the corpus.

    Parameters
    ----------
    folder : path
        With the video files.
    ratings : DataFrame
        The supplementary table, read with ``pandas.read_excel`` or ``read_csv`` so that its header is the header.
    columns : mapping
        Which of its columns holds the ``code`` (file name without ending), ``subject``, ``kind`` (posed or genuine),
        ``label`` (expression) and ``hit_rate`` (%).
    labels : mapping of the table's word to label
        Such as ``{"Happiness": "happy"}``.

    Returns
    -------
    Corpus
        Further columns kind (posed, genuine), hit_rate. Rows of the table without a file are problems, too.

    Raises
    ------
    ValueError
        When `columns` lacks a name, the table lacks a column, a code occurs twice, or no clip is found.

    References
    ----------
    Miolla, Cardaioli & Scarpazza 2023, Behav Res Methods 55:2559-2574, doi:10.3758/s13428-022-01914-4.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "7_hap_1.mp4").touch()
    >>> table = pd.DataFrame([["7_hap_1", 7, "Genuine", "Happiness", 85.0]], columns=list("abcde"))
    >>> names = dict(code="a", subject="b", kind="c", label="d", hit_rate="e")
    >>> pedfe_clips(folder, table, columns=names, labels={"Happiness": "happy"}).clips["kind"].tolist()
    ['genuine']
    """
    lacking = [name for name in PEDFE_COLUMNS if name not in columns]
    absent = [column for column in columns.values() if column not in ratings]
    if lacking or absent:
        raise ValueError(
            f"columns must name {PEDFE_COLUMNS} in the table; missing {lacking or absent}; the table has "
            f"{list(map(str, ratings.columns))}"
        )
    table = ratings.rename(columns={given: name for name, given in columns.items()}).set_index("code")
    table.index = table.index.astype(str)
    if table.index.duplicated().any():
        raise ValueError(f"code {table.index[table.index.duplicated()][0]} occurs twice in the table of ratings")

    def read(path: Path) -> Row:
        """One row."""
        if path.stem not in table.index:
            raise Unreadable("the table of ratings has no such code")
        entry = table.loc[path.stem]
        kind = _code("kind", str(entry["kind"]).strip().lower(), {"posed": "posed", "genuine": "genuine"})
        label, subject = _code("label", str(entry["label"]), labels), str(entry["subject"])
        row: Row = {"subject": subject, "label": label, "take": f"{subject}-{label}-{kind}"}
        return row | {"kind": kind, "hit_rate": float(entry["hit_rate"])}

    corpus = _read_names(Path(folder), read)
    unseen = sorted(set(table.index) - {Path(path).stem for path in [*corpus.clips["path"], *corpus.problems["path"]]})
    rows = pd.DataFrame({"path": unseen, "problem": "in the table of ratings but not in the folder"})
    return Corpus(corpus.clips, pd.concat([corpus.problems, rows], ignore_index=True))


def _code(name: str, code: str, codes: Mapping[str, object]) -> object:
    if code not in codes:
        raise Unreadable(f"{name} {code} is not one of {', '.join(map(str, codes))}")
    return codes[code]


def _read_names(folder: Path, read: Callable[[Path], Row]) -> Corpus:
    """A row for every video whose name can be read; every other file is a problem."""
    rows, problems = [], []
    for path in files_in(folder):
        place = path.relative_to(folder).as_posix()
        try:
            if path.suffix.lower() not in VIDEOS:
                raise Unreadable(f"not a video ({', '.join(VIDEOS)})")
            rows.append({"clip": path.stem} | read(path) | {"path": place})
        except Unreadable as fault:
            problems.append({"path": place, "problem": str(fault)})
    return as_corpus(rows, problems, folder)


def files_in(folder: Path) -> list[Path]:
    """All files in a folder and below, sorted, without hidden ones.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Returns
    -------
    list of Path

    Raises
    ------
    ValueError
        When there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> files_in(Path(tempfile.mkdtemp()))
    []
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder.name!r}; give the folder of the corpus")
    found = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def as_corpus(rows: list[Row], problems: list[Row], folder: Path) -> Corpus:
    """Tables from rows; clips that share a name become problems, for nobody could tell them apart.

    Parameters
    ----------
    rows, problems : list of dict
        Rows of both tables.
    folder : Path
        Named in the error.

    Returns
    -------
    Corpus

    Raises
    ------
    ValueError
        When no clip is left.

    Examples
    --------
    >>> rows = [{"clip": "a", "path": "1/a.mp4"}, {"clip": "a", "path": "2/a.mp4"}, {"clip": "b", "path": "b.mp4"}]
    >>> as_corpus(rows, [], Path("x")).problems["path"].tolist()
    ['2/a.mp4']
    """
    clips = pd.DataFrame(rows)
    listed = pd.DataFrame(problems, columns=["path", "problem"])
    if len(clips):
        twice = clips["clip"].duplicated()
        repeats = pd.DataFrame({"path": clips["path"][twice], "problem": "another file has the same name"})
        clips, listed = clips[~twice].reset_index(drop=True), pd.concat([listed, repeats], ignore_index=True)
    if not len(clips):
        first = (
            f"; the first of {len(listed)} problems: {listed['path'][0]}: {listed['problem'][0]}" if len(listed) else ""
        )
        raise ValueError(f"no clip of this corpus was found in folder {folder.name!r}{first}")
    return Corpus(clips, listed)

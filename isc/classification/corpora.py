"""Published corpora as their users store them: from a folder of clips to one clip table.

Names are read by the rules of each corpus and nothing is guessed: what does not follow them is listed with the
reason. Labels are neutral, calm, happy, sad, angry, fearful, disgust, surprised, contempt, whatever a corpus calls
them. ``item`` is what is repeated word for word, ``take`` the expression of one person at one intensity.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from isc.classification.corpus_files import Corpus, Row, UnreadableNameError, code_of, read_names

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
    corpus = read_names(Path(folder), _ravdess_row)
    if modality is None:
        return corpus
    wanted = corpus.clips["modality"] == modality
    if not wanted.any():
        raise ValueError(f"no clip has modality {modality!r}; there are {sorted(set(corpus.clips['modality']))}")
    return Corpus(corpus.clips[wanted].reset_index(drop=True), corpus.problems)


def _ravdess_row(path: Path) -> Row:
    matched = RAVDESS_NAME.fullmatch(path.stem)
    if matched is None:
        raise UnreadableNameError("a name has seven two-digit numbers with hyphens: 02-01-06-01-02-01-12")
    modality, channel, emotion, intensity, statement, repetition, actor = matched.groups()
    known: dict[str, tuple[str, Mapping[str, object]]] = {
        "modality": (modality, RAVDESS_MODALITIES),
        "channel": (channel, {"01": "speech", "02": "song"}),
        "emotion": (emotion, RAVDESS_LABELS),
        "intensity": (intensity, {"01": "normal", "02": "strong"}),
        "statement": (statement, {"01": 1, "02": 2}),
        "repetition": (repetition, {"01": 1, "02": 2}),
    }
    row: Row = {name: code_of(name, code, codes) for name, (code, codes) in known.items()}
    if not 1 <= int(actor) <= 24:
        raise UnreadableNameError(f"actor {actor} is not one of 01 to 24")
    if emotion == "01" and intensity == "02":
        raise UnreadableNameError("neutral has no strong intensity")
    if re.fullmatch(r"Actor_\d\d", path.parent.name) and path.parent.name[-2:] != actor:
        raise UnreadableNameError(f"actor {actor} lies in folder {path.parent.name}")
    if modality == "03":
        raise UnreadableNameError("modality 03 has no picture")
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
    return read_names(Path(folder), _crema_row)


def _crema_row(path: Path) -> Row:
    matched = CREMA_NAME.fullmatch(path.stem)
    if matched is None:
        raise UnreadableNameError("a name is actor_sentence_emotion_level: 1001_DFA_ANG_XX")
    actor, sentence, emotion, level = matched.groups()
    if not 1001 <= int(actor) <= 1091:
        raise UnreadableNameError(f"actor {actor} is not one of 1001 to 1091")
    if sentence not in CREMA_SENTENCES:
        raise UnreadableNameError(f"sentence {sentence} is not one of {', '.join(CREMA_SENTENCES)}")
    label, intensity = code_of("emotion", emotion, CREMA_LABELS), code_of("level", level, CREMA_LEVELS)
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
            raise UnreadableNameError("a name has exactly three two-digit numbers: actor, expression, repetition")
        actor, code, repetition = matched.groups()
        take = f"{actor}-{code_of('expression', code, labels)}"
        row: Row = {"subject": actor, "label": labels[code], "take": take, "item": take}
        return row | {"repetition": int(repetition)}

    return read_names(Path(folder), read)


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
            raise UnreadableNameError("the table of ratings has no such code")
        entry = table.loc[path.stem]
        kind = code_of("kind", str(entry["kind"]).strip().lower(), {"posed": "posed", "genuine": "genuine"})
        label, subject = code_of("label", str(entry["label"]), labels), str(entry["subject"])
        row: Row = {"subject": subject, "label": label, "take": f"{subject}-{label}-{kind}"}
        return row | {"kind": kind, "hit_rate": float(entry["hit_rate"])}

    corpus = read_names(Path(folder), read)
    unseen = sorted(set(table.index) - {Path(path).stem for path in [*corpus.clips["path"], *corpus.problems["path"]]})
    rows = pd.DataFrame({"path": unseen, "problem": "in the table of ratings but not in the folder"})
    return Corpus(corpus.clips, pd.concat([corpus.problems, rows], ignore_index=True))

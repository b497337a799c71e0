"""Which clips are there: a corpus read by its own rules, or the user's table; what cannot be read is listed."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import pandas as pd

from isc.classification.clips import check_clips
from isc.classification.corpora import crema_d_clips, facexp_clips, pedfe_clips, ravdess_clips
from isc.classification.corpus_files import Corpus, Row, as_corpus, files_in
from isc.classification.image_corpora import aff_wild2_frames, affectnet_clips, expw_faces
from isc.io.files.text import MISSING
from isc.io.layout.names import BidsError, inside
from isc.io.logs.cells import TableError, read_cells
from isc.study import Classification, StudyError

NEEDED = ("path", "subject", "label")
NOT_EMPTY = (*NEEDED, "clip", "take", "item")
NUMBERS = ("hit_rate", "repetition", "top", "left", "right", "bottom")
HASH_LENGTH = 8  # hexadecimal digits that tell labels apart


def read_corpus(name: str, folder: Path, how: Classification) -> Corpus:
    """Clips of a published corpus.

    Parameters
    ----------
    name : str
        A key of `CORPORA`.
    folder : Path
        Holds its files.
    how : Classification
        Settings; some corpora need words of theirs explained.

    Returns
    -------
    Corpus
        Paths relative to `folder`.

    Raises
    ------
    StudyError
        When the corpus is not known, a setting that it needs is missing, or no clip is found.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "1001_DFA_ANG_XX.flv").touch()
    >>> read_corpus("crema_d", folder, Classification()).clips["label"].tolist()
    ['angry']
    """
    if name not in CORPORA:
        raise StudyError(f"corpus {name!r} is not known; known are {', '.join(CORPORA)}, or give a table (--clips)")
    try:
        corpus = CORPORA[name](folder, how)
    except ValueError as error:
        raise StudyError(f"{name}: {error}") from error
    clips = corpus.clips[~corpus.clips["subject"].isin(how.drop_subjects)].reset_index(drop=True)
    return Corpus(clips, corpus.problems)


def _ravdess(folder: Path, how: Classification) -> Corpus:
    return ravdess_clips(folder, modality=how.modality)


def _pedfe(folder: Path, how: Classification) -> Corpus:
    path = folder / how.ratings
    if not (path.is_file() and how.columns and how.words):
        raise StudyError(
            f"its clips are explained by a table: save it as {how.ratings} in {folder.name}, and set ratings, columns "
            "and words under [classification] in the settings"
        )
    ratings = pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")
    corpus = pedfe_clips(folder, ratings, columns=how.columns, labels=how.words)
    problems = corpus.problems[corpus.problems["path"] != how.ratings].reset_index(drop=True)
    return Corpus(corpus.clips, problems)


def _facexp(folder: Path, how: Classification) -> Corpus:
    if not how.words:
        raise StudyError("its codes come without a key: set words under [classification] in the settings")
    return facexp_clips(folder, labels=how.words)


def _aff_wild2(folder: Path, how: Classification) -> Corpus:
    return aff_wild2_frames(folder / how.annotations, folder, people=how.people)


CORPORA: Mapping[str, Callable[[Path, Classification], Corpus]] = {
    "ravdess": _ravdess,
    "pedfe": _pedfe,
    "facexp": _facexp,
    "crema_d": lambda folder, how: crema_d_clips(folder),
    "affectnet": lambda folder, how: affectnet_clips(folder, people=how.people),
    "aff_wild2": _aff_wild2,
    "expw": lambda folder, how: expw_faces(folder, people=how.people),
}


def read_clip_table(path: Path, folder: Path) -> Corpus:
    r"""Clips of a table of the user's own.

    Parameters
    ----------
    path : Path
        Tab-separated (.tsv) or comma-separated (.csv): path (relative to `folder`), subject, label; clip (a name; by
        default the path without its ending), take, item, repetition, hit_rate and any other column.
    folder : Path
        Holds the clips.

    Returns
    -------
    Corpus
        Rows that cannot be used are problems: no such file, outside of the folder, an empty cell, no number.

    Raises
    ------
    StudyError
        When the table cannot be read, a column is missing, or no row can be used.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "a.mp4").touch()
    >>> _ = (folder.parent / "clips.tsv").write_text("path\tsubject\tlabel\na.mp4\t1\thappy\nb.mp4\t1\tsad\n")
    >>> read_clip_table(folder.parent / "clips.tsv", folder).problems["problem"].tolist()
    ['line 3: there is no such file']
    """
    try:
        cells = read_cells(path, delimiter="," if path.suffix == ".csv" else "\t")
    except (TableError, OSError) as error:
        raise StudyError(f"table of clips: {getattr(error, 'strerror', None) or error}") from error
    missing = [name for name in NEEDED if name not in cells]
    if missing:
        raise StudyError(f"{path.name} has no column {', '.join(missing)}; it has {', '.join(cells) or 'none'}")
    rows: list[Row] = []
    problems: list[Row] = []
    for line, row in cells.iterrows():
        fault = _fault(row, folder)
        if fault:
            problems.append({"path": row["path"], "problem": f"line {line}: {fault}"})
        else:
            rows.append(_row(row))
    try:
        return as_corpus(rows, problems, folder)
    except ValueError as error:
        raise StudyError(f"{path.name}: {error}") from error


def _fault(row: pd.Series, folder: Path) -> str:
    """What is wrong with a row of the table."""
    empty = [name for name in NOT_EMPTY if name in row and row[name].strip() in ("", MISSING)]
    if empty:
        return f"{', '.join(empty)} is empty"
    for name in NUMBERS:
        if name in row and row[name] != MISSING and pd.isna(pd.to_numeric(row[name], errors="coerce")):
            return f"{name} {row[name]!r} is not a number"
    try:
        return "" if inside(folder, folder / row["path"]).is_file() else "there is no such file"
    except BidsError:
        return "the file lies outside of the folder"


def _row(row: pd.Series) -> Row:
    cells: Row = {str(name): row[name] for name in row.index}
    cells |= {name: float(pd.to_numeric(row[name], errors="coerce")) for name in NUMBERS if name in row}
    return {"clip": Path(row["path"]).with_suffix("").as_posix()} | cells


def unnamed_files(corpus: Corpus, folder: Path) -> int:
    """How many files of the folder are neither clips nor problems."""
    known = {*corpus.clips["path"], *corpus.problems["path"]}
    return sum(path.relative_to(folder).as_posix() not in known for path in files_in(folder))


def usable_clips(corpus: Corpus) -> pd.DataFrame:
    """The clips, after the checks that every analysis makes.

    Parameters
    ----------
    corpus : Corpus

    Returns
    -------
    DataFrame

    Raises
    ------
    StudyError
        When a subject or a label is unknown.

    Examples
    --------
    >>> clips = pd.DataFrame({"clip": ["a"], "subject": ["1"], "label": ["sad"], "path": ["a.mp4"]})
    >>> len(usable_clips(Corpus(clips, clips[:0])))
    1
    """
    clips = corpus.clips
    if not len(clips):
        raise StudyError("no clip is left; look at drop_subjects in the settings")
    if clips["subject"].isna().any():
        raise StudyError(
            "the corpus does not say who is shown, so nobody can be kept out of the training set; set people = "
            '"one_per_source" under [classification] if you know that every picture (video) is of another person'
        )
    try:
        check_clips(clips)
    except ValueError as error:
        raise StudyError(str(error)) from error
    return clips


def bids_labels(names: Iterable[object]) -> dict[str, str]:
    """BIDS labels of names: their letters and digits; a hash is added where that leaves nothing or two alike.

    Parameters
    ----------
    names : iterable of str
        Names of clips or people; ``sub-`` in front is left out.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> bids_labels(["02-01", "sub-07"])
    {'02-01': '0201', 'sub-07': '07'}
    """
    plain = {str(name): re.sub("[^A-Za-z0-9]", "", str(name).removeprefix("sub-")) for name in names}
    counts = Counter(label.casefold() for label in plain.values())
    return {
        name: label
        if label and counts[label.casefold()] == 1
        else label + sha256(name.encode()).hexdigest()[:HASH_LENGTH]
        for name, label in plain.items()
    }

"""`isc classify`: labelled clips of faces to how well their expressions are told apart."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import pandas as pd

from isc.classification.corpus_files import Corpus
from isc.io.bids import root_path
from isc.io.derivatives import output_lock, read_sidecar, read_table, remove_leftovers
from isc.io.files.atomic import write_bytes
from isc.io.files.text import TableError, format_tsv
from isc.io.layout.dataset import DESCRIPTION_FILE, linked_raw, write_derivative_dataset
from isc.io.layout.names import BidsError, Entities
from isc.stages.classification.clip_meshes import ClipTask, clip_tasks, due_clips, load_meshes, track_clips
from isc.stages.classification.clip_table import bids_labels, read_clip_table, read_corpus, unnamed_files, usable_clips
from isc.stages.classification.evaluation import DESC, MEANING, make_tables
from isc.stages.pages.classification_page import TRAINED_ON, make_classification_page
from isc.stages.plan.dry_run import plan_lines
from isc.stages.plan.request import processors
from isc.stages.privacy.forgetting import withdrawn
from isc.stages.provenance.hash_memory import HashMemory
from isc.stages.provenance.ledger import Ledger
from isc.stages.provenance.shelf import Shelf, stored_warnings
from isc.stages.provenance.version import code_version
from isc.stages.recordings.participant import USER_ERRORS
from isc.stages.running.journal import log
from isc.stages.running.messages import one_line
from isc.stages.running.progress import Display
from isc.study import Study, StudyError, format_study, read_study

DONE, SOME_FAILED, UNUSABLE = 0, 1, 2  # exit codes
FAULTS = (*USER_ERRORS, BidsError, TableError)
OWN_TABLE = "clips"  # task label of a table that no corpus has named


@dataclass(frozen=True)
class ClassifyRequest:
    """What the command line asks for.

    Attributes
    ----------
    clips_folder, out_dir : Path
        Clips, and derivatives.
    corpus : str, optional
        A key of `isc.stages.classification.clip_table.CORPORA`; else `table`.
    table : Path, optional
        The user's own table of clips.
    task : str, optional
        BIDS task label of the products; by default the letters of the corpus.
    settings : Path, optional
    split : str, optional
        What the guarded protocol keeps together.
    n_procs : int, optional
    seed : int, optional
    leave_out : bool
        Go on without the files that cannot be read by the rules.
    force, dry_run : bool
    """

    clips_folder: Path
    out_dir: Path
    corpus: str | None = None
    table: Path | None = None
    task: str | None = None
    settings: Path | None = None
    split: str | None = None
    n_procs: int | None = None
    seed: int | None = None
    leave_out: bool = False
    force: bool = False
    dry_run: bool = False


def classify(request: ClassifyRequest) -> int:
    """Track every clip, tell the expressions apart, and say what came out.

    Parameters
    ----------
    request : ClassifyRequest

    Returns
    -------
    int
        0 all done, 1 some clips could not be used (named), 2 unusable input or settings; nothing is written then.
    """
    started = time.monotonic()
    try:
        study = settings_of(request)
        clips = _clips(request, study)
        _check_places(request)
        memory = HashMemory.load(request.clips_folder, request.out_dir)
        entities, ledger = Entities(task=study.task), Ledger(planning=request.dry_run)
        shelf = Shelf(request.out_dir, request.clips_folder, entities, request.force, ledger, memory)
        tasks = clip_tasks(clips, shelf, study)
        if request.dry_run:
            return _tell_plan(study, shelf, tasks, clips)
        with output_lock(request.out_dir):
            remove_leftovers(request.out_dir)
            try:
                _write_top(request, study)
                return _run(request, study, shelf, tasks, clips, started)
            finally:
                remove_leftovers(request.out_dir)
    except FAULTS as error:
        print(f"isc: {error if isinstance(error, StudyError) else one_line(error)}", file=sys.stderr)
        return UNUSABLE


def settings_of(request: ClassifyRequest) -> Study:
    """Settings: the file, then what the command line overrides."""
    study = Study() if request.settings is None else read_study(request.settings)
    chosen, task = study.classification.model_dump(), request.task or bids_labels([request.corpus or OWN_TABLE])
    chosen |= {} if request.split is None else {"split": request.split}
    null = study.null.model_dump() | ({} if request.seed is None else {"seed": request.seed})
    label = task if isinstance(task, str) else next(iter(task.values()))
    return Study.model_validate(study.model_dump() | {"task": label, "classification": chosen, "null": null})


def _clips(request: ClassifyRequest, study: Study) -> pd.DataFrame:
    """The clips to use; everything else in the folder is told."""
    folder, how = request.clips_folder, study.classification
    if not folder.is_dir():
        raise StudyError(f"there is no folder {folder.name!r}; give the folder of the clips")
    if (request.corpus is None) == (request.table is None):
        raise StudyError("give either the name of a corpus (--corpus) or a table of clips (--clips)")
    if request.table is not None:
        corpus = read_clip_table(request.table, folder)
        corpus = Corpus(corpus.clips[~corpus.clips["subject"].isin(how.drop_subjects)], corpus.problems)
        n_other = unnamed_files(corpus, folder) - request.table.resolve().is_relative_to(folder.resolve())
        if n_other:
            print(f"isc: {n_other} files in {folder.name} are in no row of {request.table.name}: left out")
    else:
        corpus = read_corpus(str(request.corpus), folder, how)
    _tell_problems(corpus, leave_out=request.leave_out)
    clips = usable_clips(corpus)
    people = bids_labels(clips["subject"])
    gone = withdrawn(people.values(), request.out_dir)
    if gone:
        print(f"isc: {len(gone)} of the people withdrew (logs/forgotten.json): left out", file=sys.stderr)
    return clips[~clips["subject"].astype(str).map(people).isin(gone)].reset_index(drop=True)


def _tell_problems(corpus: Corpus, *, leave_out: bool) -> None:
    """List the files that do not follow the rules; they stop the command unless they are to be left out."""
    lines = [f"{row.path}: {row.problem}" for row in corpus.problems.itertuples()]
    if lines and not leave_out:
        raise StudyError(
            f"{len(lines)} files or rows cannot be read by the rules, nothing was done; correct them, or go on without "
            "them with --leave-out\n  " + "\n  ".join(lines)
        )
    for line in lines:
        print(f"isc: left out: {line}", file=sys.stderr)


def _check_places(request: ClassifyRequest) -> None:
    """The derivatives are of these clips and of nothing else."""
    out, folder = request.out_dir.resolve(), request.clips_folder.resolve()
    if out.is_relative_to(folder):
        raise StudyError("OUT_DIR lies in CLIPS_FOLDER, which is only read; give a folder elsewhere")
    if (out / DESCRIPTION_FILE).is_file() and linked_raw(out).resolve() != folder:
        raise StudyError(f"{out.name} holds derivatives of other data; give each folder of clips its own OUT_DIR")


def _tell_plan(study: Study, shelf: Shelf, tasks: Sequence[ClipTask], clips: pd.DataFrame) -> int:
    """Print what would be made; nothing is written."""
    due = due_clips(tasks, shelf.ledger)
    _products(study, shelf, {task.clip: task.path for task in tasks}, clips)
    print("\n".join([*plan_lines(shelf.ledger, shelf.root), f"{len(due)} of {len(tasks)} clips to track"]))
    return DONE


def _write_top(request: ClassifyRequest, study: Study) -> None:
    raw, version = request.clips_folder, code_version()
    write_derivative_dataset(request.out_dir, raw=raw, version=version, descriptions={DESC: MEANING})
    write_bytes(root_path(request.out_dir, "settings"), format_study(study).encode())


def _run(
    request: ClassifyRequest,
    study: Study,
    shelf: Shelf,
    tasks: Sequence[ClipTask],
    clips: pd.DataFrame,
    started: float,
) -> int:
    with Display("clips") as display:
        failures = track_clips(tasks, n_procs=request.n_procs or processors(), progress=display.update)
        for clip, reason in failures.items():
            display.say(f"clip {clip} failed: {reason}")
    if shelf.memory is not None:
        shelf.memory.save(request.out_dir)
    usable = {task.clip: task.path for task in tasks if task.clip not in failures}
    if not usable:
        raise StudyError("no clip could be tracked")
    notes = [f"clip {clip} could not be used: {reason}" for clip, reason in failures.items()]
    page = _products(study, shelf, usable, clips, notes)
    print("\n".join([*told(shelf), f"page: {page}"]))
    made, seconds = [path.name for path in shelf.ledger.reasons], round(time.monotonic() - started, 1)
    if not made:
        print(f"nothing to do: {len(shelf.ledger.checked)} products are up to date ({seconds} s)")
    log(request.out_dir, "classify", seconds=seconds, failed=len(failures), made=len(made), code=code_version())
    return SOME_FAILED if failures else DONE


def _products(
    study: Study, shelf: Shelf, usable: dict[str, Path], clips: pd.DataFrame, notes: Sequence[str] = ()
) -> Path:
    """The tables and the page about them, which is returned."""
    known = clips[clips["clip"].isin(list(usable))]
    key = sha256(format_tsv(known.drop(columns="path"))).hexdigest()
    inputs = [usable[clip] for clip in known["clip"]]
    how, seed = study.classification, study.null.seed
    load = cache(lambda: load_meshes(known, usable))
    make_tables(shelf, inputs, load, how, clips_key=key, seed=seed)
    return make_classification_page(study, shelf, load, notes=notes)


def told(shelf: Shelf) -> list[str]:
    """What came out, and what it means.

    Parameters
    ----------
    shelf : Shelf
        Of the group, with finished tables.

    Returns
    -------
    list of str
        Lines.
    """
    path = shelf.path("classification", desc=DESC)
    table, gap = read_table(path), read_sidecar(path)["Gap"]
    first = table.iloc[0]
    lines = [f"{first['n_clip']} clips of {first['n_subject']} people, {first['n_class']} expressions"]
    lines += [f"warning: {text}" for text in stored_warnings(path)]
    for _, row in table.iterrows():
        lines += [f"{row['protocol']} ({row['split']}, {row['model']}): trained on {TRAINED_ON[row['split']]}"]
        scores = [f"{_name(name)} {_with_interval(row, name)}" for name in ("accuracy", "balanced_accuracy")]
        scores += [f"{_name(name)} {_with_interval(row, name)}" for name in ("macro_f1", "abaw")]
        lines += [f"  {', '.join(scores)}", f"  {_chance(row)}"]
        same = row["same_subject_neighbour"]
        lines += [f"  the nearest training clip is of the same person for {same:.0%} of the clips"]
    if not gap:
        return [*lines, f"table: {path}"]
    lines += [
        f"published less guarded: {gap['difference']:+.3f} [{gap['low']:.3f}, {gap['high']:.3f}], p = {gap['p']:.4g} "
        "(sign flips over people): what knowing the person adds"
    ]
    return [*lines, f"table: {path}"]


def _name(column: str) -> str:
    return {"macro_f1": "macro F1", "abaw": "ABAW"}.get(column, column.replace("_", " "))


def _with_interval(row: pd.Series, name: str) -> str:
    return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"


def _chance(row: pd.Series) -> str:
    if not row["n_permutations"]:
        return "chance and p are not known"
    doubt = "" if row["split"] == "leave_one_subject_out" else " (approximate: the folds were made from the labels)"
    doubt += "; this chance holds what recognising the take gives" if row["same_take"] > 0 else ""
    return (
        f"chance (labels permuted within people): {_with_interval(row, 'chance')}, p = {row['p']:.4g}"
        f" of {row['n_permutations']} permutations{doubt}"
    )

"""A participant withdraws: everything made from their data is removed, and later runs leave them out."""

import hashlib
import json
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isc.io.bids import participant_page, root_path
from isc.io.files.atomic import DerivativeError, output_lock, remove, remove_leftovers, write_bytes
from isc.io.files.products import FILES
from isc.io.files.text import TableError, read_json, write_json
from isc.io.layout.dataset import DESCRIPTION_FILE, PIPELINE
from isc.io.layout.names import bids_uri, participant_label
from isc.io.layout.raw_study import RawStudy
from isc.stages.running.journal import log
from isc.study import StudyError

FORGOTTEN = "Forgotten"
SOMEBODY = "forgotten"  # what the log calls them afterwards
DESCRIPTION = (
    "Participants who withdrew: their derivatives and all that was computed from them were removed, and runs leave "
    "them out. LabelSHA256 is the SHA-256 of sub-<label>, so that no search for the label finds anything; it keeps "
    "no secret. Remove an entry to take the participant in again."
)
READ_AT_ONCE = 2**20  # bytes


@dataclass(frozen=True)
class Removal:
    """What has to go: paths relative to the derivatives, sidecars included."""

    root: Path
    paths: tuple[Path, ...]

    @property
    def shown(self) -> list[str]:
        """Paths below the derivatives, without the sidecars."""
        kept = [path for path in self.paths if path.suffix != ".json" or path.name.endswith("_thresholds.json")]
        return [path.relative_to(self.root).as_posix() for path in kept]


def removal_of(out_dir: Path, participant: str) -> Removal:
    """Everything in a derivative data set that was made from a participant's data.

    Parameters
    ----------
    out_dir : Path
        Derivative data set of ours.
    participant : str
        ``sub-<label>``.

    Returns
    -------
    Removal
        The participant's folder and page; the group's products that name them or were computed from one that goes; the
        report, the explorer and their figures once any product of the group goes.

    Raises
    ------
    StudyError
        When the folder is no data set of ours.
    BidsError
        When the label breaks the rule.
    """
    _check_ours(out_dir)
    name = f"sub-{participant_label(participant)}"
    gone = _group_products(out_dir, name)
    own = (out_dir / name, participant_page(out_dir, name.removeprefix("sub-")))
    paths = [path for path in own if path.exists()]
    paths += [path for sidecar in gone for path in _files_of(sidecar, out_dir)]
    loose = [root_path(out_dir, "hashes"), *([root_path(out_dir, "explorer")] if gone else [])]
    paths += [path for path in loose if path.exists()]
    return Removal(out_dir, tuple(dict.fromkeys(paths)))


def forget(out_dir: Path, participants: Sequence[str], *, dry_run: bool = False) -> int:
    """Remove what was made from the data of participants, and have later runs leave them out.

    The raw study is not touched. A removal that was interrupted is finished by doing it again.

    Parameters
    ----------
    out_dir : Path
        Derivative data set.
    participants : sequence of str
        ``sub-<label>`` each.
    dry_run : bool
        Only print what would be removed.

    Returns
    -------
    int
        Products (files, folders) that were removed.

    Raises
    ------
    StudyError, BidsError
        As `removal_of`.
    DerivativeError
        When the folder is in use, or a file still names the participant afterwards.
    """
    removals = {participant: removal_of(out_dir, participant) for participant in participants}
    if dry_run:
        for removal in removals.values():
            print("\n".join(f"would remove {path}" for path in removal.shown))
        return 0
    with output_lock(out_dir):
        remove_leftovers(out_dir)
        for participant, removal in removals.items():
            _note(out_dir, participant, len(removal.shown))
            for path in removal.paths:
                remove(path)
            _rewrite_log(out_dir, participant)
            _check_gone(out_dir, participant)
            print("\n".join(f"removed {path}" for path in removal.shown if not path.startswith(participant)))
            print(f"{participant}: {len(removal.shown)} removed; nothing in {out_dir.name} names them any more")
        log(out_dir, "forget", participants=len(removals), removed=sum(len(r.shown) for r in removals.values()))
    return sum(len(removal.shown) for removal in removals.values())


def without_forgotten(raw: RawStudy, out_dir: Path) -> RawStudy:
    """Study without the participants that a derivative data set was told to forget.

    Parameters
    ----------
    raw : RawStudy
    out_dir : Path

    Returns
    -------
    RawStudy

    Raises
    ------
    StudyError
        When nobody is left.
    """
    gone = withdrawn([p.label for p in raw.participants], out_dir)
    kept = tuple(p for p in raw.participants if p.label not in gone)
    n_left_out = len(raw.participants) - len(kept)
    if n_left_out:
        print(
            f"isc: {n_left_out} of the study's participants withdrew (logs/forgotten.json): left out", file=sys.stderr
        )
    if not any(participant.recordings for participant in kept):
        raise StudyError("every participant with a video withdrew (logs/forgotten.json); there is nothing to analyse")
    return replace(raw, participants=kept)


def withdrawn(labels: Iterable[str], out_dir: Path) -> set[str]:
    """Those of the participants that a derivative data set was told to forget.

    Parameters
    ----------
    labels : iterable of str
        Without ``sub-``.
    out_dir : Path

    Returns
    -------
    set of str

    Examples
    --------
    >>> withdrawn(["01"], Path("no-such-folder"))
    set()
    """
    hashes = {entry["LabelSHA256"] for entry in _entries(out_dir)}
    return {label for label in labels if _label_hash(f"sub-{label}") in hashes}


def _check_ours(out_dir: Path) -> None:
    path = out_dir / DESCRIPTION_FILE
    try:
        made_by = read_json(path).get("GeneratedBy", []) if path.is_file() else []
    except TableError as error:
        raise StudyError(str(error)) from error
    if not any(entry.get("Name") == PIPELINE for entry in made_by):
        raise StudyError(
            f"{out_dir.name} is no derivative data set of {PIPELINE} (its {DESCRIPTION_FILE} does not say so); "
            "give the folder that `isc run` wrote to"
        )


def _group_products(root: Path, name: str) -> list[Path]:
    """Sidecars of the group's products that name a participant or follow from one that does.

    A cube that was made elsewhere may call people without ``sub-``.
    """
    sidecars = {path: _text(path) for path in sorted((root / "group").glob("*.json"))}
    word, label = _word(name), name.removeprefix("sub-")
    gone = {path for path, text in sidecars.items() if word.search(text) or label in _subjects(text)}
    while True:
        uris = {bids_uri(path, root) for sidecar in gone for path in _files_of(sidecar, root)}
        more = {path for path, text in sidecars.items() if path not in gone and _sources(text) & uris}
        if not more:
            return sorted(gone)
        gone |= more


def _subjects(text: str) -> set[str]:
    """Who is in a cube, by its sidecar."""
    try:
        return set(map(str, json.loads(text).get("Parameters", {}).get("subjects", [])))
    except ValueError:
        return set()


def _sources(text: str) -> set[str]:
    try:
        return set(json.loads(text).get("Sources", []))
    except ValueError:
        return set()


def _files_of(sidecar: Path, root: Path) -> list[Path]:
    """A sidecar, the product beside it, and the files that it lists elsewhere in the data set."""
    stem = sidecar.name.partition(".")[0]
    beside = [path for path in sorted(sidecar.parent.glob(f"{stem}.*")) if path.name.partition(".")[0] == stem]
    try:
        listed = json.loads(_text(sidecar)).get(FILES, {})
    except ValueError:
        listed = {}
    elsewhere = [(sidecar.parent / name).resolve() for name in listed if "/" in name]
    top = root.resolve()
    kept = [root / path.relative_to(top) for path in elsewhere if path.is_relative_to(top) and path.is_file()]
    return [*kept, *beside]


def _note(out_dir: Path, participant: str, n_removed: int) -> None:
    """Write down first that somebody withdrew: a run after a kill in mid-removal must not make it all again."""
    entries = [entry for entry in _entries(out_dir) if entry["LabelSHA256"] != _label_hash(participant)]
    now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    entries.append({"LabelSHA256": _label_hash(participant), "Time": now, "ProductsRemoved": n_removed})
    write_json({"Description": DESCRIPTION, FORGOTTEN: entries}, root_path(out_dir, "forgotten"))


def _entries(out_dir: Path) -> list[dict[str, Any]]:
    path = root_path(out_dir, "forgotten")
    return read_json(path).get(FORGOTTEN, []) if path.is_file() else []


def _label_hash(participant: str) -> str:
    return hashlib.sha256(participant.encode()).hexdigest()


def _rewrite_log(out_dir: Path, participant: str) -> None:
    path = root_path(out_dir, "log")
    if path.is_file():
        text = _word(participant).sub(SOMEBODY, _text(path))
        write_bytes(path, text.encode())


def _check_gone(out_dir: Path, participant: str) -> None:
    """Search all that is left, names and bytes, for the participant."""
    word = re.compile(_word(participant).pattern.encode())
    for path in sorted(out_dir.rglob("*")):
        name = path.relative_to(out_dir).as_posix()
        if word.search(name.encode()) or (path.is_file() and _holds(path, word)):
            raise DerivativeError(f"{_word(participant).sub(SOMEBODY, name)} still names the participant; remove it")


def _holds(path: Path, word: re.Pattern[bytes]) -> bool:
    """Whether a file holds a word; read in blocks that overlap by more than any label."""
    tail = b""
    with open(path, "rb") as file:
        while block := file.read(READ_AT_ONCE):
            if word.search(tail + block):
                return True
            tail = block[-256:]
    return False


def _word(participant: str) -> re.Pattern[str]:
    """Search pattern of a label that does not find sub-070 where sub-07 is meant."""
    return re.compile(re.escape(participant) + r"(?![A-Za-z0-9])")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")

"""Hostile inputs for every parser: each is read or refused with the error it promises, in time, inside its folder.

    python -m tests.fuzz [--examples N] [--seed S]        a longer campaign; prints examples and failures a parser

tests/faults/test_fuzzing.py runs a few examples of each on every change.
"""

import argparse
import io
import json
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from isc.io.bids import derivative_path, raw_path
from isc.io.camera.container import VideoError
from isc.io.camera.video import probe_video
from isc.io.camera.writer import write_video
from isc.io.episodes import read_episodes
from isc.io.files.text import read_json, read_tsv
from isc.io.keyboard import read_key_log
from isc.io.layout.names import BidsError, Entities, inside, parse_name
from isc.io.layout.raw_study import read_raw_study
from isc.io.log_mapping import LogMapping, read_log_mapping
from isc.io.logs.cells import TableError
from isc.io.logs.film_clock import KeyLogError
from isc.io.physio import read_physio
from isc.io.ratings import read_ratings
from isc.io.step_ratings import read_step_rating
from isc.io.trackers import read_face_tracker
from isc.io.tracking.stores import TrackerError
from isc.study import StudyError, read_study
from isc.untrusted import UntrustedFileError, load_npy, load_npz

LONGEST = 20.0  # seconds of one example: no hang, however busy the machine
WORDS = ["onset", "duration", "trial_type", "key", "press", "start", "stop", "n/a", "s", "ms", "Units", "Columns"]
WORDS += ["participant_id", "sub-01", "sub-../../etc", "filename", "stimulus_onset", "../../x", "=1+1", "\ufeff", "é"]
WORDS += ["timestamp", "frame", "confidence", "success", "AU12_r", "x_0", "y_0", "time", "face_id", "scorer"]
WORDS += [
    "SamplingFrequency",
    "StartTime",
    "nan",
    "inf",
    "1e308",
    "-1",
    "0",
    "0.5",
    "1",
    "2",
    "1e12",
    '"',
    "[",
    "]",
    "{",
]
CELL = st.one_of(st.sampled_from(WORDS), st.floats().map(repr), st.integers().map(str), st.text(max_size=8))
TABLE = st.lists(st.lists(CELL, max_size=5), max_size=8)
SEPARATOR = st.sampled_from(["\t", ",", ";", "\n", "\r\n"])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.sampled_from(WORDS), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)),
    max_leaves=12,
)
SECTIONS = ["[null]", "[tisc]", "[cube]", "[extraction]", "[behaviour]", "[classification]", "[x]", "[[null]]"]
KEYS = ["seed", "window", "step", "pairs", "rate", "every", "task", "title", "schemes", "lags", "a.b.c", "columns"]
VALUES = [
    "1",
    "-1",
    "nan",
    "inf",
    "1e400",
    "true",
    '"x"',
    "[]",
    "[[1,2]]",
    "[[[[[[",
    "{}",
    '{a="b"}',
    "1979-05-27",
    "'",
]
TOML = st.lists(
    st.one_of(
        st.sampled_from(SECTIONS),
        st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)).map(" = ".join),
        st.text(max_size=10),
    ),
    max_size=8,
).map("\n".join)


@st.composite
def damaged(draw: Any, whole: bytes) -> bytes:
    """A good file with bytes changed, cut off or put in."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, min(len(content), 4000) - 1)))
        how = draw(st.sampled_from(["change", "cut", "insert", "zero", "large"]))
        if how == "change" and content:
            content[place] = draw(st.integers(0, 255))
        elif how == "cut":
            del content[place:]
        elif how == "insert":
            content[place:place] = draw(st.binary(max_size=8))
        else:
            content[place : place + 4] = b"\0\0\0\0" if how == "zero" else b"\xff\xff\xff\x7f"
    return bytes(content)


def text_of(rows: list[list[str]], separator: str) -> bytes:
    """Rows as a table."""
    return "\n".join(separator.join(row) for row in rows).encode("utf-8", "replace")


TEXT = st.one_of(st.builds(text_of, TABLE, SEPARATOR), st.binary(max_size=200))
NUMBER = st.one_of(st.floats(-1e3, 1e3).map(repr), st.sampled_from(["n/a", "", "1e308", "-1", "0", "1e12", "nan"]))


@st.composite
def numbers(draw: Any, *names: str, separator: str = "\t") -> bytes:
    """A table that is nearly right: increasing times under the first name, numbers under the others."""
    times = sorted(draw(st.lists(st.floats(-5, 100), max_size=8, unique=True)))
    times += draw(st.sampled_from([[], [], [1e9], [1e300]]))
    rows = [[repr(time), *draw(st.lists(NUMBER, min_size=len(names) - 1, max_size=len(names) - 1))] for time in times]
    if rows and draw(st.integers(0, 3)) == 0:
        rows[draw(st.integers(0, len(rows) - 1))][0] = draw(CELL)
    return text_of([list(names), *rows], separator)


@st.composite
def events(draw: Any) -> bytes:
    """A key log that is nearly right."""
    times = sorted(draw(st.lists(st.floats(0, 100), max_size=8)))
    kinds = st.sampled_from(["press", "press", "start", "stop", "n/a"])
    rows = [[repr(time), draw(kinds), draw(st.sampled_from(["up", "down", "space"]))] for time in times]
    far = draw(st.sampled_from(["50", "1e9", "1e300", "-1", "n/a"]))
    return text_of([["onset", "trial_type", "key"], *rows, [far, draw(kinds), "n/a"]], "\t")


SIDECAR = st.one_of(
    JSON.map(lambda content: json.dumps(content).encode()),
    st.dictionaries(st.sampled_from([*WORDS, "onset"]), JSON, max_size=6).map(lambda c: json.dumps(c).encode()),
    st.fixed_dictionaries({"SamplingFrequency": JSON, "StartTime": JSON, "Columns": JSON}).map(
        lambda content: json.dumps(content).encode()
    ),
    st.binary(max_size=60),
    st.just(b'{"SamplingFrequency": 10, "StartTime": 0, "Columns": ["a"]}'),
    st.just(b'{"onset": {"Units": "ms"}}'),
)
HEADERLESS = st.one_of(TEXT, st.lists(NUMBER.filter(bool)).map("\n".join).map(str.encode))


class Parser(NamedTuple):
    """What is fuzzed: how its files are made, how they are read, which errors it promises."""

    inputs: Any
    read: Callable[[Path, Any], object]
    promised: tuple[type[Exception], ...]


def _saved(save: Callable[[Any], None]) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()


def _video() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.mp4")
        write_video(path, np.full((3, 32, 32, 3), 99, np.uint8), rate=25)
        return path.read_bytes()


def _written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _with_sidecar(folder: Path, name: str, contents: tuple[bytes, bytes]) -> Path:
    _written(folder, name.partition(".")[0] + ".json", contents[1])
    return _written(folder, name, contents[0])


def _key_log(folder: Path, contents: tuple[bytes, bytes]) -> object:
    return read_key_log(_with_sidecar(folder, "sub-01_task-film_events.tsv", contents))


def _lab_log(folder: Path, content: bytes) -> object:
    mapping = LogMapping(format="psychopy", units="s", key="key", time="onset", film_start=0.0)
    return read_key_log(_written(folder, "log.csv", content), mapping=mapping)


def _rating(folder: Path, contents: tuple[bytes, bytes]) -> object:
    return read_ratings(_with_sidecar(folder, "sub-01_recording-dial_physio.tsv", contents))


def _timed_rating(folder: Path, content: bytes) -> object:
    return read_ratings(_written(folder, "dial.tsv", content), time="t", rate=10)


def _study(folder: Path, contents: tuple[bytes, bytes]) -> object:
    _written(folder, "participants.tsv", contents[0])
    _written(folder, "sub-01/sub-01_scans.tsv", contents[1])
    _written(folder, "sub-01/beh/sub-01_task-film_recording-face_video.mp4", b"")
    study = read_raw_study(folder)
    top = folder.resolve()
    assert all(recording.video.resolve().is_relative_to(top) for recording in study.recordings)
    return study


def _names(folder: Path, name: str) -> object:
    entities = Entities(task=name, subject=name)
    paths = [raw_path(folder, "video", entities), derivative_path(folder, "peaks", entities)]
    top = folder.resolve()
    assert all(path.resolve().is_relative_to(top) for path in paths)
    assert inside(folder, paths[0]) == paths[0]
    return parse_name(f"sub-{name}_events.tsv")


LOG_HEAD = st.builds(lambda rows: text_of([["onset", "trial_type", "key"], *rows], "\t"), TABLE)
PSYCHO = st.builds(
    lambda rows: text_of([["key", "onset"], *[[f'"{a}"', f'"{b}"'] for a, b in rows]], ","),
    st.lists(
        st.tuples(
            st.sampled_from(["['a']", "[" * 300, "[-" + "-" * 9000 + "1]", "a", "[1e999]"]),
            st.sampled_from(WORDS[-12:]),
        ),
        max_size=4,
    ),
)
TRACKED = st.builds(
    lambda rows, head: text_of([head, *rows], ","),
    TABLE,
    st.sampled_from(
        [["frame", "timestamp", "confidence", "success", "AU12_r"], ["time", "x_0", "y_0"], ["scorer", "a"]]
    ),
)
GOOD_MAPPING = 'format = "table"\nunits = "s"\nkey = "k"\ntime = "t"\nfilm_start = 0\n'
MAPPING_KEYS = st.sampled_from([*LogMapping.model_fields, "x"])
MAPPING = st.one_of(st.just(""), st.tuples(MAPPING_KEYS, st.sampled_from(VALUES)).map(" = ".join)).map(
    GOOD_MAPPING.__add__
)
PARTICIPANTS = st.one_of(
    TEXT,
    st.lists(st.sampled_from(["sub-01", "sub-02", "sub-../../x", "/etc/passwd", "sub-é", ""]), max_size=3).map(
        lambda labels: "\n".join(["participant_id", *labels]).encode()
    ),
    st.just(b"participant_id\nsub-01\n"),
)
SCANS = st.one_of(
    TEXT,
    st.tuples(
        st.sampled_from(["beh/a.mp4", "../../x", "/etc/passwd", "beh/sub-01_task-film_recording-face_video.mp4"]), CELL
    ).map(lambda row: text_of([["filename", "stimulus_onset"], list(row)], "\t")),
    st.just(b"filename\tstimulus_onset\nbeh/a.mp4\t1.5\n"),
)
NPY = _saved(lambda file: np.save(file, np.arange(6.0).reshape(2, 3)))
NPZ = _saved(lambda file: np.savez_compressed(file, a=np.arange(6.0), b=np.eye(2)))
PARSERS: Mapping[str, Parser] = {
    "tables (TSV)": Parser(TEXT, lambda f, c: read_tsv(_written(f, "a.tsv", c)), (TableError,)),
    "sidecars (JSON)": Parser(SIDECAR, lambda f, c: read_json(_written(f, "a.json", c)), (TableError,)),
    "key logs and their sidecars": Parser(
        st.tuples(st.one_of(TEXT, LOG_HEAD, events()), SIDECAR), _key_log, (KeyLogError,)
    ),
    "logs of a lab": Parser(st.one_of(TEXT, PSYCHO), _lab_log, (KeyLogError,)),
    "step ratings": Parser(
        st.one_of(LOG_HEAD, events()), lambda f, c: read_step_rating(_written(f, "a_events.tsv", c)), (KeyLogError,)
    ),
    "continuous ratings": Parser(st.tuples(HEADERLESS, SIDECAR), _rating, (KeyLogError, TableError)),
    "ratings with times": Parser(numbers("t", "joy"), _timed_rating, (KeyLogError,)),
    "physiology": Parser(
        st.tuples(st.one_of(TEXT, numbers("time", "eda")), SIDECAR),
        lambda f, c: read_physio(_with_sidecar(f, "a_physio.tsv", c), subject="01"),
        (TableError,),
    ),
    "episodes": Parser(
        st.one_of(TEXT, numbers("onset", "duration", separator=",")),
        lambda f, c: read_episodes(_written(f, "a.csv", c), start="onset", stop=None),
        (KeyLogError, ValueError),
    ),
    "mappings of logs (TOML)": Parser(
        st.one_of(TOML, MAPPING), lambda f, c: read_log_mapping(_toml(f, c)), (KeyLogError,)
    ),
    "settings (TOML)": Parser(TOML, lambda f, c: read_study(_toml(f, c)), (StudyError,)),
    "BIDS names": Parser(st.one_of(st.sampled_from(WORDS), st.text(max_size=20)), _names, (BidsError,)),
    "participants.tsv and scans.tsv": Parser(st.tuples(PARTICIPANTS, SCANS), _study, (BidsError,)),
    "tables of face trackers (CSV)": Parser(
        st.one_of(TEXT, TRACKED, numbers("time", "x_0", "y_0", separator=",")),
        lambda f, c: read_face_tracker(_written(f, "a.csv", c), subject="01"),
        (TrackerError,),
    ),
    "NumPy files (npy)": Parser(damaged(NPY), lambda f, c: load_npy(_written(f, "a.npy", c)), (UntrustedFileError,)),
    "NumPy archives (npz)": Parser(damaged(NPZ), lambda f, c: load_npz(_written(f, "a.npz", c)), (UntrustedFileError,)),
    "headers of videos": Parser(damaged(_video()), lambda f, c: probe_video(_written(f, "a.mp4", c)), (VideoError,)),
}


def _toml(folder: Path, text: str) -> Path:
    return _written(folder, "a.toml", text.encode("utf-8", "replace"))


class Count:
    """Examples of one parser: how many were read, refused, failed, and the slowest."""

    def __init__(self) -> None:
        self.read, self.refused, self.slowest = 0, 0, 0.0
        self.failures: list[str] = []


def one_example(parser: Parser, content: Any, count: Count) -> None:
    """Read a hostile input; what is not promised is a failure."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = Path(folder) / "study"
        top.mkdir()
        started = time.monotonic()
        try:
            parser.read(top, content)
            count.read += 1
        except parser.promised as error:
            assert str(error), "an error without words"
            count.refused += 1
        count.slowest = max(count.slowest, time.monotonic() - started)
        assert count.slowest < LONGEST, "it hangs"
        assert [path.name for path in Path(folder).iterdir()] == ["study"], "it wrote outside of its folder"


def fuzz(name: str, *, examples: int, start: int) -> Count:
    """Run a parser on so many hostile inputs; the first failure is raised."""
    parser, count = PARSERS[name], Count()

    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(parser.inputs)
    def run(content: Any) -> None:
        one_example(parser, content, count)

    run()
    return count


def main() -> None:
    """Run the campaign and print its counts."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--examples", type=int, default=500, help="inputs a parser")
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    given_options = options.parse_args()
    print(f"seed {given_options.seed}\n\n| parser | inputs | read | refused | slowest (s) | failures |")
    print("|---|---:|---:|---:|---:|---|")
    for name in PARSERS:
        try:
            count = fuzz(name, examples=given_options.examples, start=given_options.seed)
            told = f"{count.read + count.refused} | {count.read} | {count.refused} | {count.slowest:.2f} | none"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the campaign looks for
            told = f"| | | | {type(error).__name__}: {str(error)[:200]!r}"
        print(f"| {name} | {told} |", flush=True)


if __name__ == "__main__":
    main()

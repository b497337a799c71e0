"""Faults 1 and 2: a run that is killed (kill -9) at any point, run again, gives the bytes of a clean run."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from isc.io.layout.names import sidecar_path
from isc.stages.run import RunRequest, run
from isc.stages.running.journal import read_log

KILLED = -signal.SIGKILL
SETTINGS = "[cube]\nextent = 'common'\n[extraction]\nevery = 4\n[null]\nn_surrogates = 19\n"
THREE = ("01", "02", "03")
NOT_COMPARED = ("run.jsonl", "hashes.json", ".isc.lock")  # dates, and who holds the folder


def files_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that a run leaves, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in NOT_COMPARED
    }


@pytest.fixture
def study(analysed, tmp_path) -> Path:
    """Raw study of generated viewers, to be analysed anew."""
    folder = tmp_path / "study"
    shutil.copytree(analysed.bids_dir, folder, ignore=shutil.ignore_patterns("derivatives"))
    (folder / "code" / "quick.toml").write_text(SETTINGS)
    return folder


def moments(name: str) -> list[list[str]]:
    """When to kill a run that makes a product: before it is there, between product and manifest, after both.

    For the group's products, between the two is enough: the code is the same, and there are many.
    """
    manifest = sidecar_path(Path(name)).name
    if manifest == name:
        return [[name, "before"]]
    between = [name, "after"]
    return [[name, "before"], between, [manifest, "after"]] if name.startswith("sub-") else [between]


@pytest.mark.slow
def test_001_and_002_a_run_killed_at_every_product_gives_the_bytes_of_a_clean_run(study, capsys):
    settings, clean, out = (
        study / "code" / "quick.toml",
        study.parent / "clean" / "isc",
        study.parent / "killed" / "isc",
    )
    request = RunRequest(study, clean, settings=settings, participants=THREE, skip_bids_validation=True)
    assert run(request) == 0
    events = read_log(clean)
    made = [n for e in events if e["event"] == "run" or e.get("participant") == "sub-01" for n in e["made"]]
    cases = [case for name in made[:-1] for case in moments(name)]
    cases += [["report.html", "after"], *moments(made[-1])]
    (study.parent / "cases.json").write_text(json.dumps(cases))
    driver = Path(__file__).with_name("killing.py")
    command = [sys.executable, str(driver), str(study), str(out), str(settings), str(study.parent / "cases.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"case"')]
    with capsys.disabled():
        print_table(told)
    assert [entry["ended"] for entry in told] == [KILLED] * len(cases) + [0]
    assert files_of(out) == files_of(clean)


def print_table(told):
    """What was on the disk after each kill."""
    print()
    for entry in told[:-1]:
        name, moment = entry["case"]
        left = ", ".join(part for part, present in entry["there"].items() if present) or "nothing"
        print(f"killed {moment:6} {name:<75} left: {left}")
    print(f"last run, not killed: exit code {told[-1]['ended']}")


@pytest.mark.slow
def test_001_an_extraction_killed_midway_goes_on_and_gives_the_bytes_of_a_clean_run(study):
    settings = study / "code" / "segments.toml"
    settings.write_text("[extraction]\nsegment = 100\n")
    out = study.parent / "killed" / "isc"
    process = start(study, out, settings)
    wait_for(out / "sub-01" / "beh", ".isc-*.parts/segment-00001.json")
    process.send_signal(signal.SIGKILL)  # only the parent: its worker has to end by itself
    process.wait()
    assert not list(out.glob("sub-01/beh/*.json"))
    assert start(study, out, settings).wait() == 0
    frames = [event["frames"] for event in read_log(out) if event["event"] == "participant"]
    clean = study.parent / "clean" / "isc"
    assert start(study, clean, settings).wait() == 0
    whole = [event["frames"] for event in read_log(clean) if event["event"] == "participant"]
    assert 0 < frames[0] <= whole[0] - 200  # two segments of 100 were kept
    assert files_of(out) == files_of(clean)


def start(study: Path, out: Path, settings: Path) -> subprocess.Popen:
    """A real command line that tracks one video."""
    words = ["extract", str(study), str(out), "--participant-label", "01", "--settings", str(settings)]
    return subprocess.Popen([sys.executable, "-m", "isc.cli", *words, "--skip-bids-validation"], env=os.environ)


def wait_for(folder: Path, pattern: str) -> None:
    """Return when a file appears."""
    end = time.monotonic() + 600  # on a busy machine
    while not list(folder.glob(pattern)):
        assert time.monotonic() < end, f"{pattern} did not appear"
        time.sleep(0.02)

"""Long recordings through the whole job: its memory over time, and ten kill -9 on the way.

Two studies of three generated viewers each are run by the command's own code in processes that are watched from
outside: "video" holds films of 20 minutes (10 frames a second, 20 s of them rendered; MediaPipe tracks every 10th
frame), "landmarks" recordings of two hours at 4 Hz whose landmarks are generated where the tracker would stand. Each
is run twice: undisturbed, and killed (SIGKILL to all its processes) ten times and started again. The files of both must
be equal.

    python -m benchmarks.soak [--minutes 20] [--hours 2] [--write]    # 0: not run; --write: docs/
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import soak_studies
from benchmarks.soak_studies import N_VIEWER

MIB = 2**20
TICK = 0.5  # s between two looks at memory
N_KILL = 10
NOT_COMPARED = ("run.jsonl", "hashes.json", ".isc.lock")  # dates, and who holds the folder
DOCS = Path(__file__).resolve().parents[1] / "docs"
TABLE = DOCS / "security.md"
KEPT = Path(__file__).parent / "output" / "soak.json"
MARKS = ("<!-- soak -->", "<!-- end of soak -->")


def processes(session: int) -> Iterator[int]:
    """Process ids of a session."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                yield int(entry.name)


def memory(session: int) -> int:
    """Bytes that the processes of a session hold; what they share counts once (PSS)."""
    total = 0
    for pid in processes(session):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total * 1024


def progress(out: Path, n_segment: int) -> int:
    """Segments that are tracked and kept, of all participants."""
    done = 0
    for folder in out.glob("sub-*/beh"):
        whole = any(folder.glob("*_desc-tracked_landmarks.json"))
        done += n_segment if whole else len(list(folder.glob(".isc-*.parts/segment-*.json")))
    return done


def phase(out: Path, n_segment: int) -> str:
    """What the run is at."""
    if progress(out, n_segment) < N_VIEWER * n_segment:
        return "tracking"
    made = len(list(out.glob("sub-*/*/*_desc-headpose_motion.json")))
    return "group" if made >= N_VIEWER else "alignment"


class Watched:
    """A run in a session of its own, and what it holds of memory every half second."""

    def __init__(self, study: Path, out: Path, kind: str, n_segment: int) -> None:
        command = [sys.executable, "-m", "benchmarks.soak", "--child", kind, str(study), str(out)]
        self.process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
        self.curve: list[tuple[float, int, str, int]] = []
        self._out, self._n_segment, self._start = out, n_segment, time.monotonic()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self.process.poll() is None:
            at = round(time.monotonic() - self._start, 2)
            now = (phase(self._out, self._n_segment), progress(self._out, self._n_segment))
            self.curve.append((at, memory(self.process.pid), *now))
            time.sleep(TICK)

    def kill_when(self, wanted: Any) -> bool:
        """Kill all processes when `wanted()` says so; False when the run ended before."""
        while self.process.poll() is None:
            if wanted():
                os.killpg(self.process.pid, signal.SIGKILL)
                self.wait()
                return True
            time.sleep(0.05)
        return False

    def wait(self) -> int:
        """Exit code of the run."""
        code = self.process.wait()
        self._thread.join()
        return code


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that a run leaves, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in NOT_COMPARED
    }


def interrupted(study: Path, out: Path, kind: str, n_segment: int) -> list[int]:
    """Run, killed ten times: after each ninth of the tracking, when faces are aligned, in the group.

    Returns the segments that were kept at each kill.
    """
    kept = []
    for k in range(1, N_KILL + 1):
        if k <= N_KILL - 2:
            share = max(1, N_VIEWER * n_segment * k // (N_KILL - 1))
            wanted = lambda share=share: progress(out, n_segment) >= share  # noqa: E731
        else:
            pattern = "sub-*/beh/*_desc-aligned_landmarks.json" if k == N_KILL - 1 else "group/*_cube.json"
            wanted = lambda pattern=pattern: any(out.glob(pattern))  # noqa: E731
        if Watched(study, out, kind, n_segment).kill_when(wanted):
            kept.append(progress(out, n_segment))
    assert Watched(study, out, kind, n_segment).wait() == 0
    return kept


def soak(kind: str, folder: Path, seconds: float) -> dict[str, Any]:
    """Both runs of one study; what they took and whether they agree."""
    study = folder / kind
    n_row = soak_studies.write_study(kind, study, seconds)
    n_segment = n_row // soak_studies.SEGMENT[kind]
    clean = Watched(study, folder / f"{kind}-clean", kind, n_segment)
    assert clean.wait() == 0
    kept = interrupted(study, folder / f"{kind}-killed", kind, n_segment)
    files, others = digests(folder / f"{kind}-clean"), digests(folder / f"{kind}-killed")
    same = sorted(name for name in files if files[name] == others.get(name))
    result = {
        "film_s": seconds,
        "rows": N_VIEWER * n_row,
        "kills": len(kept),
        "kept": kept,
        "files": len(files),
        "equal": len(same) if files.keys() == others.keys() else -1,
        "curve": clean.curve,
    }
    print(
        json.dumps({key: value for key, value in result.items() if key != "curve"} | summary(clean.curve)), flush=True
    )
    return result


def summary(curve: list[tuple[float, int, str, int]]) -> dict[str, float]:
    """Largest memory (MiB) of each part of a run, and its growth while tracking: last third against the middle one."""
    told = {}
    for part in ("tracking", "alignment", "group"):
        values = [held for _, held, now, _ in curve if now == part]
        told[part] = round(max(values, default=0) / MIB)
    tracking = [held for _, held, now, _ in curve if now == "tracking"]
    third = max(1, len(tracking) // 3)
    middle, last = (
        float(np.median(part)) if part else np.nan for part in (tracking[third : 2 * third], tracking[2 * third :])
    )
    return told | {"growth": round((last - middle) / MIB, 1), "seconds": curve[-1][0]}


def table(results: dict[str, Any]) -> str:
    """Markdown table of the runs."""
    rows = [
        "| study | frames | tracking | growth in it | alignment | group | kills | equal files | time |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, result in results.items():
        told = summary(result["curve"])
        rows.append(
            f"| {kind}, {result['film_s'] / 60:.0f} min | {result['rows']} | {told['tracking']} MiB | "
            f"{told['growth']:+.1f} MiB | {told['alignment']} MiB | {told['group']} MiB | {result['kills']} | "
            f"{result['equal']} of {result['files']} | {told['seconds']:.0f} s |"
        )
    return "\n".join(rows)


def figure(results: dict[str, Any]) -> Any:
    """Memory over time, a panel a study."""
    from isc.plots.style import styled

    return styled(_drawn)(results)


def _drawn(results: dict[str, Any]) -> Any:
    from isc.plots.style import BLUE, GREEN, VERMILLION, figure_of, get_axes, split

    panels = split(get_axes(None, height=55), rows=1, columns=len(results))
    for panel, (kind, result) in zip(panels, results.items(), strict=True):
        for part, color in (("tracking", BLUE), ("alignment", VERMILLION), ("group", GREEN)):
            at = [(seconds, held / MIB) for seconds, held, now, _ in result["curve"] if now == part]
            panel.plot(*np.array(at or [(np.nan, np.nan)]).T, color=color, label=part)
        panel.set(xlabel="time since the start (s)", ylim=(0, None))
        panel.set_title(f"{kind}: three films of {result['film_s'] / 60:.0f} min")
    panels[0].set_ylabel("memory of all processes (MiB)")
    panels[-1].legend(loc="lower right")
    return figure_of(panels[0])


def stacking() -> str:
    """Memory of putting a recording of two hours on one clock, whole and in blocks of series."""
    import tracemalloc

    import xarray as xr

    from isc.preprocessing import resample

    time_ = np.arange(28_800) / 4
    values = np.random.default_rng(0).normal(size=(time_.size, 478, 3)).astype(np.float32)
    recording = xr.DataArray(values, dims=("time", "vertex", "space"), coords={"time": time_})
    resample.resample(recording.isel(vertex=[0]), rate=2)  # loads what is needed
    told = []
    for name, samples in (("whole", 2**40), ("in blocks", resample.BLOCK_SAMPLES)):
        resample.BLOCK_SAMPLES = samples
        started = time.process_time()
        tracemalloc.start()
        resample.resample(recording, rate=2)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        told.append(f"{name}: {peak / MIB:.0f} MiB, {time.process_time() - started:.1f} CPU s")
    return f"recording of {recording.nbytes / MIB:.0f} MiB, " + "; ".join(told)


def kept_results() -> dict[str, Any]:
    """Results of the last runs, by study."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def write_docs(results: dict[str, Any]) -> None:
    """Figure, and the table between its marks."""
    from isc.report.vector import figure_svg

    (DOCS / "figures" / "soak.svg").write_text(figure_svg(figure(results)), encoding="utf-8")
    before, _, rest = TABLE.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    TABLE.write_text(f"{before}{MARKS[0]}\n{table(results)}\n{MARKS[1]}{after}", encoding="utf-8")


def main() -> None:
    """Both studies, or the run that is watched."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0, help="of the films that are tracked")
    parser.add_argument("--hours", type=float, default=2.0, help="of the recordings whose landmarks are generated")
    parser.add_argument("--folder", type=Path, help="where studies are written; by default a temporary folder")
    parser.add_argument("--write", action="store_true", help="put figure and table into docs/")
    parser.add_argument("--stacking", action="store_true", help="only the memory of resampling, before and after")
    parser.add_argument("--child", nargs=3, metavar=("KIND", "STUDY", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        kind, study, out = options.child
        sys.exit(soak_studies.run_study(kind, Path(study), Path(out)))
    if options.stacking:
        print(stacking())
        return
    lengths = {"video": 60 * options.minutes, "landmarks": 3600 * options.hours}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for kind, seconds in lengths.items():
            if seconds:
                KEPT.parent.mkdir(exist_ok=True)
                results = kept_results() | {kind: soak(kind, Path(folder), seconds)}
                KEPT.write_text(json.dumps(results))
    results = kept_results()
    print(table(results))
    if options.write:
        write_docs(results)


if __name__ == "__main__":
    main()

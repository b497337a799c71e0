"""Time this package against what researchers use, and print the tables of benchmarks/README.md.

    python -m benchmarks.run                   comparison, precision, growth, threads, workers (some minutes)
    python -m benchmarks.run --full            also the full-size study: 36,000 frames, all 109,278 vertex pairs
    python -m benchmarks.run --full --write    the same, and put the tables into benchmarks/README.md
    python -m benchmarks.run --table           print the tables of the last run again

Run from the root of the repository. Writes benchmarks/output/results.json. Figures are CPU seconds (user and system)
of the process beside wall seconds, medians of alternated repeats. Machines differ and are shared: trust ratios.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import comparison, precision, scaling, tables
from benchmarks.measure import machine

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = Path(__file__).parent / "output" / "results.json"
JOBS = ("vertices", "leave_one_out", "pairs")


def full_study(n_threads: int, n_frame: int) -> list[dict[str, Any]]:
    """Every job of the full-size study, each in a fresh process."""
    rows = []
    for job in JOBS:
        command = [sys.executable, "-m", "benchmarks.full", job, "--threads", str(n_threads), "--frames", str(n_frame)]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    return rows


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """All results, told to the terminal as they come."""
    flags = (" --full" if options.full else "") + (" --write" if options.write else "")
    results: dict[str, Any] = {"machine": {**machine(), "command": f"python -m benchmarks.run{flags}"}}
    sections = {
        "comparison": comparison.compare,
        "precision": lambda: {name: precision.errors(name) for name in precision.DATA},
        "scaling": scaling.sizes,
        "threads": scaling.threads,
        "workers": scaling.workers,
    }
    if options.full:
        sections["full"] = lambda: full_study(options.threads, options.frames)
    for name, section in sections.items():
        print(f"{name} ...", file=sys.stderr, flush=True)
        results[name] = section()
    results["machine"]["load_at_end"] = machine()["load"]
    return results


def main() -> None:
    """Run the benchmarks, print the tables, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also the full-size study (minutes, 6 GB of memory)")
    parser.add_argument("--threads", type=int, default=2, help="threads of the full-size study")
    parser.add_argument("--frames", type=int, default=36_000, help="frames of the full-size study")
    parser.add_argument("--table", action="store_true", help="print the tables of the last run and do nothing else")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    options = parser.parse_args()
    results = json.loads(OUTPUT.read_text()) if options.table else measured(options)
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2, default=float) + "\n")
    if options.write:
        tables.write_readme(results)
    print(tables.markdown(results))


if __name__ == "__main__":
    main()
